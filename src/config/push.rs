//! Settings of the push services.

use super::host::HostPattern;
use super::{ConfigError, empty_is_none, empty_path_is_none, milliseconds, parsed};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Characters of Apple's identifiers of keys and teams.
const APPLE_ID_CHARS: usize = 10;
/// The least time that a push service has to answer.
const REQUEST_TIMEOUT_MIN: Duration = Duration::from_millis(100);
/// Most messages armed for each person.
pub const ARMED_DEPTH_MAX: u8 = 2;
/// Most memory for them, megabytes: twenty million people, two each.
const ARMED_MB_MAX: usize = 4_000;
/// Longest bundle identifier taken, characters.
const TOPIC_CHARS_MAX: usize = 155;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub hosts: Vec<String>,
    pub allow_private_endpoints: bool,
    #[serde(deserialize_with = "empty_path_is_none")]
    pub ca_file: Option<PathBuf>,
    pub contact: String,
    pub in_flight_max: usize,
    pub in_flight_per_origin_max: usize,
    pub connections_per_origin_max: usize,
    #[serde(rename = "request_timeout_ms", deserialize_with = "milliseconds")]
    pub request_timeout: Duration,
    pub armed_depth: u8,
    pub armed_mb_max: usize,
    pub apns: Apns,
    pub fcm: Fcm,
}

/// Apple's push service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apns {
    #[serde(deserialize_with = "parsed")]
    pub base_url: Url,
    /// The environment that is asked about devices which the first one does not know.
    #[serde(deserialize_with = "empty_is_none")]
    pub sandbox_base_url: Option<Url>,
    #[serde(deserialize_with = "empty_path_is_none")]
    pub key_file: Option<PathBuf>,
    pub key_id: String,
    pub team_id: String,
    /// Bundle identifiers that subscriptions may name.
    pub topics: Vec<String>,
    /// Whether Apple has granted critical alerts.
    pub critical: bool,
}

/// Google's push service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fcm {
    #[serde(deserialize_with = "parsed")]
    pub base_url: Url,
    #[serde(deserialize_with = "empty_path_is_none")]
    pub service_account_file: Option<PathBuf>,
    /// The project's quota.
    pub per_minute: NonZeroU32,
}

impl Apns {
    /// Whether the operator has set it up.
    pub fn is_configured(&self) -> bool {
        self.key_file.is_some()
    }
}

impl Fcm {
    /// Whether the operator has set it up.
    pub fn is_configured(&self) -> bool {
        self.service_account_file.is_some()
    }
}

impl Push {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !is_contact(&self.contact) {
            let problem = "must be mailto: with an address, or an https: address; push services ask for it (RFC 8292)";
            return refuse("push.contact", problem);
        }
        if self.request_timeout < REQUEST_TIMEOUT_MIN {
            return refuse("push.request_timeout_ms", "must be at least 100, or no push service could answer in time");
        }
        // Sandboxes have addresses without a name.
        let is_wrong = |host: &&String| !host.is_empty() && HostPattern::read(host).is_none();
        if let Some(host) = self.hosts.iter().find(is_wrong).filter(|_| !self.allow_private_endpoints) {
            let problem = "is no host: want push.example.org, .example.org for all below, or push.example.org:8443";
            return refuse("push.hosts", &format!("`{host}` {problem}"));
        }
        for (setting, number) in [
            ("push.in_flight_max", self.in_flight_max),
            ("push.in_flight_per_origin_max", self.in_flight_per_origin_max),
            ("push.connections_per_origin_max", self.connections_per_origin_max),
        ] {
            if number == 0 {
                return refuse(setting, "must be at least 1");
            }
        }
        if self.armed_depth > ARMED_DEPTH_MAX {
            return refuse("push.armed_depth", "must be 0, 1 or 2");
        }
        if self.armed_mb_max > ARMED_MB_MAX {
            return refuse("push.armed_mb_max", "must be at most 4000");
        }
        self.check_address("push.apns.base_url", Some(&self.apns.base_url))?;
        self.check_address("push.apns.sandbox_base_url", self.apns.sandbox_base_url.as_ref())?;
        self.check_address("push.fcm.base_url", Some(&self.fcm.base_url))?;
        self.apns.check()
    }

    fn check_address(&self, setting: &'static str, url: Option<&Url>) -> Result<(), ConfigError> {
        let Some(url) = url else { return Ok(()) };
        let scheme_fits = url.scheme() == "https" || (self.allow_private_endpoints && url.scheme() == "http");
        let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if scheme_fits && is_bare && url.has_host() {
            return Ok(());
        }
        refuse(setting, "must be a plain https address")
    }
}

impl Apns {
    /// Half a set-up would only be noticed when an alert does not arrive.
    fn check(&self) -> Result<(), ConfigError> {
        let is_id = |text: &str| text.len() == APPLE_ID_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let untouched = self.key_id.is_empty() && self.team_id.is_empty() && self.topics.is_empty();
        if !self.is_configured() {
            if untouched {
                return Ok(());
            }
            return refuse("push.apns.key_file", "must name the .p8 file when the other settings of APNs are given");
        }
        for (setting, text) in [("push.apns.key_id", &self.key_id), ("push.apns.team_id", &self.team_id)] {
            if !is_id(text) {
                return refuse(setting, "must be the 10 letters and digits that Apple's developer site shows");
            }
        }
        if self.topics.is_empty() {
            return refuse("push.apns.topics", "must list the bundle identifiers of your apps");
        }
        let is_topic = |topic: &String| {
            (1..=TOPIC_CHARS_MAX).contains(&topic.len())
                && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        };
        if !self.topics.iter().all(is_topic) {
            return refuse("push.apns.topics", "a bundle identifier has letters, digits, dots and hyphens only");
        }
        Ok(())
    }
}

/// Whether somebody can be reached there, as far as can be seen from it.
fn is_contact(contact: &str) -> bool {
    match contact.split_once(':') {
        Some(("mailto", address)) => {
            let (mailbox, host) = address.rsplit_once('@').unwrap_or_default();
            !mailbox.is_empty() && !host.is_empty() && !address.contains(|c: char| c.is_whitespace() || c == ',')
        }
        Some(("https", _)) => Url::parse(contact).is_ok_and(|url| url.has_host()),
        Some(_) | None => false,
    }
}

fn refuse(setting: &'static str, problem: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Invalid { setting, problem: problem.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn push(change: impl FnOnce(&mut Push)) -> Result<(), String> {
        let mut push = Config::load(None).expect("the defaults").push;
        change(&mut push);
        push.check().map_err(|error| error.to_string().split(':').next().expect("a setting").to_owned())
    }

    fn set_up(apns: &mut Apns) {
        apns.key_file = Some("key.p8".into());
        (apns.key_id, apns.team_id) = ("ABC123DEFG".to_owned(), "TEAM123456".to_owned());
        apns.topics = vec!["org.example.alerts".to_owned()];
    }

    #[test]
    fn half_a_set_up_of_apns_is_refused_by_what_it_lacks() {
        assert_eq!(push(|push| set_up(&mut push.apns)), Ok(()));
        let without = |change: fn(&mut Apns)| {
            push(|push| {
                set_up(&mut push.apns);
                change(&mut push.apns);
            })
        };
        let lacks = |setting: &str| Err(setting.to_owned());
        assert_eq!(without(|apns| apns.key_file = None), lacks("push.apns.key_file"));
        assert_eq!(without(|apns| apns.key_id.clear()), lacks("push.apns.key_id"));
        assert_eq!(without(|apns| apns.team_id.push('1')), lacks("push.apns.team_id"));
        assert_eq!(without(|apns| apns.topics.clear()), lacks("push.apns.topics"));
        assert_eq!(without(|apns| apns.topics.push("a b".to_owned())), lacks("push.apns.topics"));
    }

    #[test]
    fn what_no_push_could_be_sent_with_is_refused_by_its_setting() {
        let refused = |setting: &str| Err(setting.to_owned());
        for contact in
            ["", "mailto:", "mailto:nobody", "mailto:a b@c.example", "https:", "https://", "http://a.example"]
        {
            assert_eq!(push(|push| push.contact = contact.to_owned()), refused("push.contact"), "{contact}");
        }
        for contact in ["mailto:alerts@town.example", "https://town.example/contact"] {
            assert_eq!(push(|push| push.contact = contact.to_owned()), Ok(()), "{contact}");
        }
        assert_eq!(push(|push| push.request_timeout = Duration::ZERO), refused("push.request_timeout_ms"));
        assert_eq!(push(|push| push.hosts.push("https://push.example".to_owned())), refused("push.hosts"));
        assert_eq!(push(|push| push.hosts.push("push.example:8443".to_owned())), Ok(()));
    }

    #[test]
    fn addresses_are_https_and_nothing_more_but_for_sandboxes() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        for bad in ["http://127.0.0.1:1/", "ftp://a.example", "https://a.example/?b", "https://user@a.example/"] {
            assert_eq!(push(|push| push.fcm.base_url = url(bad)), Err("push.fcm.base_url".to_owned()), "{bad}");
        }
        let fallback = push(|push| push.apns.sandbox_base_url = Some(url("http://a.example")));
        assert_eq!(fallback, Err("push.apns.sandbox_base_url".to_owned()));
        let local = push(|push| {
            push.allow_private_endpoints = true;
            push.apns.base_url = url("http://127.0.0.1:1/");
        });
        assert_eq!(local, Ok(()));
    }
}
