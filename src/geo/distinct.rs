//! Parts that are the same in everything count once: an alert may draw one polygon as often as it has languages.

use super::block::{Ground, Part, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts without those that came before.
pub(super) fn distinct(parts: impl Iterator<Item = Part>) -> Vec<Part> {
    let mut places: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    let mut kept: Vec<Part> = Vec::new();
    for part in parts {
        let same = places.entry(bits(&part)).or_default();
        if !same.iter().any(|&place| kept[place].heights == part.heights && kept[place].source == part.source) {
            same.push(kept.len());
            kept.push(part);
        }
    }
    kept
}

/// Tells grounds apart: numbers to the bit; of a named area the one place where it is kept.
fn bits(part: &Part) -> Vec<u64> {
    match (&part.ground, &part.source) {
        (Ground::Disc(disc), _) => disc.bits().into(),
        (Ground::Region(region), Source::Named(_)) => vec![Arc::as_ptr(region) as usize as u64],
        (Ground::Region(region), Source::Drawn | Source::Remnant) => {
            let rings = region.patches().iter().flat_map(|patch| patch.rings());
            rings.flat_map(|ring| ring.vertices()).flat_map(|v| [v.lat.to_bits(), v.lon.to_bits()]).collect()
        }
    }
}
