//! Push services, and nothing else knows them. A channel is pure: *recipient and letter → request*, *response →
//! [`Outcome`](crate::model::outcome::Outcome)*. One transport owns the sockets. [`Sender`] joins them.
//!
//! Nothing here logs an endpoint, a key or a token, and nothing here reads the database.

pub mod apns;
mod apps;
pub mod armed;
pub mod breaker;
mod breakers;
pub mod endpoint;
pub mod fcm;
mod jwt;
pub mod letter;
pub mod provider;
pub mod reading;
pub mod receipt;
pub mod sandbox;
mod sender;
mod template;
mod text;
pub mod transport;
pub mod vapid;
pub mod webpush;

pub use sender::{Ahead, Pushed, Sender, SenderError};
