//! An alert as JSON and as GeoJSON: CAP's own words in snake case, coordinates as degrees.

use crate::cap::alert::{Alert, Area, Info, NamedValue, Reference, Resource};
use crate::cap::time::DateTime;
use crate::geo::gazetteer::Gazetteer;
use crate::model::message;
use crate::store::alert::PublicAlert;
use serde_json::{Map, Value, json};
use url::Url;

/// How much of the areas is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Full,
    /// Without polygons and circles, which lists would drown in.
    List,
}

/// The whole alert.
pub fn show(public: &PublicAlert, alert: &Alert, detail: Detail, base: &Url) -> Value {
    let stored = &public.alert;
    let id = stored.id.as_str();
    json!({
        "id": id,
        "state": public.state,
        "superseded_by": public.superseded_by,
        "merged_with": public.merged_with,
        "chain": public.chain_key,
        "received": stored.received,
        "expires": stored.expires,
        "sender": alert.key.sender,
        "identifier": alert.key.identifier,
        "sent": text(alert.key.sent),
        "status": alert.status.as_str(),
        "msg_type": alert.msg_type.as_str(),
        "scope": alert.scope.as_str(),
        "source": alert.source,
        "codes": alert.codes,
        "note": alert.note,
        "references": alert.references.iter().map(reference).collect::<Vec<_>>(),
        "incidents": alert.incidents,
        "infos": alert.infos.iter().map(|info| show_info(info, detail)).collect::<Vec<_>>(),
        "links": {
            "self": link(base, &format!("api/v1/alerts/{id}")),
            "page": link(base, &format!("alerts/{id}")),
            "original": link(base, &format!("api/v1/alerts/{id}.xml")),
            "geojson": link(base, &format!("api/v1/alerts/{id}.geojson")),
        },
    })
}

/// The alert as one GeoJSON feature (RFC 7946): the union of its areas, and what a map needs to say about it.
pub fn feature(public: &PublicAlert, alert: &Alert, gazetteer: &Gazetteer, base: &Url) -> Value {
    let id = public.alert.id.as_str();
    let messages = message::messages(alert);
    let first = messages.first().map(|message| &alert.infos[message.variants[0]]);
    let mut properties = Map::new();
    for (name, value) in [
        ("id", json!(id)),
        ("state", json!(public.state)),
        ("sender", json!(alert.key.sender)),
        ("identifier", json!(alert.key.identifier)),
        ("sent", json!(text(alert.key.sent))),
        ("expires", json!(public.alert.expires)),
        ("status", json!(alert.status.as_str())),
        ("msg_type", json!(alert.msg_type.as_str())),
        ("language", json!(first.map(|info| &info.language))),
        ("event", json!(first.map(|info| &info.event))),
        ("headline", json!(first.map(|info| info.headline.as_ref().unwrap_or(&info.event)))),
        ("categories", json!(first.map(|info| codes(&info.categories, |category| category.as_str())))),
        ("severity", json!(first.map(|info| info.severity.as_str()))),
        ("urgency", json!(first.map(|info| info.urgency.as_str()))),
        ("certainty", json!(first.map(|info| info.certainty.as_str()))),
        ("area_descs", json!(area_descs(alert))),
        ("page", json!(link(base, &format!("alerts/{id}")))),
    ] {
        properties.insert(name.to_owned(), value);
    }
    json!({"type": "Feature", "id": id, "geometry": geometry(alert, gazetteer), "properties": properties})
}

/// The union of all areas, `null` for an alert that is nowhere.
pub fn geometry(alert: &Alert, gazetteer: &Gazetteer) -> Value {
    gazetteer.ground_of_alert(alert).shape.map_or(Value::Null, |shape| shape.to_geojson())
}

fn area_descs(alert: &Alert) -> Vec<&str> {
    let mut descs: Vec<&str> = Vec::new();
    for area in alert.infos.iter().flat_map(|info| &info.areas) {
        if !descs.contains(&area.area_desc.as_str()) {
            descs.push(&area.area_desc);
        }
    }
    descs
}

fn show_info(info: &Info, detail: Detail) -> Value {
    json!({
        "language": info.language,
        "categories": codes(&info.categories, |category| category.as_str()),
        "event": info.event,
        "response_types": codes(&info.response_types, |kind| kind.as_str()),
        "urgency": info.urgency.as_str(),
        "severity": info.severity.as_str(),
        "certainty": info.certainty.as_str(),
        "audience": info.audience,
        "event_codes": named(&info.event_codes),
        "effective": info.effective.map(text),
        "onset": info.onset.map(text),
        "expires": info.expires.map(text),
        "sender_name": info.sender_name,
        "headline": info.headline,
        "description": info.description,
        "instruction": info.instruction,
        "web": info.web,
        "contact": info.contact,
        "parameters": named(&info.parameters),
        "resources": info.resources.iter().map(show_resource).collect::<Vec<_>>(),
        "areas": info.areas.iter().map(|area| show_area(area, detail)).collect::<Vec<_>>(),
    })
}

fn show_area(area: &Area, detail: Detail) -> Value {
    let mut shown = json!({
        "area_desc": area.area_desc,
        "geocodes": named(&area.geocodes),
        "altitude_ft": area.altitude_ft,
        "ceiling_ft": area.ceiling_ft,
    });
    if detail == Detail::Full {
        let rings = area
            .polygons
            .iter()
            .map(|polygon| polygon.ring().iter().map(|point| [point.lat, point.lon]).collect::<Vec<_>>());
        shown["polygons"] = json!(rings.collect::<Vec<_>>());
        let circles = area
            .circles
            .iter()
            .map(|circle| json!({"lat": circle.center.lat, "lon": circle.center.lon, "radius_km": circle.radius_km}));
        shown["circles"] = json!(circles.collect::<Vec<_>>());
    }
    shown
}

/// A resource without its embedded bytes, which stand in the original.
fn show_resource(resource: &Resource) -> Value {
    json!({
        "resource_desc": resource.resource_desc,
        "mime_type": resource.mime_type,
        "size_bytes": resource.size_bytes,
        "uri": resource.uri,
        "digest": resource.digest,
    })
}

fn named(values: &[NamedValue]) -> Vec<Value> {
    values.iter().map(|value| json!({"value_name": value.value_name, "value": value.value})).collect()
}

fn codes<T: Copy>(values: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    values.iter().map(|value| name(*value)).collect()
}

fn reference(earlier: &Reference) -> Value {
    json!({"sender": earlier.sender, "identifier": earlier.identifier, "sent": earlier.sent.map(text)})
}

fn text(time: DateTime) -> String {
    time.to_string()
}

fn link(base: &Url, path: &str) -> String {
    base.join(path).map_or_else(|_| format!("/{path}"), String::from)
}
