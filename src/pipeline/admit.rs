//! Step 2: what an alert may do here. Pure decisions on facts that `bell` reads and writes in one transaction.

use super::grounds::Grounds;
use crate::cap::alert::{Alert, AlertKey, Reference};
use crate::cap::code::{MsgType, Scope, Status};
use crate::geo::gazetteer::Ground;
use crate::model::broadcast::{Reason, State};
use crate::model::credential::{Credential, KeyAction};
use crate::model::message::Message;
use crate::model::vtec;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

/// Length of a chain's key: what a Web Push Topic may have (RFC 8030 §5.4).
pub const CHAIN_KEY_CHARS: usize = 32;

/// What is known of an alert from elsewhere: the chain that it belongs to, and whether its sender signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainFacts {
    /// An earlier message of it is stored here.
    pub known: bool,
    /// Its first message came from another sender.
    pub foreign: bool,
    /// A Cancel ended it.
    pub cancelled: bool,
    /// A message sent later than this one already acted on it.
    pub overtaken: bool,
    /// A key is pinned for its sender, and no signature of it is by that key.
    pub unproven: bool,
    /// It speaks for a part of something only: who hears its end depends on where that is.
    pub part: bool,
}

/// What is to become of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub state: State,
    pub reason: Option<Reason>,
}

impl Verdict {
    const RING: Self = Self { state: State::Approved, reason: None };

    const fn held(reason: Reason) -> Self {
        Self { state: State::Held, reason: Some(reason) }
    }

    const fn filed(reason: Reason) -> Self {
        Self { state: State::Filed, reason: Some(reason) }
    }
}

/// Decides what becomes of an alert: first what no person could change (filed), then what needs one (held).
pub fn admit(
    alert: &Alert,
    messages: &[Message],
    credential: &Credential,
    chain: ChainFacts,
    grounds: &Grounds,
    now: Timestamp,
) -> Verdict {
    let nobody = reaches_nobody(alert, messages, chain, grounds, now);
    match nobody {
        // A person can have the areas loaded.
        None | Some(Reason::UnknownArea) => {}
        Some(reason) => return Verdict::filed(reason),
    }
    if !credential.may_speak_for(&alert.key.sender) {
        return Verdict::held(Reason::ForeignSender);
    }
    if chain.foreign {
        return Verdict::held(Reason::ForeignChain);
    }
    match credential.action {
        KeyAction::Ring | KeyAction::Hold if chain.unproven => Verdict::held(Reason::Signature),
        KeyAction::Ring | KeyAction::Hold if nobody.is_some() => Verdict::held(Reason::UnknownArea),
        KeyAction::Ring => Verdict::RING,
        KeyAction::Hold => Verdict::held(Reason::KeyHolds),
        KeyAction::File => Verdict::filed(Reason::KeyFiles),
    }
}

/// Why an alert can reach nobody, whoever asks.
pub fn reaches_nobody(
    alert: &Alert,
    messages: &[Message],
    chain: ChainFacts,
    grounds: &Grounds,
    now: Timestamp,
) -> Option<Reason> {
    match alert.msg_type {
        MsgType::Ack | MsgType::Error => return Some(Reason::NotForPeople),
        MsgType::Alert | MsgType::Update | MsgType::Cancel => {}
    }
    match alert.scope {
        Scope::Restricted | Scope::Private => return Some(Reason::NotPublic),
        Scope::Public => {}
    }
    match alert.status {
        Status::System | Status::Draft => return Some(Reason::NotActual),
        Status::Actual | Status::Exercise | Status::Test => {}
    }
    if chain.cancelled || chain.overtaken {
        return Some(Reason::Superseded);
    }
    if alert.msg_type == MsgType::Cancel {
        if !chain.known {
            return Some(Reason::NothingToCancel);
        }
        let where_it_ends = grounds.each().map(|(_, ground)| ground);
        return nowhere(where_it_ends).filter(|reason| chain.part && *reason == Reason::UnknownArea);
    }
    if messages.is_empty() {
        return Some(Reason::NoInfo);
    }
    if is_all_clear(alert, messages) {
        // Like a Cancel it goes to those told, wherever they are and however late it comes.
        return None;
    }
    if messages.iter().all(|message| message.expires <= now) {
        return Some(Reason::Expired);
    }
    nowhere(messages.iter().map(|message| grounds.of_message(alert, message)))
}

/// Why there is nobody on any of these grounds; `None` where somebody may be.
fn nowhere<'g>(grounds: impl Iterator<Item = &'g Ground>) -> Option<Reason> {
    let mut reason = Reason::NoArea;
    for ground in grounds {
        match ground {
            Ground { shape: Some(_), .. } => return None,
            Ground { unknown, .. } if unknown.is_empty() => {}
            Ground { .. } => reason = Reason::UnknownArea,
        }
    }
    Some(reason)
}

/// Whether an Update says nothing but that it is over.
pub fn is_all_clear(alert: &Alert, messages: &[Message]) -> bool {
    alert.msg_type == MsgType::Update && !messages.is_empty() && messages.iter().all(|message| message.over)
}

/// Whether a status is for those alone who want drills.
pub fn is_drill(status: Status) -> bool {
    match status {
        Status::Exercise | Status::Test => true,
        Status::Actual | Status::System | Status::Draft => false,
    }
}

/// The key that a chain has from its root: Topic, tag and collapse identifier of everything sent for it. Drills have
/// chains of their own, so that no test ever replaces or ends what is real.
pub fn chain_key(root: &AlertKey, status: Status) -> String {
    let sent_ms = root.sent.instant().as_millisecond().to_string();
    let kind: &[u8] = if is_drill(status) { b"drill" } else { b"" };
    let text = [root.sender.as_bytes(), root.identifier.as_bytes(), sent_ms.as_bytes(), kind].join(&0);
    let mut key = URL_SAFE_NO_PAD.encode(digest(&SHA256, &text));
    key.truncate(CHAIN_KEY_CHARS);
    key
}

/// The root of a chain nobody here knows yet: an Update or Cancel of something unknown stands for what it refers to,
/// so that the original, should it come late, finds itself superseded. A reference without a time names no root.
pub fn unknown_root(alert: &Alert) -> AlertKey {
    let timed = |earlier: &Reference| {
        let (sender, identifier) = (earlier.sender.clone(), earlier.identifier.clone());
        Some(AlertKey { sender, identifier, sent: earlier.sent? })
    };
    let earliest = match alert.msg_type {
        MsgType::Update | MsgType::Cancel => {
            alert.references.iter().filter_map(timed).min_by_key(|key| key.sent.instant())
        }
        MsgType::Alert | MsgType::Ack | MsgType::Error => None,
    };
    earliest.unwrap_or_else(|| alert.key.clone())
}

/// Whether an Update that rings for nobody still takes the place of what it updates: its sender says so, through a key
/// that could have made it ring. Else an outdated text would go on being sent.
pub fn supersedes_silently(alert: &Alert, credential: &Credential, chain: ChainFacts, verdict: Verdict) -> bool {
    alert.msg_type == MsgType::Update
        && chain.known
        && matches!(verdict.reason, Some(Reason::NoArea | Reason::Expired | Reason::NoInfo))
        && credential.action == KeyAction::Ring
        && may_publish(alert, credential, chain, verdict)
}

/// Whether an Update that waits because nobody knows its areas already stops what it updates: but for the areas it would
/// have rung, so the outdated text must not go on being sent. Nothing else changes until a person releases it.
pub fn hushes(alert: &Alert, credential: &Credential, chain: ChainFacts, verdict: Verdict) -> bool {
    alert.msg_type == MsgType::Update
        && chain.known
        && verdict == Verdict::held(Reason::UnknownArea)
        && credential.action == KeyAction::Ring
}

/// Whether what was posted may be shown to the public without a person: only from a key that needs none, speaking for
/// itself. What such a key files (no area, already expired, …) reaches nobody, yet is on record for everyone.
pub fn may_publish(alert: &Alert, credential: &Credential, chain: ChainFacts, verdict: Verdict) -> bool {
    let needs_nobody = match credential.action {
        KeyAction::Ring | KeyAction::File => {
            credential.may_speak_for(&alert.key.sender) && !chain.foreign && !chain.unproven
        }
        KeyAction::Hold => false,
    };
    needs_nobody && verdict.state != State::Held
}

/// Whether a Cancel of something unknown may keep a late original silent: only from one whose Cancel would have acted,
/// and never where event codes say that it may speak for a part only.
pub fn silences_the_unknown(
    alert: &Alert,
    credential: &Credential,
    root_sender: &str,
    chain: ChainFacts,
    verdict: Verdict,
) -> bool {
    alert.msg_type == MsgType::Cancel
        && vtec::codes(alert).codes.is_empty()
        && !chain.unproven
        && verdict.reason == Some(Reason::NothingToCancel)
        && root_sender == alert.key.sender
        && credential.may_speak_for(&alert.key.sender)
        && credential.action == KeyAction::Ring
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Audience;
    use crate::cap::Axes;
    use crate::cap::alert::{NamedValue, Point};
    use crate::geo::code::AreaCode;
    use crate::geo::gazetteer::{Gazetteer, NamedArea};
    use crate::geo::region::Region;
    use crate::model::id::ApiKeyId;
    use crate::model::message::messages;
    use crate::model::sample::{alert, at, key};
    use std::sync::Arc;

    fn credential(action: KeyAction, senders: &[&str]) -> Credential {
        Credential {
            id: ApiKeyId("k".to_owned()),
            name: "a key".to_owned(),
            senders: senders.iter().map(|sender| (*sender).to_owned()).collect(),
            action,
            test: false,
            axes: Axes::LatitudeFirst,
            owner: None,
            created: at("00:00:00"),
            revoked: None,
        }
    }

    const KNOWN: ChainFacts =
        ChainFacts { known: true, foreign: false, cancelled: false, overtaken: false, unproven: false, part: false };
    const NONE: ChainFacts = ChainFacts { known: false, ..KNOWN };

    fn verdict(alert: &Alert, credential: &Credential, chain: ChainFacts) -> Verdict {
        let grounds = Grounds::of(alert, Arc::default());
        admit(alert, &messages(alert), credential, chain, &grounds, at("10:30:00"))
    }

    #[test]
    fn a_sound_alert_does_what_its_key_says() {
        for (action, want) in [
            (KeyAction::Ring, Verdict::RING),
            (KeyAction::Hold, Verdict::held(Reason::KeyHolds)),
            (KeyAction::File, Verdict::filed(Reason::KeyFiles)),
        ] {
            assert_eq!(verdict(&alert(), &credential(action, &[]), NONE), want);
        }
    }

    #[test]
    fn what_can_reach_nobody_is_filed_with_its_reason() {
        let ring = credential(KeyAction::Ring, &[]);
        type Change = fn(&mut Alert);
        let rows: [(Change, ChainFacts, Reason); 11] = [
            (|alert| alert.msg_type = MsgType::Ack, NONE, Reason::NotForPeople),
            (|alert| alert.msg_type = MsgType::Error, NONE, Reason::NotForPeople),
            (|alert| alert.scope = Scope::Restricted, NONE, Reason::NotPublic),
            (|alert| alert.scope = Scope::Private, NONE, Reason::NotPublic),
            (|alert| alert.status = Status::Draft, NONE, Reason::NotActual),
            (|alert| alert.status = Status::System, NONE, Reason::NotActual),
            (|alert| alert.infos.clear(), NONE, Reason::NoInfo),
            (|alert| alert.infos[0].expires = Some(key("x", "10:30:00").sent), NONE, Reason::Expired),
            (|alert| alert.infos[0].areas[0].circles.clear(), NONE, Reason::NoArea),
            (|_| {}, ChainFacts { cancelled: true, ..KNOWN }, Reason::Superseded),
            (|alert| alert.msg_type = MsgType::Cancel, NONE, Reason::NothingToCancel),
        ];
        for (change, chain, reason) in rows {
            let mut alert = alert();
            change(&mut alert);
            assert_eq!(verdict(&alert, &ring, chain), Verdict::filed(reason), "{reason:?}");
        }
    }

    /// An alert that names its area and draws nothing.
    fn in_a_town() -> Alert {
        let mut coded = alert();
        coded.infos[0].areas[0].circles.clear();
        let geocode = NamedValue { value_name: "town".to_owned(), value: "1".to_owned() };
        coded.infos[0].areas[0].geocodes.push(geocode);
        coded
    }

    #[test]
    fn an_area_that_nobody_knows_waits_for_a_person() {
        let coded = in_a_town();
        for (action, want) in [
            (KeyAction::Ring, Verdict::held(Reason::UnknownArea)),
            (KeyAction::Hold, Verdict::held(Reason::UnknownArea)),
            (KeyAction::File, Verdict::filed(Reason::KeyFiles)),
        ] {
            assert_eq!(verdict(&coded, &credential(action, &[]), NONE), want);
        }
        let corners = [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (1.0, 1.0)].map(|(lat, lon)| Point { lat, lon });
        let region = Region::new(&[vec![corners.to_vec()]]).map(Arc::new);
        let town = NamedArea { code: AreaCode::new("TOWN", "1"), name: String::new(), population: None, region };
        let audience = Audience::new();
        audience.rename(Arc::new(Gazetteer::new(vec![town], [])));
        let ring = credential(KeyAction::Ring, &[]);
        let grounds = Grounds::of(&coded, audience.snapshot());
        let known = admit(&coded, &messages(&coded), &ring, NONE, &grounds, at("10:30:00"));
        assert_eq!(known, Verdict::RING);
    }

    #[test]
    fn tests_and_exercises_go_on_to_those_who_want_drills() {
        let mut alert = alert();
        alert.status = Status::Exercise;
        assert_eq!(verdict(&alert, &credential(KeyAction::Ring, &[]), NONE), Verdict::RING);
    }

    #[test]
    fn what_speaks_for_or_acts_on_another_sender_waits_for_a_person() {
        let mut update = alert();
        update.msg_type = MsgType::Update;
        let foreign = ChainFacts { foreign: true, ..KNOWN };
        let stranger = credential(KeyAction::Ring, &["someone@else.example"]);
        let own = credential(KeyAction::Ring, &["warnings@town.example"]);
        assert_eq!(verdict(&update, &stranger, KNOWN), Verdict::held(Reason::ForeignSender));
        assert_eq!(verdict(&update, &own, foreign), Verdict::held(Reason::ForeignChain));
        assert_eq!(verdict(&update, &own, KNOWN), Verdict::RING);
    }

    #[test]
    fn nothing_is_published_that_a_person_would_have_had_to_release() {
        let mut nowhere = alert();
        nowhere.infos[0].areas[0].circles.clear();
        let foreign = ChainFacts { foreign: true, ..KNOWN };
        for (action, senders, chain, published) in [
            (KeyAction::Ring, &[][..], NONE, true),
            (KeyAction::File, &[][..], NONE, true),
            (KeyAction::Hold, &[][..], NONE, false),
            (KeyAction::Ring, &["someone@else.example"][..], NONE, false),
            (KeyAction::Ring, &[][..], foreign, false),
        ] {
            let credential = credential(action, senders);
            for alert in [alert(), nowhere.clone()] {
                let verdict = verdict(&alert, &credential, chain);
                assert_eq!(may_publish(&alert, &credential, chain, verdict), published, "{action:?} {senders:?}");
            }
        }
    }

    #[test]
    fn what_is_not_signed_by_the_key_pinned_for_its_sender_does_nothing_by_itself() {
        let unproven = ChainFacts { unproven: true, ..KNOWN };
        let held = Verdict::held(Reason::Signature);
        for (action, want) in
            [(KeyAction::Ring, held), (KeyAction::Hold, held), (KeyAction::File, Verdict::filed(Reason::KeyFiles))]
        {
            let credential = credential(action, &[]);
            assert_eq!(verdict(&alert(), &credential, unproven), want);
            assert!(!may_publish(&alert(), &credential, unproven, want), "{action:?}");
        }
        let ring = credential(KeyAction::Ring, &[]);
        let mut update = alert();
        update.msg_type = MsgType::Update;
        update.infos[0].expires = Some(key("x", "10:00:00").sent);
        assert!(!supersedes_silently(&update, &ring, unproven, Verdict::filed(Reason::Expired)));
        let mut cancel = alert();
        cancel.msg_type = MsgType::Cancel;
        let nothing = Verdict::filed(Reason::NothingToCancel);
        assert!(!silences_the_unknown(&cancel, &ring, "warnings@town.example", unproven, nothing));
    }

    #[test]
    fn an_update_that_is_over_or_nowhere_still_ends_what_it_updates() {
        let mut update = alert();
        update.msg_type = MsgType::Update;
        update.infos[0].expires = Some(key("x", "10:00:00").sent);
        for (action, chain, ends) in
            [(KeyAction::Ring, KNOWN, true), (KeyAction::Ring, NONE, false), (KeyAction::Hold, KNOWN, false)]
        {
            let credential = credential(action, &[]);
            let verdict = verdict(&update, &credential, chain);
            assert_eq!(verdict, Verdict::filed(Reason::Expired));
            assert_eq!(supersedes_silently(&update, &credential, chain, verdict), ends, "{action:?}");
        }
    }

    #[test]
    fn an_update_whose_areas_nobody_knows_stops_what_it_updates_while_it_waits() {
        let mut update = in_a_town();
        update.msg_type = MsgType::Update;
        let foreign = ChainFacts { foreign: true, ..KNOWN };
        let unproven = ChainFacts { unproven: true, ..KNOWN };
        for (action, senders, chain, stops) in [
            (KeyAction::Ring, &[][..], KNOWN, true),
            (KeyAction::Ring, &[][..], NONE, false),
            (KeyAction::Hold, &[][..], KNOWN, false),
            (KeyAction::File, &[][..], KNOWN, false),
            (KeyAction::Ring, &["someone@else.example"][..], KNOWN, false),
            (KeyAction::Ring, &[][..], foreign, false),
            (KeyAction::Ring, &[][..], unproven, false),
        ] {
            let credential = credential(action, senders);
            let verdict = verdict(&update, &credential, chain);
            assert_eq!(hushes(&update, &credential, chain, verdict), stops, "{action:?} {senders:?} {chain:?}");
            assert!(!supersedes_silently(&update, &credential, chain, verdict), "it still waits");
        }
    }

    #[test]
    fn the_end_of_a_part_that_nobody_knows_waits_for_a_person() {
        let mut cancel = in_a_town();
        cancel.msg_type = MsgType::Cancel;
        let ring = credential(KeyAction::Ring, &[]);
        let part = ChainFacts { part: true, ..KNOWN };
        assert_eq!(verdict(&cancel, &ring, part), Verdict::held(Reason::UnknownArea));
        assert_eq!(verdict(&cancel, &ring, KNOWN), Verdict::RING, "the end of the whole goes to those told");
        cancel.infos[0].areas[0].geocodes.clear();
        assert_eq!(verdict(&cancel, &ring, part), Verdict::RING);
    }

    #[test]
    fn a_cancel_needs_neither_area_nor_info() {
        let mut cancel = alert();
        cancel.msg_type = MsgType::Cancel;
        cancel.infos.clear();
        assert_eq!(verdict(&cancel, &credential(KeyAction::Ring, &[]), KNOWN), Verdict::RING);
    }

    #[test]
    fn only_who_could_cancel_it_silences_what_is_not_here_yet() {
        let mut cancel = alert();
        cancel.msg_type = MsgType::Cancel;
        let verdict = Verdict::filed(Reason::NothingToCancel);
        let silences =
            |credential: &Credential, root: &str| silences_the_unknown(&cancel, credential, root, NONE, verdict);
        let sender = "warnings@town.example";
        assert!(silences(&credential(KeyAction::Ring, &[]), sender));
        assert!(!silences(&credential(KeyAction::Hold, &[]), sender));
        assert!(!silences(&credential(KeyAction::Ring, &["someone@else.example"]), sender));
        assert!(!silences(&credential(KeyAction::Ring, &[]), "someone@else.example"));
        let mut part = cancel.clone();
        part.infos[0].parameters.push(NamedValue {
            value_name: "VTEC".to_owned(),
            value: "/O.CAN.KOUN.TO.W.0012.260601T1200Z-260601T1300Z/".to_owned(),
        });
        assert!(!silences_the_unknown(&part, &credential(KeyAction::Ring, &[]), sender, NONE, verdict));
    }

    #[test]
    fn a_late_original_meets_the_chain_its_update_opened() {
        let original = alert();
        let mut update = alert();
        update.msg_type = MsgType::Update;
        update.key = key("storm-2", "10:20:00");
        update.references = vec![key("storm-1b", "10:10:00").into(), original.key.clone().into()];
        let actual = chain_key(&original.key, Status::Actual);
        assert_eq!(chain_key(&unknown_root(&update), Status::Actual), actual);
        assert_eq!(actual.len(), CHAIN_KEY_CHARS);
        assert_ne!(chain_key(&unknown_root(&update), Status::Test), actual, "a test is never of a real chain");
        for earlier in &mut update.references {
            earlier.sent = None;
        }
        assert_eq!(unknown_root(&update), update.key, "without times there is no telling which came first");
    }
}
