//! `beffroi areas remove`: takes back areas and other names that were imported by mistake.

use super::super::Answer;
use crate::app;
use crate::config::Config;
use crate::geo::code::AreaCode;
use crate::geo::scheme;
use crate::model::operator::Actor;
use crate::store::subscriber::Following;
use crate::store::{self, Db, StoreError};
use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

/// Codes that are told one by one.
const CODES_TOLD_MAX: usize = 5;

/// Removes areas, and what codes stand for as other names. A running server knows it at its next alert.
///
/// All that is asked is removed, or nothing: where a code is not known, or people follow an area that would go. Their
/// place would lie nowhere until the area is imported again. What was done is told on standard error. Exit code 0: done.
/// 1: nothing was removed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  beffroi areas remove --scheme NUTS3 FRE11 FRE12\n  beffroi areas remove --scheme UGC --all"
)]
pub struct Args {
    /// The codes, each an area, another name, or both.
    #[arg(value_name = "CODE", required_unless_present = "all", conflicts_with = "all")]
    codes: Vec<String>,
    /// The scheme of the codes. Case does not matter.
    #[arg(long, value_name = "NAME")]
    scheme: String,
    /// Remove every code of the scheme.
    #[arg(long)]
    all: bool,
    /// Remove areas that people follow, too.
    #[arg(long)]
    followed: bool,
}

/// What was done.
#[derive(Debug)]
struct Removed {
    areas: u64,
    aliases: u64,
    following: Following,
    /// Other names that stand for nothing that is known in this scheme.
    dangling: u64,
}

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
enum RemoveError {
    #[error("{} not known here", said_of(.0, "is", "are"))]
    Unknown(BTreeSet<AreaCode>),
    #[error("there is no area and no other name of {0}")]
    Empty(String),
    #[error("{}: with --followed {} removed, and those people's place is nowhere until it is imported again", followed(.0), if .0.areas.len() == 1 { "it is" } else { "they are" })]
    Followed(Following),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn run(args: Args, config: &Config) -> anyhow::Result<Answer> {
    let scheme = scheme::name(&args.scheme).into_owned();
    let code = |code: &String| {
        scheme::canonical(&args.scheme, code).with_context(|| format!("{scheme} {code} is no code of a scheme"))
    };
    let codes = args.codes.iter().map(code).collect::<anyhow::Result<BTreeSet<AreaCode>>>()?;
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let removed = remove(&db, &scheme, (!args.all).then_some(codes), args.followed, now).await;
    db.close().await;
    match removed {
        Ok(removed) => {
            tell(&scheme, &removed);
            Ok(Answer::Done)
        }
        Err(RemoveError::Store(error)) => Err(error.into()),
        Err(refusal) => {
            eprintln!("{refusal}. Nothing was removed.");
            Ok(Answer::No)
        }
    }
}

/// Everything in one transaction; `codes` is none for all of the scheme.
async fn remove(
    db: &Db,
    scheme: &str,
    codes: Option<BTreeSet<AreaCode>>,
    even_followed: bool,
    now: Timestamp,
) -> Result<Removed, RemoveError> {
    let mut tx = db.begin().await?;
    store::area::hold(&mut tx).await?;
    let areas = store::area::codes(&mut tx).await?;
    let known = &areas | &store::area::alias_codes(&mut tx).await?;
    let codes = codes.unwrap_or_else(|| known.iter().filter(|code| &*code.scheme == scheme).cloned().collect());
    let unknown = &codes - &known;
    if !unknown.is_empty() {
        return Err(RemoveError::Unknown(unknown));
    }
    if codes.is_empty() {
        return Err(RemoveError::Empty(scheme.to_owned()));
    }
    let following = store::subscriber::following(&mut tx, &(&codes & &areas)).await?;
    if following.people > 0 && !even_followed {
        return Err(RemoveError::Followed(following));
    }
    let (mut areas, mut aliases) = (0, 0);
    for code in &codes {
        let (area, alias) = store::area::remove(&mut tx, code).await?;
        areas += area;
        aliases += alias;
    }
    let dangling = store::area::dangling(&mut tx, scheme).await?;
    let detail = json!({"areas": areas, "aliases": aliases, "followers": following.people});
    store::audit::append(&mut tx, &Actor::System, "areas.remove", scheme, &detail, now).await?;
    store::area::imported(&mut tx).await?;
    tx.commit().await?;
    Ok(Removed { areas, aliases, following, dangling })
}

fn tell(scheme: &str, removed: &Removed) {
    let Removed { areas, aliases, following, dangling } = removed;
    eprintln!(
        "{scheme}: {} and {} removed.",
        counted(*areas, "area", "areas"),
        counted(*aliases, "other name", "other names")
    );
    if following.people > 0 {
        eprintln!("{}: their place is nowhere until it is imported again.", followed(following));
    }
    if *dangling > 0 {
        let names = counted(*dangling, "other name stands", "other names stand");
        eprintln!("{names} for codes of {scheme} that are not known here.");
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `TOWN A is followed by 3 people`.
fn followed(following: &Following) -> String {
    let people = counted(following.people, "person", "people");
    format!("{} followed by {people}", said_of(&following.areas, "is", "are"))
}

/// `TOWN A, TOWN B and others are`.
fn said_of(codes: &BTreeSet<AreaCode>, one: &str, many: &str) -> String {
    let told: Vec<String> = codes.iter().take(CODES_TOLD_MAX).map(AreaCode::to_string).collect();
    let more = if codes.len() > told.len() { " and others" } else { "" };
    format!("{}{more} {}", told.join(", "), if codes.len() == 1 { one } else { many })
}
