//! The command line: one file per verb. Human text goes to standard error, results to standard output.

mod areas;
mod check;
mod doctor;
mod key;
mod matching;
mod operator;
mod post;
mod rehearse;
mod sandbox;
mod serve;
mod sign;
mod signer;

use crate::config::Config;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Civic emergency alerts: CAP in, the right people found, an encrypted push out.
#[derive(Debug, Parser)]
#[command(name = "beffroi", version, arg_required_else_help = true)]
struct Cli {
    /// Settings file (TOML). Every setting can also be given as BEFFROI__SECTION__KEY.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Serve(serve::Args),
    Check(check::Args),
    Match(matching::Args),
    Doctor(doctor::Args),
    Post(post::Args),
    Areas(areas::Args),
    Key(key::Args),
    Operator(operator::Args),
    Signer(signer::Args),
    Sign(sign::Args),
    Sandbox(sandbox::Args),
    Rehearse(rehearse::Args),
}

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Exit code 0.
    Done,
    /// The answer is no: invalid, refused, nothing found. Exit code 1.
    No,
}

/// Exit code for wrong usage or an environment that does not let us work.
const EXIT_USAGE: u8 = 2;

/// Reads the arguments, runs the verb, and says how it ended.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    match run_verb(cli).await {
        Ok(Answer::Done) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("beffroi: {error:#}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

async fn run_verb(cli: Cli) -> anyhow::Result<Answer> {
    let config = Config::load(cli.config.as_deref());
    let config = match (config, &cli.verb) {
        // The first thing it tells.
        (Err(error), Verb::Doctor(args)) => return Ok(doctor::without_settings(args, &error)),
        (config, _) => config?,
    };
    match cli.verb {
        Verb::Serve(args) => serve::run(args, config).await,
        Verb::Doctor(args) => doctor::run(args, config).await,
        Verb::Check(args) => check::run(&args),
        Verb::Match(args) => matching::run(&args),
        Verb::Post(args) => post::run(args, config).await,
        Verb::Areas(args) => areas::run(args, config).await,
        Verb::Key(args) => key::run(args, config).await,
        Verb::Operator(args) => operator::run(args, config).await,
        Verb::Signer(args) => signer::run(args, config).await,
        Verb::Sign(args) => sign::run(&args, &config),
        Verb::Sandbox(args) => sandbox::run(args, config).await,
        Verb::Rehearse(args) => rehearse::run(args, config).await,
    }
}
