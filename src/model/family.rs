//! The five families a citizen chooses from, and the one table that maps CAP categories to them.

use crate::cap::alert::Info;
use crate::cap::code::{Category, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a citizen may choose to hear about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Weather,
    Outages,
    MissingPersons,
    Roads,
    Council,
}

impl Family {
    pub const ALL: [Self; 5] = [Self::Weather, Self::Outages, Self::MissingPersons, Self::Roads, Self::Council];

    /// The spelling of the API and of Fluent message names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weather => "weather",
            Self::Outages => "outages",
            Self::MissingPersons => "missing-persons",
            Self::Roads => "roads",
            Self::Council => "council",
        }
    }

    /// The family of an info, or `None`: then it goes to everyone in the area.
    ///
    /// Event codes come first (SAME and OASIS event terms name missing persons and outages), then the category. An
    /// info of several categories belongs to a family only when all of them do: an extra category never hides it.
    pub fn of(info: &Info) -> Option<Self> {
        if let Some(family) = info.event_codes.iter().find_map(|code| Self::of_event_code(&code.value)) {
            return Some(family);
        }
        let mut families = info.categories.iter().map(|category| Self::of_category(*category));
        let first = families.next()??;
        families.all(|family| family == Some(first)).then_some(first)
    }

    fn of_event_code(value: &str) -> Option<Self> {
        match value {
            // SAME: child abduction, missing and endangered persons, 911 outage; OASIS event terms.
            "CAE" | "MEP" | "BLU" | "OET-121" | "missingPerson" => Some(Self::MissingPersons),
            "powerOutage" | "utilityOutage" | "waterOutage" => Some(Self::Outages),
            _ => None,
        }
    }

    fn of_category(category: Category) -> Option<Self> {
        match category {
            Category::Met => Some(Self::Weather),
            Category::Infra => Some(Self::Outages),
            Category::Rescue => Some(Self::MissingPersons),
            Category::Transport => Some(Self::Roads),
            Category::Other => Some(Self::Council),
            Category::Geo
            | Category::Safety
            | Category::Security
            | Category::Fire
            | Category::Health
            | Category::Env
            | Category::Cbrne => None,
        }
    }
}

/// The lowest severity a citizen wants for each family; a family that is absent is not wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Families(BTreeMap<Family, Severity>);

impl Families {
    /// `None` when a lowest severity is `Unknown`: unknown severity always reaches everyone, it is not a choice.
    pub fn new(wanted: BTreeMap<Family, Severity>) -> Option<Self> {
        wanted.values().all(|severity| *severity != Severity::Unknown).then_some(Self(wanted))
    }

    /// The lowest severity wanted for a family.
    pub fn lowest(&self, family: Family) -> Option<Severity> {
        self.0.get(&family).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Family, Severity)> + '_ {
        self.0.iter().map(|(family, severity)| (*family, *severity))
    }
}

/// All five from Minor: what someone who chose nothing hears.
impl Default for Families {
    fn default() -> Self {
        Self(Family::ALL.into_iter().map(|family| (family, Severity::Minor)).collect())
    }
}
