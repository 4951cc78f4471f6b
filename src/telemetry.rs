//! Logs to standard error and the metrics that `/metrics` shows. Names of metrics begin with `beffroi_`.

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Libraries that log addresses of requests, which are citizens' endpoints, when they log in full.
const QUIET_LIBRARIES: [&str; 4] = ["h2=info", "hyper=info", "hyper_util=info", "sqlx=warn"];

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
    let handle = PrometheusBuilder::new().install_recorder()?;
    metrics::describe_counter!("beffroi_alerts_total", "Alerts stored, by state when they came.");
    metrics::describe_counter!("beffroi_push_outcomes_total", "What push services answered.");
    metrics::describe_counter!("beffroi_push_misconfigured_total", "Batches put back since a service refuses us.");
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
    metrics::describe_histogram!("beffroi_plan_seconds", "Time to target and plan one broadcast.");
    Ok(handle)
}
