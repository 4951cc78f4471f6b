//! `/console/sources`: who posts, and what is wrong with what they post.

use super::frame::{Desk, Entry, page};
use super::session::SignedIn;
use crate::cap::finding::Level;
use crate::cap::time::DateTime;
use crate::model::credential::{Credential, KeyAction};
use crate::model::repair::{Repair, Repairs};
use crate::store;
use crate::web::citizen::view::utc;
use crate::web::error::WebError;
use crate::web::page::{Page, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// How far is looked back, days.
const DAYS: u16 = 30;
/// Sources on the page: the newest keys.
const SOURCES_MAX: usize = 200;

/// One key and its report.
struct Source {
    name: String,
    senders: String,
    /// Name of the Fluent message that says what its alerts do.
    action: &'static str,
    taken: u64,
    refused: u64,
    found: Vec<Line>,
}

struct Line {
    /// Name of the Fluent message that says how bad it is.
    level: &'static str,
    documents: u64,
    last: DateTime,
    identifier: Option<String>,
    code: String,
    path: String,
    line: u64,
    message: String,
    fix: String,
    clause: String,
}

#[derive(Template)]
#[template(path = "console/sources.html")]
struct SourcesPage {
    page: Page,
    desk: Desk,
    days: u64,
    sources: Vec<Source>,
}

pub async fn show(
    State(state): State<AppState>,
    SignedIn(operator): SignedIn,
    visit: Visit,
) -> Result<Response, WebError> {
    let keys = store::credential::list(&state.db).await.map_err(WebError::internal)?;
    let frame = page(&state, &visit, "sources-title");
    let mut sources = Vec::new();
    for key in keys.iter().rev().filter(|key| key.revoked.is_none()).take(SOURCES_MAX) {
        let (_, repairs) = state.bell.repairs(&key.id, DAYS).await.map_err(WebError::internal)?;
        sources.push(source(&frame, key, repairs));
    }
    let desk = Desk::new(&state, Some(&operator), Entry::Sources);
    let page = SourcesPage { page: frame, desk, days: u64::from(DAYS), sources };
    Ok(respond(&page.page, StatusCode::OK, &page))
}

fn source(page: &Page, key: &Credential, repairs: Repairs) -> Source {
    Source {
        name: key.name.clone(),
        senders: if key.senders.is_empty() { page.t("sources-any-sender") } else { key.senders.join(", ") },
        action: match key.action {
            KeyAction::Ring => "sources-action-ring",
            KeyAction::Hold => "sources-action-hold",
            KeyAction::File => "sources-action-file",
        },
        taken: repairs.taken,
        refused: repairs.refused,
        found: repairs.found.into_iter().map(line).collect(),
    }
}

fn line(Repair { documents, last, identifier, finding }: Repair) -> Line {
    Line {
        level: match (finding.level, finding.repaired) {
            (Level::Error, false) => "sources-level-error",
            (Level::Error, true) => "sources-level-mended",
            (Level::Warning, _) => "sources-level-warning",
            (Level::Note, _) => "sources-level-note",
        },
        documents,
        last: utc(last),
        identifier,
        code: finding.code,
        path: finding.path,
        line: u64::from(finding.line),
        message: finding.message,
        fix: finding.fix,
        clause: finding.clause,
    }
}
