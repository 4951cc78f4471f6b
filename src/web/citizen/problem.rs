//! What a browser sees when something is not there or did not work: a page, in words, with a way back.

use crate::i18n::{self, Value};
use crate::web::error::{Shown, WebError};
use crate::web::page::{Page, Section, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

/// The page.
#[derive(Template)]
#[template(path = "citizen/problem.html")]
pub struct Problem {
    page: Page,
    text: String,
    /// What to quote when asking the operator.
    reference: Option<String>,
}

impl Problem {
    /// The page for a fault.
    pub fn new(state: &AppState, visit: &Visit, shown: &Shown) -> Self {
        let word = |key| i18n::text(visit.language, key, &[]);
        let (title, text) = if shown.status == StatusCode::NOT_FOUND {
            (word("problem-404-title"), word("problem-404"))
        } else {
            (word("problem-title"), word("problem-text"))
        };
        let quote = |id: &String| i18n::text(visit.language, "problem-reference", &[("reference", Value::from(&**id))]);
        let reference = shown.reference.as_ref().map(quote);
        Self { page: Page::new(visit, &state.config, Section::Other, title), text, reference }
    }
}

/// Shows faults of the wrapped routes as pages.
pub async fn as_page(State(state): State<AppState>, visit: Visit, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match response.extensions().get::<Shown>() {
        Some(shown) => {
            let problem = Problem::new(&state, &visit, shown);
            respond(&problem.page, shown.status, &problem)
        }
        None => response,
    }
}

/// Nothing is at this address: a page for browsers, problem details for programs.
pub async fn not_found(State(state): State<AppState>, visit: Visit, headers: HeaderMap) -> Response {
    let wants_page = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let response = WebError::NotFound.into_response();
    match response.extensions().get::<Shown>() {
        Some(shown) if wants_page.is_some_and(|accept| accept.contains("text/html")) => {
            let problem = Problem::new(&state, &visit, shown);
            respond(&problem.page, shown.status, &problem)
        }
        Some(_) | None => response,
    }
}
