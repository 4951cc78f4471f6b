//! What a later message of a chain changes for someone who was told before, and what its end says. Pure.

use super::copies::{ground, normal};
use super::message::{Message, is_harmless, is_over};
use super::tier::Tier;
use crate::cap::alert::{Alert, Info};
use crate::cap::code::{MsgType, ResponseType, Urgency};
use crate::geo::gazetteer::Geocodes;
use std::collections::{BTreeMap, BTreeSet};

/// What of a message makes people act, to be compared with what they were told before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gist {
    tier: Tier,
    over: bool,
    /// What is drawn and named; not what it is called.
    ground: Option<String>,
    /// The instruction and the response types in each language, in small letters.
    advice: BTreeMap<String, (String, BTreeSet<&'static str>)>,
}

impl Gist {
    /// Of a message, as it was or is to be heard at a tier.
    pub fn of(alert: &Alert, message: &Message, tier: Tier) -> Self {
        let advice = |info: &Info| {
            let instruction = info.instruction.as_deref().map(normal).unwrap_or_default();
            let responses = info.response_types.iter().map(|response| response.as_str()).collect();
            (info.language.to_ascii_lowercase(), (instruction, responses))
        };
        Self {
            tier,
            over: message.over,
            ground: ground(message.areas(alert), Geocodes::of(alert)),
            advice: message.variants.iter().map(|index| advice(&alert.infos[*index])).collect(),
        }
    }

    /// Whether people who were told `before` are rung again for this: it is more urgent, it goes on after all, or the
    /// area or what to do is another. Other words, other times and a milder tier only take the place of what is shown.
    pub fn rings_after(&self, before: &Self) -> bool {
        self.tier < before.tier
            || (before.over && !self.over)
            || self.ground != before.ground
            || self.advice != before.advice
    }
}

/// What a message says of what was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Says {
    /// Something new.
    News,
    /// Something else than before.
    Update,
    /// The danger is over: urgent and quiet.
    AllClear,
    /// What was said no longer counts, and no more is known: as loud as it was said.
    Withdrawn,
}

impl Says {
    /// Of infos that say the same in several languages; a Cancel may have none.
    ///
    /// A Cancel is an all-clear where its infos say so; CAP has no word for *sent in error*, so all others only withdraw.
    pub fn of<'a>(msg_type: MsgType, mut infos: impl Iterator<Item = &'a Info>) -> Self {
        match msg_type {
            MsgType::Alert | MsgType::Ack | MsgType::Error => Self::News,
            MsgType::Update => {
                if infos.all(is_over) {
                    Self::AllClear
                } else {
                    Self::Update
                }
            }
            MsgType::Cancel => {
                let mut infos = infos.peekable();
                if infos.peek().is_some() && infos.all(is_end) { Self::AllClear } else { Self::Withdrawn }
            }
        }
    }

    /// Whether it ends what was said: it goes at once, whatever the hour.
    pub const fn ends(self) -> bool {
        match self {
            Self::News | Self::Update => false,
            Self::AllClear | Self::Withdrawn => true,
        }
    }
}

/// Whether an info of a Cancel says that the danger is over: where something is cancelled, a time that is past or an
/// all-clear is enough, unless it still tells people to protect themselves.
fn is_end(info: &Info) -> bool {
    let all_clear = info.urgency == Urgency::Past || info.response_types.contains(&ResponseType::AllClear);
    is_over(info) || (all_clear && info.response_types.iter().copied().all(is_harmless))
}

#[cfg(test)]
#[path = "again_tests.rs"]
mod tests;
