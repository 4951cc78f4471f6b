//! Keeps the audience index in step with the database: by number of change, drained before each targeting. So every
//! change that was committed before a match began is in it, whichever process made it; being woken and polling only
//! keep the index fresh in between. A match whose changes cannot be read does not happen: it is tried again.

use crate::audience::{Audience, Change};
use crate::clock::Clock;
use crate::store::subscriber::Moment;
use crate::store::{self, Db, StoreError};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The one who applies changes to the audience of this node.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    clock: Clock,
    audience: Audience,
    one_at_a_time: Mutex<()>,
    /// Since when changes cannot be read.
    failing: StdMutex<Option<Instant>>,
}

/// Why everyone is read again, not only who changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// The database stands at an earlier change than we do: an older copy was put in its place.
    WentBack,
    /// Its last change has a number that the log of changes does not have.
    Gap,
}

impl Loss {
    const fn as_str(self) -> &'static str {
        match self {
            Self::WentBack => "went-back",
            Self::Gap => "gap",
        }
    }
}

impl Follower {
    pub fn new(db: Db, clock: Clock, audience: Audience) -> Self {
        Self { db, clock, audience, one_at_a_time: Mutex::new(()), failing: StdMutex::new(None) }
    }

    /// Reads everyone. Done once at the start.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self) -> Result<(), StoreError> {
        let _turn = self.one_at_a_time.lock().await;
        self.read_everyone().await?;
        self.measure();
        Ok(())
    }

    /// Applies every change that was committed before this call. Where changes were lost, everyone is read again.
    ///
    /// # Errors
    /// When the database does not answer; the audience is then as it was, or some changes further.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let _turn = self.one_at_a_time.lock().await;
        let followed = self.follow().await;
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing = followed.is_err().then(|| failing.unwrap_or_else(|| self.clock.monotonic()));
        drop(failing);
        self.measure();
        followed
    }

    /// For how long changes could not be read; `None` when the last try succeeded.
    pub fn behind_for(&self) -> Option<Duration> {
        let failing = *self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.map(|since| self.clock.monotonic().duration_since(since))
    }

    async fn follow(&self) -> Result<(), StoreError> {
        let mut moment = Moment::now(&self.db).await?;
        let mut seq = self.audience.snapshot().seq();
        if moment.seq() < seq {
            drop(moment);
            return self.read_again(Loss::WentBack).await;
        }
        while seq < moment.seq() {
            let (changed, last) = moment.changes_since(seq).await?;
            if changed.is_empty() {
                drop(moment);
                return self.read_again(Loss::Gap).await;
            }
            let changes = changed
                .into_iter()
                .map(|(slot, listener)| listener.map_or(Change::Remove(slot), Change::Upsert))
                .collect();
            self.audience.apply(changes, last);
            seq = last;
        }
        Ok(())
    }

    async fn read_again(&self, loss: Loss) -> Result<(), StoreError> {
        let seq = self.audience.snapshot().seq();
        tracing::error!(
            loss = loss.as_str(),
            seq,
            "changes of subscriptions are lost after number {seq}: everyone is read again"
        );
        metrics::counter!("beffroi_audience_read_again_total", "loss" => loss.as_str()).increment(1);
        self.read_everyone().await
    }

    async fn read_everyone(&self) -> Result<(), StoreError> {
        let (listeners, seq) = store::subscriber::listeners(&self.db).await?;
        self.audience.load(listeners, seq);
        Ok(())
    }

    fn measure(&self) {
        let snapshot = self.audience.snapshot();
        metrics::gauge!("beffroi_audience_people").set(snapshot.len() as f64);
        metrics::gauge!("beffroi_audience_change").set(snapshot.seq() as f64);
        metrics::gauge!("beffroi_audience_behind_seconds").set(self.behind_for().unwrap_or_default().as_secs_f64());
    }
}
