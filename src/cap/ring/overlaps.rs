//! Boxes that lie upon each other: how many pairs of them do decides what it costs to ask where someone is.

use super::Work;
use super::pairs::{Bounds, Fresh, any_pair, near_together};
use super::unwrap::Vertex;
use crate::cap::limits::RING_PAIRS_MAX;
use std::cell::Cell;

/// Whether more than so many pairs of boxes overlap, each given by two opposite corners; or whether that would take too
/// much work to say. Longitudes are taken as they are.
pub(in crate::cap) fn overlap_more_than(pairs: usize, mut boxes: Vec<(Vertex, Vertex)>) -> bool {
    near_together(&mut boxes, |(a, b)| (a.lon.midpoint(b.lon), a.lat.midpoint(b.lat)));
    let bounds = boxes.iter().map(|(a, b)| (Bounds::around((a.lon, a.lat), (b.lon, b.lat), 0.0), Fresh::Yes));
    let mut work = Work { pairs: Cell::new(RING_PAIRS_MAX), cuts: 0, vertices: 0 };
    let mut found = 0;
    let is_over = any_pair(bounds, &mut work, &mut |_, _, _| {
        found += 1;
        Ok(found > pairs)
    });
    is_over != Ok(false)
}
