//! What the audience index is fed with: everyone once, then whoever changed.

use super::super::counter::{Counter, value};
use super::super::db::{Db, Tx, on_tx};
use super::super::error::StoreError;
use super::super::row::{narrow, row};
use super::{PlaceRow, slots_to_text, text};
use crate::model::id::Slot;
use crate::model::place::Place;
use crate::model::subscriber::Listener;
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, HashMap};

/// How many people are read at once while everyone is loaded.
const LISTENERS_PAGE: i64 = 20_000;
/// How many changes one call brings; the next one goes on from there.
const CHANGES_MAX: i64 = 10_000;

row! {
    ListenerRow { slot: i64, families: String, drills: i64, origin: String }
}

row! {
    ChangeRow { slot: i64, seq: i64 }
}

/// Everyone with a live subscription, by slot, and the number of the last change that this shows.
///
/// # Errors
/// The database failed.
pub async fn listeners(db: &Db) -> Result<(Vec<Listener>, i64), StoreError> {
    let mut tx = db.snapshot().await?;
    let seq = value(&mut tx, Counter::Change).await?;
    let mut everyone = Vec::new();
    let mut after: i64 = -1;
    loop {
        let rows = on_tx!(&mut tx, |conn| sqlx::query_as::<_, ListenerRow>(
            "SELECT slot, families, drills, origin FROM subscriber WHERE gone_ms IS NULL AND slot > $1 \
             ORDER BY slot LIMIT $2",
        )
        .bind(after)
        .bind(LISTENERS_PAGE)
        .fetch_all(conn)
        .await)?;
        let Some(last) = rows.last().map(|row| row.slot) else { break };
        let places = on_tx!(&mut tx, |conn| sqlx::query_as::<_, PlaceRow>(
            "SELECT slot, step, cell_row, cell_column, radius_km FROM place WHERE slot > $1 AND slot <= $2",
        )
        .bind(after)
        .bind(last)
        .fetch_all(conn)
        .await)?;
        join(rows, places, |listener| everyone.push(listener))?;
        after = last;
    }
    Ok((everyone, seq))
}

/// Whoever changed after this number, as they are now (`None`: gone or deleted), and the number to go on from. Call it
/// until that number stays the same.
///
/// # Errors
/// The database failed.
pub async fn changes_since(db: &Db, seq: i64) -> Result<(Vec<(Slot, Option<Listener>)>, i64), StoreError> {
    let mut tx = db.snapshot().await?;
    let changes = on_tx!(&mut tx, |conn| sqlx::query_as::<_, ChangeRow>(
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
    for listener in these(&mut tx, &slots).await? {
        changed.insert(listener.slot, Some(listener));
    }
    Ok((changed.into_iter().collect(), last))
}

async fn these(tx: &mut Tx, slots: &RoaringBitmap) -> Result<Vec<Listener>, StoreError> {
    let integers = tx.dialect().integers();
    let sql = AssertSqlSafe(format!(
        "SELECT slot, families, drills, origin FROM subscriber WHERE gone_ms IS NULL AND slot IN {integers}"
    ));
    let text = slots_to_text(slots);
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, ListenerRow>(sql).bind(&text).fetch_all(conn).await)?;
    let sql = AssertSqlSafe(format!(
        "SELECT slot, step, cell_row, cell_column, radius_km FROM place WHERE slot IN {integers}"
    ));
    let places = on_tx!(tx, |conn| sqlx::query_as::<_, PlaceRow>(sql).bind(&text).fetch_all(conn).await)?;
    let mut listeners = Vec::with_capacity(rows.len());
    join(rows, places, |listener| listeners.push(listener))?;
    Ok(listeners)
}

fn join(rows: Vec<ListenerRow>, places: Vec<PlaceRow>, mut hand_on: impl FnMut(Listener)) -> Result<(), StoreError> {
    let mut places_of: HashMap<i64, Vec<Place>> = HashMap::with_capacity(rows.len());
    for place in &places {
        places_of.entry(place.slot).or_default().push(place.read()?);
    }
    for row in rows {
        hand_on(Listener {
            slot: narrow(row.slot, "subscriber.slot")?,
            places: places_of.remove(&row.slot).unwrap_or_default(),
            families: text::families_from_text(&row.families)?,
            drills: row.drills != 0,
            origin: row.origin,
        });
    }
    Ok(())
}
