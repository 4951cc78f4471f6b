//! Two nodes on one database, and one of them is killed.

use super::{FEW_AT_A_TIME, PEOPLE, PEOPLE_FEWER, SHORT_LEASE, SLOW, all_heard, begin, cancel, city, whole};
use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::random::Random;
use crate::support::wait::until;

const ROUNDS: usize = 12;
const ROUNDS_FEWER: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_goes_on_with_what_the_other_left_or_cancels_it() {
    let mut random = Random::new("two nodes");
    let (people, rounds) = if whole() { (PEOPLE, ROUNDS) } else { (PEOPLE_FEWER, ROUNDS_FEWER) };
    let settings = if whole() { &[SHORT_LEASE][..] } else { &[SHORT_LEASE, FEW_AT_A_TIME] };
    let mut crowd = city(Database::Postgres, people, settings).await;
    for round in 0..rounds {
        begin(&crowd).await;
        if !whole() {
            crowd.sandbox.fault(SLOW).await;
        }
        let mut other = crowd.server.beside().await;
        let cap = Cap::new(&format!("two-nodes-{round}"));
        let id = crowd.post(&cap).await;
        // Turn and turn about; who is left goes on alone, whoever was asked first.
        let (first_is_left, is_cancelled) = (round % 2 == 0, round % 4 >= 2);
        let share = if is_cancelled { 0.4 } else { 0.8 };
        crowd.pushed(1 + (people as f64 * share * random.fraction()) as usize).await;
        let left = if first_is_left {
            other.kill9();
            None
        } else {
            crowd.server.kill9();
            Some(&other)
        };
        if is_cancelled {
            let told = cancel(&mut crowd, left, &cap, &id, 1).await;
            println!("round {round}: {} heard it and its Cancel, {} twice", told.people, told.repeats);
            assert!(told.people < people, "it was over before the Cancel: this proves little");
            continue;
        }
        if !first_is_left {
            // What it left is taken over by the other one before it is back.
            let sandbox = &crowd.sandbox;
            let all = || async { (sandbox.told(&id, "").await.people == people).then_some(()) };
            until("somebody to go on", all).await;
            crowd.server.restart().await;
        }
        let repeats = all_heard(&mut crowd, &id, 1).await;
        println!("round {round}: {repeats} repeated");
    }
}
