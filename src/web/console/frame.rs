//! What every page of the console has around its content.

use crate::i18n;
use crate::model::operator::Operator;
use crate::web::error::Shown;
use crate::web::page::{Page, Section, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::response::Response;

/// Which entry of the console's menu is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Situation,
    Estimate,
    Sources,
    Audit,
    Other,
}

/// Field `desk` of every template that extends `console/frame.html`.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The person signed in.
    pub name: Option<String>,
    pub entry: Entry,
    /// Alert time, where a test moved it: whoever works here must never take a test for life, nor life for a test.
    pub test_clock: bool,
}

impl Desk {
    pub fn new(state: &AppState, operator: Option<&Operator>, entry: Entry) -> Self {
        Self {
            name: operator.map(|operator| operator.name.clone()),
            entry,
            test_clock: state.config.clock.start.is_some(),
        }
    }
}

/// A page of the console; `title` is the name of a Fluent message.
pub fn page(state: &AppState, visit: &Visit, title: &str) -> Page {
    titled(state, visit, i18n::text(visit.language, title, &[]))
}

/// A page of the console with a title of its own.
pub fn titled(state: &AppState, visit: &Visit, title: String) -> Page {
    Page::new(visit, &state.config, Section::Console, title).with_style("console.css")
}

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage<'a> {
    page: Page,
    desk: Desk,
    message: &'static str,
    reference: Option<&'a str>,
}

/// An error of the API, as a person can read it.
pub fn error_page(state: &AppState, visit: &Visit, shown: &Shown) -> Response {
    let message = match shown.code {
        "own-alert" => "console-error-own-alert",
        "wrong-state" => "console-error-wrong-state",
        "reaches-nobody" => "console-error-reaches-nobody",
        "not-found" => "console-error-not-found",
        "forbidden" => "console-error-forbidden",
        "cross-site" => "console-error-cross-site",
        "too-many-requests" => "console-error-too-many-requests",
        "malformed" => "console-error-malformed",
        _ => "console-error-other",
    };
    let page = ErrorPage {
        page: page(state, visit, "console-error-title"),
        desk: Desk::new(state, None, Entry::Other),
        message,
        reference: shown.reference.as_deref(),
    };
    respond(&page.page, shown.status, &page)
}
