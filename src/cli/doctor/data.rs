//! The data folder and the key files in it.

use super::{Report, chain};
use crate::config::Config;
use crate::push::vapid::Vapid;
use crate::store::vault::KEY_BYTES;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const CHECK: &str = "keys";
const OTHERS_MODE_MASK: u32 = 0o077;

/// What is made at the first start, and what it is for.
const FILES: [(&str, &str); 3] = [
    ("vault.key", "opens the subscriptions"),
    ("vapid.pem", "signs for push services"),
    ("node.id", "names this node"),
];

pub(super) fn check(report: &mut Report, config: &Config) {
    let dir = &config.data.dir;
    let before = report.faults();
    match fs::metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return report.note(CHECK, format!("{} is not there yet: the first start makes it", dir.display()));
        }
        Err(error) => {
            return report.fault(
                CHECK,
                format!("{} cannot be read: {error}", dir.display()),
                "Set data.dir to a folder that belongs to the user Beffroi runs as.",
            );
        }
        Ok(folder) if !folder.is_dir() => {
            return report.fault(
                CHECK,
                format!("{} is no folder", dir.display()),
                "Set data.dir to a folder, or move the file away.",
            );
        }
        Ok(folder) => private(report, dir, folder.permissions().mode(), 0o700),
    }
    let missing: Vec<_> =
        FILES.into_iter().filter(|(name, purpose)| !file(report, dir, name, purpose, config)).collect();
    // Never made, or all lost: the check of the database knows whether someone was sealed with them.
    match missing.len() {
        0 => {}
        all if all == FILES.len() => {
            report.note(CHECK, format!("no key in {} yet: the first start makes them", dir.display()))
        }
        _ => {
            for (name, purpose) in missing {
                report.fault(
                    CHECK,
                    format!("{} is missing, which {purpose}", dir.join(name).display()),
                    "Put it back from your copy of the keys (docs/RUNBOOK.md, Keys and backups). A new one is made at the start if there is none, but it opens nothing of before.",
                );
            }
        }
    }
    let signing = dir.join("signing.key");
    if let Ok(file) = fs::metadata(&signing) {
        private(report, &signing, file.permissions().mode(), 0o600);
    }
    if report.faults() == before {
        report.ok(CHECK, format!("the keys in {} are whole and nobody else may read them", dir.display()));
    }
}

/// `false` when it is not there.
fn file(report: &mut Report, dir: &Path, name: &str, purpose: &str, config: &Config) -> bool {
    let path = dir.join(name);
    let content = match fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => return false,
        Err(error) => {
            report.fault(
                CHECK,
                format!("{} cannot be read: {error}", path.display()),
                "Give it to the user Beffroi runs as (chown), with mode 0600.",
            );
            return true;
        }
    };
    match fs::metadata(&path) {
        Ok(file) => private(report, &path, file.permissions().mode(), 0o600),
        Err(error) => report.fault(CHECK, format!("{}: {error}", path.display()), "Look at the disk."),
    }
    let wrong = match name {
        "vault.key" if content.len() != KEY_BYTES => Some(format!("it must hold exactly {KEY_BYTES} bytes")),
        "vapid.pem" => String::from_utf8(content)
            .map_err(|_| "it is not text".to_owned())
            .and_then(|pem| Vapid::from_pem(&pem, &config.push.contact).map_err(|error| chain(&error)))
            .err(),
        _ if content.is_empty() => Some("it is empty".to_owned()),
        _ => None,
    };
    if let Some(wrong) = wrong {
        report.fault(
            CHECK,
            format!("{}, which {purpose}, is not usable: {wrong}", path.display()),
            "Put it back from your copy of the keys (docs/RUNBOOK.md, Keys and backups).",
        );
    }
    true
}

fn private(report: &mut Report, path: &Path, mode: u32, wanted: u32) {
    if mode & OTHERS_MODE_MASK != 0 {
        report.fault(
            CHECK,
            format!("{} can be read by others (mode {:04o})", path.display(), mode & 0o7777),
            format!("chmod {wanted:o} {}", path.display()),
        );
    }
}
