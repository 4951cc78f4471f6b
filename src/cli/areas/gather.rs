//! Reads a whole file of areas or of other names, and everything that is wrong with it, before anything is stored.

use super::fields::Fields;
use super::geojson::{self, At, Feature};
use super::table::Header;
use crate::geo::code::AreaCode;
use crate::geo::region::Region;
use crate::store::area::{NewArea, Packed};
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

/// Areas, or other names, of one file.
const ENTRIES_MAX: usize = 1_000_000;
/// Bytes of their borders in memory.
const GROUND_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;
/// Faults after which a file is not read on.
const FAULTS_MAX: usize = 1_000;
/// Bytes of one row of a table.
const ROW_BYTES_MAX: u64 = 64 * 1024;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Gathered {
    pub areas: BTreeMap<AreaCode, NewArea>,
    /// Codes, and all that each stands for.
    pub aliases: BTreeMap<AreaCode, BTreeSet<AreaCode>>,
    /// Features without a geometry.
    pub skipped: u64,
    /// What is wrong, where, and how to mend it.
    pub faults: Vec<String>,
    ground_bytes: usize,
}

/// Why a file could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error("it cannot be read")]
    Io(#[from] std::io::Error),
    #[error("it is not JSON throughout: {0}")]
    Json(#[from] serde_json::Error),
}

impl GatherError {
    /// Whether the fault is not in the file.
    pub fn is_io(&self) -> bool {
        match self {
            Self::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
            Self::Json(error) => error.is_io(),
        }
    }
}

/// Reads a file: GeoJSON where it begins with a brace, else an alias table.
///
/// # Errors
/// It cannot be read, or is JSON that breaks off. Anything else stands in [`Gathered::faults`].
pub fn gather(mut input: impl BufRead, fields: &Fields) -> Result<Gathered, GatherError> {
    let mut gathered = Gathered::default();
    if input.fill_buf()?.starts_with(&[0xEF, 0xBB, 0xBF]) {
        input.consume(3);
    }
    // What goes before GeoJSON's brace: white space and record separators.
    let is_json = input.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0x1E) == Some(&b'{');
    if is_json {
        geojson::features(input, &mut |feature, at| gathered.feature(&feature, at, fields))?;
    } else {
        gathered.table(input, fields)?;
    }
    Ok(gathered)
}

impl Gathered {
    fn feature(&mut self, feature: &Feature, at: At, fields: &Fields) {
        if self.faults.len() >= FAULTS_MAX {
            return;
        }
        let code = fields.code(feature);
        if let Err(fault) = code.and_then(|code| self.area(feature, code, fields)) {
            let named = fields.code(feature).map(|code| format!(" ({code})")).unwrap_or_default();
            self.faults.push(format!("line {}, feature {}{named}: {fault}", at.line, at.feature));
        }
    }

    fn area(&mut self, feature: &Feature, code: AreaCode, fields: &Fields) -> Result<(), String> {
        let mut polygons = feature.polygons()?.unwrap_or_default();
        if polygons.is_empty() {
            self.skipped += 1;
            return Ok(());
        }
        if Region::new(&polygons).is_none() {
            return Err("its polygons lie nowhere".to_owned());
        }
        let population = fields.population(feature)?;
        let before = self.areas.remove(&code);
        let (mut name, mut people) = (fields.name(feature), population);
        if let Some(before) = before {
            self.ground_bytes -= before.ground.len();
            let known = before.ground.unpack().unwrap_or_default();
            polygons.retain(|polygon| !known.contains(polygon));
            polygons = known.into_iter().chain(polygons).collect();
            name = if name.is_empty() { before.name } else { name };
            people = people.or(before.population);
        }
        let ground = Packed::of(&polygons);
        self.ground_bytes += ground.len();
        if self.areas.len() >= ENTRIES_MAX || self.ground_bytes > GROUND_BYTES_MAX {
            return Err("it is one too many for one file: part the file".to_owned());
        }
        self.areas.insert(code.clone(), NewArea { code, name, population: people, ground });
        Ok(())
    }

    fn table(&mut self, mut input: impl BufRead, fields: &Fields) -> Result<(), GatherError> {
        let mut header = None;
        let (mut row, mut nth, mut pairs) = (String::new(), 0_u64, 0);
        while self.faults.len() < FAULTS_MAX {
            row.clear();
            if std::io::Read::take(&mut input, ROW_BYTES_MAX).read_line(&mut row)? == 0 {
                break;
            }
            nth += 1;
            let read = match &header {
                None => Header::read(&row, fields.scheme.as_deref()).map(|read| {
                    header = Some(read);
                    None
                }),
                Some(header) => header.row(&row),
            };
            match read {
                Ok(None) => {}
                // Two spellings of one code.
                Ok(Some((alias, target))) if alias == target => {}
                Ok(Some(_)) if pairs >= ENTRIES_MAX => {
                    self.faults.push(format!("line {nth}: it is one too many for one file: part the file"));
                }
                Ok(Some((alias, target))) => {
                    pairs += usize::from(self.aliases.entry(alias).or_default().insert(target));
                }
                Err(fault) if header.is_none() => {
                    self.faults.push(format!(
                        "line {nth}: this is neither GeoJSON (which begins with a brace) nor an alias table: {fault}"
                    ));
                    break;
                }
                Err(fault) => self.faults.push(format!("line {nth}: {fault}")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(text: &str) -> Gathered {
        let fields = Fields { scheme: Some("Town".to_owned()), ..Fields::default() };
        gather(text.as_bytes(), &fields).expect("reads")
    }

    fn feature(code: &str, west: i32) -> String {
        let east = west + 1;
        format!(
            r#"{{"type":"Feature","id":"{code}","properties":{{"pop":{west}}},"geometry":{{"type":"Polygon",
            "coordinates":[[[{west},0],[{east},0],[{east},1],[{west},0]]]}}}}"#
        )
    }

    #[test]
    fn features_of_one_code_are_one_area_and_repeats_are_nothing() {
        let read = gathered(&[feature("a", 1), feature("b", 2), feature("A", 3), feature("a", 1)].join("\n"));
        assert_eq!(read.faults, [""; 0]);
        let parts: Vec<usize> =
            read.areas.values().map(|area| area.ground.unpack().map_or(0, |all| all.len())).collect();
        assert_eq!(parts, [2, 1]);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let empty = r#"{"type":"Feature","id":"b","geometry":{"type":"MultiPolygon","coordinates":[]}}"#;
        let lines = [feature("a", 1), empty.to_owned()];
        let faulty = r#"{"type":"Feature","id":"c","geometry":{"type":"Polygon","coordinates":[[]]}}"#;
        let read = gathered(&format!("{}\n{}\n{faulty}\n{{\"type\":\"Feature\"}}", lines[0], lines[1]));
        assert_eq!((read.areas.len(), read.skipped), (1, 1));
        let told: Vec<&str> = read.faults.iter().map(String::as_str).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("line 4, feature 3 (TOWN C): "), "{told:?}");
        assert!(told[1].contains("--code"), "{told:?}");
        assert!(gathered("code;name\n1;x").faults[0].contains("neither GeoJSON"));
        assert!(gathered("").areas.is_empty());
    }

    #[test]
    fn a_table_is_told_from_geojson_by_its_beginning() {
        let read = gathered("\u{feff}code\ttarget_scheme\ttarget_code\nx\tNUTS\tXX1\n\nx\tNUTS\tXX2\nx\ttown\tx\n");
        let targets: Vec<usize> = read.aliases.values().map(BTreeSet::len).collect();
        assert_eq!((targets, read.faults.len()), (vec![2], 0));
        assert_eq!(gathered(&format!("\u{feff}\u{1e}{}", feature("a", 1))).areas.len(), 1);
    }
}
