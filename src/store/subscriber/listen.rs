//! What the audience index is fed with: everyone once, then whoever changed.
//!
//! People come by the thousand in one row of text (`page.rs`): handing over a row costs several times what is in it.

use super::super::counter::{Counter, value};
use super::super::db::{Db, Reader, Tx, on_db, on_tx};
use super::super::error::StoreError;
use super::super::row::{narrow, row};
use super::page::{FIELD, Page, RECORD};
use super::slots_to_text;
use crate::model::id::Slot;
use crate::model::subscriber::Listener;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// How many slots are one page while everyone is loaded: some megabytes of text.
const PAGE_SLOTS: i64 = 8_192;
/// How many pages are read while one is made into listeners.
const PAGES_AHEAD: usize = 2;
/// What nodes hear when subscriptions changed: the word of [`Db::notify`].
pub const CHANGED: &str = "audience";
/// How many changes one call brings; the next one goes on from there.
const CHANGES_MAX: i64 = 10_000;

/// People as one text, as [`Page`] reads it; `$2` stands between fields and `$3` between people.
const PAGE: &str = "SELECT string_agg(concat_ws($2, slot, drills, channel, origin, languages, families, places, \
     COALESCE(quiet_from || '/' || quiet_to || ' ' || time_zone, '')), $3) FROM";

row! {
    ChangeRow { slot: i64, seq: i64 }
}

/// One moment of the database: everything read of it belongs to the same change, however long reading takes and
/// whatever is written meanwhile.
#[derive(Debug)]
pub struct Moment {
    tx: Tx,
    seq: i64,
}

/// A connection of its own, on which a [`Moment`] is taken later.
#[derive(Debug)]
pub struct Apart(Reader);

impl Apart {
    /// The database as it is now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn moment(&self) -> Result<Moment, StoreError> {
        Moment::of(self.0.snapshot().await?).await
    }
}

impl Moment {
    /// The database as it is now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn now(db: &Db) -> Result<Self, StoreError> {
        Self::of(db.snapshot().await?).await
    }

    /// The database as it is now, on a connection of its own: reading everyone holds up nobody who wants another.
    ///
    /// # Errors
    /// The database failed.
    pub async fn long(db: &Db) -> Result<Self, StoreError> {
        Self::connect(db).await?.moment().await
    }

    /// A connection of its own for [`Apart::moment`]. Connecting may take long.
    ///
    /// # Errors
    /// The database failed.
    pub async fn connect(db: &Db) -> Result<Apart, StoreError> {
        Ok(Apart(db.connect_apart().await?))
    }

    async fn of(mut tx: Tx) -> Result<Self, StoreError> {
        let seq = value(&mut tx, Counter::Change).await?;
        Ok(Self { tx, seq })
    }

    /// The number of the last change that it shows.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The number of the last import of named areas that it shows.
    ///
    /// # Errors
    /// The database failed.
    pub async fn import(&mut self) -> Result<i64, StoreError> {
        value(&mut self.tx, Counter::Area).await
    }

    /// The next people with a live subscription after this slot (`None`: from the first), by slot, so many at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn listeners(&mut self, after: Option<Slot>, most: i64) -> Result<Vec<Listener>, StoreError> {
        let sql = AssertSqlSafe(format!(
            "{PAGE} (SELECT * FROM subscriber WHERE gone_ms IS NULL AND slot > $1 ORDER BY slot LIMIT $4) AS page"
        ));
        let text: Option<String> = on_tx!(&mut self.tx, |conn| sqlx::query_scalar(sql)
            .bind(after.map_or(-1, i64::from))
            .bind(FIELD.to_string())
            .bind(RECORD.to_string())
            .bind(most)
            .fetch_one(conn)
            .await)?;
        let mut listeners = Vec::new();
        Page::default().read(&text.unwrap_or_default(), &mut |listener| listeners.push(listener.clone()))?;
        listeners.sort_unstable_by_key(|listener: &Listener| listener.slot);
        Ok(listeners)
    }

    /// Whoever changed after this number, as they are at this moment (`None`: gone or deleted), and the number to go on
    /// from: at [`Moment::seq`] that was all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn changes_since(&mut self, seq: i64) -> Result<(Vec<(Slot, Option<Listener>)>, i64), StoreError> {
        let changes = on_tx!(&mut self.tx, |conn| sqlx::query_as::<_, ChangeRow>(
            "SELECT slot, seq FROM change WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(CHANGES_MAX)
        .fetch_all(conn)
        .await)?;
        let Some(last) = changes.last().map(|change| change.seq) else { return Ok((Vec::new(), seq)) };
        let slots: RoaringBitmap =
            changes.iter().map(|change| narrow::<Slot>(change.slot, "change.slot")).collect::<Result<_, _>>()?;
        let mut changed: BTreeMap<Slot, Option<Listener>> = slots.iter().map(|slot| (slot, None)).collect();
        let text = these(&mut self.tx, &slots).await?;
        Page::default().read(&text, &mut |listener| {
            changed.insert(listener.slot, Some(listener.clone()));
        })?;
        Ok((changed.into_iter().collect(), last))
    }
}

/// Hands over everyone with a live subscription once, in no order, and returns the number of a change: every change up
/// to it is in what was handed over.
///
/// Pages are read at different moments, all of them after that number was read. A change up to it was committed before
/// (numbers come in the order of commits, see `counter.rs`), so it is seen. A later one may be seen or not: it has a
/// higher number, and whoever goes on from here by [`changes_since`] reads that person again, as they are then. So
/// pages can be read side by side; nothing is held in the database meanwhile, and in memory only the pages at hand.
///
/// # Errors
/// The database failed.
pub async fn everyone(db: &Db, mut take: impl FnMut(&Listener)) -> Result<i64, StoreError> {
    let mut tx = db.snapshot().await?;
    let seq = value(&mut tx, Counter::Change).await?;
    let last_slot = value(&mut tx, Counter::Slot).await?;
    drop(tx);
    let firsts = (0..=last_slot / PAGE_SLOTS).map(|page| page * PAGE_SLOTS);
    let mut pages = stream::iter(firsts.map(|first| page(db, first))).buffered(1 + PAGES_AHEAD);
    let mut reader = Page::default();
    while let Some(text) = pages.try_next().await? {
        reader.read(&text, &mut take)?;
    }
    Ok(seq)
}

/// The people of [`PAGE_SLOTS`] slots.
async fn page(db: &Db, first: i64) -> Result<String, StoreError> {
    let sql = AssertSqlSafe(format!("{PAGE} subscriber WHERE gone_ms IS NULL AND slot BETWEEN $1 AND $4"));
    let text: Option<String> = on_db!(db, |pool| sqlx::query_scalar(sql)
        .bind(first)
        .bind(FIELD.to_string())
        .bind(RECORD.to_string())
        .bind(first + PAGE_SLOTS - 1)
        .fetch_one(pool)
        .await)?;
    Ok(text.unwrap_or_default())
}

/// [`Moment::changes_since`] of the database as it is now. Call it until the number stays the same.
///
/// # Errors
/// The database failed.
pub async fn changes_since(db: &Db, seq: i64) -> Result<(Vec<(Slot, Option<Listener>)>, i64), StoreError> {
    Moment::now(db).await?.changes_since(seq).await
}

/// The people of these slots.
async fn these(tx: &mut Tx, slots: &RoaringBitmap) -> Result<String, StoreError> {
    let sql = AssertSqlSafe(format!("{PAGE} subscriber WHERE gone_ms IS NULL AND slot IN {}", tx.dialect().integers()));
    let text: Option<String> = on_tx!(tx, |conn| sqlx::query_scalar(sql)
        .bind(slots_to_text(slots))
        .bind(FIELD.to_string())
        .bind(RECORD.to_string())
        .fetch_one(conn)
        .await)?;
    Ok(text.unwrap_or_default())
}
