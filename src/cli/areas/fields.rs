//! Which property of a feature is its code, its name, its population.

use super::geojson::Feature;
use crate::geo::code::AreaCode;
use crate::geo::scheme;
use serde_json::Value;

/// Properties that are the scheme.
const SCHEMES: &[&str] = &["scheme"];
/// Properties that are the code, letters and digits alone, the best first; after them the feature's own `id`.
const CODES: &[&str] = &[
    "code",
    "areacode",
    "geocode",
    "insee",
    "codeinsee",
    "inseecom",
    "refinsee",
    "nutsid",
    "ags",
    "ars",
    "gemeindeschluessel",
];
/// Properties that are the name.
const NAMES: &[&str] = &[
    "name", "nom", "label", "title", "areaname", "fullname", "nutsname", "namelatn", "gen", "nome", "nombre", "naam",
    "namn", "navn", "libelle",
];
/// Properties that are the population.
const POPULATIONS: &[&str] = &["population", "pop", "populationtotal", "einwohner", "ewz", "habitants", "inhabitants"];

/// What the command line says of it.
#[derive(Debug, Default)]
pub struct Fields {
    /// The scheme of features that name none.
    pub scheme: Option<String>,
    pub code: Option<String>,
    pub name: Option<String>,
    pub population: Option<String>,
}

impl Fields {
    /// The code of a feature.
    ///
    /// # Errors
    /// What it lacks, and what to do.
    pub fn code(&self, feature: &Feature) -> Result<AreaCode, String> {
        let own = property(feature, None, SCHEMES).and_then(text);
        let scheme = own.or_else(|| self.scheme.clone());
        let scheme = scheme.ok_or("it names no scheme: say which with --scheme NAME")?;
        let named = plain(&scheme);
        let names = [&[CODES[0], &*named], &CODES[1..]].concat();
        let code = match (&self.code, property(feature, self.code.as_deref(), &names)) {
            (None, None) => feature.id.as_ref().or_else(|| property(feature, None, &["id"])),
            (_, found) => found,
        };
        let code = code.and_then(text).ok_or("it has no code: say which property it is with --code PROPERTY")?;
        scheme::canonical(&scheme, &code).ok_or_else(|| "its code is empty".to_owned())
    }

    /// The name; empty where there is none.
    pub fn name(&self, feature: &Feature) -> String {
        property(feature, self.name.as_deref(), NAMES).and_then(text).unwrap_or_default()
    }

    /// The population.
    ///
    /// # Errors
    /// It is there and no count of people.
    pub fn population(&self, feature: &Feature) -> Result<Option<u64>, String> {
        let Some(found) = property(feature, self.population.as_deref(), POPULATIONS) else { return Ok(None) };
        let Some(written) = text(found) else { return Ok(None) };
        let people = written.parse::<f64>().ok().filter(|people| (0.0..1e12).contains(people));
        let people = people.ok_or_else(|| format!("its population {written} is no count of people"))?;
        Ok(Some(people as u64))
    }
}

/// The property of exactly this name, or of the first of several names, whatever its case and punctuation.
fn property<'f>(feature: &'f Feature, asked: Option<&str>, names: &[&str]) -> Option<&'f Value> {
    let properties = feature.properties.as_ref()?;
    let found = match asked {
        Some(asked) => properties.get(asked),
        None => names.iter().find_map(|name| {
            properties.iter().find(|(key, value)| plain(key) == *name && text(value).is_some()).map(|(_, value)| value)
        }),
    };
    found.filter(|value| !value.is_null())
}

fn plain(key: &str) -> String {
    key.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A text or a number as text; `None` for anything else, and for nothing.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn feature(value: Value) -> Feature {
        serde_json::from_value(value).expect("a feature")
    }

    #[test]
    fn codes_names_and_populations_are_found_as_they_are_commonly_spelt() {
        let town = Fields { scheme: Some("Town".to_owned()), ..Fields::default() };
        for (found, want) in [
            (json!({"id": "a-1", "properties": {}}), ("TOWN A-1", "", None)),
            (
                json!({"id": 7, "properties": {"Code": 59350, "NOM": "Lille", "Population": "236234"}}),
                ("TOWN 59350", "Lille", Some(236_234)),
            ),
            (
                json!({"id": 7, "properties": {"TOWN": "x", "name": null, "label": "X", "pop": 10.0}}),
                ("TOWN X", "X", Some(10)),
            ),
            (
                json!({"id": 7, "properties": {"insee_com": "", "code_insee": "59001", "population": null}}),
                ("TOWN 59001", "", None),
            ),
            (json!({"properties": {"scheme": "FIPS6", "code": "001001", "id": "z"}}), ("SAME 001001", "", None)),
            (json!({"properties": {"id": "z"}}), ("TOWN Z", "", None)),
        ] {
            let found = feature(found);
            let code = town.code(&found).expect("a code").to_string();
            let people = town.population(&found).expect("a population");
            assert_eq!((&*code, &*town.name(&found), people), want);
        }
    }

    #[test]
    fn what_is_lacking_is_told_with_what_to_do() {
        let none = Fields::default();
        let asked = Fields { scheme: Some("X".into()), code: Some("C".into()), population: Some("P".into()), ..none };
        let found = feature(json!({"id": 1, "properties": {"code": "1", "P": "many", "scheme": null}}));
        assert!(Fields::default().code(&found).expect_err("no scheme").contains("--scheme"));
        assert!(asked.code(&found).expect_err("no code").contains("--code"));
        assert!(asked.population(&found).expect_err("no number").contains("many"));
    }
}
