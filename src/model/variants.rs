//! Which infos say the same in other languages, and are variants of one message (CAP 1.2 §3.2.2 `language`).
//!
//! Real translations are careless: areas in another order, geocodes or areas in one language only, event codes whose
//! names carry a version, times that differ. None of that makes another message. What does: another severity, urgency,
//! certainty or category, another event code or MeteoAlarm type, another place.

use crate::cap::alert::{Alert, Area, Circle, Info, NamedValue, Polygon};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// MeteoAlarm's name for what happens; unlike `event` it is the same in every language.
const AWARENESS_TYPE: &str = "awareness_type";

/// The infos as groups of variants, each group and the list of them in the order of the document.
///
/// Infos of the same time find each other first, so that several days in several languages pair up in any order.
pub fn variants(alert: &Alert) -> Vec<Vec<usize>> {
    let infos = &alert.infos;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, info) in infos.iter().enumerate() {
        let fits = |group: &Vec<usize>| {
            group.iter().all(|other| may_translate(&infos[*other], info) && times(&infos[*other]) == times(info))
        };
        match groups.iter_mut().find(|group| fits(group)) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    let mut joined: Vec<Vec<usize>> = Vec::new();
    for group in groups {
        let fits =
            |known: &Vec<usize>| known.iter().all(|a| group.iter().all(|b| may_translate(&infos[*a], &infos[*b])));
        match joined.iter_mut().find(|known| fits(known)) {
            Some(known) => known.extend(group),
            None => joined.push(group),
        }
    }
    for group in &mut joined {
        group.sort_unstable();
    }
    joined.sort_by_key(|group| group[0]);
    joined
}

/// Whether one info can be a translation of another.
fn may_translate(a: &Info, b: &Info) -> bool {
    !a.language.eq_ignore_ascii_case(&b.language)
        && (a.severity, a.urgency, a.certainty) == (b.severity, b.urgency, b.certainty)
        && set(&a.categories) == set(&b.categories)
        && agree(&values(&a.event_codes), &values(&b.event_codes))
        && agree(&awareness_types(a), &awareness_types(b))
        && same_place(&a.areas, &b.areas)
}

fn times(info: &Info) -> [Option<Timestamp>; 3] {
    [info.effective, info.onset, info.expires].map(|time| time.map(|time| time.instant()))
}

fn set<T: Ord + Copy>(values: &[T]) -> BTreeSet<T> {
    values.iter().copied().collect()
}

/// The values alone: names carry versions and differ between languages of one real message.
fn values(codes: &[NamedValue]) -> BTreeSet<&str> {
    codes.iter().map(|code| code.value.as_str()).collect()
}

fn awareness_types(info: &Info) -> BTreeSet<&str> {
    let parameters = info.parameters.iter();
    parameters
        .filter(|parameter| parameter.value_name.eq_ignore_ascii_case(AWARENESS_TYPE))
        .map(|parameter| parameter.value.split(';').next().unwrap_or_default().trim())
        .collect()
}

/// Whether two sets do not contradict each other: they are equal, or one says nothing.
fn agree<T: PartialEq>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// Whether the areas of two infos can be the same place: what both draw is the same, and so is what both name. An info
/// that only draws and one that only names may be different places.
fn same_place(a: &[Area], b: &[Area]) -> bool {
    let (drawn_a, drawn_b) = (drawn(a), drawn(b));
    let (named_a, named_b) = (named(a), named(b));
    let crossed = |drawn: &[Figure<'_>], named: &BTreeSet<(&str, &str)>| !drawn.is_empty() && named.is_empty();
    let apart = (crossed(&drawn_a, &named_a) && drawn_b.is_empty() && !named_b.is_empty())
        || (crossed(&drawn_b, &named_b) && drawn_a.is_empty() && !named_a.is_empty());
    !apart
        && (drawn_a.is_empty() || drawn_b.is_empty() || same_figures(&drawn_a, &drawn_b))
        && agree(&named_a, &named_b)
}

#[derive(PartialEq, Clone, Copy)]
enum Figure<'a> {
    Polygon(&'a Polygon),
    Circle(&'a Circle),
}

fn drawn(areas: &[Area]) -> Vec<Figure<'_>> {
    let polygons = areas.iter().flat_map(|area| &area.polygons).map(Figure::Polygon);
    polygons.chain(areas.iter().flat_map(|area| &area.circles).map(Figure::Circle)).collect()
}

fn named(areas: &[Area]) -> BTreeSet<(&str, &str)> {
    areas.iter().flat_map(|area| &area.geocodes).map(|code| (&*code.value_name, &*code.value)).collect()
}

/// The same figures in any order. Translations almost always keep the order, so that is asked first.
fn same_figures(a: &[Figure<'_>], b: &[Figure<'_>]) -> bool {
    if a == b {
        return true;
    }
    let sorted = |figures: &[Figure<'_>]| {
        let mut keys: Vec<Vec<u64>> = figures.iter().map(|figure| bits(*figure)).collect();
        keys.sort_unstable();
        keys
    };
    a.len() == b.len() && sorted(a) == sorted(b)
}

fn bits(figure: Figure<'_>) -> Vec<u64> {
    match figure {
        Figure::Polygon(polygon) => {
            polygon.ring().iter().flat_map(|point| [point.lat.to_bits(), point.lon.to_bits()]).collect()
        }
        Figure::Circle(circle) => [circle.center.lat, circle.center.lon, circle.radius_km].map(f64::to_bits).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::code::{Category, Severity};
    use crate::model::sample::{alert, area, info, key};

    fn code(name: &str, value: &str) -> NamedValue {
        NamedValue { value_name: name.to_owned(), value: value.to_owned() }
    }

    /// The groups of an alert with these infos.
    fn groups(infos: Vec<Info>) -> Vec<Vec<usize>> {
        variants(&Alert { infos, ..alert() })
    }

    fn town(language: &str) -> Info {
        info(language, area(50.6, 3.0, 5.0))
    }

    #[test]
    fn careless_translations_are_still_one_message() {
        type Change = fn(&mut Info);
        let rows: [(&str, Change); 8] = [
            ("another description of the area", |b| b.areas[0].area_desc = "rund um das Rathaus".to_owned()),
            ("geocodes in one language", |b| b.areas[0].geocodes.push(code("WARNCELLID", "8"))),
            ("no area in one language", |b| b.areas.clear()),
            ("categories in another order", |b| b.categories = vec![Category::Met, Category::Met]),
            ("the event code in one language", |b| b.event_codes.push(code("II", "51"))),
            ("another expiry", |b| b.expires = Some(key("x", "13:00:00").sent)),
            ("another onset", |b| b.onset = Some(key("x", "11:00:00").sent)),
            ("the MeteoAlarm type in one language", |b| b.parameters.push(code("awareness_type", "1; Wind"))),
        ];
        for (what, change) in rows {
            let (first, mut second) = (town("fr"), town("de"));
            change(&mut second);
            assert_eq!(groups(vec![first.clone(), second.clone()]), [[0, 1]], "{what}");
            assert_eq!(groups(vec![second, first]), [[0, 1]], "{what}, the other way round");
        }
    }

    #[test]
    fn other_facts_are_other_messages() {
        type Change = fn(&mut Info);
        let rows: [(&str, Change); 6] = [
            ("severity", |b| b.severity = Severity::Minor),
            ("category", |b| b.categories = vec![Category::Fire]),
            ("event code", |b| b.event_codes = vec![code("II", "52")]),
            ("MeteoAlarm type", |b| b.parameters = vec![code("Awareness_Type", "2; snow-ice")]),
            ("place", |b| b.areas = vec![area(50.7, 3.0, 5.0)]),
            ("geocodes", |b| b.areas[0].geocodes = vec![code("WARNCELLID", "9")]),
        ];
        for (what, change) in rows {
            let (mut first, mut second) = (town("fr"), town("de"));
            first.event_codes.push(code("II", "51"));
            first.parameters.push(code("awareness_type", "1; Wind"));
            first.areas[0].geocodes.push(code("WARNCELLID", "8"));
            second.clone_from(&first);
            second.language = "de".to_owned();
            change(&mut second);
            assert_eq!(groups(vec![first, second]), [[0], [1]], "{what}");
        }
    }

    #[test]
    fn a_drawing_and_a_name_may_be_two_places() {
        let (drawn, mut named) = (town("fr"), town("de"));
        named.areas[0].circles.clear();
        named.areas[0].geocodes.push(code("WARNCELLID", "8"));
        assert_eq!(groups(vec![drawn, named]), [[0], [1]]);
    }

    #[test]
    fn areas_in_another_order_and_otherwise_divided_are_the_same_place() {
        let (north, south) = (area(50.7, 3.0, 5.0), area(50.5, 3.0, 5.0));
        let mut first = info("fr", north.clone());
        first.areas.push(south.clone());
        let mut second = info("nl", south.clone());
        second.areas.push(north.clone());
        let mut third = info("de", north);
        third.areas[0].circles.extend(south.circles);
        assert_eq!(groups(vec![first, second, third]), [[0, 1, 2]]);
    }

    #[test]
    fn several_days_in_several_languages_pair_up_in_any_order() {
        let day = |language: &str, until: &str| Info { expires: Some(key("x", until).sent), ..town(language) };
        let (monday, tuesday) = ("12:00:00", "18:00:00");
        let infos = vec![day("en", monday), day("de", tuesday), day("de", monday), day("en", tuesday)];
        assert_eq!(groups(infos), [[0, 2], [1, 3]]);
    }

    #[test]
    fn a_versioned_code_name_is_the_same_code() {
        let (mut first, mut second) = (town("de"), town("en"));
        first.event_codes.push(code("profile:X", "EVC-078"));
        second.event_codes.push(code("profile:X:01.00", "EVC-078"));
        assert_eq!(groups(vec![first, second]), [[0, 1]]);
    }
}
