//! What a post is answered with.

use crate::cap::finding::Finding;
use crate::model::broadcast::{Reason, State};
use crate::model::id::AlertId;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};

/// Estimates of people below this are told to nobody.
pub const ESTIMATE_SHOWN_MIN: u64 = 20;
/// Estimates are rounded down to a multiple of this: else two areas that differ by a cell would tell at once who is in
/// it. Many questions, or subscriptions of one's own that make a number jump, can still tell; their number is limited.
pub const ESTIMATE_STEP: u64 = 10;

/// The body of the answer to a post; the first one is kept and given again for the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub id: AlertId,
    pub key: KeyText,
    pub state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The chain's key, as devices see it.
    pub chain: String,
    pub audience: Estimate,
    /// The alert that this one is a copy of: whom that one reaches is not rung again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_with: Option<AlertId>,
    pub findings: Vec<Finding>,
    pub links: Links,
    /// Nothing was stored and nothing will be sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// CAP's identity of a message, as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyText {
    pub sender: String,
    pub identifier: String,
    pub sent: String,
}

/// How many people the alert's area concerned when it came, rounded down to tens; `null` where they are fewer than
/// [`ESTIMATE_SHOWN_MIN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub inside: Option<u64>,
    pub near: Option<u64>,
}

impl Estimate {
    pub fn of(inside: u64, near: u64) -> Self {
        Self { inside: shown(inside), near: shown(near) }
    }
}

/// What is told of a count.
pub(super) fn shown(count: u64) -> Option<u64> {
    (count >= ESTIMATE_SHOWN_MIN).then_some(count - count % ESTIMATE_STEP)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Links {
    #[serde(rename = "self")]
    pub this: String,
    pub page: String,
    pub original: String,
    pub broadcast: String,
}

/// What became of a post that was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Posted {
    /// Stored now: 202.
    Stored(Answer),
    /// The same bytes came before; this is the first answer: 200.
    Repeated(Answer),
    /// A dry run: 200.
    Rehearsed(Answer),
}

/// Why a post was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("the document has errors that cannot be mended safely")]
    Invalid { findings: Vec<Finding> },
    #[error("another document with the same sender, identifier and sent is stored as {first}")]
    Conflict { first: AlertId },
    #[error("a test key posts only alerts of status Test or Exercise")]
    TestKey,
    #[error("the database did not take the alert: nothing was sent, post it again")]
    Store(#[from] StoreError),
}

/// The reason in words an integrator can act on.
pub fn explain(reason: Reason) -> &'static str {
    match reason {
        Reason::KeyHolds => "This key's alerts wait for a person to release them.",
        Reason::KeyFiles => "This key's alerts are only filed and reach nobody.",
        Reason::ForeignSender => {
            "This key may not speak for the alert's sender, so a person must release it. Ask the operator to add the sender to the key."
        }
        Reason::ForeignChain => {
            "It updates or cancels an alert of another sender, so a person must release it. Send it as the sender of the alert it refers to."
        }
        Reason::Signature => {
            "A key is pinned for the alert's sender, and no signature of the alert is by it, so a person must release it. Sign the alert with that key, last of all."
        }
        Reason::NoArea => {
            "Nothing says where it applies, so it reaches nobody. Give each area a polygon, a circle or a geocode."
        }
        Reason::UnknownArea => {
            "None of its geocodes is known here, so it would reach nobody and waits for a person. Give each area a polygon or a circle, or have the operator load the areas: beffroi areas import."
        }
        Reason::NotActual => "Its status is System or Draft, so it reaches nobody. Send status Actual to reach people.",
        Reason::NotPublic => {
            "Its scope is Restricted or Private, so it reaches nobody and is not published. Send scope Public to reach people."
        }
        Reason::Expired => "It had expired when it came, so it reaches nobody. Send it with an expires in the future.",
        Reason::NoInfo => "It has no info block, so there is nothing to tell anyone. Add an info block.",
        Reason::NotForPeople => "Ack and Error messages answer other systems and reach nobody.",
        Reason::Superseded => "A newer message of the same chain, or a Cancel, came before it, so it reaches nobody.",
        Reason::NothingToCancel => {
            "What it cancels is not known here, so there is nobody to tell. If it comes later it will stay silent."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_never_tells_of_few_or_of_one() {
        for (count, shown) in
            [(0, None), (19, None), (20, Some(20)), (29, Some(20)), (30, Some(30)), (1_234, Some(1_230))]
        {
            assert_eq!(Estimate::of(count, 0).inside, shown, "{count}");
        }
    }
}
