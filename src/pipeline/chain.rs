//! Which chains an alert belongs to and acts on, and the acting: an Update supersedes, a Cancel stops.

use super::admit::{ChainFacts, chain_key, unknown_root};
use super::listen;
use crate::cap::alert::Alert;
use crate::cap::code::MsgType;
use crate::clock;
use crate::model::batch::Rest;
use crate::model::broadcast::{Broadcast, State};
use crate::model::id::{AlertId, BroadcastId, ChainId};
use crate::model::tier::Tier;
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

/// Finds the chains of an alert, and makes its own where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve(tx: &mut Tx, alert: &Alert) -> Result<Chains, StoreError> {
    let mut referred: Vec<ChainId> = Vec::new();
    if matches!(alert.msg_type, MsgType::Update | MsgType::Cancel) {
        for key in &alert.references {
            let found = store::alert::by_reference(tx, &key.sender, &key.identifier, key.sent.instant()).await?;
            if let Some(stored) = found
                && !referred.contains(&stored.chain)
            {
                referred.push(stored.chain);
            }
        }
    }
    // Locked in one order by everyone, so that two alerts of the same chains never wait for each other.
    referred.sort();
    let mut chains = Vec::new();
    for id in &referred {
        chains.push(store::chain::lock(tx, id).await?.ok_or(StoreError::Corrupt { what: "alert.chain" })?);
    }
    let own = if chains.is_empty() {
        let root = unknown_root(alert);
        store::chain::find_or_create(tx, &chain_key(root), &root.sender, ChainId(clock::random_id())).await?
    } else {
        chains.remove(0)
    };
    let mut earlier = store::broadcast::in_chain(tx, &own.id).await?;
    for chain in &chains {
        earlier.extend(store::broadcast::in_chain(tx, &chain.id).await?);
    }
    let sent = alert.key.sent.instant();
    let every = || std::iter::once(&own).chain(&chains);
    let facts = ChainFacts {
        known: !earlier.is_empty(),
        foreign: every().any(|chain| chain.sender != alert.key.sender),
        cancelled: every().all(|chain| chain.cancelled.is_some()),
        overtaken: every().all(|chain| chain.head_sent.is_some_and(|head| head > sent)),
    };
    let live = || earlier.iter().filter(|broadcast| broadcast.planned.is_some());
    Ok(Chains {
        tier: live().map(|broadcast| broadcast.tier).min(),
        expires: live().map(|broadcast| broadcast.expires).max(),
        own,
        others: chains,
        facts,
        earlier,
    })
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
    match alert.msg_type {
        MsgType::Update | MsgType::Cancel => {
            for earlier in chains.earlier.iter().filter(|earlier| earlier.id != *broadcast && is_open(earlier.state)) {
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
        store::chain::advance(tx, &chain.id, id, alert.key.sent.instant()).await?;
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
