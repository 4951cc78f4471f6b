//! Holes: what a patch is without the ground that others take from it.
//!
//! A hole that lies wholly inside stays a ring of its own, to the bit. One that meets a border, or another hole, is cut
//! out once and for all ([`difference`]), which moves borders by [`MOVED_DEG_MAX`] at most. One that would be too much
//! work ([`Work::for_holes`]) is ignored: more people are warned, and none is missed.
//!
//! [`MOVED_DEG_MAX`]: crate::cap::ring::MOVED_DEG_MAX

use super::meeting::rings_touch;
use super::patch::Patch;
use super::rect::Rect;
use super::ring::{Ring, Standing};
use super::tree::{Framed, Tree};
use crate::cap::alert::Area;
use crate::cap::exclude::{self, excluded};
use crate::cap::limits::{HOLE_POINTS_MAX, HOLES_MAX};
use crate::cap::ring::{Left, Tangled, Work, difference, is_simple};
use std::cell::Cell;

/// Borders no further apart than this meet, degrees.
const MEETING_DEG: f64 = 1e-9;

/// What goes around ground that is taken away.
#[derive(Debug)]
pub(super) struct Hole {
    ring: Ring,
    /// Where it stands among the geocodes of its area.
    geocode: usize,
    /// Whether it was left out somewhere.
    ignored: Cell<Option<Ignored>>,
}

/// Why a hole is left out of what it should cut: more people are warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// Its area has more holes, or more points of holes, than are looked at.
    Many,
    /// Cutting would be too much work.
    Work,
    /// It meets a circle that cannot be cut: too large, or with a pole on its rim.
    Circle,
}

/// A hole that does not cut all that it says, and where it stands, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgnoredHole {
    /// The area, or the block.
    pub area: usize,
    pub geocode: usize,
    pub why: Ignored,
}

/// What holes leave.
#[derive(Debug)]
pub(super) struct Remains {
    pub patches: Vec<Patch>,
    /// Whether borders were moved by cutting.
    pub moved: bool,
}

/// A hole where an outer ring is.
#[derive(Debug)]
struct Placed<'h> {
    ring: Ring,
    /// `None` for one that the patch has had before.
    hole: Option<&'h Hole>,
}

/// Holes as an outer ring meets them, where it is.
#[derive(Debug, Default)]
struct Met<'h> {
    /// They lie in it and do not meet it.
    inside: Vec<Placed<'h>>,
    crossing: Vec<Placed<'h>>,
    /// One goes around all of it.
    swallowed: bool,
}

impl Hole {
    pub fn new(ring: Ring, geocode: usize) -> Self {
        Self { ring, geocode, ignored: Cell::new(None) }
    }

    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// It is left out of something. The first reason is told.
    pub fn ignore(&self, why: Ignored) {
        self.ignored.set(self.ignored.get().or(Some(why)));
    }
}

impl Framed for Placed<'_> {
    fn frame(&self) -> Rect {
        self.ring.bounds()
    }
}

impl Placed<'_> {
    fn ignore(&self) {
        if let Some(hole) = self.hole {
            hole.ignore(Ignored::Work);
        }
    }
}

/// The holes of an area. A value that is none is ignored; those beyond what is looked at are in the list, ignored.
pub(super) fn holes(area: &Area, ignored: &mut Vec<(usize, Ignored)>) -> Vec<Hole> {
    let (mut holes, mut points) = (Vec::new(), 0);
    for (at, value) in excluded(area) {
        if holes.len() == HOLES_MAX || points > HOLE_POINTS_MAX {
            ignored.push((at, Ignored::Many));
            continue;
        }
        let Ok(vertices) = exclude::hole(value) else { continue };
        points += vertices.len();
        if points > HOLE_POINTS_MAX {
            ignored.push((at, Ignored::Many));
        } else {
            holes.push(Hole::new(Ring::of(vertices), at));
        }
    }
    holes
}

/// Those of the holes that were left out somewhere.
pub(super) fn ignored(holes: &[Hole]) -> impl Iterator<Item = (usize, Ignored)> {
    holes.iter().filter_map(|hole| Some((hole.geocode, hole.ignored.get()?)))
}

/// A polygon and its holes, as they are written.
pub(super) fn polygon(outer: Ring, holes: &[Hole], work: &mut Work) -> Remains {
    let met = Met::of(&outer, holes, work);
    settled(outer, met, work)
}

/// What further holes leave of a patch; `None` when they take nothing from it.
pub(super) fn without(patch: &Patch, holes: &[Hole], work: &mut Work) -> Option<Remains> {
    let mut met = Met::of(patch.outer(), holes, work);
    if met.inside.is_empty() && met.crossing.is_empty() && !met.swallowed {
        return None;
    }
    met.inside.extend(patch.holes().iter().map(|ring| Placed { ring: ring.clone(), hole: None }));
    Some(settled(patch.outer().clone(), met, work))
}

impl<'h> Met<'h> {
    fn of(outer: &Ring, holes: &'h [Hole], work: &mut Work) -> Self {
        let frame = outer.bounds().inflated(MEETING_DEG);
        let mut met = Self::default();
        for hole in holes.iter().filter(|hole| hole.ring.bounds().meets_in_latitude(&frame)) {
            for turn in hole.ring.bounds().turns_to(&frame) {
                if met.add(outer, hole, turn, work).is_err() {
                    hole.ignore(Ignored::Work);
                    break;
                }
            }
        }
        met
    }

    /// Copies of a hole are made only where they are needed: there may be many outer rings.
    fn add(&mut self, outer: &Ring, hole: &'h Hole, turn: f64, work: &mut Work) -> Result<(), Tangled> {
        let list = if rings_touch(outer, &hole.ring, turn, MEETING_DEG, work)? {
            &mut self.crossing
        } else if goes_around(outer, &hole.ring, turn) {
            &mut self.inside
        } else {
            self.swallowed |= goes_around(&hole.ring, outer, -turn);
            return Ok(());
        };
        work.spend_vertices(hole.ring.vertices().len())?;
        let ring = if turn == 0.0 { hole.ring.clone() } else { hole.ring.shifted(turn) };
        list.push(Placed { ring, hole: Some(hole) });
        Ok(())
    }
}

/// Whether a ring goes around another, where that is when shifted, that it does not meet.
fn goes_around(ring: &Ring, other: &Ring, turn: f64) -> bool {
    let corner = other.vertices()[0];
    ring.standing(&Rect::point(corner.lat, corner.lon + turn)) == Standing::Around
}

/// Whether a hole is a simple ring that has nothing to do with any other.
fn is_clear(hole: &Placed<'_>, all: &Tree<Placed<'_>>, work: &mut Work) -> Result<bool, Tangled> {
    if !is_simple(hole.ring.vertices(), work)? {
        return Ok(false);
    }
    let near = hole.ring.bounds().inflated(MEETING_DEG);
    let mut tangled = Ok(false);
    all.any(&|node| node.meets(&near), &mut |other| {
        if std::ptr::eq(other, hole) {
            return false;
        }
        tangled = rings_touch(&hole.ring, &other.ring, 0.0, MEETING_DEG, work)
            .map(|touch| touch || goes_around(&other.ring, &hole.ring, 0.0));
        tangled != Ok(false)
    });
    tangled.map(|tangled| !tangled)
}

fn settled(outer: Ring, met: Met<'_>, work: &mut Work) -> Remains {
    if met.swallowed {
        return Remains { patches: Vec::new(), moved: false };
    }
    let tree = Tree::new(met.inside);
    let (mut clear, mut cutting) = (Vec::new(), Vec::new());
    for hole in tree.things() {
        match is_clear(hole, &tree, work) {
            Ok(true) => clear.push(hole),
            Ok(false) => cutting.push(hole),
            Err(Tangled) => hole.ignore(),
        }
    }
    cutting.extend(&met.crossing);
    let whole = |outer: Ring| Remains {
        patches: vec![Patch::new(outer, clear.iter().map(|hole| hole.ring.clone()).collect())],
        moved: false,
    };
    if cutting.is_empty() {
        return whole(outer);
    }
    let all: Vec<_> = clear.iter().chain(&cutting).map(|hole| hole.ring.vertices()).collect();
    match difference(outer.vertices(), &all, work) {
        Ok(Left::Polygons(polygons)) => {
            let patch = |rings: Vec<Vec<_>>| {
                let mut rings = rings.into_iter().map(Ring::of);
                Some(Patch::new(rings.next()?, rings.collect()))
            };
            Remains { patches: polygons.into_iter().filter_map(patch).collect(), moved: true }
        }
        // A line of which a hole takes a piece stays whole.
        Ok(Left::NoGround) => whole(outer),
        Err(Tangled) => {
            cutting.iter().for_each(|hole| hole.ignore());
            whole(outer)
        }
    }
}
