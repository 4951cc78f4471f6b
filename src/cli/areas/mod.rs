//! `beffroi areas`: the named areas that geocodes of alerts stand for, and that people follow.

pub(super) mod fields;
pub(super) mod gather;
mod geojson;
mod remove;
mod table;

use super::Answer;
use crate::app;
use crate::config::Config;
use crate::geo::code::AreaCode;
use crate::model::operator::Actor;
use crate::store::{self, Db, StoreError};
use anyhow::Context;
use fields::Fields;
use gather::Gathered;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Faults of a file that are told one by one.
const FAULTS_SHOWN_MAX: usize = 20;

/// Load the named areas that geocodes of alerts stand for: counties, communes, forecast zones.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  beffroi areas import communes.geojson --scheme INSEE --name nom")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Import(Import),
    Remove(remove::Args),
    /// Lists the schemes: name, number of areas, number of other names, separated by tabs.
    List,
}

/// Loads areas from GeoJSON, or other names of areas from a table. A running server knows them at its next alert.
///
/// FILE is a GeoJSON FeatureCollection; or GeoJSON features, one a line; or an alias table: lines of tab-, comma- or
/// semicolon-separated cells under the header `scheme code target_scheme target_code`, each saying that a code stands
/// for another (one code may stand for several).
///
/// An area that is here already is replaced; what FILE lacks stays, as people may follow it. A name or a population that
/// FILE does not give is kept. What a code stands for as another name is replaced by what FILE says of that code. All of FILE is loaded, or, where anything in it is wrong, nothing. Features of one code
/// are one area; features without a geometry are left out. What was done is told on standard error. Exit code 0: done.
/// 1: something in FILE is wrong.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  beffroi areas import zones.geojsonl --scheme UGC\n  beffroi areas import communes.geojson --scheme INSEE --code code_insee --name nom\n  beffroi areas import aliases.tsv\n\nAn alias table:\n  scheme  code    target_scheme  target_code\n  NUTS3   FRE11   INSEE          59350\n  NUTS3   FRE11   INSEE          59512"
)]
struct Import {
    file: PathBuf,
    /// The scheme of every feature or row that names none itself (by the property or in the column `scheme`). Case does
    /// not matter.
    #[arg(long, value_name = "NAME")]
    scheme: Option<String>,
    /// The property that is the code. Else: `code`, one called as the scheme, common spellings, the feature's `id`.
    #[arg(long, value_name = "PROPERTY")]
    code: Option<String>,
    /// The property that is the name. Else: `name` in several languages.
    #[arg(long, value_name = "PROPERTY")]
    name: Option<String>,
    /// The property that is the number of people who live there. Else: `population` in several languages.
    #[arg(long, value_name = "PROPERTY")]
    population: Option<String>,
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    match args.verb {
        Verb::Import(args) => import(args, &config).await,
        Verb::Remove(args) => remove::run(args, &config).await,
        Verb::List => list(&config).await,
    }
}

async fn import(args: Import, config: &Config) -> anyhow::Result<Answer> {
    let Import { file: path, scheme, code, name, population } = args;
    let file = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let fields = Fields { scheme, code, name, population };
    let gathered = tokio::task::spawn_blocking(move || gather::gather(BufReader::new(file), &fields)).await?;
    let gathered = match gathered {
        Ok(gathered) if gathered.faults.is_empty() => gathered,
        Ok(gathered) => return Ok(refuse(&path, &gathered)),
        Err(error) if error.is_io() => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        Err(error) => {
            eprintln!("{}: {error}. Nothing was imported.", path.display());
            return Ok(Answer::No);
        }
    };
    if gathered.areas.is_empty() && gathered.aliases.is_empty() {
        eprintln!("{}: there is no area in it, so there was nothing to import.", path.display());
        return Ok(Answer::No);
    }
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let done = store_all(&db, &gathered, &path, now).await?;
    db.close().await;
    tell(&path, &gathered, &done);
    Ok(Answer::Done)
}

/// What became of the areas, or of the other names, of one scheme.
#[derive(Debug, Default)]
struct Done {
    new: u64,
    /// Of other names: gone, as their code now stands for something else.
    changed: u64,
    same: u64,
}

/// What was done, by scheme.
#[derive(Debug, Default)]
struct Summary {
    areas: BTreeMap<String, Done>,
    aliases: BTreeMap<String, Done>,
    /// Other names of something that nobody knows here yet.
    dangling: u64,
}

/// Everything in one transaction.
async fn store_all(db: &Db, gathered: &Gathered, path: &Path, now: jiff::Timestamp) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    let mut tx = db.begin().await?;
    store::area::hold(&mut tx).await?;
    let mut known = store::area::codes(&mut tx).await?;
    for area in gathered.areas.values() {
        let done = summary.areas.entry(area.code.scheme.to_string()).or_default();
        let stored = store::area::put(&mut tx, area).await?;
        match (known.insert(area.code.clone()), stored) {
            (true, _) => done.new += 1,
            (false, true) => done.changed += 1,
            (false, false) => done.same += 1,
        }
    }
    for (alias, targets) in &gathered.aliases {
        let done = summary.aliases.entry(alias.scheme.to_string()).or_default();
        let (new, gone) = store::area::put_alias(&mut tx, alias, targets).await?;
        done.new += new;
        done.changed += gone;
        done.same += targets.len() as u64 - new;
        let is_dangling = |target: &&AreaCode| !known.contains(*target) && !gathered.aliases.contains_key(*target);
        summary.dangling += targets.iter().filter(is_dangling).count() as u64;
    }
    let anything = summary.areas.values().chain(summary.aliases.values()).any(|done| done.new + done.changed > 0);
    if anything {
        let count = |all: &BTreeMap<String, Done>| all.values().map(|done| done.new + done.changed).sum::<u64>();
        let detail = json!({"areas": count(&summary.areas), "aliases": count(&summary.aliases)});
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        store::audit::append(&mut tx, &Actor::System, "areas.import", &name, &detail, now).await?;
        store::area::imported(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(summary)
}

fn refuse(path: &Path, gathered: &Gathered) -> Answer {
    for fault in gathered.faults.iter().take(FAULTS_SHOWN_MAX) {
        eprintln!("{}: {fault}.", path.display());
    }
    let more = gathered.faults.len().saturating_sub(FAULTS_SHOWN_MAX);
    if more > 0 {
        eprintln!("{}: {more} more faults.", path.display());
    }
    eprintln!("Nothing was imported.");
    Answer::No
}

fn tell(path: &Path, gathered: &Gathered, summary: &Summary) {
    for (scheme, Done { new, changed, same }) in &summary.areas {
        eprintln!("{scheme}: {new} areas are new, {changed} changed, {same} are the same.");
    }
    for (scheme, Done { new, changed, same }) in &summary.aliases {
        eprintln!("{scheme}: {new} other names are new, {changed} are gone, {same} are the same.");
    }
    if gathered.skipped > 0 {
        eprintln!("{}: {} features have no geometry and were left out.", path.display(), gathered.skipped);
    }
    if summary.dangling > 0 {
        eprintln!("{} other names stand for areas that are not known here yet: import those, too.", summary.dangling);
    }
}

async fn list(config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let counts = store::area::counts(&db).await?;
    db.close().await;
    if counts.is_empty() {
        eprintln!("No area is known yet. beffroi areas import loads some.");
    }
    for (scheme, (areas, aliases)) in counts {
        println!("{scheme}\t{areas}\t{aliases}");
    }
    Ok(Answer::Done)
}
