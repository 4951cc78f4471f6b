//! Ground without its holes: what a ring goes around, less what other rings go around.
//!
//! Everything happens on the grid of `snap`, so borders that holes cut may move by [`MOVED_DEG_MAX`]. What is left are
//! polygons again, with holes where a hole lies inside. Lines without width that a hole leaves are no ground.

use super::faces::{Outlines, outlines, twice_area};
use super::pairs::near_together;
use super::snap::{Edge, ROUNDS_MAX, Runs, STEPS_PER_DEGREE, Spot, cut_where_they_meet, edges, edges_of};
use super::unwrap::Vertex;
use super::{Tangled, Work, cross};

/// No border moves further than this, degrees of latitude or longitude: a step for each round of cutting, twice over
/// as rings are made simple before they are laid upon each other, and one for rounding.
pub const MOVED_DEG_MAX: f64 = (2 * ROUNDS_MAX + 1) as f64 / STEPS_PER_DEGREE;

/// What holes leave of a ring's ground.
#[derive(Debug, PartialEq)]
pub enum Left {
    /// The ring goes around no ground at all: it is a point or a line.
    NoGround,
    /// Each polygon: its outer ring, then its holes; all closed, in the ring's own frame. None when nothing is left.
    Polygons(Vec<Vec<Vec<Vertex>>>),
}

/// What is left of all that a closed unwrapped ring goes around without what holes go around. They are unwrapped where
/// the ring is; each means all that it goes around in either direction.
///
/// # Errors
/// It is more work than is left.
pub fn difference(outer: &[Vertex], holes: &[&[Vertex]], work: &mut Work) -> Result<Left, Tangled> {
    work.spend_vertices(outer.len() + holes.iter().map(|hole| hole.len()).sum::<usize>())?;
    let ground = simple(outer, work)?;
    if ground.is_empty() {
        return Ok(Left::NoGround);
    }
    let mut all: Vec<Edge> = ground.iter().flat_map(|ring| edges_of(ring, Runs::GROUND)).collect();
    let mut firsts: Vec<Spot> = ground.iter().map(|ring| ring[0]).collect();
    for hole in holes {
        let rings = simple(hole, work)?;
        all.extend(rings.iter().flat_map(|ring| edges_of(ring, Runs::HOLE)));
        firsts.extend(rings.iter().map(|ring| ring[0]));
    }
    // Lines that no ring runs along make everything hang together.
    near_together(&mut firsts, |spot| (spot.x as f64, spot.y as f64));
    all.extend(firsts.windows(2).filter_map(|ends| Edge::new(ends[0], ends[1], Runs::NONE, false)));
    Ok(Left::Polygons(nested(&outlines(&cut_where_they_meet(all, work)?))))
}

/// Whether a closed unwrapped ring meets itself nowhere.
///
/// # Errors
/// It is more work than is left.
pub fn is_simple(ring: &[Vertex], work: &mut Work) -> Result<bool, Tangled> {
    let mut ring = ring.to_vec();
    ring.dedup();
    Ok(ring.len() >= 4 && cross::first(&ring, work)?.is_none())
}

/// Simple closed rings around all that a ring goes around: anticlockwise around ground, clockwise around holes in it.
fn simple(ring: &[Vertex], work: &mut Work) -> Result<Vec<Vec<Spot>>, Tangled> {
    let edges = edges(ring);
    if edges.is_empty() {
        return Ok(Vec::new());
    }
    let Outlines { outer, holes } = outlines(&cut_where_they_meet(edges, work)?);
    Ok(outer.into_iter().chain(holes).map(closed).collect())
}

fn closed(mut ring: Vec<Spot>) -> Vec<Spot> {
    ring.extend(ring.first().copied());
    ring
}

/// Each outer ring with the holes that lie in it and in none of the outer rings within it.
fn nested(found: &Outlines) -> Vec<Vec<Vec<Vertex>>> {
    let outers: Vec<Outer<'_>> = found.outer.iter().map(|ring| Outer::of(ring)).collect();
    let mut holes: Vec<Vec<&[Spot]>> = vec![Vec::new(); outers.len()];
    for hole in &found.holes {
        let around = outers.iter().enumerate().filter(|(_, outer)| outer.holds_edge(hole[0], hole[1]));
        if let Some((nth, _)) = around.min_by_key(|(_, outer)| outer.area) {
            holes[nth].push(hole);
        }
    }
    let with_holes = outers.iter().zip(holes);
    with_holes.map(|(outer, holes)| std::iter::once(outer.ring).chain(holes).map(degrees).collect()).collect()
}

struct Outer<'r> {
    ring: &'r [Spot],
    area: i128,
    low: Spot,
    high: Spot,
}

impl<'r> Outer<'r> {
    fn of(ring: &'r [Spot]) -> Self {
        let (mut low, mut high) = (ring[0], ring[0]);
        for spot in ring {
            low = Spot { x: low.x.min(spot.x), y: low.y.min(spot.y) };
            high = Spot { x: high.x.max(spot.x), y: high.y.max(spot.y) };
        }
        Self { ring, area: twice_area(ring), low, high }
    }

    /// Whether an edge that meets the ring in its ends at most lies within it: told by its middle, in halves of steps.
    fn holds_edge(&self, a: Spot, b: Spot) -> bool {
        let apart = |from: i64, to: i64, a: i64, b: i64| a.min(b) < from || a.max(b) > to;
        if apart(self.low.x, self.high.x, a.x, b.x) || apart(self.low.y, self.high.y, a.y, b.y) {
            return false;
        }
        let middle = (i128::from(a.x) + i128::from(b.x), i128::from(a.y) + i128::from(b.y));
        let ends = self.ring.iter().zip(self.ring.iter().cycle().skip(1));
        ends.filter(|&(p, q)| {
            let (px, py) = (2 * i128::from(p.x), 2 * i128::from(p.y));
            let (qx, qy) = (2 * i128::from(q.x), 2 * i128::from(q.y));
            if (py > middle.1) == (qy > middle.1) {
                return false;
            }
            let side = (qx - px) * (middle.1 - py) - (qy - py) * (middle.0 - px);
            (side > 0) == (qy > py)
        })
        .count()
            % 2
            == 1
    }
}

fn degrees(ring: &[Spot]) -> Vec<Vertex> {
    let vertex = |spot: &Spot| Vertex { lat: spot.y as f64 / STEPS_PER_DEGREE, lon: spot.x as f64 / STEPS_PER_DEGREE };
    ring.iter().chain(ring.first()).map(vertex).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<Vertex> {
        corners.iter().chain(corners.first()).map(|&(lat, lon)| Vertex { lat, lon }).collect()
    }

    fn square(from: f64, to: f64) -> Vec<Vertex> {
        ring(&[(from, from), (from, to), (to, to), (to, from)])
    }

    /// How many rings each polygon has, in order.
    fn counts(outer: &[Vertex], holes: &[Vec<Vertex>]) -> Vec<usize> {
        let holes: Vec<&[Vertex]> = holes.iter().map(Vec::as_slice).collect();
        match difference(outer, &holes, &mut Work::for_holes()).expect("little work") {
            Left::Polygons(polygons) => {
                let mut counts: Vec<usize> = polygons.iter().map(Vec::len).collect();
                counts.sort_unstable();
                counts
            }
            Left::NoGround => panic!("no ground"),
        }
    }

    #[test]
    fn holes_inside_stay_holes_and_others_cut_the_border() {
        assert_eq!(counts(&square(0.0, 9.0), &[square(3.0, 6.0)]), [2]);
        assert_eq!(counts(&square(0.0, 9.0), &[square(6.0, 12.0)]), [1]);
        assert_eq!(counts(&square(0.0, 9.0), &[square(-1.0, 10.0)]), [0; 0]);
        assert_eq!(counts(&square(0.0, 9.0), &[square(0.0, 9.0)]), [0; 0]);
        let band = ring(&[(-1.0, 4.0), (-1.0, 5.0), (10.0, 5.0), (10.0, 4.0)]);
        assert_eq!(counts(&square(0.0, 9.0), std::slice::from_ref(&band)), [1, 1]);
        assert_eq!(counts(&square(0.0, 9.0), &[band, square(1.0, 2.0), square(6.0, 7.0)]), [2, 2]);
        assert_eq!(counts(&square(0.0, 9.0), &[square(1.0, 4.0), square(3.0, 6.0)]), [2], "they overlap");
        assert_eq!(counts(&square(0.0, 9.0), &[square(1.0, 6.0), square(2.0, 3.0)]), [2], "one in the other");
    }

    #[test]
    fn a_line_is_no_ground() {
        let line = ring(&[(0.0, 0.0), (0.0, 5.0), (0.0, 2.0)]);
        assert_eq!(difference(&line, &[], &mut Work::for_holes()), Ok(Left::NoGround));
        assert_eq!(counts(&square(0.0, 9.0), &[line]), [1]);
    }

    #[test]
    fn what_is_too_much_work_is_not_begun() {
        let mut work = Work { pairs: std::cell::Cell::new(10), cuts: 10, vertices: 100 };
        assert_eq!(difference(&square(0.0, 9.0), &[&square(3.0, 6.0)], &mut work), Err(Tangled));
    }
}
