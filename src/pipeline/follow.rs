//! Keeps the audience index in step with the database: by number of change, drained before each targeting. So every
//! change that was committed before a match began is in it, whichever process made it; being woken and polling only
//! keep the index fresh in between. A match whose changes cannot be read does not happen: it is tried again.

use crate::audience::{Audience, Builder, Change, Checksum, Snapshot};
use crate::clock::Clock;
use crate::model::proof::{Proof, Tally};
use crate::model::subscriber::Listener;
use crate::store::subscriber::Moment;
use crate::store::{self, Db, StoreError};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// People read at once while they are added up.
const ADDED_UP_PAGE: i64 = 1_000;

/// The one who applies changes to the audience of this node.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    clock: Clock,
    audience: Audience,
    one_at_a_time: Mutex<()>,
    /// Since when changes cannot be read.
    failing: StdMutex<Option<Instant>>,
    /// The last import of named areas that the audience knows of.
    import: AtomicI64,
    /// Whether the areas of that import are not as we store them.
    areas_corrupt: AtomicBool,
    /// Whether the areas could not be read when it was last tried.
    areas_failed: AtomicBool,
    /// The last comparison with the database.
    proof: StdMutex<Option<Proof>>,
}

/// What index and database add up to, both at the same change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    pub change: i64,
    pub index: Tally,
    pub database: Tally,
    /// The import of named areas that the index has.
    pub index_import: i64,
    /// The last one in the database.
    pub database_import: i64,
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
        let (failing, proof) = (StdMutex::new(None), StdMutex::new(None));
        Self {
            db,
            clock,
            audience,
            one_at_a_time: Mutex::new(()),
            failing,
            import: AtomicI64::new(0),
            areas_corrupt: AtomicBool::new(false),
            areas_failed: AtomicBool::new(false),
            proof,
        }
    }

    /// Reads everyone and all named areas. Done once at the start, and where index and database disagree.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self) -> Result<(), StoreError> {
        let _turn = self.one_at_a_time.lock().await;
        self.note_areas(&self.read_areas().await);
        self.read_everyone().await?;
        self.measure();
        Ok(())
    }

    /// Reads all named areas again; where they cannot be read, those that are known stay.
    pub async fn load_areas(&self) {
        let _turn = self.one_at_a_time.lock().await;
        self.note_areas(&self.read_areas().await);
    }

    /// Applies every change that was committed before this call. Where changes were lost, everyone is read again.
    ///
    /// # Errors
    /// When the database does not answer; the audience is then as it was, or some changes further.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let _turn = self.one_at_a_time.lock().await;
        let followed = self.follow_now().await;
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

    /// Adds up the index and the database at one and the same change. Reads everyone, a page at a time and no more than
    /// half of the time, on a connection of its own; changes and matches go on meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn compare(&self) -> Result<Compared, StoreError> {
        let (snapshot, mut moment) = self.same_moment().await?;
        let (index_import, database_import) = (snapshot.gazetteer().import(), moment.import().await?);
        let database = add_up(&mut moment, self.clock, |_| {}).await?;
        let change = moment.seq();
        drop(moment);
        let index = tokio::task::spawn_blocking(move || snapshot.checksum()).await.expect("adding up does not fail");
        Ok(Compared { change, index: tally(index), database, index_import, database_import })
    }

    /// Keeps the last comparison for whoever asks.
    pub fn remember(&self, proof: Proof) {
        *self.proof.lock().unwrap_or_else(PoisonError::into_inner) = Some(proof);
    }

    /// The last comparison; `None` before the first has ended.
    pub fn proof(&self) -> Option<Proof> {
        self.proof.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The index and a moment of the database that show the same last change, and to which the last import of named
    /// areas known to the follower is the same. Neither changes any more.
    async fn same_moment(&self) -> Result<(Arc<Snapshot>, Moment), StoreError> {
        loop {
            // Connecting may take long, and nobody's match must wait for it.
            let apart = Moment::connect(&self.db).await?;
            let _turn = self.one_at_a_time.lock().await;
            let followed = self.follow_areas().await;
            self.note_areas(&followed);
            if !self.areas_corrupt.load(Ordering::Relaxed) {
                followed?;
            }
            let mut moment = apart.moment().await?;
            if moment.import().await? != self.import.load(Ordering::Relaxed) {
                // Imported in between.
                continue;
            }
            match self.follow(&mut moment).await? {
                None => return Ok((self.audience.snapshot(), moment)),
                Some(loss) => self.read_again(loss).await?,
            }
        }
    }

    /// Follows the named areas; where they cannot be read, those that are known stay, as alerts must not wait for them.
    async fn try_areas(&self) {
        self.note_areas(&self.follow_areas().await);
    }

    fn note_areas(&self, followed: &Result<bool, StoreError>) {
        metrics::gauge!("beffroi_named_areas_failed").set(if matches!(followed, Ok(true)) { 0.0 } else { 1.0 });
        match followed {
            Ok(known) => self.areas_failed.store(!known, Ordering::Relaxed),
            Err(error) => {
                self.areas_failed.store(true, Ordering::Relaxed);
                metrics::counter!("beffroi_named_areas_unread_total").increment(1);
                tracing::error!(%error, "named areas cannot be read, those known before stay: {error}");
            }
        }
    }

    /// Whether the named areas in the database could not be read; those known before are used.
    pub fn areas_failed(&self) -> bool {
        self.areas_failed.load(Ordering::Relaxed)
    }

    /// Reads the named areas again when some were imported since. Whether those of the last import are known.
    async fn follow_areas(&self) -> Result<bool, StoreError> {
        if store::area::number(&self.db).await? == self.import.load(Ordering::Relaxed) {
            return Ok(!self.areas_corrupt.load(Ordering::Relaxed));
        }
        self.read_areas().await
    }

    async fn read_areas(&self) -> Result<bool, StoreError> {
        let stored = store::area::read_all(&self.db).await?;
        let number = stored.number();
        // Preparing borders takes the processor for a moment: others must not wait for it.
        let gazetteer = tokio::task::spawn_blocking(move || stored.gazetteer()).await;
        let gazetteer = gazetteer.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        // What is not as we store it stays so until the next import.
        self.areas_corrupt.store(gazetteer.is_err(), Ordering::Relaxed);
        self.import.store(number, Ordering::Relaxed);
        let gazetteer = gazetteer?;
        let areas = gazetteer.len();
        self.audience.rename(Arc::new(gazetteer));
        metrics::gauge!("beffroi_named_areas").set(areas as f64);
        tracing::info!(number, areas, "{areas} named areas are known, as of import {number}");
        Ok(true)
    }

    async fn follow_now(&self) -> Result<(), StoreError> {
        self.try_areas().await;
        let mut moment = Moment::now(&self.db).await?;
        let loss = self.follow(&mut moment).await?;
        // Reading everyone takes a connection, and there may be only one.
        drop(moment);
        match loss {
            Some(loss) => self.read_again(loss).await,
            None => Ok(()),
        }
    }

    /// Applies the changes up to this moment; when some are lost, the index does not stand there.
    async fn follow(&self, moment: &mut Moment) -> Result<Option<Loss>, StoreError> {
        let mut seq = self.audience.snapshot().seq();
        if moment.seq() < seq {
            return Ok(Some(Loss::WentBack));
        }
        while seq < moment.seq() {
            let (changed, last) = moment.changes_since(seq).await?;
            if changed.is_empty() {
                return Ok(Some(Loss::Gap));
            }
            let changes = changed
                .into_iter()
                .map(|(slot, listener)| listener.map_or(Change::Remove(slot), Change::Upsert))
                .collect();
            self.audience.apply(changes, last);
            seq = last;
        }
        Ok(None)
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
        let mut builder = Builder::new();
        let seq = store::subscriber::everyone(&self.db, |listener| builder.add(listener)).await?;
        self.audience.load_built(builder, seq);
        Ok(())
    }

    fn measure(&self) {
        let snapshot = self.audience.snapshot();
        metrics::gauge!("beffroi_audience_people").set(snapshot.len() as f64);
        metrics::gauge!("beffroi_audience_change").set(snapshot.seq() as f64);
        metrics::gauge!("beffroi_audience_behind_seconds").set(self.behind_for().unwrap_or_default().as_secs_f64());
    }
}

/// Adds up everyone of a moment, telling each, and rests as long as it works.
///
/// # Errors
/// When the database does not answer, or someone in it cannot be read.
pub async fn add_up(moment: &mut Moment, clock: Clock, mut each: impl FnMut(&Listener)) -> Result<Tally, StoreError> {
    let mut sum = Checksum::default();
    let mut last = None;
    loop {
        let began = clock.monotonic();
        let page = moment.listeners(last, ADDED_UP_PAGE).await?;
        let Some(end) = page.last() else { return Ok(tally(sum)) };
        last = Some(end.slot);
        for listener in &page {
            sum += Checksum::of(listener);
            each(listener);
        }
        tokio::time::sleep(clock.monotonic().duration_since(began)).await;
    }
}

const fn tally(sum: Checksum) -> Tally {
    let Checksum { people, places, sum } = sum;
    Tally { people, places, sum }
}
