//! A short account of an alert, also of one that cannot be read in full: what `check` prints.

use super::alert::CapVersion;
use super::profile::Profile;
use super::signature::Verdict;
use super::tree::{NodeId, Space, Tree};
use serde::Serialize;
use std::collections::BTreeSet;

/// What the standard says where a document names no language.
pub(super) const LANGUAGE_DEFAULT: &str = "en-US";

/// Who speaks, about what kind of thing, and how much of it. Texts are as the document has them; absent ones are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    pub identifier: Option<String>,
    pub sender: Option<String>,
    /// As the standard writes it when it could be read, else as it came.
    pub sent: Option<String>,
    pub status: Option<String>,
    pub msg_type: Option<String>,
    pub scope: Option<String>,
    pub infos: usize,
    pub areas: usize,
    /// Elements, empty ones included; so are circles.
    pub polygons: usize,
    pub circles: usize,
    pub geocodes: usize,
    /// Each language once, sorted.
    pub languages: BTreeSet<String>,
    /// `1.0`, `1.1` or `1.2`; null for a namespace that is not CAP's.
    pub cap_version: Option<&'static str>,
    /// `none`, `valid`, `untrusted`, `invalid` or `unsupported`.
    pub signature: Verdict,
    /// The profiles that the alert was looked at for: those it claims, and the one asked for. None for an alert that
    /// could not be read.
    pub profiles: Vec<&'static str>,
}

/// Looks at one `alert` element.
pub(super) fn outline(
    tree: &Tree<'_>,
    root: NodeId,
    version: Option<CapVersion>,
    profiles: &[Profile],
    signature: Verdict,
) -> Outline {
    let named = |parent: NodeId, name: &'static str| {
        tree.children(parent).filter(move |&id| tree.nodes[id].space == Space::Home && tree.nodes[id].name == name)
    };
    let text = |name| named(root, name).next().map(|id| tree.nodes[id].trimmed().to_owned());
    let sent = text("sent");
    let infos: Vec<NodeId> = named(root, "info").collect();
    let areas: Vec<NodeId> = infos.iter().flat_map(|&info| named(info, "area")).collect();
    let count = |name| areas.iter().map(|&area| named(area, name).count()).sum();
    let language = |info| {
        let written = named(info, "language").next().map(|id| tree.nodes[id].trimmed()).filter(|tag| !tag.is_empty());
        written.unwrap_or(LANGUAGE_DEFAULT).to_owned()
    };
    Outline {
        identifier: text("identifier"),
        sender: text("sender"),
        sent: sent.map(|sent| super::build::normal_time(&sent).unwrap_or(sent)),
        status: text("status"),
        msg_type: text("msgType"),
        scope: text("scope"),
        infos: infos.len(),
        areas: areas.len(),
        polygons: count("polygon"),
        circles: count("circle"),
        geocodes: count("geocode"),
        languages: infos.iter().map(|&info| language(info)).collect(),
        cap_version: version.map(CapVersion::as_str),
        signature,
        profiles: profiles.iter().map(|profile| profile.name()).collect(),
    }
}
