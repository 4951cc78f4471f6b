//! `/console/estimate`: whom would it reach? Areas drawn on the map or typed as CAP writes them, and the answer at once.
//! Nothing is stored and nothing is sent.

use super::form::{Fields, GROUND_FORM_BYTES_MAX};
use super::frame::{Desk, Entry, page};
use super::session::SignedIn;
use crate::cap::alert::{Circle, NamedValue, Point, Polygon};
use crate::cap::code::Severity;
use crate::geo::gazetteer::Geocodes;
use crate::i18n::Language;
use crate::model::family::Family;
use crate::pipeline::answer::ESTIMATE_SHOWN_MIN;
use crate::pipeline::bell::Estimated;
use crate::pipeline::estimate::{Draft, Share};
use crate::web::api::estimate_body::{RADIUS_KM_MAX, closed, is_on_earth, of_figures};
use crate::web::error::WebError;
use crate::web::page::{Page, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

/// What was typed, as it was typed.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// One polygon a line: `lat,lon lat,lon …` (CAP 1.2 §3.2.4).
    #[serde(default)]
    polygons: String,
    /// One circle a line: `lat,lon radius`.
    #[serde(default)]
    circles: String,
    /// One named area a line: scheme, a space, code.
    #[serde(default)]
    geocodes: String,
    /// A family's name, or nothing: everyone.
    #[serde(default)]
    family: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    drill: Option<String>,
}

/// A line that cannot be read: which field's message, and its number from 1.
#[derive(Debug, PartialEq, Eq)]
struct BadLine {
    message: &'static str,
    line: u64,
}

/// A choice of a list.
struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

/// A number with a word before it.
struct Line {
    label: String,
    people: u64,
}

struct Found {
    /// In words.
    inside: String,
    near: String,
    languages: Vec<Line>,
    channels: Vec<Line>,
    /// Microseconds in words.
    took: String,
    /// Codes that nobody here knows.
    unknown: Vec<String>,
    /// Percent of the population, in words.
    share: Option<String>,
    /// The ground, as GeoJSON.
    shape: Option<String>,
}

#[derive(Template)]
#[template(path = "console/estimate.html")]
struct EstimatePage {
    page: Page,
    desk: Desk,
    asked: Asked,
    families: Vec<Choice>,
    severities: Vec<Choice>,
    bad: Option<BadLine>,
    /// Nothing was drawn, though it was asked.
    nowhere: bool,
    found: Option<Found>,
    tile_url: String,
    tile_attribution: String,
    latitude: f64,
    longitude: f64,
    zoom: u8,
}

pub async fn show(
    State(state): State<AppState>,
    SignedIn(operator): SignedIn,
    visit: Visit,
) -> Result<Response, WebError> {
    let desk = Desk::new(&state, Some(&operator), Entry::Estimate);
    let page = blank(&state, &visit, desk, Asked::default());
    Ok(respond(&page.page, StatusCode::OK, &page))
}

pub async fn ask(
    State(state): State<AppState>,
    SignedIn(operator): SignedIn,
    visit: Visit,
    Fields(asked): Fields<Asked, GROUND_FORM_BYTES_MAX>,
) -> Result<Response, WebError> {
    state.limits.estimates.knock(&operator.id)?;
    let desk = Desk::new(&state, Some(&operator), Entry::Estimate);
    let read = draft(&asked);
    let mut page = blank(&state, &visit, desk, asked);
    match read {
        Err(bad) => page.bad = Some(bad),
        Ok(draft) => {
            let estimated = state.bell.estimate(vec![draft]).await.map_err(WebError::internal)?;
            page.nowhere = estimated.estimation.shapes.is_empty() && estimated.estimation.unknown.is_empty();
            if !page.nowhere {
                page.found = Some(found(&page.page, estimated));
            }
        }
    }
    let status = if page.bad.is_some() || page.nowhere { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(respond(&page.page, status, &page))
}

fn blank(state: &AppState, visit: &Visit, desk: Desk, asked: Asked) -> EstimatePage {
    let page = page(state, visit, "estimate-title").with_script("estimate.js");
    let map = &state.config.map;
    let choice = |value: &'static str, label: String, chosen: &str| Choice { value, label, chosen: value == chosen };
    let families = std::iter::once(choice("", page.t("estimate-everyone"), &asked.family));
    let families =
        families.chain(Family::ALL.map(|family| choice(family.as_str(), family_name(&page, family), &asked.family)));
    let severity = if asked.severity.is_empty() { Severity::Severe.as_str() } else { &asked.severity };
    let severities = Severity::ALL.iter().map(|one| {
        let label = page.t(format!("severity-{one}"));
        choice(one.as_str(), label, severity)
    });
    EstimatePage {
        families: families.collect(),
        severities: severities.collect(),
        bad: None,
        nowhere: false,
        found: None,
        tile_url: map.tile_url.clone(),
        tile_attribution: map.tile_attribution.clone(),
        latitude: map.latitude,
        longitude: map.longitude,
        zoom: map.zoom,
        desk,
        page,
        asked,
    }
}

fn family_name(page: &Page, family: Family) -> String {
    page.t(format!("family-{}", family.as_str()))
}

fn found(page: &Page, estimated: Estimated) -> Found {
    let estimation = estimated.estimation;
    let share = estimation.share_percent();
    let line = |share: Share, label: &dyn Fn(&str) -> String| Line {
        label: share.name.map_or_else(|| page.t("estimate-others"), |name| label(&name)),
        people: share.people,
    };
    let language = |tag: &str| match Language::from_tag(tag) {
        Some(language) => language.own_name().to_owned(),
        None if tag.is_empty() => page.t("estimate-language-none"),
        None => tag.to_owned(),
    };
    let words = |count: Option<u64>| match count {
        Some(count) => page.tn("estimate-people", "count", count),
        None => page.tn("estimate-few", "count", ESTIMATE_SHOWN_MIN),
    };
    let channel = |kind: &str| page.t(format!("estimate-channel-{kind}"));
    Found {
        inside: words(estimation.people.inside),
        near: words(estimation.people.near),
        languages: estimation.by_language.into_iter().map(|share| line(share, &language)).collect(),
        channels: estimation.by_channel.into_iter().map(|share| line(share, &channel)).collect(),
        unknown: estimation.unknown.iter().map(ToString::to_string).collect(),
        share: share.map(|percent| page.t1("estimate-share", "percent", format!("{percent:.1}"))),
        took: format!("{:.1}", estimated.match_us as f64 / 1e3),
        shape: estimation.shapes.first().map(|shape| shape.to_geojson().to_string()),
    }
}

fn draft(asked: &Asked) -> Result<Draft, BadLine> {
    let polygons = lines(&asked.polygons, "estimate-bad-polygon", polygon)?;
    let circles = lines(&asked.circles, "estimate-bad-circle", circle)?;
    let mut area = of_figures(polygons, circles);
    area.geocodes = lines(&asked.geocodes, "estimate-bad-geocode", geocode)?;
    Ok(Draft {
        areas: vec![area],
        geocodes: Geocodes::Add,
        family: Family::ALL.into_iter().find(|family| family.as_str() == asked.family),
        severity: Severity::from_code(&asked.severity).unwrap_or(Severity::Unknown),
        drill: asked.drill.is_some(),
    })
}

/// Reads each line that has something on it.
fn lines<T>(text: &str, message: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, BadLine> {
    let numbered = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty());
    numbered.map(|(number, line)| read(line).ok_or(BadLine { message, line: number })).collect()
}

fn polygon(line: &str) -> Option<Polygon> {
    closed(line.split_whitespace().map(point).collect::<Option<_>>()?)
}

fn circle(line: &str) -> Option<Circle> {
    let (center, radius) = line.split_once(char::is_whitespace)?;
    let radius_km = radius.trim().parse().ok().filter(|km| (0.0..=RADIUS_KM_MAX).contains(km))?;
    Some(Circle { center: point(center)?, radius_km })
}

fn geocode(line: &str) -> Option<NamedValue> {
    let (scheme, code) = line.split_once(char::is_whitespace)?;
    Some(NamedValue { value_name: scheme.to_owned(), value: code.trim().to_owned() })
}

fn point(pair: &str) -> Option<Point> {
    let (lat, lon) = pair.split_once(',')?;
    let (lat, lon) = (lat.parse().ok()?, lon.parse().ok()?);
    is_on_earth(lat, lon).then_some(Point { lat, lon })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(polygons: &str, circles: &str) -> Result<Draft, BadLine> {
        draft(&Asked { polygons: polygons.to_owned(), circles: circles.to_owned(), ..Asked::default() })
    }

    #[test]
    fn lines_are_read_as_cap_writes_them() {
        let draft = asked("50,3 51,3 51,4 50,3\r\n\r\n 10,3 11,3 11,4 \n", "50.6,3.0 5\n").expect("a draft");
        let area = &draft.areas[0];
        assert_eq!((area.polygons.len(), area.circles.len()), (2, 1));
        assert_eq!(area.polygons[1].ring().len(), 4, "it is closed");
        assert_eq!((draft.family, draft.severity, draft.drill), (None, Severity::Unknown, false));
    }

    #[test]
    fn what_a_document_may_not_draw_is_no_figure_here_either() {
        let spiral: Vec<String> = (0..9).map(|nth| format!("50,{}", (nth * 170 + 180) % 360 - 180)).collect();
        assert!(asked(&spiral.join(" "), "").is_err(), "it winds around the Earth again and again");
        assert!(asked("", "50,3 1e300").is_err());
        assert!(asked("50,-170 60,-50 55,70 50,-170", "50,3 20000").is_ok());
    }

    #[test]
    fn the_line_that_cannot_be_read_is_named() {
        let bad = |message, line| BadLine { message, line };
        assert_eq!(asked("50,3 51,3 51,4\n50,3 51", ""), Err(bad("estimate-bad-polygon", 2)));
        assert_eq!(asked("50,3 51,3", ""), Err(bad("estimate-bad-polygon", 1)));
        assert_eq!(asked("", "\n91,0 5"), Err(bad("estimate-bad-circle", 2)));
        let named = Asked { geocodes: "INSEE 59350\nnothing".to_owned(), ..Asked::default() };
        assert_eq!(draft(&named), Err(bad("estimate-bad-geocode", 2)));
        assert_eq!(asked("", "50,3"), Err(bad("estimate-bad-circle", 1)));
        assert_eq!(asked("", "50,3 -1"), Err(bad("estimate-bad-circle", 1)));
    }
}
