//! A document as a flat list of located elements: no recursion, no pointers, bounded by the parser.

use super::report::quote;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Where a node stands in [`Tree::nodes`].
pub(super) type NodeId = usize;

/// Bytes of a document for each of its elements, about, where polygons are short.
const ELEMENT_BYTES: usize = 48;
/// No more room is made before it is needed.
const ELEMENTS_EXPECTED_MAX: usize = 256;

/// So many siblings are counted anew for each finding.
const SIBLINGS_WALKED_MAX: usize = 64;

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
    pub(super) first_child: Option<NodeId>,
    pub(super) next_sibling: Option<NodeId>,
    /// All character data directly inside, entities resolved.
    pub(super) text: Cow<'a, str>,
    /// The first attribute that the standard does not know.
    pub(super) attribute: Option<&'a str>,
}

impl Node<'_> {
    /// The text without white space around it.
    pub(super) fn trimmed(&self) -> &str {
        // Most texts have none, which two bytes tell.
        let bare = |byte: Option<&u8>| byte.is_some_and(|&byte| !is_space_byte(byte));
        let bytes = self.text.as_bytes();
        if bare(bytes.first()) && bare(bytes.last()) { &self.text } else { self.text.trim_matches(is_space) }
    }
}

/// White space as XML has it.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// The same of a byte: no other character has these bytes in it.
pub(super) fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
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
    numbers: RefCell<Numbers>,
    /// The namespace of the root element, if it has one.
    pub(super) namespace: Option<String>,
    pub(super) alerts: Vec<AlertRoot>,
    /// Elements of other vocabularies, in the document's order, that hold elements of CAP, which are not kept.
    holding_cap: Vec<NodeId>,
}

/// Which of its parent's children of its name an element is, where these are many. Worked out for all children of a parent at once: findings
/// about 100,000 siblings would else count them again and again.
#[derive(Debug, Default)]
struct Numbers {
    /// Parents whose children have been counted.
    counted: HashSet<NodeId>,
    /// Those that are not the first.
    later: HashMap<NodeId, usize>,
}

impl<'a> Tree<'a> {
    /// An empty tree, with room for as many elements as a document of so many bytes usually has.
    pub(super) fn for_document(bytes: usize) -> Self {
        let nodes = Vec::with_capacity(bytes.div_ceil(ELEMENT_BYTES).min(ELEMENTS_EXPECTED_MAX));
        Self { nodes, ..Self::default() }
    }

    /// Adds an element after those there are; its parent's last child so far is `before`.
    pub(super) fn push(&mut self, node: Node<'a>, before: Option<NodeId>) -> NodeId {
        let id = self.nodes.len();
        if let Some(before) = before {
            self.nodes[before].next_sibling = Some(id);
        } else if let Some(parent) = node.parent {
            self.nodes[parent].first_child = Some(id);
        }
        self.nodes.push(node);
        id
    }

    /// Notes that an element which is not looked into holds elements of CAP.
    pub(super) fn holds_cap(&mut self, id: NodeId) {
        if self.holding_cap.last() != Some(&id) {
            self.holding_cap.push(id);
        }
    }

    /// Whether an element that is not looked into holds elements of CAP.
    pub(super) fn is_holding_cap(&self, id: NodeId) -> bool {
        self.holding_cap.binary_search(&id).is_ok()
    }

    /// The elements directly inside, in the document's order.
    pub(super) fn children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> + use<'_, 'a> {
        std::iter::successors(self.nodes[parent].first_child, |&child| self.nodes[child].next_sibling)
    }

    /// XPath of an element: a number where the standard lets the element come again, or where it did.
    pub(super) fn path(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut current = Some(id);
        while let Some(id) = current {
            let node = &self.nodes[id];
            let nth = self.number(id);
            let numbered = node.parent.is_some() && (nth > 1 || REPEATABLE.contains(&node.name));
            // A hostile name may be as long as the document, and stand in every path.
            let name = quote(node.name);
            steps.push(if numbered { format!("/{name}[{nth}]") } else { format!("/{name}") });
            current = node.parent;
        }
        steps.into_iter().rev().collect()
    }

    /// Which of its parent's children of its name an element is, from 1.
    fn number(&self, id: NodeId) -> usize {
        let Some(parent) = self.nodes[id].parent else { return 1 };
        let name = self.nodes[id].name;
        let mut first = self.children(parent).take(SIBLINGS_WALKED_MAX);
        let mut same = 0;
        let is_near = first.any(|child| {
            same += usize::from(self.nodes[child].name == name);
            child == id
        });
        if is_near {
            return same;
        }
        let mut numbers = self.numbers.borrow_mut();
        if numbers.counted.insert(parent) {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            for child in self.children(parent) {
                let count = counts.entry(self.nodes[child].name).or_default();
                *count += 1;
                if *count > 1 {
                    numbers.later.insert(child, *count);
                }
            }
        }
        numbers.later.get(&id).copied().unwrap_or(1)
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
