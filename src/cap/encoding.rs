//! Bytes to characters, by the byte order mark and the declaration (XML 1.0 §4.3.3 and appendix F).

use super::report::Report;
use super::rules;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// How far into a document its XML declaration may reach, bytes.
const DECLARATION_BYTES_MAX: usize = 256;

const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF_16BE_MARK: &[u8] = b"\xFE\xFF";
const UTF_16LE_MARK: &[u8] = b"\xFF\xFE";

/// The document as text, without byte order mark. Bytes that mean nothing become U+FFFD and an error.
pub(super) fn decode<'a>(bytes: &'a [u8], report: &mut Report) -> Cow<'a, str> {
    if let Some(rest) = bytes.strip_prefix(UTF_8_MARK) {
        let text = decode_utf_8(rest, report);
        check_declared(&text, UTF_8, report);
        return text;
    }
    if let Some(rest) = bytes.strip_prefix(UTF_16BE_MARK) {
        return decode_utf_16(UTF_16BE, rest, report);
    }
    if let Some(rest) = bytes.strip_prefix(UTF_16LE_MARK) {
        return decode_utf_16(UTF_16LE, rest, report);
    }
    if bytes.starts_with(b"\0<") {
        return decode_utf_16(UTF_16BE, bytes, report);
    }
    if bytes.starts_with(b"<\0") {
        return decode_utf_16(UTF_16LE, bytes, report);
    }
    let Some(label) = declared(bytes) else { return decode_utf_8(bytes, report) };
    let Some(encoding) = Encoding::for_label_no_replacement(label) else {
        let label = String::from_utf8_lossy(label);
        report.add(
            &rules::ENCODING_UNKNOWN,
            "/",
            0,
            format!("The encoding `{}` is not known.", super::report::quote(&label)),
        );
        return decode_utf_8(bytes, report);
    };
    if encoding == UTF_16BE || encoding == UTF_16LE {
        let message = "The declaration says UTF-16, but could be read as single bytes: it is not.";
        report.add(&rules::ENCODING_MISDECLARED, "/", 0, message);
        return decode_utf_8(bytes, report);
    }
    if encoding == UTF_8 {
        return decode_utf_8(bytes, report);
    }
    check_windows(encoding, label, bytes, report);
    decode_as(encoding, bytes, report)
}

/// The declaration of a document whose mark or first bytes have said already what it is in.
fn check_declared(text: &str, encoding: &'static Encoding, report: &mut Report) {
    let Some(label) = declared(text.as_bytes()) else { return };
    let named = Encoding::for_label_no_replacement(label);
    // UTF-16 without an order is either, and known as the little-endian one.
    let has_order = label.to_ascii_lowercase().ends_with(b"le");
    let is_either = encoding == UTF_16BE && named == Some(UTF_16LE) && !has_order;
    if named != Some(encoding) && !is_either {
        let (label, name) = (String::from_utf8_lossy(label), encoding.name());
        let message = format!("The declaration says `{}`; the first bytes say {name}.", super::report::quote(&label));
        report.add(&rules::ENCODING_MISDECLARED, "/", 0, message);
    }
}

/// Programs take ISO 8859-1 for Windows-1252, which has letters where the other has control characters; so do we, as
/// nobody means those.
fn check_windows(encoding: &'static Encoding, label: &[u8], bytes: &[u8], report: &mut Report) {
    let Some(page) = encoding.name().strip_prefix("windows-") else { return };
    if label.trim_ascii().ends_with(page.as_bytes()) {
        return;
    }
    let is_ascii = label.to_ascii_lowercase().windows(5).any(|part| part == b"ascii" || part == b"ansi_");
    let differs = |byte: &u8| if is_ascii { !byte.is_ascii() } else { (0x80..=0x9F).contains(byte) };
    if let Some(at) = bytes.iter().position(differs) {
        let label = String::from_utf8_lossy(label);
        let label = super::report::quote(&label);
        let message = format!("The byte 0x{:02X} is no text in `{label}`; it is read as windows-{page}.", bytes[at]);
        let offset = encoding.decode_without_bom_handling(&bytes[..at]).0.len();
        report.add(&rules::ENCODING_WINDOWS, "/", offset, message);
    }
}

/// The label in `<?xml … encoding="label"?>`, if there is one.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let head = head.strip_prefix(b"<?xml").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let name = b"encoding";
    let start = head[..end].windows(name.len()).position(|part| part == name)? + name.len();
    let rest = head[start..end].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (&quote, rest) = rest.split_first().filter(|(first, _)| matches!(first, b'"' | b'\''))?;
    rest.split(|&byte| byte == quote).next()
}

fn decode_utf_8<'a>(bytes: &'a [u8], report: &mut Report) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => {
            let message = "These bytes are not UTF-8.";
            report.add(&rules::ENCODING_INVALID, "/", error.valid_up_to(), message);
            String::from_utf8_lossy(bytes)
        }
    }
}

fn decode_utf_16<'a>(encoding: &'static Encoding, bytes: &'a [u8], report: &mut Report) -> Cow<'a, str> {
    let text = decode_as(encoding, bytes, report);
    check_declared(&text, encoding, report);
    text
}

fn decode_as<'a>(encoding: &'static Encoding, bytes: &'a [u8], report: &mut Report) -> Cow<'a, str> {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors {
        let offset = text.find(char::REPLACEMENT_CHARACTER).unwrap_or(0);
        report.add(&rules::ENCODING_INVALID, "/", offset, format!("These bytes are not {}.", encoding.name()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::limits::Limits;

    fn decoded(bytes: &[u8]) -> (String, Vec<String>) {
        let mut report = Report::new(&Limits::default());
        let text = decode(bytes, &mut report).into_owned();
        (text.clone(), report.finish(&text).into_iter().map(|finding| finding.code).collect())
    }

    fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_decides_and_disappears() {
        assert_eq!(decoded(b"\xEF\xBB\xBF<a>\xC3\xA9</a>"), ("<a>é</a>".to_owned(), vec![]));
        let mut bytes = b"\xFF\xFE".to_vec();
        bytes.extend(utf_16("<a>é</a>", u16::to_le_bytes));
        assert_eq!(decoded(&bytes), ("<a>é</a>".to_owned(), vec![]));
        let mut bytes = b"\xFE\xFF".to_vec();
        bytes.extend(utf_16("<a>é</a>", u16::to_be_bytes));
        assert_eq!(decoded(&bytes), ("<a>é</a>".to_owned(), vec![]));
    }

    #[test]
    fn utf_16_is_known_without_its_mark() {
        assert_eq!(decoded(&utf_16("<a>é</a>", u16::to_le_bytes)).0, "<a>é</a>");
        assert_eq!(decoded(&utf_16("<a>é</a>", u16::to_be_bytes)).0, "<a>é</a>");
    }

    #[test]
    fn a_declared_single_byte_encoding_is_believed() {
        for label in ["ISO-8859-1", "windows-1252"] {
            let mut bytes = format!("<?xml version='1.0' encoding = '{label}'?><a>").into_bytes();
            bytes.extend(b"\xE9</a>");
            let (text, codes) = decoded(&bytes);
            assert!(text.ends_with("<a>é</a>") && codes.is_empty(), "{label}: {text} {codes:?}");
        }
    }

    #[test]
    fn a_declaration_of_utf_16_in_single_bytes_is_mended() {
        let (text, codes) = decoded("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>é</a>".as_bytes());
        assert!(text.ends_with("<a>é</a>"));
        assert_eq!(codes, ["encoding-misdeclared"]);
    }

    #[test]
    fn a_declaration_that_the_first_bytes_belie_is_mended() {
        let text = |label: &str| format!("<?xml version='1.0' encoding='{label}'?><a>é</a>");
        let utf_8 = |label| decoded(&[UTF_8_MARK, text(label).as_bytes()].concat());
        let big = |label| decoded(&[UTF_16BE_MARK, &utf_16(&text(label), u16::to_be_bytes)].concat());
        let little = |label| decoded(&utf_16(&text(label), u16::to_le_bytes));
        for (codes, fits) in [
            (utf_8("utf-8"), true),
            (big("UTF-16"), true),
            (big("UTF-16BE"), true),
            (little("utf-16"), true),
            (utf_8("ISO-8859-1"), false),
            (utf_8("klingon"), false),
            (big("UTF-16LE"), false),
            (big("UTF-8"), false),
            (little("UTF-8"), false),
        ] {
            assert!(codes.0.ends_with("<a>é</a>"));
            assert_eq!(codes.1, if fits { vec![] } else { vec!["encoding-misdeclared"] }, "{}", codes.0);
        }
        // Only the declaration declares.
        assert_eq!(decoded("<?xml-stylesheet encoding='ISO-8859-1'?><a>é</a>".as_bytes()).1, [""; 0]);
    }

    #[test]
    fn control_characters_of_iso_8859_1_are_letters_of_windows_1252_and_said() {
        let of = |label: &str, byte: u8| {
            let mut bytes = format!("<?xml version='1.0' encoding='{label}'?><a>").into_bytes();
            bytes.extend([byte, b'<', b'/', b'a', b'>']);
            let (text, codes) = decoded(&bytes);
            (text.contains("<a>\u{2013}<") || byte != 0x96, !codes.is_empty())
        };
        for (label, byte, said) in [
            ("ISO-8859-1", 0x96, true),
            ("latin1", 0x96, true),
            ("us-ascii", 0xE9, true),
            ("ISO-8859-1", 0xE9, false),
            ("windows-1252", 0x96, false),
            ("cp1252", 0x96, false),
        ] {
            assert_eq!(of(label, byte), (true, said), "{label}");
        }
    }

    #[test]
    fn bytes_that_mean_nothing_and_unknown_names_are_errors() {
        assert_eq!(decoded(b"<a>\xFF</a>").1, ["encoding-invalid"]);
        assert_eq!(decoded(b"\xFE\xFF\xD8\x00").1, ["encoding-invalid"]);
        assert_eq!(decoded(b"<?xml version='1.0' encoding='klingon'?><a/>").1, ["encoding-unknown"]);
    }
}
