//! Push services, and nothing else knows them. A channel is pure: *recipient and letter → request*, *response →
//! [`Outcome`](crate::model::outcome::Outcome)*. One transport owns the sockets. [`Sender`] joins them.
//!
//! Nothing here logs an endpoint, a key or a token, and nothing here reads the database.

pub mod apns;
mod apps;
pub mod endpoint;
pub mod fcm;
mod jwt;
pub mod letter;
mod pace;
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

pub use pace::{PAUSE_S_MAX, REFUSED_S_MAX, THROTTLED_IN_A_ROW};
pub use sender::{Sender, SenderError};
