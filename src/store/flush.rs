//! One wait for the disk for all who have committed on SQLite: it syncs its log as a whole, so whoever waits first waits
//! for everyone, and the one writer is held for one wait instead of many.

use super::db::ACQUIRE_TIMEOUT;
use super::error::StoreError;
use sqlx::{SqliteConnection, SqlitePool};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Begins a transaction whose commit waits for the disk, and with it for all that were committed before.
pub(super) const BEGIN_ON_DISK: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";
/// Begins a transaction whose commit waits for no disk. The setting lasts beyond it, so each says its own.
pub(super) const BEGIN_RELAXED: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";

/// Who has committed, and how far it is on the disk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Flush {
    write: SqlitePool,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    committed: AtomicU64,
    /// How many of them are on the disk.
    on_disk: AtomicU64,
    /// Held by who waits for it.
    waiting: Mutex<()>,
}

/// Changes something, so that there is something to wait for: SQLite writes no page that stays as it was, and waits for no
/// disk when it has written none.
pub(super) async fn tick(transaction: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE counter SET value = value + 1 WHERE name = 'flush'").execute(transaction).await?;
    Ok(())
}

impl Flush {
    pub(super) fn new(write: SqlitePool) -> Self {
        Self { write, counts: Arc::default() }
    }

    /// A transaction is about to be committed without waiting for the disk. It is counted while it holds the writer:
    /// whoever sees what it did finds it counted.
    pub(super) fn committing(&self) {
        self.counts.committed.fetch_add(1, Ordering::SeqCst);
    }

    /// How many were committed, or began to be, until now. Whoever asks while it holds the writer knows that all of them
    /// have ended, so that its own wait for the disk is theirs.
    pub(super) fn so_far(&self) -> u64 {
        self.counts.committed.load(Ordering::SeqCst)
    }

    /// So many of them are on the disk.
    pub(super) fn reached(&self, so_far: u64) {
        self.counts.on_disk.fetch_max(so_far, Ordering::SeqCst);
    }

    /// Returns when everything that was committed before the call is on the disk.
    pub(super) async fn wait(&self) -> Result<(), StoreError> {
        let mine = self.so_far();
        let waiting = tokio::time::timeout(ACQUIRE_TIMEOUT, self.counts.waiting.lock()).await;
        let _waiting = waiting.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if self.counts.on_disk.load(Ordering::SeqCst) >= mine {
            return Ok(());
        }
        let mut transaction = self.write.begin_with(BEGIN_ON_DISK).await?;
        // All who have counted by now have ended before.
        let so_far = self.so_far();
        tick(&mut transaction).await?;
        transaction.commit().await?;
        self.reached(so_far);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::db::{Db, Kept, Turn, on_tx};
    use super::*;
    use futures_util::future::join_all;

    async fn change(db: &Db, turn: Turn, kept: Kept) {
        let mut tx = db.begin_as(turn, kept).await.expect("begins");
        let sql = "UPDATE counter SET value = value + 1 WHERE name = 'slot'";
        on_tx!(&mut tx, |conn| sqlx::query(sql).execute(conn).await.map(drop)).expect("changes");
        tx.commit().await.expect("commits");
    }

    /// How many were committed, and how many of them are on the disk.
    fn counts(db: &Db) -> (u64, u64) {
        let Db::Sqlite { writing, .. } = db else { panic!("another database") };
        let Counts { committed, on_disk, .. } = &*writing.flush.counts;
        (committed.load(Ordering::SeqCst), on_disk.load(Ordering::SeqCst))
    }

    async fn database() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::open(&url, 2).await.expect("opens");
        (folder, db)
    }

    #[tokio::test]
    async fn what_is_relaxed_is_on_the_disk_once_anybody_waits_for_it() {
        let (folder, db) = database().await;
        change(&db, Turn::Engine, Kept::Relaxed).await;
        assert_eq!(counts(&db), (1, 0));
        let log_bytes = || std::fs::metadata(folder.path().join("test.db-wal")).expect("a log").len();
        let before = log_bytes();
        db.flush().await.expect("flushes");
        assert_eq!(counts(&db), (1, 1));
        assert!(log_bytes() > before, "what writes nothing waits for no disk");
        change(&db, Turn::Crowd, Kept::Relaxed).await;
        change(&db, Turn::Engine, Kept::OnDisk).await;
        assert_eq!(counts(&db), (2, 2), "a sender alone waits with its own commit, for the one before, too");
        change(&db, Turn::Crowd, Kept::Relaxed).await;
        let before = log_bytes();
        let nothing = db.begin_as(Turn::Engine, Kept::OnDisk).await.expect("begins");
        nothing.commit().await.expect("commits");
        assert_eq!(counts(&db), (3, 3));
        assert!(log_bytes() > before, "one that changed nothing waits for what others changed");
    }

    #[tokio::test]
    async fn a_crowd_that_commits_at_once_is_on_the_disk_when_its_commits_return() {
        let (_folder, db) = database().await;
        let crowd = 100;
        join_all((0..crowd).map(|_| async {
            change(&db, Turn::Crowd, Kept::OnDisk).await;
            let (committed, on_disk) = counts(&db);
            assert!(on_disk > 0 && on_disk <= committed);
        }))
        .await;
        assert_eq!(counts(&db), (crowd, crowd));
    }

    #[tokio::test]
    async fn who_plans_does_not_stand_behind_the_whole_crowd() {
        let (_folder, db) = database().await;
        let first = db.begin().await.expect("begins");
        let order = std::sync::Mutex::new(Vec::new());
        let crowd = (0..50).map(|_| async {
            change(&db, Turn::Crowd, Kept::OnDisk).await;
            order.lock().expect("nothing panics").push(Turn::Crowd);
        });
        let planner = async {
            // The crowd stands in line by now: futures of one task begin in order.
            change(&db, Turn::Engine, Kept::Relaxed).await;
            order.lock().expect("nothing panics").push(Turn::Engine);
        };
        let release = async { drop(first) };
        tokio::join!(join_all(crowd), planner, release);
        let order = order.into_inner().expect("nothing panics");
        let before = order.iter().position(|turn| *turn == Turn::Engine).expect("it had its turn");
        assert!(before <= 10, "{before} of 50 were before it");
    }
}
