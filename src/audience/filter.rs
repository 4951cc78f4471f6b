//! What someone wants to hear, as bits: one for each family and severity, one for drills. A query is such bits too,
//! and everyone who has all of them wants it.

use super::Query;
use crate::cap::code::Severity;
use crate::model::family::Family;
use crate::model::subscriber::Listener;

/// Severities that can be chosen as the lowest: all but `Unknown`.
const CHOICES: [Severity; 4] = [Severity::Extreme, Severity::Severe, Severity::Moderate, Severity::Minor];
const DRILLS: u32 = 1 << (Family::ALL.len() * CHOICES.len());

/// What one person wants.
pub(super) fn wanted(listener: &Listener) -> u32 {
    let drills = if listener.drills { DRILLS } else { 0 };
    listener.families.iter().fold(drills, |bits, (family, lowest)| {
        let heard = CHOICES.into_iter().filter(|severity| *severity <= lowest);
        heard.fold(bits, |bits, severity| bits | bit(family, severity))
    })
}

/// What one must want to be reached.
pub(super) fn needed(query: &Query<'_>) -> u32 {
    let drill = if query.drill { DRILLS } else { 0 };
    match query.family {
        Some(family) => drill | bit(family, query.severity),
        None => drill,
    }
}

/// No bit for `Unknown`: it goes to everyone in the area.
fn bit(family: Family, severity: Severity) -> u32 {
    match CHOICES.iter().position(|choice| *choice == severity) {
        Some(choice) => 1 << (family as usize * CHOICES.len() + choice),
        None => 0,
    }
}
