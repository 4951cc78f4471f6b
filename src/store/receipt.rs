//! What devices tell of a broadcast: its key of receipts, who showed, opened or did not need it, and how many.
//!
//! Key and sets are sealed under the vault's key, so that a stolen database tells nobody who read what. When retention
//! ends both are erased and only counts stay.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{bits, count, known, ms, narrow, row, set, time};
use super::vault::Vault;
use crate::model::histogram::Histogram;
use crate::model::id::{AlertId, BroadcastId};
use crate::model::receipt::{Counts, RECEIPT_KEY_BYTES, Seen, Told};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;

/// A broadcast's key of receipts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKey {
    /// There never was one.
    Unmade,
    Kept([u8; RECEIPT_KEY_BYTES]),
    /// Retention has ended: nobody can tell any more whose a receipt is.
    Erased,
    /// It does not open here: sealed under another vault's key, or changed.
    Sealed,
}

/// Never shows the key.
impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unmade => "Unmade",
            Self::Kept(_) => "Kept(…)",
            Self::Erased => "Erased",
            Self::Sealed => "Sealed",
        })
    }
}

/// Gives a broadcast its key, unless it has or had one: of all who try, one makes it and the others use it.
///
/// # Errors
/// The database failed, or the broadcast is unknown.
pub async fn give_key(
    tx: &mut Tx,
    vault: &Vault,
    broadcast: &BroadcastId,
    key: &[u8; RECEIPT_KEY_BYTES],
) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query("INSERT INTO receipt (broadcast, key) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(broadcast.as_str())
        .bind(vault.seal(&owner("key", broadcast), key))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

row! {
    KeyRow { key: Option<Vec<u8>> }
}

/// A broadcast's key.
///
/// # Errors
/// The database failed.
pub async fn key(db: &Db, vault: &Vault, broadcast: &BroadcastId) -> Result<ReceiptKey, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, KeyRow>("SELECT key FROM receipt WHERE broadcast = $1")
        .bind(broadcast.as_str())
        .fetch_optional(pool)
        .await)?;
    match row {
        None => Ok(ReceiptKey::Unmade),
        Some(row) => Ok(open_key(vault, broadcast, row.key)),
    }
}

/// One that does not open is said to be so, and keeps nothing else from being opened.
fn open_key(vault: &Vault, broadcast: &BroadcastId, sealed: Option<Vec<u8>>) -> ReceiptKey {
    let Some(sealed) = sealed else { return ReceiptKey::Erased };
    let key = vault.unseal(&owner("key", broadcast), &sealed);
    key.ok().and_then(|key| key.try_into().ok()).map_or(ReceiptKey::Sealed, ReceiptKey::Kept)
}

/// The broadcast of an alert, for whoever opens receipts.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    pub alert: AlertId,
    pub broadcast: BroadcastId,
    pub received: Timestamp,
    pub key: ReceiptKey,
}

row! {
    OpeningRow { alert: String, id: String, received_ms: i64, key: Option<Vec<u8>> }
}

/// The keys of alerts' broadcasts. Alerts that are unknown, or were never planned, are left out.
///
/// # Errors
/// The database failed.
pub async fn openings(db: &Db, vault: &Vault, alerts: &[&AlertId]) -> Result<Vec<Opening>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "SELECT broadcast.alert AS alert, broadcast.id AS id, broadcast.received_ms AS received_ms, \
         receipt.key AS key FROM broadcast JOIN receipt ON receipt.broadcast = broadcast.id \
         WHERE broadcast.alert IN {}",
        db.dialect().texts()
    ));
    let rows = on_db!(db, |pool| sqlx::query_as::<_, OpeningRow>(sql)
        .bind(serde_json::json!(alerts).to_string())
        .fetch_all(pool)
        .await)?;
    rows.into_iter()
        .map(|row| {
            let broadcast = BroadcastId(row.id);
            Ok(Opening {
                alert: AlertId(row.alert),
                received: time(row.received_ms, "broadcast.received_ms")?,
                key: open_key(vault, &broadcast, row.key),
                broadcast,
            })
        })
        .collect()
}

/// Everyone whose push of a broadcast may have begun.
///
/// # Errors
/// The database failed.
pub async fn started(db: &Db, broadcast: &BroadcastId) -> Result<RoaringBitmap, StoreError> {
    let mut started = RoaringBitmap::new();
    on_db!(db, |pool| {
        let mut rows = sqlx::query_scalar::<_, Vec<u8>>("SELECT started_bits FROM batch WHERE broadcast = $1")
            .bind(broadcast.as_str())
            .fetch(pool);
        while let Some(bits) = rows.try_next().await? {
            started |= set(&bits, "batch.started_bits")?;
        }
    });
    Ok(started)
}

row! {
    ReceiptRow {
        key: Option<Vec<u8>>, displayed_bits: Option<Vec<u8>>, opened_bits: Option<Vec<u8>>,
        not_relevant_bits: Option<Vec<u8>>, displayed_after: Option<Vec<u8>>,
    }
}

/// Adds what devices told, while nobody else can change the row, and returns how many people that were who had not told
/// it before: each is counted once for each event. `None`: retention has ended and nothing is kept any more.
///
/// # Errors
/// The database failed, or what is stored was sealed under another vault.
pub async fn add(
    tx: &mut Tx,
    vault: &Vault,
    broadcast: &BroadcastId,
    told: &Told,
) -> Result<Option<Counts>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "SELECT key, displayed_bits, opened_bits, not_relevant_bits, displayed_after FROM receipt \
         WHERE broadcast = $1 {}",
        tx.dialect().locked()
    ));
    let row =
        on_tx!(tx, |conn| sqlx::query_as::<_, ReceiptRow>(sql).bind(broadcast.as_str()).fetch_optional(conn).await)?;
    let Some(row) = row.filter(|row| row.key.is_some()) else { return Ok(None) };
    let mut displayed = unsealed(vault, broadcast, "displayed", row.displayed_bits)?;
    let mut opened = unsealed(vault, broadcast, "opened", row.opened_bits)?;
    let mut not_relevant = unsealed(vault, broadcast, "not relevant", row.not_relevant_bits)?;
    let mut displayed_after = histogram(row.displayed_after.as_deref(), "receipt.displayed_after")?;
    let before = [displayed.len(), opened.len(), not_relevant.len()];
    for (slot, after_ms) in &told.displayed_after_ms {
        if displayed.insert(*slot) {
            displayed_after.record(*after_ms);
        }
    }
    opened |= &told.opened;
    not_relevant |= &told.not_relevant;
    let after = [displayed.len(), opened.len(), not_relevant.len()];
    if after == before {
        return Ok(Some(Counts::default()));
    }
    on_tx!(tx, |conn| sqlx::query(
        "UPDATE receipt SET displayed_bits = $2, opened_bits = $3, not_relevant_bits = $4, displayed = $5, \
         opened = $6, not_relevant = $7, displayed_after = $8 WHERE broadcast = $1",
    )
    .bind(broadcast.as_str())
    .bind(vault.seal(&owner("displayed", broadcast), &bits(&displayed)))
    .bind(vault.seal(&owner("opened", broadcast), &bits(&opened)))
    .bind(vault.seal(&owner("not relevant", broadcast), &bits(&not_relevant)))
    .bind(count(after[0]))
    .bind(count(after[1]))
    .bind(count(after[2]))
    .bind(displayed_after.to_bytes())
    .execute(conn)
    .await
    .map(drop))?;
    let [displayed, opened, not_relevant] = std::array::from_fn(|index| after[index] - before[index]);
    Ok(Some(Counts { displayed, opened, not_relevant }))
}

fn unsealed(
    vault: &Vault,
    broadcast: &BroadcastId,
    what: &'static str,
    sealed: Option<Vec<u8>>,
) -> Result<RoaringBitmap, StoreError> {
    match sealed {
        None => Ok(RoaringBitmap::new()),
        Some(sealed) => set(&vault.unseal(&owner(what, broadcast), &sealed)?, what),
    }
}

/// The histogram in stored bytes; empty where there are none.
pub(super) fn histogram(bytes: Option<&[u8]>, what: &'static str) -> Result<Histogram, StoreError> {
    known(bytes.map_or_else(|| Some(Histogram::default()), Histogram::from_bytes), what)
}

row! {
    SeenRow { displayed: i64, opened: i64, not_relevant: i64, displayed_after: Option<Vec<u8>> }
}

/// How many people showed, opened or did not need a broadcast. It stays when retention has ended.
///
/// # Errors
/// The database failed.
pub(super) async fn seen(tx: &mut Tx, broadcast: &BroadcastId) -> Result<Seen, StoreError> {
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, SeenRow>(
        "SELECT displayed, opened, not_relevant, displayed_after FROM receipt WHERE broadcast = $1",
    )
    .bind(broadcast.as_str())
    .fetch_optional(conn)
    .await)?;
    let Some(row) = row else { return Ok(Seen::default()) };
    Ok(Seen {
        counts: Counts {
            displayed: narrow(row.displayed, "receipt.displayed")?,
            opened: narrow(row.opened, "receipt.opened")?,
            not_relevant: narrow(row.not_relevant, "receipt.not_relevant")?,
        },
        displayed_after: histogram(row.displayed_after.as_deref(), "receipt.displayed_after")?,
    })
}

/// Ends retention: erases keys and sets of broadcasts whose validity ended before a time, and returns how many those
/// were. Nobody can tell any more who showed or opened them; the counts stay.
///
/// # Errors
/// The database failed.
pub async fn erase(tx: &mut Tx, ended_before: Timestamp) -> Result<u64, StoreError> {
    let sql = AssertSqlSafe(format!(
        "UPDATE receipt SET key = NULL, displayed_bits = NULL, opened_bits = NULL, not_relevant_bits = NULL \
         WHERE key IS NOT NULL AND broadcast IN (SELECT receipt.broadcast FROM receipt \
         JOIN broadcast ON broadcast.id = receipt.broadcast WHERE receipt.key IS NOT NULL \
         AND broadcast.expires_ms < $1 AND broadcast.state NOT IN ('held', 'approved', 'sending') \
         ORDER BY receipt.broadcast {})",
        tx.dialect().locked_receipts()
    ));
    let rows = on_tx!(tx, |conn| sqlx::query(sql)
        .bind(ms(ended_before))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows)
}

/// Whose the sealed bytes are: nothing of one broadcast or column opens as another's.
fn owner(what: &str, broadcast: &BroadcastId) -> String {
    format!("receipt {what} {broadcast}")
}
