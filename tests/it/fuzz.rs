//! What fuzzing (scripts/fuzz) found worth keeping, run again: a small corpus that reaches all it reached, and whatever
//! once broke something.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Runs a target over the files kept for it.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry of the corpus").path();
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}", path.display());
        run(&bytes);
        files += 1;
    }
    assert!(files >= 20, "only {files} files are kept for {target}");
}

#[test]
fn the_kept_corpus_of_parse_passes() {
    replay("parse", targets::parse);
}

#[test]
fn the_kept_corpus_of_validate_passes() {
    replay("validate", targets::validate);
}

#[test]
fn the_kept_corpus_of_signature_passes() {
    replay("signature", targets::signature);
}

#[test]
fn the_kept_corpus_of_geometry_passes() {
    replay("geometry", targets::geometry);
}
