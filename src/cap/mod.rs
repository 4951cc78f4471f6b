//! The Common Alerting Protocol: bytes to types. Pure: no I/O, no clock.
//!
//! [`read()`] decodes, parses and builds: `encoding` makes text, `parse` a located tree, `build` the [`alert::Alert`].
//! Whatever the bytes, it never panics and stays within [`Limits`]. Absent on purpose: writing CAP (original bytes are
//! kept and served), expanding entities, and guessing.

pub mod alert;
mod build;
pub mod code;
mod encoding;
pub mod finding;
pub mod limits;
mod namespaces;
pub mod options;
mod outline;
mod parse;
pub mod profile;
mod read;
mod report;
pub mod ring;
pub mod rules;
mod scan;
pub mod signature;
pub mod time;
mod tree;

pub use limits::Limits;
pub use options::Options;
pub use outline::Outline;
pub use profile::Profile;
pub use read::{Reading, Root, Survey, read, survey};

#[cfg(test)]
mod tests;
