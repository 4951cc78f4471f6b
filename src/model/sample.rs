//! An invented alert and a batch of its people for unit tests, to be changed as a test needs.

use crate::cap::alert::{Alert, AlertKey, Area, CapVersion, Circle, Info, Point};
use crate::cap::code::{Category, Certainty, MsgType, Scope, Severity, Status, Urgency};
use crate::cap::time::DateTime;
use crate::model::batch::{Batch, Progress, Ring};
use crate::model::id::{BatchId, BroadcastId, ChainId, Slot};
use crate::model::tier::Tier;
use jiff::Timestamp;
use jiff::tz::Offset;

/// A time of the day on which everything happens.
pub fn at(time: &str) -> Timestamp {
    format!("2026-03-01T{time}Z").parse().expect("a time")
}

fn when(time: &str) -> DateTime {
    DateTime::new(at(time), Offset::UTC)
}

pub fn key(identifier: &str, time: &str) -> AlertKey {
    AlertKey { sender: "warnings@town.example".to_owned(), identifier: identifier.to_owned(), sent: when(time) }
}

/// Sent at 10:00, valid until 12:00, Severe, around the town hall.
pub fn alert() -> Alert {
    Alert {
        version: CapVersion::V1_2,
        key: key("storm-1", "10:00:00"),
        status: Status::Actual,
        msg_type: MsgType::Alert,
        source: None,
        scope: Scope::Public,
        restriction: None,
        addresses: Vec::new(),
        codes: Vec::new(),
        note: None,
        references: Vec::new(),
        incidents: Vec::new(),
        infos: vec![info("fr", area(50.6, 3.0, 5.0))],
        signed: false,
    }
}

pub fn info(language: &str, area: Area) -> Info {
    Info {
        categories: vec![Category::Met],
        urgency: Urgency::Expected,
        severity: Severity::Severe,
        certainty: Certainty::Likely,
        expires: Some(when("12:00:00")),
        headline: Some(format!("storm, in {language}")),
        areas: vec![area],
        ..Info::saying(language, "storm")
    }
}

pub fn area(lat: f64, lon: f64, radius_km: f64) -> Area {
    Area {
        area_desc: "around the town hall".to_owned(),
        polygons: Vec::new(),
        circles: vec![Circle { center: Point { lat, lon }, radius_km }],
        geocodes: Vec::new(),
        altitude_ft: None,
        ceiling_ft: None,
    }
}

/// So many people inside, who wait since 10:00 and may be told until 12:00.
pub fn batch(tier: Tier, origin: &str, people: Slot) -> Batch {
    Batch {
        id: BatchId("batch".to_owned()),
        broadcast: BroadcastId("broadcast".to_owned()),
        chain: ChainId("chain".to_owned()),
        message: 0,
        about: None,
        quiet: false,
        hours: None,
        origin: origin.to_owned(),
        tier,
        ring: Ring::Inside,
        not_before: at("10:00:00"),
        expires: at("12:00:00"),
        todo: (1..=people).collect(),
        progress: Progress::default(),
        attempts: 0,
    }
}
