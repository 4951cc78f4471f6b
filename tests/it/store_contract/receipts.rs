//! What devices tell: one key for each broadcast, sealed; everyone counted once; nothing of anyone after retention.

use super::given::{self, at, batch_of, commit, plan, set};
use super::subscribers::vault;
use crate::support::database::databases;
use crate::support::wait::until;
use beffroi::clock::Clock;
use beffroi::model::batch::Progress;
use beffroi::model::broadcast::{Broadcast, State};
use beffroi::model::id::{AlertId, BroadcastId};
use beffroi::model::receipt::{Counts, Event, Told};
use beffroi::model::tier::Tier;
use beffroi::pipeline::collect::{Collector, Inbox};
use beffroi::push::receipt::Receipts;
use beffroi::store::account::account;
use beffroi::store::receipt::{self, ReceiptKey};
use beffroi::store::vault::{KEY_BYTES, Vault};
use beffroi::store::{Db, batch, broadcast};
use jiff::SignedDuration;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A broadcast that has its key.
async fn keyed(db: &Db, state: State) -> BroadcastId {
    let broadcast = given::broadcast(db, state).await.id;
    commit!(db, |tx| receipt::give_key(tx, &vault(), &broadcast, &[7; 16]));
    broadcast
}

/// What people tell, each as many milliseconds after the alert as their number.
fn told(event: Event, people: impl IntoIterator<Item = u32>) -> Told {
    let mut told = Told::default();
    people.into_iter().for_each(|slot| told.note(slot, event, u64::from(slot)));
    told
}

#[tokio::test]
async fn of_many_who_give_a_broadcast_its_key_one_does_and_all_use_it() {
    for (name, db, _guard) in databases().await {
        let broadcast = given::broadcast(&db, State::Sending).await.id;
        assert_eq!(receipt::key(&db, &vault(), &broadcast).await.expect("reads"), ReceiptKey::Unmade, "{name}");
        let tries = (1..=8).map(|number| {
            let (db, broadcast) = (db.clone(), broadcast.clone());
            tokio::spawn(async move {
                commit!(db, |tx| receipt::give_key(tx, &vault(), &broadcast, &[number; 16]));
                receipt::key(&db, &vault(), &broadcast).await.expect("reads")
            })
        });
        let mut keys = Vec::new();
        for task in tries.collect::<Vec<_>>() {
            keys.push(task.await.expect("runs"));
        }
        assert!(matches!(keys[0], ReceiptKey::Kept([1..=8, ..])), "{name}");
        assert!(keys.iter().all(|key| *key == keys[0]), "{name}");
        let stranger = Vault::from_key([8; KEY_BYTES]);
        let theirs = receipt::key(&db, &stranger, &broadcast).await.expect("reads");
        assert_eq!(theirs, ReceiptKey::Sealed, "{name}: it opens under its vault alone");

        let mut tx = db.begin().await.expect("begins");
        let unknown = BroadcastId("unknown".to_owned());
        assert!(receipt::give_key(&mut tx, &vault(), &unknown, &[1; 16]).await.is_err(), "{name}: no such broadcast");
    }
}

#[tokio::test]
async fn everyone_counts_once_for_each_event() {
    for (name, db, _guard) in databases().await {
        let broadcast = keyed(&db, State::Sending).await;
        let add = async |told: Told| commit!(db, |tx| receipt::add(tx, &vault(), &broadcast, &told));
        let counts = |displayed, opened, not_relevant| Some(Counts { displayed, opened, not_relevant });
        assert_eq!(add(told(Event::Displayed, [1, 2, 3])).await, counts(3, 0, 0), "{name}");
        assert_eq!(add(told(Event::Displayed, [3, 4])).await, counts(1, 0, 0), "{name}");
        assert_eq!(add(told(Event::Displayed, [1, 2, 3, 4])).await, counts(0, 0, 0), "{name}");
        assert_eq!(add(told(Event::Opened, [4])).await, counts(0, 1, 0), "{name}");
        let mut late = told(Event::NotRelevant, [4, 5]);
        // Told again and much later: the first word counts.
        late.note(4, Event::Displayed, 90_000);
        assert_eq!(add(late).await, counts(0, 0, 2), "{name}");
        let seen = account(&db, &broadcast, at(0)).await.expect("reads").seen;
        assert_eq!(seen.counts, Counts { displayed: 4, opened: 1, not_relevant: 2 }, "{name}");
        assert_eq!((seen.displayed_after.count(), seen.displayed_after.percentile(100)), (4, Some(4)), "{name}");
    }
}

#[tokio::test]
async fn nodes_that_add_at_once_lose_nobody_and_count_nobody_twice() {
    for (name, db, _guard) in databases().await {
        let broadcasts = [keyed(&db, State::Sending).await, keyed(&db, State::Done).await];
        let tries = (0..8_u32).map(|node| {
            let (db, mut broadcasts) = (db.clone(), broadcasts.clone());
            broadcasts.sort();
            tokio::spawn(async move {
                let mut tx = db.begin().await.expect("begins");
                let mut new = 0;
                for broadcast in &broadcasts {
                    let told = told(Event::Displayed, node * 10..node * 10 + 20);
                    let counts = receipt::add(&mut tx, &vault(), broadcast, &told).await.expect("adds");
                    new += counts.expect("it is kept").displayed;
                }
                tx.commit().await.expect("commits");
                new
            })
        });
        let mut new = 0;
        for task in tries.collect::<Vec<_>>() {
            new += task.await.expect("runs");
        }
        assert_eq!(new, 2 * 90, "{name}");
        for broadcast in &broadcasts {
            let seen = account(&db, broadcast, at(0)).await.expect("reads").seen;
            assert_eq!((seen.counts.displayed, seen.displayed_after.count()), (90, 90), "{name}");
        }
    }
}

#[tokio::test]
async fn keys_are_found_by_alert_and_recipients_by_what_was_begun() {
    for (name, db, _guard) in databases().await {
        let (mine, unplanned) = (given::broadcast(&db, State::Sending).await, given::broadcast(&db, State::Held).await);
        commit!(db, |tx| receipt::give_key(tx, &vault(), &mine.id, &[7; 16]));
        let unknown = AlertId("unknown".to_owned());
        let found = receipt::openings(&db, &vault(), &[&mine.alert, &unplanned.alert, &unknown]).await.expect("reads");
        let [found] = &found[..] else { panic!("{name}: {found:?}") };
        assert_eq!((&found.alert, &found.broadcast, found.received), (&mine.alert, &mine.id, mine.received), "{name}");
        assert_eq!(found.key, ReceiptKey::Kept([7; 16]), "{name}");

        plan(&db, &[batch_of(&mine, 0..10), batch_of(&mine, 10..20)]).await;
        for _ in 0..2 {
            let claimed = given::claim(&db, Tier::P1, at(0), "node", at(100)).await;
            let lease = claimed.expect("one is free");
            let begun = Progress { started: set([1, 2, 11, 12]), ..Progress::default() };
            commit!(db, |tx| batch::checkpoint(tx, &lease, &begun, at(100)));
        }
        assert_eq!(receipt::started(&db, &mine.id).await.expect("reads"), set([1, 2, 11, 12]), "{name}");
    }
}

/// A collector at work, and where receipts are left for it.
fn collect(db: &Db, closing: watch::Receiver<bool>, told_all: watch::Receiver<bool>) -> (Inbox, JoinHandle<()>) {
    let clock = Clock::system();
    let inbox = Inbox::new(clock);
    let collector = Collector {
        db: db.clone(),
        vault: Arc::new(vault()),
        clock,
        inbox: inbox.clone(),
        wake: Arc::default(),
        retention: SignedDuration::from_hours(24 * 36_500),
        closing,
        told_all,
    };
    (inbox, tokio::spawn(collector.run()))
}

/// A broadcast whose key is sealed under a vault, and whose pushes to 1 and 2 have begun.
async fn begun(db: &Db, vault: &Vault) -> Broadcast {
    let broadcast = given::broadcast(db, State::Sending).await;
    commit!(db, |tx| receipt::give_key(tx, vault, &broadcast.id, &[7; 16]));
    plan(db, &[batch_of(&broadcast, 0..10)]).await;
    let lease = given::claim(db, Tier::P1, at(0), "node", at(100)).await.expect("it is free");
    let begun = Progress { started: set([1, 2]), ..Progress::default() };
    commit!(db, |tx| batch::checkpoint(tx, &lease, &begun, at(100)));
    broadcast
}

#[tokio::test]
async fn what_cannot_be_read_of_one_broadcast_keeps_no_other_from_being_counted() {
    for (name, db, _guard) in databases().await {
        let stranger = Vault::from_key([8; KEY_BYTES]);
        let (sealed, broken, whole) =
            (begun(&db, &stranger).await, begun(&db, &vault()).await, begun(&db, &vault()).await);
        commit!(db, |tx| receipt::add(tx, &stranger, &broken.id, &told(Event::Displayed, [1])));
        let (close, closing) = watch::channel(false);
        let (inbox, collecting) = collect(&db, closing.clone(), closing);
        let receipts = Receipts::new(&[7; 16]);
        for (round, slot) in [(1, 1), (2, 2)] {
            for broadcast in [&sealed, &broken, &whole] {
                inbox.tell(broadcast.alert.clone(), &receipts.seal(slot), Event::Opened);
            }
            until("the whole one to be counted", || async {
                let seen = account(&db, &whole.id, at(0)).await.expect("reads").seen;
                (seen.counts.opened == round).then_some(())
            })
            .await;
        }
        close.send_replace(true);
        collecting.await.expect("it ends");
        assert_eq!(inbox.len(), 0, "{name}: what no waiting mends does not wait");
        for broadcast in [&sealed, &broken] {
            let seen = account(&db, &broadcast.id, at(0)).await.expect("reads").seen;
            assert_eq!(seen.counts.opened, 0, "{name}");
        }
    }
}

#[tokio::test]
async fn what_devices_tell_while_the_service_stops_is_written_down() {
    for (name, db, _guard) in databases().await {
        let mine = begun(&db, &vault()).await;
        let (close, closing) = watch::channel(false);
        let (end_inbox, told_all) = watch::channel(false);
        let (inbox, collecting) = collect(&db, closing, told_all);
        close.send_replace(true);
        let receipts = Receipts::new(&[7; 16]);
        inbox.tell(mine.alert.clone(), &receipts.seal(1), Event::Opened);
        until("the first to be written down", || async {
            (account(&db, &mine.id, at(0)).await.expect("reads").seen.counts.opened == 1).then_some(())
        })
        .await;
        inbox.tell(mine.alert.clone(), &receipts.seal(2), Event::Opened);
        end_inbox.send_replace(true);
        collecting.await.expect("it ends");
        let counts = account(&db, &mine.id, at(0)).await.expect("reads").seen.counts;
        assert_eq!(counts.opened, 2, "{name}");
    }
}

/// The collector itself, for tokens that no device has: of people in the broadcast whose push has not begun.
#[tokio::test]
async fn who_was_not_sent_to_yet_counts_for_nothing() {
    for (name, db, _guard) in databases().await {
        let mine = begun(&db, &vault()).await;
        let (close, closing) = watch::channel(false);
        let (inbox, collecting) = collect(&db, closing.clone(), closing);
        let receipts = Receipts::new(&[7; 16]);
        for slot in [1, 3, 2, 9, 11] {
            inbox.tell(mine.alert.clone(), &receipts.seal(slot), Event::Opened);
        }
        until("receipts to be written down", || async {
            let counts = account(&db, &mine.id, at(0)).await.expect("reads").seen.counts;
            (counts != Counts::default()).then(|| assert_eq!(counts.opened, 2, "{name}"))
        })
        .await;
        close.send_replace(true);
        collecting.await.expect("it ends when the service closes");
        let counts = account(&db, &mine.id, at(0)).await.expect("reads").seen.counts;
        assert_eq!(counts, Counts { opened: 2, ..Counts::default() }, "{name}");
    }
}

#[tokio::test]
async fn when_retention_ends_only_counts_stay() {
    for (name, db, _guard) in databases().await {
        let (over, sending) = (keyed(&db, State::Done).await, keyed(&db, State::Sending).await);
        for broadcast in [&over, &sending] {
            commit!(db, |tx| receipt::add(tx, &vault(), broadcast, &told(Event::Displayed, 0..5)));
        }
        assert_eq!(commit!(db, |tx| receipt::erase(tx, at(3_600_000))), 0, "{name}: validity must have ended before");
        assert_eq!(commit!(db, |tx| receipt::erase(tx, at(3_600_001))), 1, "{name}: what is being sent is kept");
        assert_eq!(commit!(db, |tx| receipt::erase(tx, at(3_600_001))), 0, "{name}: already");
        assert_eq!(receipt::key(&db, &vault(), &over).await.expect("reads"), ReceiptKey::Erased, "{name}");
        let late = commit!(db, |tx| receipt::add(tx, &vault(), &over, &told(Event::Opened, [1])));
        assert_eq!(late, None, "{name}");
        // Nobody makes it a new key, which would open none of the old tokens.
        commit!(db, |tx| receipt::give_key(tx, &vault(), &over, &[8; 16]));
        assert_eq!(receipt::key(&db, &vault(), &over).await.expect("reads"), ReceiptKey::Erased, "{name}");
        let seen = account(&db, &over, at(0)).await.expect("reads").seen;
        assert_eq!((seen.counts.displayed, seen.counts.opened, seen.displayed_after.count()), (5, 0, 5), "{name}");
        assert_eq!(receipt::key(&db, &vault(), &sending).await.expect("reads"), ReceiptKey::Kept([7; 16]), "{name}");
        commit!(db, |tx| broadcast::halt(tx, &sending, at(1)));
        assert_eq!(commit!(db, |tx| receipt::erase(tx, at(3_600_001))), 1, "{name}");
    }
}
