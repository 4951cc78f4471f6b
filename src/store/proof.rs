//! What nodes found when they compared their index with the database: the last of each node, and the latest
//! disagreements.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{count, known, ms, narrow, row, time};
use super::setting;
use crate::model::proof::{Proof, Tally};
use jiff::{SignedDuration, Timestamp};

/// Disagreements of one node that are kept.
pub const DISAGREEMENTS_KEPT: u32 = 20;
/// How long a node that proves nothing any more is remembered.
const NODE_REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The setting under which a proof is asked for.
const ASKED_SETTING: &str = "audience.prove";

row! {
    ProofRow {
        node: String, at_ms: i64, change: i64, index_people: i64, index_places: i64, index_sum: String,
        database_people: i64, database_places: i64, database_sum: String, took_ms: i64,
        index_import: i64, database_import: i64,
    }
}

impl ProofRow {
    fn read(self) -> Result<Proof, StoreError> {
        let tally = |people, places, sum: &str| {
            Ok::<_, StoreError>(Tally {
                people: narrow(people, "audience_proof.people")?,
                places: narrow(places, "audience_proof.places")?,
                sum: known(u64::from_str_radix(sum, 16).ok(), "audience_proof.sum")?,
            })
        };
        Ok(Proof {
            index: tally(self.index_people, self.index_places, &self.index_sum)?,
            database: tally(self.database_people, self.database_places, &self.database_sum)?,
            node: self.node,
            at: time(self.at_ms, "audience_proof.at_ms")?,
            change: self.change,
            index_import: self.index_import,
            database_import: self.database_import,
            took_ms: narrow(self.took_ms, "audience_proof.took_ms")?,
        })
    }
}

/// Keeps a proof in place of the node's last one. Disagreements stay beside it, the latest [`DISAGREEMENTS_KEPT`].
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut Tx, proof: &Proof) -> Result<(), StoreError> {
    let agrees = i64::from(proof.agrees());
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO audience_proof (node, at_ms, agrees, change, index_people, index_places, index_sum, \
         database_people, database_places, database_sum, took_ms, index_import, database_import) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
    )
    .bind(&proof.node)
    .bind(ms(proof.at))
    .bind(agrees)
    .bind(proof.change)
    .bind(count(proof.index.people))
    .bind(count(proof.index.places))
    .bind(format!("{:016x}", proof.index.sum))
    .bind(count(proof.database.people))
    .bind(count(proof.database.places))
    .bind(format!("{:016x}", proof.database.sum))
    .bind(count(proof.took_ms))
    .bind(proof.index_import)
    .bind(proof.database_import)
    .execute(conn)
    .await
    .map(drop))?;
    on_tx!(tx, |conn| sqlx::query(
        "DELETE FROM audience_proof WHERE (node = $1 AND agrees = 1 AND at_ms < $2) OR at_ms < $3 \
         OR (node = $1 AND agrees = 0 AND at_ms < COALESCE((SELECT at_ms FROM audience_proof \
         WHERE node = $1 AND agrees = 0 ORDER BY at_ms DESC LIMIT 1 OFFSET $4), 0))",
    )
    .bind(&proof.node)
    .bind(ms(proof.at))
    .bind(ms(proof.at.saturating_sub(NODE_REMEMBERED).unwrap_or(Timestamp::MIN)))
    .bind(i64::from(DISAGREEMENTS_KEPT - 1))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// Everything kept: by node, its latest first.
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db) -> Result<Vec<Proof>, StoreError> {
    let sql = "SELECT * FROM audience_proof ORDER BY node, at_ms DESC, agrees DESC";
    let rows = on_db!(db, |pool| sqlx::query_as::<_, ProofRow>(sql).fetch_all(pool).await)?;
    rows.into_iter().map(ProofRow::read).collect()
}

/// Asks every node for a proof, under a name that nobody used before.
///
/// # Errors
/// The database failed.
pub async fn ask(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    setting::put(tx, ASKED_SETTING, name).await
}

/// The name under which a proof was last asked for.
///
/// # Errors
/// The database failed.
pub async fn asked(db: &Db) -> Result<Option<String>, StoreError> {
    setting::get(db, ASKED_SETTING).await
}
