//! The one writer of a node's senders: what all of them have to write down is committed together, so that the disk is
//! waited for once and not by each.

use super::halt::{Halt, Point};
use super::slots::Slots;
use crate::clock::Clock;
use crate::model::batch::{Lease, Part, Progress};
use crate::model::id::BroadcastId;
use crate::model::tier::Tier;
use crate::store::batch::Standing;
use crate::store::{self, Db, StoreError, Tx};
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The most that waits to be written; whoever comes then waits to wait.
const QUEUE_MAX: usize = 256;
/// The most that is committed together.
const TOGETHER_MAX: usize = 64;
/// The most batches that one claim takes, so that a more urgent one is never far.
const CLAIMS_MAX: usize = 8;

/// Why something was not written down.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the writer has ended")]
    Ended,
}

/// What becomes of the batch with a report.
#[derive(Debug, Clone)]
pub enum Then {
    /// The sender goes on, until then.
    Hold(Timestamp),
    PutBack(Vec<Part>),
    Finish,
    /// The lease is lost: only whose endpoint is gone is kept.
    Nothing,
}

/// What a sender has to write down.
#[derive(Debug, Clone)]
pub struct Report {
    pub lease: Arc<Lease>,
    pub progress: Progress,
    /// Whose endpoint is gone, and when their endpoints were read.
    pub gone: RoaringBitmap,
    pub read_at: Timestamp,
    pub then: Then,
}

/// Which batches a node wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub slots: Slots,
    /// Push services that nothing is sent to now.
    pub closed: Vec<String>,
    pub now: Timestamp,
    pub owner: String,
    pub lease_until: Timestamp,
}

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

enum Job {
    Report(Report, Answer<Standing>),
    Claim(Wanted, Answer<Vec<Lease>>),
    /// A batch of it has ended: perhaps it was the last.
    Ended(BroadcastId),
}

/// Hands to the writer. Cheap to clone; the writer ends when the last one is dropped.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// A writer, and what it does.
    pub fn new(db: Db, clock: Clock, halt: Arc<Halt>) -> (Self, impl Future<Output = ()> + Send) {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        (Self { jobs }, Writing { db, clock, halt }.run(queue))
    }

    /// Writes a report down and says where the batch stands.
    ///
    /// # Errors
    /// The database failed.
    pub async fn report(&self, report: Report) -> Result<Standing, WriteError> {
        self.ask(|answer| Job::Report(report, answer)).await
    }

    /// Takes up to [`CLAIMS_MAX`] batches, the most urgent first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim(&self, wanted: Wanted) -> Result<Vec<Lease>, WriteError> {
        self.ask(|answer| Job::Claim(wanted, answer)).await
    }

    /// Ends a broadcast, if nothing of it is open. Call it when the end of one of its batches is committed.
    pub async fn ended(&self, broadcast: BroadcastId) {
        // Without a writer the sweep finds it.
        _ = self.jobs.send(Job::Ended(broadcast)).await;
    }

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, WriteError> {
        let (sender, answer) = oneshot::channel();
        self.jobs.send(job(sender)).await.map_err(|_| WriteError::Ended)?;
        Ok(answer.await.map_err(|_| WriteError::Ended)??)
    }
}

struct Writing {
    db: Db,
    clock: Clock,
    halt: Arc<Halt>,
}

impl Writing {
    async fn run(self, mut queue: mpsc::Receiver<Job>) {
        let mut together = Vec::with_capacity(TOGETHER_MAX);
        while queue.recv_many(&mut together, TOGETHER_MAX).await > 0 {
            let mut ended = BTreeSet::new();
            let (mut reports, mut claims) = (Vec::new(), Vec::new());
            for job in together.drain(..) {
                match job {
                    Job::Report(report, answer) => reports.push((report, answer)),
                    Job::Claim(wanted, answer) => claims.push((wanted, answer)),
                    Job::Ended(broadcast) => _ = ended.insert(broadcast.0),
                }
            }
            self.keep(reports, claims).await;
            for broadcast in ended {
                if let Err(error) = self.end(&BroadcastId(broadcast)).await {
                    tracing::error!(error = &error as &dyn std::error::Error, "a broadcast could not be ended");
                }
            }
        }
    }

    /// Everything in one transaction; when that fails, each in one of its own, so that nobody's trouble is another's.
    async fn keep(&self, reports: Vec<(Report, Answer<Standing>)>, claims: Vec<(Wanted, Answer<Vec<Lease>>)>) {
        if reports.is_empty() && claims.is_empty() {
            return;
        }
        let many = reports.len() + claims.len() > 1;
        metrics::histogram!("beffroi_dispatch_writes_together")
            .record(u32::try_from(reports.len() + claims.len()).unwrap_or(u32::MAX));
        let all =
            self.together(reports.iter().map(|(report, _)| report), claims.iter().map(|(wanted, _)| wanted)).await;
        match all {
            Ok((standings, leases)) => {
                for ((_, answer), standing) in reports.into_iter().zip(standings) {
                    // A sender that is gone needs no answer.
                    _ = answer.send(Ok(standing));
                }
                for ((_, answer), leases) in claims.into_iter().zip(leases) {
                    _ = answer.send(Ok(leases));
                }
            }
            Err(error) => {
                if many {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "what was to be committed together is committed one by one"
                    );
                }
                for (report, answer) in reports {
                    let alone = self.together(std::iter::once(&report), std::iter::empty()).await;
                    _ = answer.send(alone.map(|(standings, _)| standings[0]));
                }
                for (wanted, answer) in claims {
                    let alone = self.together(std::iter::empty(), std::iter::once(&wanted)).await;
                    _ = answer.send(alone.map(|(_, mut leases)| leases.pop().unwrap_or_default()));
                }
            }
        }
    }

    async fn together(
        &self,
        reports: impl Iterator<Item = &Report> + Clone + Send,
        claims: impl Iterator<Item = &Wanted> + Send,
    ) -> Result<(Vec<Standing>, Vec<Vec<Lease>>), StoreError> {
        let mut tx = self.db.begin().await?;
        let (mut standings, mut leases) = (Vec::new(), Vec::new());
        let mut gone = RoaringBitmap::new();
        let mut read_at = Timestamp::MAX;
        store::batch::hold(&mut tx, reports.clone().map(|report| &*report.lease)).await?;
        for report in reports {
            standings.push(report_one(&mut tx, report).await?);
            if !report.gone.is_empty() {
                gone |= &report.gone;
                // The earliest: who has brought a new endpoint since stays, at worst until the next alert.
                read_at = read_at.min(report.read_at);
            }
        }
        for wanted in claims {
            leases.push(claim_some(&mut tx, wanted).await?);
        }
        if !gone.is_empty() {
            store::subscriber::retire(&mut tx, &gone, read_at).await?;
        }
        // A look at what there is to claim is no point of a batch's way.
        let points = if leases.iter().any(|leases| !leases.is_empty()) {
            Some((Point::Claiming, Point::Written))
        } else {
            (!standings.is_empty()).then_some((Point::Writing, Point::Written))
        };
        if let Some((before, _)) = points {
            self.halt.at(before);
        }
        tx.commit().await?;
        if let Some((_, after)) = points {
            self.halt.at(after);
        }
        Ok((standings, leases))
    }

    /// In a transaction of its own, after those of its batches: only then do two nodes that end the last two batches
    /// see each other, and a Cancel that locks the broadcast before its batches waits for nobody who waits for it.
    async fn end(&self, broadcast: &BroadcastId) -> Result<(), StoreError> {
        self.halt.at(Point::Ending);
        let mut tx = self.db.begin().await?;
        store::broadcast::finish(&mut tx, broadcast, self.clock.now()).await?;
        tx.commit().await
    }
}

async fn report_one(tx: &mut Tx, report: &Report) -> Result<Standing, StoreError> {
    let Report { lease, progress, then, .. } = report;
    match then {
        Then::Hold(until) => store::batch::checkpoint(tx, lease, progress, *until).await,
        Then::PutBack(parts) => store::batch::put_back(tx, lease, progress, parts).await,
        Then::Finish => store::batch::finish(tx, lease, progress).await,
        Then::Nothing => Ok(Standing::Stale),
    }
}

async fn claim_some(tx: &mut Tx, wanted: &Wanted) -> Result<Vec<Lease>, StoreError> {
    let Wanted { closed, now, owner, lease_until, .. } = wanted;
    let mut slots = wanted.slots.clone();
    let mut leases = Vec::new();
    for tier in Tier::ALL {
        while leases.len() < CLAIMS_MAX && !slots.is_full(tier) {
            let skipped: Vec<&str> = closed.iter().map(String::as_str).chain(slots.full(tier)).collect();
            let Some(lease) = store::batch::claim(tx, tier, &skipped, *now, owner, *lease_until).await? else { break };
            slots.take(&lease);
            leases.push(lease);
        }
    }
    Ok(leases)
}
