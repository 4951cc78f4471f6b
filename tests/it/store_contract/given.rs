//! What the store's tests begin with.

use beffroi::cap::Axes;
use beffroi::cap::code::{MsgType, Scope, Status};
use beffroi::clock::random_id;
use beffroi::model::batch::{Batch, Lease, Progress, Ring};
use beffroi::model::broadcast::{Broadcast, State};
use beffroi::model::id::{AlertId, BatchId, BroadcastId, ChainId};
use beffroi::model::subscriber::Listener;
use beffroi::model::tier::Tier;
use beffroi::store::alert::{self, NewAlert, Voice};
use beffroi::store::subscriber::Moment;
use beffroi::store::{Db, batch, broadcast, chain};
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Runs some writes in a transaction of their own and commits.
macro_rules! commit {
    ($db:expr, |$tx:ident| $body:expr) => {{
        let mut transaction = $db.begin().await.expect("begins");
        let $tx = &mut transaction;
        let answer = $body.await.expect("the store answers");
        transaction.commit().await.expect("commits");
        answer
    }};
}
pub(crate) use commit;

/// Milliseconds after an arbitrary beginning, far from zero.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_000 + ms).expect("a time")
}

pub fn set(slots: impl IntoIterator<Item = u32>) -> RoaringBitmap {
    slots.into_iter().collect()
}

/// Everyone with a live subscription, by slot, and the number of the last change that this shows.
pub async fn listeners(db: &Db) -> (Vec<Listener>, i64) {
    let mut moment = Moment::now(db).await.expect("reads");
    (moment.listeners(None, i64::from(u32::MAX)).await.expect("reads"), moment.seq())
}

pub async fn chain(db: &Db, key: &str) -> ChainId {
    let mut tx = db.begin().await.expect("begins");
    let chain = chain::find_or_create(&mut tx, key, "town", ChainId(random_id())).await.expect("makes a chain");
    tx.commit().await.expect("commits");
    chain.id
}

/// A public alert of its own, valid for an hour.
pub fn alert(chain: &ChainId) -> NewAlert {
    let id = random_id();
    NewAlert {
        id: AlertId(id.clone()),
        sender: "town".to_owned(),
        identifier: format!("storm-{id}"),
        sent: at(-1_000),
        digest: [3; 32],
        original: b"<alert/>".to_vec(),
        axes: Axes::LatitudeFirst,
        chain: chain.clone(),
        status: Status::Actual,
        msg_type: MsgType::Alert,
        scope: Scope::Public,
        credential: None,
        voice: Voice::Sender,
        received: at(0),
        expires: at(3_600_000),
        answer: "{}".to_owned(),
        facts: None,
        all_clear: false,
    }
}

/// The broadcast of an alert, in a state; approved when that state comes after an approval.
pub fn broadcast_of(alert: &NewAlert, state: State) -> Broadcast {
    let approved = match state {
        State::Approved | State::Sending | State::Done | State::Halted | State::Expired => Some(at(1)),
        State::Held | State::Filed | State::Refused => None,
    };
    Broadcast {
        id: BroadcastId(random_id()),
        alert: alert.id.clone(),
        chain: alert.chain.clone(),
        state,
        reason: None,
        tier: Tier::P1,
        expires: alert.expires,
        author: None,
        received: alert.received,
        approved,
        planned: None,
        finished: None,
        inside: 0,
        near: 0,
        merged_with: None,
    }
}

/// Stores an alert with its broadcast.
pub async fn store(db: &Db, alert: &NewAlert, broadcast: &Broadcast) {
    let mut tx = db.begin().await.expect("begins");
    assert!(alert::insert(&mut tx, alert).await.expect("inserts"), "the alert is new");
    broadcast::insert(&mut tx, broadcast).await.expect("inserts");
    tx.commit().await.expect("commits");
}

/// A stored broadcast in a state, of an alert and a chain of its own.
pub async fn broadcast(db: &Db, state: State) -> Broadcast {
    let alert = alert(&chain(db, &random_id()).await);
    let broadcast = broadcast_of(&alert, state);
    store(db, &alert, &broadcast).await;
    broadcast
}

/// A batch to be sent at once to these people.
pub fn batch_of(broadcast: &Broadcast, todo: impl IntoIterator<Item = u32>) -> Batch {
    Batch {
        id: BatchId(random_id()),
        broadcast: broadcast.id.clone(),
        chain: broadcast.chain.clone(),
        message: 2,
        about: None,
        origin: "https://push.example:8443".to_owned(),
        tier: Tier::P1,
        ring: Ring::Inside,
        quiet: false,
        hours: None,
        not_before: at(0),
        expires: at(3_600_000),
        todo: set(todo),
        progress: Progress::default(),
        attempts: 0,
    }
}

pub async fn plan(db: &Db, batches: &[Batch]) {
    let mut tx = db.begin().await.expect("begins");
    batch::insert_many(&mut tx, batches).await.expect("inserts");
    tx.commit().await.expect("commits");
}

/// Claims the first batch of a tier that may be sent then, as a sender does.
pub async fn claim(db: &Db, tier: Tier, now: Timestamp, owner: &str, until: Timestamp) -> Option<Lease> {
    claim_but(db, tier, &[], now, owner, until).await
}

/// The same, at none of these push services.
pub async fn claim_but(
    db: &Db,
    tier: Tier,
    skipped: &[&str],
    now: Timestamp,
    owner: &str,
    until: Timestamp,
) -> Option<Lease> {
    for place in batch::waiting(db, now).await.expect("looks") {
        if place.tier == tier && !skipped.contains(&place.origin.as_str()) {
            let lease = commit!(db, |tx| batch::claim(tx, &place, now, owner, until));
            if lease.is_some() {
                return lease;
            }
        }
    }
    None
}

/// How long something is watched to be waiting.
const WATCHED: Duration = Duration::from_millis(300);

/// Starts something and sees that it waits for something else; it goes on in the background.
pub async fn waits<T: Send + 'static>(name: &str, what: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let mut task = tokio::spawn(what);
    assert!(tokio::time::timeout(WATCHED, &mut task).await.is_err(), "{name}: it did not wait");
    task
}
