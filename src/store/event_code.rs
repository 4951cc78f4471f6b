//! Which events of the US National Weather Service the stored alerts are about, and where.

use super::alert::Voice;
use super::db::{Tx, on_tx};
use super::error::StoreError;
use super::row::{known, ms, row, time};
use crate::cap::code::Status;
use crate::model::id::{AlertId, ChainId};
use crate::model::vtec::Stage;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Most messages of one event that are looked at, newest first.
pub const MESSAGES_MAX: u32 = 500;
/// An event lasts no longer than this; then its number may mean another.
const EVENT_MAX: SignedDuration = SignedDuration::from_hours(24 * 183);

/// That an alert is about an event, in these zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCode {
    pub alert: AlertId,
    pub chain: ChainId,
    /// As `model::vtec` names it.
    pub event: String,
    pub stage: Stage,
    /// Empty where the alert names none.
    pub zones: BTreeSet<String>,
    pub sent: Timestamp,
}

row! {
    EventCodeRow { alert: String, chain: String, event: String, stage: String, zones: String, sent_ms: i64 }
}

impl EventCodeRow {
    fn read(self) -> Result<EventCode, StoreError> {
        Ok(EventCode {
            alert: self.alert.into(),
            chain: self.chain.into(),
            event: self.event,
            stage: known(Stage::from_text(&self.stage), "event_code.stage")?,
            zones: known(serde_json::from_str(&self.zones).ok(), "event_code.zones")?,
            sent: time(self.sent_ms, "alert.sent_ms")?,
        })
    }
}

/// Only what rang, or took the place of something, says where an event stands: not what still waits for a person, what
/// was refused and what was filed. An Update that rings for nobody supersedes silently where its key rings
/// (`pipeline::admit::supersedes_silently`).
macro_rules! acted {
    () => {
        "EXISTS (SELECT 1 FROM broadcast WHERE broadcast.alert = alert.id AND broadcast.approved_ms IS NOT NULL \
         AND (broadcast.state <> 'filed' OR (alert.msg_type = 'Update' \
         AND broadcast.reason IN ('no-area', 'expired', 'no-info') \
         AND EXISTS (SELECT 1 FROM api_key WHERE api_key.id = alert.credential AND api_key.action = 'ring'))))"
    };
}

/// Stores that an alert is about an event.
///
/// # Errors
/// The database failed, or the alert or the chain is unknown.
pub async fn insert(tx: &mut Tx, code: &EventCode) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO event_code (alert, chain, event, stage, zones) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (alert, event) DO NOTHING",
    )
    .bind(code.alert.as_str())
    .bind(code.chain.as_str())
    .bind(&code.event)
    .bind(code.stage.as_str())
    .bind(serde_json::json!(code.zones).to_string())
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// Who asks about an event, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub sender: &'a str,
    pub status: Status,
    pub voice: &'a Voice,
    pub sent: Timestamp,
    /// The alert that asks, if it is stored: it is never in the answer.
    pub own: Option<&'a AlertId>,
}

/// The messages of an event that acted, by the same sender, of the same status, in the sender's own voice or the asking
/// one's, newest first; those sent later, too.
///
/// # Errors
/// The database failed.
pub async fn of_event(tx: &mut Tx, event: &str, asking: Asking<'_>) -> Result<Vec<EventCode>, StoreError> {
    let since = asking.sent.saturating_sub(EVENT_MAX).unwrap_or(Timestamp::MIN);
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, EventCodeRow>(concat!(
        "SELECT event_code.*, alert.sent_ms FROM event_code JOIN alert ON alert.id = event_code.alert \
         WHERE event_code.event = $1 AND alert.sender = $2 AND alert.status = $3 AND alert.voice IN ('', $4) \
         AND alert.id <> $5 AND alert.sent_ms > $6 AND ",
        acted!(),
        " ORDER BY alert.sent_ms DESC, alert.id LIMIT $7",
    ))
    .bind(event)
    .bind(asking.sender)
    .bind(asking.status.as_str())
    .bind(asking.voice.as_str())
    .bind(asking.own.map_or("", AlertId::as_str))
    .bind(ms(since))
    .bind(i64::from(MESSAGES_MAX))
    .fetch_all(conn)
    .await)?;
    rows.into_iter().map(EventCodeRow::read).collect()
}

/// What the newest message of a chain that has event codes and acted says of them: of those in the sender's own voice or
/// this one, and never that of `own`.
///
/// # Errors
/// The database failed.
pub async fn last_of_chain(
    tx: &mut Tx,
    chain: &ChainId,
    voice: &Voice,
    own: Option<&AlertId>,
) -> Result<Vec<EventCode>, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, EventCodeRow>(concat!(
        "SELECT event_code.*, named.sent_ms FROM event_code JOIN alert AS named ON named.id = event_code.alert \
         WHERE event_code.alert = (SELECT newest.alert FROM event_code AS newest \
         JOIN alert ON alert.id = newest.alert WHERE newest.chain = $1 AND newest.alert <> $2 \
         AND alert.voice IN ('', $3) AND ",
        acted!(),
        " ORDER BY alert.sent_ms DESC, alert.received_ms DESC, alert.id LIMIT 1) ORDER BY event_code.event",
    ))
    .bind(chain.as_str())
    .bind(own.map_or("", AlertId::as_str))
    .bind(voice.as_str())
    .fetch_all(conn)
    .await)?;
    rows.into_iter().map(EventCodeRow::read).collect()
}
