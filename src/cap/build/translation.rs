//! Infos of several languages tell the same facts in other words (CAP 1.2 §3.2.2 language).

use super::language::primary;
use super::{Builder, NodeId};
use crate::cap::alert::Info;
use crate::cap::rules;
use std::collections::BTreeSet;

impl Builder<'_, '_> {
    /// Compares each info with those of the language that comes first.
    pub(super) fn check_translations(&mut self, ids: &[NodeId], infos: &[Option<Info>]) {
        let read: Vec<(NodeId, &Info)> =
            ids.iter().zip(infos).filter_map(|(&id, info)| Some((id, info.as_ref()?))).collect();
        let Some(&(_, first)) = read.first() else { return };
        let of_first = |info: &Info| info.language.eq_ignore_ascii_case(&first.language);
        let originals: Vec<&Info> = read.iter().map(|&(_, info)| info).filter(|info| of_first(info)).collect();
        let mut nth_of = std::collections::BTreeMap::new();
        for &(id, info) in read.iter().filter(|(_, info)| !of_first(info)) {
            let nth = nth_of.entry(info.language.to_ascii_lowercase()).or_insert(0_usize);
            let twin = originals.get(*nth).or(originals.last());
            *nth += 1;
            if let Some(twin) = twin
                && originals.iter().all(|original| !differing(original, info).is_empty())
            {
                let names = differing(twin, info).join("`, `");
                let message =
                    format!("`{names}` differs from the info in {}, of which this is a translation.", twin.language);
                self.find(&rules::TRANSLATION_DIFFERS, id, message);
            }
        }
        self.check_same_words(&read);
    }

    /// The same words under two languages.
    fn check_same_words(&mut self, read: &[(NodeId, &Info)]) {
        for (at, &(id, info)) in read.iter().enumerate() {
            let Some(text) = words(info) else { continue };
            let language = primary(&info.language);
            let same =
                |other: &&(NodeId, &Info)| words(other.1) == Some(text) && primary(&other.1.language) != language;
            if let Some((_, other)) = read[..at].iter().find(same) {
                let message = format!("The text is that of the info in {}, word for word.", other.language);
                self.find(&rules::TRANSLATION_SAME, id, message);
            }
        }
    }
}

/// What an info says, in words.
fn words(info: &Info) -> Option<&str> {
    info.description.as_deref().or(info.headline.as_deref())
}

/// The elements in which two infos state other facts.
fn differing(one: &Info, other: &Info) -> Vec<&'static str> {
    let categories = |info: &Info| info.categories.iter().copied().collect::<BTreeSet<_>>();
    let codes = |info: &Info| -> BTreeSet<(String, String)> {
        info.event_codes.iter().map(|code| (code.value_name.clone(), code.value.clone())).collect()
    };
    let pairs = [
        ("category", categories(one) != categories(other)),
        ("urgency", one.urgency != other.urgency),
        ("severity", one.severity != other.severity),
        ("certainty", one.certainty != other.certainty),
        ("eventCode", codes(one) != codes(other)),
        ("effective", one.effective != other.effective),
        ("onset", one.onset != other.onset),
        ("expires", one.expires != other.expires),
    ];
    pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
