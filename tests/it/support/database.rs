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

/// The guards of a fresh SQLite file and of a fresh PostgreSQL database, both without tables, and their names.
pub async fn empty() -> [(&'static str, DatabaseGuard); 2] {
    let file = Kept::File(tempfile::tempdir().expect("a temporary folder"));
    let on_server = Kept::OnServer(FreshDatabase::create().await);
    [("sqlite", DatabaseGuard { kept: file }), ("postgres", DatabaseGuard { kept: on_server })]
}

/// A fresh SQLite file and a fresh PostgreSQL database, both migrated: the name, the database, and its guard.
pub async fn databases() -> Vec<(&'static str, Db, DatabaseGuard)> {
    let mut databases = Vec::new();
    for (name, guard) in empty().await {
        let db = Db::open(&guard.url(), CONNECTIONS).await.expect("a fresh database opens");
        databases.push((name, db, guard));
    }
    databases
}
