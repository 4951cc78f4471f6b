//! What the worst document costs: CPU time and memory of reading each hostile document of `tests/it/hostile`.
//!
//! `cargo bench --bench hostile`. Each document is read in a process of its own, whose peak memory is looked up at its end.

use beffroi::cap::{Options, read, survey};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

#[path = "support/cpu.rs"]
mod cpu;
#[path = "../tests/it/hostile/documents.rs"]
mod documents;
#[path = "../tests/it/hostile/flood.rs"]
mod flood;
#[path = "../tests/it/hostile/shape.rs"]
mod shape;
#[path = "../tests/it/hostile/xml.rs"]
mod xml;

/// Asks this program to read one document from its standard input.
const ONE: &str = "--one";
/// Readings of a document; the quickest counts, as the machine has other work too.
const ROUNDS: usize = 3;
/// How many of the worst are printed.
const WORST: usize = 8;

struct Cost {
    /// Its name, the finding it gets, and whether it is taken all the same.
    document: String,
    read_ms: f64,
    survey_ms: f64,
    peak_mb: f64,
}

fn main() {
    if std::env::args().any(|argument| argument == ONE) {
        return one();
    }
    let mut costs: Vec<Cost> = documents::all().iter().map(cost).collect();
    println!("{} documents", costs.len());
    print_worst("read, ms of CPU time", &mut costs, |cost| cost.read_ms);
    print_worst("survey, ms of CPU time", &mut costs, |cost| cost.survey_ms);
    print_worst("peak of the whole process, MB", &mut costs, |cost| cost.peak_mb);
}

fn print_worst(what: &str, costs: &mut [Cost], figure: fn(&Cost) -> f64) {
    costs.sort_by(|a, b| figure(b).total_cmp(&figure(a)));
    println!("{what}:");
    for cost in costs.iter().take(WORST) {
        println!("  {:8.1}  {}", figure(cost), cost.document);
    }
}

/// Reads the document of the standard input, and prints what that cost.
fn one() {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).expect("a document");
    let options = Options::default();
    let quickest =
        |work: &mut dyn FnMut()| (0..ROUNDS).map(|_| cpu::cpu_us(1, &mut *work)).fold(f64::INFINITY, f64::min);
    let read_us = quickest(&mut || drop(read(&bytes, &options)));
    let survey_us = quickest(&mut || drop(survey(&bytes, &options)));
    println!("{read_us} {survey_us} {}", peak_kb());
}

/// The most memory this process ever had, KB.
fn peak_kb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.chars().filter(char::is_ascii_digit).collect()
}

fn cost(document: &documents::Hostile) -> Cost {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .arg(ONE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program again");
    child.stdin.take().expect("its input").write_all(&document.bytes).expect("a document handed over");
    let output = child.wait_with_output().expect("its answer");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let figures: Vec<f64> = text.split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    let [read_us, survey_us, peak_kb] = figures[..] else { panic!("{}: {text}", document.name) };
    let answer = if document.harmless { "taken" } else { "refused" };
    let document = format!("{} ({}, {answer})", document.name, document.code);
    Cost { document, read_ms: read_us / 1e3, survey_ms: survey_us / 1e3, peak_mb: peak_kb / 1e3 }
}
