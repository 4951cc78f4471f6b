//! `beffroi sandbox`.

use super::Answer;
use crate::clock::Clock;
use crate::config::Config;
use crate::push::sandbox::{self, Authority, SandboxOptions};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Runs push services of our own, for tests, demos and integrators: Web Push, APNs and FCM.
///
/// They hand out subscriptions and credentials, check and decrypt what is sent to them, and answer as they are told to,
/// with scripted faults. The certificate authority and the credentials are kept in the data folder; name the file it
/// prints as push.ca_file of the server that sends to it, its address as push.apns.base_url and push.fcm.base_url, and
/// set push.allow_private_endpoints.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  beffroi sandbox --listen 127.0.0.1:8443\n  \
    curl --cacert ./data/sandbox-ca.pem -X POST 'https://127.0.0.1:8443/subscriptions?count=3&status=410'\n  \
    curl --cacert ./data/sandbox-ca.pem -X PUT 'https://127.0.0.1:8443/faults?fault=throttled&share=0.3&retry_after=5&times=1'\n  \
    curl --cacert ./data/sandbox-ca.pem 'https://127.0.0.1:8443/counts?each=false'")]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Also writes the certificate authority to this file.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Decrypts and keeps only every Nth push, for speed; the others are checked and counted.
    #[arg(long, value_name = "N", default_value_t = 1)]
    decrypt_every: u64,
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
    let file = absolute(&file)?;
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    let origin = sandbox::origin(listener.local_addr()?);
    let files = sandbox::write_credentials(&authority, &origin)?;
    println!("Sandbox is listening on {origin}");
    println!("CA file: {}", file.display());
    println!(
        "APNs key: {}, key id {}, team id {}, topic {}",
        absolute(&files.apns_key)?.display(),
        files.apns_key_id,
        files.apns_team_id,
        files.apns_topic
    );
    println!("FCM service account: {}", absolute(&files.fcm_account)?.display());
    let (clock, decrypt_every) = (Clock::system(), args.decrypt_every);
    let options = SandboxOptions { authority, clock, http1_only: false, decrypt_every };
    sandbox::serve(listener, options, shutdown).await?;
    Ok(Answer::Done)
}

/// For whoever stands in another folder.
fn absolute(file: &Path) -> anyhow::Result<PathBuf> {
    file.canonicalize().with_context(|| format!("{} cannot be found", file.display()))
}
