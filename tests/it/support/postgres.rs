//! A database of its own on a PostgreSQL server that the tests are given.

use beffroi::clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

/// Names the server: `postgres://USER@HOST:PORT/DATABASE`, allowed to create databases.
pub const SERVER: &str = "BEFFROI_TEST_POSTGRES_URL";

/// A new, empty database, dropped with this.
pub struct FreshDatabase {
    server: Url,
    name: String,
}

impl FreshDatabase {
    pub async fn create() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} names no PostgreSQL server: `make test` starts one, or scripts/with-postgres does")
        });
        let server = Url::parse(&server).unwrap_or_else(|error| panic!("{SERVER}: {error}"));
        let random: String = clock::random_bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("beffroi_test_{random}");
        ask(&server, format!("CREATE DATABASE {name}")).await.expect("the server lets us create a database");
        Self { server, name }
    }

    pub fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
    }
}

async fn ask(server: &Url, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server.as_str()).await?;
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let (server, sql) = (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // A test may end outside a runtime, or inside one that must not be blocked: a thread of its own does it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(ask(&server, sql)).map_err(std::io::Error::other)
        });
        match dropping.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("database {} is left behind: {error}", self.name),
            Err(_) => eprintln!("database {} is left behind", self.name),
        }
    }
}
