//! `beffroi doctor`: one file a check. Each says what it found, and of a fault how to mend it.

mod apps;
mod clock;
mod configuration;
mod data;
mod database;
mod disk;
mod proof;
mod push;
mod ways_in;

use super::Answer;
use crate::app;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use serde::Serialize;
use std::error::Error;

/// Check settings, keys, database, clock, disk, the index of each node and the way to the push services.
///
/// It changes no data and no settings, and a server may run or not; only --prove leaves a note in the database, which asks
/// the nodes for their proofs. Exit code 0: all is well. 1: something is wrong, and what to do
/// stands beside it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  beffroi doctor --config beffroi.toml\n  beffroi doctor --prove --format json")]
pub struct Args {
    /// How to print: for people, or one JSON object.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Ask every running node, by a note in the database, to compare its index with the database now, and wait for it.
    #[arg(long)]
    prove: bool,
    /// Leave out what reads the whole database.
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    /// Worth knowing; nothing is wrong.
    Note,
    Fault,
}

/// What a check found.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    what: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// Everything found, in the order of the checks.
#[derive(Debug, Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.findings.push(Finding { check, level: Level::Ok, what: what.into(), fix: None });
    }

    fn note(&mut self, check: &'static str, what: impl Into<String>) {
        self.findings.push(Finding { check, level: Level::Note, what: what.into(), fix: None });
    }

    fn fault(&mut self, check: &'static str, what: impl Into<String>, fix: impl Into<String>) {
        self.findings.push(Finding { check, level: Level::Fault, what: what.into(), fix: Some(fix.into()) });
    }

    fn faults(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == Level::Fault).count()
    }

    fn print(&self, format: Format) -> Answer {
        let faults = self.faults();
        match format {
            Format::Json => println!("{}", serde_json::json!({"ok": faults == 0, "findings": self.findings})),
            Format::Text => {
                for finding in &self.findings {
                    let sign = match finding.level {
                        Level::Ok => "ok    ",
                        Level::Note => "note  ",
                        Level::Fault => "FAULT ",
                    };
                    println!("{sign}{}: {}", finding.check, finding.what);
                    if let Some(fix) = &finding.fix {
                        println!("      → {fix}");
                    }
                }
            }
        }
        match faults {
            0 => eprintln!("All is well."),
            1 => eprintln!("1 thing is wrong."),
            _ => eprintln!("{faults} things are wrong."),
        }
        if faults == 0 { Answer::Done } else { Answer::No }
    }
}

/// What there is to say when even the settings cannot be read.
pub fn without_settings(args: &Args, error: &ConfigError) -> Answer {
    let mut report = Report::default();
    report.fault(
        configuration::CHECK,
        chain(error),
        "Mend that setting. Every setting with its meaning is in src/config/default.toml, and the RUNBOOK says which to set.",
    );
    report.print(args.format)
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    let mut report = Report::default();
    configuration::check(&mut report, &config);
    data::check(&mut report, &config);
    disk::check(&mut report, &config);
    if let Some(db) = database::open(&mut report, &config).await {
        if database::check(&mut report, &config, &db, args.quick).await {
            let clock = clock::check(&mut report, &config, &db).await;
            proof::check(&mut report, &config, &db, clock, &args).await;
            ways_in::check(&mut report, &db).await;
            push::check(&mut report, &config, &db).await;
        }
        db.close().await;
    }
    Ok(report.print(args.format))
}

/// An error with all its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Whether citizens are reached from here: whoever only tries it out need not have everything in order.
fn is_for_citizens(config: &Config) -> bool {
    config.server.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}

/// How long ago something was, in words.
fn ago(clock: Clock, at: jiff::Timestamp) -> String {
    let seconds = clock.now().duration_since(at).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s ago"),
        120..=7_199 => format!("{} minutes ago", seconds / 60),
        7_200..=172_799 => format!("{} hours ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// The database the settings name: of an address with a host only that, the port and the name, as anything else in it
/// may be a secret.
fn database_name(config: &Config) -> String {
    told_of(&app::store_url(config))
}

fn told_of(address: &str) -> String {
    let (scheme, _) = address.split_once(':').unwrap_or_default();
    if scheme == "sqlite" {
        return address.split('?').next().unwrap_or_default().to_owned();
    }
    let Ok(url) = url::Url::parse(address) else { return "the database".to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_told() {
        for (address, told) in [
            ("postgres://bob@127.0.0.1:1/db?password=sekret", "postgres://127.0.0.1:1/db"),
            ("postgres://bob:sekret@db.example/beffroi#sekret", "postgres://db.example/beffroi"),
            ("postgresql:///db?host=/run&password=sekret", "postgresql:///db"),
            ("sqlite:///var/lib/beffroi.db?mode=rwc", "sqlite:///var/lib/beffroi.db"),
            ("no address with sekret", "the database"),
        ] {
            assert_eq!(told_of(address), told);
        }
    }
}
