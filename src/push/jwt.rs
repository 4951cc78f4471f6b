//! JSON web tokens in their compact form (RFC 7515 §3.1), signed with aws-lc-rs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// The token of a header and claims. `sign` is given the bytes to be signed.
///
/// # Errors
/// Those of `sign`.
pub(super) fn token<E>(
    header: &impl Serialize,
    claims: &impl Serialize,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<String, E> {
    let part = |value: Vec<u8>| URL_SAFE_NO_PAD.encode(value);
    let header = serde_json::to_vec(header).expect("texts and numbers are always JSON");
    let claims = serde_json::to_vec(claims).expect("texts and numbers are always JSON");
    let input = format!("{}.{}", part(header), part(claims));
    let signature = sign(input.as_bytes())?;
    Ok(format!("{input}.{}", part(signature)))
}
