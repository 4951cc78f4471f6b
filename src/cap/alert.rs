//! The types of a CAP alert, in the standard's own words (CAP 1.2 §3.2).
//!
//! An [`Alert`] is what [`super::read`] makes of a document once everything that is safe to mend has been mended.
//! Coordinates are degrees, latitude first; altitudes are feet above mean sea level; radii are kilometres, as CAP has them.

use super::code::{Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency};
use super::time::DateTime;
use std::sync::Arc;

/// Which edition of the standard a document follows, told by its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapVersion {
    /// `http://www.incident.com/cap/1.0`
    V1_0,
    /// `urn:oasis:names:tc:emergency:cap:1.1`
    V1_1,
    /// `urn:oasis:names:tc:emergency:cap:1.2`
    V1_2,
}

impl CapVersion {
    /// The edition a namespace names.
    pub fn of(namespace: &str) -> Option<Self> {
        [Self::V1_0, Self::V1_1, Self::V1_2].into_iter().find(|version| version.namespace() == namespace)
    }

    /// The namespace that names it.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V1_0 => "http://www.incident.com/cap/1.0",
            Self::V1_1 => "urn:oasis:names:tc:emergency:cap:1.1",
            Self::V1_2 => "urn:oasis:names:tc:emergency:cap:1.2",
        }
    }

    /// Its number, such as `1.2`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

/// What identifies a message (CAP 1.2 §3.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertKey {
    pub sender: String,
    pub identifier: String,
    pub sent: DateTime,
}

/// An earlier message, as another names it in `references` (§3.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub sender: String,
    pub identifier: String,
    /// Absent in CAP 1.0, which has no place for it, and where it could not be read: sender and identifier tell the
    /// message alone then.
    pub sent: Option<DateTime>,
}

impl Reference {
    /// Whether this is the message that is named.
    pub fn names(&self, key: &AlertKey) -> bool {
        self.sender == key.sender && self.identifier == key.identifier && self.sent.is_none_or(|sent| sent == key.sent)
    }
}

impl From<AlertKey> for Reference {
    fn from(key: AlertKey) -> Self {
        Self { sender: key.sender, identifier: key.identifier, sent: Some(key.sent) }
    }
}

/// A whole CAP message (§3.2.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    pub version: CapVersion,
    pub key: AlertKey,
    pub status: Status,
    pub msg_type: MsgType,
    pub source: Option<String>,
    pub scope: Scope,
    pub restriction: Option<String>,
    /// Each recipient of a Private message, unquoted.
    pub addresses: Vec<String>,
    pub codes: Vec<String>,
    pub note: Option<String>,
    /// The earlier messages that this one updates, cancels or answers.
    pub references: Vec<Reference>,
    /// Each incident named, unquoted.
    pub incidents: Vec<String>,
    pub infos: Vec<Info>,
    /// Whether an XML signature was present. [`super::Reading::signature`] says what it is worth.
    pub signed: bool,
}

/// What is happening, in one language (§3.2.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// RFC 3066 tag; `en-US` where the document gives none, as the standard says.
    pub language: String,
    pub categories: Vec<Category>,
    pub event: String,
    pub response_types: Vec<ResponseType>,
    pub urgency: Urgency,
    pub severity: Severity,
    pub certainty: Certainty,
    pub audience: Option<String>,
    pub event_codes: Vec<NamedValue>,
    pub effective: Option<DateTime>,
    pub onset: Option<DateTime>,
    /// End of validity of the text, not of the hazard.
    pub expires: Option<DateTime>,
    pub sender_name: Option<String>,
    pub headline: Option<String>,
    pub description: Option<String>,
    pub instruction: Option<String>,
    pub web: Option<String>,
    pub contact: Option<String>,
    pub parameters: Vec<NamedValue>,
    pub resources: Vec<Resource>,
    pub areas: Vec<Area>,
}

impl Info {
    /// One that says no more than what happens, in a language; nothing of how grave it is, nor where.
    pub fn saying(language: &str, event: &str) -> Self {
        Self {
            language: language.to_owned(),
            categories: Vec::new(),
            event: event.to_owned(),
            response_types: Vec::new(),
            urgency: Urgency::Unknown,
            severity: Severity::Unknown,
            certainty: Certainty::Unknown,
            audience: None,
            event_codes: Vec::new(),
            effective: None,
            onset: None,
            expires: None,
            sender_name: None,
            headline: None,
            description: None,
            instruction: None,
            web: None,
            contact: None,
            parameters: Vec::new(),
            resources: Vec::new(),
            areas: Vec::new(),
        }
    }
}

/// A `valueName` and its `value`: event codes, parameters, geocodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedValue {
    pub value_name: String,
    pub value: String,
}

/// A file that goes with an info (§3.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub resource_desc: String,
    pub mime_type: Option<String>,
    pub size_bytes: Option<u64>,
    pub uri: Option<String>,
    /// Base64 as it came.
    pub deref_uri: Option<String>,
    /// SHA-1 in hexadecimal as it came.
    pub digest: Option<String>,
}

/// Where (§3.2.4). The area is the union of everything in it; one with nothing in it is nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    pub area_desc: String,
    pub polygons: Vec<Polygon>,
    pub circles: Vec<Circle>,
    pub geocodes: Vec<NamedValue>,
    /// Feet above mean sea level: the level, or the lower bound where there is a ceiling.
    pub altitude_ft: Option<f64>,
    pub ceiling_ft: Option<f64>,
}

/// A point on WGS 84, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub lat: f64,
    pub lon: f64,
}

/// A closed ring: at least four points, the last equal to the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    /// Shared, as the infos of all languages mostly have the same polygons.
    ring: Arc<Vec<Point>>,
}

impl Polygon {
    /// `None` when the ring has fewer than four points or is not closed (§3.2.4).
    pub fn new(ring: Vec<Point>) -> Option<Self> {
        (ring.len() >= 4 && ring.first() == ring.last()).then(|| Self { ring: Arc::new(ring) })
    }

    /// The closed ring: at least four points, the last equal to the first.
    pub fn ring(&self) -> &[Point] {
        &self.ring
    }
}

/// A disc around a point (§3.2.4). Radius 0 is the point itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    pub center: Point,
    pub radius_km: f64,
}
