//! Names with values: event codes, parameters, geocodes (CAP 1.2 §3.2.2, §3.2.4).

use super::children::{Children, PAIR};
use super::{Builder, NodeId};
use crate::cap::alert::{CapVersion, NamedValue};
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::tree::is_space;

/// Acronyms that stand in `valueName`, as their owners spell them. The standard wants them in capitals, without dots.
const ACRONYMS: [&str; 11] =
    ["SAME", "UGC", "FIPS", "FIPS6", "VTEC", "EMMA_ID", "NUTS1", "NUTS2", "NUTS3", "WARNCELLID", "CLC"];

impl Builder<'_, '_> {
    /// Every pair of a name; the unreadable ones are left out, with an error.
    pub(super) fn pairs(&mut self, children: &Children, name: &str) -> Vec<NamedValue> {
        children.all(name).iter().filter_map(|&id| self.pair(id)).collect()
    }

    /// A `valueName` with its `value`; in CAP 1.0 one text `name=value`.
    pub(super) fn pair(&mut self, id: NodeId) -> Option<NamedValue> {
        let node = &self.tree.nodes[id];
        if self.version == CapVersion::V1_0 {
            if node.first_child.is_none() {
                return self.older_pair(id);
            }
            let message = format!("CAP 1.0 writes `{}` as name=value; it is read as in CAP 1.1.", node.name);
            self.find(&rules::ELEMENT_NEWER, id, message);
        }
        let children = self.children(id, PAIR);
        // The standard allows an empty value: some mean "none" by it.
        let value = children.one("value").map(|value| self.trimmed(value).to_owned());
        let at = children.one("valueName")?;
        let value_name = self.trimmed(at);
        if value_name.is_empty() {
            self.find(&rules::NAME_EMPTY, at, "`valueName` is empty: the value says nothing, and is left out.");
            return None;
        }
        if let Some(acronym) = ACRONYMS.iter().find(|known| is_spelling(value_name, known) && **known != value_name) {
            let message = format!("`{}` is usually spelled `{acronym}`.", quote(value_name));
            self.find(&rules::NAME_ODD, at, message);
        }
        Some(NamedValue { value_name: value_name.to_owned(), value: value? })
    }

    fn older_pair(&mut self, id: NodeId) -> Option<NamedValue> {
        let text = self.trimmed(id);
        let Some((name, value)) = text.split_once('=') else {
            self.find(&rules::PAIR_INVALID, id, format!("`{}` has no `=`.", quote(text)));
            return None;
        };
        let (value_name, value) = (name.trim_matches(is_space).to_owned(), value.trim_matches(is_space).to_owned());
        if value_name.is_empty() {
            self.find(
                &rules::NAME_EMPTY,
                id,
                "No name stands before the `=`: the value says nothing, and is left out.",
            );
            return None;
        }
        Some(NamedValue { value_name, value })
    }
}

/// Whether a name is an acronym but for dots and capitals.
fn is_spelling(name: &str, acronym: &str) -> bool {
    let plain = name.bytes().filter(|&byte| byte != b'.').map(|byte| byte.to_ascii_uppercase());
    plain.eq(acronym.bytes())
}
