//! Settings: `default.toml` (every one, commented), then a file, then `BEFFROI__SECTION__KEY`, checked before use.

mod host;
mod push;

pub use host::HostPattern;
pub use push::{ARMED_DEPTH_MAX, Apns, Fcm, Push};

use config::{Environment, File, FileFormat};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Every setting with its default and its comment.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub database: Database,
    pub alerts: Alerts,
    pub subscriptions: Subscriptions,
    pub receipts: Receipts,
    pub push: Push,
    pub dispatch: Dispatch,
    pub fatigue: Fatigue,
    pub clock: ClockSection,
    pub log: Log,
    pub map: Map,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    #[serde(deserialize_with = "empty_is_none")]
    pub public_url: Option<Url>,
    pub name: String,
    pub trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(deserialize_with = "empty_is_none")]
    pub url: Option<Url>,
    pub connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    pub body_bytes_max: usize,
    pub posts_per_minute: std::num::NonZeroU32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscriptions {
    pub changes_per_minute: std::num::NonZeroU32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    pub requests_per_minute: std::num::NonZeroU32,
    pub retention_days: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    #[serde(rename = "lease_ms", deserialize_with = "milliseconds")]
    pub lease: Duration,
    #[serde(rename = "retry_first_ms", deserialize_with = "milliseconds")]
    pub retry_first: Duration,
    #[serde(rename = "retry_longest_ms", deserialize_with = "milliseconds")]
    pub retry_longest: Duration,
    #[serde(rename = "poll_ms", deserialize_with = "milliseconds")]
    pub poll: Duration,
    #[serde(deserialize_with = "empty_is_none")]
    pub halt_at: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fatigue {
    pub rings_per_day: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSection {
    #[serde(deserialize_with = "empty_is_none")]
    pub start: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    pub tile_url: String,
    pub tile_attribution: String,
    pub latitude: f64,
    pub longitude: f64,
    pub zoom: u8,
}

/// What is wrong with the settings, and where.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the settings cannot be read: {0}")]
    Read(#[from] config::ConfigError),
    #[error("{setting}: {problem}")]
    Invalid { setting: &'static str, problem: String },
}

impl Config {
    /// Reads the defaults, the file if one is given, and the environment; refuses what cannot work.
    ///
    /// # Errors
    /// A file or value that cannot be read, an unknown setting, or settings that contradict each other.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULT_TOML, FileFormat::Toml));
        if let Some(path) = file {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        let environment = Environment::with_prefix("BEFFROI")
            .prefix_separator("__")
            .separator("__")
            .list_separator(",")
            .with_list_parse_key("push.hosts")
            .with_list_parse_key("push.apns.topics")
            .with_list_parse_key("server.trusted_proxies")
            .try_parsing(true);
        let settings: Self = builder.add_source(environment).build()?.try_deserialize()?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |setting, problem: &str| Err(ConfigError::Invalid { setting, problem: problem.to_owned() });
        for (setting, is_set) in
            [("clock.start", self.clock.start.is_some()), ("dispatch.halt_at", self.dispatch.halt_at.is_some())]
        {
            if is_set && !self.push.allow_private_endpoints {
                return refuse(
                    setting,
                    "only accepted together with push.allow_private_endpoints, for tests and sandboxes",
                );
            }
        }
        self.push.check()?;
        if let Some(url) = &self.database.url
            && !matches!(url.scheme(), "sqlite" | "postgres" | "postgresql")
        {
            return refuse("database.url", "must begin with sqlite: or postgres:");
        }
        if let Some(url) = &self.server.public_url
            && (!matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base())
        {
            return refuse("server.public_url", "must be an http or https address");
        }
        for (setting, number) in [
            ("database.connections", self.database.connections as usize),
            ("alerts.body_bytes_max", self.alerts.body_bytes_max),
        ] {
            if number == 0 {
                return refuse(setting, "must be at least 1");
            }
        }
        Ok(())
    }
}

/// Text of a setting that means "none" when it is empty.
fn empty_is_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { parse(&text).map(Some) }
}

fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    parse(&String::deserialize(deserializer)?)
}

fn parse<T, E>(text: &str) -> Result<T, E>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
    E: serde::de::Error,
{
    text.parse().map_err(|error| E::custom(format!("{text:?}: {error}")))
}

fn empty_path_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_valid() {
        let config = Config::load(None).expect("the defaults");
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert!(!config.push.allow_private_endpoints);
    }

    #[test]
    fn what_is_for_tests_is_refused_where_citizens_could_be_reached() {
        let mut config = Config::load(None).expect("the defaults");
        config.clock.start = Some("2025-01-01T00:00:00Z".parse().expect("a time"));
        let error = config.check().expect_err("must be refused");
        assert!(error.to_string().contains("clock.start"), "{error}");
        config.clock.start = None;
        config.dispatch.halt_at = Some("started:1".to_owned());
        let error = config.check().expect_err("must be refused");
        assert!(error.to_string().contains("dispatch.halt_at"), "{error}");
    }
}
