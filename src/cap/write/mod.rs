//! An [`Alert`] to CAP XML: the elements in the standard's order, UTF-8, times with their offset and UTC as `-00:00`.
//!
//! What is written is read again before it is handed out: it has no error, not even one that could be mended, it says
//! exactly what the alert says, and it keeps the profiles that it claims. What cannot be written so is a [`WriteError`],
//! never a broken document. A signature is not written: it would be of other bytes.

mod alert;
mod xml;

use super::alert::{Alert, CapVersion};
use super::finding::{Finding, Level};
use super::options::Options;
use super::profile::Profile;
use super::read::read;

/// How a document is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Each element on a line of its own, children two spaces further in.
    #[default]
    Indented,
    /// No white space between elements.
    Compact,
}

/// Which profiles must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profiles {
    /// Each that the alert claims.
    #[default]
    Claimed,
    /// None: for alerts of others, which may break what they claim.
    Unchecked,
}

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// The edition, and so the namespace; the alert's own when none is given.
    pub version: Option<CapVersion>,
    pub layout: Layout,
    pub profiles: Profiles,
}

/// Why a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("holds the character U+{:04X}, which XML forbids", u32::from(*.0))]
    Character(char),
    #[error("begins or ends with white space, which readers take off")]
    OuterSpace,
    #[error("is empty, which is read as absent")]
    Empty,
    #[error("needs quotation marks, and holds one")]
    Quote,
    #[error("is not a finite number")]
    Number,
    #[error("is not a time of whole seconds, with an offset of whole minutes, in the years 1 to 9999")]
    Time,
    #[error("has no time, which this edition of CAP demands")]
    Timeless,
    #[error("holds an equals sign, which ends the name in CAP 1.0")]
    EqualsSign,
}

/// Why an alert cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A value that no document could hold.
    #[error("{path} {problem}")]
    Value {
        /// XPath of the element, such as `/alert/info[1]/headline`.
        path: String,
        problem: Problem,
    },
    /// The document would break the standard, or a profile that it claims.
    #[error("{}", .0.first().map_or("nothing could be read", |first| &first.message))]
    Breaks(
        /// Every error, as reading what was written gives it.
        Vec<Finding>,
    ),
    /// The document would say something else.
    #[error("`{field}` would be read otherwise than it is meant")]
    Differs {
        /// The element of `alert`.
        field: &'static str,
    },
}

/// Writes an alert as CAP XML.
///
/// # Errors
/// When some value cannot be written, or the document would break the standard or a profile that it claims.
pub fn write(alert: &Alert, options: &WriteOptions) -> Result<String, WriteError> {
    let version = options.version.unwrap_or(alert.version);
    let text = alert::document(alert, version, options.layout)?;
    let profiles = match options.profiles {
        Profiles::Claimed => Profile::claimed_by(alert),
        Profiles::Unchecked => Vec::new(),
    };
    let plain = read(text.as_bytes(), &Options::default());
    let asked = profiles.into_iter().map(|profile| {
        let asked = Options { profile: Some(profile), ..Options::default() };
        read(text.as_bytes(), &asked).findings
    });
    let findings = std::iter::once(plain.findings).chain(asked).flatten();
    let mut errors: Vec<Finding> = findings.filter(|finding| finding.level == Level::Error).collect();
    errors.dedup();
    match plain.alert {
        Some(written) if errors.is_empty() => same(alert, version, &written).map(|()| text),
        Some(_) | None => Err(WriteError::Breaks(errors)),
    }
}

/// Whether what was read says what was meant, but for the edition and the signature.
fn same(meant: &Alert, version: CapVersion, read: &Alert) -> Result<(), WriteError> {
    let fields = [
        ("identifier", meant.key.identifier == read.key.identifier),
        ("sender", meant.key.sender == read.key.sender),
        ("sent", meant.key.sent == read.key.sent),
        ("source", meant.source == read.source),
        ("scope", meant.scope == read.scope),
        ("restriction", meant.restriction == read.restriction),
        ("addresses", meant.addresses == read.addresses),
        ("code", meant.codes == read.codes),
        ("note", meant.note == read.note),
        ("references", meant.references == read.references),
        ("incidents", meant.incidents == read.incidents),
        ("info", meant.infos == read.infos),
        ("alert", *meant == Alert { version: meant.version, signed: meant.signed, ..read.clone() }),
        ("alert", read.version == version),
    ];
    let other = fields.into_iter().find(|(_, same)| !same);
    other.map_or(Ok(()), |(field, _)| Err(WriteError::Differs { field }))
}
