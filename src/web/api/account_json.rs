//! A broadcast's account as JSON.

use crate::model::account::Account;
use crate::model::histogram::Histogram;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Adds an account to the members of an object.
pub fn extend(object: &mut Map<String, Value>, account: &Account) {
    if let Value::Object(ledger) = json!(account.ledger) {
        object.extend(ledger);
    }
    let counts = &account.seen.counts;
    let channels: BTreeMap<_, _> = account.channels.iter().map(|(route, ledger)| (route.as_str(), ledger)).collect();
    let members = [
        ("held", json!(account.held)),
        ("displayed", json!(counts.displayed)),
        ("opened", json!(counts.opened)),
        ("not_relevant", json!(counts.not_relevant)),
        ("silent", json!(account.silent)),
        ("channels", json!(channels)),
        ("tiers", json!(account.tiers)),
        (
            "latency_ms",
            json!({"accepted": latency(&account.accepted_after), "displayed": latency(&account.seen.displayed_after)}),
        ),
    ];
    object.extend(members.map(|(name, value)| (name.to_owned(), value)));
}

/// Percentiles, milliseconds; null where nothing was counted.
fn latency(histogram: &Histogram) -> Value {
    let percentile = |percent| histogram.percentile(percent);
    json!({"count": histogram.count(), "p50": percentile(50), "p95": percentile(95), "p99": percentile(99)})
}
