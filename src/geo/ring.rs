//! A polygon's ring: unwrapped, so that it never jumps at ±180°, with a tree of boxes over its edges.
//!
//! Inside is what the ring goes around, in either direction (non-zero winding): both lobes of a bow-tie, and what it
//! goes around twice. What it goes around as often one way as the other is not: CAP's polygons have no holes, and going
//! around one the other way within the same ring is how senders draw it. The tree stands over consecutive edges, so a node is one connected chain. What a chain that lies
//! wholly to one side adds to a winding number depends on its two ends alone; only chains around the point are opened.

use super::rect::Rect;
use crate::cap::alert::Point;
pub(super) use crate::cap::ring::Vertex;
use crate::cap::ring::unwrapped;

/// Edges under one node of the lowest level.
const LEAF_EDGES: usize = 8;
/// Nodes under one node of a higher level.
const BRANCHES: usize = 4;

/// What a closed rectangle has to do with ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// They share no point.
    Apart,
    /// A border of the ground runs through it.
    Crossed,
    /// It lies wholly in the ground, and no border runs through it.
    Around,
}

impl Standing {
    /// What is to be looked at in a union where this is known already: what an edge runs through may still lie wholly in
    /// something else, whose box holds it then.
    pub fn opens(self, node: &Rect, rect: &Rect) -> bool {
        match self {
            Self::Apart => node.meets(rect),
            Self::Crossed => node.holds(rect),
            Self::Around => false,
        }
    }

    /// What is known in a union when one more is looked at.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Around, _) | (_, Self::Around) => Self::Around,
            (Self::Crossed, _) | (_, Self::Crossed) => Self::Crossed,
            (Self::Apart, Self::Apart) => Self::Apart,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ring {
    /// Closed: the last is the first. Unwrapped: the western end lies in −180…180, or where its patch is.
    vertices: Vec<Vertex>,
    /// Boxes over runs of edges, the lowest level first; the last level is one box.
    levels: Vec<Vec<Rect>>,
    bounds: Rect,
}

impl Ring {
    /// Unwraps a ring and closes it. `None` when a coordinate is no number. Latitudes beyond a pole are taken as the
    /// pole.
    pub fn new(points: &[Point]) -> Option<Self> {
        if points.is_empty() || points.iter().any(|point| !point.lat.is_finite() || !point.lon.is_finite()) {
            return None;
        }
        if points.first() == points.last() {
            return Some(Self::of(unwrapped(points)));
        }
        let closed: Vec<Point> = points.iter().chain(points.first()).copied().collect();
        Some(Self::of(unwrapped(&closed)))
    }

    /// A closed ring that is unwrapped already.
    pub fn of(vertices: Vec<Vertex>) -> Self {
        let mut levels = vec![leaves(&vertices)];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            levels.push(level.chunks(BRANCHES).map(joined).collect());
        }
        let bounds = around(&vertices);
        Self { vertices, levels, bounds }
    }

    /// The same ring, a number of degrees further east.
    pub fn shifted(&self, degrees: f64) -> Self {
        Self::of(self.vertices.iter().map(|v| Vertex { lat: v.lat, lon: v.lon + degrees }).collect())
    }

    /// The closed ring.
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    /// The box around it.
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// Memory it takes beside itself, bytes.
    pub fn bytes(&self) -> usize {
        let boxes: usize = self.levels.iter().map(|level| level.len() * size_of::<Rect>()).sum();
        self.vertices.len() * size_of::<Vertex>() + boxes + self.levels.len() * size_of::<Vec<Rect>>()
    }

    /// What a rectangle has to do with the ring, longitudes taken as they are.
    pub fn standing(&self, rect: &Rect) -> Standing {
        if !rect.meets(&self.bounds) {
            Standing::Apart
        } else if self.crosses(rect) {
            Standing::Crossed
        } else if self.goes_around(rect) {
            Standing::Around
        } else {
            Standing::Apart
        }
    }

    /// Whether an edge passes `edge`, opening only boxes that pass `open`.
    pub fn any_edge(&self, open: &impl Fn(&Rect) -> bool, edge: &mut impl FnMut(Vertex, Vertex) -> bool) -> bool {
        self.any_edge_below(self.levels.len() - 1, 0, open, edge)
    }

    fn any_edge_below(
        &self,
        level: usize,
        node: usize,
        open: &impl Fn(&Rect) -> bool,
        edge: &mut impl FnMut(Vertex, Vertex) -> bool,
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
        self.any_edge(&|node| node.meets(rect), &mut |a, b| edge_meets(a, b, rect))
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

/// The box around vertices, of which there is one at least.
pub(super) fn around(vertices: &[Vertex]) -> Rect {
    let first = Rect::point(vertices[0].lat, vertices[0].lon);
    vertices.iter().fold(first, |rect, vertex| rect.joined(&Rect::point(vertex.lat, vertex.lon)))
}

fn joined(rects: &[Rect]) -> Rect {
    rects.iter().fold(rects[0], |around, rect| around.joined(rect))
}
