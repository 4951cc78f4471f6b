//! Leases: who may send a batch, and how what they learn is kept.

use super::super::db::{Tx, on_tx};
use super::super::dialect::Dialect;
use super::super::error::StoreError;
use super::super::receipt::histogram;
use super::super::row::{bits, count, ms, row, set};
use super::insert;
use crate::model::batch::{Batch, Lease, Part, Progress};
use crate::model::id::BatchId;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// How a sender finds its batch when it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The lease holds: everything was kept, what was to start may start.
    Open,
    /// The batch was stopped or expired meanwhile. Outcomes of pushes that had begun before were kept and count as
    /// what they are; nothing new may start.
    Closed,
    /// The batch is another's, or free again: nothing was kept, nothing may start.
    Stale,
}

/// Keeps what a sender learned and the people it is about to start with, and prolongs its lease. `progress` may hold
/// everything since the claim or only what is new: sets are united, and who was once accepted stays accepted.
///
/// # Errors
/// The database failed.
pub async fn checkpoint(
    tx: &mut Tx,
    lease: &Lease,
    progress: &Progress,
    lease_until: Timestamp,
) -> Result<Standing, StoreError> {
    keep(tx, lease, progress, Then::Hold { lease_until }).await
}

/// What a report for a lease is about to change.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub lease: &'a Lease,
    /// It is put back: its people may move into batches that who stops the broadcast must find.
    pub moves: bool,
}

/// Holds these batches until the transaction ends, and the broadcasts of those whose people move. A checkpoint leaves
/// the broadcast alone: it changes only rows that a stop changes, too, and a stop that had to find a moment in which
/// nobody holds the broadcast might never.
///
/// In the order in which who stops a broadcast holds them ([`super::super::stop`]): broadcasts first, each by its id.
/// Whoever reports for several batches in one transaction calls this before all else, or two such transactions could
/// wait for each other. SQLite's writer is alone anyway.
///
/// # Errors
/// The database failed.
pub async fn hold<'a>(tx: &mut Tx, changes: impl IntoIterator<Item = Change<'a>>) -> Result<(), StoreError> {
    hold_with(tx, changes, "").await.map(drop)
}

/// [`hold`], and nobody is waited for: gives the batches back of which another transaction holds something, or which are
/// no more.
///
/// # Errors
/// The database failed.
pub async fn hold_what_is_free<'a>(
    tx: &mut Tx,
    changes: impl IntoIterator<Item = Change<'a>>,
) -> Result<BTreeSet<&'a BatchId>, StoreError> {
    let but_held = tx.dialect().but_held();
    hold_with(tx, changes, but_held).await
}

async fn hold_with<'a>(
    tx: &mut Tx,
    changes: impl IntoIterator<Item = Change<'a>>,
    but_held: &str,
) -> Result<BTreeSet<&'a BatchId>, StoreError> {
    let dialect = tx.dialect();
    if dialect == Dialect::Sqlite {
        return Ok(BTreeSet::new());
    }
    let changes: Vec<Change<'a>> = changes.into_iter().collect();
    let broadcasts: BTreeSet<&str> =
        changes.iter().filter(|change| change.moves).map(|change| change.lease.batch.broadcast.as_str()).collect();
    let lock = format!("{} {but_held}", dialect.shared());
    let held =
        if broadcasts.is_empty() { BTreeSet::new() } else { lock_rows(tx, "broadcast", &broadcasts, &lock).await? };
    let is_free = |change: &&Change<'a>| !change.moves || held.contains(change.lease.batch.broadcast.as_str());
    let batches: BTreeSet<&str> = changes.iter().filter(is_free).map(|change| change.lease.batch.id.as_str()).collect();
    let held = lock_rows(tx, "batch", &batches, &format!("{} {but_held}", dialect.locked())).await?;
    let ids = changes.iter().map(|change| &change.lease.batch.id);
    Ok(ids.filter(|id| !held.contains(id.as_str())).collect())
}

/// Locks rows by their ids, in that order, and names those it has.
async fn lock_rows(tx: &mut Tx, table: &str, ids: &BTreeSet<&str>, lock: &str) -> Result<BTreeSet<String>, StoreError> {
    let texts = tx.dialect().texts();
    let sql = AssertSqlSafe(format!("SELECT id FROM {table} WHERE id IN {texts} ORDER BY id {lock}"));
    let ids = serde_json::json!(ids).to_string();
    Ok(on_tx!(tx, |conn| sqlx::query_scalar::<_, String>(sql).bind(ids).fetch_all(conn).await)?.into_iter().collect())
}

/// Keeps what a sender learned and gives the batch back, in parts: each is claimed again from its own time. The part
/// that bears the batch's own id stays in it, the others move into batches of their own, with what was written down of
/// their people; who is in no part stays and can be claimed at once. Only people without an outcome move. With nobody
/// left the batch is done. In a batch that was closed meanwhile nobody moves, and nobody moves while it is being
/// closed: who closes it would not see the new batches.
///
/// # Errors
/// The database failed, or the id of a part is another batch's.
pub async fn put_back(tx: &mut Tx, lease: &Lease, progress: &Progress, parts: &[Part]) -> Result<Standing, StoreError> {
    hold(tx, [Change { lease, moves: true }]).await?;
    keep(tx, lease, progress, Then::PutBack { parts }).await
}

/// Keeps what a sender learned and ends its lease. Normally everyone has an outcome and the batch is done; if someone
/// has none, it stays open and can be claimed at once.
///
/// # Errors
/// The database failed.
pub async fn finish(tx: &mut Tx, lease: &Lease, progress: &Progress) -> Result<Standing, StoreError> {
    keep(tx, lease, progress, Then::End).await
}

/// Frees every batch that this owner holds, after its restart, and returns how many. What an earlier process of the
/// same owner still reports is stale from here on.
///
/// # Errors
/// The database failed.
pub async fn release_all(tx: &mut Tx, owner: &str) -> Result<u64, StoreError> {
    let sql = AssertSqlSafe(format!(
        "UPDATE batch SET owner = NULL, lease_until_ms = NULL WHERE owner = $1 AND id IN \
         (SELECT id FROM batch WHERE owner = $1 ORDER BY id {})",
        tx.dialect().locked()
    ));
    let rows = on_tx!(tx, |conn| sqlx::query(sql).bind(owner).execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(rows)
}

/// What becomes of the lease.
#[derive(Debug, Clone, Copy)]
enum Then<'a> {
    Hold { lease_until: Timestamp },
    PutBack { parts: &'a [Part] },
    End,
}

row! {
    HeldRow {
        state: String, not_before_ms: i64, attempts: i64, todo_bits: Vec<u8>, started_bits: Vec<u8>,
        accepted_bits: Vec<u8>, gone_bits: Vec<u8>, rejected_bits: Vec<u8>, withdrawn_bits: Vec<u8>,
        accepted_after: Option<Vec<u8>>,
    }
}

impl HeldRow {
    fn progress(&self) -> Result<Progress, StoreError> {
        Ok(Progress {
            started: set(&self.started_bits, "batch.started_bits")?,
            accepted: set(&self.accepted_bits, "batch.accepted_bits")?,
            gone: set(&self.gone_bits, "batch.gone_bits")?,
            rejected: set(&self.rejected_bits, "batch.rejected_bits")?,
            withdrawn: set(&self.withdrawn_bits, "batch.withdrawn_bits")?,
            ..Progress::default()
        })
    }
}

/// Unites what is stored with what was learned, while nobody else can change the row.
async fn keep(tx: &mut Tx, lease: &Lease, learned: &Progress, then: Then<'_>) -> Result<Standing, StoreError> {
    let id = &lease.batch.id;
    let sql = AssertSqlSafe(format!(
        "SELECT state, not_before_ms, attempts, todo_bits, started_bits, accepted_bits, gone_bits, rejected_bits, \
         withdrawn_bits, accepted_after FROM batch WHERE id = $1 AND token = $2 AND owner IS NOT NULL {}",
        tx.dialect().locked()
    ));
    let held = on_tx!(tx, |conn| sqlx::query_as::<_, HeldRow>(sql)
        .bind(id.as_str())
        .bind(lease.token)
        .fetch_optional(conn)
        .await)?;
    let Some(held) = held else { return Ok(Standing::Stale) };
    let mut todo = set(&held.todo_bits, "batch.todo_bits")?;
    let targeted = count(todo.len());
    let stored = held.progress()?;
    let open = held.state == "open";
    // In a closed batch only those count who had been begun before; a window that was about to start never will.
    let may_change = if open { todo.clone() } else { &todo & &stored.started };
    let accepted_before = stored.accepted.clone();
    let mut progress = united(stored, learned, &may_change);
    let mut kept = Kept {
        accepted_after: times(held.accepted_after.as_deref(), learned, &(&progress.accepted - &accepted_before))?,
        state: held.state,
        not_before_ms: held.not_before_ms,
        attempts: held.attempts,
        lease_until: None,
    };
    match then {
        Then::Hold { lease_until } => kept.lease_until = Some(lease_until),
        Then::PutBack { parts } if open => {
            move_apart(tx, &lease.batch, parts, &mut todo, &mut progress).await?;
            if let Some(stays) = parts.iter().find(|part| part.batch == *id) {
                (kept.not_before_ms, kept.attempts) = (ms(stays.not_before), i64::from(stays.attempts));
            }
        }
        Then::PutBack { .. } | Then::End => {}
    }
    let moved = (count(todo.len()) != targeted).then_some(&todo);
    let counts = Counts::of(&todo, &progress);
    if open && counts.rest == 0 && kept.lease_until.is_none() {
        "done".clone_into(&mut kept.state);
    }
    write(tx, id, &kept, moved, &progress, counts).await?;
    Ok(if open { Standing::Open } else { Standing::Closed })
}

/// Moves people without an outcome out of their batch, into one for each part.
async fn move_apart(
    tx: &mut Tx,
    from: &Batch,
    parts: &[Part],
    todo: &mut RoaringBitmap,
    progress: &mut Progress,
) -> Result<(), StoreError> {
    for part in parts.iter().filter(|part| part.batch != from.id) {
        let moved = &(&part.who & &*todo) - &progress.settled();
        if moved.is_empty() {
            continue;
        }
        let batch = Batch {
            id: part.batch.clone(),
            not_before: part.not_before,
            attempts: part.attempts,
            progress: Progress { started: &progress.started & &moved, ..Progress::default() },
            todo: moved,
            ..from.clone()
        };
        *todo -= &batch.todo;
        progress.started -= &batch.todo;
        insert(tx, &batch).await?;
    }
    Ok(())
}

/// What both know, as far as it is about these people. One person has one outcome: that a push service took it counts
/// more than that it refused it, since two senders may have tried.
fn united(mut stored: Progress, learned: &Progress, may_change: &RoaringBitmap) -> Progress {
    stored.merge(&Progress {
        started: &learned.started & may_change,
        accepted: &learned.accepted & may_change,
        gone: &learned.gone & may_change,
        rejected: &learned.rejected & may_change,
        withdrawn: &learned.withdrawn & may_change,
        ..Progress::default()
    });
    stored.gone -= &stored.accepted;
    stored.rejected -= &(&stored.accepted | &stored.gone);
    stored.withdrawn -= &(&(&stored.accepted | &stored.gone) | &stored.rejected);
    stored
}

/// The stored histogram with the times of those who are accepted now and were not before: who reports twice counts once.
fn times(stored: Option<&[u8]>, learned: &Progress, new: &RoaringBitmap) -> Result<Option<Vec<u8>>, StoreError> {
    let mut histogram = histogram(stored, "batch.accepted_after")?;
    new.iter().filter_map(|slot| learned.accepted_after_ms.get(&slot)).for_each(|after_ms| histogram.record(*after_ms));
    Ok((histogram.count() > 0).then(|| histogram.to_bytes()))
}

/// The sizes that go with the bitmaps.
#[derive(Debug, Clone, Copy)]
struct Counts {
    accepted: i64,
    gone: i64,
    rejected: i64,
    withdrawn: i64,
    /// Those without an outcome: waiting in an open batch, else stopped or expired.
    rest: i64,
}

impl Counts {
    fn of(todo: &RoaringBitmap, progress: &Progress) -> Self {
        Self {
            accepted: count(progress.accepted.len()),
            gone: count(progress.gone.len()),
            rejected: count(progress.rejected.len()),
            withdrawn: count(progress.withdrawn.len()),
            rest: count((todo - &progress.settled()).len()),
        }
    }
}

struct Kept {
    state: String,
    not_before_ms: i64,
    attempts: i64,
    accepted_after: Option<Vec<u8>>,
    /// `None` gives the batch back.
    lease_until: Option<Timestamp>,
}

/// `todo` is written where people have moved; else it stays as it is.
async fn write(
    tx: &mut Tx,
    id: &BatchId,
    kept: &Kept,
    todo: Option<&RoaringBitmap>,
    progress: &Progress,
    counts: Counts,
) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "UPDATE batch SET started_bits = $2, accepted_bits = $3, gone_bits = $4, rejected_bits = $5, \
         withdrawn_bits = $6, accepted = $7, gone = $8, rejected = $9, withdrawn = $10, state = $12, \
         waiting = CASE WHEN $12 = 'open' THEN $11 ELSE 0 END, \
         stopped = CASE WHEN $12 = 'stopped' THEN $11 ELSE 0 END, \
         expired = CASE WHEN $12 = 'expired' THEN $11 ELSE 0 END, \
         lease_until_ms = $13, owner = CASE WHEN $13 IS NULL THEN NULL ELSE owner END, \
         not_before_ms = $14, attempts = $15, todo_bits = COALESCE($16, todo_bits), \
         targeted = COALESCE($17, targeted), accepted_after = $18 WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(bits(&progress.started))
    .bind(bits(&progress.accepted))
    .bind(bits(&progress.gone))
    .bind(bits(&progress.rejected))
    .bind(bits(&progress.withdrawn))
    .bind(counts.accepted)
    .bind(counts.gone)
    .bind(counts.rejected)
    .bind(counts.withdrawn)
    .bind(counts.rest)
    .bind(&kept.state)
    .bind(kept.lease_until.map(ms))
    .bind(kept.not_before_ms)
    .bind(kept.attempts)
    .bind(todo.map(bits))
    .bind(todo.map(|todo| count(todo.len())))
    .bind(&kept.accepted_after)
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}
