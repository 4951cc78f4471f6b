//! How urgent a push is: the gate of docs/ARCHITECTURE.md, after WEA's imminent threat, widened so that `Unknown`
//! never falls silent.

use crate::cap::code::{Certainty, Severity, Status, Urgency};
use serde::{Deserialize, Serialize};

/// P0 overtakes everything, P3 is quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    P0,
    P1,
    P2,
    P3,
}

impl Tier {
    /// Most urgent first.
    pub const ALL: [Self; 4] = [Self::P0, Self::P1, Self::P2, Self::P3];

    /// The tier of an info. Anything that is not Actual stays at the quietest.
    pub fn of(status: Status, severity: Severity, urgency: Urgency, certainty: Certainty) -> Self {
        match status {
            Status::Actual => Self::of_actual(severity, urgency, certainty),
            Status::Exercise | Status::System | Status::Test | Status::Draft => Self::P3,
        }
    }

    fn of_actual(severity: Severity, urgency: Urgency, certainty: Certainty) -> Self {
        let grave = matches!(severity, Severity::Extreme | Severity::Severe);
        let coming = matches!(urgency, Urgency::Immediate | Urgency::Expected | Urgency::Unknown);
        if severity == Severity::Extreme
            && urgency == Urgency::Immediate
            && matches!(certainty, Certainty::Observed | Certainty::Likely)
        {
            Self::P0
        } else if grave && coming && certainty != Certainty::Unlikely {
            Self::P1
        } else if severity != Severity::Minor && urgency != Urgency::Past {
            Self::P2
        } else {
            Self::P3
        }
    }

    /// 0 for P0 to 3 for P3: the number stored and the index into per-tier arrays.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The inverse of [`Tier::index`].
    pub fn from_index(index: i64) -> Option<Self> {
        usize::try_from(index).ok().and_then(|index| Self::ALL.get(index).copied())
    }

    /// `P0` to `P3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the standard decision, written out apart from the code: one letter per certainty, in the order
    /// Observed, Likely, Possible, Unlikely, Unknown.
    const TABLE: &[(Severity, Urgency, &str)] = &[
        (Severity::Extreme, Urgency::Immediate, "00121"),
        (Severity::Extreme, Urgency::Expected, "11121"),
        (Severity::Extreme, Urgency::Future, "22222"),
        (Severity::Extreme, Urgency::Past, "33333"),
        (Severity::Extreme, Urgency::Unknown, "11121"),
        (Severity::Severe, Urgency::Immediate, "11121"),
        (Severity::Severe, Urgency::Expected, "11121"),
        (Severity::Severe, Urgency::Future, "22222"),
        (Severity::Severe, Urgency::Past, "33333"),
        (Severity::Severe, Urgency::Unknown, "11121"),
        (Severity::Moderate, Urgency::Immediate, "22222"),
        (Severity::Moderate, Urgency::Expected, "22222"),
        (Severity::Moderate, Urgency::Future, "22222"),
        (Severity::Moderate, Urgency::Past, "33333"),
        (Severity::Moderate, Urgency::Unknown, "22222"),
        (Severity::Minor, Urgency::Immediate, "33333"),
        (Severity::Minor, Urgency::Expected, "33333"),
        (Severity::Minor, Urgency::Future, "33333"),
        (Severity::Minor, Urgency::Past, "33333"),
        (Severity::Minor, Urgency::Unknown, "33333"),
        (Severity::Unknown, Urgency::Immediate, "22222"),
        (Severity::Unknown, Urgency::Expected, "22222"),
        (Severity::Unknown, Urgency::Future, "22222"),
        (Severity::Unknown, Urgency::Past, "33333"),
        (Severity::Unknown, Urgency::Unknown, "22222"),
    ];

    #[test]
    fn all_125_combinations_have_the_tier_of_the_table() {
        let mut seen = 0;
        for (severity, urgency, tiers) in TABLE {
            for (certainty, digit) in Certainty::ALL.iter().zip(tiers.chars()) {
                let want = digit.to_digit(10).expect("a digit") as usize;
                let tier = Tier::of(Status::Actual, *severity, *urgency, *certainty);
                assert_eq!(tier.index(), want, "{severity} {urgency} {certainty}");
                assert_eq!(Tier::of(Status::Exercise, *severity, *urgency, *certainty), Tier::P3);
                seen += 1;
            }
        }
        assert_eq!(seen, 125);
    }
}
