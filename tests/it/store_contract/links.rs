//! How stored alerts are found by their events, their copies, their identifiers and their answers.

use super::given::{alert, at, batch_of, broadcast_of, chain, commit, plan, set, store, waits};
use crate::support::database::databases;
use beffroi::cap::Axes;
use beffroi::cap::code::{MsgType, Status};
use beffroi::clock::random_id;
use beffroi::model::batch::{Batch, Rest, Ring};
use beffroi::model::broadcast::{Broadcast, Reason, State};
use beffroi::model::credential::{Credential, KeyAction};
use beffroi::model::id::{AlertId, ApiKeyId, ChainId};
use beffroi::model::vtec::Stage;
use beffroi::store::alert::{NewAlert, Voice};
use beffroi::store::event_code::{Asking, EventCode};
use beffroi::store::{Db, alert as alerts, batch, broadcast, chain as chains, copies, credential, event_code, reply};
use std::collections::BTreeSet;

#[tokio::test]
async fn an_event_is_found_by_its_sender_newest_first_and_never_by_another() {
    for (name, db, _guard) in databases().await {
        let (one, two) = (chain(&db, "one").await, chain(&db, "two").await);
        let of = |alert: &NewAlert, event: &str, zones: &[&str]| EventCode {
            alert: alert.id.clone(),
            chain: alert.chain.clone(),
            event: event.to_owned(),
            stage: if alert.msg_type == MsgType::Alert { Stage::Starts } else { Stage::Ends },
            zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
            sent: alert.sent,
        };
        let first = NewAlert { sent: at(10), ..alert(&one) };
        let second = NewAlert { sent: at(20), msg_type: MsgType::Update, ..alert(&one) };
        let beside = NewAlert { sent: at(15), ..alert(&two) };
        let other = NewAlert { sender: "other".to_owned(), ..alert(&two) };
        let drill = NewAlert { status: Status::Test, ..alert(&two) };
        let forged = NewAlert { voice: Voice::Other(ApiKeyId("k".to_owned())), ..alert(&two) };
        let codes = [
            (&first, of(&first, "E", &["Z1", "Z2"])),
            (&second, of(&second, "E", &["Z1"])),
            (&second, of(&second, "F", &[])),
            (&beside, of(&beside, "E", &["Z3"])),
            (&other, of(&other, "E", &["Z1"])),
            (&drill, of(&drill, "E", &["Z1"])),
            (&forged, of(&forged, "E", &["Z1"])),
        ];
        for (alert, code) in &codes {
            if commit!(db, |tx| alerts::insert(tx, alert)) {
                commit!(db, |tx| broadcast::insert(tx, &broadcast_of(alert, State::Done)));
            }
            commit!(db, |tx| event_code::insert(tx, code));
            commit!(db, |tx| event_code::insert(tx, code));
        }
        let asking = Asking { sender: "town", status: Status::Actual, voice: &Voice::Sender, sent: at(30), own: None };
        let found = commit!(db, |tx| event_code::of_event(tx, "E", asking));
        assert_eq!(found, [codes[1].1.clone(), codes[3].1.clone(), codes[0].1.clone()], "{name}");
        let own = Asking { own: Some(&second.id), ..asking };
        assert_eq!(commit!(db, |tx| event_code::of_event(tx, "E", own)).len(), 2, "{name}");
        let voice = Voice::Other(ApiKeyId("k".to_owned()));
        let forger = Asking { voice: &voice, ..asking };
        assert_eq!(commit!(db, |tx| event_code::of_event(tx, "E", forger)).len(), 4, "{name}");
        let next_year = Asking { sent: at(366 * 86_400_000), ..asking };
        assert_eq!(commit!(db, |tx| event_code::of_event(tx, "E", next_year)), [], "{name}: numbers begin anew");

        let last = commit!(db, |tx| event_code::last_of_chain(tx, &one, &Voice::Sender, None));
        assert_eq!(last, [codes[1].1.clone(), codes[2].1.clone()], "{name}");
        let before = commit!(db, |tx| event_code::last_of_chain(tx, &one, &Voice::Sender, Some(&second.id)));
        assert_eq!(before, [codes[0].1.clone()], "{name}");
    }
}

/// A key that does this.
async fn key(db: &Db, action: KeyAction) -> Credential {
    let key = Credential {
        id: ApiKeyId(random_id()),
        name: "a key".to_owned(),
        senders: Vec::new(),
        action,
        test: false,
        axes: Axes::LatitudeFirst,
        owner: None,
        created: at(0),
        revoked: None,
    };
    let hash: [u8; 32] = std::array::from_fn(|at| key.id.0.as_bytes()[at % key.id.0.len()]);
    commit!(db, |tx| credential::insert(tx, &key, &hash));
    key
}

#[tokio::test]
async fn only_what_acted_in_its_senders_voice_says_where_an_event_stands() {
    for (name, db, _guard) in databases().await {
        let (rings, files) = (key(&db, KeyAction::Ring).await, key(&db, KeyAction::File).await);
        let forger = Voice::Other(ApiKeyId("k".to_owned()));
        let asking = |voice| Asking { sender: "town", status: Status::Actual, voice, sent: at(30), own: None };
        let filed = |reason, approved| (State::Filed, Some(reason), approved);
        let rows = [
            ((State::Held, None, false), &rings, MsgType::Update, false),
            ((State::Expired, None, false), &rings, MsgType::Update, false),
            ((State::Halted, None, false), &rings, MsgType::Update, false),
            ((State::Refused, None, false), &rings, MsgType::Update, false),
            (filed(Reason::Superseded, true), &rings, MsgType::Update, false),
            (filed(Reason::NothingToCancel, true), &rings, MsgType::Cancel, false),
            (filed(Reason::Expired, true), &rings, MsgType::Alert, false),
            (filed(Reason::Expired, true), &files, MsgType::Update, false),
            (filed(Reason::Expired, false), &rings, MsgType::Update, false),
            (filed(Reason::Expired, true), &rings, MsgType::Update, true),
            (filed(Reason::NoArea, true), &rings, MsgType::Update, true),
            (filed(Reason::NoInfo, true), &rings, MsgType::Update, true),
            ((State::Approved, None, true), &files, MsgType::Alert, true),
            ((State::Sending, None, true), &files, MsgType::Alert, true),
            ((State::Done, None, true), &files, MsgType::Alert, true),
            ((State::Halted, None, true), &files, MsgType::Alert, true),
            ((State::Expired, None, true), &files, MsgType::Alert, true),
        ];
        for (nth, ((state, reason, approved), key, msg_type, acted)) in rows.into_iter().enumerate() {
            for voice in [&Voice::Sender, &forger] {
                let own = chain(&db, &random_id()).await;
                let event = format!("E{nth} {voice:?}");
                let credential = Some(key.id.clone());
                let said = NewAlert { msg_type, credential, voice: voice.clone(), sent: at(10), ..alert(&own) };
                let approved = approved.then(|| at(1));
                let of_it = Broadcast { reason, approved, ..broadcast_of(&said, state) };
                store(&db, &said, &of_it).await;
                let code = EventCode {
                    alert: said.id.clone(),
                    chain: own.clone(),
                    event: event.clone(),
                    stage: Stage::Ends,
                    zones: BTreeSet::new(),
                    sent: said.sent,
                };
                commit!(db, |tx| event_code::insert(tx, &code));
                for asker in [&Voice::Sender, &forger] {
                    let counts = acted && (voice == asker || *voice == Voice::Sender);
                    let want: &[EventCode] = if counts { std::slice::from_ref(&code) } else { &[] };
                    let case = format!("{name}: {state:?} {reason:?} {msg_type:?}, {voice:?} seen by {asker:?}");
                    let of_event = commit!(db, |tx| event_code::of_event(tx, &event, asking(asker)));
                    assert_eq!(of_event, want, "{case}");
                    let last = commit!(db, |tx| event_code::last_of_chain(tx, &own, asker, None));
                    assert_eq!(last, want, "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn copies_are_valid_vouched_for_and_ringing_alerts_that_speak_for_other_chains() {
    for (name, db, _guard) in databases().await {
        let own = chain(&db, "own").await;
        let wanted = |chain: &ChainId| NewAlert { facts: Some("f".to_owned()), ..alert(chain) };
        let mut want = BTreeSet::new();
        for state in State::ALL {
            let other = chain(&db, &random_id()).await;
            let found = wanted(&other);
            store(&db, &found, &broadcast_of(&found, *state)).await;
            commit!(db, |tx| chains::advance(tx, &other, &found.id, found.sent));
            if matches!(state, State::Approved | State::Sending | State::Done) {
                want.insert(found.id.0);
            }
        }
        let cancelled = chain(&db, "cancelled").await;
        let mut elsewhere = Vec::new();
        for _ in 0..5 {
            elsewhere.push(chain(&db, &random_id()).await);
        }
        let unfit = [
            wanted(&own),
            wanted(&cancelled),
            NewAlert { expires: at(5), ..wanted(&elsewhere[0]) },
            NewAlert { facts: Some("g".to_owned()), ..wanted(&elsewhere[1]) },
            NewAlert { facts: None, ..wanted(&elsewhere[2]) },
            NewAlert { voice: Voice::Other(ApiKeyId("k".to_owned())), ..wanted(&elsewhere[3]) },
            wanted(&elsewhere[4]),
        ];
        for unfit in &unfit {
            store(&db, unfit, &broadcast_of(unfit, State::Done)).await;
            commit!(db, |tx| chains::advance(tx, &unfit.chain, &unfit.id, unfit.sent));
        }
        commit!(db, |tx| chains::cancel(tx, &cancelled, &AlertId("x".to_owned()), at(1)));
        let update = NewAlert { msg_type: MsgType::Update, sent: at(2), ..alert(&elsewhere[4]) };
        store(&db, &update, &broadcast_of(&update, State::Done)).await;
        commit!(db, |tx| chains::advance(tx, &update.chain, &update.id, update.sent));
        let found = alerts::with_facts(&db, "f", &own, at(5)).await.expect("reads");
        assert_eq!(found.into_iter().map(|(alert, _)| alert.id.0).collect::<BTreeSet<_>>(), want, "{name}");
    }
}

#[tokio::test]
async fn an_identifier_used_again_is_found_in_its_own_voice_and_status() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let named = |sent| NewAlert { identifier: "storm".to_owned(), sent: at(sent), ..alert(&chain) };
        let forger = Voice::Other(ApiKeyId("k".to_owned()));
        let (old, new) = (named(10), named(20));
        for alert in [
            &old,
            &new,
            &NewAlert { msg_type: MsgType::Ack, ..named(30) },
            &NewAlert { status: Status::Test, ..named(31) },
            &NewAlert { voice: forger.clone(), ..named(32) },
            &NewAlert { sender: "other".to_owned(), ..named(33) },
        ] {
            commit!(db, |tx| alerts::insert(tx, alert));
        }
        for (sent, voice, want) in [(40, &Voice::Sender, at(20)), (20, &Voice::Sender, at(10)), (40, &forger, at(32))] {
            let found = commit!(db, |tx| alerts::same_identifier(tx, "town", "storm", at(sent), Status::Actual, voice));
            assert_eq!(found.map(|alert| alert.sent), Some(want), "{name} {sent} {voice:?}");
        }
    }
}

#[tokio::test]
async fn answers_are_found_whichever_came_first() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let ack = NewAlert { msg_type: MsgType::Ack, received: at(1), ..alert(&chain) };
        let error = NewAlert { msg_type: MsgType::Error, received: at(2), ..alert(&chain) };
        for answer in [&ack, &error] {
            commit!(db, |tx| alerts::insert(tx, answer));
            for _ in 0..2 {
                commit!(db, |tx| reply::insert(tx, &answer.id, "town", "storm"));
            }
        }
        assert_eq!(reply::to(&db, "town", "storm").await.expect("reads"), [error, ack], "{name}");
        assert_eq!(reply::to(&db, "town", "flood").await.expect("reads"), [], "{name}");
    }
}

#[tokio::test]
async fn who_waits_is_spoken_for_until_the_batch_is_closed() {
    for (name, db, _guard) in databases().await {
        let alert = alert(&chain(&db, "key").await);
        let rings =
            Broadcast { merged_with: Some(AlertId("copied".to_owned())), ..broadcast_of(&alert, State::Approved) };
        store(&db, &alert, &rings).await;
        assert_eq!(broadcast::get(&db, &rings.id).await.expect("reads"), Some(rings.clone()), "{name}");
        commit!(db, |tx| broadcast::set_merged(tx, &rings.id, None));
        let now = broadcast::get(&db, &rings.id).await.expect("reads").expect("is there");
        assert_eq!(now.merged_with, None, "{name}");
        assert!(batch::spoken_for(&db, &rings.id).await.expect("reads").is_empty(), "{name}");
        plan(&db, &[batch_of(&rings, 0..10)]).await;
        assert_eq!(batch::spoken_for(&db, &rings.id).await.expect("reads"), set(0..10), "{name}");
        commit!(db, |tx| batch::close_open(tx, &rings.id, Rest::Stopped));
        assert!(batch::spoken_for(&db, &rings.id).await.expect("reads").is_empty(), "{name}: nobody was reached");
    }
}

#[tokio::test]
async fn only_copies_that_still_speak_are_planned_again() {
    for (name, db, _guard) in databases().await {
        let ended = chain(&db, "ended").await;
        let first = NewAlert { facts: Some("f".to_owned()), ..alert(&ended) };
        store(&db, &first, &broadcast_of(&first, State::Halted)).await;
        let mut want = BTreeSet::new();
        let unfit = ["stands", "cancelled", "updated", "other facts", "no copy", "over"];
        for (state, what) in State::ALL.iter().flat_map(|state| unfit.map(|what| (*state, what))) {
            let own = chain(&db, &random_id()).await;
            let facts = if what == "other facts" { "g" } else { "f" };
            let expires = if what == "over" { at(5) } else { first.expires };
            let twin = NewAlert { facts: Some(facts.to_owned()), expires, ..alert(&own) };
            let merged_with = (what != "no copy").then(|| first.id.clone());
            let rings = Broadcast { merged_with, ..broadcast_of(&twin, state) };
            store(&db, &twin, &rings).await;
            let head = if what == "updated" { &first.id } else { &twin.id };
            commit!(db, |tx| chains::advance(tx, &own, head, twin.sent));
            if what == "cancelled" {
                commit!(db, |tx| chains::cancel(tx, &own, &twin.id, at(1)));
            }
            if what == "stands" && matches!(state, State::Sending | State::Done) {
                want.insert(rings.id.0);
            }
        }
        commit!(db, |tx| copies::hold_all_of(tx, &[&ended]));
        let found = commit!(db, |tx| copies::plan_again(tx, &ended, at(5)));
        assert_eq!(found.iter().map(|id| id.0.clone()).collect::<BTreeSet<_>>(), want, "{name}");
        for id in &found {
            let again = broadcast::get(&db, id).await.expect("reads").expect("stored");
            assert_eq!((again.state, again.planned, again.finished), (State::Approved, None, None), "{name}");
        }
        assert_eq!(commit!(db, |tx| copies::plan_again(tx, &ended, at(5))), [], "{name}: they wait already");
    }
}

#[tokio::test]
async fn what_is_planned_again_goes_on_with_what_was_open() {
    for (name, db, _guard) in databases().await {
        let alert = alert(&chain(&db, "key").await);
        let rings = broadcast_of(&alert, State::Approved);
        store(&db, &alert, &rings).await;
        plan(&db, &[batch_of(&rings, 0..4), Batch { ring: Ring::Near, ..batch_of(&rings, 7..9) }]).await;
        assert_eq!(batch::planned_for(&db, &rings.id).await.expect("reads"), (set(0..4), set(7..9)), "{name}");
        assert!(commit!(db, |tx| broadcast::planned(tx, &rings.id, at(2), 4, 2, 0)), "{name}");
        let now = broadcast::get(&db, &rings.id).await.expect("reads").expect("stored");
        assert_eq!((now.state, now.finished), (State::Sending, None), "{name}: six wait");
    }
}

#[tokio::test]
async fn copies_are_looked_for_one_after_the_other() {
    for (name, db, _guard) in databases().await {
        let mut first = db.begin().await.expect("begins");
        copies::hold(&mut first, "f").await.expect("holds");
        let other = db.clone();
        let second = waits(name, async move {
            let mut second = other.begin().await.expect("begins");
            copies::hold(&mut second, "f").await.expect("holds");
            second.commit().await.expect("commits");
        })
        .await;
        first.commit().await.expect("commits");
        second.await.expect("it goes on");
    }
}
