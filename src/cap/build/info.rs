//! `info` and `resource` (CAP 1.2 §3.2.2, §3.2.3).

use super::children::{Children, INFO, RESOURCE};
use super::{Builder, NodeId};
use crate::cap::alert::{Area, Info, Resource};
use crate::cap::code::{Category, Certainty, ResponseType, Severity, Urgency};
use crate::cap::outline::LANGUAGE_DEFAULT;
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::time::DateTime;

/// Longest part of a language tag (RFC 3066 §2.1), characters.
const SUBTAG_CHARS_MAX: usize = 8;

impl Builder<'_, '_> {
    /// Every info. `None` when one of them could not be read.
    pub(super) fn infos(&mut self, children: &Children, sent: Option<DateTime>) -> Option<Vec<Info>> {
        let ids = children.all("info");
        if let Some(&one_more) = ids.get(self.limits.infos_max) {
            let message = format!("There are more than {} infos.", self.limits.infos_max);
            self.find(&rules::TOO_MANY_INFOS, one_more, message);
            return None;
        }
        // All are read before one that fails is missed: every finding is wanted.
        let infos: Vec<Option<Info>> = ids.iter().map(|&id| self.info(id, sent)).collect();
        infos.into_iter().collect()
    }

    fn info(&mut self, id: NodeId, sent: Option<DateTime>) -> Option<Info> {
        let children = self.children(id, INFO);
        let language = self.language(children.one("language"));
        let categories = self.codes(&children, "category", Category::ALL, Category::from_code, Category::as_str);
        let event = self.required_text(children.one("event"));
        let response_types = self.response_types(&children);
        let urgency = self.code(children.one("urgency"), Urgency::ALL, Urgency::from_code, Urgency::as_str);
        let severity = self.code(children.one("severity"), Severity::ALL, Severity::from_code, Severity::as_str);
        let certainty = self.certainty(children.one("certainty"));
        let event_codes = self.pairs(&children, "eventCode");
        let effective = self.time(children.one("effective"));
        let onset = self.time(children.one("onset"));
        let expires = self.time(children.one("expires"));
        self.check_times(id, &children, (sent, effective), expires);
        let parameters = self.pairs(&children, "parameter");
        let resources = children.all("resource").iter().filter_map(|&id| self.resource(id)).collect();
        let areas: Vec<Option<Area>> = children.all("area").iter().map(|&id| self.area(id)).collect();
        Some(Info {
            language,
            categories,
            event: event?,
            response_types,
            urgency: urgency?,
            severity: severity?,
            certainty: certainty?,
            audience: self.text(children.one("audience")),
            event_codes,
            effective,
            onset,
            expires,
            sender_name: self.text(children.one("senderName")),
            headline: self.text(children.one("headline")),
            description: self.text(children.one("description")),
            instruction: self.text(children.one("instruction")),
            web: self.text(children.one("web")),
            contact: self.text(children.one("contact")),
            parameters,
            resources,
            areas: areas.into_iter().collect::<Option<_>>()?,
        })
    }

    fn language(&mut self, id: Option<NodeId>) -> String {
        let Some(id) = id else { return LANGUAGE_DEFAULT.to_owned() };
        if self.is_left_empty(id) {
            return LANGUAGE_DEFAULT.to_owned();
        }
        let text = self.trimmed(id);
        if !is_language(text) {
            self.find(&rules::LANGUAGE_INVALID, id, format!("`{}` is not a language tag.", quote(text)));
        }
        text.to_owned()
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

    /// `effective` defaults to `sent`, but a text that had run out when it was sent is only doubtful: archives do that.
    fn check_times(
        &mut self,
        id: NodeId,
        children: &Children,
        (sent, effective): (Option<DateTime>, Option<DateTime>),
        expires: Option<DateTime>,
    ) {
        let Some(at) = children.one("expires") else {
            self.find_child(&rules::EXPIRES_ABSENT, id, "expires", "Nothing says until when the text holds.");
            return;
        };
        let Some(expires) = expires else { return };
        let before = |time: &DateTime| expires.instant() < time.instant();
        if let Some(effective) = effective.filter(before) {
            let message = format!("It expires at {expires}, before it takes effect at {effective}.");
            self.find(&rules::EXPIRES_EARLY, at, message);
        } else if let Some(sent) = sent.filter(before) {
            let message = format!("It expires at {expires}, before it was sent at {sent}.");
            self.find(&rules::EXPIRES_BEFORE_SENT, at, message);
        }
    }

    fn resource(&mut self, id: NodeId) -> Option<Resource> {
        let children = self.children(id, RESOURCE);
        let resource_desc = self.required_text(children.one("resourceDesc"));
        let size_bytes = self.size(children.one("size"));
        Some(Resource {
            resource_desc: resource_desc?,
            mime_type: self.text(children.one("mimeType")),
            size_bytes,
            uri: self.text(children.one("uri")),
            deref_uri: self.text(children.one("derefUri")),
            digest: self.text(children.one("digest")),
        })
    }

    /// A size we cannot read is left out: nothing depends on it.
    fn size(&mut self, id: Option<NodeId>) -> Option<u64> {
        let id = id?;
        if self.is_left_empty(id) {
            return None;
        }
        let text = self.trimmed(id);
        let size = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        if size.is_none() {
            self.find(&rules::SIZE_INVALID, id, format!("`{}` is not a number of bytes; it is left out.", quote(text)));
        }
        size
    }
}

/// Whether a text has the shape of a language tag (RFC 3066 §2.1).
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let fits = |part: &str| (1..=SUBTAG_CHARS_MAX).contains(&part.len());
    parts.next().is_some_and(|first| fits(first) && first.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(|part| fits(part) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::is_language;

    #[test]
    fn language_tags_have_short_parts_and_begin_with_letters() {
        for tag in ["en", "fr-CA", "sr-Latn", "es-419", "de-LS", "english"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "fr_CA", "fr-", "419", "français", "abcdefghi", "en US"] {
            assert!(!is_language(tag), "{tag}");
        }
    }
}
