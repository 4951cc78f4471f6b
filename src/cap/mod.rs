//! The Common Alerting Protocol: bytes to types. Pure: no I/O, no clock.

pub mod alert;
pub mod code;
pub mod finding;
pub mod time;
