//! `beffroi check`: says of files what a server would say, without one.

use super::Answer;
use crate::cap::finding::{Finding, Level};
use crate::cap::signature::{PublicKey, Trust};
use crate::cap::{self, Options, Outline, Profile, Root, Survey};
use anyhow::Context;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Files looked at in one run.
const FILES_MAX: usize = 1_000_000;

/// Check CAP files, and feeds of CAP, without sending them.
///
/// Results go to standard output, a summary to standard error. Exit code 0: every file conforms. 1: one does not.
/// 2: a path is not there. Profiles that an alert claims are looked at too; what they ask for is an error only with
/// `--profile`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  beffroi check alert.xml drafts/ --format json\n  beffroi check alert.xml --profile ipaws"
)]
pub struct Args {
    /// Files, or folders that are walked.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to print: for people, or one JSON object a line for each file.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The profile that every file must conform to.
    #[arg(long, value_enum, value_name = "NAME")]
    profile: Option<Profile>,
    /// A certificate or public key whose signatures are trusted, whoever the sender; more than one may be given.
    #[arg(long = "signer", value_name = "FILE")]
    signers: Vec<PathBuf>,
}

impl clap::ValueEnum for Profile {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Alert,
    Feed,
    /// Not XML, some other XML, or a file that cannot be read.
    Unreadable,
}

/// One line of `--format json`.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    ok: bool,
    accepted: bool,
    kind: Kind,
    alerts: Vec<Outline>,
    findings: Vec<Finding>,
}

/// Checks every file and prints what was found.
pub fn run(args: &Args) -> anyhow::Result<Answer> {
    let files = files(&args.paths)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut trust = Trust::default();
    for path in &args.signers {
        let file = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        trust.pin_for_anyone(PublicKey::from_file(&file).with_context(|| path.display().to_string())?);
    }
    let options = Options { profile: args.profile, trust, ..Options::default() };
    let (mut conform, mut mended) = (0, 0);
    for file in &files {
        let checked = check(file, &options);
        conform += usize::from(checked.ok);
        mended += usize::from(checked.accepted && !checked.ok);
        print(&mut out, &checked, args.format).context("cannot write to standard output")?;
    }
    out.flush().context("cannot write to standard output")?;
    let others = files.len() - conform - mended;
    eprintln!("{} files: {conform} conform, {mended} would be taken after repairs, {others} would not.", files.len());
    Ok(if conform == files.len() && !files.is_empty() { Answer::Done } else { Answer::No })
}

/// Every file named, and every file in the folders named, sorted within each. Hidden ones in folders are left out.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let about = std::fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
        if about.is_dir() {
            files.extend(walk(path)?);
        } else {
            files.push(path.clone());
        }
        anyhow::ensure!(files.len() <= FILES_MAX, "more than {FILES_MAX} files");
    }
    Ok(files)
}

/// The files below a folder, sorted. Links to folders are not followed, so that the walk ends.
fn walk(top: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if entry.file_type().with_context(|| format!("cannot look at {}", path.display()))?.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
        anyhow::ensure!(files.len() <= FILES_MAX, "more than {FILES_MAX} files in {}", top.display());
    }
    files.sort();
    Ok(files)
}

fn check(file: &Path, options: &Options) -> Checked {
    let name = file.to_string_lossy().into_owned();
    let bytes = match read_bounded(file, options.limits.feed_bytes_max) {
        Ok(bytes) => bytes,
        Err(error) => {
            let findings = vec![unreadable(&error)];
            return Checked {
                file: name,
                ok: false,
                accepted: false,
                kind: Kind::Unreadable,
                alerts: vec![],
                findings,
            };
        }
    };
    let survey = cap::survey(&bytes, options);
    let (ok, accepted) = (survey.ok(), survey.accepted());
    let Survey { root, outlines, findings, .. } = survey;
    Checked { file: name, ok, accepted, kind: kind_of(root), alerts: outlines, findings }
}

const fn kind_of(root: Root) -> Kind {
    match root {
        Root::Alert => Kind::Alert,
        Root::Feed => Kind::Feed,
        Root::Other | Root::Unreadable => Kind::Unreadable,
    }
}

/// The file, or as much of it as shows that it is too large.
pub(super) fn read_bounded(file: &Path, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(error: &std::io::Error) -> Finding {
    Finding {
        level: Level::Error,
        code: "file-unreadable".to_owned(),
        path: "/".to_owned(),
        line: 1,
        column: 1,
        repaired: false,
        clause: "CAP 1.2 §3.2.1 alert".to_owned(),
        message: format!("The file cannot be read: {error}."),
        fix: "Look at the file's permissions.".to_owned(),
    }
}

fn print(out: &mut impl Write, checked: &Checked, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer(&mut *out, checked)?;
            writeln!(out)?;
        }
        Format::Text => print_text(out, checked)?,
    }
    Ok(())
}

fn print_text(out: &mut impl Write, checked: &Checked) -> std::io::Result<()> {
    let verdict = match (checked.ok, checked.accepted) {
        (true, _) => "conforms",
        (false, true) => "does not conform, but can be repaired safely",
        (false, false) => "does not conform",
    };
    let profiles: BTreeSet<&str> = checked.alerts.iter().flat_map(|alert| &alert.profiles).copied().collect();
    if profiles.is_empty() {
        writeln!(out, "{}: {verdict}", checked.file)?;
    } else {
        let profiles: Vec<&str> = profiles.into_iter().collect();
        writeln!(out, "{}: {verdict} (profiles looked at: {})", checked.file, profiles.join(", "))?;
    }
    for finding in &checked.findings {
        let level = match (finding.level, finding.repaired) {
            (Level::Error, true) => "error (repaired)",
            (Level::Error, false) => "error",
            (Level::Warning, _) => "warning",
            (Level::Note, _) => "note",
        };
        let Finding { line, column, code, path, message, clause, fix, .. } = finding;
        writeln!(out, "  {line}:{column} {level} {code} at {path}")?;
        writeln!(out, "      {message} {fix} ({clause})")?;
    }
    Ok(())
}
