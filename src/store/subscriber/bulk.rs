//! Very many new subscriptions at once, for rehearsals and tests.

use super::super::counter::{Counter, record_changes, take};
use super::super::db::{Tx, on_tx};
use super::super::error::StoreError;
use super::super::row::{count, ms, narrow};
use super::super::vault::Vault;
use super::{NewSubscriber, text};
use crate::model::id::Slot;
use roaring::RoaringBitmap;
use sqlx::QueryBuilder;

/// Rows in one statement: SQLite takes 32,766 parameters.
const ROWS_MAX: usize = 1_000;

/// Stores subscriptions whose endpoints nobody has, in the order given: the slots go up with them.
///
/// # Errors
/// The database failed, or somebody has one of the endpoints.
pub async fn create_many(tx: &mut Tx, vault: &Vault, new: &[NewSubscriber]) -> Result<RoaringBitmap, StoreError> {
    if new.is_empty() {
        return Ok(RoaringBitmap::new());
    }
    let last = take(tx, Counter::Slot, new.len() as u64).await?;
    let first = last - count(new.len() as u64) + 1;
    for (rows, slot) in new.chunks(ROWS_MAX).zip((first..).step_by(ROWS_MAX)) {
        insert(tx, vault, rows, slot).await?;
    }
    let slots: RoaringBitmap =
        (narrow::<Slot>(first, "counter.slot")?..=narrow::<Slot>(last, "counter.slot")?).collect();
    record_changes(tx, &slots).await?;
    Ok(slots)
}

async fn insert(tx: &mut Tx, vault: &Vault, rows: &[NewSubscriber], first: i64) -> Result<(), StoreError> {
    on_tx!(tx, |conn| {
        let mut query = QueryBuilder::new(
            "INSERT INTO subscriber (slot, id, secret_hash, endpoint_hash, auth_hash, sealed, origin, families, \
             languages, quiet_from, quiet_to, time_zone, drills, discreet, consent, created_ms, channel_ms, places, \
             channel) ",
        );
        query.push_values(rows.iter().zip(first..), |mut row, (new, slot)| {
            let (name, proof) = text::name_and_proof(&new.channel);
            let quiet = new.preferences.quiet_hours.as_ref();
            row.push_bind(slot)
                .push_bind(new.id.as_str())
                .push_bind(&new.secret_hash[..])
                .push_bind(vault.lookup("endpoint", name.as_bytes()).to_vec())
                .push_bind(vault.lookup("auth", proof).to_vec())
                .push_bind(vault.seal(new.id.as_str(), &text::channel_to_bytes(&new.channel)))
                .push_bind(new.origin.as_str())
                .push_bind(text::families_to_text(&new.preferences.families))
                .push_bind(text::languages_to_text(&new.preferences.languages))
                .push_bind(quiet.map(|quiet| quiet.from.to_string()))
                .push_bind(quiet.map(|quiet| quiet.to.to_string()))
                .push_bind(quiet.map(|quiet| quiet.time_zone.as_str()))
                .push_bind(i64::from(new.preferences.drills))
                .push_bind(i64::from(new.preferences.discreet))
                .push_bind(new.preferences.consent.as_str())
                .push_bind(ms(new.created))
                .push_bind(ms(new.created))
                .push_bind(text::places_to_text(&new.preferences.places))
                .push_bind(new.channel.kind().as_str());
        });
        query.build().execute(conn).await.map(drop)
    })?;
    Ok(())
}
