//! `/subscribe`: where, what about, and only then the browser's question. The page explains; `subscribe.ts` does.

use super::CONSENT_EDITION;
use super::home::coordinates;
use super::view;
use crate::config;
use crate::i18n::{self, Language};
use crate::model::family::Family;
use crate::model::place::Radius;
use crate::web::page::{Page, Section, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The radius that is chosen before the citizen chooses, kilometres.
const RADIUS_DEFAULT_KM: u8 = 5;

/// Languages a citizen may prefer for alerts: BCP 47 tag, and what the language calls itself.
const LANGUAGES: &[(&str, &str)] = &[
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("zh", "中文"),
];

/// A time zone for every hour, as IANA names them. The browser adds its own and all that it knows: on the page they would
/// weigh more than everything else.
const TIME_ZONES: &[&str] = &[
    "America/Anchorage",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Bangkok",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Paris",
    "Indian/Reunion",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Pacific/Noumea",
    "UTC",
];

/// What `subscribe.ts` may have to say.
const WORDS: &[&str] = &[
    "sub-place-none",
    "sub-place-is",
    "sub-place-next",
    "sub-place-square",
    "sub-place-around",
    "sub-place-high",
    "sub-place-drawn",
    "sub-remove",
    "draw-start",
    "draw-few",
    "draw-small",
    "draw-crossing",
    "draw-many",
    "draw-world",
    "draw-good",
    "area-count",
    "area-none",
    "area-failed",
    "word-saved",
    "word-stopped",
    "word-stop-sure",
    "word-working",
    "word-no-place",
    "word-bad-coordinates",
    "word-bad-altitude",
    "word-places-full",
    "word-no-family",
    "word-quiet-hours",
    "word-no-push",
    "word-ios",
    "word-denied",
    "word-dismissed",
    "word-near-denied",
    "word-near-failed",
    "word-server",
    "word-offline",
    "word-push-failed",
    "word-too-many",
    "word-gone",
    "word-map-failed",
];

/// What the client fills in.
const GAPS: [&str; 12] =
    ["place", "size", "lat", "lon", "km", "metres", "km2", "corners", "cells", "least", "most", "count"];

/// The page.
#[derive(Template)]
#[template(path = "citizen/subscribe.html")]
pub struct Subscribe {
    pub page: Page,
    /// The application server key (RFC 8292), base64url.
    pub vapid: String,
    pub consent: &'static str,
    /// `LAT,LON` of the address, or nothing.
    pub at: String,
    /// Kilometres.
    pub radius: u8,
    pub map: config::Map,
    /// Whether there are named areas to choose from.
    pub areas: bool,
    radii: &'static [u8],
    families: &'static [Family],
    languages: &'static [(&'static str, &'static str)],
    time_zones: &'static [&'static str],
    words: Vec<(&'static str, String)>,
}

impl Subscribe {
    /// Prefilled from `?at=LAT,LON&radius=KM`; what is not a place or a radius is ignored.
    pub fn new(visit: &Visit, page: Page, vapid: String, map: config::Map, areas: bool) -> Self {
        let at = visit.parameter("at").and_then(coordinates);
        let radius = visit.parameter("radius").and_then(|km| km.parse().ok()).and_then(Radius::from_km);
        Self {
            page,
            vapid,
            consent: CONSENT_EDITION,
            at: at.map(|(lat, lon)| format!("{lat},{lon}")).unwrap_or_default(),
            radius: radius.map_or(RADIUS_DEFAULT_KM, Radius::km),
            map,
            areas,
            radii: &Radius::ALL_KM,
            families: &Family::ALL,
            languages: LANGUAGES,
            time_zones: TIME_ZONES,
            words: WORDS.iter().map(|key| (*key, word(visit.language, key))).collect(),
        }
    }
}

/// A message whose numbers the client fills in, between brackets that no message has.
fn word(language: Language, key: &str) -> String {
    let gaps = GAPS.map(|gap| (gap, format!("⟦{gap}⟧").into()));
    i18n::text(language, key, &gaps)
}

/// Answers with the page.
pub async fn show(State(state): State<AppState>, visit: Visit) -> Response {
    let config = &state.config;
    let title = i18n::text(visit.language, "sub-title", &[]);
    let page = Page::new(&visit, config, Section::Subscribe, title).with_script("subscribe.js");
    let vapid = state.vapid_public_key.to_string();
    let areas = !state.audience.snapshot().gazetteer().is_empty();
    let template = Subscribe::new(&visit, page, vapid, config.map.clone(), areas);
    respond(&template.page, StatusCode::OK, &template)
}
