//! `beffroi match`: who an alert reaches, without a server, so that anyone can check us.

pub(super) mod csv;
mod geojson;
mod ground;
mod places;
mod search;

use super::Answer;
use super::check::read_bounded;
use crate::cap::alert::Alert;
use crate::cap::finding::{Finding, Level};
use crate::cap::{self, Options, limits};
use crate::clock::Clock;
use anyhow::Context;
use places::{Kind, Places};
use roaring::RoaringBitmap;
use search::Index;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Print the ids of the places that alerts reach.
///
/// One id a line on standard output, sorted by their bytes (as `LC_ALL=C sort -u` does), each once. A place is reached
/// when someone in it could be in the area of any of the alerts: edges are straight in latitude and longitude,
/// distances are geodesic (WGS 84), what lies on a border is inside, and a radius is that around an exact point.
/// What an alert's geocodes name belongs to it where `--areas` gives it, as its profile has it. Only the ground counts: status, expiry and severity are not looked at, nor what a citizen would have chosen.
///
/// Places are CSV with the header `id,lat,lon,radius_km` (columns in any order; no radius means 0), or GeoJSON
/// features, one a line: a Point or a rectangle along parallels and meridians, with the property `radius_km` if wanted,
/// or any other Polygon or MultiPolygon. A feature's id stands beside its type or among its properties.
///
/// Exit code 0: places are printed. 1: no place is reached. 2: an alert would be refused, or a file cannot be read.
#[derive(Debug, clap::Args)]
#[command(
    name = "match",
    after_help = "Examples:\n  beffroi match --places citizens.csv --alert storm.xml --stats\n  \
        beffroi match --places cells.geojsonl --alert flood.xml surge.xml \\\n    \
        --areas communes.geojson aliases.tsv"
)]
pub struct Args {
    /// The places: CSV, or GeoJSON lines.
    #[arg(long, value_name = "FILE")]
    places: PathBuf,
    /// CAP alerts; what any of them reaches is printed.
    #[arg(long = "alert", value_name = "FILE", required = true, num_args = 1..)]
    alerts: Vec<PathBuf>,
    /// What geocodes stand for: named areas as GeoJSON, and tables of aliases, as `beffroi areas import` reads them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    areas: Vec<PathBuf>,
    /// The scheme of those areas and aliases that name none themselves.
    #[arg(long, value_name = "NAME", requires = "areas")]
    scheme: Option<String>,
    /// Print one line of figures, as JSON, on standard error.
    #[arg(long)]
    stats: bool,
}

/// One line on standard error.
#[derive(Debug, Serialize)]
struct Stats {
    places: usize,
    /// Ids printed.
    matched: usize,
    /// Reading and ordering the places.
    load_ms: u64,
    /// From the alerts, as they are in memory, to the places they reach.
    match_us: u64,
    /// Memory of the places as they are searched.
    index_bytes: usize,
}

pub fn run(args: &Args) -> anyhow::Result<Answer> {
    let alerts = args.alerts.iter().map(|file| read_alert(file)).collect::<anyhow::Result<Vec<Alert>>>()?;
    let gazetteer = ground::gazetteer(&args.areas, args.scheme.as_deref())?;
    let clock = Clock::system();
    let begin = clock.monotonic();
    let mut places = read_places(&args.places)?;
    let index = Index::over(&mut places)?;
    let load_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    let begin = clock.monotonic();
    let grounds = args.alerts.iter().zip(&alerts);
    let found = index.find(grounds.filter_map(|(file, alert)| ground::shape(file, alert, &gazetteer)));
    let match_us = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
    let ids = sorted(&places, &found);
    print(&ids).context("cannot write to standard output")?;
    if args.stats {
        let (places, index_bytes) = (places.len(), index.bytes() + places.id_bytes());
        let stats = Stats { places, matched: ids.len(), load_ms, match_us, index_bytes };
        eprintln!("{}", serde_json::to_string(&stats)?);
    }
    Ok(if ids.is_empty() { Answer::No } else { Answer::Done })
}

/// An alert as a server would take it.
fn read_alert(file: &Path) -> anyhow::Result<Alert> {
    let bytes = read_bounded(file, limits::BYTES_MAX).with_context(|| format!("{} cannot be read", file.display()))?;
    let reading = cap::read(&bytes, &Options::default());
    let accepted = reading.accepted();
    for finding in &reading.findings {
        let Finding { line, column, code, path, message, fix, .. } = finding;
        if finding.level == Level::Error && !finding.repaired {
            eprintln!("{}:{line}:{column}: {code} at {path}: {message} {fix}", file.display());
        }
    }
    let alert = reading.alert.filter(|_| accepted);
    alert.with_context(|| format!("{} is no alert that a server would take", file.display()))
}

fn read_places(file: &Path) -> anyhow::Result<Places> {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bytes = text.len();
    let told = std::io::stderr().is_terminal();
    let progress = |read: usize| {
        if told {
            eprint!("\r{}: {} %", file.display(), read * 100 / bytes.max(1));
        }
    };
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf\x1e".contains(byte));
    let places = if first == Some(&b'{') { geojson::read(text) } else { csv::read(text, progress) };
    if told {
        eprint!("\r\x1b[K");
    }
    places.map_err(|faults| anyhow::anyhow!("{} cannot be used:\n{faults}", file.display()))
}

/// The ids of what was found, sorted by their bytes, each once.
fn sorted<'a>(places: &'a Places, found: &[RoaringBitmap; 3]) -> Vec<&'a [u8]> {
    // Most ids differ in their first eight bytes: comparing these as one number looks into no text.
    let with_first = |id: &'a [u8]| {
        let mut first = [0; 8];
        let length = id.len().min(8);
        first[..length].copy_from_slice(&id[..length]);
        (u64::from_be_bytes(first), id)
    };
    let of_kind = |kind: Kind| found[kind as usize].iter().map(move |number| with_first(places.id(kind, number)));
    let mut ids: Vec<(u64, &[u8])> = Kind::ALL.into_iter().flat_map(of_kind).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|(_, id)| id).collect()
}

fn print(ids: &[&[u8]]) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for id in ids {
        out.write_all(id)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
