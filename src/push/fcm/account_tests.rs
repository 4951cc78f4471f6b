use super::*;
use crate::config::Config;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Making one takes long.
static KEY_PEM: LazyLock<String> = LazyLock::new(|| {
    rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key").serialize_pem()
});

fn json_of_account() -> Value {
    json!({
        "type": "service_account", "project_id": "town-alerts", "private_key_id": "abc123", "private_key": *KEY_PEM,
        "client_email": "sender@town-alerts.iam.gserviceaccount.com", "client_id": "1",
        "auth_uri": "https://accounts.example/auth", "token_uri": "https://oauth2.example/token",
        "universe_domain": "googleapis.com",
    })
}

fn load(text: &str, allow_private: bool) -> Result<Option<FcmAccount>, FcmAccountError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("account.json");
    std::fs::write(&path, text).expect("written");
    let mut push = Config::load(None).expect("the defaults").push;
    push.fcm.service_account_file = Some(path);
    let transport = Arc::new(Transport::new(&push).expect("a transport"));
    FcmAccount::load(&push.fcm, allow_private, transport)
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// RFC 7523 §2.1 and §3, and Google's page on it.
#[test]
fn an_assertion_names_account_scope_and_audience_and_is_signed_by_the_key() {
    let account = load(&json_of_account().to_string(), false).expect("an account").expect("it is set up");
    assert_eq!(account.project(), "town-alerts");
    let request = account.request(at("2026-11-22T12:00:00Z")).expect("a request");
    assert_eq!(request.uri(), "https://oauth2.example/token");
    assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
    assert_eq!(form[0], ("grant_type".to_owned(), GRANT_TYPE.to_owned()));
    let (signed, signature) = form[1].1.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account.pair.public_key());
    key.verify(signed.as_bytes(), &signature).expect("valid");
    let part = |text: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
    };
    let (header, claims) = signed.split_once('.').expect("two parts");
    assert_eq!(part(header), json!({"alg": "RS256", "typ": "JWT", "kid": "abc123"}));
    let now = at("2026-11-22T12:00:00Z").as_second();
    let want = json!({
        "iss": "sender@town-alerts.iam.gserviceaccount.com", "scope": SCOPE, "aud": "https://oauth2.example/token",
        "iat": now, "exp": now + 3_600,
    });
    assert_eq!(part(claims), want);
}

#[test]
fn an_account_that_cannot_work_is_refused_by_what_it_lacks() {
    let lacks = |change: &dyn Fn(&mut Value)| {
        let mut account = json_of_account();
        change(&mut account);
        match load(&account.to_string(), false) {
            Err(FcmAccountError::Field { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(lacks(&|account| account["project_id"] = Value::Null), "project_id");
    assert_eq!(lacks(&|account| account["project_id"] = json!("../x")), "project_id");
    assert_eq!(lacks(&|account| account["private_key_id"] = json!("")), "private_key_id");
    assert_eq!(lacks(&|account| account["private_key"] = json!("no key")), "private_key");
    assert_eq!(lacks(&|account| account["client_email"] = json!("nobody")), "client_email");
    assert_eq!(lacks(&|account| account["token_uri"] = json!("http://127.0.0.1/token")), "token_uri");
    for text in ["", "{}", "[]"] {
        assert!(matches!(load(text, false), Err(FcmAccountError::Json { .. })), "{text}");
    }
    let mut local = json_of_account();
    local["token_uri"] = json!("http://127.0.0.1/token");
    assert!(load(&local.to_string(), true).is_ok(), "a sandbox's");
}

#[test]
fn what_names_its_tokens_hangs_on_the_account_and_where_it_asks() {
    let name = |change: &dyn Fn(&mut Value)| {
        let mut account = json_of_account();
        change(&mut account);
        load(&account.to_string(), false).expect("an account").expect("it is set up").name()
    };
    let first = name(&|_| {});
    assert_eq!(first, name(&|_| {}));
    assert_ne!(first, name(&|account| account["token_uri"] = json!("https://other.example/token")));
    assert_ne!(first, name(&|account| account["private_key_id"] = json!("another")));
    assert!(!first.contains("PRIVATE"));
}

/// RFC 6749 §5.1 and §5.2.
#[test]
fn answers_of_the_token_endpoint_are_told_apart() {
    let now = at("2026-11-22T12:00:00Z");
    let read = |status: u16, body: &str| granted(StatusCode::from_u16(status).expect("a status"), body.as_bytes(), now);
    let token = read(200, r#"{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}"#).expect("a token");
    assert_eq!((token.value.as_str(), token.minted), ("ya29.x", now));
    assert_eq!(token.expires, at("2026-11-22T12:59:59Z"));
    assert!(matches!(read(200, "{}"), Err(MintError::Refused { .. })));
    let refused = read(400, r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#);
    let Err(MintError::Refused { reason, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "invalid_grant");
    let refused = read(401, r#"{"error":"x\n\u001b[1m"}"#);
    let Err(MintError::Refused { reason, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "");
    for status in [429, 500, 503] {
        assert!(matches!(read(status, ""), Err(MintError::Unavailable(_))), "{status}");
    }
}
