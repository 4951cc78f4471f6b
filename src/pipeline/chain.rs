//! Which chains an alert belongs to and acts on, and the acting: an Update supersedes, a Cancel stops.

use super::admit::{ChainFacts, chain_key, is_drill, unknown_root};
use super::listen;
use crate::cap::alert::Alert;
use crate::cap::code::MsgType;
use crate::cap::time::DateTime;
use crate::clock;
use crate::model::batch::Rest;
use crate::model::broadcast::{Broadcast, State};
use crate::model::id::{AlertId, BroadcastId, ChainId};
use crate::model::tier::Tier;
use crate::store::alert::StoredAlert;
use crate::store::chain::Chain;
use crate::store::{self, Db, StoreError, Tx};
use jiff::Timestamp;
use roaring::RoaringBitmap;

/// The chains of an alert, as one transaction sees them.
#[derive(Debug)]
pub struct Chains {
    /// Where the alert is stored.
    pub own: Chain,
    /// Others that it refers to as well.
    pub others: Vec<Chain>,
    pub facts: ChainFacts,
    /// The most urgent tier of anything in the chains.
    pub tier: Option<Tier>,
    /// The last expiry of anything in the chains.
    pub expires: Option<Timestamp>,
    earlier: Vec<Broadcast>,
}

impl Chains {
    fn all(&self) -> impl Iterator<Item = &Chain> {
        std::iter::once(&self.own).chain(&self.others)
    }

    /// Everyone whom the chains reached or may have reached, for messages that go to them.
    pub async fn reached(&self, db: &Db, msg_type: MsgType) -> Result<RoaringBitmap, StoreError> {
        let mut reached = RoaringBitmap::new();
        if matches!(msg_type, MsgType::Update | MsgType::Cancel) {
            for chain in self.all() {
                reached |= store::batch::reached(db, &chain.id).await?;
            }
        }
        Ok(reached)
    }
}

/// Finds the chains of an alert, and makes its own where there is none. A drill never meets what is real: an Update or
/// Cancel of the one kind does not find alerts of the other.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve(tx: &mut Tx, alert: &Alert) -> Result<Chains, StoreError> {
    let named = named(tx, alert).await?;
    let mut found: Vec<ChainId> = named.iter().map(|stored| stored.chain.clone()).collect();
    for stored in &named {
        // An Update of several chains speaks for all of them, though it is stored in one.
        found.extend(store::chain::headed_by(tx, &stored.id).await?);
    }
    let own_key = chain_key(&alert.key, alert.status);
    if !found.is_empty() {
        // Something that refers to this message may have come before it.
        found.extend(store::chain::with_key(tx, &own_key).await?);
    }
    // Locked in one order by everyone, so that two alerts of the same chains never wait for each other.
    found.sort();
    found.dedup();
    let mut chains = Vec::new();
    for id in &found {
        chains.push(store::chain::lock(tx, id).await?.ok_or(StoreError::Corrupt { what: "alert.chain" })?);
    }
    if chains.is_empty() {
        let root = unknown_root(alert);
        let key = chain_key(&root, alert.status);
        chains.push(store::chain::find_or_create(tx, &key, &root.sender, ChainId(clock::random_id())).await?);
    }
    // Stored where it can still speak.
    chains.sort_by_key(|chain| chain.cancelled.is_some());
    let mut earlier = Vec::new();
    for chain in &chains {
        earlier.extend(store::broadcast::in_chain(tx, &chain.id).await?);
    }
    let sent = alert.key.sent.instant();
    // A head that this message names is older than it, whatever the clocks say.
    let overtook = |chain: &Chain| {
        let names_head = named.iter().any(|stored| chain.head.as_ref() == Some(&stored.id));
        !names_head && chain.head_sent.is_some_and(|head| head > sent)
    };
    let facts = ChainFacts {
        known: !earlier.is_empty(),
        foreign: chains.iter().any(|chain| chain.sender != alert.key.sender),
        cancelled: chains.iter().all(|chain| chain.cancelled.is_some()),
        overtaken: chains.iter().all(overtook) || chains.iter().any(|chain| chain.key == own_key && overtook(chain)),
    };
    let meant = |broadcast: &&Broadcast| match broadcast.state {
        State::Held | State::Approved | State::Sending | State::Done | State::Halted | State::Expired => true,
        State::Filed | State::Refused => false,
    };
    Ok(Chains {
        tier: earlier.iter().filter(meant).map(|broadcast| broadcast.tier).min(),
        expires: earlier.iter().filter(meant).map(|broadcast| broadcast.expires).max(),
        own: chains.remove(0),
        others: chains,
        facts,
        earlier,
    })
}

/// The stored alerts that an Update or Cancel names.
async fn named(tx: &mut Tx, alert: &Alert) -> Result<Vec<StoredAlert>, StoreError> {
    let mut named: Vec<StoredAlert> = Vec::new();
    if !matches!(alert.msg_type, MsgType::Update | MsgType::Cancel) {
        return Ok(named);
    }
    for earlier in &alert.references {
        let sent = earlier.sent.map(DateTime::instant);
        let found = store::alert::by_reference(tx, &earlier.sender, &earlier.identifier, sent).await?;
        if let Some(stored) = found
            && is_drill(stored.status) == is_drill(alert.status)
        {
            named.push(stored);
        }
    }
    Ok(named)
}

/// Lets an approved alert act on its chains. Gives the broadcasts that it stopped: the fence must know them as soon as
/// the transaction is committed.
///
/// # Errors
/// When the database does not answer.
pub async fn act(
    tx: &mut Tx,
    alert: &Alert,
    id: &AlertId,
    broadcast: &BroadcastId,
    chains: &Chains,
    now: Timestamp,
) -> Result<Vec<BroadcastId>, StoreError> {
    let mut stopped = Vec::new();
    // What still waits for a person and came later is not superseded by what is released before it.
    let received = chains.earlier.iter().find(|earlier| earlier.id == *broadcast).map_or(now, |own| own.received);
    let is_met = |earlier: &&Broadcast| {
        let is_later = earlier.state == State::Held && earlier.received > received;
        earlier.id != *broadcast && is_open(earlier.state) && (alert.msg_type == MsgType::Cancel || !is_later)
    };
    match alert.msg_type {
        MsgType::Update | MsgType::Cancel => {
            for earlier in chains.earlier.iter().filter(is_met) {
                if store::broadcast::halt(tx, &earlier.id, now).await? {
                    store::batch::close_open(tx, &earlier.id, Rest::Stopped).await?;
                    stopped.push(earlier.id.clone());
                }
            }
        }
        MsgType::Alert | MsgType::Ack | MsgType::Error => {}
    }
    Db::notify(tx, listen::FENCE).await?;
    Db::notify(tx, listen::PLAN).await?;
    for chain in chains.all() {
        let sent = alert.key.sent.instant();
        store::chain::advance(tx, &chain.id, id, chain.head_sent.map_or(sent, |head| head.max(sent))).await?;
        if alert.msg_type == MsgType::Cancel {
            store::chain::cancel(tx, &chain.id, id, now).await?;
        }
    }
    Ok(stopped)
}

fn is_open(state: State) -> bool {
    match state {
        State::Held | State::Approved | State::Sending => true,
        State::Done | State::Halted | State::Expired | State::Filed | State::Refused => false,
    }
}
