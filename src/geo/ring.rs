//! A polygon's ring: unwrapped, so that it never jumps at ±180°, with a tree of boxes over its edges.
//!
//! Inside is what the ring goes around, in either direction (non-zero winding): both lobes of a bow-tie, and what it
//! goes around twice. The tree stands over consecutive edges, so a node is one connected chain. What a chain that lies
//! wholly to one side adds to a winding number depends on its two ends alone; only chains around the point are opened.

use super::rect::Rect;
use crate::cap::alert::Point;
pub(super) use crate::cap::ring::Vertex;
use crate::cap::ring::unwrapped;

/// Edges under one node of the lowest level.
const LEAF_EDGES: usize = 8;
/// Nodes under one node of a higher level.
const BRANCHES: usize = 4;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ring {
    /// Closed: the last is the first.
    vertices: Vec<Vertex>,
    /// Boxes over runs of edges, the lowest level first; the last level is one box.
    levels: Vec<Vec<Rect>>,
    bounds: Rect,
}

impl Ring {
    /// Unwraps a closed ring. `None` when a coordinate is no number. Latitudes beyond a pole are taken as the pole.
    pub fn new(points: &[Point]) -> Option<Self> {
        if points.is_empty() || points.iter().any(|point| !point.lat.is_finite() || !point.lon.is_finite()) {
            return None;
        }
        let vertices = unwrapped(points);
        let mut levels = vec![leaves(&vertices)];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            levels.push(level.chunks(BRANCHES).map(joined).collect());
        }
        let bounds = around(&vertices);
        Some(Self { vertices, levels, bounds })
    }

    /// The closed ring, its western end in −180…180.
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    /// The box around it, its western end in −180…180.
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// Whether any point of a closed rectangle is inside or on the ring.
    pub fn touches(&self, rect: &Rect) -> bool {
        let bounds = self.bounds;
        // Most rings of a large union end here.
        if !rect.meets_in_latitude(&bounds) {
            return false;
        }
        shares_pole(&bounds, rect)
            || rect.turns_to(&bounds).any(|turn| {
                let rect = rect.shifted(turn);
                rect.meets(&bounds) && (self.crosses(&rect) || self.goes_around(&rect))
            })
    }

    /// Whether a whole closed rectangle is inside. May say no where an edge runs through the inside.
    pub fn covers(&self, rect: &Rect) -> bool {
        let bounds = self.bounds;
        if rect.south < bounds.south || rect.north > bounds.north {
            return false;
        }
        let mut around = false;
        for turn in rect.turns_to(&bounds) {
            let rect = rect.shifted(turn);
            if self.crosses(&rect) {
                return false;
            }
            around |= self.goes_around(&rect);
        }
        around
    }

    /// Whether an edge passes `edge`, opening only boxes that pass `open`.
    pub fn any_edge(&self, open: &impl Fn(&Rect) -> bool, edge: &impl Fn(Vertex, Vertex) -> bool) -> bool {
        self.any_edge_below(self.levels.len() - 1, 0, open, edge)
    }

    fn any_edge_below(
        &self,
        level: usize,
        node: usize,
        open: &impl Fn(&Rect) -> bool,
        edge: &impl Fn(Vertex, Vertex) -> bool,
    ) -> bool {
        if !open(&self.levels[level][node]) {
            return false;
        }
        if level == 0 {
            return self.leaf(node).windows(2).any(|ends| edge(ends[0], ends[1]));
        }
        self.children(level, node).any(|child| self.any_edge_below(level - 1, child, open, edge))
    }

    fn crosses(&self, rect: &Rect) -> bool {
        self.any_edge(&|node| node.meets(rect), &|a, b| edge_meets(a, b, rect))
    }

    /// Whether the ring goes around a rectangle that it does not cross.
    fn goes_around(&self, rect: &Rect) -> bool {
        let (lat, lon) = rect.centre();
        self.winding(self.levels.len() - 1, 0, Vertex { lat, lon }) != 0
    }

    /// What the chain under a node adds to the winding number: its signed crossings of the ray to the east.
    fn winding(&self, level: usize, node: usize, point: Vertex) -> i32 {
        let bounds = &self.levels[level][node];
        if point.lat < bounds.south || point.lat >= bounds.north || point.lon > bounds.east {
            return 0;
        }
        if point.lon < bounds.west {
            let (first, last) = self.ends(level, node);
            return i32::from(last.lat > point.lat) - i32::from(first.lat > point.lat);
        }
        if level == 0 {
            return self.leaf(node).windows(2).map(|ends| crossing(ends[0], ends[1], point)).sum();
        }
        self.children(level, node).map(|child| self.winding(level - 1, child, point)).sum()
    }

    fn children(&self, level: usize, node: usize) -> std::ops::Range<usize> {
        node * BRANCHES..((node + 1) * BRANCHES).min(self.levels[level - 1].len())
    }

    /// The vertices of a lowest node: one more than its edges.
    fn leaf(&self, node: usize) -> &[Vertex] {
        let first = node * LEAF_EDGES;
        &self.vertices[first..=(first + LEAF_EDGES).min(self.vertices.len() - 1)]
    }

    fn ends(&self, level: usize, node: usize) -> (Vertex, Vertex) {
        let edges = LEAF_EDGES * BRANCHES.pow(u32::try_from(level).expect("a tree of a few levels"));
        let first = node * edges;
        (self.vertices[first], self.vertices[(first + edges).min(self.vertices.len() - 1)])
    }
}

/// A pole is one point, whatever its longitude.
fn shares_pole(a: &Rect, b: &Rect) -> bool {
    (a.north >= 90.0 && b.north >= 90.0) || (a.south <= -90.0 && b.south <= -90.0)
}

/// Whether a closed edge and a closed rectangle share a point: no axis parts them (x, y, or across the edge).
pub(super) fn edge_meets(a: Vertex, b: Vertex, rect: &Rect) -> bool {
    let (x, y) = (b.lon - a.lon, b.lat - a.lat);
    let (lat, lon) = rect.centre();
    let (half_x, half_y) = ((rect.east - rect.west) / 2.0, (rect.north - rect.south) / 2.0);
    a.lon.min(b.lon) <= rect.east
        && a.lon.max(b.lon) >= rect.west
        && a.lat.min(b.lat) <= rect.north
        && a.lat.max(b.lat) >= rect.south
        && (x * (lat - a.lat) - y * (lon - a.lon)).abs() <= half_x * y.abs() + half_y * x.abs()
}

/// +1 or −1 for an edge that crosses the ray from a point to the east going north or south, else 0.
fn crossing(a: Vertex, b: Vertex, point: Vertex) -> i32 {
    let (from, to) = (a.lat > point.lat, b.lat > point.lat);
    if from == to {
        return 0;
    }
    let side = (b.lon - a.lon) * (point.lat - a.lat) - (b.lat - a.lat) * (point.lon - a.lon);
    match to {
        true if side > 0.0 => 1,
        false if side < 0.0 => -1,
        true | false => 0,
    }
}

fn leaves(vertices: &[Vertex]) -> Vec<Rect> {
    let last = vertices.len() - 1;
    (0..last.max(1))
        .step_by(LEAF_EDGES)
        .map(|first| around(&vertices[first..=(first + LEAF_EDGES).min(last)]))
        .collect()
}

fn around(vertices: &[Vertex]) -> Rect {
    let first = Rect::point(vertices[0].lat, vertices[0].lon);
    vertices.iter().fold(first, |rect, vertex| rect.joined(&Rect::point(vertex.lat, vertex.lon)))
}

fn joined(rects: &[Rect]) -> Rect {
    rects.iter().fold(rects[0], |around, rect| around.joined(rect))
}
