//! That each node's index says what the database says: what the nodes found themselves, and what the database adds up
//! to now.

use super::{Args, Report, ago, chain};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::geo::code::AreaCode;
use crate::model::place::Place;
use crate::model::proof::{Proof, Tally, Verdict};
use crate::model::subscriber::Listener;
use crate::pipeline::follow::add_up;
use crate::pipeline::prove::PROVE_EVERY;
use crate::store::subscriber::Moment;
use crate::store::{self, Db, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

const CHECK: &str = "index";
const AREAS_CHECK: &str = "areas";
const AREAS_FIX: &str = "Import the areas again: beffroi areas import FILE --scheme NAME.";
/// Areas that are told by their code.
const AREAS_TOLD_MAX: usize = 5;
/// A node that proved nothing for so many intervals does not run, or cannot.
const SILENT_AFTER: u32 = 2;
/// How long is waited for the proofs that were asked for.
const PROOFS_WITHIN: Duration = Duration::from_secs(120);
/// How often is looked whether they came.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a disagreement that was mended is told of.
const TOLD_FOR: Duration = Duration::from_secs(30 * 86_400);

pub(super) async fn check(report: &mut Report, config: &Config, db: &Db, clock: Clock, args: &Args) {
    if let Err(error) = look_at(report, config, db, clock, args).await {
        report.fault(CHECK, chain(&error), "Look at the log of the database; put back a backup if it is broken.");
    }
}

async fn look_at(report: &mut Report, config: &Config, db: &Db, clock: Clock, args: &Args) -> Result<(), StoreError> {
    let mut proofs = store::proof::list(db).await?;
    if args.prove {
        let asked = clock.now();
        proofs = prove_now(report, db, clock, proofs).await?;
        tell_who_did_not(report, &proofs, clock, asked);
    }
    let here = std::fs::read_to_string(config.data.dir.join("node.id")).unwrap_or_default();
    if proofs.is_empty() {
        report.note(CHECK, "no node has compared its index with the database yet: each does so when it starts");
    }
    for of_node in proofs.chunk_by(|a, b| a.node == b.node) {
        tell(report, of_node, clock, &here);
    }
    if !args.quick {
        whole(report, db, &proofs).await?;
    }
    Ok(())
}

fn is_silent(proof: &Proof, clock: Clock) -> bool {
    clock.now().duration_since(proof.at).unsigned_abs() > PROVE_EVERY * SILENT_AFTER
}

/// Asks all nodes, and waits for those that are not silent.
async fn prove_now(report: &mut Report, db: &Db, clock: Clock, before: Vec<Proof>) -> Result<Vec<Proof>, StoreError> {
    let began = clock.monotonic();
    let asked = Timestamp::from_millisecond(clock.now().as_millisecond()).unwrap_or(Timestamp::MIN);
    let mut tx = db.begin().await?;
    store::proof::ask(&mut tx, &clock::random_id()).await?;
    tx.commit().await?;
    let waiting_for: Vec<String> = before
        .chunk_by(|a, b| a.node == b.node)
        .filter(|of_node| !is_silent(&of_node[0], clock))
        .map(|of_node| of_node[0].node.clone())
        .collect();
    if waiting_for.is_empty() {
        report.note(CHECK, "no node runs that could be asked to compare");
    }
    loop {
        let proofs = store::proof::list(db).await?;
        // One that disagrees is followed by another: the node reads everyone again and compares once more.
        let has_proved = |node: &String| {
            let since = || proofs.iter().filter(|proof| proof.node == *node && proof.at >= asked);
            since().any(Proof::agrees) || since().count() > 1
        };
        let waited = clock.monotonic().duration_since(began);
        if waiting_for.iter().all(has_proved) || waited > PROOFS_WITHIN {
            return Ok(proofs);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn tell_who_did_not(report: &mut Report, proofs: &[Proof], clock: Clock, asked: Timestamp) {
    for of_node in proofs.chunk_by(|a, b| a.node == b.node) {
        if of_node[0].at.as_millisecond() < asked.as_millisecond() && !is_silent(&of_node[0], clock) {
            report.note(
                CHECK,
                format!(
                    "node {} was asked to compare and has not within {} s",
                    of_node[0].node,
                    PROOFS_WITHIN.as_secs()
                ),
            );
        }
    }
}

/// What a node found, its latest first.
fn tell(report: &mut Report, of_node: &[Proof], clock: Clock, here: &str) {
    let last = &of_node[0];
    let mut name = format!("node {}", last.node);
    if last.node == here.trim() {
        name.push_str(" (this machine)");
    }
    let when = ago(clock, last.at);
    match last.verdict() {
        Verdict::Agrees => {
        let Tally { people, places, sum } = last.index;
        let what = format!(
            "{name}: index and database agree at change {}: {people} people, {places} places, sum {sum:016x}, named areas of import {}; {when}, in {} ms",
            last.change, last.index_import, last.took_ms
        );
        if is_silent(last, clock) {
            report.note(CHECK, format!("{what}. It has not compared since: it does not run, or see its log"));
        } else {
            report.ok(CHECK, what);
        }
        }
        Verdict::AreasBehind => report.fault(
            AREAS_CHECK,
            format!(
                "{name}: it rings by the named areas of import {}: those of import {} could not be read ({when})",
                last.index_import, last.database_import
            ),
            AREAS_FIX,
        ),
        Verdict::Disagrees => report.fault(
            CHECK,
            format!(
                "{name}: index and database DISAGREE at change {} ({when}): {} people, {} places and import {} of the named areas in the index, {}, {} and {} in the database",
                last.change,
                last.index.people,
                last.index.places,
                last.index_import,
                last.database.people,
                last.database.places,
                last.database_import
            ),
            "Restart that node: it reads everyone again. Keep its log and tell the maintainers; alerts of before may have missed people.",
        ),
    }
    let recent = |proof: &&Proof| clock.now().duration_since(proof.at).unsigned_abs() < TOLD_FOR;
    for mended in of_node[1..].iter().filter(|proof| proof.verdict() == Verdict::Disagrees).filter(recent) {
        report.note(
            CHECK,
            format!(
                "{name}: index and database disagreed at change {} ({}); everyone was read again. Keep its log and tell the maintainers",
                mended.change,
                ago(clock, mended.at)
            ),
        );
    }
}

/// Reads everyone, and compares with what nodes found at this very change.
async fn whole(report: &mut Report, db: &Db, proofs: &[Proof]) -> Result<(), StoreError> {
    let mut moment = Moment::long(db).await?;
    let mut followed: BTreeMap<AreaCode, u64> = BTreeMap::new();
    let note_areas = |listener: &Listener| {
        for place in &listener.places {
            if let Place::Named(code) = place {
                *followed.entry(code.clone()).or_default() += 1;
            }
        }
    };
    let now = add_up(&mut moment, Clock::system(), note_areas).await?;
    let change = moment.seq();
    drop(moment);
    areas(report, db, &followed).await?;
    let at_this_change = |proof: &&Proof| proof.change == change && proof.agrees();
    match proofs.iter().find(at_this_change) {
        Some(proof) if proof.database != now => report.fault(
            CHECK,
            format!(
                "the database was changed past its log: at change {change} node {} found {} people and {} places, now there are {} and {}",
                proof.node, proof.database.people, proof.database.places, now.people, now.places
            ),
            "Run beffroi doctor --prove: the nodes find it and read everyone again. Never write to the tables of Beffroi by hand.",
        ),
        Some(_) | None => report.ok(
            CHECK,
            format!(
                "everyone in the database can be read: {} people, {} places, sum {:016x} at change {change}",
                now.people, now.places, now.sum
            ),
        ),
    }
    Ok(())
}

/// Whether the areas that people follow are known: an alert cannot reach someone in an area that is nowhere.
async fn areas(report: &mut Report, db: &Db, followed: &BTreeMap<AreaCode, u64>) -> Result<(), StoreError> {
    let gazetteer = match store::area::read_all(db).await?.gazetteer() {
        Err(StoreError::Corrupt { what }) => {
            let what = format!("what is stored as {what} cannot be read: nodes ring by the named areas known before");
            report.fault(AREAS_CHECK, what, AREAS_FIX);
            return Ok(());
        }
        read => read?,
    };
    let is_nowhere = |code: &AreaCode| gazetteer.get(code).is_none_or(|area| area.region.is_none());
    let nowhere: Vec<_> = followed.iter().filter(|(code, _)| is_nowhere(code)).collect();
    if nowhere.is_empty() {
        report.ok(AREAS_CHECK, format!("{} named areas are loaded, {} are followed", gazetteer.len(), followed.len()));
        return Ok(());
    }
    let people: u64 = nowhere.iter().map(|(_, people)| **people).sum();
    let named: Vec<String> = nowhere.iter().take(AREAS_TOLD_MAX).map(|(code, _)| code.to_string()).collect();
    report.fault(
        AREAS_CHECK,
        format!(
            "{people} places are named areas whose ground is not loaded, so that polygons never reach them: {} of {}, such as {}",
            nowhere.len(),
            followed.len(),
            named.join(", ")
        ),
        AREAS_FIX,
    );
    Ok(())
}
