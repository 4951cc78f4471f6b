//! `beffroi post`.

use super::Answer;
use crate::config::Config;
use anyhow::{Context, bail};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How long the server may take to answer, seconds.
const ANSWER_S_MAX: u64 = 60;

/// Sends a CAP file to a server and prints what the server says.
///
/// Exit code 0: taken; 1: refused, the answer says why; 2: no server, no file, no key.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: beffroi post storm.xml --url https://alerts.region.example --key bfr_live_…")]
pub struct Args {
    file: PathBuf,
    /// The server's address; the one of the settings if left out.
    #[arg(long)]
    url: Option<Url>,
    /// The integrator's key.
    #[arg(long, env = "BEFFROI_KEY", hide_env_values = true)]
    key: String,
    /// Only ask what would happen: nothing is stored or sent.
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    let bytes = std::fs::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let base = match args.url.or(config.server.public_url) {
        Some(url) => url,
        None => Url::parse(&format!("http://{}", config.server.listen))?,
    };
    let mut url = base.join("api/v1/alerts").context("--url is no address of a server")?;
    if args.dry_run {
        url.set_query(Some("dry_run=true"));
    }
    // Only fails when there is one already, which serves as well.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let client = reqwest::Client::builder().timeout(Duration::from_secs(ANSWER_S_MAX)).build()?;
    let request = client.post(url).bearer_auth(args.key).header(CONTENT_TYPE, "application/cap+xml").body(bytes);
    let response = request.send().await.context("the server does not answer")?;
    let status = response.status();
    let text = response.text().await.context("the server's answer breaks off")?;
    println!("{}", text.trim_end());
    eprintln!("{}", in_words(status.as_u16(), &text));
    if status.is_server_error() {
        bail!("the server failed: try again");
    }
    Ok(if status.is_success() { Answer::Done } else { Answer::No })
}

/// What a person reads.
fn in_words(status: u16, text: &str) -> String {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let said = |name: &str| answer[name].as_str().unwrap_or_default();
    let mut words = match status {
        200 if answer["dry_run"] == true => format!("Nothing was stored or sent; it would be {}.", said("state")),
        200 => format!("Taken before; it was {} then.", said("state")),
        202 => format!("Taken; it is {}.", said("state")),
        _ => format!("Refused ({status}): {}", said("detail")),
    };
    if (200..300).contains(&status) && !said("detail").is_empty() {
        words = format!("{words} {}", said("detail"));
    }
    for finding in answer["findings"].as_array().into_iter().flatten() {
        let part = |name: &str| finding[name].as_str().unwrap_or_default();
        words.push_str(&format!("\n{}: {} at {}: {}", part("level"), part("code"), part("path"), part("message")));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_every_finding() {
        let text = r#"{"detail":"not acceptable","findings":[
            {"level":"error","code":"a","path":"/alert/sent","message":"m"},{"level":"note","code":"b"}]}"#;
        let words = in_words(422, text);
        assert!(words.starts_with("Refused (422): not acceptable\nerror: a at /alert/sent: m\nnote: b"), "{words}");
    }

    #[test]
    fn an_answer_that_is_no_json_is_still_told() {
        assert_eq!(in_words(502, "<html>"), "Refused (502): ");
    }
}
