//! Schemes of area codes: what they are called, how their codes are written, and which code contains which.
//!
//! A scheme is known by one name whatever a sender writes before it; local ones are told apart by their letters and
//! digits alone. Which code contains which is asked only of schemes that say so themselves.

use super::code::AreaCode;
use crate::cap::exclude::{EXCLUDE_POLYGON, is_exclude_polygon};
use std::borrow::Cow;

/// US counties and their parts: `PSSCCC`, part, state, county (47 CFR 11.31).
pub const SAME: &str = "SAME";
/// Counties and forecast zones of the US National Weather Service: `ssCnnn`, `ssZnnn` (NWS Directive 10-1702).
pub const UGC: &str = "UGC";
/// Europe's weather warnings (MeteoAlarm).
pub const EMMA_ID: &str = "EMMA_ID";
/// The European Union's statistical regions: each level is one character longer.
pub const NUTS: &str = "NUTS";
/// Countries and their subdivisions: `AU`, `AU-NSW`.
pub const ISO_3166_2: &str = "ISO3166-2";
/// Canada's Standard Geographical Classification, as CAP-CP has it: 2, 4 or 7 digits.
pub const SGC: &str = "SGC";
/// Forecast regions of Environment Canada.
pub const CLC: &str = "CLC";
/// Germany's weather warnings (DWD).
pub const WARNCELLID: &str = "WARNCELLID";
/// A German state, which DWD writes beside each [`WARNCELLID`] to say where that is.
const STATE: &str = "STATE";
/// Countries and regions as the USA numbered them (FIPS 10-4); MeteoAlarm still names some.
const FIPS: &str = "FIPS";

/// The code as the gazetteer knows it, from a `valueName` and a `value` as a sender, a citizen or a file writes them;
/// `None` where either is empty.
pub fn canonical(scheme: &str, code: &str) -> Option<AreaCode> {
    let code = code.trim().to_uppercase();
    let scheme = name(scheme);
    if scheme.is_empty() || code.is_empty() {
        return None;
    }
    let (scheme, code) = match &*scheme {
        // Old names of SAME; some write the county without the part before it.
        FIPS | "FIPS6" | "FIPS5" if is_digits(&code, 6) => (Cow::from(SAME), code),
        FIPS | "FIPS6" | "FIPS5" if is_digits(&code, 5) => (Cow::from(SAME), format!("0{code}")),
        "FIPS6" => (Cow::from(SAME), code),
        // `ssZALL` is `ssZ000`.
        UGC if code.len() == 6 && code.ends_with("ALL") => (scheme, format!("{}000", &code[..3])),
        _ => (scheme, code),
    };
    Some(AreaCode::new(&scheme, &code))
}

/// The one name of a scheme.
pub fn name(written: &str) -> Cow<'static, str> {
    let upper = written.trim().to_uppercase();
    let plain: String = upper.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let known = match &*plain {
        "SAME" => SAME,
        "UGC" => UGC,
        "EMMAID" => EMMA_ID,
        "NUTS" | "NUTS0" | "NUTS1" | "NUTS2" | "NUTS3" => NUTS,
        "WARNCELLID" => WARNCELLID,
        "SGC" => SGC,
        "CLC" => CLC,
        // Not a scheme but geometry.
        _ if is_exclude_polygon(written) => EXCLUDE_POLYGON,
        // Australia has written the address of the list for its name.
        "HTTPWWWISOORGISOCOUNTRYCODESHTML" => ISO_3166_2,
        _ if upper.starts_with("PROFILE:CAP-CP:LOCATION") => SGC,
        _ if upper.starts_with("LAYER:EC") && upper.ends_with(":CLC") => CLC,
        // `ISO 3166-2`, and Australia's profile has it at the end of a long name.
        _ if ["ISO3166", "ISO31661", "ISO31662"].iter().any(|end| plain.ends_with(end)) => ISO_3166_2,
        _ => return upper.into(),
    };
    known.into()
}

/// Whether a geocode only says where others of its area lie: DWD's `STATE` beside its cells, and Australia's
/// `ISO 3166-2` beside districts, whatever their scheme. Nobody is rung for that alone.
pub fn is_context(scheme: &str, beside: impl IntoIterator<Item = impl AsRef<str>>) -> bool {
    let mut beside = beside.into_iter();
    match scheme {
        STATE => beside.any(|other| other.as_ref() == WARNCELLID),
        ISO_3166_2 => beside.any(|other| ![ISO_3166_2, EXCLUDE_POLYGON].contains(&other.as_ref())),
        _ => false,
    }
}

/// Whether a code is that of a whole country or of one of its largest parts. Beside what is drawn it is always a name:
/// nobody draws a storm to add a whole state to it.
pub fn is_vast(code: &AreaCode) -> bool {
    let digits = &*code.code;
    match &*code.scheme {
        ISO_3166_2 | FIPS | STATE => true,
        SAME => is_digits(digits, 6) && digits.ends_with("000"),
        UGC => is_ugc(digits) && digits.ends_with("000"),
        SGC => is_digits(digits, 2),
        NUTS => digits.chars().count() <= 3,
        _ => false,
    }
}

/// Whether a code is that of a whole country. Nothing is ever widened to that.
pub fn is_country(code: &AreaCode) -> bool {
    match &*code.scheme {
        SAME => &*code.code == "000000",
        NUTS | ISO_3166_2 => code.code.len() == 2,
        _ => false,
    }
}

/// The codes of the same scheme that contain a code, the nearest first.
pub fn containers(area: &AreaCode) -> Vec<AreaCode> {
    let code = &*area.code;
    if !code.is_ascii() {
        return Vec::new();
    }
    let wider = match &*area.scheme {
        SAME if is_digits(code, 6) => vec![format!("0{}", &code[1..]), format!("0{}000", &code[1..3]), "0".repeat(6)],
        UGC if is_ugc(code) => {
            let other = if code.as_bytes()[2] == b'C' { 'Z' } else { 'C' };
            vec![format!("{}000", &code[..3]), format!("{}{other}000", &code[..2])]
        }
        SGC if code.bytes().all(|byte| byte.is_ascii_digit()) => {
            [4, 2].into_iter().filter_map(|digits| code.get(..digits)).map(str::to_owned).collect()
        }
        NUTS => (2..code.len()).rev().map(|length| code[..length].to_owned()).collect(),
        ISO_3166_2 => code.split_once('-').map(|(country, _)| country.to_owned()).into_iter().collect(),
        // 1 a district, 8 its communes, 9 its other parts.
        WARNCELLID if is_digits(code, 9) && code.starts_with(['8', '9']) => vec![format!("1{}000", &code[1..6])],
        _ => Vec::new(),
    };
    let named = |code: String| AreaCode { scheme: area.scheme.clone(), code: code.into() };
    let is_other = |wider: &String| wider != code;
    let mut seen: Vec<String> = Vec::new();
    for wider in wider.into_iter().filter(is_other) {
        if !seen.contains(&wider) {
            seen.push(wider);
        }
    }
    seen.into_iter().map(named).collect()
}

/// How the codes begin that a code contains: each that begins so lies in it. Empty where it contains none.
pub fn beginnings(area: &AreaCode) -> Vec<String> {
    let code = &*area.code;
    if !code.is_ascii() {
        return Vec::new();
    }
    let parts = |rest: &str| ('0'..='9').map(|part| format!("{part}{rest}")).collect();
    match &*area.scheme {
        SAME if code == "000000" => vec![String::new()],
        SAME if is_digits(code, 6) && code.ends_with("000") => parts(&code[1..3]),
        SAME if is_digits(code, 6) && code.starts_with('0') => parts(&code[1..]),
        UGC if is_ugc(code) && code.ends_with("000") => vec![code[..3].to_owned()],
        SGC if is_digits(code, 2) || is_digits(code, 4) => vec![code.to_owned()],
        NUTS if code.len() >= 2 => vec![code.to_owned()],
        ISO_3166_2 if code.len() == 2 => vec![format!("{code}-")],
        WARNCELLID if is_digits(code, 9) && code.starts_with('1') && code.ends_with("000") => {
            vec![format!("8{}", &code[1..6]), format!("9{}", &code[1..6])]
        }
        _ => Vec::new(),
    }
}

fn is_digits(code: &str, how_many: usize) -> bool {
    code.len() == how_many && code.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_ugc(code: &str) -> bool {
    let bytes = code.as_bytes();
    bytes.len() == 6
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && matches!(bytes[2], b'C' | b'Z')
        && bytes[3..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(scheme: &str, code: &str) -> AreaCode {
        canonical(scheme, code).expect("a code")
    }

    fn wider(scheme: &str, value: &str) -> Vec<String> {
        containers(&code(scheme, value)).iter().map(|code| code.code.to_string()).collect()
    }

    #[test]
    fn whatever_a_sender_calls_a_scheme_it_is_one() {
        for (written, value, want) in [
            ("SAME", "006109", "SAME 006109"),
            ("FIPS6", "006109", "SAME 006109"),
            ("FIPS", "06109", "SAME 006109"),
            ("FIPS", "ei01", "FIPS EI01"),
            ("emma_id", "at007", "EMMA_ID AT007"),
            (" EMMA-ID ", " AT007 ", "EMMA_ID AT007"),
            ("NUTS3", "AT331", "NUTS AT331"),
            ("NUTS", "AT331", "NUTS AT331"),
            ("profile:CAP-CP:Location:0.3", "3537064", "SGC 3537064"),
            ("profile:CAP-CP:Location:1.0", "35", "SGC 35"),
            ("layer:EC-MSC-SMC:1.0:CLC", "067200", "CLC 067200"),
            ("layer:EC:1.0:CLC", "003380", "CLC 003380"),
            ("ISO 3166-2", "AU-NSW", "ISO3166-2 AU-NSW"),
            ("iso3166-1", "fr", "ISO3166-2 FR"),
            ("urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:ISO 3166-2", "AU-NSW", "ISO3166-2 AU-NSW"),
            ("http://www.iso.org/iso/country_codes.html", "AU-NSW", "ISO3166-2 AU-NSW"),
            ("UGC", "alzall", "UGC ALZ000"),
            ("Insee", "59350", "INSEE 59350"),
            ("AMOC-AreaCode", "NSW_PW002", "AMOC-AREACODE NSW_PW002"),
        ] {
            assert_eq!(code(written, value).to_string(), want, "{written} {value}");
        }
        assert_eq!(canonical("", "1"), None);
        assert_eq!(canonical("SAME", " "), None);
    }

    #[test]
    fn what_contains_a_code_is_named_from_the_nearest_on() {
        assert_eq!(wider("SAME", "106097"), ["006097", "006000", "000000"]);
        assert_eq!(wider("SAME", "006097"), ["006000", "000000"]);
        assert_eq!(wider("SAME", "006000"), ["000000"]);
        assert_eq!(wider("SAME", "020900000"), [""; 0], "not a code of SAME");
        assert_eq!(wider("UGC", "ALC001"), ["ALC000", "ALZ000"]);
        assert_eq!(wider("SGC", "3537064"), ["3537", "35"]);
        assert_eq!(wider("NUTS", "AT331"), ["AT33", "AT3", "AT"]);
        assert_eq!(wider("ISO3166-2", "FR-59"), ["FR"]);
        assert_eq!(wider("WARNCELLID", "803159007"), ["103159000"]);
        assert_eq!(wider("EMMA_ID", "AT007"), [""; 0]);
        assert_eq!(wider("INSEE", "59350"), [""; 0], "a local scheme says nothing of prefixes");
        assert_eq!(wider("NUTS", "Ä1Ö"), [""; 0]);
    }

    #[test]
    fn what_a_code_contains_begins_as_its_scheme_says_and_has_it_among_its_containers() {
        for (scheme, outer, inner) in [
            ("SAME", "000000", "006097"),
            ("SAME", "006000", "006097"),
            ("SAME", "006000", "106097"),
            ("SAME", "006097", "906097"),
            ("UGC", "ALC000", "ALC001"),
            ("SGC", "35", "3537064"),
            ("SGC", "3537", "3537064"),
            ("NUTS", "AT", "AT331"),
            ("ISO3166-2", "FR", "FR-59"),
            ("WARNCELLID", "103159000", "803159007"),
        ] {
            let begins = beginnings(&code(scheme, outer)).iter().any(|beginning| inner.starts_with(&**beginning));
            assert!(begins, "{scheme} {outer} {inner}");
            assert!(wider(scheme, inner).iter().any(|wider| wider == outer), "{scheme} {outer} {inner}");
        }
        for (scheme, value) in [("SAME", "106097"), ("UGC", "ALC001"), ("EMMA_ID", "AT007"), ("INSEE", "59")] {
            assert_eq!(beginnings(&code(scheme, value)), [""; 0], "{scheme} {value}");
        }
    }

    #[test]
    fn a_state_beside_a_german_cell_is_no_area() {
        assert!(is_context("STATE", [WARNCELLID]));
        assert!(!is_context("STATE", ["STATE"]));
        assert!(!is_context(UGC, [WARNCELLID]));
    }

    #[test]
    fn a_country_or_state_beside_codes_of_another_scheme_is_no_area() {
        assert!(is_context(ISO_3166_2, [ISO_3166_2, "DISTRICT"]));
        assert!(!is_context(ISO_3166_2, [ISO_3166_2, EXCLUDE_POLYGON]));
        assert!(!is_context("DISTRICT", [ISO_3166_2]));
    }

    #[test]
    fn countries_and_their_largest_parts_are_vast() {
        for (scheme, value, vast) in [
            ("ISO 3166-2", "AU", true),
            ("ISO 3166-2", "AU-NSW", true),
            ("SAME", "000000", true),
            ("SAME", "006000", true),
            ("SAME", "006097", false),
            ("UGC", "ALZALL", true),
            ("UGC", "ALC001", false),
            ("SGC", "35", true),
            ("SGC", "3537", false),
            ("NUTS", "AT3", true),
            ("NUTS", "AT33", false),
            ("EMMA_ID", "AT007", false),
            ("Insee", "59", false),
        ] {
            assert_eq!(is_vast(&code(scheme, value)), vast, "{scheme} {value}");
        }
    }

    #[test]
    fn countries_are_told_from_their_parts() {
        for (scheme, value, country) in
            [("SAME", "000000", true), ("SAME", "006000", false), ("ISO3166-2", "FR", true), ("NUTS", "FR1", false)]
        {
            assert_eq!(is_country(&code(scheme, value)), country, "{scheme} {value}");
        }
    }
}
