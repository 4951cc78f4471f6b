//! Which of many boxes meet: a tree of boxes joined with itself. The tree stands over the list as it is, so neighbours
//! in the list should be neighbours on the ground: a ring's edges in their order are, and what [`near_together`] sorts.

use super::{Tangled, Work};

/// Nodes under one node.
const BRANCHES: usize = 4;

/// A closed box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    low: (f64, f64),
    high: (f64, f64),
}

impl Bounds {
    /// The box with two opposite corners, wider by a margin on all sides.
    pub(super) fn around(a: (f64, f64), b: (f64, f64), margin: f64) -> Self {
        Self {
            low: (a.0.min(b.0) - margin, a.1.min(b.1) - margin),
            high: (a.0.max(b.0) + margin, a.1.max(b.1) + margin),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        self.low.0 <= other.high.0
            && other.low.0 <= self.high.0
            && self.low.1 <= other.high.1
            && other.low.1 <= self.high.1
    }

    fn joined(&self, other: &Self) -> Self {
        Self {
            low: (self.low.0.min(other.low.0), self.low.1.min(other.low.1)),
            high: (self.high.0.max(other.high.0), self.high.1.max(other.high.1)),
        }
    }
}

/// Whether something has not been looked at yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    Yes,
    No,
}

#[derive(Clone, Copy)]
struct Node {
    bounds: Bounds,
    /// Whether anything under it is.
    fresh: bool,
}

impl Node {
    fn with(&self, other: &Self) -> Self {
        Self { bounds: self.bounds.joined(&other.bounds), fresh: self.fresh || other.fresh }
    }
}

/// Sorts things along a curve that keeps near together what is near on the plane (Morton's).
pub fn near_together<T>(things: &mut [T], place: impl Fn(&T) -> (f64, f64)) {
    let Some(first) = things.first() else { return };
    let all = things.iter().map(|thing| Bounds::around(place(thing), place(thing), 0.0));
    let all = all.fold(Bounds::around(place(first), place(first), 0.0), |all, one| all.joined(&one));
    let sixteen_bits =
        |at: f64, low: f64, high: f64| ((at - low) / (high - low).max(f64::MIN_POSITIVE) * f64::from(u16::MAX)) as u32;
    let spread = |bits: u32| {
        let bits = (bits | bits << 8) & 0x00FF_00FF;
        let bits = (bits | bits << 4) & 0x0F0F_0F0F;
        let bits = (bits | bits << 2) & 0x3333_3333;
        (bits | bits << 1) & 0x5555_5555
    };
    things.sort_by_cached_key(|thing| {
        let (x, y) = place(thing);
        spread(sixteen_bits(x, all.low.0, all.high.0)) | spread(sixteen_bits(y, all.low.1, all.high.1)) << 1
    });
}

/// Calls `visit` with every two boxes that meet, one of them fresh at least, the earlier first, until it says true. Says
/// whether it did.
pub(super) fn any_pair(
    boxes: impl Iterator<Item = (Bounds, Fresh)>,
    work: &mut Work,
    visit: &mut impl FnMut(usize, usize, &mut Work) -> Result<bool, Tangled>,
) -> Result<bool, Tangled> {
    let mut levels = vec![boxes.map(|(bounds, fresh)| Node { bounds, fresh: fresh == Fresh::Yes }).collect::<Vec<_>>()];
    while let Some(level) = levels.last().filter(|level| level.len() > 1) {
        let above = level.chunks(BRANCHES).map(|under| under.iter().fold(under[0], |all, one| all.with(one)));
        levels.push(above.collect());
    }
    let top = levels.len() - 1;
    if top == 0 { Ok(false) } else { below(&levels, top, (0, 0), work, visit) }
}

/// The pairs under two nodes of a level above the lowest: boxes are compared here, before going further down.
fn below(
    levels: &[Vec<Node>],
    level: usize,
    (a, b): (usize, usize),
    work: &mut Work,
    visit: &mut impl FnMut(usize, usize, &mut Work) -> Result<bool, Tangled>,
) -> Result<bool, Tangled> {
    let nodes = levels[level - 1].as_slice();
    let lowest = level == 1;
    let other = levels[level][b].bounds;
    let under = |node: usize| node * BRANCHES..((node + 1) * BRANCHES).min(nodes.len());
    for i in under(a) {
        // What is apart from the whole other node is apart from all under it.
        if a != b {
            work.spend_pairs(1)?;
            if !nodes[i].bounds.meets(&other) {
                continue;
            }
        }
        let first = if a == b { i } else { b * BRANCHES };
        for j in first..under(b).end {
            if (i == j && lowest) || !(nodes[i].fresh || nodes[j].fresh) {
                continue;
            }
            if i != j {
                work.spend_pairs(1)?;
                if !nodes[i].bounds.meets(&nodes[j].bounds) {
                    continue;
                }
            }
            let found = if lowest { visit(i, j, work)? } else { below(levels, level - 1, (i, j), work, visit)? };
            if found {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
