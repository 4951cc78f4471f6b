//! Between rows and our types.

use super::error::StoreError;
use crate::cap::Axes;
use jiff::Timestamp;
use roaring::RoaringBitmap;

/// A struct read from a row by column name, on both databases.
macro_rules! row {
    ($(#[$doc:meta])* $visible:vis $name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        $visible struct $name { $($field: $type),+ }

        impl<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &'r sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row;
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }

        impl<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &'r sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row;
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    };
}
pub(super) use row;

/// Which number of a pair comes first, of a stored `longitude_first`.
pub(super) fn axes(longitude_first: i64) -> Axes {
    if longitude_first == 0 { Axes::LatitudeFirst } else { Axes::LongitudeFirst }
}

/// The same, as it is stored.
pub(super) fn longitude_first(axes: Axes) -> i64 {
    match axes {
        Axes::LatitudeFirst => 0,
        Axes::LongitudeFirst => 1,
    }
}

/// Milliseconds UTC, as times are stored.
pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The time of stored milliseconds.
pub(super) fn time(ms: i64, what: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|_| StoreError::Corrupt { what })
}

/// The time of stored milliseconds, if there is one.
pub(super) fn time_if(ms: Option<i64>, what: &'static str) -> Result<Option<Timestamp>, StoreError> {
    ms.map(|ms| time(ms, what)).transpose()
}

/// A stored word or number that our types must know.
pub(super) fn known<T>(value: Option<T>, what: &'static str) -> Result<T, StoreError> {
    value.ok_or(StoreError::Corrupt { what })
}

/// A stored number in a narrower type.
pub(super) fn narrow<T: TryFrom<i64>>(number: i64, what: &'static str) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::Corrupt { what })
}

/// A count as the database keeps it.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).expect("people are counted in 32 bits")
}

/// A set of people as bytes.
pub(super) fn bits(set: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(set.serialized_size());
    set.serialize_into(&mut bytes).expect("writing to memory cannot fail");
    bytes
}

/// The set of people in stored bytes.
pub(super) fn set(bytes: &[u8], what: &'static str) -> Result<RoaringBitmap, StoreError> {
    RoaringBitmap::deserialize_from(bytes).map_err(|_| StoreError::Corrupt { what })
}
