//! `beffroi serve`.

use super::Answer;
use crate::config::Config;
use crate::{app, telemetry};
use tokio::signal::unix::{SignalKind, signal};

/// Runs the whole service on one node.
///
/// With no configuration: SQLite and keys under ./data, listening on 127.0.0.1:8080. On the first start it makes its
/// keys and prints one setup link for the first administrator.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: BEFFROI__SERVER__LISTEN=0.0.0.0:8080 beffroi serve --config beffroi.toml")]
pub struct Args {}

pub async fn run(_args: Args, config: Config) -> anyhow::Result<Answer> {
    telemetry::log(&config.log)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop: what is under way is written down first");
    };
    app::serve(config, app::Told::People, stop).await?;
    Ok(Answer::Done)
}
