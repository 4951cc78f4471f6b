//! `GET /api/v1/areas`: named areas to follow, found by typing.

use super::alerts::{Form, cached};
use crate::geo::gazetteer::{Gazetteer, NamedArea};
use crate::web::error::{FieldProblem, WebError};
use crate::web::limit::Network;
use crate::web::state::AppState;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{Extensions, HeaderMap, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

/// Areas of one answer unless asked otherwise.
const LIMIT_DEFAULT: usize = 10;
/// Areas of one answer at most.
const LIMIT_MAX: usize = 20;
/// Decimals of a bound: 10 m.
const DECIMALS: f64 = 1e4;

/// The query as it comes. What is not known is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    q: Option<String>,
    limit: Option<String>,
}

/// The areas of which a word begins with each word of `q`, the best first.
pub async fn find(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, WebError> {
    state.limits.searches.knock(Network::of(&extensions, &headers, &state.config.server.trusted_proxies))?;
    let Query(parameters) = Query::<Parameters>::try_from_uri(&uri)
        .map_err(|error| WebError::Malformed { detail: format!("The query cannot be read: {}", error.body_text()) })?;
    let (text, limit) = read(&parameters)?;
    let audience = state.audience.snapshot();
    let gazetteer = audience.gazetteer();
    let areas: Vec<Value> = gazetteer.search(text, limit).into_iter().map(|area| show(area, gazetteer)).collect();
    Ok(cached(Form::Json, json!({ "areas": areas }).to_string().into_bytes(), &headers))
}

fn read(parameters: &Parameters) -> Result<(&str, usize), WebError> {
    let mut fields = Vec::new();
    let mut refuse = |name: &str, code: &'static str, detail: &str| {
        fields.push(FieldProblem { pointer: name.to_owned(), code, detail: format!("{name}: {detail}") });
    };
    let text = parameters.q.as_deref().map_or("", str::trim);
    if text.is_empty() {
        refuse("q", "missing-query", "the beginning of a name or a code.");
    }
    let limit = match &parameters.limit {
        None => LIMIT_DEFAULT,
        Some(limit) => limit.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).unwrap_or_else(|| {
            refuse("limit", "bad-parameter", "1 to 20.");
            LIMIT_DEFAULT
        }),
    };
    if fields.is_empty() { Ok((text, limit)) } else { Err(WebError::InvalidFields { fields }) }
}

/// `bounds` are west, south, east, north as in RFC 7946 §5: west is above east across ±180°.
fn show(area: &NamedArea, gazetteer: &Gazetteer) -> Value {
    let bounds = area.region.as_ref().map(|region| {
        let around = region.bounds();
        let east = if around.east > 180.0 { around.east - 360.0 } else { around.east };
        [around.west, around.south, east, around.north].map(|degrees| (degrees * DECIMALS).round() / DECIMALS)
    });
    let within = gazetteer.container(&area.code).map(|around| match &*around.name {
        "" => around.code.to_string(),
        name => name.to_owned(),
    });
    json!({
        "scheme": &*area.code.scheme,
        "code": &*area.code.code,
        "name": area.name,
        "population": area.population,
        "within": within,
        "bounds": bounds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::alert::Point;
    use crate::geo::code::AreaCode;
    use crate::geo::region::Region;
    use std::sync::Arc;

    fn codes(query: &str) -> Result<usize, Vec<&'static str>> {
        let uri = format!("/?{query}").parse().expect("an address");
        let Query(parameters) = Query::<Parameters>::try_from_uri(&uri).map_err(|_| vec!["query"])?;
        read(&parameters).map(|(_, limit)| limit).map_err(|error| match error {
            WebError::InvalidFields { fields } => fields.into_iter().map(|field| field.code).collect(),
            other => panic!("unexpected {other}"),
        })
    }

    #[test]
    fn what_is_asked_is_bounded_and_refused_by_name() {
        assert_eq!(codes("q=li&limit=20"), Ok(20));
        assert_eq!(codes("q=li"), Ok(LIMIT_DEFAULT));
        assert_eq!(codes("q=%20"), Err(vec!["missing-query"]));
        assert_eq!(codes("limit=21"), Err(vec!["missing-query", "bad-parameter"]));
        assert_eq!(codes("name=li"), Err(vec!["query"]));
    }

    #[test]
    fn an_area_across_the_antimeridian_is_shown_as_geojson_has_it() {
        let ring = [(1.0, 179.0), (1.0, -179.0), (2.0, -179.0), (1.0, 179.0)].map(|(lat, lon)| Point { lat, lon });
        let area = |code: &str, name: &str| NamedArea {
            code: AreaCode::new("SAME", code),
            name: name.to_owned(),
            population: Some(7),
            region: Region::new(&[vec![ring.to_vec()]]).map(Arc::new),
        };
        let gazetteer = Gazetteer::new(vec![area("001001", "East"), area("001000", "")], []);
        let shown = show(gazetteer.get(&AreaCode::new("SAME", "001001")).expect("known"), &gazetteer);
        let want = json!({"scheme": "SAME", "code": "001001", "name": "East", "population": 7, "within": "SAME 001000",
            "bounds": [179.0, 1.0, -179.0, 2.0]});
        assert_eq!(shown, want);
    }
}
