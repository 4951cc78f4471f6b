//! Google's side.

use super::{Answer, Services, now_s, rs256};
use reqwest::Method;
use serde_json::{Value, json};

impl Services {
    /// The claims that Google wants of a service account.
    fn assertion(&self) -> Value {
        json!({
            "iss": self.secret("/fcm/account/client_email"),
            "aud": self.secret("/fcm/account/token_uri"),
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "iat": now_s(),
            "exp": now_s() + 3_600,
        })
    }

    async fn exchange(&self, claims: &Value) -> Answer {
        let head = json!({"alg": "RS256", "kid": self.secret("/fcm/account/private_key_id")});
        self.exchange_token(&rs256(self.secret("/fcm/account/private_key"), &head, claims)).await
    }

    async fn exchange_token(&self, assertion: &str) -> Answer {
        let form = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
        Answer::of(self.http.post(self.secret("/fcm/account/token_uri")).body(form).send().await.expect("sent")).await
    }

    async fn access_token(&self) -> String {
        let given = self.exchange(&self.assertion()).await.expect(200);
        assert_eq!((&given["token_type"], &given["expires_in"]), (&"Bearer".into(), &3_599.into()));
        given["access_token"].as_str().expect("a token").to_owned()
    }

    async fn send(&self, access: &str, body: &Value) -> Answer {
        let project = self.secret("/fcm/account/project_id");
        let url = format!("{}/v1/projects/{project}/messages:send", self.origin);
        Answer::of(self.http.post(url).bearer_auth(access).json(body).send().await.expect("sent")).await
    }
}

fn message(token: &str) -> Value {
    json!({"message": {
        "token": token,
        "data": {"beffroi": json!({"beffroi": {"alert": "one", "chain": "c", "tier": "P1"}}).to_string()},
        "notification": {"title": "a", "body": "b"},
        "android": {"priority": "high", "ttl": "3600s", "direct_boot_ok": true,
            "notification": {"channel_id": "life_safety", "tag": "c"}},
    }})
}

fn error(answer: &Answer) -> (u16, String, Option<String>) {
    let body = answer.json();
    let details = body["error"]["details"].as_array().cloned().unwrap_or_default();
    let code = details.iter().find_map(|detail| detail["errorCode"].as_str().map(str::to_owned));
    (answer.status, body["error"]["status"].as_str().unwrap_or_default().to_owned(), code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_as_google_wants_it_is_taken_and_counted() {
    let services = Services::start().await;
    let (token, access) = (services.tokens("channel=fcm").await.remove(0), services.access_token().await);
    for _ in 0..2 {
        let taken = services.send(&access, &message(&token)).await.expect(200);
        assert!(
            taken["name"].as_str().is_some_and(|it| it.starts_with("projects/beffroi-sandbox/messages/")),
            "{taken}"
        );
    }
    let counts = services.counts().await;
    let lane = &counts["channels"]["fcm"];
    assert_eq!(
        (&lane["accepted"], &lane["duplicates"], &lane["tiers"]["P1"]["accepted"]),
        (&2.into(), &1.into(), &2.into())
    );
    assert_eq!(counts["messages"][0]["chain"], "c");
    let mut dry = message(&token);
    dry["validate_only"] = true.into();
    services.send(&access, &dry).await.expect(200);
    assert_eq!(services.counts().await["received"], 2);
    assert_eq!(services.found().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_message_is_refused_in_its_own_words() {
    let services = Services::start().await;
    let (token, access) = (services.tokens("channel=fcm").await.remove(0), services.access_token().await);
    let with = |pointer: &str, value: Value| {
        let mut message = message(&token);
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        message.pointer_mut(parent).expect("it is there")[name] = value;
        message
    };
    for (bad, words) in [
        (json!({"message": {"notification": {"title": "a"}}}), "Recipient of the message is not set."),
        (with("/message/topic", "a".into()), "oneof field 'target' is already set"),
        (with("/message/to", "a".into()), "Unknown name \"to\" at 'message': Cannot find field."),
        (with("/message/android/ttl", "3600".into()), "Invalid value at 'message.android.ttl'"),
        (with("/message/data/n", 12.into()), "Invalid value at 'message.data[1].value' (TYPE_STRING), 12"),
        (with("/message/data/google.a", "b".into()), "Invalid data payload key: google.a"),
        (with("/message/data/from", "b".into()), "Invalid data payload key: from"),
        (with("/message/data/big", "a".repeat(4_096).into()), "too big"),
        (with("/message/token", "abc".into()), "not a valid FCM registration token"),
    ] {
        let answer = services.send(&access, &bad).await;
        let want = (400, "INVALID_ARGUMENT".to_owned(), Some("INVALID_ARGUMENT".to_owned()));
        assert_eq!(error(&answer), want, "{bad}");
        assert!(answer.json()["error"]["message"].as_str().is_some_and(|it| it.contains(words)), "{}", answer.text());
        assert!(answer.text().contains("fieldViolations"), "{}", answer.text());
    }
    assert_eq!(services.counts().await["accepted"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_or_the_wrong_project_sends_nothing() {
    let services = Services::start().await;
    let (token, access) = (services.tokens("channel=fcm").await.remove(0), services.access_token().await);
    let unauthenticated = (401, "UNAUTHENTICATED".to_owned(), None);
    assert_eq!(error(&services.send("ya29.none", &message(&token)).await), unauthenticated);
    let url = format!("{}/v1/projects/other/messages:send", services.origin);
    let answer =
        Answer::of(services.http.post(url).bearer_auth(&access).json(&message(&token)).send().await.expect("sent"));
    assert_eq!(error(&answer.await), (403, "PERMISSION_DENIED".to_owned(), None));
    services.send(&access, &message(&token)).await.expect(200);
    services.ask(Method::DELETE, "/tokens").await.expect(204);
    assert_eq!(error(&services.send(&access, &message(&token)).await), unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_that_google_would_not_take_get_no_token() {
    let services = Services::start().await;
    let with = |name: &str, value: Value| {
        let mut claims = services.assertion();
        claims[name] = value;
        claims
    };
    for (claims, code, words) in [
        (with("iss", "someone".into()), "invalid_grant", "account not found"),
        (with("aud", "https://oauth2.example.org/token".into()), "invalid_grant", "aud"),
        (with("scope", "https://www.googleapis.com/auth/drive".into()), "invalid_scope", "scope"),
        (with("exp", (now_s() + 7_200).into()), "invalid_grant", "short-lived"),
        (with("iat", Value::Null), "invalid_grant", "short-lived"),
        (with("exp", (now_s() - 3_000).into()), "invalid_grant", "short-lived"),
    ] {
        let refused = services.exchange(&claims).await.expect(400);
        assert_eq!(refused["error"], code, "{claims}");
        assert!(refused["error_description"].as_str().is_some_and(|it| it.contains(words)), "{refused}");
    }
    let other = Services::start().await;
    let head = json!({"alg": "RS256"});
    let foreign = rs256(other.secret("/fcm/account/private_key"), &head, &services.assertion());
    let refused = services.exchange_token(&foreign).await.expect(400);
    assert_eq!(refused["error_description"], "Invalid JWT Signature.");
    let form =
        Answer::of(services.http.post(format!("{}/token", services.origin)).body("a=b").send().await.expect("sent"));
    assert_eq!(form.await.expect(400)["error"], "unsupported_grant_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_beyond_its_minute_is_told_when_to_go_on() {
    let services = Services::start().await;
    let (token, access) = (services.tokens("channel=fcm").await.remove(0), services.access_token().await);
    services.ask(Method::PUT, "/settings?quota_per_minute=2").await.expect(204);
    for _ in 0..2 {
        services.send(&access, &message(&token)).await.expect(200);
    }
    let answer = services.send(&access, &message(&token)).await;
    assert_eq!(error(&answer), (429, "RESOURCE_EXHAUSTED".to_owned(), Some("QUOTA_EXCEEDED".to_owned())));
    let seconds: u64 = answer.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
}
