//! `beffroi sandbox`.

use super::Answer;
use crate::clock::Clock;
use crate::config::Config;
use crate::push::sandbox::{self, Authority, SandboxOptions};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Runs a push service of our own, for tests, demos and integrators.
///
/// It hands out subscriptions, checks and decrypts what is sent to them, and answers as it is told to. Its certificate
/// authority is kept in the data folder; name the file it prints as push.ca_file of the server that sends to it, and
/// set push.allow_private_endpoints.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  beffroi sandbox --listen 127.0.0.1:8443\n  \
    curl --cacert ./data/sandbox-ca.pem -X POST 'https://127.0.0.1:8443/subscriptions?count=3&status=410'")]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Also writes the certificate authority to this file.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    let authority = Authority::open(&config.data.dir)?;
    let file = match args.ca_out {
        Some(file) => {
            std::fs::write(&file, authority.certificate_pem())
                .with_context(|| format!("{} cannot be written", file.display()))?;
            file
        }
        None => authority.file().to_owned(),
    };
    let file = file.canonicalize().with_context(|| format!("{} cannot be found", file.display()))?;
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    println!("Sandbox is listening on {}", sandbox::origin(listener.local_addr()?));
    println!("CA file: {}", file.display());
    let options = SandboxOptions { authority, clock: Clock::system(), http1_only: false };
    sandbox::serve(listener, options, shutdown).await?;
    Ok(Answer::Done)
}
