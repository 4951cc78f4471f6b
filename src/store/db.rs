//! The two databases: opening, transactions, waking other nodes, and all text that only one of them understands.

use super::dialect::Dialect;
use super::error::StoreError;
use super::flush::{BEGIN_ON_DISK, BEGIN_RELAXED, Flush, tick};
use super::migrate;
use futures_util::stream::{BoxStream, StreamExt};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a caller waits for a connection, or for SQLite's one writer.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long SQLite waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How many of those who are many may stand in line for SQLite's one writer before those who plan and send.
const CROWD_IN_LINE_MAX: usize = 8;
/// How long PostgreSQL may work on one statement, milliseconds.
const STATEMENT_TIMEOUT_MS: &str = "60000";
/// How long PostgreSQL keeps a transaction whose node fell silent, milliseconds.
const IDLE_TRANSACTION_TIMEOUT_MS: &str = "60000";
/// The channel of PostgreSQL on which nodes wake each other.
const WAKE_CHANNEL: &str = "beffroi";

/// An open, migrated database. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// The embedded database: many readers, one writer, and a connection that only the fence uses, so that readers can
    /// never hold up what stops a broadcast.
    Sqlite { read: SqlitePool, write: SqlitePool, fence: SqlitePool, writing: Writing },
    /// The shared database of any number of nodes. Reading has connections of its own, so that whoever reads inside a
    /// transaction never waits for a connection that other transactions hold until they can read, too.
    Postgres { read: PgPool, write: PgPool, fence: PgPool },
}

/// How the writers of SQLite, of whom one can be at work, take turns.
#[derive(Debug, Clone)]
pub struct Writing {
    /// Of the crowd [`CROWD_IN_LINE_MAX`] stand in line for the writer, so that the engine waits for those and not for
    /// all.
    crowd: Arc<Semaphore>,
    pub(super) flush: Flush,
}

impl Writing {
    /// Nobody of the crowd stands in line.
    fn is_quiet(&self) -> bool {
        self.crowd.available_permits() == CROWD_IN_LINE_MAX
    }
}

/// Whose turn it is to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// One of any number: what was posted, subscriptions, sessions.
    Crowd,
    /// What plans and sends: never more than a few, and nobody stands between them and the crowd.
    Engine,
}

/// What a power cut may take back of what was committed. The end of the program takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: the commit waits for the disk.
    OnDisk,
    /// All since the last commit that waited for the disk: for what would be done again if it were lost, and which a
    /// commit that waits follows before anybody outside relies on it.
    Relaxed,
}

/// How a transaction of SQLite is kept.
#[derive(Debug)]
pub enum Ending {
    /// It changed nothing.
    Nothing,
    /// It waits for no disk.
    Relaxed(Flush),
    /// Its own commit waits, and holds the writer meanwhile.
    Alone(Flush),
    /// It waits together with all others that have committed.
    Together(Flush),
}

/// A transaction. Dropping it rolls back; only [`Tx::commit`] keeps what was done.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>, Ending),
    Postgres(Transaction<'static, Postgres>),
}

/// A connection that only one reader uses.
#[derive(Debug)]
pub(super) enum Reader {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Compiles one query body for each driver, on a pool: `on_db!(db, |conn| sqlx::query(…).execute(conn).await)`.
macro_rules! on_db {
    ($db:expr, |$conn:ident| $body:expr) => {
        match $db {
            $crate::store::db::Db::Sqlite { read: $conn, .. } => $body,
            $crate::store::db::Db::Postgres { read: $conn, .. } => $body,
        }
    };
}
pub(super) use on_db;

/// [`on_db`], on the connection that is kept for the fence.
macro_rules! on_fence {
    ($db:expr, |$conn:ident| $body:expr) => {
        match $db {
            $crate::store::db::Db::Sqlite { fence: $conn, .. } => $body,
            $crate::store::db::Db::Postgres { fence: $conn, .. } => $body,
        }
    };
}
pub(super) use on_fence;

/// Compiles one query body for each driver, in a transaction. A body that runs several queries borrows again:
/// `execute(&mut *conn)`.
macro_rules! on_tx {
    ($tx:expr, |$conn:ident| $body:expr) => {
        match $tx {
            $crate::store::db::Tx::Sqlite(transaction, ..) => {
                let $conn = &mut **transaction;
                $body
            }
            $crate::store::db::Tx::Postgres(transaction) => {
                let $conn = &mut **transaction;
                $body
            }
        }
    };
}
pub(super) use on_tx;

/// What is done to a database when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// Made where it is missing, and brought to this version's tables.
    Ready,
    /// Nothing.
    AsItIs,
}

/// What nodes tell each other: an endless stream of [`Db::notify`]'s words.
pub type Wakes = BoxStream<'static, Result<String, StoreError>>;

impl Db {
    /// Opens `sqlite://PATH` (made when missing) or `postgres://…` with so many connections for reading (and on
    /// PostgreSQL as many again for writing), and brings its tables to this version.
    ///
    /// # Errors
    /// Another scheme, an in-memory SQLite, a database that cannot be reached, written or migrated.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        Self::open_with(url, connections, Opening::Ready).await
    }

    /// Opens a database as it is: nothing is made and nothing is migrated.
    ///
    /// # Errors
    /// There is none, or it cannot be reached.
    pub async fn open_as_it_is(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, 2, Opening::AsItIs).await
    }

    async fn open_with(url: &str, connections: u32, opening: Opening) -> Result<Self, StoreError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => Self::open_sqlite(url, connections, opening).await,
            "postgres" | "postgresql" => Self::open_postgres(url, connections, opening).await,
            _ => Err(StoreError::Url),
        }
    }

    async fn open_sqlite(url: &str, connections: u32, opening: Opening) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|_| StoreError::Url)?;
        // Every connection would see a memory database of its own.
        if options.get_filename().as_os_str().is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
            return Err(StoreError::Url);
        }
        if opening == Opening::Ready {
            make_folder(options.get_filename())?;
        }
        // How the file keeps its journal is written in it: opened as it is, it is left as it is.
        let options = match opening {
            Opening::Ready => options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal),
            Opening::AsItIs => options.create_if_missing(false),
        };
        let options = options.synchronous(SqliteSynchronous::Full).busy_timeout(BUSY_TIMEOUT).foreign_keys(true);
        // What is erased is overwritten: else it would stay in pages that are free, for whoever steals the file.
        let options = options.pragma("secure_delete", "ON");
        let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT);
        let write = pool().max_connections(1).connect_with(options.clone()).await?;
        if opening == Opening::Ready {
            migrate::sqlite().run(&write).await?;
        }
        let options = options.pragma("query_only", "ON");
        let fence = pool().max_connections(1).connect_with(options.clone()).await?;
        let read = pool().max_connections(connections).connect_with(options).await?;
        let writing = Writing { crowd: Arc::new(Semaphore::new(CROWD_IN_LINE_MAX)), flush: Flush::new(write.clone()) };
        Ok(Self::Sqlite { read, write, fence, writing })
    }

    async fn open_postgres(url: &str, connections: u32, opening: Opening) -> Result<Self, StoreError> {
        let options =
            PgConnectOptions::from_str(url).map_err(|_| StoreError::Url)?.application_name("beffroi").options([
                ("default_transaction_isolation", "read committed"),
                ("statement_timeout", STATEMENT_TIMEOUT_MS),
                ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_TIMEOUT_MS),
                // Queries here are short and many: compiling one takes seconds and saves nothing.
                ("jit", "off"),
            ]);
        let pool = || PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(connections);
        let write = pool().connect_with(options.clone()).await?;
        if opening == Opening::Ready {
            // On a connection of its own, which has all the time it needs: a step may rewrite everyone, and other nodes
            // wait for its end.
            let own = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(1);
            let own = own.connect_with(options.clone().options([("statement_timeout", "0")])).await?;
            let migrated = migrate::postgres().run(&own).await;
            own.close().await;
            migrated?;
        }
        let fence = pool().max_connections(1).connect_with(options.clone()).await?;
        let read = pool().connect_with(options).await?;
        Ok(Self::Postgres { read, write, fence })
    }

    /// Begins a transaction that writes, one of many: it is kept when its commit returns. On SQLite it is the only one
    /// from here on (`BEGIN IMMEDIATE`): another one waits for its end, so never begin a second one inside.
    ///
    /// # Errors
    /// No connection, or no turn to write, in time.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.begin_as(Turn::Crowd, Kept::OnDisk).await
    }

    /// The same, saying whose turn it is and how it is kept.
    ///
    /// # Errors
    /// No connection, or no turn to write, in time.
    pub async fn begin_as(&self, turn: Turn, kept: Kept) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { write, writing, .. } => {
                let _turn = match turn {
                    Turn::Crowd => {
                        let turn = tokio::time::timeout(ACQUIRE_TIMEOUT, writing.crowd.acquire()).await;
                        Some(turn.map_err(|_| sqlx::Error::PoolTimedOut)?.expect("never closed"))
                    }
                    Turn::Engine => None,
                };
                let flush = writing.flush.clone();
                let (begin, ending) = match kept {
                    Kept::Relaxed => (BEGIN_RELAXED, Ending::Relaxed(flush)),
                    // A second transaction to wait with would only cost.
                    Kept::OnDisk if turn == Turn::Engine && writing.is_quiet() => (BEGIN_ON_DISK, Ending::Alone(flush)),
                    Kept::OnDisk => (BEGIN_RELAXED, Ending::Together(flush)),
                };
                Ok(Tx::Sqlite(write.begin_with(begin).await?, ending))
            }
            Self::Postgres { write, .. } => {
                let mut transaction = write.begin().await?;
                match kept {
                    Kept::OnDisk => {}
                    Kept::Relaxed => {
                        sqlx::query("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
                    }
                }
                Ok(Tx::Postgres(transaction))
            }
        }
    }

    /// Returns when everything that anybody could see before is on the disk: before it is told to somebody outside who
    /// did not wait for its commit.
    ///
    /// # Errors
    /// The database or the disk failed.
    pub async fn flush(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writing, .. } => writing.flush.wait().await,
            // There the crowd is seen only after it waited.
            Self::Postgres { .. } => Ok(()),
        }
    }

    /// Begins a transaction that only reads, all of it at one moment.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { read, .. } => snapshot_sqlite(read).await,
            Self::Postgres { read, .. } => snapshot_postgres(read).await,
        }
    }

    /// A connection of its own, for who reads so long that others should not miss it.
    pub(super) async fn connect_apart(&self) -> Result<Reader, StoreError> {
        match self {
            Self::Sqlite { read, .. } => {
                let own = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
                Ok(Reader::Sqlite(own.connect_with(read.connect_options().as_ref().clone()).await?))
            }
            Self::Postgres { read, .. } => {
                let own = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
                Ok(Reader::Postgres(own.connect_with(read.connect_options().as_ref().clone()).await?))
            }
        }
    }

    /// Whether the database is a server of its own, which may end while this program goes on.
    pub const fn is_server(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// Wakes the other nodes with a word, if and when the transaction commits. A hint: it may be lost, so whoever
    /// waits for it also polls. On SQLite there is no other node and nothing happens.
    ///
    /// # Errors
    /// The database failed.
    pub async fn notify(tx: &mut Tx, what: &str) -> Result<(), StoreError> {
        match tx {
            Tx::Sqlite(..) => {}
            Tx::Postgres(transaction) => {
                sqlx::query("SELECT pg_notify($1, $2)")
                    .bind(WAKE_CHANNEL)
                    .bind(what)
                    .execute(&mut **transaction)
                    .await?;
            }
        }
        Ok(())
    }

    /// What other nodes (and this one) say by [`Db::notify`]; `None` on SQLite. It has one connection of its own and
    /// takes up a lost one again by itself, but what was said in between is lost.
    ///
    /// # Errors
    /// No connection could be had.
    pub async fn listen(&self) -> Result<Option<Wakes>, StoreError> {
        match self {
            Self::Sqlite { .. } => Ok(None),
            Self::Postgres { read, .. } => {
                let options = read.connect_options().as_ref().clone();
                let own = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(1);
                let mut listener = PgListener::connect_with(&own.connect_with(options).await?).await?;
                listener.listen(WAKE_CHANNEL).await?;
                let words = listener.into_stream().map(|heard| Ok(heard?.payload().to_owned()));
                Ok(Some(words.boxed()))
            }
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_db!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Ends all connections, after what runs on them.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, fence, .. } => {
                fence.close().await;
                read.close().await;
                write.close().await;
            }
            Self::Postgres { read, write, fence } => {
                fence.close().await;
                read.close().await;
                write.close().await;
            }
        }
    }
}

impl Reader {
    /// Begins a transaction that only reads, all of it at one moment.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite(pool) => snapshot_sqlite(pool).await,
            Self::Postgres(pool) => snapshot_postgres(pool).await,
        }
    }
}

async fn snapshot_sqlite(pool: &SqlitePool) -> Result<Tx, StoreError> {
    Ok(Tx::Sqlite(pool.begin().await?, Ending::Nothing))
}

async fn snapshot_postgres(pool: &PgPool) -> Result<Tx, StoreError> {
    Ok(Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?))
}

impl Tx {
    /// Keeps what was done.
    ///
    /// # Errors
    /// The database failed: nothing was kept, unless the connection broke while it answered, or the disk failed
    /// afterwards. Then others see what a power cut may still take back.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction, Ending::Nothing) => transaction.commit().await?,
            Self::Sqlite(transaction, Ending::Relaxed(flush)) => {
                flush.committing();
                transaction.commit().await?;
            }
            Self::Sqlite(mut transaction, Ending::Alone(flush)) => {
                tick(&mut transaction).await?;
                let so_far = flush.so_far();
                transaction.commit().await?;
                flush.reached(so_far);
            }
            Self::Sqlite(transaction, Ending::Together(flush)) => {
                flush.committing();
                transaction.commit().await?;
                flush.wait().await?;
            }
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Holds a name until the transaction ends; whoever else wants it waits. SQLite's writer is alone anyway.
    pub(super) async fn hold(&mut self, name: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(..) => {}
            Self::Postgres(transaction) => {
                let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
                sqlx::query(sql).bind(name).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    /// From here on the transaction waits at most so long, in milliseconds, for what another one holds: then the statement
    /// fails with an error that [`StoreError::is_held`]. SQLite's writer is alone anyway.
    ///
    /// # Errors
    /// The database failed.
    pub async fn wait_at_most(&mut self, wait_ms: u32) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(..) => {}
            Self::Postgres(transaction) => {
                let sql = "SELECT set_config('lock_timeout', $1, true)";
                sqlx::query(sql).bind(wait_ms.to_string()).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(..) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

fn make_folder(file: &Path) -> Result<(), StoreError> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })
        }
        Some(_) | None => Ok(()),
    }
}
