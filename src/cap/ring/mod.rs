//! Rings on the plane of latitude and longitude: unwrapped where they jump at ±180°, asked whether they are simple, and
//! where they are not, made into simple ones over the same ground.
//!
//! A ring is *simple* when its edges meet only where one ends and the next begins: none crosses, touches or runs over
//! another (OGC 06-103r4 §6.1.11.1). CAP 1.2 §3.2.4 wants a polygon; what goes around nothing twice is one.
//!
//! `pairs` finds edges that may meet, `cross` says exactly whether they do, `snap` cuts edges where they meet, `faces`
//! tells the ground that the ring goes around, `mend` makes rings of it, `difference` takes holes out of it. All of it is
//! bounded by [`Work`].

mod cross;
mod difference;
mod faces;
mod mend;
mod overlaps;
mod pairs;
mod snap;
#[cfg(test)]
mod tests;
mod unwrap;

pub use difference::{Left, MOVED_DEG_MAX, difference, is_simple};
pub use pairs::near_together;
pub use unwrap::{Vertex, unwrapped};

pub(super) use mend::Mended;
pub(super) use overlaps::overlap_more_than;

use super::alert::Point;
use super::limits::{
    HOLE_CUTS_MAX, HOLE_PAIRS_MAX, HOLE_VERTICES_MAX, Limits, RING_CUTS_MAX, RING_MENDED_VERTICES_MAX,
};
use std::cell::Cell;

/// How much work may still be done on the rings of one document.
#[derive(Debug)]
pub struct Work {
    /// Pairs of boxes or edges looked at.
    pairs: Cell<usize>,
    /// Cuts of one edge by another.
    cuts: usize,
    /// Vertices of rings that are mended.
    vertices: usize,
}

/// There was more work than is ever done.
#[derive(Debug, PartialEq, Eq)]
pub struct Tangled;

impl Work {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { pairs: Cell::new(limits.ring_pairs_max), cuts: RING_CUTS_MAX, vertices: RING_MENDED_VERTICES_MAX }
    }

    /// For taking holes out of the ground of one alert or one named area.
    pub fn for_holes() -> Self {
        Self { pairs: Cell::new(HOLE_PAIRS_MAX), cuts: HOLE_CUTS_MAX, vertices: HOLE_VERTICES_MAX }
    }

    /// For so many pairs of boxes or edges, or what takes as long.
    ///
    /// # Errors
    /// That is more than is left.
    pub fn spend_pairs(&self, count: usize) -> Result<(), Tangled> {
        let left = self.pairs.get().checked_sub(count);
        // What was not enough once is nothing for the rings that follow.
        self.pairs.set(left.unwrap_or(0));
        left.map(drop).ok_or(Tangled)
    }

    /// Whether a pair may still be looked at.
    ///
    /// # Errors
    /// None may.
    pub fn allows_pairs(&self) -> Result<(), Tangled> {
        if self.pairs.get() > 0 { Ok(()) } else { Err(Tangled) }
    }

    fn allows_cuts(&self, count: usize) -> Result<(), Tangled> {
        if count <= self.cuts { Ok(()) } else { Err(Tangled) }
    }

    fn spend_cuts(&mut self, count: usize) -> Result<(), Tangled> {
        self.cuts = self.cuts.checked_sub(count).ok_or(Tangled)?;
        Ok(())
    }

    /// For so many vertices that are copied or cut.
    ///
    /// # Errors
    /// That is more than is left.
    pub fn spend_vertices(&mut self, count: usize) -> Result<(), Tangled> {
        self.vertices = self.vertices.checked_sub(count).ok_or(Tangled)?;
        Ok(())
    }
}

/// What a closed ring is.
#[derive(Debug, PartialEq)]
pub(super) enum Judged {
    Simple,
    /// It crosses, touches or runs over itself.
    Crossing {
        /// A place where it does.
        at: Point,
        mended: Mended,
    },
}

/// Judges a closed ring, and mends it. After one that is too tangled, nothing more is spent on others: the document is
/// refused, and hundreds like it must not each cost as much.
pub(super) fn judge(ring: &[Point], work: &mut Work) -> Result<Judged, Tangled> {
    let judged = judge_within(ring, work);
    if judged.is_err() {
        *work = Work { pairs: Cell::new(0), cuts: 0, vertices: 0 };
    }
    judged
}

fn judge_within(ring: &[Point], work: &mut Work) -> Result<Judged, Tangled> {
    let mut vertices = unwrapped(ring);
    vertices.dedup();
    if vertices.len() < 4 {
        return Ok(Judged::Crossing {
            at: ring.first().copied().unwrap_or(Point { lat: 0.0, lon: 0.0 }),
            mended: Mended { rings: Vec::new(), filled: 0 },
        });
    }
    match cross::first(&vertices, work)? {
        None => Ok(Judged::Simple),
        Some(at) => {
            work.spend_vertices(vertices.len())?;
            Ok(Judged::Crossing { at: mend::point(at), mended: mend::mended(&vertices, work)? })
        }
    }
}
