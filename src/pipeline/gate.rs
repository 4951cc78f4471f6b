//! The gate before every send: the most urgent tier that waits goes first, yet the quiet ones never stand still.

use crate::model::tier::Tier;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// One pass in this many goes to the least urgent tier that waits, so that lower tiers keep moving.
const QUIET_SHARE: u64 = 16;

/// A bounded number of sends at once, handed out by tier.
#[derive(Debug, Clone)]
pub struct Gate {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    free: usize,
    passes: u64,
    waiting: [VecDeque<oneshot::Sender<Pass>>; Tier::ALL.len()],
}

/// The right to one send; given back when dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Gate,
}

impl Gate {
    /// A gate that lets `in_flight_max` sends through at once.
    pub fn new(in_flight_max: usize) -> Self {
        let inner = Inner { free: in_flight_max, passes: 0, waiting: Default::default() };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Waits for a turn.
    pub async fn pass(&self, tier: Tier) -> Pass {
        let turn = {
            let mut inner = self.lock();
            if inner.free > 0 {
                inner.free -= 1;
                return Pass { gate: self.clone() };
            }
            let (sender, receiver) = oneshot::channel();
            inner.waiting[tier.index()].push_back(sender);
            receiver
        };
        turn.await.expect("a waiting sender is only dropped by handing it a pass")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds the gate")
    }

    /// Hands a returned pass to whoever is next. One who has gone away gives it back by dropping it.
    fn give_back(&self) {
        let next = {
            let mut inner = self.lock();
            match inner.next() {
                Some(next) => next,
                None => {
                    inner.free += 1;
                    return;
                }
            }
        };
        // A receiver that is gone returns the pass in the error; dropping it there comes back here.
        drop(next.send(Pass { gate: self.clone() }));
    }
}

impl Inner {
    fn next(&mut self) -> Option<oneshot::Sender<Pass>> {
        self.passes += 1;
        let quiet_turn = self.passes.is_multiple_of(QUIET_SHARE);
        let waiting = self.waiting.iter_mut().filter(|queue| !queue.is_empty());
        let queue = if quiet_turn { waiting.last() } else { waiting.into_iter().next() };
        queue?.pop_front()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::Future;
    use std::pin::Pin;

    /// A pass that was asked for before it is free.
    fn asked(gate: &Gate, tier: Tier) -> Pin<Box<dyn Future<Output = Pass> + '_>> {
        let mut pass = Box::pin(gate.pass(tier));
        assert!((&mut pass).now_or_never().is_none(), "the gate is full");
        pass
    }

    #[test]
    fn an_urgent_send_overtakes_all_that_wait() {
        let gate = Gate::new(1);
        let first = gate.pass(Tier::P3).now_or_never().expect("free");
        let mut quiet = asked(&gate, Tier::P3);
        let mut urgent = asked(&gate, Tier::P0);
        drop(first);
        let urgent = (&mut urgent).now_or_never().expect("the urgent one is next");
        assert!((&mut quiet).now_or_never().is_none());
        drop(urgent);
        assert!((&mut quiet).now_or_never().is_some());
    }

    #[test]
    fn quiet_tiers_move_even_under_a_stream_of_urgent_ones() {
        let gate = Gate::new(1);
        let mut pass = gate.pass(Tier::P0).now_or_never().expect("free");
        let mut quiet = asked(&gate, Tier::P3);
        for turn in 1..=QUIET_SHARE {
            let mut urgent = asked(&gate, Tier::P0);
            drop(pass);
            if (&mut quiet).now_or_never().is_some() {
                assert_eq!(turn, QUIET_SHARE);
                return;
            }
            pass = (&mut urgent).now_or_never().expect("urgent");
        }
        panic!("the quiet send never had its turn");
    }

    #[test]
    fn a_pass_for_someone_who_left_is_not_lost() {
        let gate = Gate::new(1);
        let pass = gate.pass(Tier::P1).now_or_never().expect("free");
        drop(asked(&gate, Tier::P0));
        drop(pass);
        assert!(gate.pass(Tier::P3).now_or_never().is_some());
    }
}
