//! The elements of CAP in the standard's sequences (CAP 1.2 §3.2).

use super::xml::{Writer, nth};
use super::{Layout, Problem, WriteError};
use crate::cap::alert::{Alert, Area, CapVersion, Info, NamedValue, Point, Reference, Resource};
use crate::cap::code::Scope;
use crate::cap::tree::is_space;

type Written = Result<(), WriteError>;

/// The whole document.
pub(super) fn document(alert: &Alert, version: CapVersion, layout: Layout) -> Result<String, WriteError> {
    let mut w = Writer::new(layout);
    w.root("alert", version.namespace(), |w| head(w, alert, version))?;
    Ok(w.finish())
}

fn head(w: &mut Writer, alert: &Alert, version: CapVersion) -> Written {
    w.text("identifier", &alert.key.identifier)?;
    w.text("sender", &alert.key.sender)?;
    w.time("sent", Some(alert.key.sent))?;
    w.text("status", alert.status.as_str())?;
    w.text("msgType", alert.msg_type.as_str())?;
    w.optional("source", alert.source.as_deref())?;
    // CAP 1.0 lets the scope be absent, which is read as Private to nobody in particular.
    if version != CapVersion::V1_0 || alert.scope != Scope::Private || !alert.addresses.is_empty() {
        w.text("scope", alert.scope.as_str())?;
    }
    w.optional("restriction", alert.restriction.as_deref())?;
    list(w, "addresses", &alert.addresses)?;
    for (index, code) in alert.codes.iter().enumerate() {
        w.text(nth("code", index), code)?;
    }
    w.optional("note", alert.note.as_deref())?;
    references(w, &alert.references, version)?;
    list(w, "incidents", &alert.incidents)?;
    for (index, info) in alert.infos.iter().enumerate() {
        w.group(nth("info", index), |w| self::info(w, info, version))?;
    }
    Ok(())
}

/// Items separated by spaces, in quotation marks where they hold white space themselves (§3.2.1 addresses, incidents).
fn list(w: &mut Writer, name: &'static str, items: &[String]) -> Written {
    if items.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for item in items {
        let quoted = item.contains(is_space) || item.starts_with('"');
        if item.is_empty() || (quoted && item.contains('"')) {
            let problem = if item.is_empty() { Problem::Empty } else { Problem::Quote };
            return Err(w.problem(name.into(), problem));
        }
        let mark = if quoted { "\"" } else { "" };
        let space = if text.is_empty() { "" } else { " " };
        text.push_str(&format!("{space}{mark}{item}{mark}"));
    }
    w.text(name, &text)
}

/// `sender,identifier,sent`; where the time is not known, in CAP 1.0 alone, `identifier/sender`.
fn references(w: &mut Writer, references: &[Reference], version: CapVersion) -> Written {
    let mut text = String::new();
    for Reference { sender, identifier, sent } in references {
        let space = if text.is_empty() { "" } else { " " };
        match sent {
            Some(sent) => {
                let sent = w.time_text("references".into(), *sent)?;
                text.push_str(&format!("{space}{sender},{identifier},{sent}"));
            }
            None if version == CapVersion::V1_0 => text.push_str(&format!("{space}{identifier}/{sender}")),
            None => return Err(w.problem("references".into(), Problem::Timeless)),
        }
    }
    w.optional("references", (!text.is_empty()).then_some(text.as_str()))
}

fn info(w: &mut Writer, info: &Info, version: CapVersion) -> Written {
    w.text("language", &info.language)?;
    for (index, category) in info.categories.iter().enumerate() {
        w.text(nth("category", index), category.as_str())?;
    }
    w.text("event", &info.event)?;
    for (index, response) in info.response_types.iter().enumerate() {
        w.text(nth("responseType", index), response.as_str())?;
    }
    w.text("urgency", info.urgency.as_str())?;
    w.text("severity", info.severity.as_str())?;
    w.text("certainty", info.certainty.as_str())?;
    w.optional("audience", info.audience.as_deref())?;
    pairs(w, "eventCode", &info.event_codes, version)?;
    w.time("effective", info.effective)?;
    w.time("onset", info.onset)?;
    w.time("expires", info.expires)?;
    w.optional("senderName", info.sender_name.as_deref())?;
    w.optional("headline", info.headline.as_deref())?;
    w.optional("description", info.description.as_deref())?;
    w.optional("instruction", info.instruction.as_deref())?;
    w.optional("web", info.web.as_deref())?;
    w.optional("contact", info.contact.as_deref())?;
    pairs(w, "parameter", &info.parameters, version)?;
    for (index, resource) in info.resources.iter().enumerate() {
        w.group(nth("resource", index), |w| self::resource(w, resource))?;
    }
    for (index, area) in info.areas.iter().enumerate() {
        w.group(nth("area", index), |w| self::area(w, area, version))?;
    }
    Ok(())
}

/// A name with its value; in CAP 1.0 one text.
fn pairs(w: &mut Writer, name: &'static str, pairs: &[NamedValue], version: CapVersion) -> Written {
    for (index, NamedValue { value_name, value }) in pairs.iter().enumerate() {
        let tag = nth(name, index);
        if version == CapVersion::V1_0 {
            if value_name.contains('=') {
                return Err(w.problem(tag, Problem::EqualsSign));
            }
            w.text(tag, &format!("{value_name}={value}"))?;
        } else {
            w.group(tag, |w| {
                w.text("valueName", value_name)?;
                w.text_or_nothing("value", value)
            })?;
        }
    }
    Ok(())
}

fn resource(w: &mut Writer, resource: &Resource) -> Written {
    w.text("resourceDesc", &resource.resource_desc)?;
    w.optional("mimeType", resource.mime_type.as_deref())?;
    w.optional("size", resource.size_bytes.map(|size| size.to_string()).as_deref())?;
    w.optional("uri", resource.uri.as_deref())?;
    w.optional("derefUri", resource.deref_uri.as_deref())?;
    w.optional("digest", resource.digest.as_deref())
}

fn area(w: &mut Writer, area: &Area, version: CapVersion) -> Written {
    w.text("areaDesc", &area.area_desc)?;
    for (index, polygon) in area.polygons.iter().enumerate() {
        let tag = nth("polygon", index);
        let pairs: Result<Vec<String>, WriteError> = polygon.ring().iter().map(|&point| pair(w, tag, point)).collect();
        w.text(tag, &pairs?.join(" "))?;
    }
    for (index, circle) in area.circles.iter().enumerate() {
        let tag = nth("circle", index);
        let text = format!("{} {}", pair(w, tag, circle.center)?, w.decimal(tag, circle.radius_km)?);
        w.text(tag, &text)?;
    }
    pairs(w, "geocode", &area.geocodes, version)?;
    for (name, number) in [("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)] {
        if let Some(number) = number {
            let text = w.decimal(name.into(), number)?;
            w.text(name, &text)?;
        }
    }
    Ok(())
}

/// `lat,lon` in degrees.
fn pair(w: &Writer, tag: super::xml::Tag, point: Point) -> Result<String, WriteError> {
    Ok(format!("{},{}", w.decimal(tag, point.lat)?, w.decimal(tag, point.lon)?))
}
