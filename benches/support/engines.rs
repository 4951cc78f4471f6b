//! Ways to read a document, to be measured side by side.

use beffroi::cap::{Options, read};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::hint::black_box;

pub type Engine = (&'static str, fn(&str));

pub const ALL: &[Engine] = &[("quick-xml events", events), ("roxmltree", roxmltree), ("beffroi read", beffroi)];

/// Every event of quick-xml, looked at by nobody: what reading through it costs at least.
fn events(text: &str) {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().expect("a well-formed document") {
            Event::Eof => return,
            event => {
                black_box(&event);
            }
        }
    }
}

/// roxmltree's tree. Its values are still text.
fn roxmltree(text: &str) {
    black_box(roxmltree::Document::parse(text).expect("a well-formed document"));
}

/// The typed alert, every rule checked, every place known.
fn beffroi(text: &str) {
    let reading = read(text.as_bytes(), &Options::default());
    assert!(reading.ok(), "{:?}", reading.findings);
    black_box(reading);
}
