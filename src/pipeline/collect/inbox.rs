//! Where receipts are left: in memory, within bounds that nobody can use up for others.
//!
//! Anyone can name alerts that do not exist. So alerts of which a real token was opened lately have room of their own;
//! all others share a room in which the oldest gives way to the newest. A new alert comes through it with its first
//! receipts, unless more than [`ALERTS_UNPROVEN_MAX`] names were invented since.

use super::count;
use crate::clock::Clock;
use crate::model::id::AlertId;
use crate::model::receipt::Event;
use crate::push::receipt::RECEIPT_CHARS;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

/// Receipts that wait at most; more are dropped, and counted as such.
pub const WAITING_MAX: usize = 262_144;
/// Of these, receipts of alerts of which no real token was opened lately.
pub const UNPROVEN_MAX: usize = WAITING_MAX / 4;
/// Such alerts that receipts wait for at most.
pub const ALERTS_UNPROVEN_MAX: usize = 1_024;
/// Alerts of which it is remembered that a real token was opened: the latest.
pub const ALERTS_PROVEN_MAX: usize = 256;

/// What one device said.
pub(super) struct Said {
    pub(super) token: [u8; RECEIPT_CHARS],
    pub(super) event: Event,
    pub(super) at: Timestamp,
}

/// What devices said of some alerts.
pub(super) type Taken = Vec<(AlertId, Vec<Said>)>;

#[derive(Default)]
struct Room {
    by_alert: HashMap<AlertId, Vec<Said>>,
    count: usize,
}

impl Room {
    fn put(&mut self, alert: AlertId, said: Said) {
        self.by_alert.entry(alert).or_default().push(said);
        self.count += 1;
    }

    fn remove(&mut self, alert: &AlertId) -> Vec<Said> {
        let said = self.by_alert.remove(alert).unwrap_or_default();
        self.count -= said.len();
        said
    }
}

#[derive(Default)]
struct Waiting {
    proven: Room,
    unproven: Room,
    /// Alerts in the unproven room, oldest first.
    order: VecDeque<AlertId>,
    /// Alerts of which a real token was opened, each with a number that grows with every time.
    known: HashMap<AlertId, u64>,
    times: u64,
}

impl Waiting {
    /// Takes one in; what has to go for it is dropped and counted.
    fn take_in(&mut self, alert: AlertId, said: Said) {
        if self.known.contains_key(&alert) {
            if self.proven.count >= WAITING_MAX - UNPROVEN_MAX {
                return count(said.event, "dropped", 1);
            }
            return self.proven.put(alert, said);
        }
        let is_new = !self.unproven.by_alert.contains_key(&alert);
        while self.unproven.count >= UNPROVEN_MAX || (is_new && self.order.len() >= ALERTS_UNPROVEN_MAX) {
            let Some(oldest) = self.order.pop_front() else { break };
            self.unproven.remove(&oldest).iter().for_each(|said| count(said.event, "dropped", 1));
        }
        if !self.unproven.by_alert.contains_key(&alert) {
            self.order.push_back(alert.clone());
        }
        self.unproven.put(alert, said);
    }

    fn prove(&mut self, alert: &AlertId) {
        self.times += 1;
        self.known.insert(alert.clone(), self.times);
        if self.known.len() > ALERTS_PROVEN_MAX {
            let longest_ago = self.known.iter().min_by_key(|(_, time)| **time).map(|(alert, _)| alert.clone());
            longest_ago.and_then(|alert| self.known.remove(&alert));
        }
    }
}

/// Where receipts are left. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    waiting: Arc<Mutex<Waiting>>,
    pub(super) came: Arc<Notify>,
    clock: Clock,
}

impl Inbox {
    pub fn new(clock: Clock) -> Self {
        Self { waiting: Arc::default(), came: Arc::default(), clock }
    }

    /// Takes what a device says of an alert. Nothing tells whether it will count.
    pub fn tell(&self, alert: AlertId, token: &str, event: Event) {
        let Ok(token) = token.as_bytes().try_into() else { return count(event, "refused", 1) };
        let said = Said { token, event, at: self.clock.now() };
        self.lock().take_in(alert, said);
        self.came.notify_one();
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.proven.count + waiting.unproven.count
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that waits; alerts of which a real token was opened lately come first.
    pub(super) fn take(&self) -> Taken {
        let mut waiting = self.lock();
        waiting.order.clear();
        let (proven, unproven) = (std::mem::take(&mut waiting.proven), std::mem::take(&mut waiting.unproven));
        proven.by_alert.into_iter().chain(unproven.by_alert).collect()
    }

    /// Takes back what could not be written down; as much as there is room for.
    pub(super) fn put_back(&self, taken: Taken) {
        let mut waiting = self.lock();
        for (alert, said) in taken {
            said.into_iter().for_each(|said| waiting.take_in(alert.clone(), said));
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// A real token of these alerts was opened.
    pub(super) fn prove<'a>(&self, alerts: impl Iterator<Item = &'a AlertId>) {
        let mut waiting = self.lock();
        alerts.for_each(|alert| waiting.prove(alert));
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it holds what waits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    fn id(name: &str) -> AlertId {
        AlertId(name.to_owned())
    }

    fn waits(inbox: &Inbox, name: &str) -> usize {
        let taken = inbox.take();
        let said = taken.iter().find(|(alert, _)| alert.as_str() == name).map_or(0, |(_, said)| said.len());
        inbox.put_back(taken);
        said
    }

    #[test]
    fn invented_alerts_take_no_room_of_those_that_opened_a_token_and_none_for_long_of_a_new_one() {
        let inbox = Inbox::new(Clock::system());
        inbox.prove([id("known")].iter());
        inbox.tell(id("known"), TOKEN, Event::Displayed);
        for nth in 0..2 * ALERTS_UNPROVEN_MAX {
            inbox.tell(id(&format!("invented {nth}")), TOKEN, Event::Displayed);
        }
        inbox.tell(id("known"), TOKEN, Event::Displayed);
        inbox.tell(id("new"), TOKEN, Event::Displayed);
        assert_eq!((inbox.len(), waits(&inbox, "known"), waits(&inbox, "new")), (ALERTS_UNPROVEN_MAX + 2, 2, 1));
    }

    #[test]
    fn what_waits_is_bounded_and_the_oldest_of_the_unknown_gives_way() {
        let inbox = Inbox::new(Clock::system());
        for _ in 0..UNPROVEN_MAX {
            inbox.tell(id("flooded"), TOKEN, Event::Displayed);
        }
        assert_eq!(inbox.len(), UNPROVEN_MAX);
        inbox.tell(id("new"), TOKEN, Event::Displayed);
        assert_eq!((inbox.len(), waits(&inbox, "new")), (1, 1));
        inbox.prove([id("known")].iter());
        for _ in 0..WAITING_MAX {
            inbox.tell(id("known"), TOKEN, Event::Displayed);
        }
        assert_eq!((inbox.len(), waits(&inbox, "new")), (WAITING_MAX - UNPROVEN_MAX + 1, 1));
    }

    #[test]
    fn of_alerts_that_opened_a_token_the_latest_are_remembered() {
        let inbox = Inbox::new(Clock::system());
        inbox.prove([id("first"), id("kept")].iter());
        inbox.prove((0..ALERTS_PROVEN_MAX - 2).map(|nth| id(&format!("{nth}"))).collect::<Vec<_>>().iter());
        inbox.prove([id("kept"), id("last")].iter());
        let waiting = inbox.lock();
        assert_eq!(waiting.known.len(), ALERTS_PROVEN_MAX);
        let known = ["first", "kept", "last"].map(|name| waiting.known.contains_key(&id(name)));
        assert_eq!(known, [false, true, true]);
    }
}
