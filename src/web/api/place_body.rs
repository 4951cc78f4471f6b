//! The places in a subscription's body: cells with a radius, polygons on corners of cells, named areas.
//!
//! Nothing here rounds a position: what is more exact than the grid is refused, so that it never arrives by accident.

use super::fields::{Faults, Object};
use crate::geo::code::AreaCode;
use crate::geo::scheme;
use crate::model::place::{
    Altitude, Around, CENTRE_TOLERANCE_DEG, Cell, DRAWN_CELLS_MIN, DRAWN_CORNERS_MAX, Drawn, DrawnFault, Place, Radius,
    Step,
};
use crate::model::subscriber::PLACES_MAX;
use serde_json::{Value, json};

const OUT_OF_RANGE: &str = "Latitude comes first and is −90 to 90; longitude is −180 to 180.";

/// Reads the places. `knows` says whether an area can be followed.
pub(super) fn read_places(object: &Object<'_>, knows: &impl Fn(&AreaCode) -> bool, faults: &mut Faults) -> Vec<Place> {
    if object.required("places", faults).is_none() {
        return Vec::new();
    }
    let values = object.list("places", PLACES_MAX, faults);
    if values.is_empty() && object.get("places").is_some_and(|value| value.as_array().is_some_and(Vec::is_empty)) {
        faults.add("/places", "missing-field", "At least one place is needed.");
    }
    let mut places = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let pointer = format!("/places/{index}");
        let place = if value.get("area").is_some() {
            read_named(value, &pointer, knows, faults)
        } else if value.get("polygon").is_some() {
            read_drawn(value, &pointer, faults)
        } else {
            read_around(value, &pointer, faults)
        };
        // The same place twice is one place.
        if let Some(place) = place.filter(|place| !places.contains(place)) {
            places.push(place);
        }
    }
    places
}

/// `{"area":{"scheme":…,"code":…}}`.
fn read_named(value: &Value, pointer: &str, knows: &impl Fn(&AreaCode) -> bool, faults: &mut Faults) -> Option<Place> {
    let object = Object::read(value, pointer, &["area"], faults)?;
    let area = object.required("area", faults)?;
    let area = Object::read(area, &object.at("area"), &["scheme", "code"], faults)?;
    let (scheme, code) = (area.required_text("scheme", faults), area.required_text("code", faults));
    let (scheme, code) = (scheme?, code?);
    // However it is spelt, it is followed under the name that the gazetteer has for it.
    let code = scheme::canonical(scheme, code).unwrap_or_else(|| AreaCode::new(scheme, code));
    if !knows(&code) {
        let how = "This server knows no such area. GET /api/v1/areas?q= finds those it knows.";
        faults.add(&object.at("area"), "unknown-area", how);
        return None;
    }
    Some(Place::Named(code))
}

/// `{"polygon":[[lat,lon],…],"step":…}`, closed.
fn read_drawn(value: &Value, pointer: &str, faults: &mut Faults) -> Option<Place> {
    let object = Object::read(value, pointer, &["polygon", "step"], faults)?;
    let step = read_step(&object, faults);
    let at = object.at("polygon");
    // One more: the first again.
    let values = object.list("polygon", DRAWN_CORNERS_MAX + 1, faults);
    if values.is_empty() && object.get("polygon").is_some_and(|value| value.as_array().is_none_or(|v| !v.is_empty())) {
        return None;
    }
    let step = step?;
    let mut corners = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        corners.push(read_corner(value, step, &format!("{at}/{index}"), faults));
    }
    let mut corners: Vec<(i32, i32)> = corners.into_iter().collect::<Option<_>>()?;
    if corners.len() > 1 && corners.first() != corners.last() {
        faults.add(&at, "not-closed", "The last corner must be the first again.");
        return None;
    }
    corners.pop();
    match Drawn::new(step, corners) {
        Ok(drawn) => Some(Place::Drawn(drawn)),
        Err(fault) => {
            let (code, how) = explain(fault, step);
            faults.add(&at, code, how);
            None
        }
    }
}

/// Row and column of `[lat, lon]`, which must be a corner of a cell.
fn read_corner(value: &Value, step: Step, pointer: &str, faults: &mut Faults) -> Option<(i32, i32)> {
    let numbers: Option<Vec<f64>> = value.as_array().and_then(|pair| pair.iter().map(Value::as_f64).collect());
    let Some(&[lat, lon]) = numbers.as_deref() else {
        faults.add(pointer, "wrong-type", "A corner is a latitude and a longitude: [50.6, 3.0].");
        return None;
    };
    if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
        faults.add(pointer, "out-of-range", OUT_OF_RANGE);
        return None;
    }
    let per_degree = f64::from(step.per_degree());
    let line = |degrees: f64| {
        let nearest = (degrees * per_degree).round();
        ((degrees - nearest / per_degree).abs() <= CENTRE_TOLERANCE_DEG).then_some(nearest as i32)
    };
    let corner = line(lat).zip(line(lon));
    if corner.is_none() {
        let how = format!(
            "A polygon stands on corners of cells, round(x × {per_degree}) / {per_degree}: an exact position is not taken."
        );
        faults.add(pointer, "exact-position", how);
    }
    corner
}

/// A code and how to mend it.
fn explain(fault: DrawnFault, step: Step) -> (&'static str, String) {
    match fault {
        DrawnFault::Corners => {
            ("bad-polygon", format!("A polygon has 3 to {DRAWN_CORNERS_MAX} corners, and then the first again."))
        }
        DrawnFault::OutOfRange => ("out-of-range", OUT_OF_RANGE.to_owned()),
        // Whoever draws around their own house would tell where it is.
        DrawnFault::TooSmall => (
            "exact-position",
            format!(
                "It covers fewer than {DRAWN_CELLS_MIN} cells of 1/{} degree and would tell too exactly where someone \
                 is. Draw a larger one, or take a finer step.",
                step.per_degree()
            ),
        ),
        DrawnFault::Crossing => {
            ("crossing-edges", "Edges cross or touch, or a corner stands there twice. Draw once around it.".to_owned())
        }
        DrawnFault::AroundWorld => (
            "around-the-world",
            "It goes around a pole or around the world, or an edge is longer than half of it. Draw several polygons."
                .to_owned(),
        ),
    }
}

/// `{"lat":…,"lon":…,"step":…,"radius_km":…,"altitude_m":…}`.
fn read_around(value: &Value, pointer: &str, faults: &mut Faults) -> Option<Place> {
    let object = Object::read(value, pointer, &["lat", "lon", "step", "radius_km", "altitude_m"], faults)?;
    let lat = object.required_number("lat", faults);
    let lon = object.required_number("lon", faults);
    let step = read_step(&object, faults);
    let radius = object.integer_or("radius_km", 0, faults).and_then(|km| {
        let radius = Radius::from_km(km);
        if radius.is_none() {
            faults.add(&object.at("radius_km"), "unknown-radius", "The radius must be 0, 1, 2, 5, 10, 25 or 50 km.");
        }
        radius
    });
    let altitude = read_altitude(&object, faults);
    let (lat, lon, step) = (lat?, lon?, step?);
    if Cell::containing(step, lat, lon).is_none() {
        faults.add(pointer, "out-of-range", OUT_OF_RANGE);
        return None;
    }
    let Some(cell) = Cell::named_by_centre(step, lat, lon) else {
        faults.add(
            pointer,
            "exact-position",
            "A place is named by the centre of its cell, (floor(x × step) + 0.5) / step: an exact position is not taken.",
        );
        return None;
    };
    Some(Place::Around(Around { cell, radius: radius?, altitude: altitude? }))
}

/// `Some(None)`: not told.
fn read_altitude(object: &Object<'_>, faults: &mut Faults) -> Option<Option<Altitude>> {
    if object.get("altitude_m").is_none() {
        return Some(None);
    }
    let altitude = Altitude::containing(object.required_number("altitude_m", faults)?);
    if altitude.is_none() {
        faults.add(&object.at("altitude_m"), "out-of-range", "The altitude must be −500 to 8,999 metres.");
    }
    altitude.map(Some)
}

fn read_step(object: &Object<'_>, faults: &mut Faults) -> Option<Step> {
    let cells = object.integer_or("step", i64::from(Step::Medium.per_degree()), faults)?;
    let step = Step::from_per_degree(cells);
    if step.is_none() {
        faults.add(&object.at("step"), "unknown-step", "The step must be 720, 180 or 20 cells per degree.");
    }
    step
}

/// A place as it can be sent again.
pub(super) fn show_place(place: &Place) -> Value {
    match place {
        Place::Around(place) => {
            let (lat, lon) = place.cell.centre();
            let step = place.cell.step().per_degree();
            let mut shown = json!({"lat": lat, "lon": lon, "step": step, "radius_km": place.radius.km()});
            if let Some(altitude) = place.altitude {
                shown["altitude_m"] = json!(altitude.middle_m());
            }
            shown
        }
        Place::Drawn(drawn) => {
            let corners: Vec<[f64; 2]> = drawn.points().iter().map(|point| [point.lat, point.lon]).collect();
            let closed: Vec<&[f64; 2]> = corners.iter().chain(corners.first()).collect();
            json!({"polygon": closed, "step": drawn.step().per_degree()})
        }
        Place::Named(area) => json!({"area": {"scheme": area.scheme, "code": area.code}}),
    }
}
