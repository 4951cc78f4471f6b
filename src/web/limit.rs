//! How often a network, a key or a login name may knock. In memory only: no address is stored, not even here, where
//! only the number of a bucket is kept.

use super::error::WebError;
use crate::config::Config;
use axum::extract::ConnectInfo;
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{Extensions, HeaderMap};
use ipnet::IpNet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Buckets of one limit. Networks that share one share its limit; the memory is bounded whoever comes.
const BUCKETS_MAX: u64 = 65_536;
/// Sign-in attempts with one login name from one network, each minute. Whoever knows a login elsewhere cannot use it up.
const LOGINS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Sign-in attempts of one network, each minute: many people may work behind one address.
const NETWORK_LOGINS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
/// Uses of a setup link that works, from one network, each minute.
const SETUPS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Named areas are searched this often for each change of a subscription that is allowed: once a letter.
const SEARCHES_PER_CHANGE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Estimates of one key or one operator, each minute. Each costs a match, and each tells a little of who is where.
const ESTIMATES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
/// Live views at once on one node; the next is told to come again.
const LIVE_VIEWS_MAX: usize = 200;
/// Bits of an IPv4 address that name its network.
const IPV4_PREFIX_BITS: u8 = 24;
/// Bits of an IPv6 address that name its network.
const IPV6_PREFIX_BITS: u8 = 56;

/// One limit for each of many keys.
pub struct Limit {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, DefaultClock>,
    hasher: RandomState,
}

impl Limit {
    pub fn per_minute(times: NonZeroU32) -> Self {
        Self { limiter: RateLimiter::dashmap(Quota::per_minute(times)), hasher: RandomState::new() }
    }

    /// Counts one knock.
    ///
    /// # Errors
    /// [`WebError::TooMany`] with the wait after which it would be let in.
    pub fn knock(&self, key: impl Hash) -> Result<(), WebError> {
        let bucket = self.hasher.hash_one(key) % BUCKETS_MAX;
        self.limiter.check_key(&bucket).map_err(|refusal| {
            let wait: Duration = refusal.wait_time_from(self.limiter.clock().now());
            WebError::TooMany { wait }
        })
    }
}

/// The limits of this node.
pub struct Limits {
    /// By key.
    pub posts: Limit,
    /// By key or operator. Of their own: who asks much must still be able to post.
    pub estimates: Limit,
    /// By network.
    pub subscriptions: Limit,
    /// By network.
    pub searches: Limit,
    /// By network. Of their own: a million phones answer while others subscribe.
    pub receipts: Limit,
    /// By login name and network.
    pub login_names: Limit,
    /// By network.
    pub login_networks: Limit,
    /// By network, of those who have the link.
    pub setups: Limit,
    /// Permits for live views.
    pub live_views: Arc<Semaphore>,
}

impl Limits {
    pub fn new(config: &Config) -> Self {
        Self {
            posts: Limit::per_minute(config.alerts.posts_per_minute),
            estimates: Limit::per_minute(ESTIMATES_PER_MINUTE),
            subscriptions: Limit::per_minute(config.subscriptions.changes_per_minute),
            searches: Limit::per_minute(config.subscriptions.changes_per_minute.saturating_mul(SEARCHES_PER_CHANGE)),
            receipts: Limit::per_minute(config.receipts.requests_per_minute),
            login_names: Limit::per_minute(LOGINS_PER_MINUTE),
            login_networks: Limit::per_minute(NETWORK_LOGINS_PER_MINUTE),
            setups: Limit::per_minute(SETUPS_PER_MINUTE),
            live_views: Arc::new(Semaphore::new(LIVE_VIEWS_MAX)),
        }
    }
}

/// The network a request comes from: never a whole address, never stored, never logged.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Reads the peer's address, and behind a trusted proxy the last address in `X-Forwarded-For` that is not itself
    /// a trusted proxy: what stands before it may be forged by the client.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> Option<Self> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        let trusted = |address: IpAddr| trusted_proxies.iter().any(|network| network.contains(&address));
        let mut address = peer.ip().to_canonical();
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        for text in forwarded.iter().rev() {
            if !trusted(address) {
                break;
            }
            let Ok(next) = text.parse::<IpAddr>() else { break };
            address = next.to_canonical();
        }
        Some(Self::truncate(address))
    }

    fn truncate(address: IpAddr) -> Self {
        let bits = match address {
            IpAddr::V4(_) => IPV4_PREFIX_BITS,
            IpAddr::V6(_) => IPV6_PREFIX_BITS,
        };
        Self(IpNet::new(address, bits).expect("the prefix is shorter than the address").trunc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(peer: &str, forwarded: &str, trusted: &str) -> Network {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
        Network::of(&extensions, &headers, &[trusted.parse().expect("a network")]).expect("a peer")
    }

    fn truncated(address: &str) -> Network {
        Network::truncate(address.parse().expect("an address"))
    }

    #[test]
    fn neighbours_share_a_network_and_strangers_do_not() {
        assert!(truncated("198.51.100.7") == truncated("198.51.100.200"));
        assert!(truncated("198.51.100.7") != truncated("198.51.101.7"));
        assert!(truncated("2001:db8:0:ff::1") == truncated("2001:db8:0:1::1"));
        assert!(truncated("2001:db8:0:100::1") != truncated("2001:db8::1"));
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let client = truncated("203.0.113.9");
        assert!(network("10.0.0.1", "203.0.113.9", "10.0.0.0/8") == client);
        assert!(network("198.51.100.7", "203.0.113.9", "10.0.0.0/8") != client);
    }

    #[test]
    fn a_client_cannot_forge_its_network_by_sending_the_header_itself() {
        let real = truncated("203.0.113.9");
        assert!(network("10.0.0.1", "192.0.2.1, 203.0.113.9", "10.0.0.0/8") == real);
        assert!(network("10.0.0.1", "192.0.2.1, 203.0.113.9, 10.0.0.2", "10.0.0.0/8") == real);
    }

    #[test]
    fn one_knock_too_many_is_told_how_long_to_wait() {
        let limit = Limit::per_minute(NonZeroU32::new(2).expect("not zero"));
        assert!(limit.knock("a").is_ok());
        assert!(limit.knock("a").is_ok());
        let Err(WebError::TooMany { wait }) = limit.knock("a") else { panic!("the third knock must be refused") };
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(30), "{wait:?}");
    }
}
