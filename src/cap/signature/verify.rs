//! One signature against the alert that it stands in (XML-DSig §3.2).
//!
//! What is verified is the very `alert` element that was read, never one looked up by a name: content cannot be
//! wrapped around what was signed.

use super::Verdict;
use super::algorithm::{Family, Hash};
use super::canonical::{Form, Method, Part, TooLong, canonical};
use super::key::{Answer, PublicKey};
use super::source::Source;
use super::structure::{Embedded, Fault, Reference, Signature, embedded};
use crate::cap::report::quote;
use aws_lc_rs::constant_time::verify_slices_are_equal;

/// An alert in its document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    /// The `alert` element.
    pub(super) alert: usize,
    /// Every signature of the alert.
    pub(super) signatures: &'s [usize],
}

/// What became of one signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    /// Why a signature that is not valid is not.
    pub(super) message: String,
    /// Whether its algorithms or its key are too weak to be trusted.
    pub(super) weak: bool,
    /// Whether it is of a kind that takes long to verify.
    pub(super) slow: bool,
    /// Whether it holds only without the white space between elements.
    pub(super) without_blanks: bool,
    /// Whether it holds only without the alert's other signatures.
    pub(super) without_others: bool,
}

impl Outcome {
    /// One that was not looked at.
    pub(super) fn unsupported(message: &str) -> Self {
        Self { verdict: Verdict::Unsupported, ..Self::broken(message.to_owned()) }
    }

    fn broken(message: String) -> Self {
        Self {
            verdict: Verdict::Invalid,
            message,
            weak: false,
            slow: false,
            without_blanks: false,
            without_others: false,
        }
    }
}

/// Verifies one. `room` is how many bytes may still be canonicalised.
pub(super) fn verify(scene: Scene<'_, '_>, at: usize, pins: &[&PublicKey], room: &mut usize) -> Outcome {
    let mut outcome = Outcome::broken(String::new());
    let (verdict, message) = match judge(scene, at, pins, room, &mut outcome) {
        Ok(verdict) => {
            outcome.verdict = verdict;
            return outcome;
        }
        Err(Fault::Broken(message)) => (Verdict::Invalid, message),
        Err(Fault::Unsupported(message)) => (Verdict::Unsupported, message),
    };
    // How it would hold does not matter when it does not.
    Outcome { verdict, weak: outcome.weak, slow: outcome.slow, ..Outcome::broken(message) }
}

fn judge(
    scene: Scene<'_, '_>,
    at: usize,
    pins: &[&PublicKey],
    room: &mut usize,
    outcome: &mut Outcome,
) -> Result<Verdict, Fault> {
    let signature = Signature::read(scene.source, at)?;
    let old = |hash| hash == Hash::Sha1;
    outcome.slow = signature.algorithm.family == Family::Dsa;
    outcome.weak = outcome.slow || old(signature.algorithm.hash);
    outcome.weak |= old(signature.reference.hash);
    check_uri(scene, signature.reference.uri)?;
    check_base(scene, &signature)?;
    check_digest(scene, at, &signature.reference, room, outcome)?;
    let mut messages = vec![(false, signed_info(scene, &signature, false, room)?)];
    let bare = signed_info(scene, &signature, true, room)?;
    if bare != messages[0].1 {
        messages.push((true, bare));
    }
    let say = |key: &PublicKey, outcome: &mut Outcome| {
        let mut said = Answer::Unfit;
        for (without_blanks, message) in &messages {
            said = key.verifies(signature.algorithm, message, &signature.value);
            if said == Answer::Yes {
                outcome.without_blanks |= without_blanks;
                outcome.weak |= key.is_weak();
                break;
            }
        }
        said
    };
    let mut is_fit = false;
    let is_pinned = pins.iter().any(|key| {
        let said = say(key, outcome);
        is_fit |= said != Answer::Unfit;
        said == Answer::Yes
    });
    if is_pinned {
        if !outcome.weak {
            return Ok(Verdict::Valid);
        }
        "A key pinned for the sender made it, but with an algorithm or a key too weak to be trusted."
            .clone_into(&mut outcome.message);
        return Ok(Verdict::Untrusted);
    }
    let answers = match embedded(scene.source, at) {
        Embedded::Keys(keys) => keys.iter().map(|key| say(key, outcome)).collect::<Vec<_>>(),
        Embedded::Unreadable => return Err(Fault::Broken("Its certificate or key cannot be read.".to_owned())),
        Embedded::Unsupported => {
            return Err(Fault::Unsupported("Its key is of a kind that is not supported.".to_owned()));
        }
        Embedded::Absent if pins.is_empty() => {
            return Err(Fault::Unsupported("It brings no key, and none is pinned for the sender.".to_owned()));
        }
        Embedded::Absent if !is_fit => {
            let message = "It brings no key, and none that is pinned for the sender goes with its algorithm.";
            return Err(Fault::Unsupported(message.to_owned()));
        }
        Embedded::Absent => {
            return Err(Fault::Broken("It brings no key, and no key pinned for the sender made it.".to_owned()));
        }
    };
    if answers.contains(&Answer::Yes) {
        let message = if pins.is_empty() {
            "The alert is as it was signed, but no key is pinned for the sender: anyone may have signed it."
        } else {
            "The alert is as it was signed, but not by a key pinned for the sender."
        };
        message.clone_into(&mut outcome.message);
        return Ok(Verdict::Untrusted);
    }
    if answers.iter().all(|answer| *answer == Answer::Unfit) {
        return Err(Fault::Unsupported("Its key does not go with its algorithm.".to_owned()));
    }
    Err(Fault::Broken("It was not made by its key over what it says: it is forged or damaged.".to_owned()))
}

/// Names of attributes that identify an element.
const ID_NAMES: [&str; 4] = ["Id", "ID", "id", "xml:id"];

/// Only the alert itself may be meant: nothing else is looked up, and nothing is fetched.
fn check_uri(scene: Scene<'_, '_>, uri: Option<&str>) -> Result<(), Fault> {
    let Some(uri) = uri.filter(|uri| !uri.is_empty()) else { return Ok(()) };
    let own = |name: &str| ID_NAMES.iter().any(|id| scene.source.attribute(scene.alert, id) == Some(name));
    if uri.strip_prefix('#').is_some_and(own) {
        return Ok(());
    }
    Err(Fault::Unsupported(format!("It refers to `{}`, which is not the alert that it stands in.", quote(uri))))
}

/// C14N 1.1 joins every `xml:base` around a part; CAP has no use for one, so we have no code for it.
fn check_base(scene: Scene<'_, '_>, signature: &Signature<'_>) -> Result<(), Fault> {
    let joins = signature.canonicalisation.form == Form::Inclusive11;
    let mut line = scene.source.line(signature.signed_info).skip(1);
    if joins && line.any(|(at, _)| scene.source.attribute(at, "xml:base").is_some()) {
        return Err(Fault::Unsupported("An `xml:base` stands around it.".to_owned()));
    }
    Ok(())
}

/// Looks for the form of the alert that has the digest: the standard's, then those that known senders sign.
fn check_digest(
    scene: Scene<'_, '_>,
    at: usize,
    reference: &Reference<'_>,
    room: &mut usize,
    outcome: &mut Outcome,
) -> Result<(), Fault> {
    let is_root = scene.source.start_at(scene.alert).is_some_and(|start| start.parent.is_none());
    let whole = reference.uri.is_none_or(str::is_empty);
    let own = [at];
    for (without_others, without) in [(false, &own[..]), (true, scene.signatures)] {
        if without_others && without.len() < 2 {
            break;
        }
        for without_blanks in [false, true] {
            let part = Part {
                apex: scene.alert,
                root: scene.alert,
                // Whoever signs a bare tree and prints it afterwards adds the instructions before it then.
                surroundings: whole && is_root && !without_blanks,
                without,
                without_blanks,
                with_comments: false,
            };
            let octets = spend(scene.source, part, &reference.canonicalisation, room)?;
            if verify_slices_are_equal(reference.hash.digest(&octets).as_ref(), &reference.digest).is_ok() {
                outcome.without_blanks |= without_blanks;
                outcome.without_others |= without_others;
                return Ok(());
            }
        }
    }
    Err(Fault::Broken("The alert is not as it was signed: its digest is another.".to_owned()))
}

fn signed_info(
    scene: Scene<'_, '_>,
    signature: &Signature<'_>,
    without_blanks: bool,
    room: &mut usize,
) -> Result<Vec<u8>, Fault> {
    let part = Part {
        apex: signature.signed_info,
        root: scene.alert,
        surroundings: false,
        without: &[],
        without_blanks,
        with_comments: true,
    };
    spend(scene.source, part, &signature.canonicalisation, room)
}

fn spend(source: &Source<'_>, part: Part<'_>, method: &Method<'_>, room: &mut usize) -> Result<Vec<u8>, Fault> {
    let octets = canonical(source, part, method, *room)
        .map_err(|TooLong| Fault::Unsupported("There is more to canonicalise than we are willing to.".to_owned()))?;
    *room -= octets.len();
    Ok(octets)
}
