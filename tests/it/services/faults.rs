//! Faults on demand, for one recipient and for a share of all.

use super::{Answer, Services, now_s};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

impl Services {
    fn push(&self, device: &str, token: &str) -> RequestBuilder {
        self.http
            .post(format!("{}/3/device/{device}", self.origin))
            .bearer_auth(token)
            .header("apns-topic", self.secret("/apns/topic"))
            .header("apns-push-type", "alert")
            .body(json!({"aps": {"alert": "a"}}).to_string())
    }

    fn token_now(&self) -> String {
        let head = json!({"alg": "ES256", "kid": self.secret("/apns/key_id")});
        super::es256(self.secret("/apns/key"), &head, &json!({"iss": self.secret("/apns/team_id"), "iat": now_s()}))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_answers_with_the_reason_it_was_given() {
    let services = Services::start().await;
    let token = services.token_now();
    for (query, status, reason) in [
        ("status=410", 410, "Unregistered"),
        ("reason=ExpiredToken", 410, "ExpiredToken"),
        ("reason=BadDeviceToken", 400, "BadDeviceToken"),
        ("reason=DeviceTokenNotForTopic", 400, "DeviceTokenNotForTopic"),
        ("reason=ExpiredProviderToken", 403, "ExpiredProviderToken"),
        ("status=429&retry_after=7", 429, "TooManyRequests"),
        ("reason=TooManyProviderTokenUpdates", 429, "TooManyProviderTokenUpdates"),
        ("status=413", 413, "PayloadTooLarge"),
        ("status=500", 500, "InternalServerError"),
        ("status=503", 503, "ServiceUnavailable"),
        ("reason=Shutdown", 503, "Shutdown"),
    ] {
        let device = services.tokens(&format!("channel=apns&{query}")).await.remove(0);
        let answer = Answer::of(services.push(&device, &token).send().await.expect("an answer")).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (status, &reason.into()), "{query}");
        assert_eq!(answer.headers.contains_key("retry-after"), query.contains("retry_after"));
        assert_eq!(answer.json()["timestamp"].is_i64(), status == 410);
    }
    let wrong = services.ask(Method::POST, "/subscriptions?channel=apns&reason=UNREGISTERED").await;
    assert_eq!(wrong.status, 400, "a word of another service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_all_recipients_has_the_fault_and_the_others_have_none() {
    let services = Services::start().await;
    let token = services.token_now();
    let devices = services.tokens("channel=apns&count=60").await;
    services
        .ask(Method::PUT, "/faults?channel=apns&fault=throttled&share=0.3&retry_after=5&times=1&seed=4")
        .await
        .expect(204);
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let mut statuses = Vec::new();
        for device in &devices {
            statuses.push(services.push(device, &token).send().await.expect("an answer").status().as_u16());
        }
        rounds.push(statuses.iter().filter(|status| **status == 429).count());
        assert!(statuses.iter().all(|status| [200, 429].contains(status)));
    }
    assert!((8..30).contains(&rounds[0]), "{rounds:?}");
    assert_eq!(rounds[1], 0, "once each");
    let faults = services.ask(Method::GET, "/faults").await.expect(200);
    assert_eq!((&faults[0]["fault"], &faults[0]["met"]), (&"throttled".into(), &rounds[0].into()));
    let counts = services.counts().await;
    assert_eq!(counts["channels"]["apns"]["answers"], json!({"200": 120 - rounds[0], "429": rounds[0]}));
    services.ask(Method::DELETE, "/faults").await.expect(204);
    assert_eq!(services.ask(Method::GET, "/faults").await.expect(200), json!([]));
    assert_eq!(services.ask(Method::PUT, "/faults?fault=flood").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn resets_and_drops_are_no_answer_and_goaway_lets_the_push_pass() {
    let services = Services::start().await;
    let token = services.token_now();
    let device = services.tokens("channel=apns").await.remove(0);
    for (fault, passes) in [("reset", false), ("drop", false), ("goaway", true), ("stall&delay_ms=50", true)] {
        services.ask(Method::PUT, &format!("/faults?fault={fault}&times=1")).await.expect(204);
        let answered = services.push(&device, &token).send().await;
        assert_eq!(answered.is_ok_and(|answer| answer.status() == 200), passes, "{fault}");
        services.ask(Method::DELETE, "/faults").await.expect(204);
        assert_eq!(services.push(&device, &token).send().await.expect("an answer").status(), 200, "after {fault}");
    }
    let answers = services.counts().await["channels"]["apns"]["answers"].clone();
    assert_eq!(answers, json!({"200": 6, "drop": 1, "reset": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_pushes_only_some_are_kept_and_all_are_counted() {
    let services = Services::start().await;
    let token = services.token_now();
    let devices = services.tokens("channel=apns&count=20").await;
    services.ask(Method::PUT, "/settings?decrypt_every=10").await.expect(204);
    for device in &devices {
        let push = services.push(device, &token).header("apns-collapse-id", "c");
        assert_eq!(push.send().await.expect("an answer").status(), 200);
    }
    let kept = services.ask(Method::GET, "/messages").await.expect(200);
    let kept = kept.as_array().map(Vec::len).expect("a list");
    assert!((2..=4).contains(&kept), "{kept}");
    let counts = services.counts().await;
    assert_eq!((&counts["accepted"], &counts["messages"][0]["accepted"]), (&20.into(), &20.into()));
    assert_eq!(counts["by_subscription"], Value::Null);
}
