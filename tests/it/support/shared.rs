//! Files that are not part of this repository: real alerts and independent receivers.

use std::path::PathBuf;

/// The folder of shared files, `../shared` unless `BEFFROI_SHARED` names another. `None` where it is missing, which
/// is said aloud; under CI that is a failure.
pub fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("BEFFROI_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    let message = format!("the shared files are missing at {}: this test checked nothing", folder.display());
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{message}");
    eprintln!("{message}");
    None
}

/// The shared folder, or the end of this test.
macro_rules! shared_or_return {
    () => {
        match crate::support::shared::shared() {
            Some(folder) => folder,
            None => return,
        }
    };
}
pub(crate) use shared_or_return;
