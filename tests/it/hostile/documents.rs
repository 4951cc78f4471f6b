//! Documents made to break a reader of CAP, each with the finding it must be answered with. The same on every run.

use super::{flood, shape, xml};

/// The alert that all others are made of.
pub const STORM: &str = include_str!("../../fixtures/cap/storm.xml");
/// The longest document a server takes by default, bytes (`alerts.body_bytes_max`).
pub const BYTES: usize = 1_000_000;

/// One document.
pub struct Hostile {
    pub name: String,
    pub bytes: Vec<u8>,
    /// The finding that must be among those reported.
    pub code: &'static str,
    /// Whether it may be taken all the same: what is odd in it is left out, or means nothing.
    pub harmless: bool,
}

impl Hostile {
    pub fn harmless(self) -> Self {
        Self { harmless: true, ..self }
    }
}

pub fn hostile(name: impl Into<String>, code: &'static str, bytes: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name: name.into(), bytes: bytes.into(), code, harmless: false }
}

/// The storm with a part of it written otherwise.
pub fn edit(name: impl Into<String>, code: &'static str, from: &str, to: &str) -> Hostile {
    let name = name.into();
    assert!(STORM.contains(from), "{name}: the storm has no {from}");
    hostile(name, code, STORM.replacen(from, to, 1))
}

/// The storm without its declaration, which may only come first.
pub fn storm() -> &'static str {
    STORM.split_once("?>").expect("a declaration").1.trim()
}

/// The storm with more beside its scope.
pub fn beside(name: impl Into<String>, code: &'static str, more: &str) -> Hostile {
    edit(name, code, "</scope>", &format!("</scope>{more}"))
}

/// The storm with another headline.
pub fn says(name: impl Into<String>, code: &'static str, headline: &str) -> Hostile {
    edit(name, code, "Storm over the valley", headline)
}

/// A text again and again, up to a length that leaves room for the storm around it.
pub fn filled(text: &str) -> String {
    text.repeat((BYTES - 10_000) / text.len())
}

/// All of them.
pub fn all() -> Vec<Hostile> {
    let parts = [
        xml::entities(),
        xml::references(),
        xml::encodings(),
        xml::declarations(),
        xml::controls(),
        xml::unfinished(),
        xml::attributes(),
        xml::names(),
        xml::namespaces(),
        shape::structures(),
        shape::numbers(),
        shape::rings(),
        shape::values(),
        flood::towers(),
        flood::floods(),
        flood::long_values(),
        flood::signatures(),
        flood::feeds(),
    ];
    parts.into_iter().flatten().collect()
}
