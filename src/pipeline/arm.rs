//! Arming: while nothing is being sent, what the next pushes need and does not depend on their text is done ahead
//! (docs/adr/0023). It gives way at once when a push wants to go, and to everything else after a few people.

use super::gate::Gate;
use crate::audience::{Audience, Snapshot};
use crate::model::account::Route;
use crate::model::id::Slot;
use crate::model::subscriber::{Channel, ChannelKind, Recipient};
use crate::push;
use crate::push::armed::{Arming, Armory};
use crate::store::vault::Vault;
use crate::store::{self, Db, StoreError};
use roaring::RoaringBitmap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How often is looked whether there is something to do. Nothing must have been sent from one look to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long nothing is read after people could not be read.
const LOOK_AFTER_ERROR: Duration = Duration::from_secs(60);
/// People whose channels are read at once.
const PAGE_SLOTS: Slot = 1_024;
/// People armed until others get their turn on this thread: half a millisecond.
const TOGETHER: usize = 8;

/// Arms, on one node.
pub struct Armer {
    pub db: Db,
    pub vault: Arc<Vault>,
    pub sender: Arc<push::Sender>,
    pub gate: Gate,
    pub audience: Audience,
    pub closing: watch::Receiver<bool>,
}

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Swept {
    /// Everyone has what they can have.
    Whole,
    /// There is no memory for more.
    Full,
    /// Something is being sent, or the service closes.
    Disturbed,
}

impl Armer {
    /// Arms until the service closes.
    pub async fn run(self) {
        let mut closing = self.closing.clone();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut before, mut done) = (None, None);
        while !*closing.borrow() {
            tokio::select! {
                _ = look.tick() => {}
                // A sender that is gone means the same.
                changed = closing.changed() => if changed.is_err() { return },
            }
            self.show();
            let still = self.gate.stillness();
            let lasting = still.filter(|_| before == still);
            before = still;
            let Some(since) = lasting else { continue };
            // Nobody needs more until something is sent or someone new is there.
            let state = (since, self.audience.snapshot().seq());
            if done == Some(state) {
                continue;
            }
            match self.sweep(since).await {
                Ok(Swept::Whole | Swept::Full) => done = Some(state),
                Ok(Swept::Disturbed) => {}
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "who is to be armed could not be read");
                    look.reset_after(LOOK_AFTER_ERROR);
                }
            }
            self.show();
        }
    }

    fn show(&self) {
        metrics::gauge!("beffroi_push_armed").set(self.sender.armory().len() as f64);
    }

    fn is_still(&self, since: u64) -> bool {
        self.gate.stillness() == Some(since) && !*self.closing.borrow()
    }

    /// Everyone once: all of them get their first message before anyone gets a second one.
    async fn sweep(&self, since: u64) -> Result<Swept, StoreError> {
        let snapshot = self.audience.snapshot();
        let Some(newest) = snapshot.newest() else { return Ok(Swept::Whole) };
        for depth in 1..=self.sender.armory().depth() {
            for from in (0..=newest).step_by(PAGE_SLOTS as usize) {
                let to = from.saturating_add(PAGE_SLOTS - 1).min(newest);
                let lacking = lacking(self.sender.armory(), &snapshot, from..=to, depth);
                match self.arm(&lacking, depth, since).await? {
                    Swept::Whole => self.show(),
                    ended @ (Swept::Full | Swept::Disturbed) => return Ok(ended),
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(Swept::Whole)
    }

    async fn arm(&self, slots: &RoaringBitmap, depth: usize, since: u64) -> Result<Swept, StoreError> {
        if slots.is_empty() || !self.is_still(since) {
            return Ok(if slots.is_empty() { Swept::Whole } else { Swept::Disturbed });
        }
        let people = store::subscriber::recipients(&self.db, &self.vault, slots).await?;
        for few in people.chunks(TOGETHER) {
            match arm_few(self.sender.armory(), few, depth, || self.is_still(since)) {
                Swept::Whole => tokio::task::yield_now().await,
                ended @ (Swept::Full | Swept::Disturbed) => return Ok(ended),
            }
        }
        Ok(Swept::Whole)
    }
}

/// Those among `slots` who have Web Push and fewer messages than `depth`. What is armed for those who have left goes.
fn lacking(armory: &Armory, snapshot: &Snapshot, slots: std::ops::RangeInclusive<Slot>, depth: usize) -> RoaringBitmap {
    let (here, left): (Vec<Slot>, Vec<Slot>) = slots.partition(|slot| snapshot.has(*slot));
    left.into_iter().for_each(|slot| armory.forget(slot));
    let lacking: RoaringBitmap = here.into_iter().filter(|slot| armory.lacks(*slot, depth)).collect();
    if lacking.is_empty() {
        return lacking;
    }
    let is_webpush = |origin: &str| Route::of(origin).as_str() == ChannelKind::WebPush.as_str();
    let by_origin = snapshot.by_origin(&lacking).into_iter();
    by_origin.filter(|(origin, _)| is_webpush(origin)).flat_map(|(_, slots)| slots).collect()
}

/// One message for each of a few people, as long as nothing is being sent.
fn arm_few(armory: &Armory, people: &[Recipient], depth: usize, is_still: impl Fn() -> bool) -> Swept {
    for person in people {
        let Channel::WebPush(channel) = &person.channel else { continue };
        if !is_still() {
            return Swept::Disturbed;
        }
        match armory.arm(person.slot, channel, depth) {
            Arming::Armed | Arming::Enough | Arming::Failed => {}
            Arming::NoRoom => return Swept::Full,
        }
    }
    Swept::Whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::clock::Clock;
    use crate::model::batch::Ring;
    use crate::model::subscriber::WebPushChannel;
    use crate::model::tier::Tier;
    use crate::pipeline::gate::Quotas;
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    use std::cell::Cell;

    fn people(count: Slot) -> Vec<Recipient> {
        let key = PrivateKey::generate(&ECDH_P256).and_then(|key| key.compute_public_key()).expect("a key");
        let p256dh = key.as_ref().try_into().expect("65 bytes");
        let person = |slot| Recipient {
            slot,
            channel: Channel::WebPush(WebPushChannel {
                endpoint: format!("https://push.example/{slot}"),
                p256dh,
                auth: clock::random_bytes(),
            }),
            told: Clock::system().now(),
            languages: Vec::new(),
            discreet: false,
        };
        (0..count).map(person).collect()
    }

    #[test]
    fn who_begins_to_send_stops_the_arming_before_the_next_person() {
        let armory = Armory::new(2, 1_000_000);
        let people = people(5);
        assert_eq!(arm_few(&armory, &people, 1, || false), Swept::Disturbed);
        assert_eq!(armory.len(), 0);
        let left = Cell::new(3);
        let still = || left.replace(left.get() - 1) > 0;
        assert_eq!((arm_few(&armory, &people, 1, still), armory.len()), (Swept::Disturbed, 3));
        assert_eq!((arm_few(&armory, &people, 1, || true), armory.len()), (Swept::Whole, 5));
        assert_eq!((arm_few(&armory, &people, 2, || true), armory.len()), (Swept::Whole, 10));
        assert_eq!(arm_few(&Armory::new(2, 1_000), &people, 1, || true), Swept::Full);
    }

    #[tokio::test]
    async fn whoever_is_sent_to_or_waits_for_it_ends_the_stillness() {
        let gate = Gate::new(Clock::system(), 1, 1, Quotas::default());
        let before = gate.stillness();
        assert!(before.is_some());
        let here: Arc<str> = Arc::from("here");
        let pass = gate.pass(&here, Tier::P3, Ring::Inside).await;
        assert_eq!(gate.stillness(), None);
        drop(pass);
        assert!(gate.stillness().is_some() && gate.stillness() != before, "something was sent meanwhile");
    }
}
