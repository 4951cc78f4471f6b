//! A document as a flat list of located elements: no recursion, no pointers, bounded by the parser.

use super::report::quote;
use std::borrow::Cow;

/// Where a node stands in [`Tree::nodes`].
pub(super) type NodeId = usize;

/// The root element is always the first node.
pub(super) const ROOT: NodeId = 0;

/// Which vocabulary an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// The namespace of the alert it stands in.
    Home,
    /// XML signatures. What is inside is not kept.
    Signature,
    /// Any other. Inside an alert, what it holds is not kept.
    Foreign,
}

/// One element.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// Name without prefix.
    pub(super) name: &'a str,
    pub(super) space: Space,
    /// Byte offset of its `<`.
    pub(super) offset: usize,
    pub(super) parent: Option<NodeId>,
    pub(super) children: Vec<NodeId>,
    /// All character data directly inside, entities resolved.
    pub(super) text: Cow<'a, str>,
    /// The first attribute that the standard does not know.
    pub(super) attribute: Option<&'a str>,
}

impl Node<'_> {
    /// The text without white space around it.
    pub(super) fn trimmed(&self) -> &str {
        self.text.trim_matches(is_space)
    }
}

/// White space as XML has it.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// An `alert` element: the root, or one that a feed or an envelope carries.
#[derive(Debug)]
pub(super) struct AlertRoot {
    pub(super) id: NodeId,
    pub(super) namespace: Option<String>,
}

/// A document.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    /// The namespace of the root element, if it has one.
    pub(super) namespace: Option<String>,
    pub(super) alerts: Vec<AlertRoot>,
}

impl Tree<'_> {
    /// XPath of an element: a number where the standard lets the element come again, or where it did.
    pub(super) fn path(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut current = Some(id);
        while let Some(id) = current {
            let node = &self.nodes[id];
            let nth = node.parent.map_or(1, |parent| {
                let siblings = self.nodes[parent].children.iter().take_while(|&&sibling| sibling != id);
                siblings.filter(|&&sibling| self.nodes[sibling].name == node.name).count() + 1
            });
            let numbered = node.parent.is_some() && (nth > 1 || REPEATABLE.contains(&node.name));
            // A hostile name may be as long as the document, and stand in every path.
            let name = quote(node.name);
            steps.push(if numbered { format!("/{name}[{nth}]") } else { format!("/{name}") });
            current = node.parent;
        }
        steps.into_iter().rev().collect()
    }

    /// The clause of the standard that an element's own rules stand in.
    pub(super) fn clause(&self, id: NodeId) -> String {
        let node = &self.nodes[id];
        match node.parent {
            Some(parent) => self.child_clause(parent, node.name),
            None => "CAP 1.2 §3.2.1 alert".to_owned(),
        }
    }

    /// The clause of a child that an element has or should have.
    pub(super) fn child_clause(&self, parent: NodeId, child: &str) -> String {
        let (section, name) = match (child, self.nodes[parent].name) {
            ("info", _) => ("§3.2.2", "info"),
            ("resource", _) => ("§3.2.3", "resource"),
            ("area", _) => ("§3.2.4", "area"),
            ("valueName" | "value", "geocode") => ("§3.2.4", "geocode"),
            ("valueName" | "value", pair) => ("§3.2.2", pair),
            (name, "info") => ("§3.2.2", name),
            (name, "resource") => ("§3.2.3", name),
            (name, "area") => ("§3.2.4", name),
            (name, _) => ("§3.2.1", name),
        };
        format!("CAP 1.2 {section} {name}")
    }
}

/// Elements the standard lets come more than once.
const REPEATABLE: &[&str] = &[
    "info",
    "area",
    "polygon",
    "circle",
    "geocode",
    "resource",
    "parameter",
    "eventCode",
    "category",
    "responseType",
    "code",
];
