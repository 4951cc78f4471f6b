//! From the parts of an alert to the elements they were read from, and findings there.

use crate::cap::alert::{Alert, Area, Info, NamedValue, Polygon, Resource};
use crate::cap::finding::Level;
use crate::cap::report::Report;
use crate::cap::rules::Rule;
use crate::cap::tree::{NodeId, Space, Tree};
use std::ops::Deref;

/// A part of an alert, and the element it was read from.
pub(super) struct At<'t, T> {
    part: &'t T,
    pub(super) node: NodeId,
}

impl<T> Deref for At<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.part
    }
}

/// An alert that one profile looks at.
pub(super) struct Places<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    /// The `alert` element.
    pub(super) root: NodeId,
    pub(super) alert: &'t Alert,
    /// Whether somebody asked for this profile, rather than the alert claiming it.
    pub(super) asked: bool,
    pub(super) report: &'t mut Report,
}

impl<'t> Places<'t, '_> {
    pub(super) fn infos(&self) -> Vec<At<'t, Info>> {
        self.located(self.root, "info", &self.alert.infos)
    }

    pub(super) fn event_codes(&self, info: &At<'t, Info>) -> Vec<At<'t, NamedValue>> {
        self.located(info.node, "eventCode", &info.part.event_codes)
    }

    pub(super) fn parameters(&self, info: &At<'t, Info>) -> Vec<At<'t, NamedValue>> {
        self.located(info.node, "parameter", &info.part.parameters)
    }

    pub(super) fn resources(&self, info: &At<'t, Info>) -> Vec<At<'t, Resource>> {
        self.located(info.node, "resource", &info.part.resources)
    }

    pub(super) fn areas(&self, info: &At<'t, Info>) -> Vec<At<'t, Area>> {
        self.located(info.node, "area", &info.part.areas)
    }

    pub(super) fn polygons(&self, area: &At<'t, Area>) -> Vec<At<'t, Polygon>> {
        self.located(area.node, "polygon", &area.part.polygons)
    }

    pub(super) fn geocodes(&self, area: &At<'t, Area>) -> Vec<At<'t, NamedValue>> {
        self.located(area.node, "geocode", &area.part.geocodes)
    }

    /// The first child of a name; the parent itself where there is none.
    pub(super) fn child(&self, parent: NodeId, name: &str) -> NodeId {
        self.children(parent, name).next().unwrap_or(parent)
    }

    /// Notes a finding at an element.
    pub(super) fn find(&mut self, rule: &'static Rule, at: NodeId, message: impl Into<String>) {
        let tree = self.tree;
        let level = if self.asked { rule.level } else { lowered(rule.level) };
        self.report.add_as(rule, level, tree.nodes[at].offset, || tree.path(at), message);
    }

    /// Notes that an element lacks a child.
    pub(super) fn lacks(&mut self, lacks: bool, rule: &'static Rule, at: NodeId, child: &str) {
        if lacks {
            let name = self.tree.nodes[at].name;
            self.find(rule, at, format!("`{name}` has no `{child}`."));
        }
    }

    /// Notes every info that says something else than the first.
    pub(super) fn alike<K: PartialEq>(
        &mut self,
        rule: &'static Rule,
        infos: &[At<'t, Info>],
        what: &str,
        key: impl Fn(&'t Info) -> K,
    ) {
        let Some((first, others)) = infos.split_first() else { return };
        let wanted = key(first.part);
        for other in others.iter().filter(|other| key(other.part) != wanted) {
            self.find(rule, other.node, format!("Its {what} are not those of the first `info`."));
        }
    }

    fn children(&self, parent: NodeId, name: &str) -> impl Iterator<Item = NodeId> {
        let children = self.tree.children(parent);
        children.filter(move |&id| self.tree.nodes[id].space == Space::Home && self.tree.nodes[id].name == name)
    }

    /// Each part with its element. Where some elements could not be read, or one was read as several parts, nobody
    /// knows which is whose: their parent then stands for each.
    fn located<T>(&self, parent: NodeId, name: &str, parts: &'t [T]) -> Vec<At<'t, T>> {
        let nodes: Vec<NodeId> = self.children(parent, name).collect();
        let known = nodes.len() == parts.len();
        let at = |nth: usize| nodes.get(nth).copied().filter(|_| known).unwrap_or(parent);
        parts.iter().enumerate().map(|(nth, part)| At { part, node: at(nth) }).collect()
    }
}

/// The level of a rule for an alert that only claims the profile: never an error.
const fn lowered(level: Level) -> Level {
    match level {
        Level::Error => Level::Warning,
        Level::Warning | Level::Note => Level::Note,
    }
}

/// The pairs of a name.
pub(super) fn named<'p, 't>(
    pairs: &'p [At<'t, NamedValue>],
    name: &'p str,
) -> impl Iterator<Item = &'p At<'t, NamedValue>> {
    pairs.iter().filter(move |pair| pair.value_name == name)
}

/// Whether a language tag is of a language, whatever the country.
pub(super) fn speaks(tag: &str, language: &str) -> bool {
    tag.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case(language))
}

/// Whether an area says by itself where it is, rather than by codes.
pub(super) fn is_drawn(area: &Area) -> bool {
    !area.polygons.is_empty() || !area.circles.is_empty()
}
