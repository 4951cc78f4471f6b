//! Citizens: what they chose, and their endpoint, which only the vault can read.
//!
//! Every change goes into the change log in the same transaction. A slot is a person's bit in every bitmap and is
//! never given again. Deliberately absent: names, addresses, exact positions, and any search by place; who is where
//! is the audience's business.

mod bulk;
mod following;
mod listen;
mod page;
mod text;

pub use bulk::create_many;
pub use following::{Following, following};
pub use listen::{CHANGED, Moment, changes_since, everyone};

use super::counter::{new_slot, record_changes};
use super::db::{Db, Tx, on_db, on_tx};
use super::dialect::listed;
use super::error::StoreError;
use super::row::{known, ms, narrow, row, time};
use super::vault::Vault;
use crate::model::id::{Slot, SubscriberId};
use crate::model::subscriber::{Channel, ChannelKind, Preferences, QuietHours, Recipient, Subscriber};
use data_encoding::HEXUPPER;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;
use subtle::ConstantTimeEq;

/// A subscription to be stored.
#[derive(Debug, Clone)]
pub struct NewSubscriber {
    pub id: SubscriberId,
    /// SHA-256 of the bearer secret.
    pub secret_hash: [u8; 32],
    pub channel: Channel,
    /// The push service, as [`crate::model::subscriber::Listener::origin`] has it.
    pub origin: String,
    pub preferences: Preferences,
    pub created: Timestamp,
}

/// What became of a new subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    Created {
        slot: Slot,
    },
    /// The same device again: its subscription has the new choices and the new secret under its old id.
    Replaced {
        id: SubscriberId,
        slot: Slot,
    },
    /// The endpoint is subscribed, and whoever asks does not know its `auth`. Nothing happened.
    EndpointTaken,
}

/// What became of a changed subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    Replaced,
    NotFound,
    /// The endpoint is another subscription's. Roll back.
    EndpointTaken,
}

row! {
    KnownRow { id: String, slot: i64, auth_hash: Vec<u8> }
}

/// Stores a subscription. The same endpoint with the same `auth` replaces choices and secret and keeps id and slot.
///
/// # Errors
/// The database failed.
pub async fn create(tx: &mut Tx, vault: &Vault, new: &NewSubscriber) -> Result<Creation, StoreError> {
    let (name, proof) = text::name_and_proof(&new.channel);
    let (endpoint_hash, auth_hash) = (vault.lookup("endpoint", name.as_bytes()), vault.lookup("auth", proof));
    if let Some(known) = by_endpoint(tx, &endpoint_hash).await? {
        return replace_known(tx, vault, new, known, &auth_hash).await;
    }
    let slot = new_slot(tx).await?;
    let quiet = new.preferences.quiet_hours.as_ref();
    let rows = on_tx!(tx, |conn| {
        sqlx::query(
        "INSERT INTO subscriber (slot, id, secret_hash, endpoint_hash, auth_hash, sealed, origin, families, languages, \
         quiet_from, quiet_to, time_zone, drills, discreet, consent, created_ms, channel_ms, places, channel) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, $18) \
         ON CONFLICT (endpoint_hash) DO NOTHING",
    )
    .bind(i64::from(slot))
    .bind(new.id.as_str())
    .bind(&new.secret_hash[..])
    .bind(&endpoint_hash[..])
    .bind(&auth_hash[..])
    .bind(vault.seal(new.id.as_str(), &text::channel_to_bytes(&new.channel)))
    .bind(&new.origin)
    .bind(text::families_to_text(&new.preferences.families))
    .bind(text::languages_to_text(&new.preferences.languages))
    .bind(quiet.map(|quiet| quiet.from.to_string()))
    .bind(quiet.map(|quiet| quiet.to.to_string()))
    .bind(quiet.map(|quiet| quiet.time_zone.as_str()))
    .bind(i64::from(new.preferences.drills))
    .bind(i64::from(new.preferences.discreet))
    .bind(&new.preferences.consent)
    .bind(ms(new.created))
    .bind(text::places_to_text(&new.preferences.places))
    .bind(new.channel.kind().as_str())
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
    })?;
    if rows == 0 {
        // Someone else was faster by a moment; they have committed, or the insertion would still wait.
        let known = by_endpoint(tx, &endpoint_hash).await?;
        let known = known.ok_or(StoreError::Corrupt { what: "subscriber.endpoint_hash" })?;
        return replace_known(tx, vault, new, known, &auth_hash).await;
    }
    record_changes(tx, &RoaringBitmap::from([slot])).await?;
    Ok(Creation::Created { slot })
}

async fn by_endpoint(tx: &mut Tx, endpoint_hash: &[u8]) -> Result<Option<KnownRow>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "SELECT id, slot, auth_hash FROM subscriber WHERE endpoint_hash = $1 {}",
        tx.dialect().locked()
    ));
    Ok(on_tx!(tx, |conn| sqlx::query_as::<_, KnownRow>(sql).bind(endpoint_hash).fetch_optional(conn).await)?)
}

async fn replace_known(
    tx: &mut Tx,
    vault: &Vault,
    new: &NewSubscriber,
    known: KnownRow,
    auth_hash: &[u8],
) -> Result<Creation, StoreError> {
    if !bool::from(known.auth_hash.ct_eq(auth_hash)) {
        return Ok(Creation::EndpointTaken);
    }
    let slot = narrow(known.slot, "subscriber.slot")?;
    let id = SubscriberId(known.id);
    on_tx!(tx, |conn| sqlx::query("UPDATE subscriber SET secret_hash = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(&new.secret_hash[..])
        .execute(conn)
        .await
        .map(drop))?;
    match replace(tx, vault, &id, &new.channel, &new.origin, &new.preferences, new.created).await? {
        Replacement::Replaced => Ok(Creation::Replaced { id, slot }),
        Replacement::NotFound | Replacement::EndpointTaken => {
            Err(StoreError::Corrupt { what: "subscriber.endpoint_hash" })
        }
    }
}

/// Puts a channel and choices in place of a subscription's. It is live again if its endpoint had gone. `at` is alert
/// time.
///
/// # Errors
/// The database failed.
pub async fn replace(
    tx: &mut Tx,
    vault: &Vault,
    id: &SubscriberId,
    channel: &Channel,
    origin: &str,
    preferences: &Preferences,
    at: Timestamp,
) -> Result<Replacement, StoreError> {
    let (name, proof) = text::name_and_proof(channel);
    let quiet = preferences.quiet_hours.as_ref();
    let slot = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>(
        "UPDATE subscriber SET endpoint_hash = $2, auth_hash = $3, sealed = $4, origin = $5, families = $6, \
         languages = $7, quiet_from = $8, quiet_to = $9, time_zone = $10, drills = $11, discreet = $12, \
         consent = $13, channel_ms = $14, places = $15, channel = $16, gone_ms = NULL WHERE id = $1 RETURNING slot",
    )
    .bind(id.as_str())
    .bind(&vault.lookup("endpoint", name.as_bytes())[..])
    .bind(&vault.lookup("auth", proof)[..])
    .bind(vault.seal(id.as_str(), &text::channel_to_bytes(channel)))
    .bind(origin)
    .bind(text::families_to_text(&preferences.families))
    .bind(text::languages_to_text(&preferences.languages))
    .bind(quiet.map(|quiet| quiet.from.to_string()))
    .bind(quiet.map(|quiet| quiet.to.to_string()))
    .bind(quiet.map(|quiet| quiet.time_zone.as_str()))
    .bind(i64::from(preferences.drills))
    .bind(i64::from(preferences.discreet))
    .bind(&preferences.consent)
    .bind(ms(at))
    .bind(text::places_to_text(&preferences.places))
    .bind(channel.kind().as_str())
    .fetch_optional(conn)
    .await);
    let slot = match slot {
        Ok(Some(slot)) => narrow(slot, "subscriber.slot")?,
        Ok(None) => return Ok(Replacement::NotFound),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Replacement::EndpointTaken),
        Err(error) => return Err(error.into()),
    };
    record_changes(tx, &RoaringBitmap::from([slot])).await?;
    Ok(Replacement::Replaced)
}

row! {
    SubscriberRow {
        id: String, slot: i64, secret_hash: Vec<u8>, families: String, languages: String, quiet_from: Option<String>,
        quiet_to: Option<String>, time_zone: Option<String>, drills: i64, discreet: i64, consent: String,
        created_ms: i64, places: String, channel: String,
    }
}

/// A subscription and the SHA-256 of its secret, gone endpoints included: their owner may bring a new one.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &SubscriberId) -> Result<Option<(Subscriber, [u8; 32])>, StoreError> {
    let mut tx = db.snapshot().await?;
    let row = on_tx!(&mut tx, |conn| sqlx::query_as::<_, SubscriberRow>(
        "SELECT id, slot, secret_hash, families, languages, quiet_from, quiet_to, time_zone, drills, discreet, \
         consent, created_ms, places, channel FROM subscriber WHERE id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(conn)
    .await)?;
    let Some(row) = row else { return Ok(None) };
    let secret_hash = known(row.secret_hash.try_into().ok(), "subscriber.secret_hash")?;
    let quiet_hours: Option<QuietHours> = text::quiet_hours(row.quiet_from, row.quiet_to, row.time_zone)?;
    let preferences = Preferences {
        places: text::places_from_text(&row.places)?,
        families: text::families_from_text(&row.families)?,
        languages: text::languages_from_text(&row.languages)?,
        quiet_hours,
        drills: row.drills != 0,
        discreet: row.discreet != 0,
        consent: row.consent,
    };
    let slot = narrow(row.slot, "subscriber.slot")?;
    let created = time(row.created_ms, "subscriber.created_ms")?;
    let channel = known(ChannelKind::from_name(&row.channel), "subscriber.channel")?;
    Ok(Some((Subscriber { id: row.id.into(), slot, channel, preferences, created }, secret_hash)))
}

/// Forgets a citizen. `false` when there is none of this id.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &mut Tx, id: &SubscriberId) -> Result<bool, StoreError> {
    let slot = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>("DELETE FROM subscriber WHERE id = $1 RETURNING slot")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await)?;
    let Some(slot) = slot else { return Ok(false) };
    record_changes(tx, &RoaringBitmap::from([narrow::<Slot>(slot, "subscriber.slot")?])).await?;
    Ok(true)
}

/// Retires those whose endpoint is gone, by the push service's own word, and returns how many that were. `at` is when
/// their endpoints were read for sending (alert time): who has brought a new one since stays.
///
/// # Errors
/// The database failed.
pub async fn retire(tx: &mut Tx, slots: &RoaringBitmap, at: Timestamp) -> Result<u64, StoreError> {
    let sql = AssertSqlSafe(format!(
        "UPDATE subscriber SET gone_ms = $2 WHERE gone_ms IS NULL AND channel_ms <= $2 AND slot IN \
         (SELECT slot FROM subscriber WHERE slot IN {} ORDER BY slot {}) RETURNING slot",
        tx.dialect().integers(),
        tx.dialect().locked()
    ));
    let gone = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>(sql)
        .bind(slots_to_text(slots))
        .bind(ms(at))
        .fetch_all(conn)
        .await)?;
    let gone: RoaringBitmap =
        gone.into_iter().map(|slot| narrow::<Slot>(slot, "subscriber.slot")).collect::<Result<_, _>>()?;
    record_changes(tx, &gone).await?;
    Ok(gone.len())
}

row! {
    RecipientRow { id: String, slot: i64, sealed: Vec<u8>, channel_ms: i64, languages: String, discreet: i64 }
}

impl RecipientRow {
    fn read(self, vault: &Vault) -> Result<Recipient, StoreError> {
        Ok(Recipient {
            slot: narrow(self.slot, "subscriber.slot")?,
            channel: text::channel_from_bytes(&vault.unseal(&self.id, &self.sealed)?)?,
            told: time(self.channel_ms, "subscriber.channel_ms")?,
            languages: text::languages_from_text(&self.languages)?,
            discreet: self.discreet != 0,
        })
    }
}

/// What sending needs of these people, by slot. Who is missing has withdrawn, or their endpoint is gone.
///
/// # Errors
/// The database failed, or the vault's key is not the one that sealed them.
pub async fn recipients(db: &Db, vault: &Vault, slots: &RoaringBitmap) -> Result<Vec<Recipient>, StoreError> {
    recipient_rows(db, slots).await?.into_iter().map(|row| row.read(vault)).collect()
}

/// The same, with those set apart whose row does not open while others do: one row that was damaged keeps nobody else
/// from being warned.
///
/// # Errors
/// The database failed, or no row opens: then it is the vault's key that is wrong.
pub async fn readable_recipients(
    db: &Db,
    vault: &Vault,
    slots: &RoaringBitmap,
) -> Result<(Vec<Recipient>, RoaringBitmap), StoreError> {
    let (mut people, mut unreadable) = (Vec::new(), RoaringBitmap::new());
    let mut why = None;
    for row in recipient_rows(db, slots).await? {
        let slot = narrow(row.slot, "subscriber.slot")?;
        match row.read(vault) {
            Ok(person) => people.push(person),
            Err(error) => {
                unreadable.insert(slot);
                why = Some(error);
            }
        }
    }
    match why {
        Some(error) if people.is_empty() => Err(error),
        Some(_) | None => Ok((people, unreadable)),
    }
}

async fn recipient_rows(db: &Db, slots: &RoaringBitmap) -> Result<Vec<RecipientRow>, StoreError> {
    let sql = format!(
        "SELECT id, slot, sealed, channel_ms, languages, discreet FROM subscriber WHERE slot IN {} AND gone_ms IS NULL \
         ORDER BY slot",
        db.dialect().integers()
    );
    match db {
        Db::Sqlite { read, .. } => {
            // As one row: each comes from another thread, and to be woken for each costs more than all else here.
            let sql = listed("id, slot, hex(sealed), channel_ms, languages, discreet", &sql);
            let rows: String =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(slots_to_text(slots)).fetch_one(read).await?;
            let corrupt = StoreError::Corrupt { what: "subscriber" };
            let rows: Vec<ListedRecipient> = serde_json::from_str(&rows).map_err(|_| corrupt)?;
            rows.into_iter().map(RecipientRow::try_from).collect()
        }
        Db::Postgres { read, .. } => {
            Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(slots_to_text(slots)).fetch_all(read).await?)
        }
    }
}

/// A [`RecipientRow`] in a JSON list, in its order; what is sealed is written in hexadecimal digits.
type ListedRecipient = (String, i64, String, i64, String, i64);

impl TryFrom<ListedRecipient> for RecipientRow {
    type Error = StoreError;

    fn try_from(listed: ListedRecipient) -> Result<Self, StoreError> {
        let (id, slot, sealed, channel_ms, languages, discreet) = listed;
        let corrupt = |_| StoreError::Corrupt { what: "subscriber.sealed" };
        let sealed = HEXUPPER.decode(sealed.as_bytes()).map_err(corrupt)?;
        Ok(Self { id, slot, sealed, channel_ms, languages, discreet })
    }
}

/// How many people have a live subscription.
///
/// # Errors
/// The database failed.
pub async fn count(db: &Db) -> Result<u64, StoreError> {
    let people =
        on_db!(db, |pool| sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM subscriber WHERE gone_ms IS NULL")
            .fetch_one(pool)
            .await)?;
    narrow(people, "subscriber")
}

/// A JSON list, for [`super::db::Dialect::integers`].
fn slots_to_text(slots: &RoaringBitmap) -> String {
    let mut text = String::from("[");
    for slot in slots {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&slot.to_string());
    }
    text.push(']');
    text
}
