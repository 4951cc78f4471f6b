//! What can go wrong with the store.

use std::path::PathBuf;

/// The store's error. Its text may name tables and files: it goes to the log, never to a citizen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The database could not be brought to this version's tables.
    #[error("the database could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// `database.url` names no database that we speak to.
    #[error("the database address must begin with sqlite:// and name a file, or begin with postgres://")]
    Url,
    /// The folder of the database file could not be made.
    #[error("the folder {folder} for the database could not be made")]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Something stored cannot be read back: the database was changed by something else, or by a newer version.
    #[error("what is stored as {what} cannot be read")]
    Corrupt { what: &'static str },
    /// A sealed secret does not open.
    #[error(transparent)]
    Vault(#[from] super::vault::VaultError),
}

impl StoreError {
    /// Whether another transaction held something for longer than ours waits (`Tx::wait_at_most`).
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03"))
    }

    /// Whether trying again shortly may help: another writer was in the way, or the connection was lost.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                // PostgreSQL: serialization failure, deadlock, shutdown. SQLite: busy, and its extended codes.
                matches!(error.code().as_deref(), Some("40001" | "40P01" | "57P01" | "57P03" | "5" | "261" | "517"))
            }
            Self::Database(error) => {
                matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed)
            }
            Self::Migrate(_) | Self::Url | Self::Folder { .. } | Self::Corrupt { .. } | Self::Vault(_) => false,
        }
    }
}
