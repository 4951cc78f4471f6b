//! What was accepted, by message: how often, when first and last, what came twice, and what came in the wrong order.
//! One bit a recipient and message.

use super::service::Service;
use roaring::RoaringBitmap;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most messages that are told apart; later ones are only counted.
const MESSAGES_MAX: usize = 16_384;
/// Most recipients noted over all messages: 2 bytes each at worst.
const NOTED_MAX: u64 = 64 * 1_024 * 1_024;

/// What a push says of itself, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Marks {
    /// What replaces one another on the device: Topic, collapse id, tag.
    pub(super) chain: String,
    /// The alert; empty where it was not read.
    pub(super) alert: String,
    /// P0 to P3; empty where it was not read.
    pub(super) tier: String,
}

/// One message on one channel.
#[derive(Debug, Serialize)]
struct Message {
    channel: Service,
    chain: String,
    alert: String,
    tier: String,
    accepted: u64,
    duplicates: u64,
    wrong_order: u64,
    /// Real time, milliseconds since 1970.
    first_ms: i64,
    last_ms: i64,
    #[serde(skip)]
    recipients: RoaringBitmap,
}

/// How many of something were accepted, and when.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Span {
    accepted: u64,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

impl Span {
    fn add(&mut self, at_ms: i64) {
        self.accepted += 1;
        self.first_ms = Some(self.first_ms.map_or(at_ms, |first| first.min(at_ms)));
        self.last_ms = Some(self.last_ms.map_or(at_ms, |last| last.max(at_ms)));
    }
}

/// Counts of one channel.
#[derive(Debug, Default, Serialize)]
struct Lane {
    received: u64,
    problems: u64,
    #[serde(flatten)]
    all: Span,
    duplicates: u64,
    wrong_order: u64,
    tiers: BTreeMap<String, Span>,
    /// Answers by status, `reset` and `drop` among them.
    answers: BTreeMap<String, u64>,
}

/// As `GET /told` has it.
#[derive(Debug, Default, Serialize)]
struct Told {
    /// Who accepted it, each once.
    recipients: u64,
    /// How many times it was accepted again.
    repeats: u64,
    /// How many of them did not accept the second message.
    untold: u64,
    last_ms: Option<i64>,
    /// What it replaces and is replaced by on the device, by channel.
    chains: BTreeMap<&'static str, BTreeSet<String>>,
}

#[derive(Default)]
pub(super) struct Tally {
    /// In order of first acceptance.
    messages: Vec<Message>,
    /// Messages of a chain, in that order.
    chains: HashMap<(Service, String), Vec<usize>>,
    lanes: BTreeMap<&'static str, Lane>,
    noted: u64,
    untracked: u64,
}

impl Tally {
    pub(super) fn received(&mut self, channel: Service, with_problems: bool, answer: &Value) {
        let lane = self.lanes.entry(channel.as_str()).or_default();
        lane.received += 1;
        lane.problems += u64::from(with_problems);
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        *lane.answers.entry(answer).or_default() += 1;
    }

    /// Whether a chain was seen before: then its alert and tier are known without reading the push.
    pub(super) fn knows(&self, channel: Service, chain: &str) -> bool {
        self.chains.contains_key(&(channel, chain.to_owned()))
    }

    /// A push was accepted. Marks without an alert are taken for the chain's newest.
    pub(super) fn accepted(&mut self, channel: Service, marks: &Marks, recipient: u32, at_ms: i64) {
        let place = self.place(channel, marks, at_ms);
        let tier = place.and_then(|place| self.messages.get(place)).map_or(&marks.tier, |message| &message.tier);
        let lane = self.lanes.entry(channel.as_str()).or_default();
        lane.all.add(at_ms);
        lane.tiers.entry(tier.clone()).or_default().add(at_ms);
        let Some(place) = place else {
            self.untracked += 1;
            return;
        };
        let chain = (channel, marks.chain.clone());
        let newer = self.chains.get(&chain).into_iter().flatten().filter(|other| **other > place);
        let overtaken = newer.filter_map(|other| self.messages.get(*other)).any(|it| it.recipients.contains(recipient));
        let Some(message) = self.messages.get_mut(place) else { return };
        message.accepted += 1;
        message.first_ms = message.first_ms.min(at_ms);
        message.last_ms = message.last_ms.max(at_ms);
        if !message.recipients.insert(recipient) {
            message.duplicates += 1;
            lane.duplicates += 1;
        } else {
            self.noted += 1;
        }
        message.wrong_order += u64::from(overtaken);
        lane.wrong_order += u64::from(overtaken);
    }

    /// Where the message stands; `None` for one that says nothing of itself, or when there are too many.
    fn place(&mut self, channel: Service, marks: &Marks, at_ms: i64) -> Option<usize> {
        if marks.chain.is_empty() && marks.alert.is_empty() {
            return None;
        }
        let chain = (channel, marks.chain.clone());
        if let Some(places) = self.chains.get(&chain) {
            let known = |place: &&usize| self.messages.get(**place).is_some_and(|it| it.alert == marks.alert);
            let found = if marks.alert.is_empty() { places.last() } else { places.iter().find(known) };
            if let Some(place) = found {
                return Some(*place);
            }
        }
        if self.messages.len() >= MESSAGES_MAX || self.noted >= NOTED_MAX {
            return None;
        }
        let place = self.messages.len();
        self.messages.push(Message {
            channel,
            chain: marks.chain.clone(),
            alert: marks.alert.clone(),
            tier: marks.tier.clone(),
            accepted: 0,
            duplicates: 0,
            wrong_order: 0,
            first_ms: at_ms,
            last_ms: at_ms,
            recipients: RoaringBitmap::new(),
        });
        self.chains.entry(chain).or_default().push(place);
        Some(place)
    }

    /// What became of one message on all channels, and of a second one at those who had the first.
    pub(super) fn told(&self, alert: &str, then: &str) -> Value {
        let mut told = Told::default();
        for first in self.messages.iter().filter(|message| message.alert == alert) {
            let then = self.messages.iter().filter(|message| message.alert == then && message.channel == first.channel);
            let then = then.fold(RoaringBitmap::new(), |all, message| all | &message.recipients);
            told.recipients += first.recipients.len();
            told.repeats += first.duplicates;
            told.untold += (&first.recipients - then).len();
            told.last_ms = told.last_ms.max(Some(first.last_ms));
            told.chains.entry(first.channel.as_str()).or_default().insert(first.chain.clone());
        }
        json!(told)
    }

    /// As `GET /counts` has it.
    pub(super) fn json(&self) -> Value {
        let sum = |of: fn(&Lane) -> u64| self.lanes.values().map(of).sum::<u64>();
        json!({
            "received": sum(|lane| lane.received),
            "accepted": sum(|lane| lane.all.accepted),
            "problems": sum(|lane| lane.problems),
            "duplicates": sum(|lane| lane.duplicates),
            "wrong_order": sum(|lane| lane.wrong_order),
            "untracked": self.untracked,
            "channels": self.lanes,
            "messages": self.messages,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Service::{Apns, WebPush};

    fn marks(chain: &str, alert: &str, tier: &str) -> Marks {
        Marks { chain: chain.to_owned(), alert: alert.to_owned(), tier: tier.to_owned() }
    }

    #[test]
    fn the_same_alert_twice_to_one_recipient_is_a_duplicate_and_an_update_is_none() {
        let mut tally = Tally::default();
        for (alert, recipient) in [("a", 1), ("a", 2), ("a", 1), ("b", 1), ("b", 2), ("b", 2)] {
            tally.accepted(WebPush, &marks("c", alert, "P1"), recipient, 1_000);
        }
        tally.accepted(Apns, &marks("c", "a", "P1"), 1, 1_000);
        let json = tally.json();
        assert_eq!((&json["accepted"], &json["duplicates"], &json["wrong_order"]), (&7.into(), &2.into(), &0.into()));
        assert_eq!(json["channels"]["apns"]["duplicates"], 0);
    }

    #[test]
    fn who_had_a_message_and_not_the_one_that_ends_it_is_untold_on_whatever_channel() {
        let mut tally = Tally::default();
        for (channel, alert, recipient, at_ms) in [
            (WebPush, "a", 1, 10),
            (WebPush, "a", 2, 20),
            (WebPush, "a", 2, 40),
            (Apns, "a", 3, 30),
            (WebPush, "b", 2, 50),
            // The same number on another channel is somebody else.
            (WebPush, "b", 3, 60),
        ] {
            tally.accepted(channel, &marks("c", alert, "P1"), recipient, at_ms);
        }
        let told = |alert: &str, then: &str| {
            let told = tally.told(alert, then);
            ["recipients", "repeats", "untold", "last_ms"].map(|name| told[name].as_i64())
        };
        assert_eq!(told("a", "b"), [Some(3), Some(1), Some(2), Some(40)]);
        assert_eq!(told("b", ""), [Some(2), Some(0), Some(2), Some(60)]);
        assert_eq!(told("", "b"), [Some(0), Some(0), Some(0), None]);
        assert_eq!(tally.told("a", "")["chains"], json!({"apns": ["c"], "webpush": ["c"]}));
    }

    #[test]
    fn an_older_alert_after_a_newer_one_is_in_the_wrong_order_for_who_had_the_newer() {
        let mut tally = Tally::default();
        for (alert, recipient) in [("a", 1), ("b", 1), ("b", 2), ("a", 3), ("a", 2)] {
            tally.accepted(WebPush, &marks("c", alert, "P1"), recipient, 1_000);
        }
        tally.accepted(WebPush, &marks("other", "a", "P1"), 1, 1_000);
        assert_eq!(tally.json()["wrong_order"], 1);
        assert_eq!(tally.json()["messages"][0]["wrong_order"], 1);
    }

    #[test]
    fn what_was_not_read_belongs_to_the_newest_of_its_chain() {
        let mut tally = Tally::default();
        for (alert, tier, at_ms) in [("a", "P0", 5), ("", "", 3), ("b", "P2", 9), ("", "", 8)] {
            tally.accepted(WebPush, &marks("c", alert, tier), u32::try_from(at_ms).expect("small"), at_ms);
        }
        let json = tally.json();
        assert_eq!(json["messages"][0]["accepted"], 2);
        assert_eq!(json["channels"]["webpush"]["tiers"]["P0"]["first_ms"], 3);
        assert_eq!(json["channels"]["webpush"]["tiers"]["P2"]["last_ms"], 9);
        tally.accepted(WebPush, &Marks::default(), 1, 1);
        assert_eq!(tally.json()["untracked"], 1);
    }
}
