//! `beffroi rehearse`: the whole line, from POST to the last push, with figures.

use super::support::postgres::FreshDatabase;
use super::support::process::{Ran, run};
use super::support::server::beffroi;
use serde_json::Value;

/// The keys that scripts hold on to, in their order.
const KEYS: [&str; 13] = [
    "subscribers",
    "accepted",
    "lost",
    "duplicates",
    "first_push_ms",
    "last_push_ms",
    "pushes_per_second",
    "sender_cpu_us_per_push",
    "arming_cpu_us_per_push",
    "match_ms",
    "plan_ms",
    "peak_rss_mb",
    "preempt_first_push_ms",
];

async fn rehearse(arguments: &[&str]) -> Ran {
    run(beffroi(&[&["rehearse"], arguments].concat())).await
}

fn assert_whole(ran: &Ran, people: u64) {
    assert_eq!(ran.code, 0, "{}{}", ran.output, ran.errors);
    assert_eq!(ran.output.lines().count(), 1, "{}", ran.output);
    let figures: Value = serde_json::from_str(&ran.output).expect("JSON");
    for pair in KEYS.windows(2) {
        let place = |key: &str| ran.output.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("no {key}"));
        assert!(place(pair[0]) < place(pair[1]), "{}", ran.output);
    }
    assert_eq!(figures.as_object().map(serde_json::Map::len), Some(KEYS.len()));
    let number = |key: &str| figures[key].as_f64().unwrap_or_else(|| panic!("{key}: {figures}"));
    assert_eq!((figures["subscribers"].as_u64(), figures["accepted"].as_u64()), (Some(people), Some(people)));
    assert_eq!((number("lost"), number("duplicates")), (0.0, 0.0));
    assert!(number("first_push_ms") <= number("last_push_ms"));
    for key in ["first_push_ms", "preempt_first_push_ms", "match_ms", "plan_ms"] {
        assert!(number(key) >= 0.0, "{figures}");
    }
    for key in ["pushes_per_second", "sender_cpu_us_per_push", "peak_rss_mb"] {
        assert!(number(key) > 0.0, "{figures}");
    }
}

#[tokio::test]
async fn a_rehearsal_with_urgent_alerts_tells_how_long_they_took() {
    let ran = rehearse(&["--subscribers", "300", "--urgent", "3"]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.output, ran.errors);
    let figures: Value = serde_json::from_str(&ran.output).expect("JSON");
    let number = |key: &str| figures[key].as_i64().unwrap_or_else(|| panic!("{key}: {figures}"));
    assert!((1..=3).contains(&number("preempts")), "{figures}");
    for (middle, last) in
        [("idle_first_push_ms", "idle_first_push_ms_p99"), ("preempt_first_push_ms", "preempt_first_push_ms_p99")]
    {
        assert!(0 <= number(middle) && number(middle) <= number(last), "{figures}");
    }
}

#[tokio::test]
async fn a_rehearsal_reaches_everybody_it_invented() {
    assert_whole(&rehearse(&["--subscribers", "1500"]).await, 1_500);
}

#[tokio::test]
async fn a_rehearsal_reaches_everybody_whom_it_armed_ahead() {
    // Some of them have no Web Push, and some get a second push, for which nothing may be left.
    for armed in ["1", "2"] {
        let ran = rehearse(&["--subscribers", "300", "--channel", "mixed", "--armed", armed]).await;
        assert_whole(&ran, 300);
        let figures: Value = serde_json::from_str(&ran.output).expect("JSON");
        assert!(figures["arming_cpu_us_per_push"].as_f64().is_some_and(|us| us > 0.0), "{figures}");
    }
}

#[tokio::test]
async fn a_rehearsal_uses_the_database_that_it_is_given_if_that_is_empty() {
    let database = FreshDatabase::create().await;
    let url = database.url();
    let arguments = ["--subscribers", "40", "--database", &url];
    assert_whole(&rehearse(&arguments).await, 40);
    let again = rehearse(&arguments).await;
    assert_eq!((again.code, again.output.as_str()), (2, ""));
    assert!(again.errors.contains("needs an empty one"), "{}", again.errors);
}

#[tokio::test]
async fn what_a_rehearsal_cannot_do_is_said() {
    for (arguments, words) in [
        (&["--subscribers", "10", "--armed", "3"][..], "invalid value"),
        (&["--subscribers", "0"], "invalid value"),
        (&["--subscribers", "10", "--channel", "pigeon"], "invalid value"),
    ] {
        let ran = rehearse(arguments).await;
        assert_eq!((ran.code, ran.output.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.errors.contains(words), "{arguments:?}: {}", ran.errors);
    }
}
