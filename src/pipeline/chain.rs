//! What an alert acts on, and the acting: an Update supersedes, a Cancel stops. `resolve` finds it.

use super::admit::ChainFacts;
use super::listen;
use crate::cap::alert::Alert;
use crate::cap::code::MsgType;
use crate::model::broadcast::{Broadcast, State};
use crate::model::id::{AlertId, BroadcastId, ChainId};
use crate::model::lifecycle::Remark;
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
    /// Others that it speaks for as well.
    pub others: Vec<Chain>,
    /// NWS events that it continues or ends for a part of their ground only: they go on without it.
    pub parts: Vec<Chain>,
    /// What took over parts of the chains before: whom that reached has heard from it.
    pub split: Vec<ChainId>,
    pub facts: ChainFacts,
    /// What the alert does here: its `msgType`, except that an Alert which repeats an identifier, or an NWS event, that
    /// is known already is an Update.
    pub acts_as: MsgType,
    /// What is to be said to its sender.
    pub remarks: Vec<Remark>,
    /// The most urgent tier of anything in the chains.
    pub tier: Option<Tier>,
    /// The last expiry of anything in the chains.
    pub expires: Option<Timestamp>,
    pub(super) earlier: Vec<Broadcast>,
}

/// Who heard of an alert's event before it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Before {
    /// By what it speaks for now: they hear an Update or Cancel wherever they are.
    pub told: RoaringBitmap,
    /// By what goes on elsewhere: they hear its end where it ends.
    pub part: RoaringBitmap,
    /// By a copy: they do not hear it again.
    pub copies: RoaringBitmap,
}

impl Chains {
    fn all(&self) -> impl Iterator<Item = &Chain> {
        std::iter::once(&self.own).chain(&self.others)
    }

    /// All that people may have heard of the alert's event by.
    pub fn heard(&self) -> Vec<&ChainId> {
        self.all().chain(&self.parts).map(|chain| &chain.id).collect()
    }

    /// Everyone whom the chains reached or may have reached, for messages that go to them.
    pub async fn before(&self, db: &Db) -> Result<Before, StoreError> {
        let mut before = Before::default();
        if matches!(self.acts_as, MsgType::Update | MsgType::Cancel) {
            for chain in self.all() {
                before.told |= store::batch::reached(db, &chain.id).await?;
            }
            for chain in &self.split {
                before.told -= store::batch::reached(db, chain).await?;
            }
            for chain in &self.parts {
                before.part |= store::batch::reached(db, &chain.id).await?;
            }
        }
        Ok(before)
    }
}

/// Lets an approved alert act on its chains; copies of what it ends are planned again. Gives the broadcasts that it
/// stopped: the fence must know them as soon as the transaction is committed.
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
    let ids: Vec<&ChainId> = chains.all().map(|chain| &chain.id).collect();
    let takes_the_place = match alert.msg_type {
        MsgType::Update | MsgType::Cancel => true,
        MsgType::Alert | MsgType::Ack | MsgType::Error => false,
    };
    if takes_the_place {
        store::copies::hold_all_of(tx, &ids).await?;
        let met = chains.earlier.iter().filter(is_met).map(|earlier| &earlier.id);
        stopped = store::stop::stop(tx, met, &ids, now).await?;
    }
    Db::notify(tx, listen::FENCE).await?;
    Db::notify(tx, listen::PLAN).await?;
    for chain in chains.all() {
        // Nobody speaks from the future: a wrong clock must not outrank what comes after it.
        let sent = alert.key.sent.instant().min(now);
        store::chain::advance(tx, &chain.id, id, chain.head_sent.map_or(sent, |head| head.max(sent))).await?;
        if alert.msg_type == MsgType::Cancel {
            store::chain::cancel(tx, &chain.id, id, now).await?;
        }
    }
    if takes_the_place {
        for chain in ids {
            store::copies::plan_again(tx, chain, now).await?;
        }
    }
    Ok(stopped)
}

/// Stops what of the chains is being sent, for what is held itself but says that all of that is outdated. Nothing else of
/// the chains changes, and what waits for a person goes on waiting; copies of it are planned again.
///
/// # Errors
/// When the database does not answer.
pub async fn hush(tx: &mut Tx, chains: &Chains, now: Timestamp) -> Result<Vec<BroadcastId>, StoreError> {
    let ids: Vec<&ChainId> = chains.all().map(|chain| &chain.id).collect();
    store::copies::hold_all_of(tx, &ids).await?;
    let is_sent = |earlier: &&Broadcast| is_open(earlier.state) && earlier.state != State::Held;
    let sent = chains.earlier.iter().filter(is_sent).map(|earlier| &earlier.id);
    let stopped = store::stop::stop(tx, sent, &ids, now).await?;
    Db::notify(tx, listen::FENCE).await?;
    Db::notify(tx, listen::PLAN).await?;
    for chain in ids {
        store::copies::plan_again(tx, chain, now).await?;
    }
    Ok(stopped)
}

fn is_open(state: State) -> bool {
    match state {
        State::Held | State::Approved | State::Sending => true,
        State::Done | State::Halted | State::Expired | State::Filed | State::Refused => false,
    }
}
