//! Infos of several languages tell the same facts in other words (CAP 1.2 §3.2.2 language).

use super::language::primary;
use super::{Builder, NodeId};
use crate::cap::alert::Info;
use crate::cap::code::Category;
use crate::cap::rules;
use std::collections::BTreeMap;

impl Builder<'_, '_> {
    /// Compares each info with those of the language that comes first.
    pub(super) fn check_translations(&mut self, ids: &[NodeId], infos: &[Option<Info>]) {
        if infos.len() < 2 {
            return;
        }
        let read: Vec<(NodeId, Facts<'_>)> =
            ids.iter().zip(infos).filter_map(|(&id, info)| Some((id, Facts::of(info.as_ref()?)))).collect();
        let Some((_, first)) = read.first() else { return };
        let of_first = |facts: &Facts<'_>| facts.info.language.eq_ignore_ascii_case(&first.info.language);
        let originals: Vec<&Facts<'_>> = read.iter().map(|(_, facts)| facts).filter(|facts| of_first(facts)).collect();
        let mut nth_of = BTreeMap::new();
        for (id, facts) in read.iter().filter(|(_, facts)| !of_first(facts)) {
            let nth = nth_of.entry(facts.info.language.to_ascii_lowercase()).or_insert(0_usize);
            // An info that has no twin is compared with the one in its place.
            let place = originals.get(*nth).or(originals.last());
            *nth += 1;
            if let Some(twin) = place
                && !originals.iter().any(|original| facts.differing(original).next().is_none())
            {
                let names: Vec<&str> = facts.differing(twin).collect();
                let (names, language) = (names.join("`, `"), &twin.info.language);
                let message = format!("`{names}` differs from the info in {language}, of which this is a translation.");
                self.find(&rules::TRANSLATION_DIFFERS, *id, message);
            }
        }
        self.check_same_words(&read);
    }

    /// The same words under two languages.
    fn check_same_words(&mut self, read: &[(NodeId, Facts<'_>)]) {
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        for (id, facts) in read {
            let Some(words) = facts.info.description.as_deref().or(facts.info.headline.as_deref()) else { continue };
            let language = facts.info.language.as_str();
            let before = *said.entry(words).or_insert(language);
            if primary(before) != primary(language) {
                let message = format!("The text is that of the info in {before}, word for word.");
                self.find(&rules::TRANSLATION_SAME, *id, message);
            }
        }
    }
}

/// What an info states, apart from words; lists in one order.
struct Facts<'a> {
    info: &'a Info,
    categories: Vec<Category>,
    event_codes: Vec<(&'a str, &'a str)>,
}

impl<'a> Facts<'a> {
    fn of(info: &'a Info) -> Self {
        let mut categories = info.categories.clone();
        categories.sort_unstable();
        categories.dedup();
        let mut event_codes: Vec<(&str, &str)> =
            info.event_codes.iter().map(|code| (code.value_name.as_str(), code.value.as_str())).collect();
        event_codes.sort_unstable();
        event_codes.dedup();
        Self { info, categories, event_codes }
    }

    /// The elements in which two infos state other facts.
    fn differing(&self, other: &Self) -> impl Iterator<Item = &'static str> {
        let (one, two) = (self.info, other.info);
        let pairs = [
            ("category", self.categories != other.categories),
            ("urgency", one.urgency != two.urgency),
            ("severity", one.severity != two.severity),
            ("certainty", one.certainty != two.certainty),
            ("eventCode", self.event_codes != other.event_codes),
            ("effective", one.effective != two.effective),
            ("onset", one.onset != two.onset),
            ("expires", one.expires != two.expires),
        ];
        pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name)
    }
}
