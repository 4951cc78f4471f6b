//! Google's token endpoint, for service accounts: an RS256 assertion becomes an access token (RFC 7523, as Google's
//! "Using OAuth 2.0 for Server to Server Applications" has it).

use super::credentials::ACCOUNT;
use super::jwt;
use super::reply::Reply;
use super::state::State;
use crate::clock;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use data_encoding::HEXLOWER;
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// What lets one send; the second is everything that Google Cloud has.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"];
/// Where Google itself is asked: libraries name it as the audience wherever they are led.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";
/// How long an access token holds, seconds.
const LIFE_S: i64 = 3_599;
/// Longest life of an assertion, seconds.
const ASSERTION_S_MAX: i64 = 3_600;
/// How far a sender's clock may be off, seconds.
const SKEW_S_MAX: i64 = 300;
/// Most access tokens that hold at a time; the oldest give way.
const TOKENS_MAX: usize = 1_000;

/// Access tokens and when they end, seconds since 1970.
#[derive(Debug, Default)]
pub(super) struct AccessTokens {
    ends: HashMap<String, i64>,
    order: VecDeque<String>,
}

impl AccessTokens {
    fn give(&mut self, now_s: i64) -> String {
        let token = format!("ya29.{}", HEXLOWER.encode(&clock::random_bytes::<32>()));
        self.ends.insert(token.clone(), now_s + LIFE_S);
        self.order.push_back(token.clone());
        if self.order.len() > TOKENS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ends.remove(&oldest);
        }
        token
    }

    /// Whether this token holds.
    pub(super) fn holds(&self, token: &str, now_s: i64) -> bool {
        self.ends.get(token).is_some_and(|end| now_s < *end)
    }

    /// No token holds any more, as when a service account's tokens are revoked.
    pub(super) fn revoke(&mut self) {
        *self = Self::default();
    }
}

/// Answers `POST /token`.
pub(super) fn token(state: &State, parts: &Parts, body: &[u8]) -> Reply {
    if parts.method != Method::POST {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", "Only POST is supported");
    }
    let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    if form.get("grant_type").map(String::as_str) != Some(GRANT) {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Invalid grant_type");
    }
    let now_s = state.clock.real().as_second();
    let assertion = form.get("assertion").map_or("", String::as_str);
    match check(state, assertion, now_s) {
        Ok(()) => {
            let token = state.access.lock().expect("no one panics while holding it").give(now_s);
            let body = json!({"access_token": token, "expires_in": LIFE_S, "token_type": "Bearer"});
            Reply::json(StatusCode::OK, &body)
        }
        Err((error, words)) => refuse(StatusCode::BAD_REQUEST, error, &words),
    }
}

fn refuse(status: StatusCode, error: &str, words: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": words}))
}

fn check(state: &State, assertion: &str, now_s: i64) -> Result<(), (&'static str, String)> {
    let grant = |words: String| ("invalid_grant", words);
    let jwt = jwt::parse(assertion).map_err(|problem| grant(format!("Invalid JWT: {problem}")))?;
    let key = state.credentials.fcm().map_err(|error| ("internal_failure", error.to_string()))?;
    if jwt.head["alg"] != "RS256" {
        return Err(grant(format!("Invalid JWT: alg is {}, want RS256", jwt.head["alg"])));
    }
    if !jwt.head["kid"].is_null() && jwt.head["kid"] != key.id.as_str() {
        return Err(grant("Invalid JWT: kid is not the id of the account's key".to_owned()));
    }
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.public)
        .verify(jwt.signed.as_bytes(), &jwt.signature)
        .map_err(|_| grant("Invalid JWT Signature.".to_owned()))?;
    if jwt.claims["iss"] != ACCOUNT {
        return Err(grant("Invalid grant: account not found".to_owned()));
    }
    if jwt.claims["aud"] != state.credentials.token_uri().as_str() && jwt.claims["aud"] != GOOGLE {
        return Err(grant(format!("Invalid JWT: aud is {}, want the token_uri", jwt.claims["aud"])));
    }
    let (issued, ends) = (seconds(&jwt.claims["iat"]), seconds(&jwt.claims["exp"]));
    let in_time = issued - SKEW_S_MAX <= now_s && now_s < ends + SKEW_S_MAX && ends - issued <= ASSERTION_S_MAX;
    if issued == 0 || ends <= issued || !in_time {
        let words = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.";
        return Err(grant(format!("{words} Check your iat and exp values in the JWT claim.")));
    }
    let scopes = jwt.claims["scope"].as_str().unwrap_or_default();
    if !scopes.split(' ').any(|scope| SCOPES.contains(&scope)) {
        return Err(("invalid_scope", format!("Invalid OAuth scope or ID token audience provided: {scopes:?}")));
    }
    Ok(())
}

fn seconds(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
