//! Which infos say the same in other languages, and are variants of one message (CAP 1.2 §3.2.2 `language`).
//!
//! Real translations are careless: areas in another order, geocodes or areas in one language only, event codes whose
//! names carry a version, times that differ. None of that makes another message. What does: another severity, urgency,
//! certainty or category, another event code or MeteoAlarm type, another place.

use crate::cap::alert::{Alert, Circle, Info, Point, Polygon};
use crate::cap::code::{Category, Certainty, Severity, Urgency};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// MeteoAlarm's name for what happens; unlike `event` it is the same in every language.
const AWARENESS_TYPE: &str = "awareness_type";

/// The infos as groups of variants, each group and the list of them in the order of the document.
///
/// Infos of the same time find each other first, so that several days in several languages pair up in any order.
pub fn variants(alert: &Alert) -> Vec<Vec<usize>> {
    let facts: Vec<Facts<'_>> = alert.infos.iter().map(Facts::of).collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, info) in facts.iter().enumerate() {
        let fits = |group: &Vec<usize>| {
            group.iter().all(|other| facts[*other].times == info.times && facts[*other].may_translate(info))
        };
        match groups.iter_mut().find(|group| fits(group)) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    let mut joined: Vec<Vec<usize>> = Vec::new();
    for group in groups {
        let fits = |known: &Vec<usize>| known.iter().all(|a| group.iter().all(|b| facts[*a].may_translate(&facts[*b])));
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

/// What of an info does not depend on its language, made ready to be compared many times.
struct Facts<'a> {
    language: &'a str,
    codes: (Severity, Urgency, Certainty),
    categories: BTreeSet<Category>,
    times: [Option<Timestamp>; 3],
    /// The values alone: names carry versions and differ between languages of one real message.
    event_codes: BTreeSet<&'a str>,
    awareness_types: BTreeSet<&'a str>,
    /// In an order that does not depend on the document's.
    drawn: Vec<Figure<'a>>,
    named: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Facts<'a> {
    fn of(info: &'a Info) -> Self {
        let awareness_types = info
            .parameters
            .iter()
            .filter(|parameter| parameter.value_name.eq_ignore_ascii_case(AWARENESS_TYPE))
            .map(|parameter| parameter.value.split(';').next().unwrap_or_default().trim());
        let polygons = info.areas.iter().flat_map(|area| &area.polygons).map(Figure::Polygon);
        let circles = info.areas.iter().flat_map(|area| &area.circles).map(Figure::Circle);
        let mut drawn: Vec<Figure<'a>> = polygons.chain(circles).collect();
        drawn.sort_unstable_by(|a, b| a.order(b));
        let geocodes = info.areas.iter().flat_map(|area| &area.geocodes);
        Self {
            language: &info.language,
            codes: (info.severity, info.urgency, info.certainty),
            categories: info.categories.iter().copied().collect(),
            times: [info.effective, info.onset, info.expires].map(|time| time.map(|time| time.instant())),
            event_codes: info.event_codes.iter().map(|code| code.value.as_str()).collect(),
            awareness_types: awareness_types.collect(),
            drawn,
            named: geocodes.map(|code| (&*code.value_name, &*code.value)).collect(),
        }
    }

    /// Whether one info can be a translation of another.
    fn may_translate(&self, other: &Self) -> bool {
        !self.language.eq_ignore_ascii_case(other.language)
            && self.codes == other.codes
            && self.categories == other.categories
            && agree(&self.event_codes, &other.event_codes)
            && agree(&self.awareness_types, &other.awareness_types)
            && self.same_place(other)
    }

    /// Whether the areas of two infos can be the same place: what both draw is the same, and so is what both name. An
    /// info that only draws and one that only names may be different places.
    fn same_place(&self, other: &Self) -> bool {
        let only_draws = |facts: &Self| !facts.drawn.is_empty() && facts.named.is_empty();
        let only_names = |facts: &Self| facts.drawn.is_empty() && !facts.named.is_empty();
        let apart = (only_draws(self) && only_names(other)) || (only_draws(other) && only_names(self));
        let drawn_alike = self.drawn.is_empty() || other.drawn.is_empty() || self.drawn == other.drawn;
        !apart && drawn_alike && agree(&self.named, &other.named)
    }
}

/// Whether two sets do not contradict each other: they are equal, or one says nothing.
fn agree<T: PartialEq>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

#[derive(PartialEq, Clone, Copy)]
enum Figure<'a> {
    Polygon(&'a Polygon),
    Circle(&'a Circle),
}

impl Figure<'_> {
    /// Some order, the same for the same figures.
    fn order(&self, other: &Self) -> Ordering {
        let points = |a: &Point, b: &Point| a.lat.total_cmp(&b.lat).then(a.lon.total_cmp(&b.lon));
        match (self, other) {
            (Self::Polygon(a), Self::Polygon(b)) => {
                let (a, b) = (a.ring(), b.ring());
                let first = a.iter().zip(b).map(|(a, b)| points(a, b)).find(|order| order.is_ne());
                first.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Circle(a), Self::Circle(b)) => {
                points(&a.center, &b.center).then(a.radius_km.total_cmp(&b.radius_km))
            }
            (Self::Polygon(_), Self::Circle(_)) => Ordering::Less,
            (Self::Circle(_), Self::Polygon(_)) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::alert::NamedValue;
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
    fn many_infos_of_many_areas_are_grouped_in_no_time() {
        let areas: Vec<_> = (0..78).map(|n| area(f64::from(n), 3.0, 5.0)).collect();
        let infos = (0..128).map(|n| {
            let mut info = Info { areas: areas.clone(), ..town(&format!("x-{n}")) };
            info.areas.rotate_left(n % 78);
            info
        });
        assert_eq!(groups(infos.collect()), [(0..128).collect::<Vec<_>>()]);
    }

    #[test]
    fn a_versioned_code_name_is_the_same_code() {
        let (mut first, mut second) = (town("de"), town("en"));
        first.event_codes.push(code("profile:X", "EVC-078"));
        second.event_codes.push(code("profile:X:01.00", "EVC-078"));
        assert_eq!(groups(vec![first, second]), [[0, 1]]);
    }
}
