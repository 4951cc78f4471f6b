//! Features of a GeoJSON file (RFC 7946), one after the other: a FeatureCollection, or features on their own, each on a
//! line (with or without the record separators of RFC 8142). No more than one feature is in memory.

use crate::cap::alert::Point;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::io::{BufRead, Read};

/// What goes before each text of a sequence (RFC 8142 §2).
const RECORD_SEPARATOR: u8 = 0x1E;
/// How deep geometry collections may stand in each other.
const COLLECTIONS_MAX: usize = 4;
/// Longitudes may be unwrapped, but by no more than one turn.
const LONGITUDE_MAX: f64 = 360.0;

/// A feature as it stands in the file.
#[derive(Debug, Default, Deserialize)]
pub struct Feature {
    #[serde(default)]
    pub id: Option<Value>,
    #[serde(default)]
    pub properties: Option<Map<String, Value>>,
    #[serde(default)]
    geometry: Option<Value>,
}

/// Where a feature ends in the file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    pub feature: u64,
    pub line: u64,
}

/// Rings of polygons, each the outer one and then its holes.
pub type Polygons = Vec<Vec<Vec<Point>>>;

/// Reads all features.
///
/// # Errors
/// What is no JSON, or no GeoJSON with features, with its line and column.
pub fn features(input: impl BufRead, each: &mut dyn FnMut(Feature, At)) -> Result<(), serde_json::Error> {
    let line = Cell::new(1);
    let feature = Cell::new(0);
    let mut one = |found: Feature| {
        feature.set(feature.get() + 1);
        each(found, At { feature: feature.get(), line: line.get() });
    };
    let mut texts = serde_json::Deserializer::from_reader(Counted { input, line: &line });
    while texts.end().is_err() {
        Text(&mut one).deserialize(&mut texts)?;
    }
    Ok(())
}

/// Counts lines and takes record separators for white space.
struct Counted<'c, R> {
    input: R,
    line: &'c Cell<u64>,
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        for byte in &mut buffer[..count] {
            match *byte {
                b'\n' => self.line.set(self.line.get() + 1),
                RECORD_SEPARATOR => *byte = b' ',
                _ => {}
            }
        }
        Ok(count)
    }
}

/// A GeoJSON text: a collection, whose features are told as they are read, or one feature.
struct Text<'e>(&'e mut dyn FnMut(Feature));

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a GeoJSON Feature or FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut own = Feature::default();
        let (mut kind, mut is_collection) = (String::new(), false);
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "features" => {
                    is_collection = true;
                    map.next_value_seed(Members(self.0))?;
                }
                "type" => kind = map.next_value()?,
                "id" => own.id = map.next_value()?,
                "properties" => own.properties = map.next_value()?,
                "geometry" => own.geometry = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match &*kind {
            "Feature" => self.0(own),
            "FeatureCollection" if is_collection => {}
            _ => return Err(serde::de::Error::custom("this is neither a GeoJSON Feature nor a FeatureCollection")),
        }
        Ok(())
    }
}

/// The features of a collection.
struct Members<'e>(&'e mut dyn FnMut(Feature));

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of GeoJSON features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut features: A) -> Result<(), A::Error> {
        while let Some(feature) = features.next_element()? {
            self.0(feature);
        }
        Ok(())
    }
}

impl Feature {
    /// Its polygons; `None` where it has no geometry at all.
    ///
    /// # Errors
    /// What is wrong with them, in a sentence.
    pub fn polygons(&self) -> Result<Option<Polygons>, String> {
        let Some(geometry) = &self.geometry else { return Ok(None) };
        let mut polygons = Vec::new();
        collect(geometry, COLLECTIONS_MAX, &mut polygons)?;
        Ok(Some(polygons))
    }
}

fn collect(geometry: &Value, depth: usize, into: &mut Polygons) -> Result<(), String> {
    let coordinates = || list(&geometry["coordinates"], "its geometry has no coordinates");
    match geometry["type"].as_str() {
        Some("Polygon") => into.push(polygon(coordinates()?)?),
        Some("MultiPolygon") => {
            for part in coordinates()? {
                into.push(polygon(list(part, "a polygon is no list of rings")?)?);
            }
        }
        Some("GeometryCollection") if depth > 0 => {
            for part in list(&geometry["geometries"], "its collection has no geometries")? {
                collect(part, depth - 1, into)?;
            }
        }
        other => {
            let kind = other.unwrap_or("not known");
            return Err(format!("its geometry is {kind}: only Polygon and MultiPolygon are areas"));
        }
    }
    Ok(())
}

fn polygon(rings: &[Value]) -> Result<Vec<Vec<Point>>, String> {
    let ring = |ring: &Value| -> Result<Vec<Point>, String> {
        let points: Vec<Point> =
            list(ring, "a ring is no list of positions")?.iter().map(position).collect::<Result<_, _>>()?;
        if points.len() < 4 || points.first() != points.last() {
            return Err("a ring has fewer than four positions or does not end where it begins (RFC 7946 §3.1.6)".into());
        }
        Ok(points)
    };
    rings.iter().map(ring).collect()
}

/// Longitude comes first (RFC 7946 §3.1.1).
fn position(value: &Value) -> Result<Point, String> {
    let number = |nth: usize| value.get(nth).and_then(Value::as_f64).filter(|number| number.is_finite());
    let (Some(lon), Some(lat)) = (number(0), number(1)) else {
        return Err(format!("{value} is no position: two numbers, longitude and latitude"));
    };
    if lat.abs() > 90.0 || lon.abs() > LONGITUDE_MAX {
        return Err(format!(
            "{lon}, {lat} is not on Earth: positions are degrees of WGS 84, longitude first (RFC 7946 §3.1.1). \
             ogr2ogr -t_srs EPSG:4326 converts others"
        ));
    }
    Ok(Point { lat, lon })
}

fn list<'v>(value: &'v Value, fault: &str) -> Result<&'v [Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| fault.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,2]]]}"#;

    fn read(text: &str) -> Result<Vec<(Option<Value>, usize, At)>, String> {
        let mut seen = Vec::new();
        let each = &mut |feature: Feature, at: At| {
            seen.push((feature.id.clone(), feature.polygons().map(|found| found.map_or(0, |all| all.len())), at));
        };
        features(text.as_bytes(), each).map_err(|error| error.to_string())?;
        seen.into_iter().map(|(id, parts, at)| Ok((id, parts?, at))).collect()
    }

    #[test]
    fn collections_lines_and_sequences_are_the_same_features() {
        let feature = |id: u32| format!(r#"{{"id":{id},"properties":null,"geometry":{SQUARE},"type":"Feature"}}"#);
        let (one, two) = (feature(1), feature(2));
        for text in [
            format!(r#"{{"type":"FeatureCollection","bbox":[1,2,3,4],"features":[{one},{two}],"name":"x"}}"#),
            format!("{one}\n{two}\n"),
            format!("\u{1e}{one}\n\u{1e}{two}"),
        ] {
            let seen: Vec<_> =
                read(&text).expect(&text).into_iter().map(|(id, parts, at)| (id, parts, at.feature)).collect();
            assert_eq!(seen, [(Some(1.into()), 1, 1), (Some(2.into()), 1, 2)], "{text}");
        }
        let lines: Vec<u64> = read(&format!("{one}\n\n{two}")).expect("reads").iter().map(|seen| seen.2.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn what_is_no_area_is_told_why() {
        let feature = |geometry: &str| format!(r#"{{"type":"Feature","geometry":{geometry}}}"#);
        for (text, fault) in [
            ("", Ok(0)),
            ("[1]", Err("GeoJSON Feature")),
            (r#"{"type":"Topology"}"#, Err("neither")),
            (r#"{"type":"Feature","geometry":null}"#, Ok(1)),
            (&feature(r#"{"type":"GeometryCollection","geometries":[]}"#), Ok(1)),
            (&feature(r#"{"type":"Point","coordinates":[1,2]}"#), Err("only Polygon")),
            (&feature(r#"{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,3]]]}"#), Err("does not end")),
            (&feature(r#"{"type":"Polygon","coordinates":[[[1,2],[3,"2"],[3,4],[1,2]]]}"#), Err("no position")),
            (&feature(r#"{"type":"Polygon","coordinates":[[[1,92],[3,2],[3,4],[1,92]]]}"#), Err("longitude first")),
            (r#"{"type":"Feature","geometry":{"#, Err("EOF")),
        ] {
            match (read(text), fault) {
                (Ok(seen), Ok(count)) => assert_eq!(seen.len(), count, "{text}"),
                (Err(told), Err(want)) => assert!(told.contains(want), "{text}: {told}"),
                (seen, _) => panic!("{text}: {seen:?}"),
            }
        }
    }
}
