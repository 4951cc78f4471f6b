//! Apple's side.

use super::{Answer, Services, es256, now_s};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

impl Services {
    fn provider_token(&self, issued_s: i64) -> String {
        let head = json!({"alg": "ES256", "kid": self.secret("/apns/key_id")});
        let claims = json!({"iss": self.secret("/apns/team_id"), "iat": issued_s});
        es256(self.secret("/apns/key"), &head, &claims)
    }

    /// A push as Apple wants it.
    fn good(&self, device: &str, token: &str) -> RequestBuilder {
        self.http
            .post(format!("{}/3/device/{device}", self.origin))
            .header("authorization", format!("bearer {token}"))
            .header("apns-topic", self.secret("/apns/topic"))
            .header("apns-push-type", "alert")
            .header("apns-priority", "10")
            .header("apns-expiration", "0")
            .header("apns-collapse-id", "chain")
            .body(json!({"aps": {"alert": "a"}, "beffroi": {"alert": "one", "tier": "P0"}}).to_string())
    }
}

async fn sent(request: RequestBuilder) -> (u16, String, Answer) {
    let answer = Answer::of(request.send().await.expect("an answer")).await;
    let reason = if answer.bytes.is_empty() { Value::Null } else { answer.json()["reason"].clone() };
    (answer.status, reason.as_str().unwrap_or_default().to_owned(), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_as_apple_wants_it_is_taken_and_counted() {
    let services = Services::start().await;
    let (device, token) = (services.tokens("channel=apns").await.remove(0), services.provider_token(now_s()));
    assert_eq!(device.len(), 64);
    for _ in 0..2 {
        let (status, reason, answer) = sent(services.good(&device, &token)).await;
        assert_eq!((status, reason.as_str()), (200, ""));
        assert_eq!(answer.headers["apns-id"].len(), 36);
    }
    let own_id = "eabeae54-14a8-11e5-b60b-1697f925ec7b";
    let (_, _, answer) = sent(services.good(&device.to_uppercase(), &token).header("apns-id", own_id)).await;
    assert_eq!(answer.headers["apns-id"], own_id);
    let counts = services.counts().await;
    assert_eq!((&counts["accepted"], &counts["duplicates"]), (&3.into(), &2.into()));
    assert_eq!(counts["channels"]["apns"]["tiers"]["P0"]["accepted"], 3);
    assert_eq!(services.found().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_header_has_its_reason() {
    let services = Services::start().await;
    let (device, token) = (services.tokens("channel=apns").await.remove(0), services.provider_token(now_s()));
    let topic = services.secret("/apns/topic");
    for (name, value, reason) in [
        ("apns-id", "1", "BadMessageId"),
        ("apns-id", "eabeae5414a811e5b60b1697f925ec7b", "BadMessageId"),
        ("apns-expiration", "soon", "BadExpirationDate"),
        ("apns-expiration", "-1", "BadExpirationDate"),
        ("apns-expiration", "", "BadExpirationDate"),
        ("apns-priority", "7", "BadPriority"),
        ("apns-priority", "high", "BadPriority"),
        ("apns-collapse-id", &"c".repeat(65), "BadCollapseId"),
        ("apns-topic", "", "MissingTopic"),
        ("apns-topic", "a b", "BadTopic"),
        ("apns-topic", "com.example.other", "TopicDisallowed"),
        ("apns-topic", &format!("{topic}.voip"), "DeviceTokenNotForTopic"),
        ("apns-push-type", "alarm", "InvalidPushType"),
        ("apns-push-type", "background", "BadPriority"),
    ] {
        let mut request = services.good(&device, &token).build().expect("a request");
        request.headers_mut().insert(name, value.parse().expect("a header"));
        let answer = Answer::of(services.http.execute(request).await.expect("an answer")).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (400, &reason.into()), "{name}: {value}");
    }
    let twice = services.good(&device, &token).header("apns-priority", "5");
    assert_eq!(sent(twice).await.1, "DuplicateHeaders");
    let longest = services.http.post(format!("{}/3/device/{device}", services.origin)).bearer_auth(&token);
    let longest = longest.header("apns-topic", topic).header("apns-collapse-id", "c".repeat(64)).body("{\"aps\":{}}");
    assert_eq!(sent(longest).await.0, 200, "64 bytes fit, and Apple asks for no more headers than these");
    assert_eq!(services.found().await.iter().filter(|it| it.contains("apns-push-type is missing")).count(), 1);
    assert_eq!(services.counts().await["accepted"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_paths_methods_devices_and_payloads_have_their_reasons() {
    let services = Services::start().await;
    let (device, token) = (services.tokens("channel=apns").await.remove(0), services.provider_token(now_s()));
    let url = |path: &str| format!("{}{path}", services.origin);
    let at = |path: &str| {
        let mut request = services.good(&device, &token).build().expect("a request");
        *request.url_mut() = url(path).parse().expect("a URL");
        request
    };
    let mut get = at(&format!("/3/device/{device}"));
    *get.method_mut() = Method::GET;
    let cases = [
        (get, 405, "MethodNotAllowed"),
        (at("/3/devices"), 404, "BadPath"),
        (at(&format!("/3/device/{device}/more")), 404, "BadPath"),
        (at(&format!("/3/device/{device}?a=b")), 404, "BadPath"),
        (at("/3/device/"), 400, "MissingDeviceToken"),
        (at("/3/device/00ff"), 400, "BadDeviceToken"),
    ];
    for (request, status, reason) in cases {
        let path = request.url().path().to_owned();
        let answer = Answer::of(services.http.execute(request).await.expect("an answer")).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (status, &reason.into()), "{path}");
    }
    for (body, status, reason) in [
        (String::new(), 400, "PayloadEmpty"),
        ("{".to_owned(), 400, "PayloadEmpty"),
        (json!({"aps": {"alert": "a".repeat(4_096)}}).to_string(), 413, "PayloadTooLarge"),
        (json!({"aps": {"alert": "a".repeat(200_000)}}).to_string(), 413, "PayloadTooLarge"),
    ] {
        let length = body.len();
        let (got, why, _) = sent(services.good(&device, &token).body(body)).await;
        assert_eq!((got, why.as_str()), (status, reason), "{length} bytes");
    }
    assert_eq!(services.counts().await["accepted"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_tokens_that_are_none_too_old_or_too_many_are_refused() {
    let services = Services::start().await;
    let device = services.tokens("channel=apns").await.remove(0);
    let (key, kid, team) =
        (services.secret("/apns/key"), services.secret("/apns/key_id"), services.secret("/apns/team_id"));
    let head = json!({"alg": "ES256", "kid": kid});
    let claims = json!({"iss": team, "iat": now_s()});
    let other = Services::start().await;
    let good = services.provider_token(now_s());
    for (bad, reason) in [
        (es256(other.secret("/apns/key"), &head, &claims), "InvalidProviderToken"),
        (es256(key, &json!({"alg": "ES256", "kid": "ABCDEFGHIJ"}), &claims), "InvalidProviderToken"),
        (es256(key, &json!({"alg": "ES256"}), &claims), "InvalidProviderToken"),
        (es256(key, &json!({"alg": "HS256", "kid": kid}), &claims), "InvalidProviderToken"),
        (es256(key, &head, &json!({"iss": "ABCDEFGHIJ", "iat": now_s()})), "InvalidProviderToken"),
        (es256(key, &head, &json!({"iss": team})), "InvalidProviderToken"),
        (es256(key, &head, &json!({"iss": team, "iat": now_s() + 120})), "InvalidProviderToken"),
        (es256(key, &head, &json!({"iss": team, "iat": now_s() - 3_610})), "ExpiredProviderToken"),
        (format!("{good}="), "InvalidProviderToken"),
    ] {
        let (status, why, _) = sent(services.good(&device, &bad)).await;
        assert_eq!((status, why.as_str()), (403, reason), "{bad}");
    }
    let bare = services.http.post(format!("{}/3/device/{device}", services.origin)).body("{\"aps\":{}}");
    assert_eq!(sent(bare.try_clone().expect("a request")).await.1, "MissingProviderToken");
    assert_eq!(sent(bare.header("authorization", good.as_str())).await.1, "MissingProviderToken");

    assert_eq!(sent(services.good(&device, &good)).await.0, 200, "what was refused counts for nothing");
    let second = services.provider_token(now_s() - 1);
    let (status, why, _) = sent(services.good(&device, &second)).await;
    assert_eq!((status, why.as_str()), (429, "TooManyProviderTokenUpdates"));
    assert_eq!(sent(services.good(&device, &good)).await.0, 200, "the old one still holds");
    services.ask(Method::PUT, "/settings?token_update_s=0").await.expect(204);
    assert_eq!(sent(services.good(&device, &second)).await.0, 200);
}
