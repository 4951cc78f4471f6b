//! Proofs of sending, at the size of a city when `make prove` runs them: cut off at every point of a batch's way, with
//! every fault that a push service can have, in a flood of alerts. Everyone has a browser or an app of either kind; the
//! ledger adds up after each, and nobody is lost.

mod cuts;
mod flood;
mod nodes;
mod race;
mod table;

use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::sandbox::Told;
use crate::support::server::assert_adds_up;
use crate::support::{Database, Server};
use beffroi::clock::Clock;
use jiff::SignedDuration;

const CHANNELS: [&str; 3] = ["webpush", "apns", "fcm"];
/// Everyone of a city.
const PEOPLE: usize = 100_000;
const PEOPLE_FEWER: usize = 1_500;
/// What a crash may repeat, at all push services together: half a per cent of a hundred thousand. Of fewer people no
/// more than that, which is a third of [`PEOPLE_FEWER`].
const REPEATED_MAX: usize = 500;
/// One in ten is refused once, and must be tried again.
const BUSY: &str = "fault=unavailable&share=0.1&times=1";
/// Push services so slow, and asked by so few at a time, that a small broadcast takes seconds.
const SLOW: &str = "fault=stall&share=1&delay_ms=50";
const FEW_AT_A_TIME: (&str, &str) = ("push.in_flight_per_origin_max", "8");
/// So that a node that was killed is missed soon.
const SHORT_LEASE: (&str, &str) = ("dispatch.lease_ms", "2000");
/// How long after the answer to a Cancel the last push of the original may arrive.
const FENCE: SignedDuration = SignedDuration::from_secs(1);

fn whole() -> bool {
    std::env::var_os("BEFFROI_PROVE").is_some()
}

/// So many people, a third of them with each channel.
async fn city(database: Database, people: usize, settings: &[(&str, &str)]) -> Crowd {
    let groups = CHANNELS.map(|channel| format!("channel={channel}"));
    let groups: Vec<_> = groups.iter().zip(0..).map(|(group, turn)| ((people + turn) / 3, group.as_str())).collect();
    let crowd = Crowd::city(database, settings, &groups).await;
    assert_eq!(crowd.people.len(), people);
    crowd
}

/// Forgets what came, and lets one in ten be refused anew.
async fn begin(crowd: &Crowd) {
    crowd.sandbox.clear().await;
    // The first fault that meets a push has it.
    crowd.sandbox.mend().await;
    crowd.sandbox.fault(BUSY).await;
}

/// Everyone has it, at most so many times [`REPEATED_MAX`] more than once, and every repeat replaces what it repeats.
/// How many were repeated.
async fn all_heard(crowd: &mut Crowd, id: &str, kills: usize) -> usize {
    let people = crowd.people.len();
    let broadcast = crowd.settled(id).await;
    assert_adds_up(&broadcast, people as u64);
    assert_eq!(broadcast["accepted"], people, "{broadcast}");
    let told = crowd.sandbox.told(id, "").await;
    assert_eq!(told.people, people, "someone never heard of {id}");
    assert!(told.repeats <= kills * REPEATED_MAX, "{} repeated after {kills} kills", told.repeats);
    assert_eq!(told.chains, 1, "a repeat replaces what it repeats");
    told.repeats
}

/// Cancels at this node, or at the first, after so many kills. Whoever accepted the original hears that it is over, and
/// nothing of it comes later than a second after the answer. Starts the first node when that was killed.
async fn cancel(crowd: &mut Crowd, at: Option<&Server>, original: &Cap, id: &str, kills: usize) -> Told {
    let xml = Cap::about(original, "Cancel").xml();
    let answer = at.unwrap_or(&crowd.server).post_new(&crowd.key, xml).await;
    let last = Clock::system().real().saturating_add(FENCE).expect("a time");
    let end = answer["id"].as_str().expect("an id");
    if crowd.server.has_ended() {
        crowd.server.restart().await;
    }
    crowd.passed(last).await;
    let of_cancel = crowd.settled(end).await;
    assert_eq!((&of_cancel["accepted"], &of_cancel["waiting"]), (&of_cancel["targeted"], &0.into()), "{of_cancel}");
    let broadcast = crowd.settled(id).await;
    assert_adds_up(&broadcast, crowd.people.len() as u64);
    let told = crowd.sandbox.told(id, end).await;
    assert_eq!(told.untold, 0, "of {} who were alarmed did not hear the end of {id}", told.people);
    assert!(told.last <= Some(last), "the original came at {:?}, later than {last}", told.last);
    assert!(told.repeats <= kills * REPEATED_MAX, "{} repeated after {kills} kills", told.repeats);
    // A kill can hide from the ledger who heard, but not from the Cancel.
    let accepted = broadcast["accepted"].as_u64().expect("a count") as usize;
    let hidden = told.people.checked_sub(accepted).expect("nobody is counted who did not hear");
    assert!(hidden <= kills * REPEATED_MAX, "{hidden} heard whom the ledger does not count: {broadcast}");
    told
}
