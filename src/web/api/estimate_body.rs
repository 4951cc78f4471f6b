//! A draft in JSON: areas as CAP has them, and who wants to hear of it.

use super::fields::{Faults, Object};
use crate::cap::alert::{Area, Circle, Info, NamedValue, Point, Polygon};
use crate::cap::code::{Category, Severity};
use crate::cap::exclude::EXCLUDE_POLYGON;
use crate::cap::limits::RING_WINDING_MAX_DEG;
use crate::cap::ring::unwrapped;
use crate::geo::gazetteer::Geocodes;
use crate::model::family::Family;
use crate::pipeline::estimate::Draft;
use crate::web::error::WebError;
use serde_json::Value;

/// The most areas, and the most polygons or circles of each.
const FIGURES_MAX: usize = 1_000;
/// The most points of a polygon.
const POINTS_MAX: usize = 10_000;
/// The largest radius, kilometres: half around the Earth.
pub const RADIUS_KM_MAX: f64 = 20_038.0;

/// What was read.
#[derive(Debug)]
pub struct Body(pub Draft);

/// Reads a draft.
///
/// # Errors
/// It is no JSON, or [`WebError::InvalidFields`] with everything that is wrong.
pub fn read(bytes: &[u8]) -> Result<Body, WebError> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| WebError::Malformed { detail: format!("The body is not JSON: {error}") })?;
    let mut faults = Faults::default();
    let draft = draft(&value, &mut faults);
    faults.finish(draft).map(Body)
}

fn draft(value: &Value, faults: &mut Faults) -> Option<Draft> {
    let object = Object::read(value, "", &["areas", "family", "category", "event_code", "severity", "drill"], faults)?;
    object.required("areas", faults);
    let areas = object.list("areas", FIGURES_MAX, faults);
    let areas =
        areas.iter().enumerate().filter_map(|(at, value)| area(value, &format!("/areas/{at}"), faults)).collect();
    let family = family(&object, faults);
    let severity = match object.text("severity", faults) {
        None => Severity::Unknown,
        Some(text) => Severity::from_code(text).unwrap_or_else(|| {
            faults.add("/severity", "unknown-value", "Extreme, Severe, Moderate, Minor or Unknown.");
            Severity::Unknown
        }),
    };
    Some(Draft { areas, geocodes: Geocodes::Add, family, severity, drill: object.flag("drill", faults) })
}

/// By its own name, or as an info with this category and event code has it.
fn family(object: &Object<'_>, faults: &mut Faults) -> Option<Family> {
    if let Some(text) = object.text("family", faults) {
        let family = Family::ALL.into_iter().find(|family| family.as_str() == text);
        if family.is_none() {
            faults.add("/family", "unknown-value", "weather, outages, missing-persons, roads or council.");
        }
        return family;
    }
    let mut info = Info::saying("", "");
    if let Some(text) = object.text("category", faults) {
        info.categories.extend(Category::from_code(text));
        if info.categories.is_empty() {
            faults.add("/category", "unknown-value", "One of CAP's categories, such as Met (CAP 1.2 §3.2.2).");
        }
    }
    let code = object.text("event_code", faults);
    info.event_codes.extend(code.map(|code| NamedValue { value_name: String::new(), value: code.to_owned() }));
    Family::of(&info)
}

fn area(value: &Value, pointer: &str, faults: &mut Faults) -> Option<Area> {
    let object = Object::read(value, pointer, &["polygons", "circles", "geocodes", "exclude"], faults)?;
    let polygons = object.list("polygons", FIGURES_MAX, faults).iter().enumerate();
    let polygons = polygons.filter_map(|(at, value)| polygon(value, &format!("{pointer}/polygons/{at}"), faults));
    let polygons = polygons.collect();
    let circles = object.list("circles", FIGURES_MAX, faults).iter().enumerate();
    let circles = circles.filter_map(|(at, value)| circle(value, &format!("{pointer}/circles/{at}"), faults));
    let mut area = of_figures(polygons, circles.collect());
    let named = object.list("geocodes", FIGURES_MAX, faults).iter().enumerate();
    area.geocodes.extend(named.filter_map(|(at, value)| geocode(value, &format!("{pointer}/geocodes/{at}"), faults)));
    let excluded = object.list("exclude", FIGURES_MAX, faults).iter().enumerate();
    area.geocodes.extend(excluded.filter_map(|(at, value)| {
        let polygon = polygon(value, &format!("{pointer}/exclude/{at}"), faults)?;
        let corners: Vec<String> = polygon.ring().iter().map(|at| format!("{},{}", at.lat, at.lon)).collect();
        Some(NamedValue { value_name: EXCLUDE_POLYGON.to_owned(), value: corners.join(" ") })
    }));
    Some(area)
}

/// `{"scheme":…,"code":…}`.
fn geocode(value: &Value, pointer: &str, faults: &mut Faults) -> Option<NamedValue> {
    let object = Object::read(value, pointer, &["scheme", "code"], faults)?;
    let (scheme, code) = (object.required_text("scheme", faults), object.required_text("code", faults));
    Some(NamedValue { value_name: scheme?.to_owned(), value: code?.to_owned() })
}

/// An area without a name.
pub fn of_figures(polygons: Vec<Polygon>, circles: Vec<Circle>) -> Area {
    let (area_desc, geocodes) = (String::new(), Vec::new());
    Area { area_desc, polygons, circles, geocodes, altitude_ft: None, ceiling_ft: None }
}

/// `[[lat,lon],…]`, closed or not.
fn polygon(value: &Value, pointer: &str, faults: &mut Faults) -> Option<Polygon> {
    let corners: Option<Vec<Point>> = value
        .as_array()
        .filter(|corners| corners.len() <= POINTS_MAX)
        .and_then(|corners| corners.iter().map(|corner| point(corner.get(0)?, corner.get(1)?)).collect());
    let polygon = corners.and_then(closed);
    if polygon.is_none() {
        let how = format!("A polygon is 3 to {POINTS_MAX} corners: [[50.6, 3.0], …], latitude first.");
        faults.add(pointer, "bad-polygon", how);
    }
    polygon
}

/// The first corner again at the end, where it is not there. `None` for what is no ring, and for one that winds around
/// the Earth more often than a CAP document may.
pub fn closed(mut corners: Vec<Point>) -> Option<Polygon> {
    if corners.first() != corners.last() {
        corners.extend(corners.first().copied());
    }
    let lons = || unwrapped(&corners).into_iter().map(|vertex| vertex.lon);
    let (west, east) = (lons().fold(f64::INFINITY, f64::min), lons().fold(f64::NEG_INFINITY, f64::max));
    if east - west > RING_WINDING_MAX_DEG {
        return None;
    }
    Polygon::new(corners)
}

fn circle(value: &Value, pointer: &str, faults: &mut Faults) -> Option<Circle> {
    let object = Object::read(value, pointer, &["lat", "lon", "radius_km"], faults)?;
    let center = object.get("lat").zip(object.get("lon")).and_then(|(lat, lon)| point(lat, lon));
    let radius_km = object.get("radius_km").and_then(Value::as_f64).filter(|km| (0.0..=RADIUS_KM_MAX).contains(km));
    let circle = center.zip(radius_km).map(|(center, radius_km)| Circle { center, radius_km });
    if circle.is_none() {
        faults.add(pointer, "bad-circle", "A circle has lat, lon and radius_km, 0 or more.");
    }
    circle
}

fn point(lat: &Value, lon: &Value) -> Option<Point> {
    let (lat, lon) = (lat.as_f64()?, lon.as_f64()?);
    is_on_earth(lat, lon).then_some(Point { lat, lon })
}

/// As CAP writers do: longitudes up to 360 count from Greenwich eastwards.
pub fn is_on_earth(lat: f64, lon: f64) -> bool {
    (-90.0..=90.0).contains(&lat) && (-180.0..=360.0).contains(&lon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_json(value: &Value) -> Result<Draft, WebError> {
        read(value.to_string().as_bytes()).map(|Body(draft)| draft)
    }

    #[test]
    fn a_draft_is_read_whole() {
        let draft = read_json(&json!({
            "areas": [{"polygons": [[[50, 3], [51, 3], [51, 4]]], "circles": [{"lat": 50.6, "lon": 3, "radius_km": 5}]}],
            "category": "Met", "severity": "Severe", "drill": true,
        }));
        let draft = draft.expect("a draft");
        assert_eq!(draft.areas[0].polygons[0].ring().len(), 4, "it is closed");
        assert_eq!(draft.areas[0].circles[0].radius_km, 5.0);
        assert_eq!((draft.family, draft.severity, draft.drill), (Some(Family::Weather), Severity::Severe, true));
        let missing = read_json(&json!({"areas": [], "category": "Geo", "event_code": "CAE"})).expect("a draft");
        assert_eq!(missing.family, Some(Family::MissingPersons));
        let plain = read_json(&json!({"areas": []})).expect("a draft");
        assert_eq!((plain.family, plain.severity, plain.drill), (None, Severity::Unknown, false));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = json!({
            "areas": [{"polygons": [[[50, 3], [51, 3]], [[91, 0], [0, 0], [1, 1]]], "circles": [{"lat": 1}], "x": 1}],
            "family": "fire", "severity": "severe",
        });
        let Err(WebError::InvalidFields { fields }) = read_json(&wrong) else { panic!("it is taken") };
        let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
        let want =
            ["/areas/0/x", "/areas/0/polygons/0", "/areas/0/polygons/1", "/areas/0/circles/0", "/family", "/severity"];
        assert_eq!(pointers, want);
        assert!(read(b"{").is_err());
    }
}
