//! The Common Alerting Protocol: bytes to types and back. Pure: no I/O, no clock.
//!
//! [`read()`] decodes, parses and builds: `encoding` makes text, `parse` a located tree, `build` the [`alert::Alert`].
//! Whatever the bytes, it never panics and stays within [`Limits`]. Absent on purpose: expanding entities, and guessing.
//!
//! [`write()`] makes a document of an alert, and reads it again before handing it out. It is for alerts of our own: what
//! came from others is kept and served in its original bytes.

pub mod alert;
mod build;
pub mod code;
mod encoding;
pub mod exclude;
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
mod wrapped;
mod write;

pub use limits::Limits;
pub use options::{Axes, Options};
pub use outline::Outline;
pub use profile::Profile;
pub use read::{Reading, Root, Survey, read, survey};
pub use write::{Layout, Problem, Profiles, WriteError, WriteOptions, write};

#[cfg(test)]
mod tests;
