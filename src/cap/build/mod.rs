//! A located tree to an [`Alert`](super::alert::Alert), with every finding on the way.
//!
//! Nothing is guessed: what cannot be read without doubt is an error, and is left out.

mod alert;
mod area;
mod axes;
mod children;
mod datetime;
mod extent;
mod info;
mod language;
mod number;
mod overlaps;
mod pair;
mod references;
mod resource;
mod shape;
mod translation;
mod uri;
mod value;
mod wording;

pub(super) use alert::alert;

use super::alert::{CapVersion, Point};
use super::limits::Limits;
use super::options::{Axes, Options};
use super::report::Report;
use super::ring::Work;
use super::rules::Rule;
use super::tree::{NodeId, Tree};
use extent::Known;
use std::collections::BTreeMap;

/// A time as the standard writes it, if it can be read.
pub(super) fn normal_time(text: &str) -> Option<String> {
    datetime::parse(text).ok().map(|(time, _)| time.to_string())
}

/// What every part of the building needs.
pub(super) struct Builder<'t, 'a> {
    tree: &'t Tree<'a>,
    /// The `alert` element that is built.
    root: NodeId,
    version: CapVersion,
    limits: &'t Limits,
    report: &'t mut Report,
    /// Polygons and circles so far.
    rings: usize,
    /// Polygon points so far.
    vertices: usize,
    /// What may still be spent on rings that meet themselves.
    ring_work: &'t mut Work,
    /// The polygons read so far about which there is nothing to say but that they are large or fine, by their text.
    known_polygons: BTreeMap<&'t str, Known>,
    /// Areas so far.
    areas: usize,
    /// Which number of a pair is the latitude.
    axes: Axes,
    /// Where the alert's first shape lies, and whether another was found that disagrees.
    first_place: Option<(Point, bool)>,
    /// The first area that is told by geocodes alone, and how many there are.
    coded_areas: Option<(NodeId, usize)>,
}

impl<'t, 'a> Builder<'t, 'a> {
    pub(super) fn new(
        tree: &'t Tree<'a>,
        root: NodeId,
        version: CapVersion,
        options: &'t Options,
        ring_work: &'t mut Work,
        report: &'t mut Report,
    ) -> Self {
        let limits = &options.limits;
        Self {
            tree,
            root,
            version,
            limits,
            report,
            rings: 0,
            vertices: 0,
            ring_work,
            known_polygons: BTreeMap::new(),
            areas: 0,
            axes: options.axes,
            first_place: None,
            coded_areas: None,
        }
    }

    /// Notes a finding at an element.
    fn find(&mut self, rule: &'static Rule, at: NodeId, message: impl Into<String>) {
        self.find_with(rule, at, || message.into());
    }

    /// The same where a document may have very many: the message is made only if there is still room.
    fn find_with(&mut self, rule: &'static Rule, at: NodeId, message: impl FnOnce() -> String) {
        let tree = self.tree;
        self.report.add_at(rule, tree.nodes[at].offset, || (tree.path(at), tree.clause(at)), message);
    }

    /// Notes a finding about a child that an element should have.
    fn find_child(&mut self, rule: &'static Rule, parent: NodeId, child: &str, message: impl Into<String>) {
        self.find_child_with(rule, parent, child, || message.into());
    }

    /// The same where a document may have very many.
    fn find_child_with(&mut self, rule: &'static Rule, parent: NodeId, child: &str, message: impl FnOnce() -> String) {
        let tree = self.tree;
        let place = || (tree.path(parent), tree.child_clause(parent, child));
        self.report.add_at(rule, tree.nodes[parent].offset, place, message);
    }
}
