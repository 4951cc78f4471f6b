//! Apple's side of provider tokens: ES256, a known key and team, no older than an hour, and not another one every few
//! minutes.

use super::credentials::{Pair, TEAM_ID};
use super::jwt;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Oldest token that is taken, seconds since its `iat`.
const TOKEN_S_MAX: i64 = 3_600;
/// How far a sender's clock may be ahead, seconds.
const AHEAD_S_MAX: i64 = 60;
/// Shortest time between two tokens of one key, seconds.
pub(super) const UPDATE_S_MIN: u64 = 20 * 60;
/// Most tokens whose check is remembered.
const TOKENS_MAX: usize = 256;

/// A token that was looked at once.
#[derive(Debug)]
pub(super) struct ProviderToken {
    pub(super) claims: Option<Value>,
    issued_s: i64,
    /// Why it is never taken.
    problem: Option<String>,
}

impl ProviderToken {
    fn read(token: &str, key: &Pair) -> Self {
        let mut read = Self { claims: None, issued_s: 0, problem: None };
        read.problem = read.check(token, key).err();
        read
    }

    fn check(&mut self, token: &str, key: &Pair) -> Result<(), String> {
        let jwt = jwt::parse(token)?;
        if jwt.head["alg"] != "ES256" {
            return Err(format!("alg is {}, want ES256", jwt.head["alg"]));
        }
        if jwt.head["kid"] != key.id.as_str() {
            return Err(format!("kid is {}, not the id of a key", jwt.head["kid"]));
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public)
            .verify(jwt.signed.as_bytes(), &jwt.signature)
            .map_err(|_| "the signature does not fit the key")?;
        self.issued_s = jwt.claims["iat"].as_i64().ok_or("iat is no whole number of seconds")?;
        if jwt.claims["iss"] != TEAM_ID {
            return Err(format!("iss is {}, want the team's id", jwt.claims["iss"]));
        }
        self.claims = Some(jwt.claims);
        Ok(())
    }
}

/// What is remembered of tokens.
#[derive(Debug)]
pub(super) struct Provider {
    read: HashMap<String, Arc<ProviderToken>>,
    /// The token in use, and since when.
    current: Option<(String, Instant)>,
    pub(super) update_min: Duration,
}

impl Default for Provider {
    fn default() -> Self {
        let update_min = Duration::from_secs(UPDATE_S_MIN);
        Self { read: HashMap::new(), current: None, update_min }
    }
}

/// Why a token is refused: status, Apple's reason and words for who looks.
pub(super) type Refusal = (u16, &'static str, String);

impl Provider {
    /// Checks the token of an `Authorization` header. `real_s` is real time, seconds since 1970.
    pub(super) fn check(
        &mut self,
        authorization: Option<&str>,
        key: &Pair,
        real_s: i64,
        now: Instant,
    ) -> Result<Arc<ProviderToken>, Refusal> {
        let missing = || (403, "MissingProviderToken", "there is no authorization".to_owned());
        let (scheme, token) = authorization.ok_or_else(missing)?.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err((403, "MissingProviderToken", "authorization is not `bearer …`".to_owned()));
        }
        let read = self.read(token, key);
        if let Some(problem) = &read.problem {
            return Err((403, "InvalidProviderToken", format!("provider token: {problem}")));
        }
        let age_s = real_s - read.issued_s;
        if age_s > TOKEN_S_MAX {
            return Err((403, "ExpiredProviderToken", format!("provider token: issued {age_s} s ago")));
        }
        if age_s < -AHEAD_S_MAX {
            return Err((403, "InvalidProviderToken", format!("provider token: issued {} s from now", -age_s)));
        }
        match &self.current {
            Some((current, _)) if current == token => {}
            Some((_, since)) if now.duration_since(*since) < self.update_min => {
                let words =
                    format!("provider token: another one less than {} s after the last", self.update_min.as_secs());
                return Err((429, "TooManyProviderTokenUpdates", words));
            }
            Some(_) | None => self.current = Some((token.to_owned(), now)),
        }
        Ok(read)
    }

    fn read(&mut self, token: &str, key: &Pair) -> Arc<ProviderToken> {
        if let Some(read) = self.read.get(token) {
            return Arc::clone(read);
        }
        if self.read.len() >= TOKENS_MAX {
            self.read.clear();
        }
        let read = Arc::new(ProviderToken::read(token, key));
        self.read.insert(token.to_owned(), Arc::clone(&read));
        read
    }
}
