//! The numbers of a broadcast as texts, by name: on its page, and in the stream that keeps the page fresh.

use super::view::number;
use crate::i18n::{self, Language, Value};
use crate::model::account::Account;
use crate::model::broadcast::{Broadcast, State};
use crate::model::histogram::Histogram;
use crate::model::outcome::Ledger;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long devices are expected to go on telling after the last push, so that the page goes on by itself.
const TELLING: SignedDuration = SignedDuration::from_mins(15);
/// The percentiles that are shown.
pub const PERCENTS: [u64; 3] = [50, 95, 99];

/// A row of the table of channels and tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    /// What the names of its figures begin with.
    pub key: String,
    pub label: String,
}

/// What is shown of an account, by name. Parts have names such as `webpush-accepted` and `P0-waiting`, times such as
/// `displayed-95`.
pub fn figures(language: Language, account: &Account) -> BTreeMap<String, String> {
    let mut figures = BTreeMap::new();
    let mut put = |name: String, text: String| _ = figures.insert(name, text);
    let count = |value: u64| number(&language, &value);
    let ledger = &account.ledger;
    let counts = &account.seen.counts;
    for (name, value) in [
        ("targeted", ledger.targeted),
        ("accepted", ledger.accepted),
        ("gone", ledger.gone),
        ("rejected", ledger.rejected),
        ("expired", ledger.expired),
        ("stopped", ledger.stopped),
        ("withdrawn", ledger.withdrawn),
        ("waiting", ledger.waiting),
        ("held", account.held),
        ("opened", counts.opened),
        ("not_relevant", counts.not_relevant),
    ] {
        put(name.to_owned(), count(value));
    }
    let telling = ledger.accepted.saturating_sub(account.silent);
    put("displayed".to_owned(), with_share(language, counts.displayed, telling));
    put("silent".to_owned(), with_share(language, account.silent, ledger.accepted));
    for (name, histogram) in [("accepted", &account.accepted_after), ("displayed", &account.seen.displayed_after)] {
        for percent in PERCENTS {
            put(format!("{name}-{percent}"), within(language, histogram, percent));
        }
    }
    let parts = account.channels.iter().map(|(route, ledger)| (route.as_str(), ledger));
    for (key, ledger) in parts.chain(account.tiers.iter().map(|(tier, ledger)| (tier.as_str(), ledger))) {
        put(format!("{key}-targeted"), count(ledger.targeted));
        put(format!("{key}-accepted"), count(ledger.accepted));
        put(format!("{key}-waiting"), count(ledger.waiting));
        put(format!("{key}-missed"), count(missed(ledger)));
    }
    figures
}

/// The rows of channels, then those of tiers.
pub fn part_rows(language: Language, account: &Account) -> Vec<PartRow> {
    let channel =
        |key: &str| PartRow { key: key.to_owned(), label: i18n::text(language, &format!("ledger-channel-{key}"), &[]) };
    let tier = |key: &str| PartRow { key: key.to_owned(), label: i18n::text(language, &format!("tier-{key}"), &[]) };
    let channels = account.channels.keys().map(|route| channel(route.as_str()));
    channels.chain(account.tiers.keys().map(|key| tier(key.as_str()))).collect()
}

/// Those who were to be reached and will not be.
const fn missed(ledger: &Ledger) -> u64 {
    ledger.targeted - ledger.accepted - ledger.waiting
}

/// Whether the numbers of a broadcast may still move of themselves.
pub fn may_move(broadcast: &Broadcast, ledger: &Ledger, now: Timestamp) -> bool {
    let telling = || broadcast.finished.is_some_and(|finished| now.duration_since(finished) < TELLING);
    match broadcast.state {
        State::Held | State::Approved | State::Sending => true,
        State::Done | State::Halted | State::Expired => ledger.waiting > 0 || (ledger.accepted > 0 && telling()),
        State::Filed | State::Refused => ledger.waiting > 0,
    }
}

/// A count, and what share of all that is, where there are any.
fn with_share(language: Language, part: u64, whole: u64) -> String {
    let part_text = number(&language, &part);
    if whole == 0 {
        return part_text;
    }
    let percent = (part.min(whole) * 100 / whole).to_string();
    i18n::text(language, "ledger-share", &[("count", Value::from(part_text)), ("percent", Value::from(percent))])
}

/// The time of a percentile, rounded up; a dash without any.
fn within(language: Language, histogram: &Histogram, percent: u64) -> String {
    let Some(ms) = histogram.percentile(percent) else { return "–".to_owned() };
    let (key, value) = match ms {
        0..10_000 => {
            let tenths = ms.div_ceil(100).max(1);
            let mark = match language {
                Language::En => '.',
                Language::Fr => ',',
            };
            ("duration-seconds", format!("{}{mark}{}", tenths / 10, tenths % 10))
        }
        10_000..100_000 => ("duration-seconds", ms.div_ceil(1_000).to_string()),
        100_000..6_000_000 => ("duration-minutes", ms.div_ceil(60_000).to_string()),
        _ => ("duration-hours", ms.div_ceil(3_600_000).to_string()),
    };
    i18n::text(language, key, &[("count", Value::from(value))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_rounded_up_in_the_reader_s_language() {
        let told = |language, ms| {
            let mut histogram = Histogram::default();
            histogram.record(ms);
            within(language, &histogram, 50)
        };
        assert_eq!(told(Language::En, 0), "0.1 s");
        assert_eq!(told(Language::Fr, 61), "0,1 s");
        assert_eq!(told(Language::Fr, 1_201), "1,3 s");
        assert_eq!(told(Language::En, 59_500), "60 s");
        assert_eq!(told(Language::En, 120_000), "3 min");
        assert_eq!(told(Language::En, 36_000_000), "11 h");
        assert_eq!(within(Language::En, &Histogram::default(), 99), "–");
    }

    #[test]
    fn a_share_is_of_those_who_can_tell_and_never_more_than_all() {
        assert_eq!(with_share(Language::En, 1_200, 1_600), "1,200 (75%)");
        assert_eq!(with_share(Language::En, 5, 0), "5");
        assert_eq!(with_share(Language::En, 5, 4), "5 (100%)");
    }
}
