//! Named areas and their other names, and the number that grows with each import and each removal.

use super::counter::{Counter, take, value};
use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{known, narrow, row};
use super::subscriber::CHANGED;
use crate::cap::alert::Point;
use crate::geo::code::AreaCode;
use crate::geo::gazetteer::{Gazetteer, NamedArea};
use crate::geo::region::Region;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A named area as an import brings it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewArea {
    /// As `geo::scheme` writes it.
    pub code: AreaCode,
    pub name: String,
    pub population: Option<u64>,
    pub ground: Packed,
}

/// The corners of polygons, packed: their number, of each the number of its rings, of each ring the number of its
/// corners and their latitudes and longitudes; whole numbers in 32 bits, degrees in 64, little end first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(Vec<u8>);

/// All that is stored, not yet prepared.
#[derive(Debug)]
pub struct Stored {
    areas: Vec<AreaRow>,
    aliases: Vec<AliasRow>,
    number: i64,
}

row! {
    #[derive(Debug)]
    AreaRow { scheme: String, code: String, name: String, population: Option<i64>, ground: Vec<u8> }
}

row! {
    #[derive(Debug)]
    AliasRow { scheme: String, code: String, target_scheme: String, target_code: String }
}

row! {
    CountRow { scheme: String, areas: i64, aliases: i64 }
}

row! {
    CodeRow { scheme: String, code: String }
}

impl Packed {
    /// Each polygon: its outer ring, then its holes.
    pub fn of(polygons: &[Vec<Vec<Point>>]) -> Self {
        let mut bytes = Vec::new();
        let number = |bytes: &mut Vec<u8>, count: usize| {
            bytes.extend(u32::try_from(count).expect("corners are counted in 32 bits").to_le_bytes());
        };
        number(&mut bytes, polygons.len());
        for rings in polygons {
            number(&mut bytes, rings.len());
            for ring in rings {
                number(&mut bytes, ring.len());
                bytes
                    .extend(ring.iter().flat_map(|point| [point.lat.to_le_bytes(), point.lon.to_le_bytes()]).flatten());
            }
        }
        Self(bytes)
    }

    /// `None`: not what [`Packed::of`] writes.
    pub fn unpack(&self) -> Option<Vec<Vec<Vec<Point>>>> {
        let mut rest = &*self.0;
        let polygons = many(&mut rest, |rest| many(rest, |rest| many(rest, point)))?;
        rest.is_empty().then_some(polygons)
    }

    /// Bytes it takes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn many<T>(rest: &mut &[u8], one: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    let (count, after) = rest.split_first_chunk()?;
    *rest = after;
    (0..u32::from_le_bytes(*count)).map(|_| one(rest)).collect()
}

fn point(rest: &mut &[u8]) -> Option<Point> {
    let (lat, after) = rest.split_first_chunk()?;
    let (lon, after) = after.split_first_chunk()?;
    *rest = after;
    Some(Point { lat: f64::from_le_bytes(*lat), lon: f64::from_le_bytes(*lon) })
}

impl Stored {
    /// The number of the last import in it.
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Prepares everything for matching, which takes the processor for a moment.
    ///
    /// # Errors
    /// What is stored is not what we store.
    pub fn gazetteer(self) -> Result<Gazetteer, StoreError> {
        let areas = self.areas.into_iter().map(AreaRow::read).collect::<Result<Vec<_>, _>>()?;
        let pair = |row: AliasRow| {
            (AreaCode::new(&row.scheme, &row.code), AreaCode::new(&row.target_scheme, &row.target_code))
        };
        Ok(Gazetteer::new(areas, self.aliases.into_iter().map(pair)).of_import(self.number))
    }
}

impl CodeRow {
    fn read(self) -> AreaCode {
        AreaCode::new(&self.scheme, &self.code)
    }
}

impl AreaRow {
    fn read(self) -> Result<NamedArea, StoreError> {
        let polygons = known(Packed(self.ground).unpack(), "named_area.ground")?;
        Ok(NamedArea {
            code: AreaCode::new(&self.scheme, &self.code),
            name: self.name,
            population: self.population.map(|people| narrow(people, "named_area.population")).transpose()?,
            region: Region::new(&polygons).map(Arc::new),
        })
    }
}

/// How many imports there were.
///
/// # Errors
/// The database failed.
pub async fn number(db: &Db) -> Result<i64, StoreError> {
    let number = on_db!(db, |pool| sqlx::query_scalar::<_, i64>("SELECT value FROM counter WHERE name = 'area'")
        .fetch_one(pool)
        .await)?;
    Ok(number)
}

/// Everything, as it stood after one import.
///
/// # Errors
/// The database failed.
pub async fn read_all(db: &Db) -> Result<Stored, StoreError> {
    let mut tx = db.snapshot().await?;
    let number = value(&mut tx, Counter::Area).await?;
    let areas = on_tx!(&mut tx, |conn| sqlx::query_as::<_, AreaRow>("SELECT * FROM named_area ORDER BY scheme, code")
        .fetch_all(conn)
        .await)?;
    let aliases = on_tx!(&mut tx, |conn| sqlx::query_as::<_, AliasRow>(
        "SELECT * FROM area_alias ORDER BY scheme, code, target_scheme, target_code"
    )
    .fetch_all(conn)
    .await)?;
    Ok(Stored { areas, aliases, number })
}

/// The codes of all areas.
///
/// # Errors
/// The database failed.
pub async fn codes(tx: &mut Tx) -> Result<BTreeSet<AreaCode>, StoreError> {
    all_codes(tx, "SELECT scheme, code FROM named_area").await
}

/// The codes that are other names.
///
/// # Errors
/// The database failed.
pub async fn alias_codes(tx: &mut Tx) -> Result<BTreeSet<AreaCode>, StoreError> {
    all_codes(tx, "SELECT DISTINCT scheme, code FROM area_alias").await
}

async fn all_codes(tx: &mut Tx, sql: &'static str) -> Result<BTreeSet<AreaCode>, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, CodeRow>(sql).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(CodeRow::read).collect())
}

/// How many areas and how many other names each scheme has.
///
/// # Errors
/// The database failed.
pub async fn counts(db: &Db) -> Result<BTreeMap<String, (u64, u64)>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, CountRow>(
        "SELECT scheme, CAST(SUM(areas) AS BIGINT) AS areas, CAST(SUM(aliases) AS BIGINT) AS aliases FROM \
         (SELECT scheme, COUNT(*) AS areas, 0 AS aliases FROM named_area GROUP BY scheme \
         UNION ALL SELECT scheme, 0, COUNT(*) FROM area_alias GROUP BY scheme) AS counted GROUP BY scheme",
    )
    .fetch_all(pool)
    .await)?;
    let counted = |row: CountRow| Ok((row.scheme, (narrow(row.areas, "count")?, narrow(row.aliases, "count")?)));
    rows.into_iter().map(counted).collect()
}

/// Stores an area in place of any before; a name or a population that the new one lacks is kept. Whether anything is
/// new.
///
/// # Errors
/// The database failed.
pub async fn put(tx: &mut Tx, area: &NewArea) -> Result<bool, StoreError> {
    let population = area.population.map(i64::try_from).transpose();
    let population = population.map_err(|_| StoreError::Corrupt { what: "named_area.population" })?;
    let rows = on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO named_area (scheme, code, name, population, ground) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (scheme, code) DO UPDATE SET ground = excluded.ground, \
         name = CASE WHEN excluded.name = '' THEN named_area.name ELSE excluded.name END, \
         population = COALESCE(excluded.population, named_area.population) \
         WHERE named_area.ground <> excluded.ground \
         OR (excluded.name <> '' AND named_area.name <> excluded.name) \
         OR (excluded.population IS NOT NULL AND named_area.population IS DISTINCT FROM excluded.population)",
    )
    .bind(&*area.code.scheme)
    .bind(&*area.code.code)
    .bind(&area.name)
    .bind(population)
    .bind(&area.ground.0)
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Stores what a code stands for, in place of all that it stood for before: how many targets are new, and how many are
/// gone.
///
/// # Errors
/// The database failed.
pub async fn put_alias(tx: &mut Tx, alias: &AreaCode, targets: &BTreeSet<AreaCode>) -> Result<(u64, u64), StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, CodeRow>(
        "SELECT target_scheme AS scheme, target_code AS code FROM area_alias WHERE scheme = $1 AND code = $2",
    )
    .bind(&*alias.scheme)
    .bind(&*alias.code)
    .fetch_all(conn)
    .await)?;
    let before = rows.into_iter().map(CodeRow::read).collect();
    let (new, gone) = (targets - &before, &before - targets);
    for (changed, sql) in [
        (&new, "INSERT INTO area_alias (scheme, code, target_scheme, target_code) VALUES ($1, $2, $3, $4)"),
        (&gone, "DELETE FROM area_alias WHERE scheme = $1 AND code = $2 AND target_scheme = $3 AND target_code = $4"),
    ] {
        for target in changed {
            on_tx!(tx, |conn| sqlx::query(sql)
                .bind(&*alias.scheme)
                .bind(&*alias.code)
                .bind(&*target.scheme)
                .bind(&*target.code)
                .execute(conn)
                .await
                .map(drop))?;
        }
    }
    Ok((new.len() as u64, gone.len() as u64))
}

/// Removes the area of a code, and everything that the code stands for as another name: how many areas and other names.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut Tx, code: &AreaCode) -> Result<(u64, u64), StoreError> {
    let mut removed = [0; 2];
    let tables = [
        "DELETE FROM named_area WHERE scheme = $1 AND code = $2",
        "DELETE FROM area_alias WHERE scheme = $1 AND code = $2",
    ];
    for (count, sql) in removed.iter_mut().zip(tables) {
        *count = on_tx!(tx, |conn| sqlx::query(sql)
            .bind(&*code.scheme)
            .bind(&*code.code)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
    }
    Ok(removed.into())
}

/// How many other names stand for a code of this scheme that is neither an area nor another name.
///
/// # Errors
/// The database failed.
pub async fn dangling(tx: &mut Tx, scheme: &str) -> Result<u64, StoreError> {
    let count = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM area_alias AS alias WHERE target_scheme = $1 \
         AND NOT EXISTS (SELECT 1 FROM named_area WHERE scheme = alias.target_scheme AND code = alias.target_code) \
         AND NOT EXISTS (SELECT 1 FROM area_alias AS further \
         WHERE further.scheme = alias.target_scheme AND further.code = alias.target_code)",
    )
    .bind(scheme)
    .fetch_one(conn)
    .await)?;
    narrow(count, "area_alias")
}

/// Waits until nobody else changes areas, and keeps others from it until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn hold(tx: &mut Tx) -> Result<(), StoreError> {
    take(tx, Counter::Area, 0).await.map(drop)
}

/// Counts an import or a removal, so that every node reads the areas again. Done last of all.
///
/// # Errors
/// The database failed.
pub async fn imported(tx: &mut Tx) -> Result<i64, StoreError> {
    let number = take(tx, Counter::Area, 1).await?;
    Db::notify(tx, CHANGED).await?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_to_the_last_bit_and_nothing_else_is() {
        let at = |lat: f64, lon: f64| Point { lat, lon };
        let ring = vec![at(0.1 + 0.2, -180.0), at(50.636_111_111_111_11, 3.0), at(-0.0, 1e-300)];
        let polygons = vec![vec![ring.clone(), ring.clone()], vec![ring], vec![]];
        let packed = Packed::of(&polygons);
        assert_eq!(packed.unpack(), Some(polygons));
        let mut cut = packed.clone();
        cut.0.pop();
        assert_eq!(cut.unpack(), None);
        let mut longer = packed;
        longer.0.push(0);
        assert_eq!(longer.unpack(), None);
        assert_eq!(Packed(vec![255; 4]).unpack(), None, "no room is made for what is not there");
    }
}
