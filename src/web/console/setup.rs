//! The first administrator, made through a link that works once.

use super::form;
use super::frame::{Desk, Entry, page};
use super::session;
use crate::clock;
use crate::model::id::OperatorId;
use crate::model::operator::{Actor, Operator, Role};
use crate::store::{self, StoreError};
use crate::web::auth;
use crate::web::error::WebError;
use crate::web::limit::Network;
use crate::web::page::{Page, Visit, respond};
use crate::web::password::{self, PasswordError};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

/// The setting that keeps the hash of the link's token; empty once it was used.
const SETTING: &str = "setup-token-hash";
/// Characters of a login.
pub const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 2..=64;
/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 100;

/// A new link, as long as there is no administrator; it replaces any older one.
///
/// # Errors
/// The database failed.
pub async fn link(state: &AppState) -> Result<Option<String>, StoreError> {
    if store::operator::administrator_exists(&state.db).await? {
        return Ok(None);
    }
    let token = clock::random_id();
    let mut tx = state.db.begin().await?;
    store::setting::put(&mut tx, SETTING, &hex(&auth::hash(&token))).await?;
    tx.commit().await?;
    let mut url = state.public_url.clone();
    url.set_path("/console/setup");
    url.query_pairs_mut().clear().append_pair("token", &token);
    Ok(Some(url.into()))
}

#[derive(Template)]
#[template(path = "console/setup.html")]
struct SetupPage {
    page: Page,
    desk: Desk,
    /// `None`: the link does not work any more.
    token: Option<String>,
    login: String,
    name: String,
    problem: Option<&'static str>,
}

pub async fn show(State(state): State<AppState>, visit: Visit) -> Result<Response, WebError> {
    let token = visit.parameter("token").unwrap_or_default().to_owned();
    let works = is_token(&state, &token).await?;
    Ok(render(&state, &visit, works.then_some(token), String::new(), String::new(), None))
}

#[derive(Deserialize)]
pub struct Submitted {
    token: String,
    login: String,
    #[serde(default)]
    name: String,
    password: String,
    password_again: String,
}

pub async fn submit(
    State(state): State<AppState>,
    visit: Visit,
    session: Session,
    request: Request,
) -> Result<Response, WebError> {
    let network = Network::of(request.extensions(), request.headers(), &state.config.server.trusted_proxies);
    let form: Submitted = form::read(request).await?;
    if !is_token(&state, &form.token).await? {
        return Ok(render(&state, &visit, None, String::new(), String::new(), None));
    }
    // Only now: a stranger without the link must not keep out whoever has it.
    state.limits.setups.knock(network)?;
    let login = form.login.trim().to_lowercase();
    let name = form.name.trim().to_owned();
    if let Some(problem) = problem(&login, &name, &form) {
        return Ok(render(&state, &visit, Some(form.token), login, name, Some(problem)));
    }
    let hash = state.passwords.hash(form.password).await.map_err(WebError::internal)?;
    let operator = Operator {
        id: OperatorId(clock::random_id()),
        name: if name.is_empty() { login.clone() } else { name },
        login,
        role: Role::Administrator,
        created: state.clock.now(),
    };
    if !store_first(&state, &operator, &hash).await.map_err(WebError::internal)? {
        return Ok(render(&state, &visit, None, String::new(), String::new(), None));
    }
    session::begin(&state, &session, &operator).await?;
    Ok(Redirect::to("/console").into_response())
}

fn problem(login: &str, name: &str, form: &Submitted) -> Option<&'static str> {
    if !is_login(login) {
        return Some("setup-bad-login");
    }
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Some("setup-bad-name");
    }
    match password::check(&form.password) {
        Err(PasswordError::Short) => Some("setup-short"),
        Err(_) => Some("setup-long"),
        Ok(()) => (form.password != form.password_again).then_some("setup-differ"),
    }
}

/// Whether a text may be a login.
pub fn is_login(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    LOGIN_CHARS.contains(&text.len()) && text.bytes().all(fits)
}

/// Of two who use the link at once, one becomes the administrator.
async fn store_first(state: &AppState, operator: &Operator, password_hash: &str) -> Result<bool, StoreError> {
    let mut tx = state.db.begin().await?;
    if !store::operator::insert_first_administrator(&mut tx, operator, password_hash).await? {
        return Ok(false);
    }
    store::setting::put(&mut tx, SETTING, "").await?;
    let actor = Actor::Operator(operator.id.clone());
    let detail = json!({"login": operator.login, "name": operator.name});
    store::audit::append(&mut tx, &actor, "operator.setup", operator.id.as_str(), &detail, operator.created).await?;
    tx.commit().await?;
    Ok(true)
}

async fn is_token(state: &AppState, token: &str) -> Result<bool, WebError> {
    let stored = store::setting::get(&state.db, SETTING).await.map_err(WebError::internal)?;
    let hash = hex(&auth::hash(token));
    let expected = stored.unwrap_or_default();
    Ok(!expected.is_empty() && bool::from(subtle::ConstantTimeEq::ct_eq(hash.as_bytes(), expected.as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn render(
    state: &AppState,
    visit: &Visit,
    token: Option<String>,
    login: String,
    name: String,
    problem: Option<&'static str>,
) -> Response {
    let status = match (&token, problem) {
        (None, _) => StatusCode::GONE,
        (Some(_), Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (Some(_), None) => StatusCode::OK,
    };
    let desk = Desk::new(state, None, Entry::Other);
    let page = SetupPage { page: page(state, visit, "setup-title"), desk, token, login, name, problem };
    respond(&page.page, status, &page)
}
