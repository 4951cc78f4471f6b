//! What was found in what a key posted: what its owner reads to mend the feed.

use crate::cap::finding::Finding;
use jiff::Timestamp;

/// How long findings are counted back, days.
pub const REPAIR_DAYS_MAX: u16 = 90;

/// One document that a key posted, and what was found in it.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    pub at: Timestamp,
    pub taken: bool,
    /// Of the alert, if it could be read that far.
    pub identifier: Option<&'a str>,
    pub findings: &'a [Finding],
}

/// One rule that documents of a key broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Documents with it.
    pub documents: u64,
    /// When the last of them came.
    pub last: Timestamp,
    /// The last one's identifier, if it could be read.
    pub identifier: Option<String>,
    /// What was found in the last one.
    pub finding: Finding,
}

/// Everything found in some days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repairs {
    /// Documents that were taken, and those that were refused.
    pub taken: u64,
    pub refused: u64,
    /// Errors that were not mended first, then those that were, warnings and notes; the most frequent first.
    pub found: Vec<Repair>,
}

impl Repairs {
    /// Adds what was counted on another day.
    pub fn add(&mut self, repair: Repair) {
        match self.found.iter_mut().find(|known| known.finding.code == repair.finding.code) {
            Some(known) => {
                known.documents += repair.documents;
                if repair.last >= known.last {
                    *known = Repair { documents: known.documents, ..repair };
                }
            }
            None => self.found.push(repair),
        }
    }

    /// Puts what matters most first.
    pub fn sort(&mut self) {
        let weight = |repair: &Repair| (repair.finding.level, repair.finding.repaired, u64::MAX - repair.documents);
        self.found.sort_by(|a, b| weight(a).cmp(&weight(b)).then_with(|| a.finding.code.cmp(&b.finding.code)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::finding::Level;
    use crate::model::sample::at;

    fn repair(code: &str, level: Level, repaired: bool, documents: u64, last: &str) -> Repair {
        let text = || code.to_owned();
        let finding = Finding {
            level,
            code: text(),
            path: "/alert".to_owned(),
            line: 1,
            column: 1,
            repaired,
            clause: text(),
            message: last.to_owned(),
            fix: text(),
        };
        Repair { documents, last: at(last), identifier: None, finding }
    }

    #[test]
    fn what_cannot_be_mended_comes_first_and_days_are_summed_with_the_latest_example() {
        let mut repairs = Repairs::default();
        for (code, level, repaired, documents, last) in [
            ("note", Level::Note, false, 9, "10:00:00"),
            ("mended", Level::Error, true, 3, "11:00:00"),
            ("rare", Level::Error, true, 1, "10:00:00"),
            ("fatal", Level::Error, false, 1, "10:00:00"),
            ("mended", Level::Error, true, 4, "09:00:00"),
        ] {
            repairs.add(repair(code, level, repaired, documents, last));
        }
        repairs.sort();
        let seen: Vec<_> = repairs
            .found
            .iter()
            .map(|repair| (repair.finding.code.as_str(), repair.documents, repair.finding.message.as_str()))
            .collect();
        let want =
            [("fatal", 1, "10:00:00"), ("mended", 7, "11:00:00"), ("rare", 1, "10:00:00"), ("note", 9, "10:00:00")];
        assert_eq!(seen, want);
    }
}
