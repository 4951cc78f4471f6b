//! Everything that is known of a broadcast's way to its people: where each stands, how long it took, what devices told.

use super::histogram::Histogram;
use super::outcome::Ledger;
use super::receipt::Seen;
use super::subscriber::{APNS_ORIGIN, ChannelKind, FCM_ORIGIN};
use super::tier::Tier;
use std::collections::BTreeMap;

/// The origin of batches whose people have all unsubscribed since the chain reached them: dispatch finds that out.
pub const ORIGIN_NONE: &str = "none";

/// Hosts of push services whose devices show a declarative push without waking the worker that would tell of it.
const SILENT_HOST: &str = ".push.apple.com";

/// By which kind of push service people are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    Through(ChannelKind),
    /// They had unsubscribed when the broadcast was planned.
    None,
}

impl Route {
    /// The kind of push service that an origin names.
    pub fn of(origin: &str) -> Self {
        match origin {
            APNS_ORIGIN => Self::Through(ChannelKind::Apns),
            FCM_ORIGIN => Self::Through(ChannelKind::Fcm),
            ORIGIN_NONE => Self::None,
            _ => Self::Through(ChannelKind::WebPush),
        }
    }

    /// The word in the API and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Through(kind) => kind.as_str(),
            Self::None => ORIGIN_NONE,
        }
    }
}

/// Whether devices behind a push service may show a push without telling us: Safari's do.
pub fn may_be_silent(origin: &str) -> bool {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    host.split(':').next().is_some_and(|host| host.ends_with(SILENT_HOST))
}

/// People of one push service and one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub origin: String,
    pub tier: Tier,
    pub ledger: Ledger,
    /// Of those waiting, whom quiet hours hold until morning.
    pub held: u64,
}

/// A broadcast's account. The parts of a ledger add up to what is targeted, the ledgers of channels and those of tiers
/// to the whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    pub ledger: Ledger,
    /// Of those waiting, whom quiet hours hold until morning.
    pub held: u64,
    pub channels: BTreeMap<Route, Ledger>,
    pub tiers: BTreeMap<Tier, Ledger>,
    /// Of those accepted, whose devices may show it without telling us.
    pub silent: u64,
    /// Milliseconds from received to accepted.
    pub accepted_after: Histogram,
    /// What devices told.
    pub seen: Seen,
}

impl Account {
    /// The account of these parts.
    pub fn new(parts: &[Part], accepted_after: Histogram, seen: Seen) -> Self {
        let mut account = Self { accepted_after, seen, ..Self::default() };
        for part in parts {
            account.ledger.add(&part.ledger);
            account.channels.entry(Route::of(&part.origin)).or_default().add(&part.ledger);
            account.tiers.entry(part.tier).or_default().add(&part.ledger);
            account.held += part.held;
            if may_be_silent(&part.origin) {
                account.silent += part.ledger.accepted;
            }
        }
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safari_s_push_service_is_silent() {
        assert!(may_be_silent("https://web.push.apple.com:443"));
        assert!(may_be_silent("https://web.push.apple.com"));
        for other in ["https://fcm.googleapis.com:443", "https://push.apple.com.example:443", "apns", "fcm", "none", ""]
        {
            assert!(!may_be_silent(other), "{other}");
        }
    }

    #[test]
    fn an_origin_names_its_kind_of_push_service() {
        let words = ["apns", "fcm", "none", "https://updates.push.services.mozilla.com:443"]
            .map(|origin| Route::of(origin).as_str());
        assert_eq!(words, ["apns", "fcm", "none", "webpush"]);
    }
}
