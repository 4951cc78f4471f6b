//! `beffroi sign`: our own alerts, signed on their way out.

use super::Answer;
use crate::app;
use crate::cap::signature::{SignError, sign};
use crate::config::Config;
use anyhow::Context;
use std::io::Write;
use std::path::PathBuf;

/// Sign a CAP file with this installation's key, and print it.
///
/// The key is made at the first use and stays in `data.dir`. Receivers pin its certificate (`--certificate`).
/// Exit code 0: signed; 1: the document does not conform, or is signed already.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  beffroi sign alert.xml > signed.xml\n  beffroi sign --certificate > beffroi.pem")]
pub struct Args {
    /// The alert, a conforming CAP document.
    #[arg(required_unless_present = "certificate", conflicts_with = "certificate")]
    file: Option<PathBuf>,
    /// Print the certificate in PEM instead, for others to pin.
    #[arg(long)]
    certificate: bool,
}

pub fn run(args: &Args, config: &Config) -> anyhow::Result<Answer> {
    let Some(file) = &args.file else {
        let key = app::signing_key(config)?;
        eprintln!("SHA-256 of the public key: {}", key.public().fingerprint());
        print!("{}", key.certificate_pem());
        return Ok(Answer::Done);
    };
    let document = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let key = app::signing_key(config)?;
    match sign(&document, &key) {
        Ok(signed) => {
            let mut out = std::io::stdout().lock();
            out.write_all(&signed).and_then(|()| out.flush()).context("cannot write to standard output")?;
            eprintln!("Signed by the key {}.", key.public().fingerprint());
            Ok(Answer::Done)
        }
        Err(SignError::Document { findings }) => {
            for finding in &findings {
                eprintln!("{}:{}:{}: {}", file.display(), finding.line, finding.column, finding.message);
            }
            eprintln!("The document does not conform, so it is not signed. beffroi check says more.");
            Ok(Answer::No)
        }
        Err(error @ SignError::Signed) => {
            eprintln!("{}: {error}.", file.display());
            Ok(Answer::No)
        }
        Err(error @ (SignError::Long | SignError::Library(_))) => {
            Err(anyhow::Error::new(error).context(file.display().to_string()))
        }
    }
}
