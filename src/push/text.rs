//! What a notification says: title and body from an info, folded and cut to what screens and push services take.

use super::letter::LetterContext;
use super::template::MARK;
use crate::cap::alert::Info;
use crate::cap::code::{ResponseType, Status};
use crate::i18n::{Language, text};
use crate::model::again::Says;

/// Longest title, characters.
pub const TITLE_CHARS_MAX: usize = 150;
/// Longest title, bytes of JSON.
pub const TITLE_BYTES_MAX: usize = 500;
/// Longest body, characters.
pub const BODY_CHARS_MAX: usize = 1_500;
/// Most of the body that names of areas may take, characters.
const AREA_CHARS_MAX: usize = 200;
/// Most of the body that the instruction may take, characters, so that the description is not lost.
const INSTRUCTION_CHARS_MAX: usize = 700;
/// How far back a cut looks for the end of a word, characters. Some scripts have no spaces.
const WORD_CHARS_MAX: usize = 40;

/// Longest language tag that is passed on, characters.
const LANG_CHARS_MAX: usize = 35;

const ELLIPSIS: char = '…';

/// Title and body.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) body: String,
    /// BCP 47 tag of the text.
    pub(super) lang: String,
}

/// What to show; `body_bytes_max` is told all but the body and says how many bytes of JSON the body may have.
pub(super) fn words(context: &LetterContext<'_>, body_bytes_max: impl Fn(&Words) -> usize) -> Words {
    let info = context.info;
    let own = Language::from_tag(&info.language);
    if context.discreet {
        let language = own.unwrap_or_default();
        return Words {
            title: text(language, "push-discreet-title", &[]),
            body: text(language, "push-discreet-body", &[]),
            lang: language.tag().to_owned(),
        };
    }
    let title = title(context, own.unwrap_or_default());
    let mut words = Words { title, body: String::new(), lang: tag(&info.language).to_owned() };
    words.body = body(info, context.says, own, body_bytes_max(&words));
    words
}

/// A language tag as the sender wrote it, if it can be one (RFC 5646 §4.4.1): else the tag of what is not known.
fn tag(language: &str) -> &str {
    let fits = (1..=LANG_CHARS_MAX).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { language } else { "und" }
}

/// Headline or event, behind a word for what is not a new, real alert: not every device replaces the notification
/// before, so the title itself must say so.
fn title(context: &LetterContext<'_>, language: Language) -> String {
    let headline = context.info.headline.as_deref().map(fold).filter(|headline| !headline.is_empty());
    let mut title = headline.unwrap_or_else(|| fold(&context.info.event));
    let kind = match context.says {
        Says::News => None,
        Says::Update => Some("push-update"),
        Says::AllClear => Some("push-over"),
        Says::Withdrawn => Some("push-cancelled"),
    };
    let status = match context.status {
        Status::Exercise => Some("push-exercise"),
        Status::Test => Some("push-test"),
        Status::Actual | Status::System | Status::Draft => None,
    };
    for key in [kind, status].into_iter().flatten() {
        title = text(language, key, &[("title", title.into())]);
    }
    cut(&title, TITLE_CHARS_MAX, TITLE_BYTES_MAX)
}

/// Where, what to do, what it is: in the order of need, since a locked screen shows the first lines only.
fn body(info: &Info, says: Says, language: Option<Language>, bytes_max: usize) -> String {
    let areas: Vec<String> = info.areas.iter().map(|area| fold(&area.area_desc)).collect();
    let areas = cut(&areas.join("; "), AREA_CHARS_MAX, bytes_max / 4);
    let instruction = info.instruction.as_deref().map(fold).filter(|instruction| !instruction.is_empty());
    let what_to_do = match instruction {
        Some(instruction) => cut(&instruction, INSTRUCTION_CHARS_MAX, bytes_max / 2),
        None => language.map(|language| advice(info, says, language)).unwrap_or_default(),
    };
    let description = info.description.as_deref().map(fold).unwrap_or_default();
    let parts: Vec<String> = [areas, what_to_do, description].into_iter().filter(|part| !part.is_empty()).collect();
    cut(&parts.join("\n"), BODY_CHARS_MAX, bytes_max)
}

/// What there is to do where the sender has no words for it: by the codes, or by what it says of what was said before.
fn advice(info: &Info, says: Says, language: Language) -> String {
    let spoken = responses(info, language);
    match says {
        Says::Withdrawn => text(language, "push-withdrawn", &[]),
        Says::AllClear if spoken.is_empty() => text(language, "push-respond-AllClear", &[]),
        Says::News | Says::Update | Says::AllClear => spoken,
    }
}

/// What the response codes say, in a language that we speak.
fn responses(info: &Info, language: Language) -> String {
    let spoken = info.response_types.iter().filter(|response| match response {
        ResponseType::Shelter
        | ResponseType::Evacuate
        | ResponseType::Prepare
        | ResponseType::Execute
        | ResponseType::Avoid
        | ResponseType::Monitor
        | ResponseType::AllClear
        | ResponseType::None => true,
        // Not for public warnings (CAP 1.2 §3.2.2).
        ResponseType::Assess => false,
    });
    let texts: Vec<String> = spoken.map(|response| text(language, &format!("push-respond-{response}"), &[])).collect();
    texts.join(" ")
}

/// Every run of white space, control characters and what would open a place in a letter becomes one space.
fn fold(text: &str) -> String {
    let blank = |character: char| character.is_whitespace() || character.is_control() || character == MARK;
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The text, or as much of it as fits in both bounds with an ellipsis, cut at the end of a word where there is one.
fn cut(text: &str, chars_max: usize, json_bytes_max: usize) -> String {
    let (mut bytes, mut end) = (0, 0);
    let room = json_bytes_max.saturating_sub(ELLIPSIS.len_utf8());
    let mut fits = true;
    for (chars, (index, character)) in text.char_indices().enumerate() {
        bytes += json_bytes(character);
        if bytes > json_bytes_max || chars >= chars_max {
            fits = false;
            break;
        }
        if bytes <= room && chars + 1 < chars_max {
            end = index + character.len_utf8();
        }
    }
    if fits {
        return text.to_owned();
    }
    let kept = text[..last_whole_word(text, end)]
        .trim_end_matches(|character: char| character.is_whitespace() || ",;:".contains(character));
    if kept.is_empty() { String::new() } else { format!("{kept}{ELLIPSIS}") }
}

/// Where to cut so that the text before `end` ends with a whole word, or at least with a whole character as people
/// see one.
fn last_whole_word(text: &str, end: usize) -> usize {
    if text[end..].starts_with(char::is_whitespace) {
        return end;
    }
    if let Some(space) = text[..end].rfind(char::is_whitespace)
        && text[space..end].chars().count() <= WORD_CHARS_MAX
    {
        return space;
    }
    let mut end = end;
    while text[end..].starts_with(joins_the_one_before)
        && let Some(before) = text[..end].chars().next_back()
    {
        end -= before.len_utf8();
    }
    end
}

/// Marks, selectors, joiners and skin tones: never the beginning of anything.
fn joins_the_one_before(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{20d0}'..='\u{20ff}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Bytes of a character inside a JSON string, as `serde_json` writes it.
fn json_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        _ => character.len_utf8(),
    }
}

/// Scripts and languages written from right to left.
pub(super) fn is_right_to_left(lang: &str) -> bool {
    const LANGUAGES: [&str; 13] = ["ar", "he", "iw", "fa", "ur", "yi", "ji", "ps", "sd", "ug", "dv", "ckb", "syr"];
    const SCRIPTS: [&str; 5] = ["Arab", "Hebr", "Syrc", "Thaa", "Nkoo"];
    let mut subtags = lang.split('-');
    let primary = subtags.next().unwrap_or_default();
    // A script says it outright: `az-Arab`, `sd-Deva`.
    match subtags.find(|subtag| subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        Some(script) => SCRIPTS.iter().any(|known| known.eq_ignore_ascii_case(script)),
        None => LANGUAGES.iter().any(|known| known.eq_ignore_ascii_case(primary)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_control_characters_are_folded() {
        assert_eq!(fold("  Heavy\n\n rain\t\u{7} in \u{ffff}  the north \u{a0}"), "Heavy rain in the north");
    }

    #[test]
    fn a_text_that_fits_stays_whole() {
        assert_eq!(cut("Heavy rain", 10, 10), "Heavy rain");
    }

    #[test]
    fn a_long_text_is_cut_after_a_whole_word() {
        assert_eq!(cut("Heavy rain in the north", 12, 100), "Heavy rain…");
        assert_eq!(cut("Heavy rain, in the north", 13, 100), "Heavy rain…");
        assert_eq!(cut("Heavy rain in the north", 100, 14), "Heavy rain…");
    }

    #[test]
    fn a_text_without_spaces_is_cut_between_characters_as_people_see_them() {
        let text = "暴".repeat(50);
        assert_eq!(cut(&text, 10, 1_000), format!("{}…", "暴".repeat(9)));
        assert_eq!(cut(&text, 100, 32), format!("{}…", "暴".repeat(9)));
        let accents = "e\u{301}".repeat(60);
        assert_eq!(cut(&accents, 50, 1_000), format!("{}…", "e\u{301}".repeat(24)));
    }

    #[test]
    fn the_bytes_counted_are_those_that_serde_writes() {
        for text in ["plain", "quo\"te", "back\\slash", "line\nfeed", "\u{1}", "é暴🌊", "\u{7f}", "</script>"] {
            let written = serde_json::to_string(text).expect("a string").len() - 2;
            assert_eq!(text.chars().map(json_bytes).sum::<usize>(), written, "{text:?}");
        }
    }

    #[test]
    fn direction_follows_the_script_and_else_the_language() {
        for tag in ["ar", "ar-SA", "he", "FA-ir", "ur", "az-Arab", "ug-CN"] {
            assert!(is_right_to_left(tag), "{tag}");
        }
        for tag in ["en", "fr-CA", "az", "sd-Deva", "ru", "arn", ""] {
            assert!(!is_right_to_left(tag), "{tag}");
        }
    }
}
