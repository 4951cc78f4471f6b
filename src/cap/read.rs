//! Bytes to an alert with its findings: decode, parse, build.

use super::alert::{Alert, CapVersion};
use super::build::{self, Builder};
use super::encoding;
use super::finding::{Finding, is_accepted, is_ok};
use super::limits::Limits;
use super::parse::parse;
use super::report::{Report, quote};
use super::rules;
use super::tree::{ROOT, Tree};

/// What a document turned out to be, by its root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `alert`.
    Alert,
    /// An Atom or RSS feed.
    Feed,
    /// Some other XML.
    Other,
    /// Not XML, or past our bounds.
    Unreadable,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The alert, mended where that is safe. `None` when something essential could not be read: the findings then hold
    /// an error that is not repaired. What is unreadable but not essential is left out of it, with such an error too, so
    /// use it only when [`Reading::accepted`] says so.
    pub alert: Option<Alert>,
    /// Everything wrong or doubtful, in the document's order.
    pub findings: Vec<Finding>,
    pub root: Root,
}

impl Reading {
    /// Whether the document conforms to the standard.
    pub fn ok(&self) -> bool {
        self.alert.is_some() && is_ok(&self.findings)
    }

    /// Whether a server takes the document: every error in it was repaired safely.
    pub fn accepted(&self) -> bool {
        self.alert.is_some() && is_accepted(&self.findings)
    }
}

/// Reads a CAP document. Never panics; time and memory are bounded by `limits`.
pub fn read(bytes: &[u8], limits: &Limits) -> Reading {
    let mut report = Report::new(limits);
    if bytes.len() > limits.bytes_max {
        let message = format!("The document has {} bytes; {} are taken.", bytes.len(), limits.bytes_max);
        report.add(&rules::TOO_LARGE, "/", 0, message);
        return Reading { alert: None, findings: report.finish(""), root: Root::Unreadable };
    }
    let text = encoding::decode(bytes, &mut report);
    let (alert, root) = match parse(&text, limits, &mut report) {
        Ok(tree) => read_tree(&tree, limits, &mut report),
        Err(_stopped) => (None, Root::Unreadable),
    };
    Reading { alert, findings: report.finish(&text), root }
}

fn read_tree(tree: &Tree<'_>, limits: &Limits, report: &mut Report) -> (Option<Alert>, Root) {
    let root = root_of(tree);
    let node = &tree.nodes[ROOT];
    if root != Root::Alert {
        let message = format!("The root element is `{}`, not a CAP `alert`.", quote(node.name));
        report.add(&rules::ROOT_NOT_ALERT, &tree.path(ROOT), node.offset, message);
        return (None, root);
    }
    // An unknown namespace is an error, but the rest is checked all the same, so that all is found at once.
    let version = version_of(tree).unwrap_or_else(|| {
        let found =
            tree.namespace.as_deref().map_or_else(|| "no namespace".to_owned(), |name| format!("`{}`", quote(name)));
        let message = format!("The root element has {found}, which is not CAP's.");
        report.add(&rules::NAMESPACE_UNKNOWN, &tree.path(ROOT), node.offset, message);
        CapVersion::V1_2
    });
    let builder = Builder { tree, version, limits, report, rings: 0, vertices: 0, areas: 0 };
    (build::alert(builder), root)
}

fn root_of(tree: &Tree<'_>) -> Root {
    let name = tree.nodes[ROOT].name;
    match (name, tree.namespace.as_deref()) {
        ("alert", _) => Root::Alert,
        ("feed", Some("http://www.w3.org/2005/Atom")) | ("rss", _) => Root::Feed,
        ("RDF", Some("http://www.w3.org/1999/02/22-rdf-syntax-ns#")) => Root::Feed,
        _ => Root::Other,
    }
}

fn version_of(tree: &Tree<'_>) -> Option<CapVersion> {
    match tree.namespace.as_deref()? {
        "http://www.incident.com/cap/1.0" => Some(CapVersion::V1_0),
        "urn:oasis:names:tc:emergency:cap:1.1" => Some(CapVersion::V1_1),
        "urn:oasis:names:tc:emergency:cap:1.2" => Some(CapVersion::V1_2),
        _ => None,
    }
}
