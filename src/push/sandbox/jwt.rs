//! JSON Web Tokens taken apart as their RFC has them: base64url without padding (RFC 7515 §2), nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A token whose signature nobody has looked at yet.
#[derive(Debug)]
pub(super) struct Jwt<'a> {
    pub(super) head: Value,
    pub(super) claims: Value,
    /// What the signature is about.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
}

/// Takes a token apart.
///
/// # Errors
/// It is none: what is wrong with it, in words.
pub(super) fn parse(token: &str) -> Result<Jwt<'_>, String> {
    let (signed, signature) = token.rsplit_once('.').ok_or("the token has no signature")?;
    let (head, claims) = signed.split_once('.').ok_or("the token has no claims")?;
    let bytes = |part: &str| {
        URL_SAFE_NO_PAD.decode(part).map_err(|error| format!("not base64url without padding (RFC 7515): {error}"))
    };
    let object = |part: &str| match serde_json::from_slice(&bytes(part)?) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        Ok(_) => Err("a part of the token is no JSON object".to_owned()),
        Err(error) => Err(format!("a part of the token is no JSON: {error}")),
    };
    Ok(Jwt { head: object(head)?, claims: object(claims)?, signed, signature: bytes(signature)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64url_without_padding_is_read() {
        let (head, claims) = (URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#), URL_SAFE_NO_PAD.encode(r#"{"iss":"?>~"}"#));
        let jwt = format!("{head}.{claims}.AAEC");
        let read = parse(&jwt).expect("a token");
        assert_eq!((read.signature.as_slice(), &read.claims["iss"]), (&[0, 1, 2][..], &"?>~".into()));
        assert!(claims.contains(['-', '_']), "{claims} shows the alphabet");
        let standard = claims.replace('-', "+").replace('_', "/");
        for bad in [
            format!("{head}.{standard}.AAEC"),
            format!("{head}.{claims}.AAE="),
            format!("{head}.{claims}"),
            head.clone(),
            format!("{head}.W10.AAEC"),
        ] {
            parse(&bad).expect_err(&bad);
        }
    }
}
