//! `/console`: what waits for a decision first, then what is being sent, then the rest, and whether all is well.

use super::frame::{Desk, Entry, page};
use super::session::SignedIn;
use super::view::{self, Row};
use crate::cap::code::{MsgType, Severity, Status};
use crate::cap::time::DateTime;
use crate::model::broadcast::{Broadcast, State};
use crate::model::pause::Pause;
use crate::model::proof::{Proof, Verdict};
use crate::pipeline::dispatch::PAUSES_CONFIRMED_EVERY;
use crate::store::{self, StoreError};
use crate::web::citizen::view::{self as public, utc};
use crate::web::error::WebError;
use crate::web::page::{Page, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

/// Broadcasts shown that wait or are being sent.
const OPEN_MAX: u32 = 100;
/// Broadcasts shown that are over.
const RECENT_MAX: u32 = 30;
/// How long it is shown that an index disagreed with the database, though it was mended at once.
const ALARM_SHOWN: SignedDuration = SignedDuration::from_hours(24);

#[derive(Template)]
#[template(path = "console/situation.html")]
struct SituationPage {
    page: Page,
    desk: Desk,
    /// Cancels first: as long as one waits, a false alarm goes on.
    held: Vec<Row>,
    active: Vec<Row>,
    recent: Vec<Row>,
    subscribers: u64,
    database_answers: bool,
    /// Changes of subscriptions can be read, so that alerts can be planned.
    audience_follows: bool,
    /// The last comparison of index and database, on this node.
    proof: Option<(Proof, DateTime)>,
    /// When index and database of a node were last found to disagree, within [`ALARM_SHOWN`].
    alarm: Option<DateTime>,
    /// Push services that refuse us, since when, and what they say.
    paused: Vec<(Pause, DateTime)>,
    since: DateTime,
    last_alert: Option<DateTime>,
    now: DateTime,
}

pub async fn show(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    visit: Visit,
) -> Result<Response, WebError> {
    let list = async |states: &[State], limit| -> Result<Vec<Broadcast>, StoreError> {
        store::broadcast::list(&state.db, states, limit).await
    };
    let held = list(&[State::Held], OPEN_MAX).await.map_err(WebError::internal)?;
    let active = list(&[State::Approved, State::Sending], OPEN_MAX).await.map_err(WebError::internal)?;
    let over = [State::Done, State::Halted, State::Expired, State::Filed, State::Refused];
    let recent = list(&over, RECENT_MAX).await.map_err(WebError::internal)?;
    let last_alert = [&held, &active, &recent].into_iter().flatten().map(|broadcast| broadcast.received).max();
    let mut held = view::rows(&state, held, visit.language).await?;
    held.sort_by_key(|row| (!row.cancels(), row.tier));
    let page = SituationPage {
        page: page(&state, &visit, "situation-title"),
        desk: Desk::new(&state, Some(&operator), Entry::Situation),
        held,
        active: view::rows(&state, active, visit.language).await?,
        recent: view::rows(&state, recent, visit.language).await?,
        subscribers: state.audience.snapshot().len(),
        database_answers: state.db.ping().await.is_ok(),
        proof: state.bell.audience_proof().map(|proof| (proof.clone(), utc(proof.at))),
        alarm: alarm(&state).await?,
        paused: paused(&state).await?,
        audience_follows: state.bell.audience_behind_for().is_none(),
        since: utc(state.started),
        last_alert: last_alert.map(utc),
        now: utc(state.clock.now()),
    };
    Ok(respond(&page.page, StatusCode::OK, &page))
}

async fn paused(state: &AppState) -> Result<Vec<(Pause, DateTime)>, WebError> {
    let confirmed_since = state.clock.now().saturating_sub(2 * PAUSES_CONFIRMED_EVERY).unwrap_or(Timestamp::MIN);
    let pauses = store::pause::list(&state.db, confirmed_since).await.map_err(WebError::internal)?;
    Ok(pauses.into_iter().map(|pause| (pause.clone(), utc(pause.since))).collect())
}

async fn alarm(state: &AppState) -> Result<Option<DateTime>, WebError> {
    let proofs = store::proof::list(&state.db).await.map_err(WebError::internal)?;
    let now = state.clock.now();
    let disagreed = proofs.iter().filter(|proof| proof.verdict() == Verdict::Disagrees).map(|proof| proof.at);
    Ok(disagreed.max().filter(|at| now.duration_since(*at) < ALARM_SHOWN).map(utc))
}
