//! The sandbox of push services, in a process of its own.

use crate::config::Config;
use crate::push::sandbox::{APNS_KEY_FILE, FCM_ACCOUNT_FILE};
use anyhow::{Context, bail};
use reqwest::{Certificate, Client, Method};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::oneshot;
use url::Url;

/// One of so many pushes is decrypted, so that the sandbox holds nothing up.
const DECRYPT_EVERY: &str = "1000";
/// How long it may take to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(60);
const LISTENING: &str = "Sandbox is listening on ";
const CERTIFICATE: &str = "CA file: ";

/// A sandbox that ends with this value.
pub struct Services {
    child: Child,
    folder: PathBuf,
    ca_file: PathBuf,
    pub origin: String,
    http: Client,
}

impl Services {
    /// Starts this very program as a sandbox, with its files below the folder.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join("sandbox");
        let program = std::env::current_exe().context("this program does not know where it is")?;
        let mut child = Command::new(program)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--decrypt-every", DECRYPT_EVERY])
            .env("BEFFROI__DATA__DIR", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the sandbox cannot be started")?;
        let output = child.stdout.take().context("the sandbox has no standard output")?;
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let mut after = |begin: &str| lines.find_map(|line| line.strip_prefix(begin).map(str::to_owned));
            let said = after(LISTENING).zip(after(CERTIFICATE));
            // Nobody waits any more when it took too long.
            drop(tell.send(said));
            lines.for_each(drop);
        });
        let told = tokio::time::timeout(PATIENCE, told).await;
        let Ok(Ok(Some((origin, ca_file)))) = told else {
            drop(child.kill());
            bail!("the sandbox does not start");
        };
        let ca_file = PathBuf::from(ca_file);
        let pem = std::fs::read(&ca_file).context("the sandbox's certificate")?;
        let http =
            Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only([Certificate::from_pem(&pem)?]).build()?;
        Ok(Self { child, folder, ca_file, origin, http })
    }

    /// The settings with which a server sends here and nowhere else.
    pub async fn configure(&self, mut config: Config) -> anyhow::Result<Config> {
        let credentials = self.ask(Method::GET, "/credentials").await?;
        let text = |name: &str| credentials["apns"][name].as_str().unwrap_or_default().to_owned();
        let base = Url::parse(&self.origin)?;
        let push = &mut config.push;
        push.allow_private_endpoints = true;
        push.ca_file = Some(self.ca_file.clone());
        push.hosts = base.host_str().map(str::to_owned).into_iter().collect();
        push.apns.base_url = base.clone();
        push.apns.sandbox_base_url = None;
        push.apns.key_file = Some(self.folder.join(APNS_KEY_FILE));
        (push.apns.key_id, push.apns.team_id) = (text("key_id"), text("team_id"));
        push.apns.topics = vec![text("topic")];
        push.fcm.base_url = base;
        push.fcm.service_account_file = Some(self.folder.join(FCM_ACCOUNT_FILE));
        Ok(config)
    }

    /// Asks its management.
    pub async fn ask(&self, method: Method, path: &str) -> anyhow::Result<Value> {
        let response = self.http.request(method, format!("{}{path}", self.origin)).send().await;
        let response = response.and_then(reqwest::Response::error_for_status).context("the sandbox does not answer")?;
        let bytes = response.bytes().await.context("the sandbox's answer breaks off")?;
        Ok(if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? })
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
