//! Where people act on broadcasts: release, refuse, stop. Each is one transaction with its line in the audit log.

use super::admit::reaches_nobody;
use super::bell::{Bell, tier_and_expiry};
use super::chain::act;
use super::grounds::Grounds;
use super::listen;
use super::resolve::{Own, resolve};
use super::words::{self, WordsError, lasting};
use crate::cap::code::MsgType;
use crate::model::broadcast::{Broadcast, Reason, State};
use crate::model::id::BroadcastId;
use crate::model::message::messages;
use crate::model::operator::{Actor, Operator};
use crate::store::{self, Db, Kept, StoreError, Turn};
use serde_json::json;

/// Why a person's act was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error("there is no such broadcast")]
    NotFound,
    #[error("the broadcast is {} and this cannot be done to it any more", .0.as_str())]
    WrongState(State),
    #[error("who posted an alert cannot release it: another person must")]
    OwnAlert,
    #[error("released now it would reach nobody: {}", .0.as_str())]
    ReachesNobody(Reason),
    #[error(transparent)]
    Words(#[from] WordsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bell {
    /// Lets a held broadcast ring. One person suffices, but not the one whose key posted it.
    ///
    /// # Errors
    /// See [`DecisionError`]; nothing has changed then.
    pub async fn release(&self, id: &BroadcastId, by: &Operator) -> Result<(), DecisionError> {
        let broadcast = self.find(id, &[State::Held]).await?;
        if broadcast.author.as_ref() == Some(&by.id) {
            return Err(DecisionError::OwnAlert);
        }
        let stored = store::alert::get(&self.db, &broadcast.alert).await?.ok_or(DecisionError::NotFound)?;
        let alert = words::read(&stored)?;
        let now = self.clock.now();
        let messages = lasting(messages(&alert), alert.msg_type, now);
        self.follower.catch_up().await?;
        let grounds = Grounds::of(&alert, self.audience.snapshot());
        let mut tx = self.db.begin_as(Turn::Engine, Kept::OnDisk).await?;
        let own = Own { voice: &stored.voice, id: Some(&stored.id), now };
        let chains = resolve(&mut tx, &alert, own).await?;
        let tells = match alert.msg_type {
            MsgType::Update => chains.facts.known,
            MsgType::Cancel => !chains.before(&self.db).await?.told.is_empty(),
            MsgType::Alert | MsgType::Ack | MsgType::Error => false,
        };
        match reaches_nobody(&alert, &messages, chains.facts, &grounds, now) {
            None => {}
            // Those told before hear an Update, and the end of the whole, wherever they are.
            Some(Reason::UnknownArea) if tells => {}
            Some(reason) => return Err(DecisionError::ReachesNobody(reason)),
        }
        // A Cancel is as urgent, and lasts as long, as what it cancels is by now.
        let (tier, expires) = tier_and_expiry(alert.msg_type, &messages, &chains, now);
        store::broadcast::set_terms(&mut tx, id, tier, expires).await?;
        if !store::broadcast::approve(&mut tx, id, now).await? {
            return Err(self.moved_on(id).await);
        }
        let stopped = act(&mut tx, &alert, &stored.id, id, &chains, now).await?;
        let actor = Actor::Operator(by.id.clone());
        let detail = json!({"alert": stored.id, "reason": broadcast.reason});
        store::audit::append(&mut tx, &actor, "broadcast.release", id.as_str(), &detail, now).await?;
        tx.commit().await?;
        self.after_commit(&stopped);
        self.wake.changed(id);
        Ok(())
    }

    /// Puts a held broadcast away for good.
    ///
    /// # Errors
    /// See [`DecisionError`]; nothing has changed then.
    pub async fn refuse(&self, id: &BroadcastId, by: &Operator, reason: &str) -> Result<(), DecisionError> {
        let broadcast = self.find(id, &[State::Held]).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin_as(Turn::Engine, Kept::OnDisk).await?;
        if !store::broadcast::refuse(&mut tx, id, now).await? {
            return Err(self.moved_on(id).await);
        }
        let actor = Actor::Operator(by.id.clone());
        let detail = json!({"alert": broadcast.alert, "reason": reason});
        store::audit::append(&mut tx, &actor, "broadcast.refuse", id.as_str(), &detail, now).await?;
        tx.commit().await?;
        self.wake.changed(id);
        Ok(())
    }

    /// Stops a broadcast: no push of it starts after this returns on this node, nor on others once their fence is read.
    ///
    /// # Errors
    /// See [`DecisionError`]; nothing has changed then.
    pub async fn stop(&self, id: &BroadcastId, by: &Operator) -> Result<(), DecisionError> {
        let broadcast = self.find(id, &[State::Approved, State::Sending]).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin_as(Turn::Engine, Kept::OnDisk).await?;
        store::copies::hold_all_of(&mut tx, &[&broadcast.chain]).await?;
        if store::stop::stop(&mut tx, [id], &[&broadcast.chain], now).await?.is_empty() {
            return Err(self.moved_on(id).await);
        }
        // Who still waited for it hears its copies.
        store::copies::plan_again(&mut tx, &broadcast.chain, now).await?;
        Db::notify(&mut tx, listen::FENCE).await?;
        Db::notify(&mut tx, listen::PLAN).await?;
        let actor = Actor::Operator(by.id.clone());
        let detail = json!({"alert": broadcast.alert});
        store::audit::append(&mut tx, &actor, "broadcast.stop", id.as_str(), &detail, now).await?;
        tx.commit().await?;
        self.after_commit(std::slice::from_ref(id));
        Ok(())
    }

    async fn find(&self, id: &BroadcastId, states: &[State]) -> Result<Broadcast, DecisionError> {
        let broadcast = store::broadcast::get(&self.db, id).await?.ok_or(DecisionError::NotFound)?;
        if states.contains(&broadcast.state) { Ok(broadcast) } else { Err(DecisionError::WrongState(broadcast.state)) }
    }

    /// Someone else was quicker: says where it stands now.
    async fn moved_on(&self, id: &BroadcastId) -> DecisionError {
        match store::broadcast::get(&self.db, id).await {
            Ok(Some(broadcast)) => DecisionError::WrongState(broadcast.state),
            Ok(None) => DecisionError::NotFound,
            Err(error) => error.into(),
        }
    }
}
