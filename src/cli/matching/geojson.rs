//! Places as GeoJSON (RFC 7946): features one after the other, mostly one a line, or one FeatureCollection.

use super::places::{Faults, Places, exact, id_fault};
use crate::audience::points::Ground;
use crate::cap::alert::Point;
use crate::geo::rect::Rect;
use crate::geo::region::Region;
use serde::Deserialize;
use serde_json::Value;

/// Between the features of a GeoJSON text sequence (RFC 8142).
const RECORD_SEPARATOR: u8 = 0x1e;

#[derive(Debug, Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Value,
    #[serde(default)]
    geometry: Option<Geometry>,
    #[serde(default)]
    properties: Option<Properties>,
    #[serde(default)]
    features: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
}

#[derive(Debug, Deserialize, Default)]
struct Properties {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    radius_km: Option<f64>,
}

/// Reads every feature.
pub fn read(mut text: Vec<u8>) -> Result<Places, Faults> {
    text.iter_mut().filter(|byte| **byte == RECORD_SEPARATOR).for_each(|byte| *byte = b'\n');
    let mut places = Places::default();
    let mut faults = Faults::default();
    let body = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut items = serde_json::Deserializer::from_slice(body).into_iter::<Item>();
    loop {
        let from = items.byte_offset();
        match items.next() {
            None => break,
            Some(Err(error)) => {
                faults.add(error.line(), || format!("this is no GeoJSON feature: {error}"));
                break;
            }
            Some(Ok(item)) => {
                // Features of a collection are told with the line at which the collection begins.
                let line = || 1 + newlines(&body[..from + blank(&body[from..])]);
                let features = if item.kind == "FeatureCollection" { item.features } else { vec![item] };
                for feature in features {
                    if let Err(fault) = place(feature, &mut places) {
                        faults.add(line(), || fault);
                    }
                }
            }
        }
    }
    if faults.is_empty() { Ok(places) } else { Err(faults) }
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

fn blank(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Adds one feature.
fn place(feature: Item, places: &mut Places) -> Result<(), String> {
    if feature.kind != "Feature" {
        return Err(format!("{:?} is no Feature: every line must be one", feature.kind));
    }
    let properties = feature.properties.unwrap_or_default();
    let id = match [feature.id, properties.id].into_iter().find(|id| !id.is_null()) {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("the feature has no id: give it one, beside its type or among its properties".to_owned()),
    };
    if let Some(fault) = id_fault(id.as_bytes()) {
        return Err(fault);
    }
    let named = |fault: String| format!("{id}: {fault}");
    let radius_km = properties.radius_km.unwrap_or(0.0);
    let geometry = feature.geometry.ok_or_else(|| named("it has no geometry: give it one".to_owned()))?;
    let polygons = match geometry.kind.as_str() {
        "Point" => {
            let Point { lat, lon } = position(&geometry.coordinates).map_err(&named)?;
            places.point(id.as_bytes(), 0, exact(lat, lon, radius_km).map_err(&named)?);
            return Ok(());
        }
        "Polygon" => vec![polygon(&geometry.coordinates).map_err(&named)?],
        "MultiPolygon" => list(&geometry.coordinates, polygon).map_err(&named)?,
        other => return Err(named(format!("its geometry is a {other}: write a Point, a Polygon or a MultiPolygon"))),
    };
    // Only a radius can be wrong here.
    exact(0.0, 0.0, radius_km).map_err(&named)?;
    if let Some(rect) = rectangle(&polygons) {
        places.cell(id.as_bytes(), Ground::Rect { rect, radius_km });
    } else if radius_km > 0.0 {
        let fault = "only a point and a rectangle along parallels and meridians can have a radius: leave it out";
        return Err(named(fault.to_owned()));
    } else {
        let region = Region::new(&polygons).ok_or_else(|| named("no ground lies within its lines".to_owned()))?;
        places.region(id.as_bytes(), region);
    }
    Ok(())
}

/// What `of` makes of each member of a list.
fn list<T>(value: &Value, of: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    let members =
        value.as_array().ok_or_else(|| format!("{value} stands where a list should: nest as RFC 7946 does"))?;
    members.iter().map(of).collect()
}

/// Outer ring and holes.
fn polygon(value: &Value) -> Result<Vec<Vec<Point>>, String> {
    let rings = list(value, |ring| list(ring, position))?;
    match rings.iter().find(|ring| ring.len() < 4 || ring.first() != ring.last()) {
        Some(_) => Err("a ring is not closed: it needs four positions or more, the last as the first".to_owned()),
        None => Ok(rings),
    }
}

/// Longitude and latitude; a height after them is not looked at.
fn position(value: &Value) -> Result<Point, String> {
    let numbers = match value.as_array().map(Vec::as_slice) {
        Some([lon, lat, ..]) => lon.as_f64().zip(lat.as_f64()),
        _ => None,
    };
    let (lon, lat) = numbers.ok_or_else(|| format!("{value} is no position: write [longitude, latitude]"))?;
    exact(lat, lon, 0.0).map(|_| Point { lat, lon })
}

/// The rectangle along parallels and meridians that polygons are, if they are one.
fn rectangle(polygons: &[Vec<Vec<Point>>]) -> Option<Rect> {
    let [rings] = polygons else { return None };
    let [ring] = rings.as_slice() else { return None };
    let least = |of: fn(&Point) -> f64| ring.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Point) -> f64| ring.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (south, west) = (least(|corner| corner.lat), least(|corner| corner.lon));
    let (north, east) = (most(|corner| corner.lat), most(|corner| corner.lon));
    let straight = ring.windows(2).all(|ends| (ends[0].lon == ends[1].lon) != (ends[0].lat == ends[1].lat));
    let on_rim =
        |corner: &Point| (corner.lon == west || corner.lon == east) && (corner.lat == south || corner.lat == north);
    // Wider than half the Earth, its sides go the other way round.
    let is_one = ring.len() == 5 && straight && ring.iter().all(on_rim) && east - west < 180.0;
    is_one.then_some(Rect { south, west, north, east })
}
