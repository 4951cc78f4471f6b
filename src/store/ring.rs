//! How often people were rung on a day, for the budget of what is not grave.

use super::db::{Tx, on_tx};
use super::error::StoreError;
use super::row::{bits, narrow, row, set};
use crate::model::budget::Rings;
use roaring::RoaringBitmap;

row! {
    LevelRow { level: i64, bits: Vec<u8> }
}

/// Counts one more ring of a family on a day (days since 1970 in UTC), and gives those who had `most` before: they are
/// not rung. Whoever else spends of the same day and family waits until the transaction ends; take several in one order.
///
/// # Errors
/// The database failed.
pub async fn spend(
    tx: &mut Tx,
    day: i64,
    family: &str,
    people: &RoaringBitmap,
    most: u32,
) -> Result<RoaringBitmap, StoreError> {
    let mut rings = hold(tx, day, family).await?;
    let before = rings.clone();
    let over = rings.spend(people, most);
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
    on_tx!(tx, |conn| sqlx::query("DELETE FROM ring_level WHERE day < $1").bind(before).execute(conn).await.map(drop))?;
    Ok(())
}
