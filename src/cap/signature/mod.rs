//! XML signatures of alerts (XML-DSig, CAP 1.2 §3.3.4): read, verified and made.
//!
//! Only an enveloped signature of the whole alert counts. It is verified over the document as it came: `source` keeps
//! everything in it, `canonical` makes the octets that were signed, `structure` reads the signature, `key` does the
//! mathematics, and [`Trust`] says whose keys are known. Nothing is ever fetched.

mod algorithm;
mod canonical;
mod der;
mod dsa;
mod key;
mod sign;
mod source;
mod structure;
mod trust;
mod verify;

pub use key::{KeyError, PublicKey};
pub use sign::{SignError, SigningKey, SigningKeyError, sign};
pub use trust::Trust;

use super::limits::{CANONICAL_BYTES_MAX, Limits, SIGNATURE_CHECKS_MAX, SIGNATURE_DSA_CHECKS, SIGNATURES_MAX};
use super::report::Report;
use super::rules::{self, Rule};
use super::tree::{NodeId, Space, Tree};
use serde::{Deserialize, Serialize};
use source::Source;
use verify::{Outcome, Scene, verify};

/// Why a signature over letters that we read otherwise than their encoding says is not judged.
const OTHER_LETTERS: &str =
    "Some bytes mean other characters by the letter than they are read as: it may hold for those.";

/// What is known of an alert's signatures together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// There is none.
    None,
    /// One holds, by a key pinned for the sender.
    Valid,
    /// One holds, but nothing says whose key it is, or it is too weak to be trusted.
    Untrusted,
    /// The alert or the signature was changed, or the signature is broken.
    Invalid,
    /// None could be verified: no key, or algorithms and transforms that we do not do.
    Unsupported,
}

impl Verdict {
    /// As `check` and the API print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Valid => "valid",
            Self::Untrusted => "untrusted",
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
        }
    }

    /// What decides among several signatures. One by a pinned key covers the whole alert, so it is enough, whatever
    /// others were added; without one, any that is wrong outweighs those that say nothing of who signed.
    const fn weight(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unsupported => 1,
            Self::Untrusted => 2,
            Self::Invalid => 3,
            Self::Valid => 4,
        }
    }
}

/// Verifies the signatures of one document's alerts, within bounds that hold for all of them together.
pub(super) struct Inspector<'a> {
    text: &'a str,
    attributes_max: usize,
    /// Made when the first signature is met.
    source: Option<Source<'a>>,
    /// Bytes that may still be canonicalised.
    room: usize,
    /// Signatures that may still be verified.
    checks: usize,
}

impl<'a> Inspector<'a> {
    /// For a document that has been parsed.
    pub(super) fn new(text: &'a str, limits: &Limits) -> Self {
        Self {
            text,
            attributes_max: limits.attributes_max,
            source: None,
            room: CANONICAL_BYTES_MAX,
            checks: SIGNATURE_CHECKS_MAX,
        }
    }

    /// The same for a text inside the document, within what is left to be spent.
    pub(super) fn inside<'b>(&self, text: &'b str) -> Inspector<'b> {
        Inspector { text, attributes_max: self.attributes_max, source: None, room: self.room, checks: self.checks }
    }

    /// Counts what was spent on a text inside the document.
    pub(super) fn settle(&mut self, inside: &Inspector<'_>) {
        (self.room, self.checks) = (inside.room, inside.checks);
    }

    /// Verifies the signatures of an alert and reports on each.
    pub(super) fn inspect(
        &mut self,
        tree: &Tree<'_>,
        alert: NodeId,
        sender: Option<&str>,
        trust: &Trust,
        report: &mut Report,
    ) -> Verdict {
        let nodes: Vec<NodeId> = signatures(tree, alert).collect();
        if nodes.is_empty() {
            return Verdict::None;
        }
        if self.source.is_none() {
            self.source = Source::scan(self.text, self.attributes_max);
        }
        let pins: Vec<&PublicKey> = sender.into_iter().flat_map(|sender| trust.keys_of(sender)).collect();
        let places = self.source.as_ref().and_then(|source| {
            let places =
                nodes.iter().map(|&node| source.at_offset(tree.nodes[node].offset)).collect::<Option<Vec<_>>>();
            Some((source, source.at_offset(tree.nodes[alert].offset)?, places?))
        });
        let mut verdict = Verdict::None;
        for (number, &node) in nodes.iter().enumerate() {
            let outcome = match &places {
                Some((source, alert, places)) if number < SIGNATURES_MAX && self.checks > 0 => {
                    let scene = Scene { source, alert: *alert, signatures: places };
                    let outcome = verify(scene, places[number], &pins, &mut self.room);
                    self.checks = self.checks.saturating_sub(if outcome.slow { SIGNATURE_DSA_CHECKS } else { 1 });
                    outcome
                }
                Some(_) => Outcome::unsupported("There are too many signatures to verify this one."),
                None => Outcome::unsupported("The document could not be read again."),
            };
            let is_doubtful = outcome.verdict == Verdict::Invalid && report.has(&rules::ENCODING_WINDOWS);
            let outcome = if is_doubtful { Outcome::unsupported(OTHER_LETTERS) } else { outcome };
            tell(tree, node, &outcome, report);
            if outcome.verdict.weight() > verdict.weight() {
                verdict = outcome.verdict;
            }
        }
        verdict
    }
}

/// The signatures that stand where the standard has them: directly in the alert.
fn signatures(tree: &Tree<'_>, alert: NodeId) -> impl Iterator<Item = NodeId> {
    tree.children(alert).filter(|&id| tree.nodes[id].space == Space::Signature && tree.nodes[id].name == "Signature")
}

/// Reports on one signature.
fn tell(tree: &Tree<'_>, node: NodeId, outcome: &Outcome, report: &mut Report) {
    let mut add = |rule: &'static Rule, message: &str| {
        report.add_at(rule, tree.nodes[node].offset, || (tree.path(node), tree.clause(node)), || message.into());
    };
    match outcome.verdict {
        Verdict::Invalid => add(&rules::SIGNATURE_INVALID, &outcome.message),
        Verdict::Unsupported => add(&rules::SIGNATURE_UNSUPPORTED, &outcome.message),
        Verdict::Untrusted => add(&rules::SIGNATURE_UNTRUSTED, &outcome.message),
        Verdict::Valid | Verdict::None => {}
    }
    if outcome.weak {
        add(&rules::SIGNATURE_WEAK, "It uses SHA-1, DSA or a short key, which can be forged today.");
    }
    if outcome.without_blanks {
        add(&rules::SIGNATURE_WHITESPACE, "It holds only without the white space between the elements.");
    }
    if outcome.without_others {
        add(&rules::SIGNATURE_EARLIER, "It holds only without the other signatures: it was made before them.");
    }
}
