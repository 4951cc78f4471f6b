//! Alerts as they came, never changed, and which of them the public sees.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{axes, known, longitude_first, ms, row, time, time_if};
use crate::cap::Axes;
use crate::cap::code::{MsgType, Scope, Status};
use crate::model::broadcast::AlertState;
use crate::model::id::{AlertId, ApiKeyId, BroadcastId, ChainId};
use jiff::Timestamp;

/// Messages of one chain in which words are looked for.
const RANG_MAX: u32 = 8;
/// The most alerts of one public list; more are asked for with a cursor.
pub const PUBLIC_ALERTS_MAX: u32 = 200;
/// The most copies of one warning that are looked at.
pub const COPIES_MAX: u32 = 16;

/// An alert to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    pub id: AlertId,
    /// CAP's `sender`, `identifier` and `sent`: together they name a message (CAP 1.2 §3.2.1).
    pub sender: String,
    pub identifier: String,
    pub sent: Timestamp,
    /// SHA-256 of the original bytes: tells a repetition from another message under the same name.
    pub digest: [u8; 32],
    /// The document, byte for byte.
    pub original: Vec<u8>,
    /// How its pairs were read, and are read again.
    pub axes: Axes,
    pub chain: ChainId,
    pub status: Status,
    /// What it does here: CAP's `msgType`, except that an Alert which repeats an identifier, or an NWS event, that is
    /// known already is an Update.
    pub msg_type: MsgType,
    pub scope: Scope,
    /// The key that posted it.
    pub credential: Option<ApiKeyId>,
    /// Whose word it is: the sender's own, or a key's that posted under its name. They are kept apart.
    pub voice: Voice,
    pub received: Timestamp,
    /// When the last of its texts stops being valid.
    pub expires: Timestamp,
    /// What was answered, as JSON: the same bytes get it again.
    pub answer: String,
    /// Hash of what copies of it have in common; none where no copy is looked for.
    pub facts: Option<String>,
    /// It says that something is over.
    pub all_clear: bool,
}

/// A stored alert is what was to be stored.
pub type StoredAlert = NewAlert;

/// Whose word an alert is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// The sender's own: it came by a key that may speak for it.
    Sender,
    /// Something that a key posted under the sender's name, without being allowed to.
    Other(ApiKeyId),
}

impl Voice {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Sender => "",
            Self::Other(key) => key.as_str(),
        }
    }

    fn from_text(text: String) -> Self {
        if text.is_empty() { Self::Sender } else { Self::Other(ApiKeyId(text)) }
    }
}

row! {
    pub(super) AlertRow {
        id: String, sender: String, identifier: String, sent_ms: i64, digest: Vec<u8>, original: Vec<u8>,
        chain: String, status: String, msg_type: String, scope: String, credential: Option<String>,
        received_ms: i64, expires_ms: i64, answer: String, voice: String, facts: Option<String>, all_clear: i64,
        longitude_first: i64,
    }
}

impl AlertRow {
    pub(super) fn read(self) -> Result<StoredAlert, StoreError> {
        Ok(StoredAlert {
            id: self.id.into(),
            sender: self.sender,
            identifier: self.identifier,
            sent: time(self.sent_ms, "alert.sent_ms")?,
            digest: known(self.digest.try_into().ok(), "alert.digest")?,
            original: self.original,
            axes: axes(self.longitude_first),
            chain: self.chain.into(),
            status: known(Status::from_code(&self.status), "alert.status")?,
            msg_type: known(MsgType::from_code(&self.msg_type), "alert.msg_type")?,
            scope: known(Scope::from_code(&self.scope), "alert.scope")?,
            credential: self.credential.map(ApiKeyId),
            voice: Voice::from_text(self.voice),
            received: time(self.received_ms, "alert.received_ms")?,
            expires: time(self.expires_ms, "alert.expires_ms")?,
            answer: self.answer,
            facts: self.facts,
            all_clear: self.all_clear == 1,
        })
    }
}

/// Stores an alert. `false` when its (sender, identifier, sent) is taken by the same voice: then nothing happened, and
/// [`by_key`] tells by whom.
///
/// # Errors
/// The database failed, or the chain is unknown.
pub async fn insert(tx: &mut Tx, alert: &NewAlert) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO alert (id, sender, identifier, sent_ms, digest, original, chain, status, msg_type, scope, \
         credential, received_ms, expires_ms, answer, voice, facts, all_clear, longitude_first) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (sender, identifier, sent_ms, voice) DO NOTHING",
    )
    .bind(alert.id.as_str())
    .bind(&alert.sender)
    .bind(&alert.identifier)
    .bind(ms(alert.sent))
    .bind(&alert.digest[..])
    .bind(&alert.original)
    .bind(alert.chain.as_str())
    .bind(alert.status.as_str())
    .bind(alert.msg_type.as_str())
    .bind(alert.scope.as_str())
    .bind(alert.credential.as_ref().map(ApiKeyId::as_str))
    .bind(ms(alert.received))
    .bind(ms(alert.expires))
    .bind(&alert.answer)
    .bind(alert.voice.as_str())
    .bind(alert.facts.as_deref())
    .bind(i64::from(alert.all_clear))
    .bind(longitude_first(alert.axes))
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// An alert by its id, whoever may see it.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &AlertId) -> Result<Option<StoredAlert>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, AlertRow>("SELECT * FROM alert WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(AlertRow::read).transpose()
}

/// The alert of exactly this (sender, identifier, sent): the sender's own, or what others posted under its name.
///
/// # Errors
/// The database failed.
pub async fn by_key(
    db: &Db,
    sender: &str,
    identifier: &str,
    sent: Timestamp,
    voice: &Voice,
) -> Result<Option<StoredAlert>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, AlertRow>(
        "SELECT * FROM alert WHERE sender = $1 AND identifier = $2 AND sent_ms = $3 AND voice = $4",
    )
    .bind(sender)
    .bind(identifier)
    .bind(ms(sent))
    .bind(voice.as_str())
    .fetch_optional(pool)
    .await)?;
    row.map(AlertRow::read).transpose()
}

/// What a reference means: the sender's own before what others posted under its name; the exact triple, else the newest
/// of this sender and identifier, since senders write `sent` carelessly in references, and CAP 1.0 not at all. A message
/// never means itself.
const REFERENCE: &str = "SELECT * FROM alert WHERE sender = $1 AND identifier = $2 AND id <> $4 \
     ORDER BY CASE WHEN voice = '' THEN 0 ELSE 1 END, CASE WHEN sent_ms = $3 THEN 0 ELSE 1 END, sent_ms DESC LIMIT 1";

/// [`by_reference`], outside of a transaction.
///
/// # Errors
/// The database failed.
pub async fn by_reference_now(
    db: &Db,
    sender: &str,
    identifier: &str,
    sent: Option<Timestamp>,
    own: Option<&AlertId>,
) -> Result<Option<StoredAlert>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, AlertRow>(REFERENCE)
        .bind(sender)
        .bind(identifier)
        .bind(sent.map(ms))
        .bind(own.map_or("", AlertId::as_str))
        .fetch_optional(pool)
        .await)?;
    row.map(AlertRow::read).transpose()
}

/// The alert that a reference means; never `own`, the one that refers.
///
/// # Errors
/// The database failed.
pub async fn by_reference(
    tx: &mut Tx,
    sender: &str,
    identifier: &str,
    sent: Option<Timestamp>,
    own: Option<&AlertId>,
) -> Result<Option<StoredAlert>, StoreError> {
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, AlertRow>(REFERENCE)
        .bind(sender)
        .bind(identifier)
        .bind(sent.map(ms))
        .bind(own.map_or("", AlertId::as_str))
        .fetch_optional(conn)
        .await)?;
    row.map(AlertRow::read).transpose()
}

/// The newest other message, sent at another time, that bears the same identifier and status: the sender's own, or what
/// the same voice posted. Acks and Errors do not count.
///
/// # Errors
/// The database failed.
pub async fn same_identifier(
    tx: &mut Tx,
    sender: &str,
    identifier: &str,
    sent: Timestamp,
    status: Status,
    voice: &Voice,
) -> Result<Option<StoredAlert>, StoreError> {
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, AlertRow>(
        "SELECT * FROM alert WHERE sender = $1 AND identifier = $2 AND sent_ms <> $3 AND status = $4 \
         AND voice IN ('', $5) AND msg_type IN ('Alert', 'Update', 'Cancel') ORDER BY sent_ms DESC LIMIT 1",
    )
    .bind(sender)
    .bind(identifier)
    .bind(ms(sent))
    .bind(status.as_str())
    .bind(voice.as_str())
    .fetch_optional(conn)
    .await)?;
    row.map(AlertRow::read).transpose()
}

/// Alerts in their senders' own voice with these facts that speak for other chains, neither updated nor cancelled, which
/// ring or have rung and are still valid; oldest received first, each with its broadcast. At most [`COPIES_MAX`].
///
/// # Errors
/// The database failed.
pub async fn with_facts(
    db: &Db,
    facts: &str,
    chain: &ChainId,
    now: Timestamp,
) -> Result<Vec<(StoredAlert, BroadcastId)>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, CopyRow>(
        "SELECT alert.*, broadcast.id AS broadcast FROM alert JOIN broadcast ON broadcast.alert = alert.id \
         JOIN chain ON chain.id = alert.chain WHERE alert.facts = $1 AND alert.chain <> $2 AND alert.voice = '' \
         AND alert.expires_ms > $3 AND chain.cancelled_ms IS NULL AND chain.head = alert.id \
         AND broadcast.state IN ('approved', 'sending', 'done') ORDER BY alert.received_ms, alert.id LIMIT $4",
    )
    .bind(facts)
    .bind(chain.as_str())
    .bind(ms(now))
    .bind(i64::from(COPIES_MAX))
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(|row| Ok((row.alert.read()?, row.broadcast.into()))).collect()
}

/// What rang or was to ring in a chain, newest first: at most [`RANG_MAX`]. Cancels are not among them.
///
/// # Errors
/// The database failed.
pub async fn rang_in_chain(db: &Db, chain: &ChainId) -> Result<Vec<StoredAlert>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, AlertRow>(
        "SELECT alert.* FROM alert JOIN broadcast ON broadcast.alert = alert.id WHERE alert.chain = $1 \
         AND alert.msg_type IN ('Alert', 'Update') \
         AND broadcast.state IN ('approved', 'sending', 'done', 'halted', 'expired') \
         ORDER BY alert.sent_ms DESC, alert.id LIMIT $2",
    )
    .bind(chain.as_str())
    .bind(i64::from(RANG_MAX))
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(AlertRow::read).collect()
}

struct CopyRow {
    alert: AlertRow,
    broadcast: String,
}

/// Both databases read it alike: an alert, and one column more.
macro_rules! copy_row {
    ($($row:ty),+) => { $(
        impl<'r> sqlx::FromRow<'r, $row> for CopyRow {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                use sqlx::Row;
                Ok(Self { alert: AlertRow::from_row(row)?, broadcast: row.try_get("broadcast")? })
            }
        }
    )+ };
}
copy_row!(sqlx::sqlite::SqliteRow, sqlx::postgres::PgRow);

/// Which public alerts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFilter {
    /// Alert time, by which states are told.
    pub now: Timestamp,
    /// Only those that are [`AlertState::Active`].
    pub active: bool,
    /// How many at most; never more than [`PUBLIC_ALERTS_MAX`].
    pub limit: u32,
    /// Only those received before this one: the last of the page before.
    pub before: Option<PublicCursor>,
}

/// Where a page of public alerts ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicCursor {
    pub received: Timestamp,
    pub id: AlertId,
}

/// An alert that anyone may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAlert {
    pub alert: StoredAlert,
    pub broadcast: BroadcastId,
    /// Names the chain to devices.
    pub chain_key: String,
    /// What speaks for its chain now, if that is another alert.
    pub superseded_by: Option<AlertId>,
    /// What it is a copy of.
    pub merged_with: Option<AlertId>,
    pub state: AlertState,
}

row! {
    PublicRow {
        id: String, sender: String, identifier: String, sent_ms: i64, digest: Vec<u8>, original: Vec<u8>,
        chain: String, status: String, msg_type: String, scope: String, credential: Option<String>,
        received_ms: i64, expires_ms: i64, answer: String, voice: String, facts: Option<String>, all_clear: i64,
        longitude_first: i64,
        broadcast: String, merged_with: Option<String>, halted: i64, chain_key: String, head: Option<String>,
        head_sent_ms: Option<i64>, cancelled_ms: Option<i64>,
    }
}

impl PublicRow {
    fn read(self, now: Timestamp) -> Result<PublicAlert, StoreError> {
        let is_behind = self.head_sent_ms.is_some_and(|head| head >= self.sent_ms);
        let superseded_by = self.head.filter(|head| is_behind && *head != self.id).map(AlertId);
        let cancelled = time_if(self.cancelled_ms, "chain.cancelled_ms")?.is_some();
        let ended = self.halted == 1 || self.all_clear == 1 || time(self.expires_ms, "alert.expires_ms")? <= now;
        let state = match (cancelled, superseded_by.is_some(), ended) {
            (true, _, _) => AlertState::Cancelled,
            (false, true, _) => AlertState::Updated,
            (false, false, true) => AlertState::Ended,
            (false, false, false) => AlertState::Active,
        };
        let alert = AlertRow {
            id: self.id,
            sender: self.sender,
            identifier: self.identifier,
            sent_ms: self.sent_ms,
            digest: self.digest,
            original: self.original,
            chain: self.chain,
            status: self.status,
            msg_type: self.msg_type,
            scope: self.scope,
            credential: self.credential,
            received_ms: self.received_ms,
            expires_ms: self.expires_ms,
            answer: self.answer,
            voice: self.voice,
            facts: self.facts,
            all_clear: self.all_clear,
            longitude_first: self.longitude_first,
        };
        Ok(PublicAlert {
            alert: alert.read()?,
            broadcast: self.broadcast.into(),
            chain_key: self.chain_key,
            superseded_by,
            merged_with: self.merged_with.map(AlertId),
            state,
        })
    }
}

/// The one place that says who is public: scope Public, and released by a person or by a key that needs none; what was
/// filed without ringing too, when it is Actual and meant for people. What a person held back, or would have had to
/// release, stays unseen, even when it was halted or expired meanwhile.
macro_rules! public_alerts {
    ($rest:literal) => {
        concat!(
            "SELECT alert.*, broadcast.id AS broadcast, broadcast.merged_with, \
             CAST(CASE WHEN broadcast.state = 'halted' THEN 1 ELSE 0 END AS BIGINT) AS halted, \
             chain.key AS chain_key, chain.head, chain.head_sent_ms, chain.cancelled_ms \
             FROM alert JOIN broadcast ON broadcast.alert = alert.id JOIN chain ON chain.id = alert.chain \
             WHERE alert.scope = 'Public' AND alert.status IN ('Actual', 'Exercise', 'Test') \
             AND broadcast.approved_ms IS NOT NULL AND ( \
             broadcast.state IN ('approved', 'sending', 'done', 'halted', 'expired') OR (broadcast.state = 'filed' AND alert.status = 'Actual' AND broadcast.reason IN \
             ('key-files', 'no-area', 'expired', 'no-info', 'superseded', 'nothing-to-cancel'))) ",
            $rest
        )
    };
}

/// What the public sees, newest received first.
///
/// # Errors
/// The database failed.
pub async fn list_public(db: &Db, filter: &PublicFilter) -> Result<Vec<PublicAlert>, StoreError> {
    let (before, before_id) = match &filter.before {
        Some(cursor) => (ms(cursor.received), cursor.id.as_str()),
        None => (i64::MAX, ""),
    };
    let rows = on_db!(db, |pool| sqlx::query_as::<_, PublicRow>(public_alerts!(
        "AND (alert.received_ms, alert.id) < ($1, $2) \
         AND ($3 = 0 OR (chain.cancelled_ms IS NULL AND (chain.head IS NULL OR chain.head = alert.id) \
         AND alert.expires_ms > $4 AND alert.all_clear = 0 AND broadcast.state <> 'halted')) \
         ORDER BY alert.received_ms DESC, alert.id DESC LIMIT $5"
    ))
    .bind(before)
    .bind(before_id)
    .bind(i64::from(filter.active))
    .bind(ms(filter.now))
    .bind(i64::from(filter.limit.min(PUBLIC_ALERTS_MAX)))
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(|row| row.read(filter.now)).collect()
}

/// One alert as the public sees it; `None` where the public sees none.
///
/// # Errors
/// The database failed.
pub async fn get_public(db: &Db, id: &AlertId, now: Timestamp) -> Result<Option<PublicAlert>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, PublicRow>(public_alerts!("AND alert.id = $1"))
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(|row| row.read(now)).transpose()
}

/// Everything public of a chain, in the order it was sent: how it went on.
///
/// # Errors
/// The database failed.
pub async fn public_in_chain(db: &Db, chain: &ChainId, now: Timestamp) -> Result<Vec<PublicAlert>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, PublicRow>(public_alerts!(
        "AND alert.chain = $1 ORDER BY alert.sent_ms, alert.received_ms, alert.id LIMIT $2"
    ))
    .bind(chain.as_str())
    .bind(i64::from(PUBLIC_ALERTS_MAX))
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(|row| row.read(now)).collect()
}
