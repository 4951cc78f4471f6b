//! `/console/audit`: who did what, newest first.

use super::frame::{Desk, Entry, page};
use super::session::SignedIn;
use crate::cap::time::DateTime;
use crate::model::operator::AuditEntry;
use crate::store;
use crate::web::citizen::view::utc;
use crate::web::error::WebError;
use crate::web::page::{Page, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;

/// Lines of one page.
const LINES_MAX: u32 = 100;

/// One line as it is shown.
struct Line {
    at: DateTime,
    who: String,
    action: String,
    subject: String,
    /// The alert's page, where the line is about one.
    alert: Option<String>,
    detail: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    page: Page,
    desk: Desk,
    lines: Vec<Line>,
    older: Option<i64>,
}

pub async fn show(
    State(state): State<AppState>,
    SignedIn(operator): SignedIn,
    visit: Visit,
) -> Result<Response, WebError> {
    let before = visit.parameter("before").and_then(|text| text.parse().ok());
    let entries = store::audit::list(&state.db, before, LINES_MAX).await.map_err(WebError::internal)?;
    let operators = store::operator::list(&state.db).await.map_err(WebError::internal)?;
    let keys = store::credential::list(&state.db).await.map_err(WebError::internal)?;
    let mut names: BTreeMap<String, String> = operators
        .into_iter()
        .map(|(operator, _)| (operator.id.0, format!("{} ({})", operator.name, operator.login)))
        .collect();
    names.extend(keys.into_iter().map(|key| (key.id.0, key.name)));
    let frame = page(&state, &visit, "audit-title");
    let older = (entries.len() == LINES_MAX as usize).then(|| entries.last().map(|entry| entry.seq)).flatten();
    let lines = entries.into_iter().map(|entry| line(&frame, &names, entry)).collect();
    let desk = Desk::new(&state, Some(&operator), Entry::Audit);
    let page = AuditPage { page: frame, desk, lines, older };
    Ok(respond(&page.page, StatusCode::OK, &page))
}

fn line(page: &Page, names: &BTreeMap<String, String>, entry: AuditEntry) -> Line {
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let who = match (entry.actor_kind.as_str(), &entry.actor) {
        ("key", Some(id)) => page.t1("audit-key", "name", name(id)),
        (_, Some(id)) => name(id),
        (_, None) => page.t("audit-system"),
    };
    let members = match entry.detail {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => serde_json::Map::new(),
    };
    let alert = members.get("alert").and_then(Value::as_str).map(str::to_owned);
    let plain = |value: Value| match value {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let alert = alert.or_else(|| (entry.action == "alert.post").then(|| entry.subject.clone()));
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Object(_) => true,
    };
    let detail = members
        .into_iter()
        .filter(|(name, value)| name != "alert" && says_something(value))
        .map(|(name, value)| (name, plain(value)));
    Line {
        at: utc(entry.at),
        who,
        action: entry.action,
        subject: name(&entry.subject),
        alert,
        detail: detail.collect(),
    }
}
