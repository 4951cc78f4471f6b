//! The only floor that speaks SQL: two databases, one body of queries.
//!
//! Reads take `&Db`, writes take `&mut Tx`, and nothing here commits: the caller does, so that what belongs together
//! lands together. A `Tx` that is dropped rolls back. Every state change is one conditional `UPDATE`, so any number of
//! nodes may try the same one and exactly one succeeds. Ids are text, times integer milliseconds UTC, sets of people
//! Roaring bitmaps. Text that only one database understands stands in [`dialect`] and [`db`] alone.
//!
//! Deliberately absent: any decision about alerts (that is `pipeline`), and any knowledge of push services.

pub mod account;
pub mod alert;
pub mod area;
pub mod audit;
pub mod batch;
pub mod broadcast;
pub mod chain;
pub mod copies;
mod counter;
pub mod credential;
pub mod db;
mod dialect;
mod error;
pub mod event_code;
mod flush;
pub mod look;
mod migrate;
pub mod operator;
pub mod pause;
pub mod proof;
pub mod provider_token;
pub mod receipt;
pub mod repair;
pub mod reply;
pub mod ring;
mod row;
pub mod session;
pub mod setting;
pub mod signer;
pub mod stop;
pub mod subscriber;
pub mod vault;

pub use db::{Db, Kept, Turn, Tx};
pub use error::StoreError;
pub use vault::Vault;
