//! The migrations, carried in the binary.
//!
//! A migration that has been released is never edited: the database remembers its checksum.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! step {
    ($version:literal, $name:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

const STEPS: &[Step] = &[
    step!(1, "0001_first_ring"),
    step!(2, "0002_signers"),
    step!(3, "0003_axes"),
    step!(4, "0004_lifecycle"),
    step!(5, "0005_repairs"),
    step!(6, "0006_places"),
    step!(7, "0007_areas"),
    step!(8, "0008_proof"),
    step!(9, "0009_proof_areas"),
    step!(10, "0010_retries"),
    step!(11, "0011_receipts"),
    step!(12, "0012_provider_tokens"),
    step!(13, "0013_quiet"),
    step!(14, "0014_places"),
    step!(15, "0015_rings_paid"),
    step!(16, "0016_due"),
];

/// The numbers of all migrations.
pub(super) fn versions() -> impl Iterator<Item = i64> {
    STEPS.iter().map(|step| step.version)
}

pub(super) fn sqlite() -> Migrator {
    migrator(|step| step.sqlite)
}

pub(super) fn postgres() -> Migrator {
    migrator(|step| step.postgres)
}

fn migrator(text: fn(&Step) -> &'static str) -> Migrator {
    let migrations = STEPS.iter().map(|step| {
        let whole_in_one_transaction = false;
        let sql = text(step).into_sql_str();
        Migration::new(step.version, step.name.into(), MigrationType::Simple, sql, whole_in_one_transaction)
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_migration_file_is_carried_under_the_same_name_for_both_databases() {
        let carried: BTreeSet<String> = STEPS.iter().map(|step| format!("{}.sql", step.name)).collect();
        for database in ["sqlite", "postgres"] {
            let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
            let files: BTreeSet<String> = std::fs::read_dir(&folder)
                .expect("the folder of migrations")
                .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            assert_eq!(files, carried, "{folder}");
        }
    }

    #[test]
    fn versions_are_the_numbers_in_the_names_and_grow() {
        let numbers: Vec<i64> = STEPS.iter().map(|step| step.name[..4].parse().expect("a number")).collect();
        assert_eq!(numbers, STEPS.iter().map(|step| step.version).collect::<Vec<_>>());
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}
