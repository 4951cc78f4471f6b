//! Broadcasts as the console's lists show them.

use crate::cap::code::{MsgType, Severity, Status};
use crate::cap::finding::Level;
use crate::cap::time::DateTime;
use crate::i18n::{self, Language};
use crate::model::broadcast::{Broadcast, Reason, State};
use crate::model::outcome::Ledger;
use crate::model::tier::Tier;
use crate::pipeline::words::{Words, words};
use crate::store;
use crate::web::citizen::view;
use crate::web::error::WebError;
use crate::web::state::AppState;

/// One broadcast in a list.
#[derive(Debug, Clone)]
pub struct Row {
    /// The alert's id: it stands in addresses.
    pub id: String,
    pub headline: String,
    /// BCP 47 tag of the headline.
    pub language: String,
    pub sender: String,
    pub areas: String,
    /// None: it says nothing.
    pub severity: Option<Severity>,
    pub status: Status,
    pub msg_type: MsgType,
    pub tier: Tier,
    pub state: State,
    pub reason: Option<Reason>,
    /// On the sender's clock.
    pub received: DateTime,
    pub ledger: Ledger,
}

impl Row {
    pub fn cancels(&self) -> bool {
        self.msg_type == MsgType::Cancel
    }
}

/// Outcomes that are final.
pub const fn settled(ledger: &Ledger) -> u64 {
    ledger.targeted - ledger.waiting
}

/// Rows of broadcasts, in their order. One that cannot be shown never hides the others: it is logged and left out.
///
/// # Errors
/// The database failed.
pub async fn rows(state: &AppState, broadcasts: Vec<Broadcast>, language: Language) -> Result<Vec<Row>, WebError> {
    let mut rows = Vec::new();
    for broadcast in broadcasts {
        match words(&state.db, &broadcast).await {
            Ok(words) => {
                let ledger = store::batch::ledger(&state.db, &broadcast.id).await.map_err(WebError::internal)?;
                rows.push(row(&broadcast, &words, ledger, language));
            }
            Err(error) => {
                tracing::error!(broadcast = %broadcast.id, %error, "broadcast {} cannot be shown", broadcast.id)
            }
        }
    }
    Ok(rows)
}

fn row(broadcast: &Broadcast, words: &Words, ledger: Ledger, language: Language) -> Row {
    let state = crate::model::broadcast::AlertState::Active;
    let card = view::card(broadcast.alert.as_str(), &words.speaking, state, language);
    let key = &words.alert.key;
    let (headline, tag, areas, severity) = match card {
        Some(card) => (card.headline.clone(), card.language.clone(), card.area_line(), Some(card.severity)),
        None => (key.identifier.clone(), String::new(), String::new(), None),
    };
    Row {
        id: broadcast.alert.0.clone(),
        headline,
        language: tag,
        sender: key.sender.clone(),
        areas,
        severity,
        status: words.alert.status,
        msg_type: words.alert.msg_type,
        tier: broadcast.tier,
        state: broadcast.state,
        reason: broadcast.reason,
        received: DateTime::new(broadcast.received, key.sent.offset()),
        ledger,
    }
}

/// A number as its language groups it: `1,234,567`, `1 234 567`.
pub fn number(language: &Language, number: &u64) -> String {
    let mark = match language {
        Language::En => ',',
        Language::Fr => '\u{202f}',
    };
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(mark);
        }
        grouped.push(digit);
    }
    grouped
}

/// How many push services took it, of how many.
pub fn accepted(language: &Language, ledger: &Ledger) -> String {
    let count = |value: &u64| i18n::Value::from(number(language, value));
    i18n::text(*language, "row-accepted", &[("count", count(&ledger.accepted)), ("total", count(&ledger.targeted))])
}

/// The name of the Fluent message for a state.
pub fn state_key(state: &State) -> String {
    format!("broadcast-state-{}", state.as_str())
}

/// The name of the Fluent message for a reason.
pub fn reason_key(reason: &Reason) -> String {
    format!("broadcast-reason-{}", reason.as_str())
}

/// The name of the Fluent message for a tier.
pub fn tier_key(tier: &Tier) -> String {
    format!("tier-{}", tier.as_str())
}

/// The mark that goes with the word of a state: its shape and colour in the style sheet.
pub const fn mark(state: &State) -> &'static str {
    match state {
        State::Held => "waits",
        State::Approved | State::Sending => "runs",
        State::Done => "done",
        State::Halted | State::Refused => "stopped",
        State::Expired | State::Filed => "quiet",
    }
}

/// The word of a finding's level, as `check` prints it.
pub const fn level_word(level: &Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_the_language_has_it() {
        assert_eq!(number(&Language::En, &999), "999");
        assert_eq!(number(&Language::En, &1_234_567), "1,234,567");
        assert_eq!(number(&Language::Fr, &100_000), "100\u{202f}000");
    }
}
