//! Bytes to an alert with its findings: decode, parse, build.

use super::alert::{Alert, CapVersion};
use super::build::{self, Builder};
use super::encoding;
use super::finding::{Finding, is_accepted, is_ok};
use super::options::Options;
use super::outline::{Outline, outline};
use super::parse::parse;
use super::profile::{self, Profile};
use super::report::{Report, quote};
use super::rules;
use super::signature::{Inspector, Verdict};
use super::tree::{AlertRoot, ROOT, Tree};

/// What a document turned out to be, by its root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `alert`.
    Alert,
    /// Something that may carry alerts: an Atom or RSS feed, an EDXL envelope.
    Feed,
    /// Some other XML.
    Other,
    /// Not XML, or past our bounds.
    Unreadable,
}

/// What was read of a document that should be one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The alert, mended where that is safe. `None` when something essential could not be read: the findings then hold
    /// an error that is not repaired. What is unreadable but not essential is left out of it, with such an error too, so
    /// use it only when [`Reading::accepted`] says so.
    pub alert: Option<Alert>,
    /// What is known of its signatures.
    pub signature: Verdict,
    /// Everything wrong or doubtful, in the document's order.
    pub findings: Vec<Finding>,
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

/// What was read of a document that may also be a feed of alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    pub root: Root,
    /// One for each `alert` element, readable or not.
    pub outlines: Vec<Outline>,
    /// How many of them could be read.
    pub readable: usize,
    pub findings: Vec<Finding>,
}

impl Survey {
    /// Whether the document and every alert in it conform.
    pub fn ok(&self) -> bool {
        self.readable == self.outlines.len() && is_ok(&self.findings)
    }

    /// Whether a server would take every alert in it.
    pub fn accepted(&self) -> bool {
        self.readable == self.outlines.len() && is_accepted(&self.findings)
    }
}

/// Reads a CAP document. Never panics; time and memory are bounded by the options' limits.
pub fn read(bytes: &[u8], options: &Options) -> Reading {
    let (read, findings) = with_tree(bytes, options, |text, tree, report| match tree.alerts.first() {
        Some(root) if root.id == ROOT => {
            read_alert(tree, root, options, &mut Inspector::new(text, &options.limits), report)
        }
        Some(_) | None => {
            report_root(tree, report);
            (None, Verdict::None)
        }
    });
    let (read, signature) = read.unwrap_or((None, Verdict::None));
    Reading { alert: read.map(|(alert, _)| alert), signature, findings }
}

/// Reads a CAP document, or a feed or envelope with the alerts that stand in it as XML.
pub fn survey(bytes: &[u8], options: &Options) -> Survey {
    let (seen, findings) = with_tree(bytes, options, |text, tree, report| {
        let mut inspector = Inspector::new(text, &options.limits);
        let root = root_of(tree);
        if root == Root::Other {
            report_root(tree, report);
        }
        let mut readable = 0;
        let mut outlines = Vec::new();
        for alert in &tree.alerts {
            let (read, signature) = read_alert(tree, alert, options, &mut inspector, report);
            readable += usize::from(read.is_some());
            let profiles = read.map(|(_, profiles)| profiles).unwrap_or_default();
            outlines.push(outline(tree, alert.id, version_of(alert), &profiles, signature));
        }
        (root, outlines, readable)
    });
    let (root, outlines, readable) = seen.unwrap_or((Root::Unreadable, Vec::new(), 0));
    Survey { root, outlines, readable, findings }
}

/// Decodes and parses, hands over the tree if there is one, and closes the report.
fn with_tree<T>(
    bytes: &[u8],
    options: &Options,
    look: impl FnOnce(&str, &Tree<'_>, &mut Report) -> T,
) -> (Option<T>, Vec<Finding>) {
    let limits = &options.limits;
    let mut report = Report::new(limits);
    if bytes.len() > limits.bytes_max {
        let message = format!("The document has {} bytes; {} are taken.", bytes.len(), limits.bytes_max);
        report.add(&rules::TOO_LARGE, "/", 0, message);
        return (None, report.finish(""));
    }
    let text = encoding::decode(bytes, &mut report);
    // An `Err` has said why in the report.
    let seen = parse(&text, limits, &mut report).ok().map(|tree| look(&text, &tree, &mut report));
    (seen, report.finish(&text))
}

/// The alert and the profiles that it was looked at for; and what its signatures are worth.
fn read_alert(
    tree: &Tree<'_>,
    root: &AlertRoot,
    options: &Options,
    inspector: &mut Inspector<'_>,
    report: &mut Report,
) -> (Option<(Alert, Vec<Profile>)>, Verdict) {
    // An unknown namespace is an error, but the rest is checked all the same, so that all is found at once.
    let version = version_of(root).unwrap_or_else(|| {
        let found =
            root.namespace.as_deref().map_or_else(|| "no namespace".to_owned(), |name| format!("`{}`", quote(name)));
        let message = format!("The root element has {found}, which is not CAP's.");
        report.add(&rules::NAMESPACE_UNKNOWN, &tree.path(root.id), tree.nodes[root.id].offset, message);
        CapVersion::V1_2
    });
    let alert = build::alert(Builder::new(tree, root.id, version, options, report));
    let sender = alert.as_ref().map(|alert| alert.key.sender.as_str());
    let signature = inspector.inspect(tree, root.id, sender, &options.trust, report);
    let read = alert.map(|alert| {
        let profiles = profile::check(&alert, tree, root.id, options.profile, report);
        (alert, profiles)
    });
    (read, signature)
}

fn report_root(tree: &Tree<'_>, report: &mut Report) {
    let node = &tree.nodes[ROOT];
    let message = format!("The root element is `{}`, not a CAP `alert`.", quote(node.name));
    report.add(&rules::ROOT_NOT_ALERT, &tree.path(ROOT), node.offset, message);
}

fn root_of(tree: &Tree<'_>) -> Root {
    match (tree.nodes[ROOT].name, tree.namespace.as_deref()) {
        ("alert", _) => Root::Alert,
        ("feed", Some("http://www.w3.org/2005/Atom")) | ("rss", _) => Root::Feed,
        ("RDF", Some("http://www.w3.org/1999/02/22-rdf-syntax-ns#")) => Root::Feed,
        ("EDXLDistribution", _) => Root::Feed,
        _ => Root::Other,
    }
}

fn version_of(root: &AlertRoot) -> Option<CapVersion> {
    CapVersion::of(root.namespace.as_deref()?)
}
