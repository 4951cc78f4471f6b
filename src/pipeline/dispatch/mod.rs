//! Step 5: leased batches to requests. The most urgent tier is taken up first, and asked for again before every send.

mod delivery;
mod letters;

use super::bell::Wake;
use super::fence::Fence;
use super::gate::Gate;
use crate::clock::Clock;
use crate::config;
use crate::model::batch::Lease;
use crate::model::tier::Tier;
use crate::push;
use crate::store::vault::Vault;
use crate::store::{self, Db, StoreError};
use jiff::Timestamp;
use letters::Letters;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// Batches of one tier that a node sends at once; each tier has its own, so that none can keep another out.
const BATCHES_PER_TIER_MAX: usize = 4;
/// Push services whose turns are kept; beyond that those that nobody uses are forgotten.
const ORIGINS_MAX: usize = 256;
/// The shortest pause of the loop when something is due soon.
const PAUSE_MIN: Duration = Duration::from_millis(5);

/// Everything that sending needs.
pub struct Dispatcher {
    pub db: Db,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub sender: Arc<push::Sender>,
    pub fence: Arc<Fence>,
    pub gate: Gate,
    pub wake: Arc<Wake>,
    pub settings: config::Dispatch,
    /// This node, in leases.
    pub owner: String,
    letters: Letters,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
    in_flight_per_origin_max: usize,
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
        wake: Arc<Wake>,
        settings: config::Dispatch,
        public_url: url::Url,
        owner: String,
        in_flight_per_origin_max: usize,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let letters = Letters::new(db.clone(), vault.clone(), sender.clone(), public_url);
        Self {
            db,
            vault,
            clock,
            sender,
            fence,
            gate,
            wake,
            settings,
            owner,
            letters,
            turns: Mutex::default(),
            in_flight_per_origin_max,
            closing,
        }
    }

    /// Takes up batches until the service closes, then lets those under way write down how far they came.
    pub async fn run(self: Arc<Self>) {
        let mut closing = self.closing.clone();
        let mut running = Running::default();
        while !*closing.borrow() {
            if let Err(error) = self.take_up(&mut running).await {
                tracing::error!(error = &error as &dyn std::error::Error, "batches could not be taken up");
            }
            let pause = self.pause().await;
            tokio::select! {
                () = self.wake.dispatch.notified() => {}
                () = running.one_ended() => {}
                () = tokio::time::sleep(pause) => {}
                _ = closing.changed() => {}
            }
        }
        while !running.tiers.is_empty() {
            running.one_ended().await;
        }
    }

    async fn take_up(self: &Arc<Self>, running: &mut Running) -> Result<(), StoreError> {
        let now = self.clock.now();
        if store::batch::next_due(&self.db, now).await?.is_none_or(|due| due > now) {
            return Ok(());
        }
        for tier in Tier::ALL {
            while running.of(tier) < BATCHES_PER_TIER_MAX {
                let Some((lease, taken_at)) = self.claim(tier).await? else { break };
                running.start(tier, delivery::deliver(self.clone(), lease, taken_at));
            }
        }
        Ok(())
    }

    /// Takes the next batch of a tier, with the moment from which the lease runs.
    async fn claim(&self, tier: Tier) -> Result<Option<(Lease, std::time::Instant)>, StoreError> {
        let now = self.clock.now();
        let taken_at = self.clock.monotonic();
        let mut tx = self.db.begin().await?;
        let lease = store::batch::claim(&mut tx, tier, now, &self.owner, self.lease_until(now)).await?;
        tx.commit().await?;
        Ok(lease.map(|lease| (lease, taken_at)))
    }

    /// Waits for a turn at a push service.
    async fn turn(&self, origin: &str) -> OwnedSemaphorePermit {
        let turns = {
            let mut known = self.turns.lock().expect("nothing panics while it holds the turns");
            if known.len() >= ORIGINS_MAX && !known.contains_key(origin) {
                known.retain(|_, turns| Arc::strong_count(turns) > 1);
            }
            let fresh = || Arc::new(Semaphore::new(self.in_flight_per_origin_max));
            known.entry(origin.to_owned()).or_insert_with(fresh).clone()
        };
        turns.acquire_owned().await.expect("turns are never closed")
    }

    /// When a lease taken or renewed now runs out, on the database's terms.
    pub fn lease_until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(jiff::SignedDuration::try_from(self.settings.lease).unwrap_or(jiff::SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    async fn pause(&self) -> Duration {
        let now = self.clock.now();
        match store::batch::next_due(&self.db, now).await {
            Ok(Some(due)) if due > now => {
                let wait = Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO);
                wait.clamp(PAUSE_MIN, self.settings.poll)
            }
            Ok(_) => self.settings.poll,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what is due next could not be read");
                self.settings.poll
            }
        }
    }
}

/// The deliveries under way on this node.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    tiers: HashMap<tokio::task::Id, Tier>,
}

impl Running {
    fn of(&self, tier: Tier) -> usize {
        self.tiers.values().filter(|running| **running == tier).count()
    }

    fn start(&mut self, tier: Tier, delivery: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(delivery).id();
        self.tiers.insert(id, tier);
    }

    /// Waits until a delivery has ended; for ever when none is under way.
    async fn one_ended(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                // Its lease runs out and the batch is taken up again.
                tracing::error!(error = &error as &dyn std::error::Error, "a delivery failed");
                error.id()
            }
            None => std::future::pending().await,
        };
        self.tiers.remove(&id);
    }
}
