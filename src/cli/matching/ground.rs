//! Where alerts are: what they draw, and what their geocodes stand for.

use super::super::areas::{fields::Fields, gather};
use crate::cap::alert::Alert;
use crate::geo::code::AreaCode;
use crate::geo::gazetteer::{Gazetteer, Ground, NamedArea};
use crate::geo::region::Region;
use crate::geo::shape::Shape;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Faults of a file that are told one by one.
const FAULTS_MAX: usize = 20;
/// Unknown geocodes that are told one by one.
const UNKNOWN_MAX: usize = 5;

/// The named areas and aliases of all files.
pub fn gazetteer(files: &[PathBuf], scheme: Option<&str>) -> anyhow::Result<Gazetteer> {
    let fields = Fields { scheme: scheme.map(str::to_owned), ..Fields::default() };
    let (mut areas, mut aliases) = (Vec::new(), BTreeMap::new());
    for path in files {
        let name = || format!("{} cannot be used", path.display());
        let file = File::open(path).with_context(name)?;
        let gathered = gather::gather(BufReader::new(file), &fields).with_context(name)?;
        if !gathered.faults.is_empty() {
            let told: Vec<&str> = gathered.faults.iter().take(FAULTS_MAX).map(String::as_str).collect();
            let faults = gathered.faults.len();
            anyhow::bail!("{}, {faults} faults:\n{}", name(), told.join("\n"));
        }
        for area in gathered.areas.into_values() {
            let polygons = area.ground.unpack().unwrap_or_default();
            let region = Region::new(&polygons).map(Arc::new);
            areas.push(NamedArea { code: area.code, name: area.name, population: area.population, region });
        }
        // As an import does: a later table says what a code stands for, whatever an earlier one said.
        aliases.extend(gathered.aliases);
    }
    let each = |(alias, targets): (AreaCode, BTreeSet<AreaCode>)| {
        targets.into_iter().map(move |target| (alias.clone(), target))
    };
    Ok(Gazetteer::new(areas, aliases.into_iter().flat_map(each)))
}

/// Everywhere an alert speaks of; says what is not known, and that it is nowhere.
pub fn shape(file: &Path, alert: &Alert, gazetteer: &Gazetteer) -> Option<Shape> {
    let Ground { shape, unknown, .. } = gazetteer.ground_of_alert(alert);
    let codes: BTreeSet<AreaCode> = unknown.into_iter().map(|geocode| geocode.code).collect();
    if !codes.is_empty() {
        let few: Vec<String> = codes.iter().take(UNKNOWN_MAX).map(AreaCode::to_string).collect();
        let more = if codes.len() > UNKNOWN_MAX { ", …" } else { "" };
        let few = few.join(", ");
        let (file, count) = (file.display(), codes.len());
        if count == 1 {
            eprintln!(
                "{file}: 1 geocode is not known and reaches no place ({few}): --areas FILE says what it stands for."
            );
        } else {
            eprintln!(
                "{file}: {count} geocodes are not known and reach no place ({few}{more}): --areas FILE says what they stand for."
            );
        }
    }
    if shape.is_none() {
        eprintln!("{}: this alert is nowhere: it reaches no place.", file.display());
    }
    shape
}
