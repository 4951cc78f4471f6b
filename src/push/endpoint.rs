//! Which addresses a push may go to. An endpoint is a URL that a citizen hands us, so it is a way to make us call any
//! machine: only https at push services that the operator listed, and never an address inside a network, which is
//! checked again on the resolved address when connecting ([`is_public`]).

use crate::config;
use crate::config::HostPattern;
use arc_swap::ArcSwap;
use http::Uri;
use std::borrow::Cow;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Longest endpoint taken, bytes. Real ones have 150 to 700.
pub const ENDPOINT_BYTES_MAX: usize = 2_048;

/// Most push services of which is remembered that they may be sent to.
const ORIGINS_MAX: usize = 256;

/// Why an endpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("the endpoint is longer than {ENDPOINT_BYTES_MAX} bytes")]
    Long,
    #[error("the endpoint is not an absolute URL")]
    NotUrl,
    #[error("the endpoint is not https")]
    Scheme,
    #[error("the endpoint carries a user name or password")]
    UserInfo,
    #[error("the endpoint carries a fragment")]
    Fragment,
    #[error("the endpoint has a port that its push service is not listed with")]
    Port,
    #[error("the endpoint names an address instead of a host")]
    Address,
    #[error("the endpoint is not at a known push service")]
    Host,
}

/// An endpoint that may be sent to. Secret: the path is a capability.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub url: Url,
    /// Scheme, host and any unusual port: the push service, and the audience of its token.
    pub origin: String,
}

/// Never shows the path.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({}/…)", self.origin)
    }
}

/// The operator's list of push services, and of apps.
#[derive(Debug, Clone)]
pub struct EndpointPolicy {
    hosts: Vec<HostPattern>,
    allow_private: bool,
    apns_topics: Vec<String>,
    fcm: bool,
}

impl EndpointPolicy {
    /// The policy of the settings. A listed host that is no host name matches nothing; the settings' own check refuses
    /// it.
    pub fn new(settings: &config::Push) -> Self {
        let hosts = settings.hosts.iter().filter_map(|text| HostPattern::read(text)).collect();
        let apns_topics = if settings.apns.is_configured() { settings.apns.topics.clone() } else { Vec::new() };
        Self { hosts, allow_private: settings.allow_private_endpoints, apns_topics, fcm: settings.fcm.is_configured() }
    }

    /// The apps that may be sent to through APNs; none where it is not set up.
    pub fn apns_topics(&self) -> &[String] {
        &self.apns_topics
    }

    /// Whether FCM is set up.
    pub fn sends_fcm(&self) -> bool {
        self.fcm
    }

    /// Whether http, other ports and addresses inside the network are let through, for tests and sandboxes.
    pub fn allows_private(&self) -> bool {
        self.allow_private
    }

    /// Reads an endpoint as a citizen's browser gave it.
    ///
    /// # Errors
    /// The first reason why nothing may be sent there.
    pub fn check(&self, endpoint: &str) -> Result<Endpoint, EndpointError> {
        if endpoint.len() > ENDPOINT_BYTES_MAX {
            return Err(EndpointError::Long);
        }
        let url = Url::parse(endpoint).map_err(|_| EndpointError::NotUrl)?;
        let scheme_fits = url.scheme() == "https" || (self.allow_private && url.scheme() == "http");
        if !scheme_fits {
            return Err(EndpointError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() || authority(endpoint).contains('@') {
            return Err(EndpointError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        let host = url.host().ok_or(EndpointError::NotUrl)?;
        if !self.allow_private || !is_local(&host) {
            self.check_public(&url, &host)?;
        }
        let origin = url.origin().ascii_serialization();
        Ok(Endpoint { url, origin })
    }

    fn check_public(&self, url: &Url, host: &Host<&str>) -> Result<(), EndpointError> {
        if url.scheme() != "https" {
            return Err(EndpointError::Scheme);
        }
        let Host::Domain(name) = host else {
            return Err(if url.port().is_some() { EndpointError::Port } else { EndpointError::Address });
        };
        // Url has lowered it and made it punycode. A final dot would be the same host with another name. `port()` is
        // none for 443 as well, which is the same origin.
        if self.hosts.iter().any(|pattern| pattern.matches(name, url.port())) {
            return Ok(());
        }
        Err(if url.port().is_some() { EndpointError::Port } else { EndpointError::Host })
    }
}

/// Push services whose endpoints were let through, so that of the next one there only what is its own is looked at.
#[derive(Debug, Default)]
pub struct KnownOrigins(ArcSwap<HashSet<Box<str>>>);

impl KnownOrigins {
    /// The push service of an endpoint, as in [`Endpoint::origin`], and the address to send to.
    ///
    /// # Errors
    /// As [`EndpointPolicy::check`], whose policy must be the same each time.
    pub fn uri<'a>(&self, policy: &EndpointPolicy, endpoint: &'a str) -> Result<(Cow<'a, str>, Uri), EndpointError> {
        let written = written_origin(endpoint);
        if let Some(origin) = written
            && endpoint.len() <= ENDPOINT_BYTES_MAX
            && self.0.load().contains(origin)
            && is_plain(&endpoint[origin.len()..])
            && let Ok(uri) = Uri::try_from(endpoint)
        {
            return Ok((Cow::Borrowed(origin), uri));
        }
        let checked = policy.check(endpoint)?;
        let uri = Uri::try_from(checked.url.as_str()).map_err(|_| EndpointError::NotUrl)?;
        if written == Some(&*checked.origin) {
            self.add(&checked.origin);
        }
        Ok((Cow::Owned(checked.origin), uri))
    }

    fn add(&self, origin: &str) {
        self.0.rcu(|known| {
            let mut known = if known.len() < ORIGINS_MAX { HashSet::clone(known) } else { HashSet::new() };
            known.insert(origin.into());
            known
        });
    }
}

/// The beginning of an endpoint that is an origin and nothing else, if it is written as origins are: behind it the path
/// begins, so no user name can follow and turn it into one.
fn written_origin(endpoint: &str) -> Option<&str> {
    let begin = endpoint.find("://")? + "://".len();
    let end = begin + endpoint[begin..].find('/')?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    endpoint[begin..end].bytes().all(plain).then_some(&endpoint[..end])
}

/// Whether a path and query stay as they are written: nothing to escape, no segment to resolve, no fragment.
fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?=&%+:;,@!$*()".contains(&byte);
    path.bytes().all(plain) && !path.contains("/.") && !path.contains("/%")
}

/// What stands between the scheme and the path, as it was written: the parser drops an empty `user@`.
fn authority(endpoint: &str) -> &str {
    let rest = endpoint.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches(['/', '\\']);
    rest.split(['/', '\\', '?', '#']).next().unwrap_or("")
}

/// Hosts that `allow_private_endpoints` is for.
fn is_local(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => !is_public(IpAddr::V4(*address)),
        Host::Ipv6(address) => !is_public(IpAddr::V6(*address)),
    }
}

/// Whether an address is one of the public internet. Everything that can lead into a network is not: the special
/// ranges of IANA's two registries, and IPv6 forms that carry an IPv4 address, whatever that address is.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private use, loopback, link-local, private use.
        (0 | 10 | 127, _, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Shared address space of carriers (RFC 6598).
        (100, 64..=127, _) => true,
        // IETF protocol assignments, documentation, 6to4 relays, AS112, AMT.
        (192, 0, 0 | 2) | (192, 88, 99) | (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => true,
        // Benchmarking, documentation.
        (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., _, _) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3; all else is loopback, mapped, NAT64, unique-local, link-local, multicast or unknown.
    let global = a & 0xe000 == 0x2000;
    let special = match (a, b) {
        // 2001::/23: Teredo, benchmarking, ORCHID and other protocol assignments.
        (0x2001, 0..=0x01ff) => true,
        // Documentation.
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => true,
        // 6to4 carries an IPv4 address.
        (0x2002, _) => true,
        _ => false,
    };
    global && !special
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
