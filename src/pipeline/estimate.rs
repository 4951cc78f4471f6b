//! Whom a draft would reach, before anyone decides to send it. Pure, and told so that counting somebody out of it is
//! hard. It is not impossible: who adds subscriptions of their own until a number jumps learns how far it was from the
//! next ten. The limit of questions, the tens and the least number that is told bound that.
//!
//! What is told, and what is not:
//! 1. A number below [`ESTIMATE_SHOWN_MIN`], 0 as well, is hidden; others are rounded down to tens.
//! 2. Channels and languages are counted of the rings alone whose number is told, so that nothing about a hidden ring
//!    can be taken from a sum.
//! 3. Channels or languages of fewer people are put together as *others*, unnamed. When these are still fewer than
//!    [`ESTIMATE_SHOWN_MIN`], the smallest that would be told joins them, until they are not: no hidden number is a sum
//!    less the others.

use super::answer::{ESTIMATE_SHOWN_MIN, Estimate, shown};
use crate::audience::{Query, Reach, Snapshot};
use crate::cap::alert::{Alert, Area};
use crate::cap::code::{Severity, Status};
use crate::geo::code::AreaCode;
use crate::geo::gazetteer::{Gazetteer, Geocodes};
use crate::geo::shape::Shape;
use crate::model::family::Family;
use crate::model::message::messages;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The longest way from an area to the largest around it.
const CONTAINERS_MAX: usize = 8;

/// One message that might be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub areas: Vec<Area>,
    /// What geocodes do beside polygons and circles.
    pub geocodes: Geocodes,
    /// `None`: everyone in the area, whatever they chose.
    pub family: Option<Family>,
    /// `Unknown`: everyone in the area, whatever they chose.
    pub severity: Severity,
    /// An Exercise or a Test: only those who asked for drills.
    pub drill: bool,
}

/// How many people of a kind; `name` is none for the others, put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub name: Option<String>,
    /// Rounded down to tens.
    pub people: u64,
}

/// Whom drafts would reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimation {
    pub people: Estimate,
    pub by_channel: Vec<Share>,
    pub by_language: Vec<Share>,
    /// Where that is: of each draft of which a polygon, a circle or a known named area says it.
    pub shapes: Vec<Shape>,
    /// Geocodes that nobody here knows: they reach nobody.
    pub unknown: BTreeSet<AreaCode>,
    /// How many live there, where the drafts are nothing but named areas whose population is known.
    pub population: Option<u64>,
}

impl Estimation {
    /// Of those who live there, how many are told to be inside, percent; from what is told, so it tells no more.
    pub fn share_percent(&self) -> Option<f64> {
        let population = self.population.filter(|people| *people > 0)?;
        Some(100.0 * self.people.inside? as f64 / population as f64)
    }
}

/// The messages of an alert as drafts.
pub fn drafts(alert: &Alert) -> Vec<Draft> {
    let drill = matches!(alert.status, Status::Exercise | Status::Test);
    let draft = |message: crate::model::message::Message| Draft {
        areas: message.areas(alert).to_vec(),
        geocodes: Geocodes::of(alert),
        family: message.family,
        severity: message.severity,
        drill,
    };
    messages(alert).into_iter().map(draft).collect()
}

/// Whom these drafts would reach together. Who is inside of one and near another is inside.
pub fn estimate(audience: &Snapshot, drafts: &[Draft]) -> Estimation {
    let mut all = Reach::default();
    let mut shapes = Vec::new();
    let mut unknown = BTreeSet::new();
    for draft in drafts {
        let ground = audience.gazetteer().ground(&draft.areas, draft.geocodes);
        unknown.extend(ground.unknown.into_iter().map(|geocode| geocode.code));
        let Some(shape) = ground.shape else { continue };
        let Draft { family, severity, drill, .. } = *draft;
        let reach = audience.find(&Query { shape: &shape, family, severity, drill });
        all.inside |= reach.inside;
        all.near |= reach.near;
        shapes.push(shape);
    }
    all.near -= &all.inside;
    let people = Estimate::of(all.inside.len(), all.near.len());
    let mut told = RoaringBitmap::new();
    if people.inside.is_some() {
        told |= all.inside;
    }
    if people.near.is_some() {
        told |= all.near;
    }
    let channels = audience.by_channel(&told).into_iter().map(|(kind, count)| (kind.as_str().to_owned(), count));
    Estimation {
        people,
        by_channel: shares(channels.collect()),
        by_language: shares(audience.by_language(&told)),
        shapes,
        unknown,
        population: population(audience.gazetteer(), drafts),
    }
}

/// How many live in the named areas of drafts that are nothing else. What lies in another of them counts once.
fn population(gazetteer: &Gazetteer, drafts: &[Draft]) -> Option<u64> {
    let mut named = BTreeSet::new();
    for area in drafts.iter().flat_map(|draft| &draft.areas) {
        if !area.polygons.is_empty() || !area.circles.is_empty() {
            return None;
        }
        for geocode in &area.geocodes {
            named.insert(gazetteer.get(&AreaCode::new(&geocode.value_name, &geocode.value))?.code.clone());
        }
    }
    let lies_in_another = |code: &AreaCode| {
        let wider = |code: &AreaCode| gazetteer.container(code).map(|wider| wider.code.clone());
        let mut around = std::iter::successors(wider(code), wider).take(CONTAINERS_MAX);
        around.any(|code| named.contains(&code))
    };
    let people = named.iter().filter(|code| !lies_in_another(code));
    let sum: Option<u64> = people.map(|code| gazetteer.get(code)?.population).sum();
    sum.filter(|_| !named.is_empty())
}

/// Rule 3: the kinds that may be told, the largest first, then the others.
fn shares(mut kinds: Vec<(String, u64)>) -> Vec<Share> {
    kinds.retain(|(_, count)| *count > 0);
    kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut told = kinds.partition_point(|(_, count)| *count >= ESTIMATE_SHOWN_MIN);
    let hidden = |told: usize| kinds[told..].iter().map(|(_, count)| count).sum::<u64>();
    while told > 0 && told < kinds.len() && hidden(told) < ESTIMATE_SHOWN_MIN {
        told -= 1;
    }
    let others = shown(hidden(told)).map(|people| Share { name: None, people });
    let named = kinds[..told].iter();
    named
        .filter_map(|(name, count)| Some(Share { name: Some(name.clone()), people: shown(*count)? }))
        .chain(others)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Audience;
    use crate::cap::alert::NamedValue;
    use crate::geo::gazetteer::NamedArea;
    use crate::geo::region::Region;
    use crate::model::family::Families;
    use crate::model::place::{Around, Cell, Place, Radius, Step};
    use crate::model::sample::{alert, area, info};
    use crate::model::subscriber::{ChannelKind, Listener};
    use std::sync::Arc;

    /// So many people: latitude (at 3° east), radius in kilometres, language.
    fn audience(groups: &[(u32, f64, i64, &str)]) -> Arc<Snapshot> {
        audience_of(groups).snapshot()
    }

    fn audience_of(groups: &[(u32, f64, i64, &str)]) -> Audience {
        let mut listeners = Vec::new();
        for &(count, lat, km, language) in groups {
            for _ in 0..count {
                listeners.push(Listener {
                    slot: listeners.len() as u32 + 1,
                    places: vec![Place::Around(Around {
                        cell: Cell::containing(Step::Fine, lat, 3.0).expect("a cell"),
                        radius: Radius::from_km(km).expect("a radius"),
                        altitude: None,
                    })],
                    families: Families::default(),
                    drills: listeners.len() % 2 == 0,
                    origin: "https://push.example".to_owned(),
                    channel: ChannelKind::WebPush,
                    language: language.to_owned(),
                    quiet_hours: None,
                });
            }
        }
        let audience = Audience::new();
        audience.load(listeners, 1);
        audience
    }

    fn draft() -> Draft {
        Draft {
            areas: vec![area(50.6, 3.0, 5.0)],
            geocodes: Geocodes::Add,
            family: Some(Family::Weather),
            severity: Severity::Severe,
            drill: false,
        }
    }

    fn of(shares: &[Share]) -> Vec<(&str, u64)> {
        shares.iter().map(|share| (share.name.as_deref().unwrap_or("*"), share.people)).collect()
    }

    #[test]
    fn those_inside_and_near_are_told_by_channel_and_language() {
        let audience = audience(&[(57, 50.6, 0, "fr"), (31, 50.672, 5, "en"), (40, 52.0, 0, "de")]);
        let found = estimate(&audience, &[draft()]);
        assert_eq!(found.people, Estimate { inside: Some(50), near: Some(30) });
        assert_eq!(of(&found.by_channel), [("webpush", 80)]);
        assert_eq!(of(&found.by_language), [("fr", 50), ("en", 30)]);
    }

    #[test]
    fn of_a_ring_that_is_hidden_nothing_is_in_the_sums() {
        let audience = audience(&[(57, 50.6, 0, "fr"), (19, 50.672, 5, "fr")]);
        let found = estimate(&audience, &[draft()]);
        assert_eq!(found.people, Estimate { inside: Some(50), near: None });
        assert_eq!(of(&found.by_channel), [("webpush", 50)], "76 would be 70: 57 is told, so at least 11 are near");
        let few = estimate(&self::audience(&[(19, 50.6, 0, "fr")]), &[draft()]);
        assert_eq!(
            (few.people, few.by_channel, few.by_language),
            (Estimate { inside: None, near: None }, vec![], vec![])
        );
    }

    #[test]
    fn no_hidden_language_is_a_sum_less_the_others() {
        let named =
            |counts: &[(&str, u64)]| shares(counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect());
        assert_eq!(of(&named(&[("fr", 100), ("en", 40), ("br", 5)])), [("fr", 100), ("*", 40)], "40 + 5");
        assert_eq!(of(&named(&[("fr", 100), ("en", 40), ("br", 12), ("oc", 9)])), [("fr", 100), ("en", 40), ("*", 20)]);
        assert_eq!(of(&named(&[("fr", 100), ("br", 1)])), [("*", 100)]);
        assert_eq!(of(&named(&[("br", 12), ("oc", 13)])), [("*", 20)]);
        assert_eq!(of(&named(&[("fr", 20), ("en", 0)])), [("fr", 20)]);
        assert_eq!(of(&named(&[])), []);
    }

    /// Whatever the counts, who knows the exact total and all that is told cannot tell a hidden number to within less
    /// than what rule 1 hides.
    #[test]
    fn what_is_put_together_is_never_few() {
        for seed in 0_u64..2_000 {
            let count =
                |nth: u64| (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(nth as u32 * 7) % 61) * (nth % 3);
            let kinds: Vec<(String, u64)> = (1..=5).map(|nth| (format!("l{nth}"), count(nth))).collect();
            let total: u64 = kinds.iter().map(|(_, count)| count).sum();
            let told = shares(kinds.clone());
            let named: Vec<&str> = told.iter().filter_map(|share| share.name.as_deref()).collect();
            let hidden: Vec<u64> = kinds
                .iter()
                .filter(|(name, count)| *count > 0 && !named.contains(&name.as_str()))
                .map(|(_, c)| *c)
                .collect();
            let together: u64 = hidden.iter().sum();
            assert!(hidden.is_empty() || together >= ESTIMATE_SHOWN_MIN || together == total, "{kinds:?}: {told:?}");
            let alone = hidden.len() == 1 && hidden[0] < ESTIMATE_SHOWN_MIN && !named.is_empty();
            assert!(!alone, "{kinds:?}: {told:?}");
        }
    }

    #[test]
    fn named_areas_reach_their_people_and_tell_what_share_of_the_population_that_is() {
        let town = |code: &str, lat: f64, population: Option<u64>| {
            let corner = |lat: f64, lon: f64| crate::cap::alert::Point { lat, lon };
            let ring = vec![corner(lat, 2.9), corner(lat + 0.2, 2.9), corner(lat + 0.2, 3.1), corner(lat, 3.1)];
            NamedArea {
                code: AreaCode::new("TOWN", code),
                name: code.to_owned(),
                population,
                region: Region::new(&[vec![ring]]).map(Arc::new),
            }
        };
        let people = [(60, 50.6, 0, "fr"), (30, 52.1, 0, "fr")];
        let snapshot = {
            let audience = audience_of(&people);
            let towns = vec![town("A", 50.5, Some(1_000)), town("B", 52.0, Some(500)), town("C", 10.0, None)];
            audience.rename(Arc::new(Gazetteer::new(towns, [])));
            audience.snapshot()
        };
        let of = |codes: &[&str]| {
            let mut named = area(0.0, 0.0, 1.0);
            named.circles.clear();
            let geocode = |code: &&str| NamedValue { value_name: "town".to_owned(), value: (*code).to_owned() };
            named.geocodes = codes.iter().map(geocode).collect();
            estimate(&snapshot, &[Draft { areas: vec![named], ..draft() }])
        };
        let one = of(&["a"]);
        assert_eq!((one.people.inside, one.population, one.share_percent()), (Some(60), Some(1_000), Some(6.0)));
        let both = of(&["a", "b", "a"]);
        assert_eq!((both.people.inside, both.share_percent()), (Some(90), Some(6.0)));
        assert_eq!((of(&["a", "c"]).people.inside, of(&["a", "c"]).population), (Some(60), None), "one is not told");
        let unknown = of(&["a", "x"]);
        assert_eq!(unknown.unknown.into_iter().collect::<Vec<_>>(), [AreaCode::new("TOWN", "X")]);
        assert_eq!((unknown.people.inside, unknown.population), (Some(60), None));
        assert!(of(&["x"]).shapes.is_empty());
    }

    #[test]
    fn everyone_counts_once_and_is_inside_rather_than_near() {
        let audience = audience(&[(24, 50.6, 10, "fr"), (24, 50.672, 10, "fr")]);
        let north = Draft { areas: vec![area(50.672, 3.0, 1.0)], ..draft() };
        let found = estimate(&audience, &[draft(), north]);
        assert_eq!(found.people, Estimate { inside: Some(40), near: None });
    }

    #[test]
    fn drills_reach_those_who_asked_for_them_and_an_alert_is_its_messages() {
        let audience = audience(&[(60, 50.6, 0, "fr")]);
        assert_eq!(estimate(&audience, &[Draft { drill: true, ..draft() }]).people.inside, Some(30));
        let mut alert = alert();
        assert_eq!(estimate(&audience, &drafts(&alert)).people.inside, Some(60));
        alert.status = Status::Exercise;
        alert.infos.push(info("en", area(10.0, 3.0, 5.0)));
        assert_eq!(drafts(&alert).len(), 2);
        assert_eq!(estimate(&audience, &drafts(&alert)).people.inside, Some(30));
        let nowhere = Draft { areas: Vec::new(), ..draft() };
        assert_eq!(estimate(&audience, &[nowhere, draft()]).shapes.len(), 1);
    }
}
