//! An alert's area.

use super::rect::Rect;
use crate::cap::alert::Area;
use serde_json::{Value, json};

/// Everything of an alert's areas that lies somewhere: the union of their polygons and circles.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    boxes: Vec<Rect>,
}

impl Shape {
    /// The union of all polygons and circles; `None` when there is none that lies anywhere.
    pub fn of_areas(areas: &[Area]) -> Option<Self> {
        let polygons = areas.iter().flat_map(|area| &area.polygons).map(|polygon| {
            polygon.ring().iter().fold(
                Rect { south: 90.0, west: 180.0, north: -90.0, east: -180.0 },
                |around, point| Rect {
                    south: around.south.min(point.lat),
                    west: around.west.min(point.lon),
                    north: around.north.max(point.lat),
                    east: around.east.max(point.lon),
                },
            )
        });
        let circles = areas
            .iter()
            .flat_map(|area| &area.circles)
            .map(|circle| Rect::point(circle.center.lat, circle.center.lon).grown(circle.radius_km * 1_000.0));
        let boxes: Vec<Rect> = polygons.chain(circles).collect();
        (!boxes.is_empty()).then_some(Self { boxes })
    }

    /// Whether someone in the cell could be in the area: any point of the closed cell is in it. A border counts.
    pub fn touches_cell(&self, cell: impl Into<Rect>) -> bool {
        let rect = cell.into();
        self.boxes.iter().any(|part| part.meets(&rect))
    }

    /// Whether someone within `radius_m` metres of any point of the cell could be in the area.
    pub fn within(&self, cell: impl Into<Rect>, radius_m: f64) -> bool {
        self.touches_cell(cell.into().grown(radius_m))
    }

    /// Whether a point is in the area. A border counts.
    pub fn contains(&self, lat: f64, lon: f64) -> bool {
        self.touches_cell(Rect::point(lat, lon))
    }

    /// The smallest rectangle around it. `east` is above 180 when it crosses ±180°.
    pub fn bounds(&self) -> Rect {
        self.boxes.iter().fold(self.boxes[0], |around, part| Rect {
            south: around.south.min(part.south),
            west: around.west.min(part.west),
            north: around.north.max(part.north),
            east: around.east.max(part.east),
        })
    }

    /// A GeoJSON MultiPolygon for maps.
    pub fn to_geojson(&self) -> Value {
        let rings: Vec<Value> = self
            .boxes
            .iter()
            .map(|b| {
                json!([[[b.west, b.south], [b.east, b.south], [b.east, b.north], [b.west, b.north], [b.west, b.south]]])
            })
            .collect();
        json!({ "type": "MultiPolygon", "coordinates": rings })
    }
}
