//! Stored alerts, read. The original is the only truth and never changes: what was read of it once is kept for the
//! next reader, within a bound.

use crate::cap;
use crate::cap::alert::Alert;
use crate::model::id::AlertId;
use crate::store::alert::StoredAlert;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of originals whose readings are kept; those read first leave first.
const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Readings of originals, by the alert's id.
#[derive(Debug)]
pub struct Originals {
    kept: Mutex<Kept>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    alerts: HashMap<AlertId, Arc<Alert>>,
    /// Oldest first, with the size of the original.
    order: VecDeque<(AlertId, usize)>,
    bytes: usize,
}

impl Default for Originals {
    fn default() -> Self {
        Self::bounded(KEPT_BYTES_MAX)
    }
}

impl Originals {
    fn bounded(bytes_max: usize) -> Self {
        Self { kept: Mutex::default(), bytes_max }
    }

    /// What an alert says. `None` when what was stored cannot be read any more, which is our fault and is logged.
    pub fn read(&self, stored: &StoredAlert) -> Option<Arc<Alert>> {
        if let Some(alert) = self.lock().alerts.get(&stored.id) {
            return Some(Arc::clone(alert));
        }
        // Outside the lock: two who read the same at once both do the work, and nobody waits.
        // How long it may be was decided when it came.
        let limits = cap::Limits { bytes_max: usize::MAX, ..cap::Limits::default() };
        let options = cap::Options { axes: stored.axes, ..cap::Options::from(limits) };
        let Some(alert) = cap::read(&stored.original, &options).alert else {
            tracing::error!(alert = %stored.id, "stored alert {} cannot be read any more", stored.id);
            return None;
        };
        let alert = Arc::new(alert);
        self.lock().keep(&stored.id, &alert, stored.original.len(), self.bytes_max);
        Some(alert)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Whatever panicked, each change below leaves something that may be read.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, id: &AlertId, alert: &Arc<Alert>, bytes: usize, bytes_max: usize) {
        if bytes > bytes_max || self.alerts.insert(id.clone(), Arc::clone(alert)).is_some() {
            return;
        }
        self.order.push_back((id.clone(), bytes));
        self.bytes += bytes;
        while self.bytes > bytes_max {
            let Some((oldest, freed)) = self.order.pop_front() else { break };
            self.alerts.remove(&oldest);
            self.bytes -= freed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    fn alert() -> Arc<Alert> {
        Arc::new(sample::alert())
    }

    #[test]
    fn readings_are_kept_within_the_bound_and_the_oldest_leaves_first() {
        let mut kept = Kept::default();
        let id = |number: usize| AlertId(format!("alert-{number}"));
        for number in 0..5 {
            kept.keep(&id(number), &alert(), 40, 100);
            assert!(kept.bytes <= 100, "{} bytes", kept.bytes);
        }
        let known: Vec<bool> = (0..5).map(|number| kept.alerts.contains_key(&id(number))).collect();
        assert_eq!(known, [false, false, false, true, true]);
        kept.keep(&id(4), &alert(), 40, 100);
        assert_eq!((kept.alerts.len(), kept.order.len(), kept.bytes), (2, 2, 80), "one alert counts once");
        kept.keep(&id(9), &alert(), 101, 100);
        assert_eq!((kept.alerts.len(), kept.bytes), (2, 80), "what does not fit drives nothing out");
    }
}
