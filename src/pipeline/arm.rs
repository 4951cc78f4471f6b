//! Arming: while nothing is being sent, what the next pushes need and does not depend on their text is done ahead
//! (docs/adr/0023). It gives way at once when a push wants to go, and to everything else after a few people.

use super::gate::Gate;
use crate::audience::{Audience, Snapshot};
use crate::model::account::Route;
use crate::model::subscriber::{Channel, ChannelKind, Recipient};
use crate::push;
use crate::push::armed::{Arming, Armory};
use crate::store::subscriber::Moment;
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
const PAGE: usize = 1_024;
/// People armed until others get their turn on this thread: half a millisecond.
const TOGETHER: usize = 8;

/// No count of passes: nothing was seen to.
const NEVER: u64 = u64::MAX;

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
    /// Something is being sent, or the service closes.
    Disturbed,
}

/// What was seen to in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Done {
    /// The stillness it was done in: after a send everyone may lack something.
    since: u64,
    /// The last change of a subscription that was seen.
    seq: i64,
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
            match self.look(since, &mut done).await {
                Ok(()) => {}
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

    /// Everyone after a send, and after the start; else those alone whose subscription has changed.
    async fn look(&self, since: u64, done: &mut Option<Done>) -> Result<(), StoreError> {
        let snapshot = self.audience.snapshot();
        let seq = snapshot.seq();
        let armory = self.sender.armory();
        let known = *done;
        if known == Some(Done { since, seq }) {
            return Ok(());
        }
        let (people, last) = match known {
            Some(known) => {
                // Their keys may be others now: what was made for the old ones is of no use, and a secret.
                let changed = changed(&self.db, known.seq).await?;
                changed.iter().for_each(|slot| armory.forget(slot));
                (changed, known.since)
            }
            None => (RoaringBitmap::new(), NEVER),
        };
        *done = Some(Done { since: NEVER, seq });
        let people = if last == since {
            webpush(&snapshot, &people)
        } else {
            let everyone = webpush(&snapshot, &(0..=snapshot.newest().unwrap_or(0)).collect());
            armory.keep(&everyone);
            everyone
        };
        if self.sweep(&people, since).await? == Swept::Whole {
            *done = Some(Done { since, seq });
        }
        Ok(())
    }

    /// All of them get their first message before anyone gets a second one.
    async fn sweep(&self, people: &RoaringBitmap, since: u64) -> Result<Swept, StoreError> {
        let armory = self.sender.armory();
        for depth in 1..=armory.depth() {
            let mut people = people.iter();
            loop {
                let page: RoaringBitmap =
                    people.by_ref().filter(|slot| armory.lacks(*slot, depth)).take(PAGE).collect();
                if page.is_empty() {
                    break;
                }
                if !self.is_still(since) || self.arm(&page, depth, since).await? == Swept::Disturbed {
                    return Ok(Swept::Disturbed);
                }
                self.show();
            }
        }
        Ok(Swept::Whole)
    }

    async fn arm(&self, slots: &RoaringBitmap, depth: usize, since: u64) -> Result<Swept, StoreError> {
        // Who cannot be read is not armed, and keeps nobody else from it; sending tells of them.
        let (people, _) = match store::subscriber::readable_recipients(&self.db, &self.vault, slots).await {
            Err(StoreError::Vault(_)) => return Ok(Swept::Whole),
            read => read?,
        };
        for few in people.chunks(TOGETHER) {
            match arm_few(self.sender.armory(), few, depth, || self.is_still(since)) {
                Swept::Whole => tokio::task::yield_now().await,
                Swept::Disturbed => return Ok(Swept::Disturbed),
            }
        }
        Ok(Swept::Whole)
    }
}

/// Whose subscription has changed since, whatever became of it.
async fn changed(db: &Db, seq: i64) -> Result<RoaringBitmap, StoreError> {
    let mut moment = Moment::now(db).await?;
    let (mut from, mut all) = (seq, RoaringBitmap::new());
    while from < moment.seq() {
        let (people, to) = moment.changes_since(from).await?;
        all.extend(people.into_iter().map(|(slot, _)| slot));
        from = to;
    }
    Ok(all)
}

/// Those of them who are there and have Web Push.
fn webpush(snapshot: &Snapshot, slots: &RoaringBitmap) -> RoaringBitmap {
    let is_webpush = |origin: &str| Route::of(origin).as_str() == ChannelKind::WebPush.as_str();
    let by_origin = snapshot.by_origin(slots).into_iter();
    by_origin.filter(|(origin, _)| is_webpush(origin)).fold(RoaringBitmap::new(), |all, (_, here)| all | here)
}

/// One message for each of a few people, as long as nothing is being sent.
fn arm_few(armory: &Armory, people: &[Recipient], depth: usize, is_still: impl Fn() -> bool) -> Swept {
    for person in people {
        let Channel::WebPush(channel) = &person.channel else { continue };
        if !is_still() {
            return Swept::Disturbed;
        }
        match armory.arm(person.slot, channel, depth) {
            // Others may have a place already.
            Arming::Armed | Arming::Enough | Arming::Failed | Arming::NoRoom => {}
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
    use crate::model::id::Slot;
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
        let small = Armory::new(2, 1_000);
        assert_eq!((arm_few(&small, &people, 1, || true), small.len()), (Swept::Whole, 0), "there is no room");
        assert!(!small.lacks(0, 1), "who can have none lacks none");
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
