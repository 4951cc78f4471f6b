//! Alerts of every edition that say all that can be said.

use crate::cap::alert::{
    Alert, AlertKey, Area, CapVersion, Circle, Info, NamedValue, Point, Polygon, Reference, Resource,
};
use crate::cap::code::{Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency};
use crate::cap::time::DateTime;
use crate::cap::tree::is_space;
use jiff::Timestamp;
use jiff::tz::Offset;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Seconds of the first and the last day that every offset can write.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_510_400..=253_402_120_000;

/// Any text that XML can hold, as a reader leaves it: no white space around it.
fn texts() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        select("<>&]['\"=,;-!? \t\n\r\u{85}\u{2028}\u{FEFF}é😀".chars().collect::<Vec<_>>()),
    ];
    let allowed =
        |&character: &char| (character >= ' ' || is_space(character)) && !matches!(character, '\u{FFFE}' | '\u{FFFF}');
    let text = prop_oneof![20 => vec(character, 1..40), 1 => vec(any::<char>(), 5_000)];
    text.prop_map(move |text| {
        let text: String = text.into_iter().filter(allowed).collect();
        match text.trim_matches(is_space) {
            "" => "x".to_owned(),
            text => text.to_owned(),
        }
    })
}

/// Sender, identifier: no white space, comma, `<` or `&`; no `/`, which parts them in CAP 1.0.
fn tokens() -> impl Strategy<Value = String> {
    texts().prop_map(|text| {
        let token: String = text.chars().filter(|&c| !is_space(c) && !matches!(c, ',' | '<' | '&' | '/')).collect();
        format!("t{token}")
    })
}

fn times() -> impl Strategy<Value = DateTime> {
    let minutes = prop_oneof![Just(0), -840..=840, select(vec![-840, -1, 1, 840])];
    let seconds = prop_oneof![SECONDS, select(vec![*SECONDS.start(), 0, *SECONDS.end()])];
    (seconds, minutes).prop_map(|(seconds, minutes): (i64, i32)| {
        let offset = Offset::from_seconds(minutes * 60).expect("an offset");
        DateTime::new(Timestamp::from_second(seconds).expect("an instant"), offset)
    })
}

fn named_values() -> impl Strategy<Value = Vec<NamedValue>> {
    let name = texts().prop_map(|name| {
        let name = name.replace('=', "");
        if name.trim_matches(is_space).is_empty() { "n".to_owned() } else { name.trim_matches(is_space).to_owned() }
    });
    let value = prop_oneof![Just(String::new()), texts()];
    vec((name, value).prop_map(|(value_name, value)| NamedValue { value_name, value }), 0..3)
}

/// Items that quotation marks can hold.
fn lists() -> impl Strategy<Value = Vec<String>> {
    vec(texts().prop_map(|text| text.replace('"', "'")), 0..4)
}

fn points() -> impl Strategy<Value = Point> {
    (-89.0..89.0_f64, -180.0..=180.0_f64).prop_map(|(lat, lon)| Point { lat, lon })
}

/// Rings of three corners, which cannot cross themselves, and squares.
fn polygons() -> impl Strategy<Value = Polygon> {
    let triangle = (points(), points(), points()).prop_map(|(a, b, c)| vec![a, b, c, a]);
    let square = (-80.0..80.0_f64, -170.0..170.0_f64, 1e-6..5.0_f64).prop_map(|(lat, lon, size)| {
        let corner = |up: f64, right: f64| Point { lat: lat + up * size, lon: lon + right * size };
        vec![corner(0.0, 0.0), corner(0.0, 1.0), corner(1.0, 1.0), corner(1.0, 0.0), corner(0.0, 0.0)]
    });
    prop_oneof![triangle, square].prop_map(|ring| Polygon::new(ring).expect("closed"))
}

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), -500.0..30_000.0_f64, prop::num::f64::NORMAL]
}

fn areas() -> impl Strategy<Value = Area> {
    let radius = prop_oneof![Just(0.0), 0.0..1_000.0_f64, Just(f64::MIN_POSITIVE)];
    let circle = (points(), radius).prop_map(|(center, radius_km)| Circle { center, radius_km });
    let heights = of((numbers(), of(numbers()))).prop_map(|heights| match heights {
        Some((one, Some(other))) => (Some(one.min(other)), Some(one.max(other))),
        Some((one, None)) => (Some(one), None),
        None => (None, None),
    });
    (texts(), vec(polygons(), 0..3), vec(circle, 0..3), named_values(), heights).prop_map(
        |(area_desc, polygons, circles, geocodes, (altitude_ft, ceiling_ft))| Area {
            area_desc,
            polygons,
            circles,
            geocodes,
            altitude_ft,
            ceiling_ft,
        },
    )
}

fn resources() -> impl Strategy<Value = Resource> {
    let uri = select(vec!["https://vallonne.example/a%20b?c=d&e=%22#f", "map.png", "urn:example:1"]);
    (texts(), texts(), of(any::<u64>()), of(uri), of(texts()), of("[0-9a-f]{40}")).prop_map(
        |(resource_desc, mime_type, size_bytes, uri, deref_uri, digest)| Resource {
            resource_desc,
            mime_type: Some(mime_type),
            size_bytes,
            uri: uri.map(str::to_owned),
            deref_uri,
            digest,
        },
    )
}

prop_compose! {
    /// What people read.
    fn words()(
        audience in of(texts()), sender_name in of(texts()), headline in of(texts()), description in of(texts()),
        instruction in of(texts()), contact in of(texts()),
    ) -> [Option<String>; 6] {
        [audience, sender_name, headline, description, instruction, contact]
    }
}

prop_compose! {
    fn infos()(
        language in "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,2}", categories in vec(select(Category::ALL), 1..4),
        event in texts(), response_types in vec(select(ResponseType::ALL), 0..3), urgency in select(Urgency::ALL),
        severity in select(Severity::ALL), certainty in select(Certainty::ALL),
        (effective, onset, expires) in (of(times()), of(times()), of(times())),
        (event_codes, parameters) in (named_values(), named_values()), words in words(),
        web in of(Just("https://vallonne.example/é?a=1&b=2".to_owned())), resources in vec(resources(), 0..2),
        areas in vec(areas(), 0..3),
    ) -> Info {
        let [audience, sender_name, headline, description, instruction, contact] = words;
        // What ends before it begins is wrong, and never written.
        let expires = expires.filter(|end| effective.is_none_or(|effective| end.instant() >= effective.instant()));
        Info {
            language, categories, event, response_types, urgency, severity, certainty, audience, event_codes,
            effective, onset, expires, sender_name, headline, description, instruction, web, contact, parameters,
            resources, areas,
        }
    }
}

prop_compose! {
    fn newest()(
        (sender, identifier, sent) in (tokens(), tokens(), times()), status in select(Status::ALL),
        msg_type in select(MsgType::ALL), scope in select(Scope::ALL),
        (source, restriction, note) in (of(texts()), texts(), of(texts())), addresses in lists(),
        codes in vec(texts(), 0..3), references in vec((tokens(), tokens(), times()), 1..4), incidents in lists(),
        infos in vec(infos(), 1..3),
    ) -> Alert {
        let addresses = if scope == Scope::Private && addresses.is_empty() { vec!["all".to_owned()] } else { addresses };
        let reference = |(sender, identifier, sent): (String, String, DateTime)| Reference {
            sender: format!("{sender}x"), identifier, sent: Some(sent),
        };
        Alert {
            version: CapVersion::V1_2,
            key: AlertKey { sender: format!("{sender}y"), identifier, sent },
            status, msg_type, source, scope,
            restriction: (scope == Scope::Restricted).then_some(restriction),
            addresses, codes, note,
            references: references.into_iter().map(reference).collect(),
            incidents, infos,
            signed: false,
        }
    }
}

/// An alert without what came after its edition.
fn of_edition(mut alert: Alert, version: CapVersion) -> Alert {
    alert.version = version;
    if version == CapVersion::V1_2 {
        return alert;
    }
    let oldest = version == CapVersion::V1_0;
    if oldest {
        alert.status = if alert.status == Status::Draft { Status::Test } else { alert.status };
        alert.references.iter_mut().for_each(|reference| reference.sent = None);
    }
    for info in &mut alert.infos {
        info.response_types.retain(|kind| !oldest && !matches!(kind, ResponseType::Avoid | ResponseType::AllClear));
        if oldest {
            info.categories.retain(|category| *category != Category::Cbrne);
            info.certainty = if info.certainty == Certainty::Observed { Certainty::Possible } else { info.certainty };
        }
        for resource in &mut info.resources {
            resource.mime_type = None;
            resource.deref_uri = resource.deref_uri.take().filter(|_| !oldest);
        }
    }
    alert
}

pub(super) fn alerts() -> impl Strategy<Value = Alert> {
    let editions = vec![CapVersion::V1_0, CapVersion::V1_1, CapVersion::V1_2, CapVersion::V1_2];
    (newest(), select(editions)).prop_map(|(alert, version)| of_edition(alert, version))
}
