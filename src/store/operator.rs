//! People who work in the console. Passwords come and go as Argon2id texts (PHC form); nothing here can check one.

use super::counter::{Counter, take};
use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{known, ms, row, time, time_if};
use crate::model::id::OperatorId;
use crate::model::operator::{Operator, Role};
use jiff::Timestamp;

row! {
    OperatorRow {
        id: String, login: String, name: String, role: String, password_hash: String, created_ms: i64,
        disabled_ms: Option<i64>,
    }
}

impl OperatorRow {
    fn read(self) -> Result<Operator, StoreError> {
        Ok(Operator {
            id: self.id.into(),
            login: self.login,
            name: self.name,
            role: known(Role::from_text(&self.role), "operator.role")?,
            created: time(self.created_ms, "operator.created_ms")?,
        })
    }
}

/// Stores an operator. `false` when the login is taken.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut Tx, operator: &Operator, password_hash: &str) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO operator (id, login, name, role, password_hash, created_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (login) DO NOTHING",
    )
    .bind(operator.id.as_str())
    .bind(&operator.login)
    .bind(&operator.name)
    .bind(operator.role.as_str())
    .bind(password_hash)
    .bind(ms(operator.created))
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Stores the first administrator. `false` when there is or was one: of several who try at once one succeeds, and a
/// setup link never works again.
///
/// # Errors
/// The database failed.
pub async fn insert_first_administrator(
    tx: &mut Tx,
    operator: &Operator,
    password_hash: &str,
) -> Result<bool, StoreError> {
    take(tx, Counter::Administrator, 1).await?;
    let administrators =
        on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM operator WHERE role = 'administrator'")
            .fetch_one(conn)
            .await)?;
    if administrators > 0 {
        return Ok(false);
    }
    insert(tx, operator, password_hash).await
}

/// Whether there is or was an administrator.
///
/// # Errors
/// The database failed.
pub async fn administrator_exists(db: &Db) -> Result<bool, StoreError> {
    let administrators =
        on_db!(db, |pool| sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM operator WHERE role = 'administrator'")
            .fetch_one(pool)
            .await)?;
    Ok(administrators > 0)
}

/// Who signs in with this login, and their password's hash; disabled ones are not found.
///
/// # Errors
/// The database failed.
pub async fn by_login(db: &Db, login: &str) -> Result<Option<(Operator, String)>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, OperatorRow>(
        "SELECT * FROM operator WHERE login = $1 AND disabled_ms IS NULL",
    )
    .bind(login)
    .fetch_optional(pool)
    .await)?;
    row.map(|mut row| {
        let hash = std::mem::take(&mut row.password_hash);
        Ok((row.read()?, hash))
    })
    .transpose()
}

/// An operator who may work: disabled ones are not found, so their sessions end at once.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &OperatorId) -> Result<Option<Operator>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, OperatorRow>(
        "SELECT * FROM operator WHERE id = $1 AND disabled_ms IS NULL",
    )
    .bind(id.as_str())
    .fetch_optional(pool)
    .await)?;
    row.map(OperatorRow::read).transpose()
}

/// Everyone, oldest first, and since when they are disabled.
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db) -> Result<Vec<(Operator, Option<Timestamp>)>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, OperatorRow>("SELECT * FROM operator ORDER BY created_ms, id")
        .fetch_all(pool)
        .await)?;
    rows.into_iter()
        .map(|row| {
            let disabled = time_if(row.disabled_ms, "operator.disabled_ms")?;
            Ok((row.read()?, disabled))
        })
        .collect()
}

/// Gives an operator another password. `false` when there is none of this id.
///
/// # Errors
/// The database failed.
pub async fn set_password(tx: &mut Tx, id: &OperatorId, password_hash: &str) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query("UPDATE operator SET password_hash = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(password_hash)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Disables an operator. `false` when there is none of this id, or they were disabled before.
///
/// # Errors
/// The database failed.
pub async fn disable(tx: &mut Tx, id: &OperatorId, at: Timestamp) -> Result<bool, StoreError> {
    let rows =
        on_tx!(tx, |conn| sqlx::query("UPDATE operator SET disabled_ms = $2 WHERE id = $1 AND disabled_ms IS NULL",)
            .bind(id.as_str())
            .bind(ms(at))
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
