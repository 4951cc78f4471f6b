//! A text with places left open. It is written once for a message; each recipient's own parts are then put in their
//! places without any work on JSON.

use super::receipt::RECEIPT_CHARS;

/// Begins a place. U+FFFF is no character of XML (XML 1.0 §2.2), and texts that are shown are rid of it, so no alert
/// can open a place.
pub(super) const MARK: char = '\u{ffff}';
/// Digits of the longest time to live, in seconds.
const TTL_DIGITS_MAX: usize = 7;

/// What is put in for each recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Receipt,
    /// The device's token.
    Token,
    /// Seconds that the push service is to keep it.
    TimeToLive,
}

impl Place {
    const ALL: [Self; 3] = [Self::Receipt, Self::Token, Self::TimeToLive];

    /// What to write where it goes. JSON needs not escape it.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Receipt => "\u{ffff}R",
            Self::Token => "\u{ffff}T",
            Self::TimeToLive => "\u{ffff}L",
        }
    }

    /// The place that a piece behind a [`MARK`] begins with, and the rest.
    fn split(piece: &str) -> (Option<Self>, &str) {
        let find = |place: &Self| piece.strip_prefix(place.mark().trim_start_matches(MARK)).map(|rest| (*place, rest));
        match Self::ALL.iter().find_map(find) {
            Some((place, rest)) => (Some(place), rest),
            None => (None, piece),
        }
    }
}

/// One recipient's own parts. None of them may need escaping in JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) receipt: &'a [u8; RECEIPT_CHARS],
    pub(super) token: &'a str,
    pub(super) ttl_s: u32,
}

/// A text with places left open.
#[derive(Debug, Clone)]
pub(super) struct Template {
    head: String,
    rest: Vec<(Option<Place>, String)>,
}

impl Template {
    /// Takes a text apart at its marks.
    pub(super) fn new(text: &str) -> Self {
        let mut pieces = text.split(MARK);
        let head = pieces.next().unwrap_or_default().to_owned();
        let rest = pieces.map(Place::split).map(|(place, piece)| (place, piece.to_owned())).collect();
        Self { head, rest }
    }

    /// Most bytes that it has when it is filled, the device's token not counted.
    pub(super) fn bytes(&self) -> usize {
        let place = |place: Option<Place>| match place {
            Some(Place::Receipt) => RECEIPT_CHARS,
            Some(Place::TimeToLive) => TTL_DIGITS_MAX,
            Some(Place::Token) | None => 0,
        };
        self.head.len() + self.rest.iter().map(|(own, piece)| place(*own) + piece.len()).sum::<usize>()
    }

    /// The text for one recipient, behind what is in `text` already.
    pub(super) fn fill(&self, text: &mut Vec<u8>, own: &Own<'_>) {
        text.extend_from_slice(self.head.as_bytes());
        for (place, piece) in &self.rest {
            match place {
                Some(Place::Receipt) => text.extend_from_slice(own.receipt),
                Some(Place::Token) => text.extend_from_slice(own.token.as_bytes()),
                Some(Place::TimeToLive) => text.extend_from_slice(own.ttl_s.to_string().as_bytes()),
                None => {}
            }
            text.extend_from_slice(piece.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &str = "rrrrrrrrrrrrrrrrrrrrrr";
    const OWN: Own<'static> = Own { receipt: &[b'r'; RECEIPT_CHARS], token: "device", ttl_s: 59 };

    fn filled(template: &Template) -> String {
        let mut text = Vec::new();
        template.fill(&mut text, &OWN);
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn each_place_is_filled_as_often_as_it_stands_there() {
        let (receipt, token, ttl) = (Place::Receipt.mark(), Place::Token.mark(), Place::TimeToLive.mark());
        let template = Template::new(&format!("{receipt}é{token}{ttl}s {receipt}"));
        let text = filled(&template);
        assert_eq!(text, format!("{RECEIPT}édevice59s {RECEIPT}"));
        assert!(text.len() <= template.bytes() + OWN.token.len());
        assert_eq!(filled(&Template::new("")), "");
    }

    #[test]
    fn a_mark_alone_opens_no_place() {
        assert_eq!(filled(&Template::new("a\u{ffff}b\u{ffff}")), "ab");
    }

    #[test]
    fn json_keeps_marks_as_they_are_however_deep_they_stand() {
        let inner = serde_json::json!({"receipt": Place::Receipt.mark()}).to_string();
        let outer = serde_json::json!({"inner": inner, "token": Place::Token.mark()}).to_string();
        let filled: serde_json::Value = serde_json::from_str(&filled(&Template::new(&outer))).expect("JSON");
        let inner: serde_json::Value = serde_json::from_str(filled["inner"].as_str().expect("text")).expect("JSON");
        assert_eq!((&inner["receipt"], &filled["token"]), (&RECEIPT.into(), &OWN.token.into()));
    }
}
