//! Release, refuse and stop: a page that says exactly what will happen, then a form that does it.
//!
//! How hard the confirmation is fits the danger: releasing something urgent asks for a word to be typed, releasing
//! something quiet for a tick, refusing for a reason, stopping for nothing: in doubt anyone can stop at once.

use super::form::Fields;
use super::frame::{Desk, Entry, page};
use super::session::SignedIn;
use super::subject::{Notification, Subject};
use super::view;
use crate::cap::code::{Severity, Status};
use crate::i18n::{self, Language};
use crate::model::broadcast::State;
use crate::model::tier::Tier;
use crate::pipeline::DecisionError;
use crate::web::citizen::view::{self as public, Section, sections};
use crate::web::error::WebError;
use crate::web::page::{Page, Visit, respond};
use crate::web::path::Id;
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

/// Most characters of a reason.
const REASON_CHARS_MAX: usize = 1_000;

/// Which act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Release,
    Refuse,
    Stop,
}

impl Act {
    /// Whether it can be done in a state.
    const fn fits(self, state: State) -> bool {
        match self {
            Self::Release | Self::Refuse => matches!(state, State::Held),
            Self::Stop => matches!(state, State::Approved | State::Sending),
        }
    }
}

#[derive(Template)]
#[template(path = "console/act.html")]
struct ActPage {
    page: Page,
    desk: Desk,
    subject: Subject,
    act: Act,
    sections: Vec<Section>,
    notifications: Vec<Notification>,
    /// A word must be typed.
    urgent: bool,
    reason: String,
    problem: Option<&'static str>,
    tile_url: String,
    tile_attribution: String,
}

impl ActPage {
    fn word(&self) -> String {
        self.page.t("release-word")
    }

    fn people(&self) -> u64 {
        self.subject.inside + self.subject.near
    }
}

#[derive(Deserialize)]
pub struct Confirmed {
    #[serde(default)]
    confirm: String,
}

#[derive(Deserialize)]
pub struct Reasoned {
    #[serde(default)]
    reason: String,
}

pub async fn ask_release(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
    visit: Visit,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    if subject.is_owned_by(&operator) {
        return Err(WebError::OwnAlert);
    }
    ask(&state, &visit, &operator.name, subject, Act::Release, String::new(), None)
}

pub async fn ask_refuse(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
    visit: Visit,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    ask(&state, &visit, &operator.name, subject, Act::Refuse, String::new(), None)
}

pub async fn ask_stop(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
    visit: Visit,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    ask(&state, &visit, &operator.name, subject, Act::Stop, String::new(), None)
}

pub async fn release(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
    visit: Visit,
    Fields(form): Fields<Confirmed>,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    if !Act::Release.fits(subject.broadcast.state) {
        return Err(WebError::WrongState { state: subject.broadcast.state.as_str() });
    }
    let problem = if is_urgent(&subject) {
        (!is_release_word(&form.confirm)).then_some("release-word-wrong")
    } else {
        form.confirm.is_empty().then_some("release-unchecked")
    };
    if problem.is_some() {
        return ask(&state, &visit, &operator.name, subject, Act::Release, String::new(), problem);
    }
    state.bell.release(&subject.broadcast.id, &operator).await?;
    Ok(done(&subject, "released"))
}

pub async fn refuse(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
    visit: Visit,
    Fields(form): Fields<Reasoned>,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    let reason: String = form.reason.trim().chars().take(REASON_CHARS_MAX).collect();
    if reason.is_empty() {
        return ask(&state, &visit, &operator.name, subject, Act::Refuse, reason, Some("refuse-reason-missing"));
    }
    state.bell.refuse(&subject.broadcast.id, &operator, &reason).await?;
    Ok(done(&subject, "refused"))
}

pub async fn stop(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    state.bell.stop(&subject.broadcast.id, &operator).await?;
    Ok(done(&subject, "stopped"))
}

/// Loud or wide enough that a slip must not suffice.
fn is_urgent(subject: &Subject) -> bool {
    match subject.broadcast.tier {
        Tier::P0 | Tier::P1 => !subject.cancels(),
        Tier::P2 | Tier::P3 => false,
    }
}

/// The word in any language of ours: a page may have been opened in another than the form was sent in.
fn is_release_word(typed: &str) -> bool {
    let typed = typed.trim().to_lowercase();
    Language::ALL.into_iter().any(|language| i18n::text(language, "release-word", &[]).to_lowercase() == typed)
}

fn done(subject: &Subject, what: &str) -> Response {
    Redirect::to(&format!("/console/alerts/{}?done={what}", subject.id())).into_response()
}

fn ask(
    state: &AppState,
    visit: &Visit,
    name: &str,
    subject: Subject,
    act: Act,
    reason: String,
    problem: Option<&'static str>,
) -> Result<Response, WebError> {
    if !act.fits(subject.broadcast.state) {
        return Err(WebError::WrongState { state: subject.broadcast.state.as_str() });
    }
    let title = match act {
        Act::Release if subject.cancels() => "release-cancel-title",
        Act::Release => "release-title",
        Act::Refuse => "refuse-title",
        Act::Stop => "stop-title",
    };
    let map = &state.config.map;
    let page = ActPage {
        page: page(state, visit, title).with_script("alert.js"),
        desk: Desk { name: Some(name.to_owned()), ..Desk::new(state, None, Entry::Other) },
        sections: sections(&subject.words.speaking, visit.language),
        notifications: subject.notifications(state),
        urgent: is_urgent(&subject),
        tile_url: map.tile_url.clone(),
        tile_attribution: map.tile_attribution.clone(),
        subject,
        act,
        reason,
        problem,
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(respond(&page.page, status, &page))
}

impl From<DecisionError> for WebError {
    fn from(error: DecisionError) -> Self {
        match error {
            DecisionError::NotFound => Self::NotFound,
            DecisionError::WrongState(state) => Self::WrongState { state: state.as_str() },
            DecisionError::OwnAlert => Self::OwnAlert,
            DecisionError::ReachesNobody(reason) => Self::ReachesNobody { reason: reason.as_str() },
            DecisionError::Words(error) => Self::internal(error),
            DecisionError::Store(error) => Self::internal(error),
        }
    }
}
