//! Signing in and out. Every attempt stands in the audit log, without what was typed: it may be a password.

use super::form;
use super::frame::{Desk, Entry, page};
use super::session;
use super::setup::is_login;
use crate::model::operator::Actor;
use crate::store;
use crate::web::error::WebError;
use crate::web::limit::Network;
use crate::web::page::{Page, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "console/login.html")]
struct LoginPage {
    page: Page,
    desk: Desk,
    next: String,
    login: String,
    note: Option<&'static str>,
}

pub async fn show(State(state): State<AppState>, visit: Visit) -> Response {
    let note = visit.parameter("again").map(|_| "login-again");
    let next = local(visit.parameter("next").unwrap_or_default());
    render(&state, &visit, StatusCode::OK, next, String::new(), note)
}

#[derive(Deserialize)]
pub struct Submitted {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub async fn submit(
    State(state): State<AppState>,
    visit: Visit,
    session: Session,
    request: Request,
) -> Result<Response, WebError> {
    let network = Network::of(request.extensions(), request.headers(), &state.config.server.trusted_proxies);
    let too_many =
        |next, login| render(&state, &visit, StatusCode::TOO_MANY_REQUESTS, next, login, Some("login-too-many"));
    if state.limits.login_networks.knock(network).is_err() {
        return Ok(too_many(local(""), String::new()));
    }
    let form: Submitted = form::read(request).await?;
    let login = form.login.trim().to_lowercase();
    let next = local(&form.next);
    if state.limits.login_names.knock((&login, network)).is_err() {
        return Ok(too_many(next, login));
    }
    // What cannot be a login is not looked up, but takes as long.
    let found = if is_login(&login) {
        store::operator::by_login(&state.db, &login).await.map_err(WebError::internal)?
    } else {
        None
    };
    let (operator, hash) = found.map_or((None, None), |(operator, hash)| (Some(operator), Some(hash)));
    let right = state.passwords.verify(form.password, hash).await.map_err(WebError::internal)?;
    let Some(operator) = operator.as_ref().filter(|_| right) else {
        // Under the name of the login that was tried, if it is one; what else was typed is nobody's business.
        let subject = operator.map_or_else(|| "unknown".to_owned(), |operator| operator.id.0);
        audit(&state, &Actor::System, "login.failed", &subject).await?;
        return Ok(render(&state, &visit, StatusCode::UNAUTHORIZED, next, login, Some("login-wrong")));
    };
    audit(&state, &Actor::Operator(operator.id.clone()), "login", operator.id.as_str()).await?;
    session::clear_expired(&state).await?;
    session::begin(&state, &session, operator).await?;
    Ok(Redirect::to(&next).into_response())
}

/// Ends the session, on the server too.
pub async fn sign_out(State(state): State<AppState>, session: Session) -> Result<Redirect, WebError> {
    if let Some(operator) = session::operator(&state, &session).await? {
        audit(&state, &Actor::Operator(operator.id.clone()), "logout", operator.id.as_str()).await?;
    }
    session::end(&session).await?;
    Ok(Redirect::to("/console/login"))
}

async fn audit(state: &AppState, actor: &Actor, action: &str, subject: &str) -> Result<(), WebError> {
    let mut tx = state.db.begin().await.map_err(WebError::internal)?;
    let appended = store::audit::append(&mut tx, actor, action, subject, &json!({}), state.clock.now()).await;
    appended.map_err(WebError::internal)?;
    tx.commit().await.map_err(WebError::internal)
}

/// A path of the console; anything that could lead elsewhere leads to its first page. Acts and streams lead to the
/// page of their alert.
fn local(next: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    let inside = next == "/console" || next.starts_with("/console/");
    if !inside || !next.bytes().all(plain) || next.contains("//") || next.contains("..") {
        return "/console".to_owned();
    }
    for ending in ["/live", "/area.geojson", "/logout"] {
        if let Some(page) = next.strip_suffix(ending) {
            return page.to_owned();
        }
    }
    next.to_owned()
}

fn render(
    state: &AppState,
    visit: &Visit,
    status: StatusCode,
    next: String,
    login: String,
    note: Option<&'static str>,
) -> Response {
    let desk = Desk::new(state, None, Entry::Other);
    let page = LoginPage { page: page(state, visit, "login-title"), desk, next, login, note };
    respond(&page.page, status, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_but_into_the_console() {
        for elsewhere in [
            "",
            "//evil.example",
            "https://evil.example",
            "/console//evil.example",
            "/consoles",
            "/\\evil",
            "/console/../x",
            "/console\n",
        ] {
            assert_eq!(local(elsewhere), "/console", "{elsewhere:?}");
        }
        assert_eq!(local("/console/alerts/a-b_c"), "/console/alerts/a-b_c");
        assert_eq!(local("/console/alerts/a/live"), "/console/alerts/a");
        assert_eq!(local("/console/logout"), "/console");
    }
}
