//! Alerts that a feed or an envelope carries as text: escaped, in a CDATA section, or as base64.
//!
//! RSS and Atom allow it, and EDXL-DE has `contentData` for it. One level is looked into: what such an alert carries as
//! text itself is its own business.

use super::encoding;
use super::report::Report;
use super::scan::{Scanner, Token};
use super::tree::{NodeId, Space, Tree, is_space};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Where EDXL-DE carries base64.
const BASE64_ELEMENT: &str = "contentData";

/// Every element outside of alerts whose text is a document that begins with `alert`, in the document's order.
pub(super) fn wrappers<'t>(tree: &'t Tree<'_>) -> impl Iterator<Item = NodeId> + 't {
    let outside = |&id: &NodeId| {
        let node = &tree.nodes[id];
        node.space == Space::Foreign && node.parent.is_none_or(|parent| tree.nodes[parent].space == Space::Foreign)
    };
    (0..tree.nodes.len()).filter(outside)
}

/// The alert that an element holds as text, if it does. What is wrong with its bytes goes into the report.
pub(super) fn text<'t>(
    tree: &'t Tree<'_>,
    id: NodeId,
    attributes_max: usize,
    report: &mut Report,
) -> Option<Cow<'t, str>> {
    let node = &tree.nodes[id];
    let written = node.trimmed();
    if written.starts_with('<') {
        return begins_with_alert(written, attributes_max).then_some(Cow::Borrowed(written));
    }
    if node.name != BASE64_ELEMENT {
        return None;
    }
    let unbroken: String = written.chars().filter(|&character| !is_space(character)).collect();
    let bytes = STANDARD.decode(unbroken).ok()?;
    let decoded = encoding::decode(&bytes, report);
    begins_with_alert(&decoded, attributes_max).then(|| Cow::Owned(decoded.into_owned()))
}

/// Whether the first element is called `alert`. Most texts of feeds are words, or HTML.
fn begins_with_alert(text: &str, attributes_max: usize) -> bool {
    let mut scanner = Scanner::new(text, attributes_max);
    loop {
        match scanner.next() {
            Ok(Token::Start { name, .. }) => return name.local == "alert",
            Ok(Token::Aside) => {}
            Ok(Token::Text(blank)) if blank.chars().all(is_space) => {}
            // One that a document type goes before is an alert that will be refused, rather than no alert.
            Ok(Token::DocumentType) => {
                let rest = text.get(scanner.offset() + "<!DOCTYPE".len()..).unwrap_or_default();
                return rest.trim_start_matches(is_space).starts_with("alert");
            }
            Ok(_) | Err(_) => return false,
        }
    }
}
