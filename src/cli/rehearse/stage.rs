//! What a rehearsal stands on: a folder of its own, settings that lead nowhere outside, memory measured, progress told.

use crate::clock;
use crate::config::Config;
use anyhow::Context;
use std::fs;
use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use url::Url;

/// What is logged meanwhile: figures go to standard output, and only trouble to standard error.
const LOG_FILTER: &str = "error";
const KB_BYTES: f64 = 1_024.0;

/// A folder that goes when the rehearsal does.
pub struct Stage {
    folder: PathBuf,
}

impl Stage {
    pub fn set() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("beffroi-rehearsal-{}", clock::random_id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Self { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The operator's settings, but for everything that could be felt outside.
    pub fn configure(&self, mut config: Config, database: Option<Url>) -> Config {
        config.data.dir = self.folder.join("data");
        config.database.url = database;
        config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        config.server.public_url = None;
        config.clock.start = None;
        config.log.filter = LOG_FILTER.to_owned();
        config
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("beffroi: {} is left over: {error}", self.folder.display());
        }
    }
}

/// Begins to measure the most memory anew (Linux: proc_pid_clear_refs). Where that cannot be done, the measure is that
/// of the whole life of the process, which is never less.
pub fn forget_peak_memory() {
    drop(fs::write("/proc/self/clear_refs", "5"));
}

/// The most memory this process had, bytes.
///
/// # Errors
/// This is no Linux.
pub fn peak_memory_bytes() -> anyhow::Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("memory can be measured on Linux only")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().context("the kernel tells no VmHWM")?;
    Ok(kilobytes * KB_BYTES)
}

/// One line on a terminal that is written over; nothing where standard error is none.
pub struct Progress {
    shown: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal() }
    }

    pub fn say(&self, what: &str) {
        self.write(&format!("Rehearsal: {what}…"));
    }

    pub fn count(&self, what: &str, done: u64, all: u64) {
        self.write(&format!("Rehearsal: {what} {done} of {all} ({} %)", done * 100 / all.max(1)));
    }

    pub fn end(&self) {
        self.write("");
    }

    fn write(&self, text: &str) {
        if self.shown {
            let mut error = std::io::stderr();
            // A terminal that is gone is no reason to end.
            drop(write!(error, "\r\x1b[K{text}").and_then(|()| error.flush()));
        }
    }
}
