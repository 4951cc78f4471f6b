//! Alerts as they came, and what the public sees of them.

use super::given::{alert, at, broadcast_of, chain, commit, store};
use crate::support::database::databases;
use beffroi::cap::Axes;
use beffroi::cap::code::{MsgType, Scope, Status};
use beffroi::clock::random_id;
use beffroi::model::broadcast::{AlertState, Broadcast, Reason, State};
use beffroi::model::credential::{Credential, KeyAction};
use beffroi::model::id::{AlertId, ApiKeyId};
use beffroi::store::alert::{NewAlert, PublicAlert, PublicCursor, PublicFilter, Voice};
use beffroi::store::{Db, alert as alerts, broadcast, chain as chains, credential};
use std::collections::BTreeSet;

const EVERYTHING: PublicFilter =
    PublicFilter { now: jiff::Timestamp::UNIX_EPOCH, active: false, limit: 200, before: None };

#[tokio::test]
async fn an_alert_comes_back_byte_for_byte() {
    for (name, db, _guard) in databases().await {
        let key = Credential {
            id: ApiKeyId(random_id()),
            name: "weather service".to_owned(),
            senders: vec!["town".to_owned()],
            action: KeyAction::Ring,
            test: false,
            axes: Axes::LatitudeFirst,
            owner: None,
            created: at(0),
            revoked: None,
        };
        commit!(db, |tx| credential::insert(tx, &key, &[1; 32]));
        let stored = NewAlert {
            sender: "tøwn@exämple".to_owned(),
            original: vec![0, 255, b'<', 0, 128],
            axes: Axes::LongitudeFirst,
            status: Status::Exercise,
            msg_type: MsgType::Update,
            scope: Scope::Restricted,
            credential: Some(key.id.clone()),
            answer: r#"{"id":"x"}"#.to_owned(),
            ..alert(&chain(&db, "key").await)
        };
        assert!(commit!(db, |tx| alerts::insert(tx, &stored)), "{name}");
        assert_eq!(alerts::get(&db, &stored.id).await.expect("reads").as_ref(), Some(&stored), "{name}");
        let by_key =
            alerts::by_key(&db, &stored.sender, &stored.identifier, stored.sent, &Voice::Sender).await.expect("reads");
        assert_eq!(by_key.as_ref(), Some(&stored), "{name}");
        let other =
            alerts::by_key(&db, &stored.sender, &stored.identifier, at(7), &Voice::Sender).await.expect("reads");
        assert_eq!(other, None, "{name}");
        assert_eq!(alerts::get(&db, &AlertId("unknown".to_owned())).await.expect("reads"), None, "{name}");
    }
}

#[tokio::test]
async fn a_second_message_under_the_same_name_is_not_stored() {
    for (name, db, _guard) in databases().await {
        let first = alert(&chain(&db, "key").await);
        let second = NewAlert { id: AlertId(random_id()), digest: [4; 32], ..first.clone() };
        assert!(commit!(db, |tx| alerts::insert(tx, &first)), "{name}");
        assert!(!commit!(db, |tx| alerts::insert(tx, &second)), "{name}");
        assert_eq!(alerts::get(&db, &second.id).await.expect("reads"), None, "{name}");
        let later = NewAlert { sent: at(0), ..second };
        assert!(commit!(db, |tx| alerts::insert(tx, &later)), "{name}: another sent is another message");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_an_alert() {
    for (name, db, _guard) in databases().await {
        let stored = alert(&chain(&db, "key").await);
        commit!(db, |tx| alerts::insert(tx, &stored));
        let sql = "UPDATE alert SET answer = 'other'";
        let changed = match &db {
            Db::Sqlite { write, .. } => sqlx::query(sql).execute(write).await.map(drop),
            Db::Postgres { write: pool, .. } => sqlx::query(sql).execute(pool).await.map(drop),
        };
        let error = changed.expect_err("the trigger refuses").to_string();
        assert!(error.contains("alert is never changed"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_reference_finds_the_exact_message_before_the_newest_of_its_name() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let named = |sent| NewAlert { identifier: "storm".to_owned(), sent: at(sent), ..alert(&chain) };
        let (early, late) = (named(10), named(20));
        let stranger = NewAlert { sender: "other".to_owned(), ..named(30) };
        for alert in [&late, &early, &stranger] {
            commit!(db, |tx| alerts::insert(tx, alert));
        }
        let cases = [(Some(10), &early), (Some(20), &late), (Some(15), &late), (Some(99), &late), (None, &late)];
        for (sent, want) in cases {
            let found = commit!(db, |tx| alerts::by_reference(tx, "town", "storm", sent.map(at), None));
            assert_eq!(found.map(|alert| alert.id).as_ref(), Some(&want.id), "{name} {sent:?}");
        }
        let own = commit!(db, |tx| alerts::by_reference(tx, "town", "storm", Some(at(20)), Some(&late.id)));
        assert_eq!(own.map(|alert| alert.id).as_ref(), Some(&early.id), "{name}: a message never means itself");
        assert_eq!(commit!(db, |tx| alerts::by_reference(tx, "town", "flood", Some(at(10)), None)), None, "{name}");
    }
}

/// Every state with every reason, status and scope, released and not: who is public is said here by hand.
#[tokio::test]
async fn the_public_never_sees_what_was_held_refused_or_not_meant_for_it() {
    let filed_for_all = [
        Reason::KeyFiles,
        Reason::NoArea,
        Reason::Expired,
        Reason::NoInfo,
        Reason::Superseded,
        Reason::NothingToCancel,
    ];
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let (mut all, mut want) = (Vec::new(), BTreeSet::new());
        let mut tx = db.begin().await.expect("begins");
        for (state, reason, status, scope) in combinations() {
            for approved in [None, Some(at(1))] {
                let alert = NewAlert { status, scope, ..alert(&chain) };
                let broadcast = Broadcast { approved, reason, ..broadcast_of(&alert, state) };
                assert!(alerts::insert(&mut tx, &alert).await.expect("inserts"), "{name}");
                broadcast::insert(&mut tx, &broadcast).await.expect("inserts");
                let rang = approved.is_some()
                    && matches!(state, State::Approved | State::Sending | State::Done | State::Halted | State::Expired)
                    && matches!(status, Status::Actual | Status::Exercise | Status::Test);
                let filed = approved.is_some()
                    && state == State::Filed
                    && status == Status::Actual
                    && reason.is_some_and(|reason| filed_for_all.contains(&reason));
                if scope == Scope::Public && (rang || filed) {
                    want.insert(alert.id.clone());
                }
                all.push((alert.id, format!("{name} {state:?} {reason:?} {status} {scope} {approved:?}")));
            }
        }
        tx.commit().await.expect("commits");
        for (id, told) in &all {
            let alone = alerts::get_public(&db, id, at(2)).await.expect("reads");
            assert_eq!(alone.is_some(), want.contains(id), "{told}");
        }
        assert_eq!(ids(&all_pages(&db, &EVERYTHING).await), want, "{name}");
    }
}

/// Each state with no reason; then each reason of a filed one; in all statuses and scopes that matter to it.
fn combinations() -> Vec<(State, Option<Reason>, Status, Scope)> {
    let states = State::ALL.iter().map(|state| (*state, None));
    let reasons = Reason::ALL.iter().map(|reason| (State::Filed, Some(*reason)));
    let held = [(State::Held, Some(Reason::KeyHolds)), (State::Held, Some(Reason::ForeignSender))];
    let mut all = Vec::new();
    for (state, reason) in states.chain(reasons).chain(held) {
        all.extend(Status::ALL.iter().map(|status| (state, reason, *status, Scope::Public)));
        all.extend([Scope::Restricted, Scope::Private].map(|scope| (state, reason, Status::Actual, scope)));
    }
    all
}

async fn all_pages(db: &Db, filter: &PublicFilter) -> Vec<PublicAlert> {
    let mut filter = PublicFilter { limit: 7, ..filter.clone() };
    let mut all = Vec::new();
    loop {
        let page = alerts::list_public(db, &filter).await.expect("lists");
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { return all };
        filter.before = Some(PublicCursor { received: last.alert.received, id: last.alert.id.clone() });
        all.extend(page);
    }
}

fn ids(alerts: &[PublicAlert]) -> BTreeSet<AlertId> {
    let ids: BTreeSet<_> = alerts.iter().map(|public| public.alert.id.clone()).collect();
    assert_eq!(ids.len(), alerts.len(), "no page repeats");
    ids
}

#[tokio::test]
async fn public_alerts_come_newest_first() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let mut times = Vec::new();
        for received in [30, 10, 20, 20, 40, 5, 25, 35, 15] {
            let alert = NewAlert { received: at(received), ..alert(&chain) };
            store(&db, &alert, &broadcast_of(&alert, State::Done)).await;
            times.push(at(received));
        }
        times.sort_unstable_by(|a, b| b.cmp(a));
        let listed = all_pages(&db, &EVERYTHING).await;
        assert_eq!(listed.iter().map(|public| public.alert.received).collect::<Vec<_>>(), times, "{name}");
    }
}

#[tokio::test]
async fn an_alert_is_active_until_it_is_updated_cancelled_stopped_or_over() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let original = alert(&chain);
        store(&db, &original, &broadcast_of(&original, State::Done)).await;
        let state = async |id: &AlertId, now| {
            let public = alerts::get_public(&db, id, at(now)).await.expect("reads").expect("public");
            let active = PublicFilter { now: at(now), active: true, ..EVERYTHING };
            let listed = ids(&alerts::list_public(&db, &active).await.expect("lists")).contains(id);
            assert_eq!(listed, public.state == AlertState::Active, "{name}: the list agrees");
            (public.state, public.superseded_by)
        };
        assert_eq!(state(&original.id, 10).await, (AlertState::Active, None), "{name}");
        commit!(db, |tx| chains::advance(tx, &chain, &original.id, original.sent));
        assert_eq!(state(&original.id, 3_599_999).await, (AlertState::Active, None), "{name}");
        assert_eq!(state(&original.id, 3_600_000).await, (AlertState::Ended, None), "{name}");

        let update = NewAlert { sent: at(5), msg_type: MsgType::Update, ..alert(&chain) };
        let sending = broadcast_of(&update, State::Sending);
        store(&db, &update, &sending).await;
        commit!(db, |tx| chains::advance(tx, &chain, &update.id, update.sent));
        let updated = (AlertState::Updated, Some(update.id.clone()));
        assert_eq!(state(&original.id, 10).await, updated, "{name}");
        assert_eq!(state(&original.id, 3_600_000).await, updated, "{name}");
        assert_eq!(state(&update.id, 10).await, (AlertState::Active, None), "{name}");

        assert!(commit!(db, |tx| broadcast::halt(tx, &sending.id, at(9))), "{name}");
        assert_eq!(state(&update.id, 10).await, (AlertState::Ended, None), "{name}: a person stopped it");

        commit!(db, |tx| chains::cancel(tx, &chain, &update.id, at(20)));
        assert_eq!(state(&original.id, 30).await.0, AlertState::Cancelled, "{name}");
        assert_eq!(state(&update.id, 30).await.0, AlertState::Cancelled, "{name}");
    }
}
