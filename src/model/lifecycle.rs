//! What can only be said of a message by whoever knows the earlier ones: findings of the lifecycle, beside those of the
//! document itself. None of them refuses a message. docs/INTEGRATORS.md shows each outcome.

use crate::cap::finding::{Finding, Level};
use crate::cap::rules::{Demand, Rule};

/// Makes the constants and the list of them all.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $level:ident $code:literal $clause:literal $fix:literal;)+) => {
        $($(#[$doc])* pub const $name: Rule =
            Rule { code: $code, level: Level::$level, repaired: false, demand: Demand::House, clause: $clause, fix: $fix };)+
        /// Every rule of the lifecycle.
        pub const ALL: &[&Rule] = &[$(&$name),+];
    };
}

rules! {
    REFERENCE_UNKNOWN Note "reference-unknown" "CAP 1.2 §3.2.1 references" "Send the earlier message here as well, or name those that were sent here.";
    REFERENCE_INEXACT Note "reference-inexact" "CAP 1.2 §3.2.1 references" "Repeat the earlier message's time exactly as it was sent.";
    REFERENCE_EXPIRED Note "reference-expired" "CAP 1.2 §3.2.1 references" "Name only messages that are still valid; begin a new event with an Alert.";
    REFERENCE_CANCELLED Warning "reference-cancelled" "CAP 1.2 §3.2.1 msgType" "A Cancel is final: begin anew with an Alert.";
    REFERENCE_OTHER_KIND Warning "reference-other-kind" "CAP 1.2 §3.2.1 status" "Name drills in drills, and real alerts in real ones.";
    IDENTIFIER_REUSED_NEWER Warning "identifier-reused-newer" "CAP 1.2 §3.2.1 identifier" "Give each message an identifier of its own; send changes as an Update that names the earlier one.";
    IDENTIFIER_REUSED_OLDER Warning "identifier-reused-older" "CAP 1.2 §3.2.1 identifier" "Give each message an identifier of its own, and send them in order.";
    VTEC_INVALID Warning "vtec-invalid" "NWS Instruction 10-1703" "Write event codes as /O.NEW.KOFF.PP.S.0001.yymmddThhnnZ-yymmddThhnnZ/.";
    VTEC_FOLLOWED Note "vtec-followed" "NWS Instruction 10-1703" "Nothing needs mending.";
    VTEC_PART Note "vtec-part" "NWS Instruction 10-1703" "Nothing needs mending.";
    ALL_CLEAR Note "all-clear" "CAP 1.2 §3.2.2 responseType" "Nothing needs mending.";
    GEOCODE_UNKNOWN Warning "geocode-unknown" "CAP 1.2 §3.2.4 geocode" "Draw the area as a polygon or a circle, too, or have the operator load the areas of this scheme: beffroi areas import.";
    GEOCODE_WIDENED Note "geocode-widened" "CAP 1.2 §3.2.4 geocode" "Have the operator load the finer areas of this scheme: beffroi areas import.";
    HOLE_IGNORED Warning "exclude-polygon-ignored" "CAP 1.2 §3.2.4 geocode" "Leave out less, with fewer points, or draw what is left as polygons.";
    GEOCODE_PARTLY Warning "geocode-partly-unknown" "CAP 1.2 §3.2.4 geocode" "Draw the area as a polygon or a circle, too, or have the operator load the missing areas: beffroi areas import.";
    GEOCODE_PARTS Warning "geocode-from-parts" "CAP 1.2 §3.2.4 geocode" "Have the operator load the area itself, or see that all its parts are loaded: beffroi areas import.";
    MERGED Note "merged" "CAP 1.2 §3.2.1 identifier" "Nothing needs mending. Give the copy another incident if it is another event.";
}

/// A rule that a message met, and what is to be said about it.
#[derive(Debug, Clone)]
pub struct Remark {
    pub rule: &'static Rule,
    /// The element that it is about, and which of that name it is in the document, from 0.
    pub element: (&'static str, usize),
    pub path: String,
    pub message: String,
}

impl Remark {
    pub fn new(rule: &'static Rule, element: &'static str, message: impl Into<String>) -> Self {
        Self { rule, element: (element, 0), path: format!("/alert/{element}[1]"), message: message.into() }
    }

    /// About one geocode: by the number of its info, area and place there, from 0, and that among all of the document.
    pub fn of_geocode(rule: &'static Rule, at: [usize; 3], nth: usize, message: impl Into<String>) -> Self {
        let [info, area, geocode] = at.map(|nth| nth + 1);
        let path = format!("/alert/info[{info}]/area[{area}]/geocode[{geocode}]");
        Self { rule, element: ("geocode", nth), path, message: message.into() }
    }

    /// The finding, located in the document as it came; at its beginning where the element is not found.
    pub fn finding(self, document: &[u8]) -> Finding {
        let (line, column) = place(document, self.element.0, self.element.1);
        Finding {
            level: self.rule.level,
            code: self.rule.code.to_owned(),
            path: self.path,
            line,
            column,
            repaired: self.rule.repaired,
            clause: self.rule.clause.to_owned(),
            message: self.message,
            fix: self.rule.fix.to_owned(),
        }
    }
}

/// Line and column, from 1, of the nth tag of this name, with any prefix.
fn place(document: &[u8], element: &str, nth: usize) -> (u32, u32) {
    let text = String::from_utf8_lossy(document);
    let is_tag = |offset: &usize| {
        let before = text[..*offset].rfind('<').map(|open| &text[open + 1..*offset]);
        let prefixed = |prefix: &str| {
            prefix.is_empty() || (prefix.ends_with(':') && !prefix.contains(['/', ' ', '\t', '\r', '\n']))
        };
        let after = text[offset + element.len()..].chars().next();
        before.is_some_and(prefixed) && after.is_some_and(|c| c == '>' || c == '/' || c.is_whitespace())
    };
    let found = text.match_indices(element).map(|(offset, _)| offset).filter(is_tag).nth(nth);
    let Some(open) = found.and_then(|offset| text[..offset].rfind('<')) else { return (1, 1) };
    let line = text[..open].matches('\n').count() + 1;
    let column = text[..open].chars().rev().take_while(|c| *c != '\n').count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_here_and_among_those_of_documents() {
        let all = ALL.iter().chain(crate::cap::rules::ALL).map(|rule| rule.code);
        let codes: Vec<&str> = all.collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn a_remark_points_at_its_element() {
        for (document, want) in [
            ("<alert>\n <references>a,b,c</references></alert>", (2, 2)),
            ("<cap:alert><cap:references >x</cap:references></cap:alert>", (1, 12)),
            ("<alert><note>references</note></alert>", (1, 1)),
            ("<alert>é<references/></alert>", (1, 9)),
            ("", (1, 1)),
        ] {
            let finding = Remark::new(&REFERENCE_UNKNOWN, "references", "x").finding(document.as_bytes());
            assert_eq!((finding.line, finding.column), want, "{document}");
        }
    }

    #[test]
    fn a_remark_on_a_geocode_points_at_that_one() {
        let document = "<c:alert><c:geocode>x</c:geocode>\n <c:geocode/>\n  <c:geocode>y</c:geocode></c:alert>";
        let finding = Remark::of_geocode(&GEOCODE_UNKNOWN, [0, 1, 2], 2, "x").finding(document.as_bytes());
        assert_eq!((finding.line, finding.column, &*finding.path), (3, 3, "/alert/info[1]/area[2]/geocode[3]"));
    }
}
