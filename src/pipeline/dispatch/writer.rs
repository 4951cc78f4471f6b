//! The one writer of a node's senders: what all of them have to write down is committed together, so that the disk is
//! waited for once and not by each.

use super::halt::{Halt, Point};
use super::round::Round;
use super::slots::Slots;
use crate::clock::Clock;
use crate::model::batch::{Lease, Part, Progress};
use crate::model::id::BroadcastId;
use crate::store::batch::{Change, Standing, Waiting};
use crate::store::{self, Db, Kept, StoreError, Turn, Tx};
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The most that waits to be written; whoever comes then waits to wait.
const QUEUE_MAX: usize = 256;
/// The most that is committed together.
const TOGETHER_MAX: usize = 64;
/// How long is waited for what another transaction holds. Meanwhile nobody else's reports are written.
const HELD_WAIT_MS: u32 = 100;
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

impl Report {
    fn change(&self) -> Change<'_> {
        Change { lease: &self.lease, moves: matches!(self.then, Then::PutBack(_)) }
    }
}

/// Which batches a node wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub slots: Slots,
    /// Where batches were seen that may be taken.
    pub places: Vec<Waiting>,
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

    /// Takes up to [`CLAIMS_MAX`](super::round::CLAIMS_MAX) batches, the most urgent first, and of each tier one where there is any.
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

/// What becomes of a report whose batch another transaction holds.
#[derive(Debug, Clone, Copy)]
enum Held {
    Left,
    Awaited,
}

struct Writing {
    db: Db,
    clock: Clock,
    halt: Arc<Halt>,
}

type Reported = (Report, Answer<Standing>);
type Claimed = (Wanted, Answer<Vec<Lease>>);

impl Writing {
    async fn run(self, mut queue: mpsc::Receiver<Job>) {
        // Reports of batches that another transaction held: nobody but their senders waits for them.
        let mut late = VecDeque::new();
        let mut together = Vec::with_capacity(TOGETHER_MAX);
        loop {
            if late.is_empty() {
                if queue.recv_many(&mut together, TOGETHER_MAX).await == 0 {
                    return;
                }
            } else {
                while together.len() < TOGETHER_MAX
                    && let Ok(job) = queue.try_recv()
                {
                    together.push(job);
                }
                if together.is_empty() {
                    self.wait_for_one(&mut late).await;
                    continue;
                }
            }
            let mut ended = BTreeSet::new();
            let (mut reports, mut claims) = (Vec::from(std::mem::take(&mut late)), Vec::new());
            for job in together.drain(..) {
                match job {
                    Job::Report(report, answer) => reports.push((report, answer)),
                    Job::Claim(wanted, answer) => claims.push((wanted, answer)),
                    Job::Ended(broadcast) => _ = ended.insert(broadcast),
                }
            }
            self.keep(reports, claims, &mut late).await;
            if !ended.is_empty()
                && let Err(error) = self.end(&Vec::from_iter(ended)).await
            {
                // The sweep ends them.
                tracing::error!(error = &error as &dyn std::error::Error, "broadcasts could not be ended");
            }
        }
    }

    /// Everything in one transaction but what another one holds; when that fails, each in one of its own, so that nobody's
    /// trouble is another's.
    async fn keep(&self, reports: Vec<Reported>, claims: Vec<Claimed>, late: &mut VecDeque<Reported>) {
        let count = reports.len() + claims.len();
        if count == 0 {
            return;
        }
        metrics::histogram!("beffroi_dispatch_writes_together").record(u32::try_from(count).unwrap_or(u32::MAX));
        let all = self.together(
            reports.iter().map(|(report, _)| report),
            claims.iter().map(|(wanted, _)| wanted),
            Held::Left,
        );
        match all.await {
            Ok((standings, leases)) => {
                for ((report, answer), standing) in reports.into_iter().zip(standings) {
                    match standing {
                        // A sender that is gone needs no answer.
                        Some(standing) => _ = answer.send(Ok(standing)),
                        None => late.push_back((report, answer)),
                    }
                }
                for ((_, answer), leases) in claims.into_iter().zip(leases) {
                    _ = answer.send(Ok(leases));
                }
            }
            Err(error) => {
                if count > 1 {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "what was to be committed together is committed one by one"
                    );
                }
                for (wanted, answer) in claims {
                    let alone = self.together(std::iter::empty(), std::iter::once(&wanted), Held::Left).await;
                    _ = answer.send(alone.map(|(_, mut leases)| leases.pop().unwrap_or_default()));
                }
                for (report, answer) in reports {
                    self.keep_one(report, answer, Held::Left, late).await;
                }
            }
        }
    }

    /// Nothing else is to be written: the first of those that were put off, when what it needs is free.
    async fn wait_for_one(&self, late: &mut VecDeque<Reported>) {
        if let Some((report, answer)) = late.pop_front() {
            self.keep_one(report, answer, Held::Awaited, late).await;
        }
    }

    async fn keep_one(&self, report: Report, answer: Answer<Standing>, held: Held, late: &mut VecDeque<Reported>) {
        match self.together(std::iter::once(&report), std::iter::empty(), held).await {
            Ok((standings, _)) => match standings.first() {
                Some(Some(standing)) => _ = answer.send(Ok(*standing)),
                Some(None) | None => late.push_back((report, answer)),
            },
            Err(error) if error.is_held() => late.push_back((report, answer)),
            Err(error) => _ = answer.send(Err(error)),
        }
    }

    /// A report has no standing when another transaction holds what it changes.
    async fn together(
        &self,
        reports: impl Iterator<Item = &Report> + Clone + Send,
        claims: impl Iterator<Item = &Wanted> + Send,
        held: Held,
    ) -> Result<(Vec<Option<Standing>>, Vec<Vec<Lease>>), StoreError> {
        // Who only claims has sent nothing yet, and writes down whom before it does. But a server that loses a claim and
        // comes back would give the same token out twice.
        let reporting = reports.clone().next().is_some();
        let kept = if reporting || self.db.is_server() { Kept::OnDisk } else { Kept::Relaxed };
        let mut tx = self.db.begin_as(Turn::Engine, kept).await?;
        tx.wait_at_most(HELD_WAIT_MS).await?;
        let (mut standings, mut leases) = (Vec::new(), Vec::new());
        let mut gone = RoaringBitmap::new();
        let mut read_at = Timestamp::MAX;
        let changes = reports.clone().map(Report::change);
        let put_off = match held {
            Held::Left => store::batch::hold_what_is_free(&mut tx, changes).await?,
            Held::Awaited => {
                store::batch::hold(&mut tx, changes).await?;
                BTreeSet::new()
            }
        };
        for report in reports {
            if put_off.contains(&report.lease.batch.id) {
                standings.push(None);
                continue;
            }
            standings.push(Some(report_one(&mut tx, report).await?));
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
            standings.iter().any(Option::is_some).then_some((Point::Writing, Point::Written))
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

    /// In a transaction of its own, after those of their batches: only then do two nodes that end the last two batches
    /// see each other, and a Cancel that locks a broadcast before its batches waits for nobody who waits for it. Who
    /// holds one stops it, or the sweep ends it, as it ends what a power cut took back.
    async fn end(&self, broadcasts: &[BroadcastId]) -> Result<(), StoreError> {
        self.halt.at(Point::Ending);
        let mut tx = self.db.begin_as(Turn::Engine, Kept::Relaxed).await?;
        store::broadcast::finish(&mut tx, broadcasts, self.clock.now()).await?;
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
    let Wanted { now, owner, lease_until, .. } = wanted;
    let mut round = Round::new(wanted.places.clone(), wanted.slots.clone());
    let mut leases = Vec::new();
    while let Some(place) = round.next() {
        match store::batch::claim(tx, &place, *now, owner, *lease_until).await? {
            Some(lease) => {
                round.took(&lease);
                leases.push(lease);
            }
            None => round.nothing_at(&place),
        }
    }
    Ok(leases)
}
