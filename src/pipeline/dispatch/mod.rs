//! Step 5: leased batches to requests. The most urgent tier is taken up first, and asked for again before every send.

mod allowance;
mod delivery;
mod doubts;
mod ending;
pub mod halt;
mod letters;
mod pauses;
mod rejections;
mod round;
mod send;
mod slots;
pub mod writer;

use super::bell::Wake;
use super::fence::Fence;
use super::gate::Gate;
use crate::audience::Audience;
use crate::clock::Clock;
use crate::config;
use crate::model::batch::Lease;
use crate::model::pause::Pause;
use crate::push;
use crate::store::vault::Vault;
use crate::store::{self, Db, Kept, StoreError, Turn};
use allowance::Allowances;
use halt::Halt;
use jiff::{SignedDuration, Timestamp};
use letters::Letters;
use pauses::{Change, Pauses};
use rejections::Rejections;
use slots::{Slot, Slots};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use writer::{Wanted, WriteError, Writer};

/// The shortest pause of the loop when something is due soon.
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// How often a node confirms which push services are paused; readers believe it for twice as long.
pub const PAUSES_CONFIRMED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How often is looked who else sends to a push service with a quota.
const QUOTAS_SHARED_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Everything that sending needs.
pub struct Dispatcher {
    pub db: Db,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub sender: Arc<push::Sender>,
    pub fence: Arc<Fence>,
    pub gate: Gate,
    pub audience: Audience,
    pub wake: Arc<Wake>,
    pub settings: config::Dispatch,
    /// This node, in leases.
    pub owner: String,
    letters: Letters,
    pauses: Pauses,
    rejections: Rejections,
    allowances: Allowances,
    halt: Arc<Halt>,
    closing: watch::Receiver<bool>,
}

impl Dispatcher {
    #[expect(clippy::too_many_arguments, reason = "the wiring of one node, called once")]
    pub fn new(
        db: Db,
        vault: Arc<Vault>,
        clock: Clock,
        sender: Arc<push::Sender>,
        fence: Arc<Fence>,
        gate: Gate,
        audience: Audience,
        wake: Arc<Wake>,
        settings: config::Dispatch,
        public_url: url::Url,
        owner: String,
        halt: Halt,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let letters = Letters::new(db.clone(), vault.clone(), sender.clone(), public_url);
        let pauses = Pauses::new(clock, settings.retry_first);
        let halt = Arc::new(halt);
        let rejections = Rejections::default();
        Self {
            db,
            vault,
            clock,
            sender,
            fence,
            gate,
            audience,
            wake,
            settings,
            owner,
            letters,
            pauses,
            rejections,
            allowances: Allowances::default(),
            halt,
            closing,
        }
    }

    /// Takes up batches until the service closes, then lets those under way write down how far they came.
    pub async fn run(self: Arc<Self>) {
        let mut closing = self.closing.clone();
        let (writer, writing) = Writer::new(self.db.clone(), self.clock, self.halt.clone());
        let writing = tokio::spawn(writing);
        let mut running = Running::default();
        let mut told = Told::default();
        while !*closing.borrow() {
            self.tell_pauses(&mut told).await;
            self.share_quotas(&mut told).await;
            let now = self.clock.now();
            let more = match self.take_up(&writer, &mut running, now).await {
                Ok(claimed) => claimed > 0,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "batches could not be taken up");
                    false
                }
            };
            let pause = if more { Duration::ZERO } else { self.pause(now).await };
            tokio::select! {
                () = self.wake.dispatch.notified() => {}
                () = running.some_ended() => {}
                () = tokio::time::sleep(pause) => {}
                _ = closing.changed() => {}
            }
        }
        while !running.slots_of.is_empty() {
            running.some_ended().await;
        }
        drop(writer);
        if let Err(error) = writing.await {
            tracing::error!(error = &error as &dyn std::error::Error, "the writer failed");
        }
    }

    /// Takes up what there is room for; how many batches that were.
    async fn take_up(
        self: &Arc<Self>,
        writer: &Writer,
        running: &mut Running,
        now: Timestamp,
    ) -> Result<usize, WriteError> {
        let taken_at = self.clock.monotonic();
        let mut closed = self.sender.stalled();
        closed.extend(self.pauses.closed());
        let mut places = store::batch::waiting(&self.db, now).await?;
        places.retain(|place| !closed.contains(&place.origin) && running.slots.has_room(place.tier, &place.origin));
        if places.is_empty() {
            return Ok(0);
        }
        let wanted = Wanted {
            slots: running.slots.clone(),
            places,
            now,
            owner: self.owner.clone(),
            lease_until: self.lease_until(now),
        };
        let leases = writer.claim(wanted).await?;
        let claimed = leases.len();
        for lease in leases {
            running.start(&lease, |lease| delivery::deliver(self.clone(), writer.clone(), lease, taken_at));
        }
        Ok(claimed)
    }

    /// Tells what changed with a push service: that it refuses us, for everyone or for some, or accepts us again.
    fn tell(&self, origin: &str, app: &str, reason: &str, change: Option<Change>) {
        match change {
            None => return,
            Some(Change::Resumed) => {
                tracing::warn!(origin, app, "{origin} accepts our pushes again: what waited for it goes on");
            }
            Some(Change::Paused) => {
                tracing::error!(
                    origin,
                    reason,
                    "{origin} refuses our credentials or settings and is paused: nothing is lost, it goes on when they \
                     are mended"
                );
                metrics::counter!("beffroi_push_misconfigured_total").increment(1);
            }
            Some(Change::Refusing) => {
                tracing::error!(
                    origin,
                    app,
                    reason,
                    "{origin} refuses so many of our pushes that our credentials or settings must be wrong: nothing is \
                     lost, whoever is refused is told when they are mended"
                );
                metrics::counter!("beffroi_push_misconfigured_total").increment(1);
            }
        }
        self.wake.dispatch.notify_one();
    }

    /// Lets metrics and other nodes know which push services are paused, when that changed and now and then.
    async fn tell_pauses(&self, told: &mut Told) {
        let pauses = self.pauses.all();
        let now = self.clock.now();
        let is_new = told.at.is_none() || pauses != told.pauses;
        let is_old = told.at.is_some_and(|at| now.duration_since(at) > PAUSES_CONFIRMED_EVERY) && !pauses.is_empty();
        if !is_new && !is_old {
            return;
        }
        metrics::gauge!("beffroi_push_paused").set(pauses.len() as f64);
        let kept = async {
            let mut tx = self.db.begin_as(Turn::Engine, Kept::Relaxed).await?;
            store::pause::replace(&mut tx, &self.owner, &pauses, now).await?;
            tx.commit().await
        };
        match kept.await {
            Ok(()) => (told.pauses, told.at) = (pauses, Some(now)),
            Err(error) => {
                let error: StoreError = error;
                tracing::error!(error = &error as &dyn std::error::Error, "what is paused could not be written down");
            }
        }
    }

    /// Takes the share of each quota that the other nodes leave, which changes as they come and go.
    async fn share_quotas(&self, told: &mut Told) {
        let now = self.clock.now();
        if told.shared_at.is_some_and(|at| now.duration_since(at) < QUOTAS_SHARED_EVERY) {
            return;
        }
        told.shared_at = Some(now);
        for origin in self.gate.with_quota() {
            match store::batch::others_sending_to(&self.db, &origin, &self.owner, now).await {
                Ok(others) => self.gate.share_quota(&origin, others.saturating_add(1)),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "who else is sending could not be read");
                }
            }
        }
    }

    /// When a lease taken or renewed now runs out, on the database's terms.
    pub fn lease_until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::try_from(self.settings.lease).unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    /// How long until there may be something that was not there when it was last looked, which was at that time.
    async fn pause(&self, looked_at: Timestamp) -> Duration {
        match store::batch::next_due(&self.db, looked_at).await {
            Ok(Some(due)) => {
                let wait = Duration::try_from(due.duration_since(self.clock.now())).unwrap_or(Duration::ZERO);
                wait.clamp(PAUSE_MIN, self.settings.poll.max(PAUSE_MIN))
            }
            Ok(None) => self.settings.poll,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what is due next could not be read");
                self.settings.poll
            }
        }
    }
}

/// What was last told to and heard of other nodes; nothing at the start, so that what an earlier process told goes.
#[derive(Default)]
struct Told {
    pauses: Vec<Pause>,
    at: Option<Timestamp>,
    shared_at: Option<Timestamp>,
}

/// The deliveries under way on this node.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    slots: Slots,
    slots_of: HashMap<tokio::task::Id, Slot>,
}

impl Running {
    fn start<F: Future<Output = ()> + Send + 'static>(&mut self, lease: &Lease, deliver: impl FnOnce(Lease) -> F) {
        let slot = self.slots.take(lease);
        let id = self.tasks.spawn(deliver(lease.clone())).id();
        self.slots_of.insert(id, slot);
    }

    /// Waits until deliveries have ended; for ever when none is under way.
    async fn some_ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.give_back(ended),
            None => std::future::pending().await,
        }
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.give_back(ended);
        }
    }

    fn give_back(&mut self, ended: Result<(tokio::task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                // Its lease runs out and the batch is taken up again.
                tracing::error!(error = &error as &dyn std::error::Error, "a delivery failed");
                error.id()
            }
        };
        if let Some(slot) = self.slots_of.remove(&id) {
            self.slots.give_back(&slot);
        }
    }
}
