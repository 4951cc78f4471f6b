//! CPU time of the engines on the same documents, one JSON line each; `scripts/bench/cap.py` sets others beside them.
//!
//! `cargo bench --bench side_by_side -- --documents FOLDER` also writes the documents, for engines in other languages.

use std::path::PathBuf;

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/documents.rs"]
mod documents;
#[path = "support/engines.rs"]
mod engines;

use cpu::cpu_us;

/// CPU time one measurement takes about, microseconds.
const ROUND_US: f64 = 100_000.0;
/// Measurements of one engine on one document; the median counts. Engines take turns.
const ROUNDS: usize = 7;

fn main() {
    let folder = folder();
    for document in documents::documents() {
        if let Some(folder) = &folder {
            let file = folder.join(format!("{}.xml", document.name));
            std::fs::write(&file, &document.text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
        let text = document.text.as_str();
        let once = |engine: fn(&str)| cpu_us(10, || engine(text));
        let times: Vec<u32> = engines::ALL.iter().map(|(_, engine)| (ROUND_US / once(*engine)).ceil() as u32).collect();
        let mut figures = vec![Vec::new(); times.len()];
        for _ in 0..ROUNDS {
            for (place, (_, engine)) in engines::ALL.iter().enumerate() {
                figures[place].push(cpu_us(times[place], || engine(text)));
            }
        }
        for ((name, _), mut figures) in engines::ALL.iter().zip(figures) {
            figures.sort_by(f64::total_cmp);
            let us = figures[ROUNDS / 2];
            println!(
                "{{\"document\":\"{}\",\"bytes\":{},\"engine\":\"{name}\",\"us\":{us:.2}}}",
                document.name,
                text.len()
            );
        }
    }
}

/// Where the documents are written, if anywhere.
fn folder() -> Option<PathBuf> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--documents");
    arguments.nth(1).map(PathBuf::from)
}
