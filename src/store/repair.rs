//! What was found in what each key posted, counted by day. What is older than [`REPAIR_DAYS_MAX`] goes with the
//! key's first post of a day.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{known, ms, narrow, row, time};
use crate::model::id::ApiKeyId;
use crate::model::repair::{Looked, REPAIR_DAYS_MAX, Repair, Repairs};
use jiff::Timestamp;
use std::collections::BTreeSet;

const DAY_MS: i64 = 86_400_000;

row! {
    FindingRow { documents: i64, last_ms: i64, identifier: Option<String>, finding: String }
}

row! {
    PostRow { taken: i64, refused: i64 }
}

impl FindingRow {
    fn read(self) -> Result<Repair, StoreError> {
        Ok(Repair {
            documents: narrow(self.documents, "finding_day.documents")?,
            last: time(self.last_ms, "finding_day.last_ms")?,
            identifier: self.identifier,
            finding: known(serde_json::from_str(&self.finding).ok(), "finding_day.finding")?,
        })
    }
}

/// Counts one document of a key. Each rule counts once a document, with its first place as the example.
///
/// # Errors
/// The database failed.
pub async fn record(tx: &mut Tx, credential: &ApiKeyId, looked: &Looked<'_>) -> Result<(), StoreError> {
    let day = day_of(looked.at);
    let posts = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>(
        "INSERT INTO post_day (credential, day, taken, refused) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (credential, day) \
         DO UPDATE SET taken = post_day.taken + excluded.taken, refused = post_day.refused + excluded.refused \
         RETURNING taken + refused",
    )
    .bind(credential.as_str())
    .bind(day)
    .bind(i64::from(looked.taken))
    .bind(i64::from(!looked.taken))
    .fetch_one(conn)
    .await)?;
    let mut seen = BTreeSet::new();
    for finding in looked.findings.iter().filter(|finding| seen.insert(&finding.code)) {
        on_tx!(tx, |conn| sqlx::query(
            "INSERT INTO finding_day (credential, day, code, documents, last_ms, identifier, finding) \
             VALUES ($1, $2, $3, 1, $4, $5, $6) ON CONFLICT (credential, day, code) \
             DO UPDATE SET documents = finding_day.documents + 1, last_ms = excluded.last_ms, \
             identifier = excluded.identifier, finding = excluded.finding",
        )
        .bind(credential.as_str())
        .bind(day)
        .bind(&finding.code)
        .bind(ms(looked.at))
        .bind(looked.identifier)
        .bind(serde_json::to_string(finding).expect("a finding is plain data"))
        .execute(conn)
        .await
        .map(drop))?;
    }
    // Once a day is often enough.
    if posts == 1 { forget(tx, credential, day - i64::from(REPAIR_DAYS_MAX)).await } else { Ok(()) }
}

async fn forget(tx: &mut Tx, credential: &ApiKeyId, before: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM finding_day WHERE credential = $1 AND day < $2",
        "DELETE FROM post_day WHERE credential = $1 AND day < $2",
    ] {
        on_tx!(tx, |conn| sqlx::query(sql).bind(credential.as_str()).bind(before).execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// Everything found in what a key posted on the day of `since` and after.
///
/// # Errors
/// The database failed.
pub async fn since(db: &Db, credential: &ApiKeyId, since: Timestamp) -> Result<Repairs, StoreError> {
    let day = day_of(since);
    let posts = on_db!(db, |pool| sqlx::query_as::<_, PostRow>(
        "SELECT taken, refused FROM post_day WHERE credential = $1 AND day >= $2",
    )
    .bind(credential.as_str())
    .bind(day)
    .fetch_all(pool)
    .await)?;
    let rows = on_db!(db, |pool| sqlx::query_as::<_, FindingRow>(
        "SELECT documents, last_ms, identifier, finding FROM finding_day WHERE credential = $1 AND day >= $2",
    )
    .bind(credential.as_str())
    .bind(day)
    .fetch_all(pool)
    .await)?;
    let mut repairs = Repairs::default();
    for post in posts {
        repairs.taken += narrow::<u64>(post.taken, "post_day.taken")?;
        repairs.refused += narrow::<u64>(post.refused, "post_day.refused")?;
    }
    for row in rows {
        repairs.add(row.read()?);
    }
    repairs.sort();
    Ok(repairs)
}

fn day_of(at: Timestamp) -> i64 {
    ms(at).div_euclid(DAY_MS)
}
