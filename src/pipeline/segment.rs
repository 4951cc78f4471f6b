//! NWS events: one product comes as several messages, each for its own zones, and the next product may divide the zones
//! in another way. What a message says of a part of an event must not end or replace the rest (docs/adr/0013).

use super::resolve::Own;
use crate::cap::alert::Alert;
use crate::cap::code::MsgType;
use crate::model::id::ChainId;
use crate::model::lifecycle::{self as rules, Remark};
use crate::model::vtec::{self, Stage, Vtec};
use crate::store::chain::Chain;
use crate::store::event_code::{Asking, EventCode};
use crate::store::{self, StoreError, Tx};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Messages of one product are sent within this.
const PRODUCT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// What an alert's event codes tie it to.
#[derive(Debug, Default)]
pub struct Segments {
    /// Chains of earlier messages about the same events and some of the same zones.
    pub chains: Vec<ChainId>,
    /// Other chains of the same events.
    pub split: Vec<ChainId>,
    /// An Alert that continues or ends what is known.
    pub replaces: bool,
    pub remarks: Vec<Remark>,
    all_ended: bool,
    codes: Vec<Vtec>,
    zones: BTreeSet<String>,
    /// All that is known of the same events.
    known: Vec<EventCode>,
}

/// Looks up the events of an alert.
///
/// # Errors
/// When the database does not answer.
pub async fn segments(tx: &mut Tx, alert: &Alert, own: Own<'_>) -> Result<Segments, StoreError> {
    let mut segments = Segments::default();
    if matches!(alert.msg_type, MsgType::Ack | MsgType::Error) {
        return Ok(segments);
    }
    let codes = vtec::codes(alert);
    for text in &codes.unreadable {
        let message = format!("`{text}` is no event code; the message is taken without it.");
        segments.remarks.push(Remark::new(&rules::VTEC_INVALID, "info", message));
    }
    segments.zones = vtec::zones(alert);
    let asking = asking(alert, own);
    let sent = asking.sent;
    for code in codes.codes.iter().filter(|code| code.action.follows()) {
        let known = since_it_began(store::event_code::of_event(tx, &code.event, asking).await?, sent);
        let mut chains: Vec<ChainId> = known
            .iter()
            .filter(|earlier| earlier.sent <= sent && meet(&earlier.zones, &segments.zones))
            .map(|earlier| earlier.chain.clone())
            .collect();
        chains.sort();
        chains.dedup();
        if !chains.is_empty() {
            let message = format!("It goes on with the event {}, by its event code.", code.event);
            segments.remarks.push(Remark::new(&rules::VTEC_FOLLOWED, "info", message));
        }
        segments.chains.extend(chains);
        segments.known.extend(known);
    }
    segments.all_ended = !alert.infos.is_empty() && alert.infos.iter().all(vtec::all_ended);
    segments.replaces = !segments.chains.is_empty() || segments.all_ended;
    segments.codes = codes.codes;
    Ok(segments)
}

/// Who asks, when it is an alert.
pub fn asking<'a>(alert: &'a Alert, own: Own<'a>) -> Asking<'a> {
    let sent = alert.key.sent.instant();
    Asking { sender: &alert.key.sender, status: alert.status, voice: own.voice, sent, own: own.id }
}

/// Without those of an event of the same number that ended before this one began.
fn since_it_began(mut known: Vec<EventCode>, sent: Timestamp) -> Vec<EventCode> {
    let began =
        known.iter().filter(|code| code.stage == Stage::Starts && code.sent <= sent).map(|code| code.sent).max();
    if let Some(began) = began {
        known.retain(|code| began.duration_since(code.sent) <= PRODUCT_MAX);
    }
    known
}

/// Whether two sets of zones have one in common; who names none means all.
fn meet(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    a.is_empty() || b.is_empty() || !a.is_disjoint(b)
}

impl Segments {
    pub const fn has_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Takes out of `chains` those that an earlier Cancel ended, where the alert says by its codes alone that the event
    /// is on, and nothing it names has ended: the event is on again, or elsewhere.
    pub fn begin_anew(&mut self, alert: &Alert, chains: &mut Vec<Chain>, named: &BTreeSet<ChainId>) {
        let goes_on = self.codes.iter().any(|code| code.action.stage() != Stage::Ends);
        if !goes_on || alert.msg_type == MsgType::Cancel {
            return;
        }
        let sent = alert.key.sent.instant();
        let is_over = |chain: &Chain| {
            let ended_before = chain.cancelled.is_some() && chain.head_sent.is_none_or(|head| head <= sent);
            ended_before && !named.contains(&chain.id)
        };
        let over: BTreeSet<ChainId> =
            chains.iter().filter(|chain| is_over(chain)).map(|chain| chain.id.clone()).collect();
        chains.retain(|chain| !over.contains(&chain.id));
        self.chains.retain(|chain| !over.contains(chain));
        self.replaces = !self.chains.is_empty() || self.all_ended;
    }

    /// Takes out of `chains` those of which the alert speaks for a part only, and notes what took over other parts. Of
    /// what it names, it speaks for all where its zones cannot be compared.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn divide(
        &mut self,
        tx: &mut Tx,
        chains: &mut Vec<Chain>,
        named: &BTreeSet<ChainId>,
        asking: Asking<'_>,
    ) -> Result<Vec<Chain>, StoreError> {
        let mut parts = Vec::new();
        if self.codes.is_empty() {
            return Ok(parts);
        }
        for chain in std::mem::take(chains) {
            let last = store::event_code::last_of_chain(tx, &chain.id, asking.voice, asking.own).await?;
            for old in &last {
                if self.known.iter().all(|code| code.event != old.event) {
                    let known = store::event_code::of_event(tx, &old.event, asking).await?;
                    self.known.extend(since_it_began(known, asking.sent));
                }
            }
            let whole = self.covers(&chain, &last) || (named.contains(&chain.id) && !self.compares(&last));
            if whole { chains.push(chain) } else { parts.push(chain) }
        }
        // What was cancelled stays out of what goes on beside it, except that a Cancel ended it itself.
        let is_open = |chain: &Chain| {
            chain.cancelled.is_none() || (asking.own.is_some() && chain.cancelled_by.as_ref() == asking.own)
        };
        if chains.iter().chain(&parts).any(is_open) {
            chains.retain(is_open);
            parts.retain(is_open);
        }
        if !parts.is_empty() {
            let message = "It speaks for a part of an event; the rest goes on without it.";
            self.remarks.push(Remark::new(&rules::VTEC_PART, "info", message));
        }
        // Whoever heard the end, or how it goes on, from another message of the event hears the rest from that. What
        // speaks for a part of this one's ground is no such message: it says nothing about what is said here.
        let is_other = |id: &ChainId| chains.iter().chain(&parts).all(|chain| chain.id != *id);
        let elsewhere = self.known.iter().filter(|code| code.stage != Stage::Starts && is_other(&code.chain));
        self.split = elsewhere.map(|code| code.chain.clone()).collect();
        self.split.sort();
        self.split.dedup();
        Ok(parts)
    }

    /// Whether the alert, with what took over parts of it before, speaks for every zone of every event of a chain.
    fn covers(&self, chain: &Chain, last: &[EventCode]) -> bool {
        last.iter().filter(|old| old.stage != Stage::Ends).all(|old| {
            let own = self.codes.iter().any(|code| code.event == old.event).then_some(&self.zones);
            let took_over = |code: &&EventCode| {
                code.chain != chain.id
                    && code.stage != Stage::Starts
                    && code.event == old.event
                    && code.sent >= old.sent
            };
            let others = self.known.iter().filter(took_over).map(|code| &code.zones);
            let speaking: Vec<&BTreeSet<String>> = own.into_iter().chain(others).collect();
            if old.zones.is_empty() || speaking.iter().any(|zones| zones.is_empty()) {
                return !speaking.is_empty();
            }
            old.zones.iter().all(|zone| speaking.iter().any(|zones| zones.contains(zone)))
        })
    }

    /// Whether the alert's zones can be compared with those of a chain's newest message: they are of one scheme and have
    /// one in common. Where they have none, both may still be named as others of the same event were, or be new to it.
    fn compares(&self, last: &[EventCode]) -> bool {
        let shared = |code: &EventCode| meet(&code.zones, &self.zones);
        let of_own = |code: &&EventCode| self.codes.iter().any(|own| own.event == code.event);
        last.iter().all(|old| vtec::same_scheme(&old.zones, &self.zones))
            && (last.iter().any(shared)
                || self.codes.iter().any(|code| code.action.extends_area())
                || self.known.iter().filter(of_own).any(shared))
    }

    /// What is to be stored of an alert's own event codes.
    pub fn codes(alert: &Alert) -> impl Iterator<Item = (String, Stage, BTreeSet<String>)> {
        let zones = vtec::zones(alert);
        vtec::codes(alert).codes.into_iter().map(move |code| (code.event, code.action.stage(), zones.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::AlertId;
    use crate::model::sample::at;
    use crate::model::vtec::Action;

    fn zones(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn known(chain: &str, stage: Stage, event: &str, names: &[&str], sent: &str) -> EventCode {
        EventCode {
            alert: AlertId(format!("{chain} at {sent}")),
            chain: ChainId(chain.to_owned()),
            event: event.to_owned(),
            stage,
            zones: zones(names),
            sent: at(sent),
        }
    }

    fn chain() -> Chain {
        Chain {
            id: ChainId("first".to_owned()),
            key: "key".to_owned(),
            sender: "office".to_owned(),
            head: None,
            head_sent: None,
            cancelled: None,
            cancelled_by: None,
        }
    }

    /// What a message about these events in these zones finds.
    fn message(events: &[&str], names: &[&str], known: Vec<EventCode>) -> Segments {
        let code = |event: &&str| Vtec { action: Action::Continued, event: (*event).to_owned() };
        Segments { codes: events.iter().map(code).collect(), zones: zones(names), known, ..Segments::default() }
    }

    #[test]
    fn a_number_that_begins_anew_leaves_the_old_event_behind() {
        let old = known("old", Stage::Starts, "E", &["1"], "01:00:00");
        let went_on = known("old", Stage::GoesOn, "E", &["1"], "02:00:00");
        let new = known("new", Stage::Starts, "E", &["1"], "10:00:00");
        let sibling = known("beside", Stage::Starts, "E", &["2"], "09:58:00");
        let all = vec![new.clone(), sibling.clone(), went_on.clone(), old.clone()];
        assert_eq!(since_it_began(all.clone(), at("11:00:00")), [new, sibling]);
        let late = since_it_began(all, at("03:00:00"));
        assert!(late.contains(&went_on) && late.contains(&old), "seen from before it began anew: {late:?}");
    }

    #[test]
    fn a_chain_is_spoken_for_when_every_zone_of_every_event_is() {
        let last = [
            known("first", Stage::Starts, "E", &["1", "2"], "10:00:00"),
            known("first", Stage::Starts, "F", &["1"], "10:00:00"),
        ];
        let other = |stage, event, names: &[&str], sent| vec![known("other", stage, event, names, sent)];
        let went_on = Stage::GoesOn;
        for (events, names, elsewhere, covered) in [
            (&["E", "F"][..], &["1", "2"][..], vec![], true),
            (&["E"], &["1", "2"], vec![], false),
            (&["E", "F"], &["1"], vec![], false),
            (&["E", "F"], &["1"], other(went_on, "E", &["2"], "10:05:00"), true),
            (&["E", "F"], &["1"], other(Stage::Ends, "E", &["2"], "10:05:00"), true),
            (&["E", "F"], &["1"], other(went_on, "E", &["3"], "10:05:00"), false),
            (&["E", "F"], &["1"], other(went_on, "F", &["2"], "10:05:00"), false),
            (&["E", "F"], &["1"], other(went_on, "E", &["2"], "09:55:00"), false),
            (&["E", "F"], &["1"], other(Stage::Starts, "E", &["2"], "10:05:00"), false),
            (&["E", "F"], &[], vec![], true),
        ] {
            let segments = message(events, names, elsewhere.clone());
            assert_eq!(segments.covers(&chain(), &last), covered, "{events:?} {names:?} {elsewhere:?}");
        }
    }

    #[test]
    fn zones_compare_in_one_scheme_with_one_in_common() {
        let last = |names: &[&str]| [known("first", Stage::Starts, "E", names, "10:00:00")];
        let ugc = |names: &[&str], known| message(&["E"], names, known);
        assert!(ugc(&["OKZ001"], vec![]).compares(&last(&["OKZ001", "OKZ002"])));
        assert!(!ugc(&["OKC001"], vec![]).compares(&last(&["OKZ001", "OKZ002"])), "counties and forecast zones");
        assert!(!ugc(&["040109"], vec![]).compares(&last(&["OKZ001"])), "another scheme");
        let sibling = vec![known("other", Stage::Starts, "E", &["OKZ003"], "10:00:00")];
        assert!(ugc(&["OKZ003"], sibling.clone()).compares(&last(&["OKZ001"])), "it is about the sibling");
        assert!(!ugc(&["OKZ004"], sibling).compares(&last(&["OKZ001"])));
        let mut extended = ugc(&["OKZ004"], vec![]);
        extended.codes[0].action = Action::ExtendedArea;
        assert!(extended.compares(&last(&["OKZ001"])), "it says itself that the zone is new");
    }

    #[test]
    fn what_has_ended_needs_nobody_to_speak_for_it() {
        let last = [
            known("first", Stage::Ends, "E", &["1"], "10:00:00"),
            known("first", Stage::GoesOn, "F", &["1"], "10:00:00"),
        ];
        assert!(message(&["F"], &["1"], vec![]).covers(&chain(), &last));
        assert!(!message(&["E"], &["1"], vec![]).covers(&chain(), &last));
    }
}
