//! One host of `push.hosts`.

use url::Host;

/// Which hosts may be sent to, in lower case and punycode, without a final dot; and at which port, where it is not that
/// of https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    name: Name,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Exact(String),
    /// Every host below, not the name itself.
    Below(String),
}

impl HostPattern {
    /// Reads `host.example`, `.below.example` or `host.example:8443`; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let (below, rest) = match text.trim().strip_prefix('.') {
            Some(rest) => (true, rest),
            None => (false, text.trim()),
        };
        let (name, port) = match rest.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok().filter(|port| !matches!(port, 0 | 443))?)),
            None => (rest, None),
        };
        let Ok(Host::Domain(name)) = Host::parse(name.trim_end_matches('.')) else {
            return None;
        };
        if name.is_empty() {
            return None;
        }
        let name = if below { Name::Below(format!(".{name}")) } else { Name::Exact(name) };
        Some(Self { name, port })
    }

    /// Whether this is the host, at its port; `None` is that of https.
    pub fn matches(&self, host: &str, port: Option<u16>) -> bool {
        self.port == port
            && match &self.name {
                Name::Exact(name) => host == name,
                Name::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_itself_or_below_and_has_the_port_that_is_listed() {
        let rows = [
            ("push.example", "push.example", None, true),
            ("Push.Example.", "push.example", None, true),
            ("push.example", "a.push.example", None, false),
            (".push.example", "a.push.example", None, true),
            (".push.example", "push.example", None, false),
            ("push.example", "push.example", Some(8443), false),
            ("push.example:8443", "push.example", Some(8443), true),
            ("push.example:8443", "push.example", None, false),
            (".push.example:8443", "a.push.example", Some(8443), true),
        ];
        for (listed, host, port, want) in rows {
            let pattern = HostPattern::read(listed).expect(listed);
            assert_eq!(pattern.matches(host, port), want, "{listed} {host} {port:?}");
        }
    }

    #[test]
    fn what_is_no_host_is_none() {
        for text in
            ["", ".", "https://push.example", "push.example/path", "push.example:0", "push.example:x", "192.0.2.1"]
        {
            assert_eq!(HostPattern::read(text), None, "{text}");
        }
        assert_eq!(HostPattern::read("push.example:443"), None, "the port of https is written by leaving it out");
    }
}
