//! The handle that the web pulls: post, release, refuse, stop; and the engine that does what was stored.

use super::admit::{self, Verdict};
use super::answer::{Answer, Estimate, KeyText, Links, PostError, Posted, explain};
use super::areas;
use super::chain::{Before, Chains, act, hush};
use super::copies::{Copy, copies, facts_hash, spoken_for};
use super::estimate::{Draft, Estimation, drafts, estimate};
use super::fence::Fence;
use super::follow::Follower;
use super::grounds::Grounds;
use super::intake::{Intake, intake};
use super::resolve::{Own, resolve};
use super::segment::Segments;
use super::target::{cancelled_for, count, target};
use super::words::{cancel_expires, lasting};
use crate::audience::Audience;
use crate::cap::alert::Alert;
use crate::cap::code::MsgType;
use crate::cap::{self, Axes, Options};
use crate::clock::{self, Clock};
use crate::model::broadcast::{Broadcast, State};
use crate::model::credential::Credential;
use crate::model::id::{AlertId, BroadcastId};
use crate::model::lifecycle::{self, Remark};
use crate::model::message::{Message, messages};
use crate::model::operator::Actor;
use crate::model::proof::Proof;
use crate::model::tier::Tier;
use crate::store::alert::{NewAlert, StoredAlert, Voice};
use crate::store::event_code::EventCode;
use crate::store::{self, Db, StoreError, Tx};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use url::Url;

/// Changes that a slow watcher may be behind before it misses some and looks for itself.
const WATCH_BACKLOG_MAX: usize = 1_024;
/// The most findings about earlier messages that one answer has.
const REMARKS_MAX: usize = 50;

/// How the steps wake each other on this node.
#[derive(Debug)]
pub struct Wake {
    pub plan: Notify,
    pub dispatch: Notify,
    pub audience: Notify,
    changes: broadcast::Sender<BroadcastId>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            plan: Notify::new(),
            dispatch: Notify::new(),
            audience: Notify::new(),
            changes: broadcast::Sender::new(WATCH_BACKLOG_MAX),
        }
    }
}

impl Wake {
    /// Tells whoever watches that something about a broadcast changed.
    pub fn changed(&self, broadcast: &BroadcastId) {
        // Nobody watching is no failure.
        _ = self.changes.send(broadcast.clone());
    }
}

/// What the web may do to alerts and broadcasts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bell {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) fence: Arc<Fence>,
    pub(super) wake: Arc<Wake>,
    pub(super) audience: Audience,
    pub(super) follower: Arc<Follower>,
    reading: Options,
    public_url: Url,
}

impl Bell {
    #[expect(clippy::too_many_arguments, reason = "the wiring of one node, called once")]
    pub fn new(
        db: Db,
        clock: Clock,
        audience: Audience,
        follower: Arc<Follower>,
        fence: Arc<Fence>,
        wake: Arc<Wake>,
        reading: Options,
        public_url: Url,
    ) -> Self {
        Self { db, clock, fence, wake, audience, follower, reading, public_url }
    }

    /// Something about a broadcast changed: its id, again and again.
    pub fn watch(&self) -> broadcast::Receiver<BroadcastId> {
        self.wake.changes.subscribe()
    }

    /// A subscription was made, changed or ended and committed: the next match knows it when this returns.
    ///
    /// # Errors
    /// When the database does not answer; the change is then seen with the next one.
    pub async fn audience_changed(&self) -> Result<(), StoreError> {
        self.follower.catch_up().await
    }

    /// For how long changes of subscriptions could not be read; `None` when the index is in step. Nothing is planned
    /// meanwhile.
    pub fn audience_behind_for(&self) -> Option<Duration> {
        self.follower.behind_for()
    }

    /// Whether the named areas in the database cannot be read; those known before are used.
    pub fn areas_failed(&self) -> bool {
        self.follower.areas_failed()
    }

    /// The last comparison of this node's index with the database; `None` before the first has ended.
    pub fn audience_proof(&self) -> Option<Proof> {
        self.follower.proof()
    }

    /// Reads a document as drafts, for [`Bell::estimate`]: what it is worth is not asked.
    ///
    /// # Errors
    /// [`PostError::Invalid`] with all findings when something could not be mended safely.
    pub fn drafts(&self, bytes: &[u8], axes: Axes) -> Result<Vec<Draft>, PostError> {
        let reading = cap::read(bytes, &Options { axes, ..self.reading.clone() });
        match &reading.alert {
            Some(alert) if reading.accepted() => Ok(drafts(alert)),
            Some(_) | None => Err(PostError::Invalid { findings: reading.findings }),
        }
    }

    /// Whom these drafts would reach together, by everything that was committed before this call. Stores nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn estimate(&self, drafts: Vec<Draft>) -> Result<Estimated, StoreError> {
        self.follower.catch_up().await?;
        let (audience, clock) = (self.audience.snapshot(), self.clock);
        let matching = move || {
            let began = clock.monotonic();
            let estimation = estimate(&audience, &drafts);
            let took = clock.monotonic().duration_since(began);
            let match_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            Estimated { estimation, match_us }
        };
        // A large area keeps a core busy for a while: others go on meanwhile.
        Ok(tokio::task::spawn_blocking(matching).await.expect("matching does not fail"))
    }

    /// Takes a document from an integrator. With `dry_run` everything is decided and nothing stored.
    ///
    /// # Errors
    /// See [`PostError`]; nothing is stored then.
    pub async fn post(&self, bytes: &[u8], credential: &Credential, dry_run: bool) -> Result<Posted, PostError> {
        let mut signers = store::signer::list(&self.db).await?;
        let (intake, grounds, mut tx) = loop {
            let intake = match intake(bytes, credential, &self.reading, &signers) {
                Ok(intake) => intake,
                Err(PostError::Invalid { findings }) => {
                    if !dry_run {
                        self.count_findings(credential, false, None, &findings).await;
                    }
                    return Err(PostError::Invalid { findings });
                }
                Err(error) => return Err(error),
            };
            if let Some(stored) = self.stored(&intake, credential).await? {
                return self.repeated(&stored, bytes).await;
            }
            self.follower.catch_up().await?;
            let grounds = Grounds::of(&intake.alert, self.audience.snapshot());
            let mut tx = self.db.begin().await?;
            let now = store::signer::list_in(&mut tx).await?;
            if now == signers {
                break (intake, grounds, tx);
            }
            // A key was pinned or removed while the document was read: what it is worth may be another.
            signers = now;
        };
        let admitted = self.admit(&mut tx, &intake, &grounds, bytes, credential, dry_run).await?;
        let Some((answer, stopped)) = admitted else {
            drop(tx);
            let stored = self.stored(&intake, credential).await?.ok_or(StoreError::Corrupt { what: "alert" })?;
            return self.repeated(&stored, bytes).await;
        };
        if dry_run {
            return Ok(Posted::Rehearsed(answer));
        }
        self.commit(tx, stopped).await?;
        self.count_findings(credential, true, Some(&intake.alert.key.identifier), &answer.findings).await;
        metrics::counter!("beffroi_alerts_total", "state" => answer.state.as_str()).increment(1);
        tracing::info!(alert = %answer.id, state = answer.state.as_str(), "alert {} is {}", answer.id, answer.state.as_str());
        Ok(Posted::Stored(answer))
    }

    async fn stored(&self, intake: &Intake, credential: &Credential) -> Result<Option<StoredAlert>, StoreError> {
        let key = &intake.alert.key;
        let voice = voice(credential, intake);
        store::alert::by_key(&self.db, &key.sender, &key.identifier, key.sent.instant(), &voice).await
    }

    /// The answer that was given before.
    async fn repeated(&self, stored: &StoredAlert, bytes: &[u8]) -> Result<Posted, PostError> {
        if stored.digest != sha256(bytes) {
            return Err(PostError::Conflict { first: stored.id.clone() });
        }
        // Who posted it first may still wait for the disk.
        self.db.flush().await?;
        let answer = serde_json::from_str(&stored.answer).map_err(|_| StoreError::Corrupt { what: "alert.answer" })?;
        Ok(Posted::Repeated(answer))
    }

    /// Stores the alert and its broadcast and lets it act on its chain. `None`: the same key is stored already.
    async fn admit(
        &self,
        tx: &mut Tx,
        intake: &Intake,
        grounds: &Grounds,
        bytes: &[u8],
        credential: &Credential,
        dry_run: bool,
    ) -> Result<Option<(Answer, Vec<BroadcastId>)>, StoreError> {
        let now = self.clock.now();
        let voice = voice(credential, intake);
        let Weighed { alert, messages, mut chains, verdict, copies, inside, near, all_clear } =
            self.weigh(tx, intake, grounds, credential, &voice, now).await?;
        let id = AlertId(clock::random_id());
        let mut answer = self.answer(&id, intake, verdict, &chains.own.key, Estimate::of(inside, near));
        let remarks = std::mem::take(&mut chains.remarks).into_iter().take(REMARKS_MAX);
        answer.findings.extend(remarks.map(|remark| remark.finding(bytes)));
        answer.merged_with = copies.first().map(|copy| copy.alert.clone());
        answer.dry_run = dry_run;
        let (tier, expires) = tier_and_expiry(alert.msg_type, &messages, &chains, now);
        let new = NewAlert {
            id: id.clone(),
            sender: alert.key.sender.clone(),
            identifier: alert.key.identifier.clone(),
            sent: alert.key.sent.instant(),
            digest: sha256(bytes),
            original: bytes.to_vec(),
            axes: credential.axes,
            chain: chains.own.id.clone(),
            status: alert.status,
            msg_type: alert.msg_type,
            scope: alert.scope,
            credential: Some(credential.id.clone()),
            voice,
            received: now,
            expires,
            answer: serde_json::to_string(&answer).expect("an answer is plain data"),
            facts: facts_hash(&alert),
            all_clear,
        };
        if !store::alert::insert(tx, &new).await? {
            return Ok(None);
        }
        note_links(tx, &alert, &id, &chains).await?;
        let broadcast = Broadcast {
            id: BroadcastId(clock::random_id()),
            alert: id.clone(),
            chain: chains.own.id.clone(),
            state: verdict.state,
            reason: verdict.reason,
            tier,
            expires,
            author: credential.owner.clone(),
            received: now,
            approved: admit::may_publish(&alert, credential, chains.facts, verdict).then_some(now),
            planned: None,
            finished: None,
            inside,
            near,
            merged_with: answer.merged_with.clone(),
        };
        store::broadcast::insert(tx, &broadcast).await?;
        let mut stopped = Vec::new();
        if verdict.state == State::Approved || admit::supersedes_silently(&alert, credential, chains.facts, verdict) {
            stopped = act(tx, &alert, &id, &broadcast.id, &chains, now).await?;
        } else if admit::hushes(&alert, credential, chains.facts, verdict) {
            stopped = hush(tx, &chains, now).await?;
        } else if admit::silences_the_unknown(&alert, credential, &chains.own.sender, chains.facts, verdict) {
            store::chain::cancel(tx, &chains.own.id, &id, now).await?;
        }
        let actor = Actor::Key(credential.id.clone());
        let detail = json!({"state": verdict.state, "reason": verdict.reason, "broadcast": broadcast.id});
        store::audit::append(tx, &actor, "alert.post", id.as_str(), &detail, now).await?;
        Ok(Some((answer, stopped)))
    }

    /// Looks at what an alert meets here: the earlier messages, its copies, its people. Stores nothing.
    async fn weigh(
        &self,
        tx: &mut Tx,
        intake: &Intake,
        grounds: &Grounds,
        credential: &Credential,
        voice: &Voice,
        now: Timestamp,
    ) -> Result<Weighed, StoreError> {
        let mut chains = resolve(tx, &intake.alert, Own { voice, id: None, now }).await?;
        chains.facts.unproven = intake.unproven;
        let alert = Alert { msg_type: chains.acts_as, ..intake.alert.clone() };
        let messages = lasting(messages(&alert), alert.msg_type, now);
        let verdict = admit::admit(&alert, &messages, credential, chains.facts, grounds, now);
        let copies = match verdict.state {
            State::Approved | State::Held => copies(&self.db, &alert, &chains.own.id, now).await?,
            State::Sending | State::Done | State::Halted | State::Expired | State::Filed | State::Refused => Vec::new(),
        };
        let all_clear = admit::is_all_clear(&alert, &messages);
        chains.remarks.extend(areas::remarks(&alert, chains.facts.part, grounds));
        chains.remarks.extend(remarks(&copies, all_clear));
        let mut before = chains.before(&self.db).await?;
        before.copies = spoken_for(&self.db, &copies).await?;
        let (inside, near) = reached(grounds, &alert, &messages, &before, now);
        Ok(Weighed { alert, messages, chains, verdict, copies, inside, near, all_clear })
    }

    fn answer(&self, id: &AlertId, intake: &Intake, verdict: Verdict, chain: &str, audience: Estimate) -> Answer {
        let key = &intake.alert.key;
        let at = |path: String| self.public_url.join(&path).map_or(path, String::from);
        Answer {
            id: id.clone(),
            key: KeyText { sender: key.sender.clone(), identifier: key.identifier.clone(), sent: key.sent.to_string() },
            state: verdict.state,
            reason: verdict.reason,
            detail: verdict.reason.map(|reason| explain(reason).to_owned()),
            chain: chain.to_owned(),
            audience,
            merged_with: None,
            findings: intake.findings.clone(),
            links: Links {
                this: at(format!("/api/v1/alerts/{id}")),
                page: at(format!("/alerts/{id}")),
                original: at(format!("/api/v1/alerts/{id}.xml")),
                broadcast: at(format!("/api/v1/alerts/{id}/broadcast")),
            },
            dry_run: false,
        }
    }

    /// Commits and does what follows from it, also when nobody waits for the answer any more.
    async fn commit(&self, tx: Tx, stopped: Vec<BroadcastId>) -> Result<(), StoreError> {
        let bell = self.clone();
        let committing = tokio::spawn(async move {
            tx.commit().await?;
            bell.after_commit(&stopped);
            Ok(())
        });
        committing.await.expect("committing does not panic")
    }

    /// What a commit changed is made known: stopped broadcasts first.
    pub(super) fn after_commit(&self, stopped: &[BroadcastId]) {
        self.fence.stop(stopped);
        for broadcast in stopped {
            self.wake.changed(broadcast);
        }
        self.wake.plan.notify_one();
    }
}

/// Whom drafts would reach, and what it took to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimated {
    pub estimation: Estimation,
    /// How long the match took, microseconds.
    pub match_us: u64,
}

/// An alert and what it meets here.
struct Weighed {
    /// As it came, but with what it does here as its `msg_type`.
    alert: Alert,
    messages: Vec<Message>,
    chains: Chains,
    verdict: Verdict,
    copies: Vec<Copy>,
    inside: u64,
    near: u64,
    /// Everything in it says that something is over.
    all_clear: bool,
}

fn reached(grounds: &Grounds, alert: &Alert, messages: &[Message], before: &Before, now: Timestamp) -> (u64, u64) {
    if alert.msg_type == MsgType::Cancel {
        return (cancelled_for(grounds, alert, before).len(), 0);
    }
    count(&target(grounds, alert, messages, before, now))
}

/// What is to be said of copies and of an end.
fn remarks(copies: &[Copy], all_clear: bool) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if let Some(first) = copies.first() {
        let message = format!("It is a copy of alert {}: whom that reaches is not rung again.", first.alert);
        remarks.push(Remark::new(&lifecycle::MERGED, "identifier", message));
    }
    if all_clear {
        let message = "It says that something is over: only those told before hear it.";
        remarks.push(Remark::new(&lifecycle::ALL_CLEAR, "info", message));
    }
    remarks
}

/// Stores what later messages will find this one by.
async fn note_links(tx: &mut Tx, alert: &Alert, id: &AlertId, chains: &Chains) -> Result<(), StoreError> {
    match alert.msg_type {
        MsgType::Ack | MsgType::Error => {
            for earlier in &alert.references {
                store::reply::insert(tx, id, &earlier.sender, &earlier.identifier).await?;
            }
        }
        MsgType::Alert | MsgType::Update | MsgType::Cancel => {
            for (event, stage, zones) in Segments::codes(alert) {
                let (alert_id, chain, sent) = (id.clone(), chains.own.id.clone(), alert.key.sent.instant());
                let code = EventCode { alert: alert_id, chain, event, stage, zones, sent };
                store::event_code::insert(tx, &code).await?;
            }
        }
    }
    Ok(())
}

/// Whose word a key's post is. What others post under a sender's name is kept apart, so that it can neither take the
/// place of the sender's own message nor stand in its way.
fn voice(credential: &Credential, intake: &Intake) -> Voice {
    if credential.may_speak_for(&intake.alert.key.sender) && !credential.test && !intake.unproven {
        Voice::Sender
    } else {
        Voice::Other(credential.id.clone())
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// The most urgent tier and the last expiry; a Cancel has those of what it cancels.
pub(super) fn tier_and_expiry(
    msg_type: MsgType,
    messages: &[Message],
    chains: &Chains,
    now: Timestamp,
) -> (Tier, Timestamp) {
    if msg_type == MsgType::Cancel {
        return (chains.tier.unwrap_or(Tier::P3), cancel_expires(chains.expires, now));
    }
    let tier = messages.iter().map(|message| message.tier).min().unwrap_or(Tier::P3);
    (tier, messages.iter().map(|message| message.expires).max().unwrap_or(now))
}
