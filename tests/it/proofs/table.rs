//! Each fault of the sandbox, at three in ten of the devices of each push service: nobody is lost, nobody who lives is
//! retired, and the other services are as quick as before.

use super::{CHANNELS, city, whole};
use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use beffroi::clock::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// With each channel.
const PEOPLE: usize = 1_000;
const PEOPLE_FEWER: usize = 60;
const SHARE: f64 = 0.3;
/// How often those are refused, on average, who are to hear when that is mended.
const REFUSED_TIMES: usize = 3;
/// What becomes of those whom a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// They hear later.
    Hear,
    /// They wait until it is mended, and then hear: when so many are refused it is taken to be our doing.
    HearWhenMended,
    /// They are gone, and nobody else is.
    Gone,
}

/// How devices fail.
const FAULTS: &[(&str, Met)] = &[
    ("fault=throttled&retry_after=1&times=2", Met::Hear),
    ("fault=unavailable&times=3", Met::Hear),
    // A burst: whoever is met, as often as they are met, while it lasts.
    ("fault=unavailable&duration_ms=1500", Met::Hear),
    ("fault=reset&times=2", Met::Hear),
    ("fault=drop&times=1", Met::Hear),
    ("fault=goaway&times=1", Met::Hear),
    ("fault=unauthorized&times=1", Met::Hear),
    // Ten seconds, and the request may take two.
    ("fault=stall&delay_ms=10000&times=1", Met::Hear),
    ("fault=bad-token", Met::HearWhenMended),
    ("fault=gone", Met::Gone),
];
/// The channels that have such a fault. A browser's push service has no answer like Apple's `BadDeviceToken`, which may
/// mean the other environment; and where Google says that a token is none, it speaks of that very token: it is gone.
fn channels_of(met: Met) -> &'static [&'static str] {
    match met {
        Met::Hear | Met::Gone => &CHANNELS,
        Met::HearWhenMended => &["apns"],
    }
}
const TIMEOUT: (&str, &str) = ("push.request_timeout_ms", "2000");
/// Who waits for their next try waits no longer than this, so that a table of faults takes no hour.
const RETRY: (&str, &str) = ("dispatch.retry_longest_ms", "1000");
/// How long an answer takes that is no fault, and how many a service is asked for at once: what is measured is then who
/// waits for whom, not how quick the machine is.
const PACE: &str = "fault=stall&share=1&delay_ms=50";
const AT_ONCE: (&str, &str) = ("push.in_flight_per_origin_max", "32");
/// How often a service is measured without and with its neighbour's fault, in turn.
const PAIRS: usize = 3;
/// How much later the other services may be done, at their 99th percentile: the middle one of all pairs.
const LATER_MAX: f64 = 1.1;

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_service_loses_anyone_or_holds_up_another_on_sqlite() {
    table(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_service_loses_anyone_or_holds_up_another_on_postgresql() {
    table(Database::Postgres).await;
}

async fn table(database: Database) {
    let people = if whole() { PEOPLE } else { PEOPLE_FEWER };
    let crowd = city(database, CHANNELS.len() * people, &[TIMEOUT, RETRY, AT_ONCE]).await;
    let mut town = Town { living: crowd.people.len(), crowd, alerts: 0 };
    for (fault, met) in FAULTS {
        if whole() {
            for channel in channels_of(*met) {
                compare(&mut town, channel, fault, *met).await;
            }
        } else {
            // All services at once that have it; whoever lives hears the next one.
            let only = if *met == Met::HearWhenMended { "&channel=apns" } else { "" };
            town.faulty(&format!("{fault}{only}"), *met).await;
            town.well().await;
        }
    }
}

/// A service with and without a fault, and what the others notice.
async fn compare(town: &mut Town, channel: &'static str, fault: &str, met: Met) {
    let others = CHANNELS.into_iter().filter(|other| *other != channel);
    let mut later: BTreeMap<&str, Vec<f64>> = others.map(|other| (other, Vec::new())).collect();
    for pair in 0..PAIRS {
        let without = town.well().await;
        let with = town.faulty(&format!("{fault}&channel={channel}&seed={pair}"), met).await;
        for (other, ratios) in &mut later {
            ratios.push(with[*other] / without[*other]);
        }
    }
    for (other, ratios) in &mut later {
        ratios.sort_by(f64::total_cmp);
        let middle = ratios[PAIRS / 2];
        println!("{fault} of {channel}: p99 of {other} times {middle:.3} (of {ratios:.3?})");
        assert!(middle < LATER_MAX, "{fault} of {channel}: p99 of {other} times {ratios:.3?}");
    }
}

struct Town {
    crowd: Crowd,
    /// How many are not retired.
    living: usize,
    alerts: usize,
}

/// How long it took until 99 of 100 of those of a channel had been pushed to, milliseconds.
type Times = BTreeMap<String, f64>;

impl Town {
    /// Everyone hears.
    async fn well(&mut self) -> Times {
        self.crowd.sandbox.mend().await;
        let heard = self.alert("all is well", None).await;
        assert_eq!((heard.gone, heard.rejected), (0, 0));
        heard.times
    }

    /// The same with a fault at three in ten.
    async fn faulty(&mut self, fault: &str, met: Met) -> Times {
        self.crowd.sandbox.mend().await;
        self.crowd.sandbox.fault(&format!("{fault}&share={SHARE}")).await;
        let heard = self.alert(fault, Some(met)).await;
        assert!(heard.met > 0, "{fault}: it met nobody");
        // Who is gone is asked once, and never again.
        let gone = if met == Met::Gone { heard.met } else { 0 };
        assert_eq!((heard.gone, heard.rejected), (gone, 0), "{fault}");
        self.living -= heard.gone;
        heard.times
    }

    /// Posts an alert and waits for its end. The ledger has everyone, and so has the sandbox.
    async fn alert(&mut self, what: &str, met: Option<Met>) -> Heard {
        let Self { crowd, living, alerts } = self;
        *alerts += 1;
        crowd.sandbox.clear().await;
        crowd.sandbox.fault(PACE).await;
        let posted = Clock::system().real();
        let id = crowd.post(&Cap::new(&format!("fault-{alerts}"))).await;
        let mut pushes = 0;
        if met == Some(Met::HearWhenMended) {
            everyone_was_tried(crowd, &id, *living).await;
            pushes = crowd.sandbox.met_first().await;
            crowd.sandbox.mend().await;
            crowd.sandbox.fault(PACE).await;
        }
        let broadcast = crowd.settled(&id).await;
        if matches!(met, Some(Met::Hear | Met::Gone)) {
            pushes = crowd.sandbox.met_first().await;
        }
        assert_adds_up(&broadcast, *living as u64);
        let count = |count: &Value| count.as_u64().expect("a count") as usize;
        let (gone, rejected) = (count(&broadcast["gone"]), count(&broadcast["rejected"]));
        assert_eq!(broadcast["accepted"], *living - gone - rejected, "{what}: {broadcast}");
        let told = crowd.sandbox.told(&id, "").await;
        let heard = *living - gone - rejected;
        assert_eq!((told.people, told.chains), (heard, 1), "{what}: nobody is counted who did not hear");
        let counts = crowd.sandbox.counts().await;
        assert_eq!((&counts["found"], &counts["wrong_order"]), (&json!({}), &json!(0)), "{what}");
        println!("{what}: {gone} gone, {rejected} rejected, {} twice", told.repeats);
        Heard { gone, rejected, met: pushes, times: times(crowd, posted).await }
    }
}

/// What became of an alert.
struct Heard {
    /// Pushes that the fault met.
    met: usize,
    gone: usize,
    rejected: usize,
    times: Times,
}

/// Waits until each of so many people was accepted or refused, and those who were refused have been again. It asks for
/// counts alone: what is measured is not how quickly a test reads thousands of messages.
async fn everyone_was_tried(crowd: &Crowd, id: &str, living: usize) {
    until("everyone was tried", || async {
        let (pushes, refused) = (crowd.sandbox.met_first().await, crowd.sandbox.met_recipients().await);
        (crowd.sandbox.told(id, "").await.people + refused == living && pushes >= REFUSED_TIMES * refused).then_some(())
    })
    .await;
}

async fn times(crowd: &Crowd, posted: Timestamp) -> Times {
    let mut by_channel: BTreeMap<String, Vec<i128>> = BTreeMap::new();
    for pushed in crowd.sandbox.messages().await {
        by_channel.entry(pushed.channel).or_default().push(pushed.received.duration_since(posted).as_millis());
    }
    let p99 = |times: Vec<i128>| times[(times.len() - 1) * 99 / 100] as f64;
    by_channel.into_iter().map(|(channel, times)| (channel, p99(times))).collect()
}
