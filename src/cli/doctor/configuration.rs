//! Whether the settings make sense together. That they can be read is known by now.

use super::{Report, is_for_citizens};
use crate::config::Config;
use tracing_subscriber::EnvFilter;
use url::Host;

pub(super) const CHECK: &str = "configuration";

/// Where the default says that nobody has set a contact.
const NO_CONTACT: &str = "localhost.invalid";

pub(super) fn check(report: &mut Report, config: &Config) {
    let before = report.faults();
    address(report, config);
    push(report, config);
    if let Err(error) = EnvFilter::try_new(&config.log.filter) {
        report.fault(
            CHECK,
            format!("log.filter {:?} cannot be understood: {error}", config.log.filter),
            "Set it to a tracing filter, such as \"info\".",
        );
    }
    if report.faults() == before {
        report.ok(CHECK, "the settings can be read and fit together");
    }
}

fn address(report: &mut Report, config: &Config) {
    let server = &config.server;
    let Some(url) = &server.public_url else {
        return report.note(
            CHECK,
            format!(
                "server.public_url is empty: citizens see http://{}, which no browser elsewhere can use",
                server.listen
            ),
        );
    };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !is_local {
        report.fault(
            CHECK,
            format!("server.public_url is {url}: browsers subscribe only over https"),
            "Put a proxy with TLS in front of Beffroi and set server.public_url to its https address.",
        );
    }
    if url.scheme() == "https" && server.trusted_proxies.is_empty() {
        report.fault(
            CHECK,
            "server.trusted_proxies is empty behind a proxy with TLS: rate limits count all citizens as one",
            "Set server.trusted_proxies to the addresses of the proxy, such as [\"127.0.0.1/32\"].",
        );
    }
}

fn push(report: &mut Report, config: &Config) {
    if is_for_citizens(config) && config.push.contact.ends_with(NO_CONTACT) {
        report.fault(
            CHECK,
            "push.contact is not set: push services refuse senders whom they cannot reach (RFC 8292 §2.1)",
            "Set push.contact to mailto: and an address that someone reads.",
        );
    }
    if config.push.allow_private_endpoints {
        let what = "push.allow_private_endpoints is on: endpoints may lead into this network";
        if is_for_citizens(config) {
            report.fault(CHECK, what, "It is for tests and sandboxes. Take it out of the settings.");
        } else {
            report.note(CHECK, what);
        }
    }
}
