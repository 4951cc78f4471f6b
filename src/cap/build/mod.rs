//! A located tree to an [`Alert`](super::alert::Alert), with every finding on the way.
//!
//! Nothing is guessed: what cannot be read without doubt is an error, and is left out.

mod alert;
mod area;
mod children;
mod datetime;
mod info;
mod references;
mod shape;
mod value;

pub(super) use alert::alert;

use super::alert::CapVersion;
use super::limits::Limits;
use super::report::Report;
use super::rules::Rule;
use super::tree::{NodeId, Tree};

/// What every part of the building needs.
pub(super) struct Builder<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) version: CapVersion,
    pub(super) limits: &'t Limits,
    pub(super) report: &'t mut Report,
    /// Polygons and circles so far.
    pub(super) rings: usize,
    /// Polygon points so far.
    pub(super) vertices: usize,
    /// Areas so far.
    pub(super) areas: usize,
}

impl Builder<'_, '_> {
    /// Notes a finding at an element.
    fn find(&mut self, rule: &'static Rule, at: NodeId, message: impl Into<String>) {
        let tree = self.tree;
        self.report.add_at(rule, tree.nodes[at].offset, || (tree.path(at), tree.clause(at)), message);
    }

    /// Notes a finding about a child that an element should have.
    fn find_child(&mut self, rule: &'static Rule, parent: NodeId, child: &str, message: impl Into<String>) {
        let tree = self.tree;
        let place = || (tree.path(parent), tree.child_clause(parent, child));
        self.report.add_at(rule, tree.nodes[parent].offset, place, message);
    }
}
