//! That a node's index and the database say the same of who is where.

use jiff::Timestamp;

/// What a set of people adds up to, whatever their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub people: u64,
    pub places: u64,
    /// Over people and their distinct places.
    pub sum: u64,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The node's id: its `node.id`.
    pub node: String,
    /// Alert time.
    pub at: Timestamp,
    /// The number of the last change that both show.
    pub change: i64,
    /// What the node's index adds up to.
    pub index: Tally,
    /// What the database adds up to.
    pub database: Tally,
    /// The number of the import of named areas that the node's index has.
    pub index_import: i64,
    /// The number of the last import of named areas in the database.
    pub database_import: i64,
    pub took_ms: u64,
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Agrees,
    /// Everyone is the same, but the named areas are those of another import than the last: that cannot be read.
    AreasBehind,
    Disagrees,
}

impl Verdict {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::AreasBehind => "areas-behind",
            Self::Disagrees => "disagrees",
        }
    }
}

impl Proof {
    pub fn verdict(&self) -> Verdict {
        if self.index != self.database {
            Verdict::Disagrees
        } else if self.index_import != self.database_import {
            Verdict::AreasBehind
        } else {
            Verdict::Agrees
        }
    }

    /// Whether index and database are the same, and named areas lie in both where the same import says.
    pub fn agrees(&self) -> bool {
        self.verdict() == Verdict::Agrees
    }
}
