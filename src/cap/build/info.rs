//! `info` (CAP 1.2 §3.2.2).

use super::children::{Children, INFO};
use super::{Builder, NodeId};
use crate::cap::alert::{Area, Info};
use crate::cap::code::{Category, Certainty, ResponseType, Severity, Urgency};
use crate::cap::rules;
use crate::cap::time::DateTime;

/// What an info needs to know of the message around it.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) sent: Option<DateTime>,
    /// Whether the message warns people, rather than withdrawing, answering, or watching the line.
    pub(super) speaks: bool,
}

impl Builder<'_, '_> {
    /// Every info. `None` when one of them could not be read.
    pub(super) fn infos(&mut self, children: &Children, head: Head) -> Option<Vec<Info>> {
        let ids = children.all("info");
        if let Some(&one_more) = ids.get(self.limits.infos_max) {
            let message = format!("There are more than {} infos.", self.limits.infos_max);
            self.find(&rules::TOO_MANY_INFOS, one_more, message);
            return None;
        }
        // All are read before one that fails is missed: every finding is wanted.
        let infos: Vec<Option<Info>> = ids.iter().map(|&id| self.info(id, head)).collect();
        self.check_translations(ids, &infos);
        infos.into_iter().collect()
    }

    fn info(&mut self, id: NodeId, head: Head) -> Option<Info> {
        let children = self.children(id, INFO);
        let language = self.language(children.one("language"));
        let categories = self.codes(&children, "category", Category::ALL, Category::from_code, Category::as_str);
        let event = self.required_text(children.one("event"));
        self.check_markup(children.one("event"));
        let response_types = self.response_types(&children);
        let urgency = self.code(children.one("urgency"), Urgency::ALL, Urgency::from_code, Urgency::as_str);
        let severity = self.code(children.one("severity"), Severity::ALL, Severity::from_code, Severity::as_str);
        let certainty = self.certainty(children.one("certainty"));
        self.check_unknown(&children);
        let event_codes = self.pairs(&children, "eventCode");
        let effective = self.time(children.one("effective"));
        let onset = self.time(children.one("onset"));
        let expires = self.time(children.one("expires"));
        self.check_times(id, &children, head, (effective, onset, expires));
        let wording = self.wording(id, &children, head.speaks);
        let web = self.web(children.one("web"));
        let parameters = self.pairs(&children, "parameter");
        let resources = children.all("resource").iter().map(|&id| self.resource(id)).collect();
        let areas: Vec<Option<Area>> = children.all("area").iter().map(|&id| self.area(id)).collect();
        if head.speaks && children.all("area").is_empty() {
            self.find_child(&rules::AREA_ABSENT, id, "area", "There is no `area`: this info is for nowhere.");
        }
        Some(Info {
            language,
            categories,
            event: event?,
            response_types,
            urgency: urgency?,
            severity: severity?,
            certainty: certainty?,
            audience: wording.audience,
            event_codes,
            effective,
            onset,
            expires,
            sender_name: wording.sender_name,
            headline: wording.headline,
            description: wording.description,
            instruction: wording.instruction,
            web,
            contact: wording.contact,
            parameters,
            resources,
            areas: areas.into_iter().collect::<Option<_>>()?,
        })
    }

    /// Every value of a code that may come again.
    fn codes<T: Copy>(
        &mut self,
        children: &Children,
        name: &str,
        all: &[T],
        from_code: fn(&str) -> Option<T>,
        as_str: fn(T) -> &'static str,
    ) -> Vec<T> {
        children.all(name).iter().filter_map(|&id| self.code(Some(id), all, from_code, as_str)).collect()
    }

    fn response_types(&mut self, children: &Children) -> Vec<ResponseType> {
        let ids = children.all("responseType").iter();
        ids.filter_map(|&id| {
            if self.is_left_empty(id) {
                return None;
            }
            self.code(Some(id), ResponseType::ALL, ResponseType::from_code, ResponseType::as_str)
        })
        .collect()
    }

    /// `Very Likely` was CAP 1.0's; later editions want it read as `Likely`.
    fn certainty(&mut self, id: Option<NodeId>) -> Option<Certainty> {
        if let Some(id) = id.filter(|&id| self.trimmed(id) == "Very Likely") {
            if self.version != crate::cap::alert::CapVersion::V1_0 {
                self.find(&rules::VALUE_DEPRECATED, id, "`Very Likely` was CAP 1.0's; it is read as `Likely`.");
            }
            return Some(Certainty::Likely);
        }
        self.code(id, Certainty::ALL, Certainty::from_code, Certainty::as_str)
    }

    /// `Unknown` is legal in all three, and helps nobody.
    fn check_unknown(&mut self, children: &Children) {
        for id in ["urgency", "severity", "certainty"].into_iter().filter_map(|name| children.one(name)) {
            if self.trimmed(id) == "Unknown" {
                let message =
                    format!("`{}` is Unknown: receivers cannot sort the alert by it.", self.tree.nodes[id].name);
                self.find(&rules::UNKNOWN_ADVISED_AGAINST, id, message);
            }
        }
    }

    /// `effective` defaults to `sent`, but a text that had run out when it was sent is only doubtful: archives do that.
    fn check_times(
        &mut self,
        id: NodeId,
        children: &Children,
        head: Head,
        (effective, onset, expires): (Option<DateTime>, Option<DateTime>, Option<DateTime>),
    ) {
        let Some(at) = children.one("expires") else {
            self.find_child(&rules::EXPIRES_ABSENT, id, "expires", "Nothing says until when the text holds.");
            return;
        };
        let Some(expires) = expires else { return };
        let before = |time: &DateTime| expires.instant() < time.instant();
        let begins = effective.or(head.sent);
        if let Some(effective) = effective.filter(before) {
            let message = format!("It expires at {expires}, before it takes effect at {effective}.");
            self.find(&rules::EXPIRES_EARLY, at, message);
        } else if let Some(sent) = head.sent.filter(before) {
            let message = format!("It expires at {expires}, before it was sent at {sent}.");
            self.find(&rules::EXPIRES_BEFORE_SENT, at, message);
        } else if head.speaks && begins == Some(expires) {
            self.find(&rules::EXPIRES_AT_ONCE, at, "It expires at the moment it takes effect: it holds for no time.");
        } else if let Some(onset) = onset.filter(|onset| onset.instant() >= expires.instant() && head.speaks) {
            let message = format!("It expires at {expires}, when the hazard of {onset} has not even begun.");
            self.find(&rules::ONSET_LATE, at, message);
        }
    }
}
