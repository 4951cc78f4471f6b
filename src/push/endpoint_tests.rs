//! Nasty endpoints, table by table.

use super::EndpointError::{Address, Fragment, Host, Long, NotUrl, Port, Scheme, UserInfo};
use super::*;
use crate::config::Config;

fn policy(allow_private: bool) -> EndpointPolicy {
    let mut settings = Config::load(None).expect("the defaults").push;
    settings.hosts =
        ["push.example.net", ".Push.Example.com", "bücher.example", "bad host", ""].map(str::to_owned).into();
    settings.allow_private_endpoints = allow_private;
    EndpointPolicy::new(&settings)
}

#[test]
fn listed_hosts_are_taken_however_they_are_spelled() {
    for (endpoint, origin) in [
        ("https://push.example.net/wpush/v2/abc", "https://push.example.net"),
        ("https://PUSH.example.NET/a", "https://push.example.net"),
        ("https://push.example.net:443/a", "https://push.example.net"),
        ("https://web.push.example.com/QABC", "https://web.push.example.com"),
        ("https://a.b.push.example.com/a?b=c", "https://a.b.push.example.com"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/a", "https://xn--bcher-kva.example"),
        // Full-width letters and dots are the same host.
        ("https://ｐｕｓｈ。example.net/a", "https://push.example.net"),
        ("https:push.example.net/a", "https://push.example.net"),
        ("https:\\\\push.example.net\\a", "https://push.example.net"),
    ] {
        assert_eq!(policy(false).check(endpoint).map(|it| it.origin).as_deref(), Ok(origin), "{endpoint}");
    }
}

#[test]
fn everything_else_is_refused_with_its_reason() {
    let long = format!("https://push.example.net/{}", "a".repeat(ENDPOINT_BYTES_MAX));
    for (endpoint, reason) in [
        ("", NotUrl),
        ("/wpush/v2/abc", NotUrl),
        ("push.example.net/a", NotUrl),
        ("https://", NotUrl),
        ("https://push.example.net:99999/", NotUrl),
        ("https://push example.net/", NotUrl),
        ("https://push.example.net%00.evil.test/", NotUrl),
        ("http://push.example.net/a", Scheme),
        ("ftp://push.example.net/a", Scheme),
        ("file:///etc/passwd", Scheme),
        ("gopher://push.example.net:70/_", Scheme),
        ("javascript:alert(1)", Scheme),
        ("data:text/plain,a", Scheme),
        ("wss://push.example.net/a", Scheme),
        ("https://push.example.net@evil.test/a", UserInfo),
        ("https://user:pass@push.example.net/a", UserInfo),
        ("https://@push.example.net/a", UserInfo),
        ("https://:@push.example.net/a", UserInfo),
        ("https://evil.test\\@push.example.net/a", Host),
        ("https://push.example.net/a#b", Fragment),
        ("https://push.example.net:8443/a", Port),
        ("https://push.example.net:80/a", Port),
        ("https://push.example.net:22/a", Port),
        ("https://127.0.0.1/a", Address),
        ("https://2130706433/a", Address),
        ("https://0x7f.1/a", Address),
        ("https://0177.0.0.1/a", Address),
        ("https://127.1/a", Address),
        ("https://①②⑦.⓪.⓪.①/a", Address),
        ("https://8.8.8.8/a", Address),
        ("https://[::1]/a", Address),
        ("https://[::ffff:127.0.0.1]/a", Address),
        ("https://[2606:4700::1111]/a", Address),
        ("https://localhost/a", Host),
        ("https://localhost.localdomain/a", Host),
        ("https://metadata.google.internal/a", Host),
        ("https://evil.test/push.example.net", Host),
        ("https://push.example.net.evil.test/a", Host),
        ("https://evilpush.example.net/a", Host),
        ("https://a.push.example.net/a", Host),
        ("https://push.example.net./a", Host),
        ("https://push.example.com/a", Host),
        ("https://evilpush.example.com/a", Host),
        ("https://.push.example.com/a", Host),
        ("https://push.example.com.evil.test/a", Host),
        ("https://web.push.example.com./a", Host),
        ("https://bucher.example/a", Host),
        ("https://рush.example.net/a", Host),
        (long.as_str(), Long),
    ] {
        assert_eq!(policy(false).check(endpoint).map(|it| it.origin), Err(reason), "{endpoint}");
    }
}

#[test]
fn sandboxes_may_be_http_and_local_but_nothing_else_opens() {
    for (endpoint, origin) in [
        ("http://127.0.0.1:8081/push/a", "http://127.0.0.1:8081"),
        ("https://127.0.0.1:8443/push/a", "https://127.0.0.1:8443"),
        ("https://localhost:8443/push/a", "https://localhost:8443"),
        ("http://[::1]:8080/a", "http://[::1]:8080"),
        ("https://push.example.net/a", "https://push.example.net"),
    ] {
        assert_eq!(policy(true).check(endpoint).map(|it| it.origin).as_deref(), Ok(origin), "{endpoint}");
    }
    for (endpoint, reason) in [
        ("http://push.example.net/a", Scheme),
        ("https://push.example.net:8443/a", Port),
        ("https://evil.test/a", Host),
        ("https://8.8.8.8/a", Address),
        ("ftp://localhost/a", Scheme),
        ("https://user@localhost/a", UserInfo),
    ] {
        assert_eq!(policy(true).check(endpoint).map(|it| it.origin), Err(reason), "{endpoint}");
    }
}

#[test]
fn a_policy_shows_no_path_of_an_endpoint() {
    let endpoint = policy(false).check("https://push.example.net/secret-capability").expect("listed");
    assert!(!format!("{endpoint:?}").contains("secret"), "{endpoint:?}");
}

#[test]
fn only_addresses_of_the_public_internet_are_public() {
    for address in [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4007::200e",
        "2001:4860:4860::8888",
    ] {
        assert!(is_public(address.parse().expect("an address")), "{address}");
    }
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:10.0.0.1",
        "::8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456:789a::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
        "5f00::1",
    ] {
        assert!(!is_public(address.parse().expect("an address")), "{address}");
    }
}

#[test]
fn an_endpoint_at_a_known_push_service_is_read_as_the_first_one_there_was() {
    let fresh = |endpoint: &str| policy(false).check(endpoint);
    let (strict, known) = (policy(false), KnownOrigins::default());
    let at_known = |endpoint| known.uri(&strict, endpoint);
    let first = at_known("https://push.example.net/first").expect("a listed host");
    assert!(matches!(first.0, Cow::Owned(_)), "nothing was known");
    let long = format!("https://push.example.net/{}", "a".repeat(ENDPOINT_BYTES_MAX));
    for endpoint in [
        "https://push.example.net/wpush/v2/abc?d=e",
        "https://push.example.net:443/a",
        "https://PUSH.example.net/a",
        "https://push.example.net/a b",
        "https://push.example.net/é",
        "https://push.example.net/a\"{b}|c\\d'",
        "https://push.example.net/a/../b/./c/%2e%2E/d",
        "https://push.example.net/%2e/d",
        "https://push.example.net/fcm/send/d-Yz_1:APA91b~x?token=BQY%2b%3d&a=b'c",
        "https://push.example.net",
        "https://push.example.net?a",
        "https://push.example.net/a#b",
        "https://push.example.net/a#",
        "https://push.example.net@evil.test/a",
        "https://push.example.net:1@evil.test/a",
        "https://push.example.net:8443/a",
        "https://push.example.net\\@evil.test/a",
        "https://push.example.net.evil.test/a",
        "https://evil.test/https://push.example.net/a",
        "http://push.example.net/a",
        &long,
    ] {
        let (read, wanted) = (at_known(endpoint), fresh(endpoint));
        let wanted = wanted.map(|it| (it.origin, Uri::try_from(it.url.as_str()).expect("an address")));
        assert_eq!(read.map(|(origin, uri)| (origin.into_owned(), uri)), wanted, "{endpoint}");
    }
    let next = at_known("https://push.example.net/next").expect("a listed host");
    assert!(matches!(next.0, Cow::Borrowed("https://push.example.net")), "it was known");
}
