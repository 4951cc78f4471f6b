//! The receipt in the address that a notification opens: it counts once, leaves the address bar at once, and lets its
//! person say that the alert is not about them.
//!
//! The token goes into a cookie of this one page, so that the address that people share has none; the cookie ends by
//! itself. A token that was shared all the same counts for its own person only, who is counted already.

use crate::model::id::AlertId;
use crate::model::receipt::Event;
use crate::push::receipt::RECEIPT_CHARS;
use crate::web::error::WebError;
use crate::web::limit::Network;
use crate::web::path::Id;
use crate::web::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri};
use url::form_urlencoded;

/// The parameter in addresses of notifications.
const PARAMETER: &str = "r";
const COOKIE_NAME: &str = "receipt";
/// How long the page offers to say that it is not relevant, seconds.
const COOKIE_SECONDS: u32 = 1_800;

/// For a page that is opened with a receipt: notes that, and leads to the same page without it. Any other is `None`.
pub(super) fn opened(
    state: &AppState,
    alert: &AlertId,
    uri: &Uri,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Option<Response> {
    let query = uri.query()?;
    let (_, token) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == PARAMETER)?;
    let counts = knock(state, extensions, headers).is_ok();
    if counts {
        state.inbox.tell(alert.clone(), &token, Event::Opened);
    }
    let mut rest = form_urlencoded::Serializer::new(String::new());
    rest.extend_pairs(form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != PARAMETER));
    let rest = rest.finish();
    let address = if rest.is_empty() { page(alert) } else { format!("{}?{rest}", page(alert)) };
    let cookie = (counts && is_token(&token)).then(|| cookie(state, alert, &token, COOKIE_SECONDS));
    Some(lead_to(&address, cookie))
}

/// Whether the reader may say that an alert is not about them: they came with a receipt a short while ago.
pub(super) fn may_answer(headers: &HeaderMap) -> bool {
    kept(headers).is_some()
}

/// `POST /alerts/{id}/not-relevant`: notes it and leads back to the page, which says thank you.
pub(super) async fn not_relevant(
    State(state): State<AppState>,
    Id(id): Id,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    knock(&state, &extensions, &headers)?;
    let alert = AlertId(id);
    let Some(token) = kept(&headers) else { return Ok(lead_to(&page(&alert), None)) };
    state.inbox.tell(alert.clone(), token, Event::NotRelevant);
    Ok(lead_to(&format!("{}?noted=1", page(&alert)), Some(cookie(&state, &alert, "", 0))))
}

fn knock(state: &AppState, extensions: &Extensions, headers: &HeaderMap) -> Result<(), WebError> {
    state.limits.receipts.knock(Network::of(extensions, headers, &state.config.server.trusted_proxies))
}

fn page(alert: &AlertId) -> String {
    format!("/alerts/{alert}")
}

/// The token in the cookie of this page.
fn kept(headers: &HeaderMap) -> Option<&str> {
    let mut cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let token = cookies.find_map(|cookies| {
        cookies.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
    })?;
    is_token(token).then_some(token)
}

/// Whether a text has the form of a token, so that it can stand in a cookie.
fn is_token(text: &str) -> bool {
    text.len() == RECEIPT_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn cookie(state: &AppState, alert: &AlertId, token: &str, seconds: u32) -> HeaderValue {
    let secure = if state.public_url.scheme() == "https" { "; Secure" } else { "" };
    let path = page(alert);
    let text = format!("{COOKIE_NAME}={token}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("ids and tokens are plain")
}

fn lead_to(address: &str, cookie: Option<HeaderValue>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, HeaderValue::from_str(address).expect("ids and encoded queries are plain"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(cookie) = cookie {
        headers.insert(SET_COOKIE, cookie);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_of_the_right_cookie_is_kept() {
        let token = "abcdefghijklmnopqrs-_0";
        let kept_of = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookies.parse().expect("a header"));
            kept(&headers).map(str::to_owned)
        };
        assert_eq!(kept_of(&format!("lang=fr; receipt={token}")).as_deref(), Some(token));
        for other in
            ["receipt=", "receipt=short", &format!("receipts={token}"), &format!("receipt={token}x"), "lang=fr"]
        {
            assert_eq!(kept_of(other), None, "{other}");
        }
    }
}
