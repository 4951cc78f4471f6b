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
use super::ring::Work;
use super::rules;
use super::signature::{Inspector, Verdict};
use super::tree::{AlertRoot, NodeId, ROOT, Tree};
use super::wrapped;

/// What a document turned out to be, by its root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `alert`.
    Alert,
    /// Something that may carry alerts: an Atom or RSS feed, an EDXL envelope, a list of IPAWS.
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

    /// Whether a server takes the document: it is one alert, and every error in it was repaired safely. A server takes no
    /// feeds.
    pub fn accepted(&self) -> bool {
        self.root == Root::Alert && self.readable == 1 && is_accepted(&self.findings)
    }
}

/// Reads a CAP document. Never panics; time and memory are bounded by the options' limits.
pub fn read(bytes: &[u8], options: &Options) -> Reading {
    let (read, findings) =
        with_tree(bytes, options.limits.bytes_max, options, |text, tree, report| match tree.alerts.first() {
            Some(root) if root.id == ROOT => {
                let mut inspector = Inspector::new(text, &options.limits);
                read_alert(tree, root, options, &mut Work::new(&options.limits), &mut inspector, report)
            }
            Some(_) | None => {
                report_root(tree, report);
                (None, Verdict::None)
            }
        });
    let (read, signature) = read.unwrap_or((None, Verdict::None));
    Reading { alert: read.map(|(alert, _)| alert), signature, findings }
}

/// Reads a CAP document, or a feed or envelope with the alerts that stand in it: as XML, or as text that is one.
pub fn survey(bytes: &[u8], options: &Options) -> Survey {
    let bytes_max = options.limits.feed_bytes_max.max(options.limits.bytes_max);
    let (survey, findings) = with_tree(bytes, bytes_max, options, |text, tree, report| {
        let root = root_of(tree);
        if root != Root::Feed {
            check_size(bytes, options.limits.bytes_max, report);
        }
        let inspector = Inspector::new(text, &options.limits);
        let mut surveyor = Surveyor::new(options, inspector, report);
        surveyor.look_through(tree);
        if root == Root::Feed {
            surveyor.look_into_texts(tree);
        }
        let lost = root == Root::Feed && surveyor.look_for_lost(tree);
        let Surveyor { seen, outlines, readable, .. } = surveyor;
        match root {
            Root::Other => report_root(tree, report),
            Root::Feed if seen == 0 && !lost => {
                let message = "No alert stands in this feed; perhaps it links to some.";
                report.add(&rules::FEED_EMPTY, &tree.path(ROOT), tree.nodes[ROOT].offset, message);
            }
            Root::Alert | Root::Feed | Root::Unreadable => {}
        }
        (root, outlines, readable)
    });
    let (root, outlines, readable) = survey.unwrap_or((Root::Unreadable, Vec::new(), 0));
    Survey { root, outlines, readable, findings }
}

/// Reads one alert after the other, within what all of them may cost together.
struct Surveyor<'a, 'r> {
    options: &'a Options,
    ring_work: Work,
    inspector: Inspector<'a>,
    report: &'r mut Report,
    seen: usize,
    outlines: Vec<Outline>,
    readable: usize,
}

impl<'a, 'r> Surveyor<'a, 'r> {
    fn new(options: &'a Options, inspector: Inspector<'a>, report: &'r mut Report) -> Self {
        let ring_work = Work::new(&options.limits);
        Self { options, ring_work, inspector, report, seen: 0, outlines: Vec::new(), readable: 0 }
    }

    /// The alerts that stand in a document as XML.
    fn look_through(&mut self, tree: &Tree<'_>) {
        for alert in &tree.alerts {
            if !self.one_more(tree, alert.id) {
                return;
            }
            let (read, signature) =
                read_alert(tree, alert, self.options, &mut self.ring_work, &mut self.inspector, self.report);
            self.note(tree, alert, read, signature);
        }
    }

    /// The alerts that stand in it as text. All of them together may have as many elements as one document.
    fn look_into_texts(&mut self, tree: &Tree<'_>) {
        let mut limits = self.options.limits;
        limits.elements_max = limits.elements_max.saturating_sub(tree.nodes.len());
        for id in wrapped::wrappers(tree) {
            let mut inner = self.report.inner();
            let Some(text) = wrapped::text(tree, id, limits.attributes_max, &mut inner) else { continue };
            if !self.one_more(tree, id) {
                return;
            }
            if let Ok(alone) = parse(&text, &limits, &mut inner) {
                limits.elements_max = limits.elements_max.saturating_sub(alone.nodes.len());
                if let Some(alert) = alone.alerts.first() {
                    let mut inspector = self.inspector.inside(&text);
                    let (read, signature) =
                        read_alert(&alone, alert, self.options, &mut self.ring_work, &mut inspector, &mut inner);
                    self.inspector.settle(&inspector);
                    self.note(&alone, alert, read, signature);
                }
            }
            self.report.absorb(inner, &text, &tree.path(id), tree.nodes[id].offset);
        }
    }

    /// Finds alerts that are not in a namespace of CAP, and says whether there are any. A feed may have elements called
    /// so that are none; these have what only an alert has.
    fn look_for_lost(&mut self, tree: &Tree<'_>) -> bool {
        let is_alert = |&id: &NodeId| {
            let has = |child: NodeId| ["identifier", "sender", "info"].contains(&tree.nodes[child].name);
            tree.nodes[id].name == "alert" && tree.children(id).any(has)
        };
        let mut lost = false;
        for id in wrapped::wrappers(tree).filter(is_alert) {
            lost = true;
            let place = || (tree.path(id), rules::NAMESPACE_UNKNOWN.clause.to_owned());
            let message = || "This `alert` is not in CAP's namespace, and is not read.".to_owned();
            self.report.add_at(&rules::NAMESPACE_UNKNOWN, tree.nodes[id].offset, place, message);
        }
        lost
    }

    /// Counts an alert; false when there are too many. Only the first too many is reported.
    fn one_more(&mut self, tree: &Tree<'_>, at: NodeId) -> bool {
        self.seen += 1;
        let alerts_max = self.options.limits.alerts_max;
        if self.seen == alerts_max + 1 {
            let message = format!("There are more than {alerts_max} alerts; the others are not looked at.");
            self.report.add(&rules::TOO_MANY_ALERTS, &tree.path(at), tree.nodes[at].offset, message);
        }
        self.seen <= alerts_max
    }

    fn note(&mut self, tree: &Tree<'_>, alert: &AlertRoot, read: Option<(Alert, Vec<Profile>)>, signature: Verdict) {
        self.readable += usize::from(read.is_some());
        let profiles = read.map(|(_, profiles)| profiles).unwrap_or_default();
        self.outlines.push(outline(tree, alert.id, version_of(alert), &profiles, signature));
    }
}

/// Decodes and parses, hands over the tree if there is one, and closes the report.
fn with_tree<T>(
    bytes: &[u8],
    bytes_max: usize,
    options: &Options,
    look: impl FnOnce(&str, &Tree<'_>, &mut Report) -> T,
) -> (Option<T>, Vec<Finding>) {
    let limits = &options.limits;
    let mut report = Report::new(limits);
    if !check_size(bytes, bytes_max, &mut report) {
        return (None, report.finish(""));
    }
    let text = encoding::decode(bytes, &mut report);
    // An `Err` has said why in the report.
    let seen = parse(&text, limits, &mut report).ok().map(|tree| look(&text, &tree, &mut report));
    (seen, report.finish(&text))
}

/// Whether a document is no longer than it may be.
fn check_size(bytes: &[u8], bytes_max: usize, report: &mut Report) -> bool {
    let fits = bytes.len() <= bytes_max;
    if !fits {
        let message = format!("The document has {} bytes; {bytes_max} are taken.", bytes.len());
        report.add(&rules::TOO_LARGE, "/", 0, message);
    }
    fits
}

/// The alert and the profiles that it was looked at for; and what its signatures are worth.
fn read_alert(
    tree: &Tree<'_>,
    root: &AlertRoot,
    options: &Options,
    ring_work: &mut Work,
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
    let alert = build::alert(Builder::new(tree, root.id, version, options, ring_work, report));
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
    let (rule, message) = if root_of(tree) == Root::Feed {
        let count = tree.alerts.len();
        (&rules::ROOT_IS_A_FEED, format!("This is a feed with {count} alerts in it, not an alert."))
    } else {
        (&rules::ROOT_NOT_ALERT, format!("The root element is `{}`, not a CAP `alert`.", quote(node.name)))
    };
    report.add(rule, &tree.path(ROOT), node.offset, message);
}

fn root_of(tree: &Tree<'_>) -> Root {
    match (tree.nodes[ROOT].name, tree.namespace.as_deref()) {
        ("alert", _) => Root::Alert,
        ("feed", Some("http://www.w3.org/2005/Atom")) | ("rss", _) => Root::Feed,
        ("RDF", Some("http://www.w3.org/1999/02/22-rdf-syntax-ns#")) => Root::Feed,
        // EDXL-DE, and the wrapper of IPAWS, in any of their editions.
        ("EDXLDistribution" | "alerts", _) => Root::Feed,
        _ => Root::Other,
    }
}

fn version_of(root: &AlertRoot) -> Option<CapVersion> {
    CapVersion::of(root.namespace.as_deref()?)
}
