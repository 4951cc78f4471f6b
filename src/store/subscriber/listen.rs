//! What the audience index is fed with: everyone once, then whoever changed.

use super::super::counter::{Counter, value};
use super::super::db::{Db, Tx, on_tx};
use super::super::error::StoreError;
use super::super::row::{known, narrow, row};
use super::{slots_to_text, text};
use crate::model::id::Slot;
use crate::model::subscriber::{ChannelKind, Listener, first_language};
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// How many people are read at once while everyone is loaded.
const LISTENERS_PAGE: i64 = 20_000;
/// What nodes hear when subscriptions changed: the word of [`Db::notify`].
pub const CHANGED: &str = "audience";
/// How many changes one call brings; the next one goes on from there.
const CHANGES_MAX: i64 = 10_000;

row! {
    ListenerRow {
        slot: i64, families: String, drills: i64, origin: String, places: String, languages: String, channel: String,
    }
}

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
        Self::of(db.long_snapshot().await?).await
    }

    async fn of(mut tx: Tx) -> Result<Self, StoreError> {
        let seq = value(&mut tx, Counter::Change).await?;
        Ok(Self { tx, seq })
    }

    /// The number of the last change that it shows.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The next people with a live subscription after this slot (`None`: from the first), by slot, so many at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn listeners(&mut self, after: Option<Slot>, most: i64) -> Result<Vec<Listener>, StoreError> {
        let rows = on_tx!(&mut self.tx, |conn| {
            sqlx::query_as::<_, ListenerRow>(
            "SELECT slot, families, drills, origin, places, languages, channel FROM subscriber WHERE gone_ms IS NULL AND slot > $1 \
             ORDER BY slot LIMIT $2",
        )
        .bind(after.map_or(-1, i64::from))
        .bind(most)
        .fetch_all(conn)
        .await
        })?;
        rows.into_iter().map(ListenerRow::read).collect()
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
        for listener in these(&mut self.tx, &slots).await? {
            changed.insert(listener.slot, Some(listener));
        }
        Ok((changed.into_iter().collect(), last))
    }
}

/// Everyone with a live subscription, by slot, and the number of the last change that this shows.
///
/// # Errors
/// The database failed.
pub async fn listeners(db: &Db) -> Result<(Vec<Listener>, i64), StoreError> {
    let mut moment = Moment::now(db).await?;
    let mut everyone: Vec<Listener> = Vec::new();
    loop {
        let page = moment.listeners(everyone.last().map(|last| last.slot), LISTENERS_PAGE).await?;
        if page.is_empty() {
            return Ok((everyone, moment.seq()));
        }
        everyone.extend(page);
    }
}

/// [`Moment::changes_since`] of the database as it is now. Call it until the number stays the same.
///
/// # Errors
/// The database failed.
pub async fn changes_since(db: &Db, seq: i64) -> Result<(Vec<(Slot, Option<Listener>)>, i64), StoreError> {
    Moment::now(db).await?.changes_since(seq).await
}

async fn these(tx: &mut Tx, slots: &RoaringBitmap) -> Result<Vec<Listener>, StoreError> {
    let integers = tx.dialect().integers();
    let sql = AssertSqlSafe(format!(
        "SELECT slot, families, drills, origin, places, languages, channel FROM subscriber WHERE gone_ms IS NULL AND slot IN {integers}"
    ));
    let text = slots_to_text(slots);
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, ListenerRow>(sql).bind(&text).fetch_all(conn).await)?;
    rows.into_iter().map(ListenerRow::read).collect()
}

impl ListenerRow {
    fn read(self) -> Result<Listener, StoreError> {
        Ok(Listener {
            slot: narrow(self.slot, "subscriber.slot")?,
            places: text::places_from_text(&self.places)?,
            families: text::families_from_text(&self.families)?,
            drills: self.drills != 0,
            origin: self.origin,
            channel: known(ChannelKind::from_name(&self.channel), "subscriber.channel")?,
            language: first_language(&text::languages_from_text(&self.languages)?),
        })
    }
}
