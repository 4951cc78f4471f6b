//! What every handler may use. Cheap to clone.

use super::limit::Limits;
use super::originals::Originals;
use super::password::Passwords;
use crate::audience::Audience;
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::Bell;
use crate::pipeline::collect::Inbox;
use crate::push::endpoint::EndpointPolicy;
use crate::store::Db;
use crate::store::vault::Vault;
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use tokio::sync::watch;
use url::Url;

#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    /// Seals what tells who someone is.
    pub vault: Arc<Vault>,
    pub audience: Audience,
    /// The way to change alerts and broadcasts.
    pub bell: Bell,
    /// Where devices' receipts are left.
    pub inbox: Inbox,
    /// The address citizens see, without a path.
    pub public_url: Url,
    /// The application server key of our pushes (RFC 8292), base64url.
    pub vapid_public_key: Arc<str>,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Real time at which this node started.
    pub started: Timestamp,
    /// Becomes true when the service is asked to stop: streams without an end must end then.
    pub closing: watch::Receiver<bool>,
    /// Which push services subscriptions may name.
    pub endpoints: Arc<EndpointPolicy>,
    pub limits: Arc<Limits>,
    /// Public alerts that were read lately.
    pub originals: Arc<Originals>,
    pub passwords: Passwords,
}
