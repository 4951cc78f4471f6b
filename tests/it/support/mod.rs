//! What the tests stand on: programs started, watched and ended; people to warn and alerts to warn them of. Nothing
//! here calls the code under test: the harness speaks to it as operators, integrators and devices do.

pub mod alerts;
pub mod browser;
pub mod crowd;
pub mod database;
pub mod http;
pub mod place;
pub mod postgres;
pub mod process;
pub mod random;
pub mod receiver;
pub mod sandbox;
pub mod server;
pub mod shared;
pub mod wait;
pub mod wire;

pub use server::{Database, Server};
