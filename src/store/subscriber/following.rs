//! Who follows named areas: asked when some are to go, never to find out where somebody is.

use super::super::db::{Tx, on_tx};
use super::super::error::StoreError;
use super::super::row::row;
use super::text;
use crate::geo::code::AreaCode;
use crate::model::place::Place;
use std::collections::BTreeSet;

/// People read at once.
const PAGE: i64 = 10_000;

/// How many follow some of these areas, and which they follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Following {
    pub people: u64,
    pub areas: BTreeSet<AreaCode>,
}

row! {
    PlacesRow { slot: i64, places: String }
}

/// Who follows any of these areas. Reads everyone who follows a named area.
///
/// # Errors
/// The database failed.
pub async fn following(tx: &mut Tx, areas: &BTreeSet<AreaCode>) -> Result<Following, StoreError> {
    let mut following = Following::default();
    if areas.is_empty() {
        return Ok(following);
    }
    let mut last = -1;
    loop {
        let rows = on_tx!(tx, |conn| {
            sqlx::query_as::<_, PlacesRow>(
            "SELECT slot, places FROM subscriber WHERE gone_ms IS NULL AND slot > $1 AND places LIKE '%\"scheme\"%' \
             ORDER BY slot LIMIT $2",
        )
        .bind(last)
        .bind(PAGE)
        .fetch_all(conn)
        .await
        })?;
        let Some(end) = rows.last() else { return Ok(following) };
        last = end.slot;
        for row in rows {
            let places = text::places_from_text(&row.places)?;
            let named = places.into_iter().filter_map(|place| match place {
                Place::Named(code) => areas.contains(&code).then_some(code),
                Place::Around(_) | Place::Drawn(_) => None,
            });
            let named: Vec<AreaCode> = named.collect();
            following.people += u64::from(!named.is_empty());
            following.areas.extend(named);
        }
    }
}
