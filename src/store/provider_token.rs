//! The tokens by which push services know us, shared by all nodes and sealed: whoever has one can send in our name.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{known, ms, row, time};
use super::vault::Vault;
use crate::model::provider_token::ProviderToken;
use jiff::{SignedDuration, Timestamp};

/// How long a token that has run out is kept: who changes a setting for a while finds nothing of use anyway.
const EXPIRED_KEPT: SignedDuration = SignedDuration::from_hours(24);

row! {
    TokenRow { sealed: Vec<u8>, minted_ms: i64, expires_ms: i64 }
}

impl TokenRow {
    fn read(self, vault: &Vault, name: &str) -> Result<ProviderToken, StoreError> {
        let value = vault.unseal(&owner(name), &self.sealed)?;
        Ok(ProviderToken {
            value: known(String::from_utf8(value).ok(), "provider_token.sealed")?,
            minted: time(self.minted_ms, "provider_token.minted_ms")?,
            expires: time(self.expires_ms, "provider_token.expires_ms")?,
        })
    }
}

const GET: &str = "SELECT sealed, minted_ms, expires_ms FROM provider_token WHERE name = $1";

/// The token of a name.
///
/// # Errors
/// The database failed, or the token was sealed under another vault.
pub async fn get(db: &Db, vault: &Vault, name: &str) -> Result<Option<ProviderToken>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, TokenRow>(GET).bind(name).fetch_optional(pool).await)?;
    row.map(|row| row.read(vault, name)).transpose()
}

/// Puts a token in place of the one that was minted at `old`, or where there was none, and gives the one that stands
/// there then: of all nodes that try, one puts its own and the others get that.
///
/// # Errors
/// The database failed, or the token that stands was sealed under another vault.
pub async fn replace(
    tx: &mut Tx,
    vault: &Vault,
    name: &str,
    old: Option<Timestamp>,
    new: &ProviderToken,
) -> Result<ProviderToken, StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO provider_token (name, sealed, minted_ms, expires_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, minted_ms = excluded.minted_ms, \
         expires_ms = excluded.expires_ms WHERE provider_token.minted_ms = $5",
    )
    .bind(name)
    .bind(vault.seal(&owner(name), new.value.as_bytes()))
    .bind(ms(new.minted))
    .bind(ms(new.expires))
    .bind(old.map(ms))
    .execute(conn)
    .await
    .map(drop))?;
    // Tokens of settings that are no more.
    let long_ago = new.minted.saturating_sub(EXPIRED_KEPT).unwrap_or(Timestamp::MIN);
    on_tx!(tx, |conn| sqlx::query("DELETE FROM provider_token WHERE expires_ms < $1 AND name <> $2")
        .bind(ms(long_ago))
        .bind(name)
        .execute(conn)
        .await
        .map(drop))?;
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, TokenRow>(GET).bind(name).fetch_optional(conn).await)?;
    known(row, "provider_token")?.read(vault, name)
}

/// What a sealed token belongs to: one that is moved to another row does not open.
fn owner(name: &str) -> String {
    format!("provider token {name}")
}
