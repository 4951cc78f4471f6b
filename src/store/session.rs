//! Console sessions. The database knows a session's id only by its SHA-256, so that reading it gives nobody a session;
//! they end by real time, whatever alert time does.

use super::db::{Db, on_db, on_tx};
use super::error::StoreError;
use super::row::row;
use crate::clock::{Clock, random_bytes};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::error::Error as _;
use std::pin::Pin;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::Error;

const NANOSECONDS_PER_MS: i128 = 1_000_000;

/// The console's sessions in the database.
#[derive(Debug, Clone)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

row! {
    SessionRow { data: String, expires_ms: i64 }
}

impl Sessions {
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Deletes sessions that have ended and returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_expired(&self) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let rows = on_tx!(&mut tx, |conn| sqlx::query("DELETE FROM session WHERE expires_ms <= $1")
            .bind(self.clock.real().as_millisecond())
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Stores under an id that is nobody's yet. `false` when it is taken.
    async fn insert(&self, record: &Record) -> Result<bool, Error> {
        let mut tx = self.db.begin().await.map_err(backend)?;
        let rows = on_tx!(&mut tx, |conn| sqlx::query(
            "INSERT INTO session (id_hash, data, expires_ms) VALUES ($1, $2, $3) ON CONFLICT (id_hash) DO NOTHING",
        )
        .bind(id_hash(&record.id))
        .bind(data_text(record)?)
        .bind(expires_ms(record))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))
        .map_err(|error| backend(error.into()))?;
        tx.commit().await.map_err(backend)?;
        Ok(rows == 1)
    }

    /// A session that was deleted meanwhile stays deleted: whoever signed out is out.
    async fn update(&self, record: &Record) -> Result<(), Error> {
        let mut tx = self.db.begin().await.map_err(backend)?;
        on_tx!(&mut tx, |conn| sqlx::query("UPDATE session SET data = $2, expires_ms = $3 WHERE id_hash = $1")
            .bind(id_hash(&record.id))
            .bind(data_text(record)?)
            .bind(expires_ms(record))
            .execute(conn)
            .await
            .map(drop))
        .map_err(|error| backend(error.into()))?;
        tx.commit().await.map_err(backend)
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Error> {
        let row = on_db!(&self.db, |pool| sqlx::query_as::<_, SessionRow>(
            "SELECT data, expires_ms FROM session WHERE id_hash = $1 AND expires_ms > $2",
        )
        .bind(id_hash(id))
        .bind(self.clock.real().as_millisecond())
        .fetch_optional(pool)
        .await)
        .map_err(|error| backend(error.into()))?;
        let Some(row) = row else { return Ok(None) };
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_str(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(row.expires_ms) * NANOSECONDS_PER_MS)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn forget(&self, id: &Id) -> Result<(), Error> {
        let mut tx = self.db.begin().await.map_err(backend)?;
        on_tx!(&mut tx, |conn| sqlx::query("DELETE FROM session WHERE id_hash = $1")
            .bind(id_hash(id))
            .execute(conn)
            .await
            .map(drop))
        .map_err(|error| backend(error.into()))?;
        tx.commit().await.map_err(backend)
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Written out as `async_trait` would.
impl SessionStore for Sessions {
    fn create<'a, 'b, 'c>(&'a self, record: &'b mut Record) -> Answer<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            loop {
                record.id = Id(i128::from_le_bytes(random_bytes()));
                // 128 random bits are taken once in an age: the loop ends.
                if self.insert(record).await? {
                    return Ok(());
                }
            }
        })
    }

    fn save<'a, 'b, 'c>(&'a self, record: &'b Record) -> Answer<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.update(record))
    }

    fn load<'a, 'b, 'c>(&'a self, id: &'b Id) -> Answer<'c, Option<Record>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.find(id))
    }

    fn delete<'a, 'b, 'c>(&'a self, id: &'b Id) -> Answer<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.forget(id))
    }
}

fn id_hash(id: &Id) -> Vec<u8> {
    digest(&SHA256, &id.0.to_le_bytes()).as_ref().to_vec()
}

fn data_text(record: &Record) -> Result<String, Error> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn expires_ms(record: &Record) -> i64 {
    let ms = record.expiry_date.unix_timestamp_nanos() / NANOSECONDS_PER_MS;
    i64::try_from(ms).expect("years to 9999 fit in 64 bits of milliseconds")
}

/// The sessions' error holds only text: the causes go into it.
fn backend(error: StoreError) -> Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    Error::Backend(text)
}
