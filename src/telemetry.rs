//! Logs to standard error and the metrics that `/metrics` shows. Names of metrics begin with `beffroi_`.

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Libraries that log addresses of requests, which are citizens' endpoints, when they log in full.
const QUIET_LIBRARIES: [&str; 4] = ["h2=info", "hyper=info", "hyper_util=info", "sqlx=warn"];

/// Bounds of the buckets in which the time to a push's acceptance is counted, seconds.
const PUSH_BUCKETS_S: [f64; 13] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];

/// How often what histograms were told is gathered.
const GATHER_EVERY: Duration = Duration::from_secs(5);

/// Why nothing can be logged or measured.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("log.filter is not a tracing filter")]
    Filter(#[from] ParseError),
    #[error("metrics cannot be gathered")]
    Metrics(#[from] BuildError),
}

/// Starts logging.
///
/// # Errors
/// `log.filter` cannot be understood.
pub fn log(settings: &Log) -> Result<(), TelemetryError> {
    let mut filter = EnvFilter::try_new(&settings.filter)?;
    for library in QUIET_LIBRARIES {
        filter = filter.add_directive(library.parse().expect("a directive"));
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// Starts measuring; the handle renders what `/metrics` shows.
///
/// # Errors
/// Metrics were started already in this process.
pub fn measure() -> Result<PrometheusHandle, TelemetryError> {
    let accepted_after = Matcher::Full("beffroi_accepted_after_seconds".to_owned());
    let handle =
        PrometheusBuilder::new().set_buckets_for_metric(accepted_after, &PUSH_BUCKETS_S)?.install_recorder()?;
    metrics::describe_counter!("beffroi_alerts_total", "Alerts stored, by state when they came.");
    metrics::describe_counter!("beffroi_push_outcomes_total", "What push services answered, by channel and tier.");
    metrics::describe_counter!(
        "beffroi_push_misconfigured_total",
        "How often it was told that a push service refuses us, for everyone or for many."
    );
    metrics::describe_counter!("beffroi_push_rejected_total", "Pushes rejected for good, by channel and reason.");
    metrics::describe_counter!(
        "beffroi_receipts_total",
        "Receipts by event and result: counted, repeated, refused (invented), late (after retention), dropped (no room)."
    );
    metrics::describe_gauge!("beffroi_push_armed", "Web Push messages whose cryptography is done ahead on this node.");
    metrics::describe_gauge!("beffroi_push_connections", "Open connections, by push service.");
    metrics::describe_gauge!("beffroi_push_breaker", "By push service: 0 sent to, 1 probed, 2 left alone.");
    metrics::describe_gauge!("beffroi_push_paused", "Push services paused on this node since they refuse us.");
    metrics::describe_histogram!("beffroi_dispatch_writes_together", "Claims and reports in one commit.");
    metrics::describe_counter!("beffroi_http_requests_total", "Requests answered, by route and status.");
    metrics::describe_gauge!("beffroi_audience_people", "People in the index of this node.");
    metrics::describe_gauge!("beffroi_audience_change", "Number of the last change in the index of this node.");
    metrics::describe_gauge!("beffroi_audience_behind_seconds", "For how long changes could not be read; 0: in step.");
    metrics::describe_counter!("beffroi_audience_read_again_total", "Everyone read again since changes were lost.");
    metrics::describe_gauge!("beffroi_named_areas", "Named areas that this node knows.");
    metrics::describe_gauge!("beffroi_named_areas_failed", "1: new ones cannot be read, those known before are used.");
    metrics::describe_counter!("beffroi_named_areas_unread_total", "Times that named areas could not be read.");
    metrics::describe_counter!("beffroi_audience_proofs_total", "Comparisons of index and database, by verdict.");
    metrics::describe_gauge!(
        "beffroi_audience_agrees",
        "1: index and database agreed when last compared; 0: an alarm."
    );
    metrics::describe_histogram!("beffroi_audience_proof_seconds", "Time to compare index and database.");
    metrics::describe_histogram!("beffroi_accepted_after_seconds", "Time from received to accepted, by tier.");
    metrics::describe_histogram!("beffroi_match_seconds", "The part of planning that finds who is in the area.");
    metrics::describe_histogram!("beffroi_plan_seconds", "Time to target and plan one broadcast.");
    Ok(handle)
}

/// Gathers what histograms were told, again and again until the service closes: where nobody asks for metrics, each
/// push would keep its own few bytes.
pub async fn gather(handle: PrometheusHandle, mut closing: watch::Receiver<bool>) {
    while !*closing.borrow() {
        tokio::select! {
            () = tokio::time::sleep(GATHER_EVERY) => handle.run_upkeep(),
            _ = closing.changed() => {}
        }
    }
}
