//! CPU time of this process: what is measured while other processes share the machine.

use rustix::time::{ClockId, clock_gettime};

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;
const NANOSECONDS_PER_MICROSECOND: f64 = 1_000.0;

/// CPU time used since this process began, nanoseconds.
fn now_ns() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * NANOSECONDS_PER_SECOND + time.tv_nsec
}

/// CPU time of one of `times` calls in a row, microseconds.
pub fn cpu_us(times: u32, mut work: impl FnMut()) -> f64 {
    let begin = now_ns();
    for _ in 0..times {
        work();
    }
    #[expect(clippy::cast_precision_loss, reason = "a bench runs for seconds, not for months")]
    let taken = (now_ns() - begin) as f64;
    taken / NANOSECONDS_PER_MICROSECOND / f64::from(times)
}
