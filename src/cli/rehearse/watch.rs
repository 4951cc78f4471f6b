//! Posting the alerts and watching what the push services accept of them.

use super::services::Services;
use super::stage::Progress;
use crate::clock::{self, Clock};
use anyhow::{Context, bail};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// How often the sandbox is asked.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often the service is asked how many are armed: seldom, since its answer costs what is measured.
const ARMED_LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long nothing may move before what is missing counts as lost.
const STILL_MAX: Duration = Duration::from_secs(60);
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The service under rehearsal, from outside.
pub struct Server {
    base: String,
    key: String,
    http: Client,
}

/// How long planning took, as the service itself measured it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Planning {
    pub match_ms: f64,
    /// Matching included.
    pub plan_ms: f64,
}

impl std::ops::Sub for Planning {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { match_ms: self.match_ms - before.match_ms, plan_ms: self.plan_ms - before.plan_ms }
    }
}

/// What the push services have of one alert.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Broadcast {
    /// People, each once.
    pub accepted: u64,
    pub duplicates: u64,
    /// Real time, milliseconds since 1970.
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
}

/// How it ended.
pub struct End {
    pub broadcast: Broadcast,
    /// What this process had used of processors by then.
    pub cpu_time: Duration,
}

impl Server {
    pub fn new(address: SocketAddr, key: String) -> anyhow::Result<Self> {
        let http = Client::builder().no_proxy().timeout(ANSWER_MAX).build()?;
        Ok(Self { base: format!("http://{address}"), key, http })
    }

    /// Posts an alert, as an integrator does; gives its id.
    pub async fn post(&self, cap: String) -> anyhow::Result<String> {
        let request = self.http.post(format!("{}/api/v1/alerts", self.base)).bearer_auth(&self.key);
        let response = request.header(CONTENT_TYPE, "application/cap+xml").body(cap).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        match answer["id"].as_str() {
            Some(id) if answer["state"] == "approved" => Ok(id.to_owned()),
            _ => bail!("the rehearsal's alert does not ring ({status}): {text}"),
        }
    }

    async fn metrics(&self) -> anyhow::Result<String> {
        Ok(self.http.get(format!("{}/metrics", self.base)).send().await?.text().await?)
    }

    /// Of all alerts planned so far.
    pub async fn planning(&self) -> anyhow::Result<Planning> {
        let text = self.metrics().await?;
        let sum_ms = |name: &str| {
            let seconds = value(&text, name).with_context(|| format!("/metrics tells no {name}"))?;
            anyhow::Ok(seconds * 1_000.0)
        };
        Ok(Planning { match_ms: sum_ms("beffroi_match_seconds_sum")?, plan_ms: sum_ms("beffroi_plan_seconds_sum")? })
    }
}

fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Waits until so many messages are armed.
pub async fn armed(server: &Server, wanted: u64, progress: &Progress) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut turns = tokio::time::interval(ARMED_LOOK_EVERY);
    let (mut armed, mut moved) = (0, clock.monotonic());
    while armed < wanted {
        turns.tick().await;
        let now = value(&server.metrics().await?, "beffroi_push_armed").unwrap_or_default() as u64;
        if now != armed {
            (armed, moved) = (now, clock.monotonic());
        }
        if clock.monotonic().duration_since(moved) > STILL_MAX {
            bail!("only {armed} of {wanted} messages are armed");
        }
        progress.count("armed", armed, wanted);
    }
    Ok(())
}

/// Waits until the first push of an alert is accepted; when that was. `None`: nothing came.
pub async fn begun(services: &Services, alert: &str) -> anyhow::Result<Option<i64>> {
    let clock = Clock::system();
    let begun = clock.monotonic();
    let mut turns = tokio::time::interval(LOOK_EVERY);
    while clock.monotonic().duration_since(begun) < STILL_MAX {
        turns.tick().await;
        let seen = look(services, alert).await?;
        if seen.first_ms.is_some() {
            return Ok(seen.first_ms);
        }
    }
    Ok(None)
}

/// Waits until an alert was accepted for everybody, or nothing moves any more.
pub async fn to_the_end(services: &Services, alert: &str, all: u64, progress: &Progress) -> anyhow::Result<End> {
    let clock = Clock::system();
    let mut turns = tokio::time::interval(LOOK_EVERY);
    let mut end = End { broadcast: Broadcast::default(), cpu_time: clock::cpu_time() };
    let mut moved = clock.monotonic();
    while end.broadcast.accepted < all && clock.monotonic().duration_since(moved) < STILL_MAX {
        turns.tick().await;
        let seen = look(services, alert).await?;
        if seen != end.broadcast {
            end = End { broadcast: seen, cpu_time: clock::cpu_time() };
            moved = clock.monotonic();
        }
        progress.count("pushes", seen.accepted, all);
    }
    Ok(end)
}

/// What the sandbox has accepted of an alert, over all channels.
async fn look(services: &Services, alert: &str) -> anyhow::Result<Broadcast> {
    let counts = services.ask(Method::GET, "/counts?each=false").await?;
    let mut all = Broadcast::default();
    for message in counts["messages"].as_array().into_iter().flatten().filter(|it| it["alert"] == alert) {
        let number = |name: &str| message[name].as_u64().unwrap_or_default();
        all.accepted += number("accepted") - number("duplicates");
        all.duplicates += number("duplicates");
        let (first, last) = (message["first_ms"].as_i64(), message["last_ms"].as_i64());
        all.first_ms = all.first_ms.min(first).or(first).or(all.first_ms);
        all.last_ms = all.last_ms.max(last);
    }
    Ok(all)
}
