//! The clocks: the database's machine's and ours, and a test clock that is still set.

use super::{Report, chain, is_for_citizens};
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Db, look};

const CHECK: &str = "clock";
/// How far two machines' clocks may be apart, milliseconds: leases live for seconds.
const APART_MS_MAX: i64 = 2_000;

/// The clock by which what is stored was dated.
pub(super) async fn check(report: &mut Report, config: &Config, db: &Db) -> Clock {
    let system = Clock::system();
    let before = system.real();
    match look::clock_ms(db).await {
        Ok(None) => report.ok(CHECK, format!("it is {} UTC, on this machine alone", before.strftime("%F %T"))),
        Ok(Some(theirs)) => {
            let ours = (before.as_millisecond() + system.real().as_millisecond()) / 2;
            let apart = theirs - ours;
            if apart.abs() > APART_MS_MAX {
                report.fault(
                    CHECK,
                    format!("the database's clock is {:.1} s from ours", apart as f64 / 1e3),
                    "Keep both machines' clocks by NTP: nodes take over each other's work by time.",
                );
            } else {
                report
                    .ok(CHECK, format!("it is {} UTC, {apart} ms from the database's clock", before.strftime("%F %T")));
            }
        }
        Err(error) => report.fault(CHECK, chain(&error), "Look at the log of the database."),
    }
    let Some(start) = config.clock.start else { return system };
    let clock = match app::remembered_clock(db, start).await {
        Ok(clock) => clock.unwrap_or(system),
        Err(error) => {
            report.fault(CHECK, format!("{error:#}"), "Look at the log of the database.");
            system
        }
    };
    let what = format!(
        "ALERT TIME IS MOVED by clock.start: alerts live at {} UTC, {} s from real time",
        clock.now().strftime("%F %T"),
        clock.now().duration_since(clock.real()).as_secs()
    );
    if is_for_citizens(config) {
        report.fault(CHECK, what, "It is for tests and sandboxes. Take clock.start out of the settings.");
    } else {
        report.note(CHECK, what);
    }
    clock
}
