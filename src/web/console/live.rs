//! `/console/alerts/{id}/live`: where a broadcast stands, told as it changes (server-sent events).
//!
//! Changes on this node are told at once; those of other nodes by looking every [`LOOK_EVERY`].

use super::figures::{figures, may_move};
use super::session::LookingOn;
use crate::i18n::Language;
use crate::model::account::Account;
use crate::model::broadcast::Broadcast;
use crate::model::id::{AlertId, BroadcastId};
use crate::store::{self, StoreError};
use crate::web::error::WebError;
use crate::web::page::Visit;
use crate::web::path::Id;
use crate::web::state::AppState;
use axum::extract::State as Shared;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// How often to look when nobody called.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long to let changes gather before telling them.
const GATHER: Duration = Duration::from_millis(250);
/// How long one stream lasts; the page asks again then, and must still be signed in.
const STREAM_MAX: Duration = Duration::from_secs(600);
/// Events that wait for a slow reader.
const EVENTS_MAX: usize = 4;

pub async fn stream(
    Shared(state): Shared<AppState>,
    LookingOn(_): LookingOn,
    Id(id): Id,
    visit: Visit,
) -> Result<Response, WebError> {
    let found = store::broadcast::by_alert(&state.db, &AlertId(id)).await.map_err(WebError::internal)?;
    let broadcast = found.ok_or(WebError::NotFound)?;
    let Ok(place) = state.limits.live_views.clone().try_acquire_owned() else {
        return Err(WebError::TooMany { wait: LOOK_EVERY });
    };
    let (events, stream) = mpsc::channel(EVENTS_MAX);
    let changes = state.bell.watch();
    tokio::spawn(async move {
        let told =
            tokio::time::timeout(STREAM_MAX, tell(&state, broadcast.id, visit.language, changes, &events, place)).await;
        if let Ok(Err(error)) = told {
            tracing::error!(%error, "a live view ended: {error}");
        }
    });
    let events = Sse::new(ReceiverStream::new(stream)).keep_alive(KeepAlive::default());
    Ok(events.into_response())
}

/// Tells until nobody listens, nothing can change any more, or the service closes.
async fn tell(
    state: &AppState,
    id: BroadcastId,
    language: Language,
    mut changes: Receiver<BroadcastId>,
    events: &mpsc::Sender<Result<Event, Infallible>>,
    _place: OwnedSemaphorePermit,
) -> Result<(), StoreError> {
    let mut closing = state.closing.clone();
    let mut last = None;
    loop {
        let Some(broadcast) = store::broadcast::get(&state.db, &id).await? else { return Ok(()) };
        let now = state.clock.now();
        let account = store::account::account(&state.db, &id, now).await?;
        let over = !may_move(&broadcast, &account.ledger, now);
        let text = render(&broadcast, &account, over, language);
        if last.as_ref() != Some(&text) {
            let event = Event::default().event("broadcast").data(&text);
            if events.send(Ok(event)).await.is_err() {
                return Ok(());
            }
            last = Some(text);
        }
        if over {
            return Ok(());
        }
        tokio::select! {
            () = events.closed() => return Ok(()),
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
            () = changed(&mut changes, &id) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Ends when something about this broadcast changed, and a little later, so that many changes are told as one.
async fn changed(changes: &mut Receiver<BroadcastId>, id: &BroadcastId) {
    loop {
        match changes.recv().await {
            Ok(other) if other != *id => {}
            // Having missed some, one of them may have been this.
            Ok(_) | Err(RecvError::Lagged(_)) => break,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
    tokio::time::sleep(GATHER).await;
}

fn render(broadcast: &Broadcast, account: &Account, over: bool, language: Language) -> String {
    let texts = figures(language, account);
    json!({"state": broadcast.state, "over": over, "ledger": account.ledger, "texts": texts}).to_string()
}
