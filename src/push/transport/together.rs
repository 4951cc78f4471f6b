//! How many requests share one connection to a push service, and so its fate: as many as it allows, until it cuts a
//! connection with requests on it. Then half as many as were on that one, and one more with each answer, since who cuts
//! connections for what is asked takes along whoever is on them.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Most requests at once on one connection, however many a push service allows: more would only share one fate.
pub(super) const TOGETHER_MAX: usize = 1_000;

/// Fewest: whoever has a warm connection begins with so many, whatever happened to a test push on the one before.
const TOGETHER_MIN: usize = 4;

/// One for all connections to a push service.
#[derive(Debug)]
pub(super) struct Together(AtomicUsize);

impl Default for Together {
    fn default() -> Self {
        Self(AtomicUsize::new(TOGETHER_MAX))
    }
}

impl Together {
    /// So many, from [`TOGETHER_MIN`] to [`TOGETHER_MAX`].
    pub(super) fn max(&self) -> usize {
        self.0.load(Ordering::Relaxed).min(TOGETHER_MAX)
    }

    /// Fewer than usual: each answer makes room for one more.
    pub(super) fn is_narrow(&self) -> bool {
        self.max() < TOGETHER_MAX
    }

    /// A connection was cut that carried so many requests. One that was alone took nobody along.
    pub(super) fn cut(&self, carried: usize) {
        if carried > 1 {
            self.0.fetch_min((carried / 2).max(TOGETHER_MIN), Ordering::Relaxed);
        }
    }

    /// A request was answered.
    pub(super) fn answered(&self) {
        if self.is_narrow() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_those_who_were_cut_off_go_together_next_and_one_more_with_each_answer() {
        let together = Together::default();
        together.cut(1);
        assert!(!together.is_narrow(), "it was alone");
        (0..4).for_each(|_| together.cut(64));
        assert_eq!(together.max(), 32, "four connections at once are one misfortune");
        together.cut(32);
        assert_eq!(together.max(), 16);
        (0..2).for_each(|_| together.answered());
        assert_eq!(together.max(), 18);
        together.cut(2);
        assert_eq!(together.max(), TOGETHER_MIN);
        (0..2 * TOGETHER_MAX).for_each(|_| together.answered());
        assert_eq!(together.max(), TOGETHER_MAX);
    }
}
