//! Finds what an alert acts on: by its references, by an identifier that is used again, by NWS event codes.

use super::admit::{ChainFacts, chain_key, is_drill, unknown_root};
use super::chain::Chains;
use super::segment::{Segments, asking, segments};
use crate::cap::alert::{Alert, Reference};
use crate::cap::code::MsgType;
use crate::cap::time::DateTime;
use crate::clock;
use crate::model::broadcast::{Broadcast, State};
use crate::model::id::{AlertId, ChainId};
use crate::model::lifecycle::{self as rules, Remark};
use crate::store::alert::{StoredAlert, Voice};
use crate::store::chain::Chain;
use crate::store::{self, StoreError, Tx};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The alert that is looked at, as far as it is not in the document.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    pub voice: &'a Voice,
    /// Its id, once it is stored.
    pub id: Option<&'a AlertId>,
    pub now: Timestamp,
}

/// What was found on the way to the chains.
#[derive(Default)]
struct Found {
    /// Stored alerts that this one names: it is newer than they are, whatever the clocks say.
    named: Vec<StoredAlert>,
    /// A chain in which a newer message of the same identifier stands.
    newer: Option<ChainId>,
    /// An Alert that takes the place of an earlier message.
    replaces: bool,
    remarks: Vec<Remark>,
}

/// Finds the chains of an alert, and makes its own where there is none. A drill never meets what is real: an Update or
/// Cancel of the one kind does not find alerts of the other.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve(tx: &mut Tx, alert: &Alert, own: Own<'_>) -> Result<Chains, StoreError> {
    let mut found = Found::default();
    named(tx, alert, own, &mut found).await?;
    same_identifier(tx, alert, own, &mut found).await?;
    let mut ids: Vec<ChainId> = found.named.iter().map(|stored| stored.chain.clone()).collect();
    ids.extend(found.newer.clone());
    for stored in &found.named {
        // An Update of several chains speaks for all of them, though it is stored in one.
        ids.extend(store::chain::headed_by(tx, &stored.id).await?);
    }
    let mut segments = segments(tx, alert, own).await?;
    let own_key = chain_key(&alert.key, alert.status);
    if segments.has_codes() {
        // It may be about a part of what it refers to: it never stands for that as a whole, but it meets who did.
        ids.extend(store::chain::with_key(tx, &chain_key(&unknown_root(alert), alert.status)).await?);
    }
    let named: BTreeSet<ChainId> = ids.iter().cloned().collect();
    ids.extend(segments.chains.iter().cloned());
    if !ids.is_empty() {
        // Something that refers to this message may have come before it.
        ids.extend(store::chain::with_key(tx, &own_key).await?);
    }
    // Locked in one order by everyone, so that two alerts of the same chains never wait for each other.
    ids.sort();
    ids.dedup();
    let mut chains = Vec::new();
    for id in &ids {
        chains.push(store::chain::lock(tx, id).await?.ok_or(StoreError::Corrupt { what: "alert.chain" })?);
    }
    segments.begin_anew(alert, &mut chains, &named);
    let parts = segments.divide(tx, &mut chains, &named, asking(alert, own)).await?;
    let continues = parts.iter().any(|chain| chain.cancelled.is_none());
    let ended = !parts.is_empty() && chains.is_empty() && !continues;
    if chains.is_empty() {
        let alone = segments.has_codes() || !parts.is_empty();
        let root = if alone { alert.key.clone() } else { unknown_root(alert) };
        let key = chain_key(&root, alert.status);
        chains.push(store::chain::find_or_create(tx, &key, &root.sender, ChainId(clock::random_id())).await?);
    }
    // Stored where it can still speak.
    chains.sort_by_key(|chain| chain.cancelled.is_some());
    let acts_as = acts_as(alert, &found, &segments);
    found.remarks.append(&mut segments.remarks);
    let mut facts = facts(alert, &found, &chains, &parts, &own_key);
    facts.cancelled |= ended;
    gather(tx, chains, parts, segments.split, facts, acts_as, found.remarks).await
}

fn facts(alert: &Alert, found: &Found, chains: &[Chain], parts: &[Chain], own_key: &str) -> ChainFacts {
    let sent = alert.key.sent.instant();
    // A head that this message names is older than it, whatever the clocks say.
    let overtook = |chain: &Chain| {
        let names_head = found.named.iter().any(|stored| chain.head.as_ref() == Some(&stored.id));
        !names_head && chain.head_sent.is_some_and(|head| head > sent)
    };
    let own_overtaken =
        |chain: &Chain| (chain.key == own_key || found.newer.as_ref() == Some(&chain.id)) && overtook(chain);
    ChainFacts {
        known: false,
        foreign: chains.iter().chain(parts).any(|chain| chain.sender != alert.key.sender),
        cancelled: chains.iter().all(|chain| chain.cancelled.is_some()),
        overtaken: chains.iter().all(overtook) || chains.iter().any(own_overtaken),
        unproven: false,
        part: !parts.is_empty(),
    }
}

async fn gather(
    tx: &mut Tx,
    mut chains: Vec<Chain>,
    parts: Vec<Chain>,
    split: Vec<ChainId>,
    mut facts: ChainFacts,
    acts_as: MsgType,
    remarks: Vec<Remark>,
) -> Result<Chains, StoreError> {
    let mut earlier = Vec::new();
    for chain in &chains {
        earlier.extend(store::broadcast::in_chain(tx, &chain.id).await?);
    }
    let mut around = Vec::new();
    for chain in &parts {
        around.extend(store::broadcast::in_chain(tx, &chain.id).await?);
    }
    facts.known = !earlier.is_empty() || !around.is_empty();
    let meant = |broadcast: &&Broadcast| match broadcast.state {
        State::Held | State::Approved | State::Sending | State::Done | State::Halted | State::Expired => true,
        State::Filed | State::Refused => false,
    };
    let terms = || earlier.iter().chain(&around).filter(meant);
    Ok(Chains {
        tier: terms().map(|broadcast| broadcast.tier).min(),
        expires: terms().map(|broadcast| broadcast.expires).max(),
        own: chains.remove(0),
        others: chains,
        parts,
        split,
        facts,
        acts_as,
        remarks,
        earlier,
    })
}

/// What an alert does here. An Alert that takes the place of an earlier message, or ends an event, is an Update.
fn acts_as(alert: &Alert, found: &Found, segments: &Segments) -> MsgType {
    if alert.msg_type == MsgType::Alert && (found.replaces || segments.replaces) {
        MsgType::Update
    } else {
        alert.msg_type
    }
}

/// The stored alerts that an Update or Cancel names.
async fn named(tx: &mut Tx, alert: &Alert, own: Own<'_>, found: &mut Found) -> Result<(), StoreError> {
    if !matches!(alert.msg_type, MsgType::Update | MsgType::Cancel) {
        return Ok(());
    }
    for earlier in &alert.references {
        let sent = earlier.sent.map(DateTime::instant);
        let stored = store::alert::by_reference(tx, &earlier.sender, &earlier.identifier, sent, own.id).await?;
        match stored {
            Some(stored) if is_drill(stored.status) == is_drill(alert.status) => {
                judge(tx, earlier, &stored, own, found).await?;
                found.named.push(stored);
            }
            Some(stored) => {
                let message = format!("{} has status {} and is left alone.", name(earlier), stored.status);
                found.remark(&rules::REFERENCE_OTHER_KIND, message);
            }
            None => found.remark(&rules::REFERENCE_UNKNOWN, format!("{} is not known here.", name(earlier))),
        }
    }
    Ok(())
}

/// What is doubtful about naming a stored alert.
async fn judge(
    tx: &mut Tx,
    reference: &Reference,
    stored: &StoredAlert,
    own: Own<'_>,
    found: &mut Found,
) -> Result<(), StoreError> {
    if reference.sent.is_some_and(|sent| sent.instant() != stored.sent) {
        let message = format!("{} was sent at {}; it is taken to be meant.", name(reference), stored.sent);
        found.remark(&rules::REFERENCE_INEXACT, message);
    }
    let chain = store::chain::peek(tx, &stored.chain).await?;
    if chain.is_some_and(|chain| chain.cancelled.is_some()) {
        found.remark(&rules::REFERENCE_CANCELLED, format!("{} was cancelled.", name(reference)));
    } else if stored.expires <= own.now {
        let message = format!("{} ended at {}.", name(reference), stored.expires);
        found.remark(&rules::REFERENCE_EXPIRED, message);
    }
    Ok(())
}

/// An identifier that is used again: with a later time it is an Update that does not say so, with an earlier one it
/// comes too late. What has ended or was cancelled is not updated: the same identifier is a new event then.
async fn same_identifier(tx: &mut Tx, alert: &Alert, own: Own<'_>, found: &mut Found) -> Result<(), StoreError> {
    let (key, sent) = (&alert.key, alert.key.sent.instant());
    if matches!(alert.msg_type, MsgType::Ack | MsgType::Error) {
        return Ok(());
    }
    let stored = store::alert::same_identifier(tx, &key.sender, &key.identifier, sent, alert.status, own.voice).await?;
    let Some(stored) = stored else { return Ok(()) };
    if stored.sent > sent {
        let message = format!("A message of this identifier sent at {} is stored already.", stored.sent);
        found.remarks.push(Remark::new(&rules::IDENTIFIER_REUSED_OLDER, "identifier", message));
        found.newer = Some(stored.chain);
        return Ok(());
    }
    let chain = store::chain::peek(tx, &stored.chain).await?;
    // When it is planned, its own Cancel has ended the chain already.
    let by_itself = |chain: &Chain| own.id.is_some() && chain.cancelled_by.as_ref() == own.id;
    let goes_on = stored.expires > sent && chain.is_some_and(|chain| chain.cancelled.is_none() || by_itself(&chain));
    let then = if goes_on { "it is taken as its Update" } else { "that is over, so it is taken as a new event" };
    let message = format!("A message of this identifier was sent at {}; {then}.", stored.sent);
    found.remarks.push(Remark::new(&rules::IDENTIFIER_REUSED_NEWER, "identifier", message));
    if goes_on {
        found.replaces = true;
        if !found.named.iter().any(|known| known.id == stored.id) {
            found.named.push(stored);
        }
    }
    Ok(())
}

impl Found {
    fn remark(&mut self, rule: &'static crate::cap::rules::Rule, message: String) {
        self.remarks.push(Remark::new(rule, "references", message));
    }
}

fn name(reference: &Reference) -> String {
    format!("`{}` of {}", reference.identifier, reference.sender)
}
