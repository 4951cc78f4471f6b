//! The ledger adds up whatever happens: random sequences of claims, reports, closings and restarts, against a small
//! model that thinks in people instead of bitmaps.

use super::given::{at, batch_of, broadcast, claim, commit, plan, set};
use crate::support::database::databases;
use beffroi::clock::random_id;
use beffroi::model::batch::{Batch, Lease, Part, Progress, Rest};
use beffroi::model::broadcast::State;
use beffroi::model::histogram::Histogram;
use beffroi::model::id::{BatchId, BroadcastId};
use beffroi::model::outcome::Ledger;
use beffroi::model::tier::Tier;
use beffroi::store::account::account;
use beffroi::store::batch::Standing;
use beffroi::store::{Db, batch as batches, broadcast as broadcasts};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};

const BATCHES: usize = 2;
/// People of one batch: so few that they meet often.
const PEOPLE: u32 = 5;
const LEASE_MS: i64 = 100;
const CASES: u32 = 24;
const STEPS_MAX: usize = 24;

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Claim(u8),
    Report { lease: usize, how: How, said: Said },
    Close(Rest),
    Restart(u8),
}

#[derive(Debug, Clone, Copy)]
enum How {
    Checkpoint,
    /// Puts it back; these people (one bit each) go on in a batch of their own, twice as late.
    PutBack(u8),
    Finish,
}

/// Five sets of people, one bit each.
#[derive(Debug, Clone, Copy)]
struct Said {
    started: u8,
    accepted: u8,
    gone: u8,
    rejected: u8,
    withdrawn: u8,
}

fn step() -> impl Strategy<Value = Step> {
    let mask = || (any::<u8>(), any::<u8>()).prop_map(|(a, b)| a & b & 0b11111);
    let said = (mask(), mask(), mask(), mask(), mask()).prop_map(|(started, accepted, gone, rejected, withdrawn)| {
        Said { started, accepted, gone, rejected, withdrawn }
    });
    let how = prop_oneof![4 => Just(How::Checkpoint), 1 => mask().prop_map(How::PutBack), 1 => Just(How::Finish)];
    prop_oneof![
        2 => (0..150_i64).prop_map(Step::Wait),
        4 => (0..3_u8).prop_map(Step::Claim),
        10 => (0..6_usize, how, said).prop_map(|(lease, how, said)| Step::Report { lease, how, said }),
        1 => prop_oneof![Just(Rest::Stopped), Just(Rest::Expired)].prop_map(Step::Close),
        1 => (0..3_u8).prop_map(Step::Restart),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Done,
    Closed(Rest),
}

#[derive(Debug, Clone, Copy, Default)]
struct Person {
    started: bool,
    accepted: bool,
    gone: bool,
    rejected: bool,
    withdrawn: bool,
}

impl Person {
    fn settled(self) -> bool {
        self.accepted || self.gone || self.rejected || self.withdrawn
    }
}

#[derive(Debug, Clone)]
struct ModelBatch {
    fate: Fate,
    /// By slot.
    people: BTreeMap<u32, Person>,
    /// The lease that holds it (its number), whose it is, and until when.
    held: Option<(usize, u8, i64)>,
    not_before: i64,
}

struct Model {
    now: i64,
    batches: Vec<ModelBatch>,
    /// Which batch each lease ever given was for.
    leases: Vec<usize>,
}

impl Model {
    fn new() -> Self {
        let fresh = |batch: u32| {
            let people = (batch * PEOPLE..(batch + 1) * PEOPLE).map(|slot| (slot, Person::default())).collect();
            ModelBatch { fate: Fate::Open, people, held: None, not_before: 0 }
        };
        Self { now: 0, batches: (0..BATCHES as u32).map(fresh).collect(), leases: Vec::new() }
    }

    fn claimable(&self) -> BTreeSet<usize> {
        let free = |batch: &ModelBatch| batch.held.is_none_or(|(_, _, until)| until <= self.now);
        (0..self.batches.len())
            .filter(|index| {
                let batch = &self.batches[*index];
                batch.fate == Fate::Open && batch.not_before <= self.now && free(batch)
            })
            .collect()
    }

    fn report(&mut self, lease: usize, how: How, said: Said) -> Standing {
        let now = self.now;
        let batch = &mut self.batches[self.leases[lease]];
        if batch.held.is_none_or(|(holder, _, _)| holder != lease) {
            return Standing::Stale;
        }
        let open = batch.fate == Fate::Open;
        for (slot, person) in &mut batch.people {
            let says = |mask: u8| says(mask, *slot);
            if open || person.started {
                person.started |= says(said.started);
                person.accepted |= says(said.accepted);
                person.gone |= says(said.gone);
                person.rejected |= says(said.rejected);
                person.withdrawn |= says(said.withdrawn);
            }
        }
        match how {
            How::Checkpoint => batch.held = batch.held.map(|(lease, owner, _)| (lease, owner, now + LEASE_MS)),
            How::PutBack(apart) => {
                batch.held = None;
                if open {
                    batch.not_before = now + LEASE_MS;
                    let moves = |slot: &u32, person: &mut Person| says(apart, *slot) && !person.settled();
                    let people: BTreeMap<_, _> = batch.people.extract_if(.., moves).collect();
                    if !people.is_empty() {
                        let not_before = now + 2 * LEASE_MS;
                        self.batches.push(ModelBatch { fate: Fate::Open, people, held: None, not_before });
                    }
                }
            }
            How::Finish => batch.held = None,
        }
        if !open {
            return Standing::Closed;
        }
        let batch = &mut self.batches[self.leases[lease]];
        if batch.held.is_none() && batch.people.values().all(|person| person.settled()) {
            batch.fate = Fate::Done;
        }
        Standing::Open
    }

    fn close(&mut self, rest: Rest) {
        for batch in self.batches.iter_mut().filter(|batch| batch.fate == Fate::Open) {
            batch.fate = Fate::Closed(rest);
        }
    }

    fn restart(&mut self, owner: u8) {
        for batch in &mut self.batches {
            batch.held = batch.held.filter(|(_, holder, _)| *holder != owner);
        }
    }

    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger { targeted: u64::from(PEOPLE) * BATCHES as u64, ..Ledger::default() };
        for batch in &self.batches {
            for person in batch.people.values() {
                let count = match person {
                    Person { accepted: true, .. } => &mut ledger.accepted,
                    Person { gone: true, .. } => &mut ledger.gone,
                    Person { rejected: true, .. } => &mut ledger.rejected,
                    Person { withdrawn: true, .. } => &mut ledger.withdrawn,
                    Person { .. } => match batch.fate {
                        Fate::Closed(Rest::Stopped) => &mut ledger.stopped,
                        Fate::Closed(Rest::Expired) => &mut ledger.expired,
                        Fate::Open | Fate::Done => &mut ledger.waiting,
                    },
                };
                *count += 1;
            }
        }
        ledger
    }

    fn reached(&self) -> BTreeSet<u32> {
        let people = self.batches.iter().flat_map(|batch| &batch.people);
        people.filter(|(_, person)| person.started || person.accepted).map(|(slot, _)| *slot).collect()
    }
}

/// Whether a mask of five bits means this person of their first batch.
fn says(mask: u8, slot: u32) -> bool {
    mask & (1 << (slot % PEOPLE)) != 0
}

fn progress(todo: &RoaringBitmap, said: Said) -> Progress {
    let people = |mask: u8| set(todo.iter().filter(|slot| says(mask, *slot)));
    Progress {
        started: people(said.started),
        accepted: people(said.accepted),
        gone: people(said.gone),
        rejected: people(said.rejected),
        withdrawn: people(said.withdrawn),
        accepted_after_ms: people(said.accepted).iter().map(|slot| (slot, after_ms(slot))).collect(),
    }
}

/// How a batch is put back: who stays and who goes on in a batch of their own.
fn parts(lease: &Lease, apart: u8, now: i64) -> [Part; 2] {
    let Batch { id, todo, .. } = lease.batch.clone();
    let who = set(todo.iter().filter(|slot| says(apart, *slot)));
    let part = |batch, who, not_before| Part { batch, who, not_before: at(not_before), attempts: 1 };
    [part(id, &todo - &who, now + LEASE_MS), part(BatchId(random_id()), who, now + 2 * LEASE_MS)]
}

/// How long it took to reach someone: told exactly, since short.
fn after_ms(slot: u32) -> u64 {
    u64::from(slot) + 1
}

/// The account has the ledger, whole and in parts, and the time of everyone accepted, each once.
async fn check_account(db: &Db, of: &BroadcastId, model: &Model, ledger: &Ledger) {
    let account = account(db, of, at(model.now)).await.expect("reads");
    assert_eq!(account.ledger, *ledger);
    let sum = |parts: &mut dyn Iterator<Item = &Ledger>| {
        parts.fold(Ledger::default(), |mut sum, part| {
            sum.add(part);
            sum
        })
    };
    assert_eq!(sum(&mut account.channels.values()), *ledger);
    assert_eq!(sum(&mut account.tiers.values()), *ledger);
    let mut times = Histogram::default();
    let people = model.batches.iter().flat_map(|batch| &batch.people);
    people.filter(|(_, person)| person.accepted).for_each(|(slot, _)| times.record(after_ms(*slot)));
    assert_eq!(account.accepted_after, times);
}

async fn run(db: &Db, steps: &[Step]) {
    // What a failed case left behind must not be claimed here.
    for left in broadcasts::list(db, &[State::Sending], 500).await.expect("lists") {
        commit!(db, |tx| broadcasts::halt(tx, &left.id, at(0)));
    }
    let of = broadcast(db, State::Sending).await;
    let mut stored: Vec<Batch> = (0..BATCHES as u32).map(|n| batch_of(&of, n * PEOPLE..(n + 1) * PEOPLE)).collect();
    plan(db, &stored).await;
    let mut model = Model::new();
    let mut leases: Vec<Lease> = Vec::new();
    for step in steps {
        match step {
            Step::Wait(ms) => model.now += ms,
            Step::Claim(owner) => {
                let (now, until) = (at(model.now), at(model.now + LEASE_MS));
                let lease = claim(db, Tier::P1, now, &owner.to_string(), until).await;
                let may = model.claimable();
                assert_eq!(lease.is_some(), !may.is_empty(), "a claim succeeds when something is free");
                let Some(lease) = lease else { continue };
                let index = stored.iter().position(|batch| batch.id == lease.batch.id).expect("one of ours");
                assert!(may.contains(&index), "only what is free is claimed");
                model.batches[index].held = Some((leases.len(), *owner, model.now + LEASE_MS));
                model.leases.push(index);
                leases.push(lease);
            }
            Step::Report { lease, how, said } => {
                let Some(held) = leases.get(*lease) else { continue };
                let progress = progress(&held.batch.todo, *said);
                let later = at(model.now + LEASE_MS);
                let batches_before = model.batches.len();
                let wanted = model.report(*lease, *how, *said);
                let standing = match how {
                    How::Checkpoint => commit!(db, |tx| batches::checkpoint(tx, held, &progress, later)),
                    How::PutBack(apart) => {
                        let parts = parts(held, *apart, model.now);
                        let standing = commit!(db, |tx| batches::put_back(tx, held, &progress, &parts));
                        if model.batches.len() > batches_before {
                            let moved = batches::get(db, &parts[1].batch).await.expect("reads");
                            stored.push(moved.expect("people moved"));
                        }
                        standing
                    }
                    How::Finish => commit!(db, |tx| batches::finish(tx, held, &progress)),
                };
                assert_eq!(standing, wanted);
            }
            Step::Close(rest) => {
                commit!(db, |tx| batches::close_open(tx, &of.id, *rest));
                model.close(*rest);
            }
            Step::Restart(owner) => {
                commit!(db, |tx| batches::release_all(tx, &owner.to_string()));
                model.restart(*owner);
            }
        }
        let ledger = batches::ledger(db, &of.id).await.expect("reads");
        assert!(ledger.adds_up(), "{ledger:?}");
        assert_eq!(ledger, model.ledger(), "after {step:?}");
        check_account(db, &of.id, &model, &ledger).await;
        let reached = batches::reached(db, &of.chain).await.expect("reads");
        assert_eq!(reached.iter().collect::<BTreeSet<_>>(), model.reached(), "after {step:?}");
    }
}

#[test]
fn the_ledger_adds_up_after_any_sequence_of_events() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for (name, db, _guard) in runtime.block_on(databases()) {
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        runner
            .run(&proptest::collection::vec(step(), 1..STEPS_MAX), |steps| {
                runtime.block_on(run(&db, &steps));
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}
