//! `language` (CAP 1.2 §3.2.2): a tag of RFC 3066.

use super::{Builder, NodeId};
use crate::cap::outline::LANGUAGE_DEFAULT;
use crate::cap::report::quote;
use crate::cap::rules;

/// Longest part of a language tag (RFC 3066 §2.1), characters.
const SUBTAG_CHARS_MAX: usize = 8;
/// What a language is called that nobody can tell (ISO 639-2).
const UNDETERMINED: &str = "und";

/// The codes of ISO 639-1, and the older ones that RFC 3066 still knows.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii \
    ik in io is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk \
    ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg \
    sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh \
    yi yo za zh zu";

impl Builder<'_, '_> {
    /// The language of an info, mended where it must be.
    pub(super) fn language(&mut self, id: Option<NodeId>) -> String {
        let Some(id) = id else { return LANGUAGE_DEFAULT.to_owned() };
        let text = self.trimmed(id);
        if text.is_empty() {
            let message = format!("`language` is empty; it is read as {LANGUAGE_DEFAULT}, as if it were not there.");
            // The schema's default fills in an element without anything, and no other.
            let blank = !self.tree.nodes[id].text.is_empty();
            self.find(if blank { &rules::LANGUAGE_INVALID } else { &rules::LANGUAGE_EMPTY }, id, message);
            return LANGUAGE_DEFAULT.to_owned();
        }
        if !is_language(text) {
            let hyphens = text.replace('_', "-");
            let mended = if is_language(&hyphens) { hyphens } else { UNDETERMINED.to_owned() };
            let message = format!("`{}` is not a language tag; it is read as `{mended}`.", quote(text));
            self.find(&rules::LANGUAGE_INVALID, id, message);
            return mended;
        }
        let primary = primary(text);
        if !is_known(&primary) {
            let message = format!("`{primary}` is no language code of ISO 639; nobody may find this text by it.");
            self.find(&rules::LANGUAGE_UNKNOWN, id, message);
        }
        text.to_owned()
    }
}

/// The language itself, without region or script, in small letters.
pub(super) fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or(tag).to_ascii_lowercase()
}

/// Whether a text has the shape of a language tag (RFC 3066 §2.1).
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let fits = |part: &str| (1..=SUBTAG_CHARS_MAX).contains(&part.len());
    parts.next().is_some_and(|first| fits(first) && first.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(|part| fits(part) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Two letters must be of ISO 639-1. Three are of a table too long to keep here, and `i` and `x` are registered.
fn is_known(primary: &str) -> bool {
    match primary.len() {
        1 => matches!(primary, "i" | "x"),
        2 => LANGUAGES.split_ascii_whitespace().any(|known| known == primary),
        length => length == 3,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_known, is_language};

    #[test]
    fn language_tags_have_short_parts_and_begin_with_letters() {
        for tag in ["en", "fr-CA", "sr-Latn", "es-419", "de-LS", "english"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "fr_CA", "fr-", "419", "français", "abcdefghi", "en US"] {
            assert!(!is_language(tag), "{tag}");
        }
    }

    #[test]
    fn only_codes_of_the_standard_are_languages() {
        for known in ["en", "zu", "aa", "fil", "i", "x"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["sp", "english", "jp", "cz", "q", "abcd"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}
