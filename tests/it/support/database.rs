//! Databases for the store's own tests: a fresh one of each kind, gone afterwards.

use super::postgres::FreshDatabase;
use beffroi::store::Db;
use tempfile::TempDir;

/// Connections for reading that each of them gets.
const CONNECTIONS: u32 = 8;

/// Keeps a test's database; it goes with this.
pub struct DatabaseGuard {
    kept: Kept,
}

enum Kept {
    File(TempDir),
    OnServer(FreshDatabase),
}

impl DatabaseGuard {
    /// Opens the same database once more.
    pub fn url(&self) -> String {
        match &self.kept {
            Kept::File(folder) => format!("sqlite://{}/beffroi.db", folder.path().display()),
            Kept::OnServer(database) => database.url(),
        }
    }
}

/// A fresh SQLite file and a fresh PostgreSQL database, both migrated: the name, the database, and its guard.
pub async fn databases() -> Vec<(&'static str, Db, DatabaseGuard)> {
    let file = Kept::File(tempfile::tempdir().expect("a temporary folder"));
    let on_server = Kept::OnServer(FreshDatabase::create().await);
    let mut databases = Vec::new();
    for (name, kept) in [("sqlite", file), ("postgres", on_server)] {
        let guard = DatabaseGuard { kept };
        let db = Db::open(&guard.url(), CONNECTIONS).await.expect("a fresh database opens");
        databases.push((name, db, guard));
    }
    databases
}
