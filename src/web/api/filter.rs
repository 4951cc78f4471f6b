//! What a list of alerts may be narrowed by. A parameter that is not known is refused: an alert list that silently
//! ignores a filter is dangerous.

use crate::cap::alert::{Alert, Info};
use crate::cap::code::{Category, Certainty, Severity, Status, Urgency};
use crate::geo::gazetteer::{Gazetteer, Geocodes};
use crate::model::id::{AlertId, is_id};
use crate::store::alert::PublicCursor;
use crate::web::error::{FieldProblem, WebError};
use jiff::Timestamp;
use serde::Deserialize;

/// Alerts of one page unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;
/// Alerts of one page at most.
const LIMIT_MAX: usize = 100;

/// The query as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    active: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
    severity: Option<String>,
    urgency: Option<String>,
    certainty: Option<String>,
    category: Option<String>,
    status: Option<String>,
    language: Option<String>,
    since: Option<String>,
    point: Option<String>,
}

/// The query as it is meant. Empty lists narrow nothing.
#[derive(Debug, PartialEq)]
pub struct Filter {
    pub active: bool,
    pub limit: usize,
    pub cursor: Option<PublicCursor>,
    severities: Vec<Severity>,
    urgencies: Vec<Urgency>,
    certainties: Vec<Certainty>,
    categories: Vec<Category>,
    statuses: Vec<Status>,
    language: Option<String>,
    /// Only alerts received at or after this.
    pub since: Option<Timestamp>,
    point: Option<(f64, f64)>,
}

impl Filter {
    /// # Errors
    /// [`WebError::InvalidFields`] with every parameter that cannot be understood.
    pub fn read(parameters: &Parameters) -> Result<Self, WebError> {
        let mut bad = Vec::new();
        let mut refuse = |name: &str, detail: &str| {
            bad.push(FieldProblem {
                pointer: name.to_owned(),
                code: "bad-parameter",
                detail: format!("{name}: {detail}"),
            });
        };
        let codes = "codes of CAP, separated by commas.";
        let filter = Self {
            active: flag(parameters.active.as_deref()).unwrap_or_else(|| {
                refuse("active", "true or false.");
                false
            }),
            limit: limit(parameters.limit.as_deref()).unwrap_or_else(|| {
                refuse("limit", "1 to 100.");
                LIMIT_DEFAULT
            }),
            cursor: optional(parameters.cursor.as_deref(), read_cursor).unwrap_or_else(|| {
                refuse("cursor", "take it from the page before.");
                None
            }),
            severities: list(parameters.severity.as_deref(), Severity::from_code).unwrap_or_else(|| {
                refuse("severity", codes);
                Vec::new()
            }),
            urgencies: list(parameters.urgency.as_deref(), Urgency::from_code).unwrap_or_else(|| {
                refuse("urgency", codes);
                Vec::new()
            }),
            certainties: list(parameters.certainty.as_deref(), Certainty::from_code).unwrap_or_else(|| {
                refuse("certainty", codes);
                Vec::new()
            }),
            categories: list(parameters.category.as_deref(), Category::from_code).unwrap_or_else(|| {
                refuse("category", codes);
                Vec::new()
            }),
            statuses: list(parameters.status.as_deref(), Status::from_code).unwrap_or_else(|| {
                refuse("status", codes);
                Vec::new()
            }),
            language: parameters.language.clone(),
            since: optional(parameters.since.as_deref(), |text| text.parse().ok()).unwrap_or_else(|| {
                refuse("since", "an RFC 3339 time.");
                None
            }),
            point: optional(parameters.point.as_deref(), read_point).unwrap_or_else(|| {
                refuse("point", "lat,lon in degrees.");
                None
            }),
        };
        if bad.is_empty() { Ok(filter) } else { Err(WebError::InvalidFields { fields: bad }) }
    }

    /// Whether an alert is wanted: one of its infos must fit in everything.
    pub fn fits(&self, alert: &Alert, gazetteer: &Gazetteer) -> bool {
        if !wanted(&self.statuses, &alert.status) {
            return false;
        }
        if !self.looks_into_infos() {
            return true;
        }
        let geocodes = Geocodes::of(alert);
        alert.infos.iter().any(|info| self.fits_info(info, gazetteer, geocodes))
    }

    fn looks_into_infos(&self) -> bool {
        !self.severities.is_empty()
            || !self.urgencies.is_empty()
            || !self.certainties.is_empty()
            || !self.categories.is_empty()
            || self.language.is_some()
            || self.point.is_some()
    }

    fn fits_info(&self, info: &Info, gazetteer: &Gazetteer, geocodes: Geocodes) -> bool {
        let covers =
            |lat, lon| gazetteer.ground(&info.areas, geocodes).shape.is_some_and(|shape| shape.contains(lat, lon));
        wanted(&self.severities, &info.severity)
            && wanted(&self.urgencies, &info.urgency)
            && wanted(&self.certainties, &info.certainty)
            && (self.categories.is_empty() || info.categories.iter().any(|own| self.categories.contains(own)))
            && self.language.as_ref().is_none_or(|wanted| speaks(&info.language, wanted))
            && self.point.is_none_or(|(lat, lon)| covers(lat, lon))
    }
}

/// The text that names a place in the list.
pub fn write_cursor(cursor: &PublicCursor) -> String {
    format!("{}_{}", cursor.received.as_millisecond(), cursor.id)
}

fn read_cursor(text: &str) -> Option<PublicCursor> {
    let (milliseconds, id) = text.split_once('_')?;
    let received = Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()?;
    is_id(id).then(|| PublicCursor { received, id: AlertId(id.to_owned()) })
}

fn read_point(text: &str) -> Option<(f64, f64)> {
    let (lat, lon) = text.split_once(',')?;
    let (lat, lon): (f64, f64) = (lat.trim().parse().ok()?, lon.trim().parse().ok()?);
    ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some((lat, lon))
}

fn wanted<T: PartialEq>(choice: &[T], value: &T) -> bool {
    choice.is_empty() || choice.contains(value)
}

/// `fr` asks for `fr-CA` as well (RFC 4647 §3.3.1).
fn speaks(own: &str, range: &str) -> bool {
    let head = own.get(..range.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(range))
        && matches!(own.as_bytes().get(range.len()), None | Some(b'-'))
}

/// `None`: not understood.
fn flag(text: Option<&str>) -> Option<bool> {
    match text {
        None | Some("false" | "0") => Some(false),
        Some("true" | "1" | "") => Some(true),
        Some(_) => None,
    }
}

fn limit(text: Option<&str>) -> Option<usize> {
    let Some(text) = text else { return Some(LIMIT_DEFAULT) };
    text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit))
}

/// `None`: not understood; `Some(None)`: not asked for.
#[expect(clippy::option_option, reason = "absent and not understood differ")]
fn optional<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => read(text).map(Some),
    }
}

fn list<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let Some(text) = text else { return Some(Vec::new()) };
    text.split(',').map(|code| read(code.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, Vec<String>> {
        let uri = format!("/?{query}").parse().expect("an address");
        let parameters =
            axum::extract::Query::<Parameters>::try_from_uri(&uri).map_err(|_| vec!["query".to_owned()])?;
        Filter::read(&parameters).map_err(|error| match error {
            WebError::InvalidFields { fields } => fields.into_iter().map(|field| field.pointer).collect(),
            other => panic!("unexpected {other}"),
        })
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        assert_eq!(
            read("severity=severe,Extreme&limit=0&point=91,0"),
            Err(["limit", "severity", "point"].map(String::from).to_vec())
        );
        assert_eq!(read("colour=red"), Err(vec!["query".to_owned()]));
        assert!(read("severity=Severe,Extreme&active=true&since=2026-01-01T00:00:00Z").is_ok());
    }

    #[test]
    fn a_cursor_names_the_same_place_again() {
        let cursor = PublicCursor {
            received: "2026-11-22T12:00:00.123Z".parse().expect("a time"),
            id: AlertId("a_b".to_owned()),
        };
        assert_eq!(read_cursor(&write_cursor(&cursor)), Some(cursor));
        assert_eq!(read_cursor("yesterday"), None);
        assert_eq!(read_cursor("1_a\0b"), None);
    }

    #[test]
    fn a_language_range_takes_its_regions_and_nothing_longer() {
        assert!(speaks("fr-CA", "fr") && speaks("FR", "fr") && speaks("fr-CA", "fr-ca"));
        assert!(!speaks("fro", "fr") && !speaks("fr", "fr-CA"));
    }
}
