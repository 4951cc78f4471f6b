//! `/privacy` and `/accessibility`: short, and nothing that is not so.

use crate::web::page::{Page, Section, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// A heading and its points, as names of Fluent messages; one point is a paragraph, several are a list.
type Chapter = (&'static str, &'static [&'static str]);

const PRIVACY: &[Chapter] = &[
    (
        "privacy-kept",
        &[
            "privacy-kept-push",
            "privacy-kept-place",
            "privacy-kept-choices",
            "privacy-kept-ledger",
            "privacy-kept-receipts",
        ],
    ),
    ("privacy-not", &["privacy-not-name", "privacy-not-ip", "privacy-not-track"]),
    ("privacy-pseudonymous-title", &["privacy-pseudonymous"]),
    ("privacy-why-title", &["privacy-why"]),
    ("privacy-rights-title", &["privacy-rights"]),
    ("privacy-what-title", &["privacy-what"]),
];

const ACCESSIBILITY: &[Chapter] = &[
    ("access-goal-title", &["access-goal"]),
    (
        "access-works-title",
        &[
            "access-works-text",
            "access-works-colour",
            "access-works-keyboard",
            "access-works-language",
            "access-works-small",
        ],
    ),
    ("access-limits-title", &["access-limits-text", "access-limits-map"]),
    ("access-tell-title", &["access-tell"]),
];

/// A page of text.
#[derive(Template)]
#[template(path = "citizen/text.html")]
pub struct TextPage {
    page: Page,
    chapters: &'static [Chapter],
    /// How long receipts can be tied to devices.
    days: u64,
}

impl TextPage {
    fn new(state: &AppState, visit: &Visit, title: &str, chapters: &'static [Chapter]) -> Self {
        let title = crate::i18n::text(visit.language, title, &[]);
        let days = u64::from(state.config.receipts.retention_days);
        Self { page: Page::new(visit, &state.config, Section::Other, title), chapters, days }
    }
}

/// What is kept, what is not, and what Beffroi is not.
pub async fn privacy(State(state): State<AppState>, visit: Visit) -> Response {
    let template = TextPage::new(&state, &visit, "privacy-title", PRIVACY);
    respond(&template.page, StatusCode::OK, &template)
}

/// What is done, and what is known to be weak.
pub async fn accessibility(State(state): State<AppState>, visit: Visit) -> Response {
    let template = TextPage::new(&state, &visit, "access-title", ACCESSIBILITY);
    respond(&template.page, StatusCode::OK, &template)
}
