//! An alert's infos as messages to people: languages as variants of one message, other areas or severities as
//! messages of their own (docs/ARCHITECTURE.md).

use super::family::Family;
use super::tier::Tier;
use crate::cap::alert::{Alert, Area, Info, NamedValue};
use crate::cap::code::Severity;
use jiff::{SignedDuration, Timestamp};

/// How long a text without `expires` is valid, from `sent`.
pub const VALIDITY_DEFAULT: SignedDuration = SignedDuration::from_hours(1);

/// What one person gets of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its place in the list that [`messages`] gives.
    pub number: u32,
    pub tier: Tier,
    pub severity: Severity,
    /// Who wants it: a family, or everyone in the area.
    pub family: Option<Family>,
    /// After this it is not sent any more.
    pub expires: Timestamp,
    /// Indexes into `alert.infos`, one per language; never empty.
    pub variants: Vec<usize>,
}

impl Message {
    /// The area, which all variants share.
    pub fn areas<'a>(&self, alert: &'a Alert) -> &'a [Area] {
        &alert.infos[self.variants[0]].areas
    }

    /// The variant to show someone who reads these languages, best first (BCP 47, RFC 4647 §3.4 lookup both ways:
    /// `fr` finds `fr-CA` and `fr-CA` finds `fr`); the first one where none fits.
    pub fn variant<'a>(&self, alert: &'a Alert, languages: &[String]) -> &'a Info {
        &alert.infos[self.variant_index(alert, languages)]
    }

    /// Where in `alert.infos` the variant of [`Message::variant`] is.
    pub fn variant_index(&self, alert: &Alert, languages: &[String]) -> usize {
        let language = |index: &usize| alert.infos[*index].language.as_str();
        let find = |fits: &dyn Fn(&str) -> bool| self.variants.iter().find(|index| fits(language(index))).copied();
        languages
            .iter()
            .find_map(|wanted| {
                find(&|tag| tag.eq_ignore_ascii_case(wanted))
                    .or_else(|| find(&|tag| primary(tag).eq_ignore_ascii_case(primary(wanted))))
            })
            .unwrap_or(self.variants[0])
    }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// When an info's text stops being valid.
pub fn expires(alert: &Alert, info: &Info) -> Timestamp {
    match info.expires {
        Some(time) => time.instant(),
        None => alert.key.sent.instant().saturating_add(VALIDITY_DEFAULT).unwrap_or(Timestamp::MAX),
    }
}

/// The messages of an alert, most urgent first, in the order of the document within a tier.
pub fn messages(alert: &Alert) -> Vec<Message> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, info) in alert.infos.iter().enumerate() {
        let sibling = groups.iter_mut().find(|group| {
            same_facts(&alert.infos[group[0]], info)
                && group.iter().all(|other| !alert.infos[*other].language.eq_ignore_ascii_case(&info.language))
        });
        match sibling {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    let mut messages: Vec<Message> = groups.into_iter().map(|variants| message(alert, variants)).collect();
    messages.sort_by_key(|message| message.tier);
    for (number, message) in (0..).zip(&mut messages) {
        message.number = number;
    }
    messages
}

fn message(alert: &Alert, variants: Vec<usize>) -> Message {
    let info = &alert.infos[variants[0]];
    let latest = variants.iter().map(|index| expires(alert, &alert.infos[*index])).max();
    Message {
        number: 0,
        tier: Tier::of(alert.status, info.severity, info.urgency, info.certainty),
        severity: info.severity,
        family: Family::of(info),
        expires: latest.unwrap_or(Timestamp::MIN),
        variants,
    }
}

/// Whether two infos say the same of the same places, so that only the language can differ.
fn same_facts(a: &Info, b: &Info) -> bool {
    (a.severity, a.urgency, a.certainty) == (b.severity, b.urgency, b.certainty)
        && a.categories == b.categories
        && a.event_codes == b.event_codes
        && a.areas.len() == b.areas.len()
        && a.areas.iter().zip(&b.areas).all(|(a, b)| same_place(a, b))
}

fn same_place(a: &Area, b: &Area) -> bool {
    fn sorted(codes: &[NamedValue]) -> Vec<(&str, &str)> {
        let mut codes: Vec<_> = codes.iter().map(|code| (&*code.value_name, &*code.value)).collect();
        codes.sort_unstable();
        codes
    }
    a.polygons == b.polygons && a.circles == b.circles && sorted(&a.geocodes) == sorted(&b.geocodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::code::{Certainty, Urgency};
    use crate::model::sample::{alert, area, at, info};

    #[test]
    fn languages_of_one_fact_are_one_message_and_each_reader_gets_the_best() {
        let mut alert = alert();
        alert.infos.push(info("en-GB", area(50.6, 3.0, 5.0)));
        let messages = messages(&alert);
        assert_eq!(messages.len(), 1);
        let language = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|tag| (*tag).to_owned()).collect();
            messages[0].variant(&alert, &wanted).language.clone()
        };
        assert_eq!(language(&["en-US"]), "en-GB");
        assert_eq!(language(&["EN-gb", "fr"]), "en-GB");
        assert_eq!(language(&["nl", "fr-BE"]), "fr");
        assert_eq!(language(&["nl"]), "fr");
        assert_eq!(language(&[]), "fr");
    }

    #[test]
    fn another_area_or_severity_is_a_message_of_its_own_most_urgent_first() {
        let mut alert = alert();
        let mut extreme = info("fr", area(51.0, 3.0, 5.0));
        (extreme.severity, extreme.urgency, extreme.certainty) =
            (Severity::Extreme, Urgency::Immediate, Certainty::Observed);
        alert.infos.push(extreme);
        alert.infos.push(info("fr", area(52.0, 3.0, 5.0)));
        let messages = messages(&alert);
        let seen: Vec<_> =
            messages.iter().map(|message| (message.number, message.tier, message.variants.clone())).collect();
        assert_eq!(seen, [(0, Tier::P0, vec![1]), (1, Tier::P1, vec![0]), (2, Tier::P1, vec![2])]);
    }

    #[test]
    fn two_infos_in_one_language_never_hide_each_other() {
        let mut alert = alert();
        let mut second = alert.infos[0].clone();
        second.event = "flood".to_owned();
        alert.infos.push(second);
        assert_eq!(messages(&alert).len(), 2);
    }

    #[test]
    fn without_expires_a_text_is_valid_for_an_hour() {
        let mut alert = alert();
        alert.infos[0].expires = None;
        assert_eq!(messages(&alert)[0].expires, at("11:00:00"));
    }
}
