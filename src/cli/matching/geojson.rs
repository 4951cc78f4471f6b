//! Places as GeoJSON (RFC 7946): features one after the other, mostly one a line, or one FeatureCollection.

use super::places::{Cell, Faults, Places, exact, id_fault};
use crate::geo::rect::Rect;
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
    match geometry.kind.as_str() {
        "Point" => {
            let (lon, lat) = pair(&geometry.coordinates).map_err(&named)?;
            let point = exact(lat, lon, radius_km).map_err(&named)?;
            places.point(id.as_bytes(), 0, point);
        }
        "Polygon" => {
            let rect = rectangle(&geometry.coordinates).map_err(&named)?;
            let radius_m = exact(rect.south, rect.west, radius_km).map_err(&named)?.radius_m;
            places.cell(id.as_bytes(), 0, Cell { rect, radius_m });
        }
        other => return Err(named(format!("its geometry is a {other}: write a Point or a Polygon"))),
    }
    Ok(())
}

/// Longitude and latitude; a height after them is not looked at.
fn pair(value: &Value) -> Result<(f64, f64), String> {
    match value.as_array().map(Vec::as_slice) {
        Some([lon, lat, ..]) => lon.as_f64().zip(lat.as_f64()),
        _ => None,
    }
    .ok_or_else(|| format!("{value} is no position: write [longitude, latitude]"))
}

/// A rectangle along parallels and meridians.
fn rectangle(coordinates: &Value) -> Result<Rect, String> {
    let no_ring = || "its coordinates are no polygon: write a list of rings".to_owned();
    let [ring] = coordinates.as_array().map(Vec::as_slice).ok_or_else(no_ring)? else {
        return Err("its polygon is not one ring: write a rectangle along parallels and meridians".to_owned());
    };
    let corners: Vec<(f64, f64)> = ring.as_array().ok_or_else(no_ring)?.iter().map(pair).collect::<Result<_, _>>()?;
    let least = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (south, west) = (least(|corner| corner.1), least(|corner| corner.0));
    let (north, east) = (most(|corner| corner.1), most(|corner| corner.0));
    exact(south, west, 0.0)?;
    exact(north, east, 0.0)?;
    let straight = corners.windows(2).all(|pair| (pair[0].0 == pair[1].0) != (pair[0].1 == pair[1].1));
    let on_rim = corners.iter().all(|&(lon, lat)| (lon == west || lon == east) && (lat == south || lat == north));
    if corners.len() == 5 && corners.first() == corners.last() && straight && on_rim {
        Ok(Rect { south, west, north, east })
    } else {
        Err("its polygon is no rectangle along parallels and meridians".to_owned())
    }
}
