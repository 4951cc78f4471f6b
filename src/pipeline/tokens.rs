//! The tokens by which push services know us, kept in the database for all nodes. `push` asks for them here, since it
//! knows no database.

use crate::model::provider_token::ProviderToken;
use crate::push::provider::{Shelved, TokenShelf};
use crate::store::vault::Vault;
use crate::store::{self, Db, Kept, Turn};
use jiff::Timestamp;
use std::sync::Arc;

/// Where tokens are kept.
pub struct Tokens {
    db: Db,
    vault: Arc<Vault>,
}

impl Tokens {
    pub fn new(db: Db, vault: Arc<Vault>) -> Self {
        Self { db, vault }
    }
}

impl TokenShelf for Tokens {
    fn read<'a>(&'a self, name: &'a str) -> Shelved<'a, Option<ProviderToken>> {
        Box::pin(async move { Ok(store::provider_token::get(&self.db, &self.vault, name).await?) })
    }

    fn replace<'a>(
        &'a self,
        name: &'a str,
        old: Option<Timestamp>,
        new: &'a ProviderToken,
    ) -> Shelved<'a, ProviderToken> {
        Box::pin(async move {
            let mut tx = self.db.begin_as(Turn::Engine, Kept::OnDisk).await?;
            let stands = store::provider_token::replace(&mut tx, &self.vault, name, old, new).await?;
            tx.commit().await?;
            Ok(stands)
        })
    }
}
