//! Alerts of our own making, and the geometry of real ones, read apart from the code that is tested.

use super::place::{Figure, Point};
use quick_xml::Reader;
use quick_xml::events::Event;

/// A CAP 1.2 alert as text, with one info. Fields left alone make a storm that rings inside [`BOX`].
#[derive(Debug, Clone)]
pub struct Cap {
    pub identifier: String,
    pub sender: String,
    pub sent: String,
    pub status: &'static str,
    pub msg_type: &'static str,
    pub scope: &'static str,
    pub severity: &'static str,
    /// `sender,identifier,sent` of the alert this one updates or cancels.
    pub references: Option<String>,
    pub headline: String,
    pub expires: String,
    /// `None`: no area at all.
    pub polygon: Option<&'static str>,
}

/// Around Lille.
pub const BOX: &str = "50.5,2.9 50.5,3.3 50.8,3.3 50.8,2.9 50.5,2.9";
/// In the middle of it.
pub const CENTRE: Point = (50.65, 3.1);
/// The sender of these alerts.
pub const SENDER: &str = "alerts@lille.example";

impl Cap {
    /// An alert sent a minute before the test clock's start, valid for six hours.
    pub fn new(identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            sender: SENDER.to_owned(),
            sent: "2026-06-01T11:59:00-00:00".to_owned(),
            status: "Actual",
            msg_type: "Alert",
            scope: "Public",
            severity: "Severe",
            references: None,
            headline: format!("Violent storm ({identifier})"),
            expires: "2026-06-01T18:00:00-00:00".to_owned(),
            polygon: Some(BOX),
        }
    }

    /// A message of this type about another alert, sent a little later.
    pub fn about(other: &Self, msg_type: &'static str) -> Self {
        Self {
            identifier: format!("{}-{msg_type}", other.identifier),
            sent: "2026-06-01T11:59:30-00:00".to_owned(),
            msg_type,
            references: Some(format!("{},{},{}", other.sender, other.identifier, other.sent)),
            headline: format!("{msg_type}: {}", other.headline),
            ..other.clone()
        }
    }

    pub fn xml(&self) -> String {
        let Self { identifier, sender, sent, status, msg_type, scope, severity, headline, expires, .. } = self;
        let references =
            self.references.as_ref().map_or(String::new(), |text| format!("<references>{text}</references>"));
        let restriction = if *scope == "Restricted" { "<restriction>fire brigade</restriction>" } else { "" };
        let area = self.polygon.map_or(String::new(), |polygon| {
            format!("<area><areaDesc>Lille</areaDesc><polygon>{polygon}</polygon></area>")
        });
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent>
<status>{status}</status><msgType>{msg_type}</msgType><scope>{scope}</scope>{restriction}{references}
<info><language>en-GB</language><category>Met</category><event>Storm</event><responseType>Shelter</responseType>
<urgency>Immediate</urgency><severity>{severity}</severity><certainty>Likely</certainty><expires>{expires}</expires>
<senderName>Weather office</senderName><headline>{headline}</headline>
<description>Gusts of 140 km/h.</description><instruction>Stay inside.</instruction>{area}</info></alert>
"#
        )
    }
}

/// What the tests must know of a real alert.
#[derive(Debug, Clone, Default)]
pub struct RealAlert {
    pub sent: String,
    pub scope: String,
    pub infos: Vec<RealInfo>,
}

#[derive(Debug, Clone, Default)]
pub struct RealInfo {
    /// `en-US` where it says nothing, as the standard has it.
    pub language: String,
    pub event: String,
    pub headline: Option<String>,
    pub expires: Option<String>,
    pub figures: Vec<Figure>,
}

/// Reads a real alert by nothing but its element names.
pub fn read(xml: &[u8]) -> RealAlert {
    let mut reader = Reader::from_reader(xml);
    let mut alert = RealAlert::default();
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).expect("real alerts are well-formed") {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
                if path == ["alert", "info"] {
                    alert.infos.push(RealInfo { language: "en-US".to_owned(), ..RealInfo::default() });
                }
            }
            Event::Text(more) => text.push_str(&more),
            Event::CData(more) => text.push_str(&more),
            Event::GeneralRef(entity) => {
                let name = entity.to_string();
                let plain = entity.resolve_char_ref().ok().flatten().map(String::from);
                let plain = plain.or_else(|| quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned));
                text.push_str(&plain.unwrap_or_else(|| panic!("entity {name} in a real alert")));
            }
            Event::End(_) => {
                take(&mut alert, &path.join("/"), text.trim());
                path.pop();
                text.clear();
            }
            Event::Eof => return alert,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        buffer.clear();
    }
}

fn take(alert: &mut RealAlert, path: &str, text: &str) {
    match path {
        "alert/sent" => text.clone_into(&mut alert.sent),
        "alert/scope" => text.clone_into(&mut alert.scope),
        _ => {
            let Some(info) = alert.infos.last_mut() else { return };
            match path {
                "alert/info/language" if !text.is_empty() => text.clone_into(&mut info.language),
                "alert/info/event" => text.clone_into(&mut info.event),
                "alert/info/headline" if !text.is_empty() => info.headline = Some(text.to_owned()),
                "alert/info/expires" => info.expires = Some(text.to_owned()),
                "alert/info/area/polygon" if !text.is_empty() => {
                    info.figures.push(Figure::Polygon(text.split_whitespace().map(point).collect()));
                }
                "alert/info/area/circle" if !text.is_empty() => {
                    let (centre, km) = text.split_once(char::is_whitespace).expect("a centre and a radius");
                    info.figures.push(Figure::Circle(point(centre), km.trim().parse().expect("kilometres")));
                }
                _ => {}
            }
        }
    }
}

fn point(pair: &str) -> Point {
    let (lat, lon) = pair.split_once(',').expect("latitude,longitude");
    (lat.parse().expect("degrees"), lon.parse().expect("degrees"))
}
