//! Whether shapes tell the truth: asked of them and, apart from them, of the `geo` crate's planar predicates and of
//! Karney's geodesics over dense samples.

mod cases;
mod holes;
mod oracle;
mod random;
mod regions;

use beffroi::cap::alert::{Area, Circle, NamedValue, Point, Polygon};
use beffroi::geo::shape::{EXCLUDE_POLYGON, Shape};

/// Corners as latitude and longitude; the ring is closed here.
fn ring(corners: &[(f64, f64)]) -> Polygon {
    let closed = corners.iter().chain(corners.first());
    Polygon::new(closed.map(|&(lat, lon)| Point { lat, lon }).collect()).expect("three corners or more")
}

fn circle(lat: f64, lon: f64, radius_km: f64) -> Circle {
    Circle { center: Point { lat, lon }, radius_km }
}

fn area(polygons: Vec<Polygon>, circles: Vec<Circle>) -> Area {
    let area_desc = "a test area".to_owned();
    Area { area_desc, polygons, circles, geocodes: Vec::new(), altitude_ft: None, ceiling_ft: None }
}

fn shape(polygons: Vec<Polygon>, circles: Vec<Circle>) -> Shape {
    Shape::of_areas(&[area(polygons, circles)]).expect("it lies somewhere")
}

fn polygon(corners: &[(f64, f64)]) -> Shape {
    shape(vec![ring(corners)], Vec::new())
}

fn disc(lat: f64, lon: f64, radius_km: f64) -> Shape {
    shape(Vec::new(), vec![circle(lat, lon, radius_km)])
}

/// The same area without what holes go around: the first corner of each is not repeated.
fn without(mut area: Area, holes: &[Vec<(f64, f64)>]) -> Area {
    area.geocodes.extend(holes.iter().map(|hole| {
        let pairs: Vec<String> = hole.iter().chain(hole.first()).map(|(lat, lon)| format!("{lat},{lon}")).collect();
        NamedValue { value_name: EXCLUDE_POLYGON.to_owned(), value: pairs.join(" ") }
    }));
    area
}
