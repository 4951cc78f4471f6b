//! What is needed to open receipts, of the broadcasts that devices tell of now.

use crate::model::id::{AlertId, BroadcastId};
use crate::push::receipt::Receipts;
use crate::store::receipt::{Opening, ReceiptKey};
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::HashMap;

/// Broadcasts whose keys and recipients are kept in memory, and alerts that are looked at together.
pub(super) const BROADCASTS_KNOWN_MAX: usize = 64;

/// What is needed to open the receipts of an alert.
pub(super) struct Known {
    pub(super) broadcast: BroadcastId,
    pub(super) received: Timestamp,
    /// Or why there are none.
    pub(super) receipts: Result<Receipts, &'static str>,
    /// Those whose push may have begun, as far as was read.
    pub(super) started: RoaringBitmap,
    /// When it was asked for last, in rounds.
    used: u64,
}

/// No more than [`BROADCASTS_KNOWN_MAX`]; what was not asked for the longest goes first.
#[derive(Default)]
pub(super) struct Keys {
    known: HashMap<AlertId, Known>,
    round: u64,
}

impl Keys {
    /// Which of these alerts, no more than [`BROADCASTS_KNOWN_MAX`], are to be read; there is room for all of them then.
    pub(super) fn missing<'a>(&mut self, alerts: &[&'a AlertId]) -> Vec<&'a AlertId> {
        self.round += 1;
        let mut missing = Vec::new();
        for alert in alerts {
            match self.known.get_mut(*alert) {
                Some(known) => known.used = self.round,
                None => missing.push(*alert),
            }
        }
        while self.known.len() + missing.len() > BROADCASTS_KNOWN_MAX {
            let idle = self.known.iter().filter(|(_, known)| known.used < self.round);
            let Some(idle) = idle.min_by_key(|(_, known)| known.used).map(|(alert, _)| alert.clone()) else { break };
            self.known.remove(&idle);
        }
        missing
    }

    pub(super) fn learn(&mut self, opening: &Opening) {
        let receipts = match &opening.key {
            ReceiptKey::Kept(key) => Ok(Receipts::new(key)),
            ReceiptKey::Erased | ReceiptKey::Unmade => Err("late"),
            ReceiptKey::Sealed => {
                tracing::error!(
                    broadcast = %opening.broadcast,
                    "the key of broadcast {} does not open: its receipts cannot be counted", opening.broadcast
                );
                Err("unreadable")
            }
        };
        let (broadcast, received) = (opening.broadcast.clone(), opening.received);
        let known = Known { broadcast, received, receipts, started: RoaringBitmap::new(), used: self.round };
        self.known.insert(opening.alert.clone(), known);
    }

    pub(super) fn of(&mut self, alert: &AlertId) -> Option<&mut Known> {
        self.known.get_mut(alert)
    }

    /// What of these broadcasts is stored cannot be read: nothing of them is looked at again while it is known.
    pub(super) fn give_up(&mut self, broadcasts: &[BroadcastId]) {
        for known in self.known.values_mut().filter(|known| broadcasts.contains(&known.broadcast)) {
            (known.receipts, known.started) = (Err("unreadable"), RoaringBitmap::new());
        }
    }

    pub(super) fn forget(&mut self, broadcasts: &[BroadcastId]) {
        self.known.retain(|_, known| !broadcasts.contains(&known.broadcast));
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::at;

    fn learn(keys: &mut Keys, names: &[String]) -> usize {
        let alerts: Vec<AlertId> = names.iter().map(|name| AlertId(name.clone())).collect();
        let missing: Vec<AlertId> = keys.missing(&alerts.iter().collect::<Vec<_>>()).into_iter().cloned().collect();
        for alert in &missing {
            let (broadcast, received) = (BroadcastId(alert.to_string()), at("10:00:00"));
            keys.learn(&Opening { alert: alert.clone(), broadcast, received, key: ReceiptKey::Kept([1; 16]) });
        }
        missing.len()
    }

    #[test]
    fn never_more_are_kept_than_the_bound_and_what_is_in_use_stays() {
        let mut keys = Keys::default();
        let busy = || vec!["busy".to_owned()];
        let others = |round: usize| (0..BROADCASTS_KNOWN_MAX - 1).map(move |nth| format!("{round}/{nth}"));
        assert_eq!(learn(&mut keys, &busy()), 1);
        for round in 0..5 {
            let all: Vec<String> = busy().into_iter().chain(others(round)).collect();
            assert_eq!(learn(&mut keys, &all), BROADCASTS_KNOWN_MAX - 1, "round {round}");
            assert_eq!(keys.known.len(), BROADCASTS_KNOWN_MAX);
        }
        // Those of the last round are there still.
        assert_eq!(learn(&mut keys, &others(4).collect::<Vec<_>>()), 0);
        assert_eq!(learn(&mut keys, &["one more".to_owned()]), 1);
        assert_eq!((keys.known.len(), learn(&mut keys, &busy())), (BROADCASTS_KNOWN_MAX, 1), "the idlest went");
    }
}
