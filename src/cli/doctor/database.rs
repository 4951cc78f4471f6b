//! The database: reachable, migrated, whole, and opened by our keys.

use super::{Report, chain, database_name};
use crate::app;
use crate::config::Config;
use crate::store::look::{self, Tables};
use crate::store::vault::Vault;
use crate::store::{self, Db, StoreError};
use roaring::RoaringBitmap;

const CHECK: &str = "database";

/// The database as it is, if there is one.
pub(super) async fn open(report: &mut Report, config: &Config) -> Option<Db> {
    match Db::open_as_it_is(&app::store_url(config)).await {
        Ok(db) => Some(db),
        Err(_) if is_before_first_start(config) => {
            report.note(CHECK, format!("{} is not there yet: the first start makes it", database_name(config)));
            None
        }
        Err(error) => {
            report.fault(
                CHECK,
                format!("{} cannot be opened: {}", database_name(config), chain(&error)),
                "Start the database, or set database.url to where it is, with a user who may use it.",
            );
            None
        }
    }
}

fn is_before_first_start(config: &Config) -> bool {
    let url = app::store_url(config);
    url.strip_prefix("sqlite://").is_some_and(|path| !std::path::Path::new(path).exists())
        && !config.data.dir.join("vault.key").exists()
}

/// Whether its tables can be asked anything further.
pub(super) async fn check(report: &mut Report, config: &Config, db: &Db, quick: bool) -> bool {
    match look_at(report, config, db, quick).await {
        Ok(is_ours) => is_ours,
        Err(error) => {
            report.fault(CHECK, chain(&error), "Look at the log of the database; put back a backup if it is broken.");
            false
        }
    }
}

async fn look_at(report: &mut Report, config: &Config, db: &Db, quick: bool) -> Result<bool, StoreError> {
    let name = database_name(config);
    match look::tables(db).await? {
        Tables::Current => {}
        Tables::None => {
            report.note(CHECK, format!("{name} is empty: the first start makes its tables"));
            return Ok(false);
        }
        Tables::Older { behind } => {
            report.fault(
                CHECK,
                format!("{name} is {behind} migrations behind this version"),
                "Make a backup, then start this version: it migrates by itself.",
            );
            return Ok(false);
        }
        Tables::Newer => {
            report.fault(
                CHECK,
                format!("{name} was migrated by a newer version than this one"),
                "Run the newer version, or put back the backup from before the upgrade.",
            );
            return Ok(false);
        }
        Tables::Broken { version } => {
            report.fault(
                CHECK,
                format!("migration {version} of {name} broke off half-way"),
                "Put back the backup from before the upgrade and start again.",
            );
            return Ok(false);
        }
    }
    if !quick {
        let faults = look::faults(db).await?;
        if !faults.is_empty() {
            report.fault(
                CHECK,
                format!("{name} is damaged: {}", faults.join("; ")),
                "Stop Beffroi and put back a backup; then look at the disk and the machine's memory.",
            );
            return Ok(false);
        }
    }
    report.ok(CHECK, format!("{name} answers and has the tables of this version"));
    keys_fit(report, config, db).await?;
    Ok(true)
}

/// Opens the subscription of one person with the keys in the data folder.
async fn keys_fit(report: &mut Report, config: &Config, db: &Db) -> Result<(), StoreError> {
    let Some(slot) = look::anyone(db).await? else { return Ok(()) };
    let path = config.data.dir.join("vault.key");
    let fits = if path.exists() {
        let vault = Vault::load_or_create(&path)?;
        store::subscriber::recipients(db, &vault, &RoaringBitmap::from([slot])).await.map(drop)
    } else {
        Err(StoreError::Vault(store::vault::VaultError::Sealed))
    };
    if let Err(error) = fits {
        report.fault(
            "keys",
            format!(
                "{} does not open the subscriptions in the database, so nobody is reached: {}",
                path.display(),
                chain(&error)
            ),
            "Put back the vault.key that belongs to this database (docs/RUNBOOK.md, Keys and backups).",
        );
    }
    Ok(())
}
