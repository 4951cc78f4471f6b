//! A thousand recipients or fewer, leased by one sender at a time.

use super::id::{AlertId, BatchId, BroadcastId, ChainId, Slot};
use super::subscriber::QuietHours;
use super::tier::Tier;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// The most recipients of one batch.
pub const BATCH_RECIPIENTS_MAX: usize = 1_000;

/// How a person stands to the alert's area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ring {
    /// Someone in the cell itself may be in the area.
    Inside,
    /// Only the radius around the cell touches the area, or the chain reached them before.
    Near,
}

impl Ring {
    pub const fn index(self) -> i64 {
        self as i64
    }

    pub fn from_index(index: i64) -> Option<Self> {
        match index {
            0 => Some(Self::Inside),
            1 => Some(Self::Near),
            _ => None,
        }
    }
}

/// What `plan` makes and `dispatch` sends: recipients of one message at one push service, of one tier and ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub id: BatchId,
    pub broadcast: BroadcastId,
    pub chain: ChainId,
    /// Which of the alert's messages: the index that `model::message` gives it.
    pub message: u32,
    /// The earlier alert whose message it takes back: `message` is one of that alert's then, and so are its words.
    pub about: Option<AlertId>,
    /// The push service: scheme, host and port.
    pub origin: String,
    pub tier: Tier,
    pub ring: Ring,
    /// Shown without sound or vibration, whatever the tier.
    pub quiet: bool,
    /// The quiet hours of everyone in it: nothing of it starts in them.
    pub hours: Option<QuietHours>,
    pub not_before: Timestamp,
    /// After this nothing of it is sent.
    pub expires: Timestamp,
    /// Everyone in it.
    pub todo: RoaringBitmap,
    /// What has become of them so far.
    pub progress: Progress,
    /// How often its people were tried before.
    pub attempts: u32,
}

impl Batch {
    /// The lowest and highest slot in it.
    pub fn slots(&self) -> Option<(Slot, Slot)> {
        Some((self.todo.min()?, self.todo.max()?))
    }

    /// When it may be sent if it is not sent before this moment: at the end of its people's quiet hours, where the
    /// moment lies in them. Who puts it back, asks for the moment that it would be taken up again.
    pub fn awake_from(&self, at: Timestamp) -> Timestamp {
        self.hours.as_ref().and_then(|hours| hours.end(at)).unwrap_or(at)
    }

    /// Those of whom no outcome is known.
    pub fn remaining(&self) -> RoaringBitmap {
        &self.todo - &self.progress.settled()
    }
}

/// What people were told of a chain, or may have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The alert whose message it was, or whose message it took back.
    pub alert: AlertId,
    /// The message's number there.
    pub message: u32,
    pub tier: Tier,
    pub quiet: bool,
    /// Who may have heard it: their push was accepted, or had begun.
    pub slots: RoaringBitmap,
    /// Those of them whose push was accepted: no one else counts as knowing it.
    pub accepted: RoaringBitmap,
}

/// Outcomes so far. Merged under a lease, never overwritten.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Accepted or possibly begun: written before the first byte goes, so that a crash hides no one from a Cancel.
    pub started: RoaringBitmap,
    pub accepted: RoaringBitmap,
    pub gone: RoaringBitmap,
    pub rejected: RoaringBitmap,
    /// Unsubscribed before their turn.
    pub withdrawn: RoaringBitmap,
    /// Milliseconds from received to accepted, of those accepted of whom it is known. Only written: the database adds
    /// them up.
    pub accepted_after_ms: BTreeMap<Slot, u64>,
}

impl Progress {
    /// Everyone whose outcome is final.
    pub fn settled(&self) -> RoaringBitmap {
        &(&self.accepted | &self.gone) | &(&self.rejected | &self.withdrawn)
    }

    /// Adds what another sender learned. Union: applying it twice, or in any order, changes nothing.
    pub fn merge(&mut self, other: &Self) {
        self.started |= &other.started;
        self.accepted |= &other.accepted;
        self.gone |= &other.gone;
        self.rejected |= &other.rejected;
        self.withdrawn |= &other.withdrawn;
        for (slot, after_ms) in &other.accepted_after_ms {
            self.accepted_after_ms.entry(*slot).or_insert(*after_ms);
        }
    }
}

/// Some people of a batch that is put back, and when they are tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The batch that they go on in: their own, or a new one.
    pub batch: BatchId,
    pub who: RoaringBitmap,
    pub not_before: Timestamp,
    /// How often they were tried, this time included.
    pub attempts: u32,
}

/// Why the rest of a batch will never be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// A person, a Cancel or an Update stopped it.
    Stopped,
    /// The text's validity ended.
    Expired,
}

impl Rest {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Expired => "expired",
        }
    }
}

/// A sender's right to a batch, until a time on the database's terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    pub batch: Batch,
    /// Grows with every claim: a checkpoint under an older one is refused.
    pub token: i64,
}
