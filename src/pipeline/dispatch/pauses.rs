//! Push services that refuse our credentials or settings. Such a channel pauses: nothing is sent to it, nobody in it
//! is counted as tried, and now and then a few pushes find out whether it was mended. All that is known of refusals is
//! here; the breaker of a push service hears only that it answers.

use super::doubts::{Doubts, Refusal, Verdict};
use crate::clock::Clock;
use crate::model::id::Slot;
use crate::model::outcome::{Doubt, Fate};
use crate::model::pause::Pause;
use crate::model::subscriber::Channel;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Refusals, one after the other and nothing accepted between, until a push service that has accepted nothing yet is
/// asked only now and then. What may be about a single subscription counts once for each.
pub const REFUSED_COUNT_MIN: u32 = 3;
/// So many it takes where it accepted others before: where three subscriptions in ten are made for another key, so many
/// come together once in 10⁸ pushes.
pub const REFUSED_IN_A_ROW: u32 = 16;
/// Or they go on for so long, seconds.
pub const REFUSED_S_MAX: u64 = 5;
/// How many pushes look whether it was mended.
pub const LOOK_PEOPLE: usize = 8;
/// The longest time until the first look, unless `dispatch.retry_first_ms` is shorter, and between two looks.
const LOOK_FIRST_MAX: Duration = Duration::from_secs(2);
const LOOK_EVERY_MAX: Duration = Duration::from_secs(30);
/// Push services of which this is remembered; when there are more, those that are well are forgotten.
const CHANNELS_MAX: usize = 256;

/// How a delivery may go to a push service.
#[derive(Debug)]
pub enum Way {
    Open,
    /// It is paused: only a few, to find out whether it was mended.
    Look(Look),
    Closed,
}

/// A change that people want to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It refuses us, for everyone.
    Paused,
    /// It refuses us for some, and that is our doing.
    Refusing,
    Resumed,
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// It may be our doing: the person waits.
    Waits,
    Gone,
    Rejected,
}

/// What this node knows of each push service.
#[derive(Debug)]
pub struct Pauses {
    clock: Clock,
    look_first: Duration,
    channels: Mutex<HashMap<String, Arc<Service>>>,
}

/// What it knows of one.
#[derive(Debug)]
pub struct Service {
    clock: Clock,
    look_first: Duration,
    origin: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Refusals in a row, and those in them that may be about one subscription each.
    ours_in_a_row: u32,
    people_in_a_row: RoaringBitmap,
    refused_since: Option<Instant>,
    has_accepted: bool,
    pause: Option<Paused>,
    /// By app, where it tells several apart; else there is one without a name.
    apps: Vec<App>,
}

#[derive(Debug)]
struct Paused {
    since: Timestamp,
    reason: String,
    look_at: Instant,
    wait: Duration,
    /// Somebody is looking.
    looking: bool,
    /// A look was refused, too: people are told.
    told: bool,
}

#[derive(Debug)]
struct App {
    name: String,
    doubts: Doubts,
    /// What people are told of it.
    told: Option<(Timestamp, String)>,
}

/// The right to look whether a push service was mended; the look is over when it is dropped, however that comes.
#[derive(Debug)]
pub struct Look(Arc<Service>);

impl Drop for Look {
    fn drop(&mut self) {
        let now = self.0.clock.monotonic();
        if let Some(pause) = &mut self.0.lock().pause {
            pause.looking = false;
            pause.wait = (pause.wait * 2).min(LOOK_EVERY_MAX);
            pause.look_at = now + pause.wait;
        }
    }
}

/// What a push service tells apart by the app that a device is of.
pub fn app(channel: &Channel) -> &str {
    match channel {
        Channel::Apns(apns) => &apns.topic,
        Channel::WebPush(_) | Channel::Fcm(_) => "",
    }
}

impl Pauses {
    pub fn new(clock: Clock, look_first: Duration) -> Self {
        Self { clock, look_first: look_first.min(LOOK_FIRST_MAX), channels: Mutex::default() }
    }

    /// One push service.
    pub fn service(&self, origin: &str) -> Arc<Service> {
        let mut channels = self.lock();
        if let Some(known) = channels.get(origin) {
            return Arc::clone(known);
        }
        if channels.len() >= CHANNELS_MAX {
            channels.retain(|_, service| Arc::strong_count(service) > 1 || !service.is_well());
        }
        let service = Arc::new(Service {
            clock: self.clock,
            look_first: self.look_first,
            origin: origin.to_owned(),
            state: Mutex::default(),
        });
        channels.insert(origin.to_owned(), Arc::clone(&service));
        service
    }

    /// The push services of which nothing is claimed now.
    pub fn closed(&self) -> Vec<String> {
        let now = self.clock.monotonic();
        let closed = |service: &Service| service.lock().pause.as_ref().is_some_and(|pause| pause.is_closed(now));
        self.lock().iter().filter(|(_, service)| closed(service)).map(|(origin, _)| origin.clone()).collect()
    }

    /// Everything that people are told of.
    pub fn all(&self) -> Vec<Pause> {
        self.lock().values().flat_map(|service| service.told()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Service>>> {
        self.channels.lock().expect("nothing panics while it holds the channels")
    }
}

impl Paused {
    fn is_closed(&self, now: Instant) -> bool {
        self.looking || now < self.look_at
    }
}

impl Service {
    /// How a delivery that begins now may go.
    pub fn begin(self: &Arc<Self>) -> Way {
        let now = self.clock.monotonic();
        match &mut self.lock().pause {
            None => Way::Open,
            Some(pause) if pause.is_closed(now) => Way::Closed,
            Some(pause) => {
                pause.looking = true;
                Way::Look(Look(Arc::clone(self)))
            }
        }
    }

    /// A push to someone of this app was accepted.
    pub fn accepted(&self, app: &str, slot: Slot) -> Option<Change> {
        let now = self.clock.monotonic();
        let mut state = self.lock();
        state.has_accepted = true;
        state.ours_in_a_row = 0;
        state.people_in_a_row.clear();
        state.refused_since = None;
        let app = state.app(app);
        app.doubts.accepted(slot, now);
        let mut told = app.told.is_some() && !app.doubts.is_wave() && app.told.take().is_some();
        told |= state.pause.take().is_some_and(|pause| pause.told);
        told.then_some(Change::Resumed)
    }

    /// A push to someone of this app was refused; `is_first_try`: they were not tried before with this broadcast.
    pub fn refused(
        &self,
        app: &str,
        slot: Slot,
        is_first_try: bool,
        reason: &str,
        doubt: Doubt,
    ) -> (Judged, Option<Change>) {
        let now = self.clock.monotonic();
        let mut state = self.lock();
        let judged = match doubt {
            Doubt::Ours => {
                state.ours_in_a_row = state.ours_in_a_row.saturating_add(1);
                None
            }
            Doubt::Perhaps(fate) => {
                let verdict = state.app(app).doubts.refused(Refusal { slot, fate, is_first_try }, now);
                if verdict.is_new {
                    state.people_in_a_row.insert(slot);
                }
                Some((verdict, fate))
            }
        };
        if let Some((Verdict { is_endpoints: true, .. }, fate)) = judged {
            return (if fate == Fate::Gone { Judged::Gone } else { Judged::Rejected }, None);
        }
        let since = *state.refused_since.get_or_insert(now);
        if let Some(pause) = &mut state.pause {
            let first = pause.looking && !pause.told;
            pause.told |= first;
            return (Judged::Waits, first.then_some(Change::Paused));
        }
        // Somebody who is refused again says nothing of anybody else.
        let is_new = judged.is_none_or(|(verdict, _)| verdict.is_new);
        let in_a_row = u64::from(state.ours_in_a_row) + state.people_in_a_row.len();
        let long = now.saturating_duration_since(since) >= Duration::from_secs(REFUSED_S_MAX);
        let enough = if state.has_accepted && !long { REFUSED_IN_A_ROW } else { REFUSED_COUNT_MIN };
        if is_new && in_a_row >= u64::from(enough) {
            state.pause = Some(Paused {
                since: self.clock.now(),
                reason: reason.to_owned(),
                look_at: now + self.look_first,
                wait: self.look_first,
                looking: false,
                told: false,
            });
            return (Judged::Waits, None);
        }
        let alarming = judged.is_some_and(|(verdict, _)| verdict.is_alarming) && state.app(app).told.is_none();
        if alarming {
            state.app(app).told = Some((self.clock.now(), reason.to_owned()));
        }
        (Judged::Waits, alarming.then_some(Change::Refusing))
    }

    /// Whether nothing may be sent to it but by who looks whether it was mended.
    pub fn is_paused(&self) -> bool {
        self.lock().pause.is_some()
    }

    /// Who is refused. A look that begins with others finds out more.
    pub fn refused_people(&self) -> RoaringBitmap {
        self.lock().apps.iter().fold(RoaringBitmap::new(), |all, app| all | app.doubts.who())
    }

    /// Whether there is nothing to remember of it.
    fn is_well(&self) -> bool {
        let state = self.lock();
        state.pause.is_none() && state.apps.iter().all(|app| app.doubts.who().is_empty())
    }

    /// What people are told of it.
    fn told(&self) -> Vec<Pause> {
        let state = self.lock();
        if let Some(pause) = state.pause.as_ref().filter(|pause| pause.told) {
            return vec![Pause { origin: self.origin.clone(), since: pause.since, reason: pause.reason.clone() }];
        }
        let told = |app: &App| {
            let (since, reason) = app.told.clone()?;
            let named = if app.name.is_empty() { String::new() } else { format!(" ({})", app.name) };
            Some(Pause { origin: format!("{}{named}", self.origin), since, reason })
        };
        state.apps.iter().filter_map(told).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds what is known of a push service")
    }
}

impl State {
    fn app(&mut self, name: &str) -> &mut App {
        let known = self.apps.iter().position(|app| app.name == name).unwrap_or_else(|| {
            self.apps.push(App { name: name.to_owned(), doubts: Doubts::default(), told: None });
            self.apps.len() - 1
        });
        &mut self.apps[known]
    }
}

#[cfg(test)]
#[path = "pauses_tests.rs"]
mod tests;
