//! Room on the disk of the data folder.

use super::Report;
use crate::app;
use crate::config::Config;
use std::fs;
use std::path::PathBuf;

const CHECK: &str = "disk";
/// Less room than this is a fault, bytes: a write-ahead log and a day of alerts need it.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// A write-ahead log of SQLite this large means that nothing is taken over from it any more, bytes.
const WAL_BYTES_MAX: u64 = 1 << 30;

pub(super) fn check(report: &mut Report, config: &Config) {
    let dir = &config.data.dir;
    match rustix::fs::statvfs(dir) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let what = format!("{} has {} left", dir.display(), size(free));
            if free < FREE_BYTES_MIN {
                report.fault(
                    CHECK,
                    format!("{what}, less than {}", size(FREE_BYTES_MIN)),
                    "Make room or move data.dir to a larger disk: without room no alert is stored.",
                );
            } else {
                report.ok(CHECK, what);
            }
        }
        Err(rustix::io::Errno::NOENT) => {}
        Err(error) => report.fault(
            CHECK,
            format!("the room on the disk of {} is not known: {error}", dir.display()),
            "Look at the disk.",
        ),
    }
    let Some(wal) = wal(config) else { return };
    let Ok(wal_file) = fs::metadata(&wal) else { return };
    if wal_file.len() > WAL_BYTES_MAX {
        report.fault(
            CHECK,
            format!("{} has {}: it is not taken over into the database", wal.display(), size(wal_file.len())),
            "Some program reads the database without end: close it, or restart Beffroi.",
        );
    }
}

/// Where SQLite's write-ahead log stands.
fn wal(config: &Config) -> Option<PathBuf> {
    let url = app::store_url(config);
    let path = url.strip_prefix("sqlite://")?.split('?').next()?;
    Some(PathBuf::from(format!("{path}-wal")))
}

/// Bytes in words.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    if bytes >= 10 * GIB { format!("{} GiB", bytes / GIB) } else { format!("{} MiB", bytes / MIB) }
}
