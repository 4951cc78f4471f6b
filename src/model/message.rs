//! An alert's infos as messages to people: languages as variants of one message, other areas or severities as
//! messages of their own (docs/ARCHITECTURE.md).

use super::family::Family;
use super::tier::Tier;
use super::variants::variants;
use super::vtec;
use crate::cap::alert::{Alert, Area, Info};
use crate::cap::code::{ResponseType, Severity, Urgency};
use jiff::{SignedDuration, Timestamp};

/// How the name of Environment Canada's parameter ends that says whether a warning goes on (`active`) or not (`ended`).
const LOCATION_STATUS: &str = ":Alert_Location_Status";

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
    /// It says that something is over: of an Update, only those hear it who were told before.
    pub over: bool,
    /// Indexes into `alert.infos`, one per language; never empty.
    pub variants: Vec<usize>,
}

impl Message {
    /// The area, which all variants share: from the one that says most about it.
    pub fn areas<'a>(&self, alert: &'a Alert) -> &'a [Area] {
        &alert.infos[self.area_index(alert)].areas
    }

    /// Where in `alert.infos` the variant is that says most about the area.
    pub fn area_index(&self, alert: &Alert) -> usize {
        let says = |index: &usize| {
            let areas = &alert.infos[*index].areas;
            let drawn = areas.iter().any(|area| !area.polygons.is_empty() || !area.circles.is_empty());
            (drawn, areas.iter().any(|area| !area.geocodes.is_empty()))
        };
        let fullest = self.variants.iter().rev().max_by_key(|index| says(index));
        *fullest.unwrap_or(&self.variants[0])
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

/// The messages of an alert, most urgent first, the gravest first within a tier.
pub fn messages(alert: &Alert) -> Vec<Message> {
    let mut messages: Vec<Message> = variants(alert).into_iter().map(|variants| message(alert, variants)).collect();
    messages.sort_by_key(|message| (message.tier, message.severity));
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
        over: variants.iter().all(|index| is_over(&alert.infos[*index])),
        variants,
    }
}

/// Whether an info says that it is over: its only advice is the all-clear and nothing is urgent any more (CAP 1.2 §3.2.2
/// `responseType`, `urgency`), the Canadian weather service calls its places ended, or all NWS events in it are cancelled
/// or expired. An all-clear for something that is still to come is a downgrade: some go on warning in the same message.
pub fn is_over(info: &Info) -> bool {
    let past = match info.urgency {
        Urgency::Past | Urgency::Unknown => true,
        Urgency::Immediate | Urgency::Expected | Urgency::Future => false,
    };
    let all_clear = past
        && info.response_types.contains(&ResponseType::AllClear)
        && info.response_types.iter().copied().all(is_harmless);
    let ended = info.parameters.iter().any(|parameter| {
        parameter.value_name.ends_with(LOCATION_STATUS) && parameter.value.eq_ignore_ascii_case("ended")
    });
    all_clear || ended || vtec::all_ended(info)
}

/// Whether nobody has to protect themselves by this advice.
pub fn is_harmless(response: ResponseType) -> bool {
    match response {
        ResponseType::AllClear | ResponseType::None | ResponseType::Monitor | ResponseType::Assess => true,
        ResponseType::Shelter
        | ResponseType::Evacuate
        | ResponseType::Prepare
        | ResponseType::Execute
        | ResponseType::Avoid => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::alert::NamedValue;
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
    fn the_area_is_that_of_the_variant_that_says_most_about_it() {
        let mut alert = alert();
        alert.infos.push(info("en", area(50.6, 3.0, 5.0)));
        alert.infos[0].areas.clear();
        let messages = messages(&alert);
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].areas(&alert), alert.infos[1].areas);
    }

    #[test]
    fn what_is_over_is_told_by_its_advice_or_its_parameters() {
        let parameter = |name: &str, value: &str| NamedValue { value_name: name.to_owned(), value: value.to_owned() };
        let status = |value: &str| parameter("layer:EC-MSC-SMC:1.0:Alert_Location_Status", value);
        let vtec = |action: &str| parameter("VTEC", &format!("/O.{action}.KOUN.TO.W.0012.260301T1000Z-260301T1100Z/"));
        let mut downgrade = alert();
        downgrade.infos[0].response_types = vec![ResponseType::AllClear];
        assert!(!messages(&downgrade)[0].over, "something is still expected");
        for (responses, parameters, over) in [
            (&[ResponseType::AllClear][..], vec![], true),
            (&[ResponseType::AllClear, ResponseType::Monitor], vec![], true),
            (&[ResponseType::AllClear, ResponseType::Shelter], vec![], false),
            (&[], vec![], false),
            (&[], vec![status("ended")], true),
            (&[], vec![status("active")], false),
            (&[], vec![vtec("CAN")], true),
            (&[], vec![vtec("EXP"), vtec("CON")], false),
        ] {
            let mut alert = alert();
            (alert.infos[0].response_types, alert.infos[0].urgency) = (responses.to_vec(), Urgency::Past);
            alert.infos[0].parameters = parameters;
            assert_eq!(messages(&alert)[0].over, over, "{:?}", alert.infos[0]);
        }
    }

    #[test]
    fn without_expires_a_text_is_valid_for_an_hour() {
        let mut alert = alert();
        alert.infos[0].expires = None;
        assert_eq!(messages(&alert)[0].expires, at("11:00:00"));
    }
}
