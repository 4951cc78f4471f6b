//! How often people were rung on a day, for the budget of what is not grave.

use super::db::{Tx, on_tx};
use super::error::StoreError;
use super::row::{bits, narrow, row, set};
use crate::model::budget::Rings;
use crate::model::id::BroadcastId;
use roaring::RoaringBitmap;

row! {
    LevelRow { level: i64, bits: Vec<u8> }
}

row! {
    PaidRow { broadcast: String, bits: Vec<u8> }
}

/// Counts one more ring of a family on a day (days since 1970 in UTC), and gives those who had `most` before: they are
/// not rung. Who spent one of that day for a broadcast that ended before their push began has it back first. Whoever else
/// spends of the same day and family waits until the transaction ends; take several in one order.
///
/// # Errors
/// The database failed.
pub async fn spend(
    tx: &mut Tx,
    day: i64,
    family: &str,
    broadcast: &BroadcastId,
    people: &RoaringBitmap,
    most: u32,
) -> Result<RoaringBitmap, StoreError> {
    let mut rings = hold(tx, day, family).await?;
    let before = rings.clone();
    for ended in ended(tx, day, family).await? {
        rings.give_back(&(set(&ended.bits, "ring_paid.bits")? - begun(tx, &ended.broadcast).await?));
        settle(tx, day, family, &ended.broadcast).await?;
    }
    let over = rings.spend(people, most);
    pay(tx, day, family, broadcast, &(people - &over)).await?;
    for (level, people) in (1_i64..).zip(&rings.0) {
        let known = usize::try_from(level - 1).ok().and_then(|index| before.0.get(index));
        if known != Some(people) {
            write(tx, day, family, level, people).await?;
        }
    }
    Ok(over)
}

/// The rings so far, which nobody else changes until the transaction ends.
async fn hold(tx: &mut Tx, day: i64, family: &str) -> Result<Rings, StoreError> {
    write(tx, day, family, 0, &RoaringBitmap::new()).await?;
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, LevelRow>(
        "SELECT level, bits FROM ring_level WHERE day = $1 AND family = $2 AND level > 0 ORDER BY level",
    )
    .bind(day)
    .bind(family)
    .fetch_all(conn)
    .await)?;
    let mut rings = Rings::default();
    for row in rows {
        let index: usize = narrow(row.level - 1, "ring_level.level")?;
        rings.0.resize(rings.0.len().max(index), RoaringBitmap::new());
        rings.0.push(set(&row.bits, "ring_level.bits")?);
    }
    Ok(rings)
}

/// Who spent one for broadcasts that have ended since: each is asked for once.
async fn ended(tx: &mut Tx, day: i64, family: &str) -> Result<Vec<PaidRow>, StoreError> {
    Ok(on_tx!(tx, |conn| sqlx::query_as::<_, PaidRow>(
        "SELECT ring_paid.broadcast AS broadcast, ring_paid.bits AS bits FROM ring_paid \
         JOIN broadcast ON broadcast.id = ring_paid.broadcast WHERE ring_paid.day = $1 AND ring_paid.family = $2 \
         AND broadcast.state NOT IN ('held', 'approved', 'sending')",
    )
    .bind(day)
    .bind(family)
    .fetch_all(conn)
    .await)?)
}

/// Those whose push of a broadcast may have begun. It is written down before it begins, and nothing begins any more once
/// the broadcast has ended.
async fn begun(tx: &mut Tx, broadcast: &str) -> Result<RoaringBitmap, StoreError> {
    let all =
        on_tx!(tx, |conn| sqlx::query_scalar::<_, Vec<u8>>("SELECT started_bits FROM batch WHERE broadcast = $1")
            .bind(broadcast)
            .fetch_all(conn)
            .await)?;
    all.iter().try_fold(RoaringBitmap::new(), |all, bits| Ok(all | set(bits, "batch.started_bits")?))
}

async fn settle(tx: &mut Tx, day: i64, family: &str, broadcast: &str) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query("DELETE FROM ring_paid WHERE day = $1 AND family = $2 AND broadcast = $3")
        .bind(day)
        .bind(family)
        .bind(broadcast)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Writes down who spent one for a broadcast, beside those who did before: its people are planned part by part.
async fn pay(
    tx: &mut Tx,
    day: i64,
    family: &str,
    broadcast: &BroadcastId,
    people: &RoaringBitmap,
) -> Result<(), StoreError> {
    let before = on_tx!(tx, |conn| sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT bits FROM ring_paid WHERE day = $1 AND family = $2 AND broadcast = $3",
    )
    .bind(day)
    .bind(family)
    .bind(broadcast.as_str())
    .fetch_optional(conn)
    .await)?;
    let before = before.map(|bits| set(&bits, "ring_paid.bits")).transpose()?.unwrap_or_default();
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO ring_paid (day, family, broadcast, bits) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (day, family, broadcast) DO UPDATE SET bits = excluded.bits",
    )
    .bind(day)
    .bind(family)
    .bind(broadcast.as_str())
    .bind(bits(&(before | people)))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

async fn write(tx: &mut Tx, day: i64, family: &str, level: i64, people: &RoaringBitmap) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO ring_level (day, family, level, bits) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (day, family, level) DO UPDATE SET bits = excluded.bits",
    )
    .bind(day)
    .bind(family)
    .bind(level)
    .bind(bits(people))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// Forgets the rings of days before this one.
///
/// # Errors
/// The database failed.
pub async fn forget(tx: &mut Tx, before: i64) -> Result<(), StoreError> {
    for sql in ["DELETE FROM ring_level WHERE day < $1", "DELETE FROM ring_paid WHERE day < $1"] {
        on_tx!(tx, |conn| sqlx::query(sql).bind(before).execute(conn).await.map(drop))?;
    }
    Ok(())
}
