//! `GET /api/v1/repairs`: what was found in what a key posted, for the owner of the feed. JSON, or plain text to read.

use super::key;
use crate::cap::finding::{Finding, Level};
use crate::model::repair::{REPAIR_DAYS_MAX, Repair, Repairs};
use crate::web::error::WebError;
use crate::web::state::AppState;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, Uri};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// How far is looked back where nobody says.
const DAYS_DEFAULT: u16 = 30;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default = "days_default")]
    days: u16,
}

const fn days_default() -> u16 {
    DAYS_DEFAULT
}

pub async fn show(State(state): State<AppState>, headers: HeaderMap, uri: Uri) -> Result<Response, WebError> {
    let credential = key::of(&headers, &state).await?;
    let days = Query::<Parameters>::try_from_uri(&uri).ok().map(|parameters| parameters.days);
    let days = days.filter(|days| (1..=REPAIR_DAYS_MAX).contains(days)).ok_or_else(|| WebError::Malformed {
        detail: format!("The only parameter is days, a whole number from 1 to {REPAIR_DAYS_MAX}."),
    })?;
    let (since, repairs) = state.bell.repairs(&credential.id, days).await.map_err(WebError::internal)?;
    let as_text = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.trim_start().starts_with("text/plain"));
    let no_store = [(CACHE_CONTROL, "no-store")];
    Ok(if as_text {
        (no_store, text(&credential.name, since, &repairs)).into_response()
    } else {
        (no_store, Json(render(&credential.name, since, &repairs))).into_response()
    })
}

fn render(name: &str, since: Timestamp, repairs: &Repairs) -> Value {
    let found: Vec<Value> = repairs
        .found
        .iter()
        .map(|Repair { documents, last, identifier, finding }| {
            json!({ "documents": documents, "last": last, "identifier": identifier, "finding": finding })
        })
        .collect();
    json!({ "key": name, "since": day(since), "taken": repairs.taken, "refused": repairs.refused, "findings": found })
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

/// The report as a letter to whoever runs the feed.
fn text(name: &str, since: Timestamp, repairs: &Repairs) -> String {
    let mut out = format!(
        "What was found in what `{name}` posted since {}\nTaken: {}. Refused: {}.\n",
        day(since),
        documents_of(repairs.taken),
        documents_of(repairs.refused)
    );
    if repairs.found.is_empty() {
        out.push_str("Nothing was found in them.\n");
    }
    for Repair { documents, last, identifier, finding } in &repairs.found {
        let Finding { code, path, line, column, message, clause, fix, .. } = finding;
        let which = identifier.as_deref().map_or_else(String::new, |identifier| format!(" ({identifier})"));
        write!(
            out,
            "\n{code}: {}, in {}, last {}{which}\n  at {path}, line {line}, column {column}\n  \
             {message}\n  {fix} ({clause})\n",
            weight(finding),
            documents_of(*documents),
            last.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
        .expect("writing to a string");
    }
    out
}

fn documents_of(count: u64) -> String {
    if count == 1 { "1 document".to_owned() } else { format!("{count} documents") }
}

/// How bad a finding is, for a reader.
fn weight(finding: &Finding) -> &'static str {
    match (finding.level, finding.repaired) {
        (Level::Error, false) => "error, the document was refused",
        (Level::Error, true) => "error, mended here",
        (Level::Warning, _) => "warning",
        (Level::Note, _) => "note",
    }
}
