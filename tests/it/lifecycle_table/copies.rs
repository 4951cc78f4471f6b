//! The same warning through two feeds, and what only looks like it.

use super::doc::{Doc, Ground, Key, Part};
use super::{Row, Step, by, found, rings, stays};

const BEGIN: &str = "2026-06-01T13:00:00-00:00";

fn first() -> Doc {
    Doc::alert("a", 50).with(|info| info.onset = Some(BEGIN))
}

/// What another feed makes of it.
fn copy() -> Doc {
    Doc::alert("copy", 53).from("hub").with(|info| {
        info.onset = Some(BEGIN);
        info.description = "Weather service: gusts of 140 km/h.";
    })
}

fn rung() -> Step {
    rings(first().about("begins at 13:00"), &["west Alert"])
}

/// The second feed's copy, which only whoever came in between hears.
fn merged(heard: &'static [&'static str]) -> Step {
    by(Key::Second, found(copy().about("a copy, of `hub`"), &["merged"], heard))
}

pub fn rows() -> Vec<Row> {
    let mut all = copies();
    all.extend(near_copies());
    all
}

fn copies() -> Vec<Row> {
    let later = |doc: Doc| doc.with(|info| info.severity = "Extreme").about("Extreme");
    let update =
        |name, sender, of| later(Doc::update(name, 55, &[of]).from(sender).with(|info| info.onset = Some(BEGIN)));
    vec![
        Row::new("A copy through another feed", [rung(), Step::Join, merged(&["newcomer Alert"])]),
        Row::new(
            "The copy is cancelled, then the first",
            [
                rung(),
                Step::Join,
                merged(&["newcomer Alert"]),
                rings(Doc::cancel("c", 55, &[("copy", 53)]).from("hub").about("of `hub`"), &["newcomer Cancel"]),
                rings(Doc::cancel("d", 56, &[("a", 50)]), &["west Cancel"]),
            ],
        ),
        Row::new(
            "The first is cancelled, and the copy goes on with an Update",
            [
                rung(),
                merged(&[]),
                rings(Doc::cancel("d", 54, &[("a", 50)]), &["west Cancel"]),
                rings(update("u", "hub", ("copy", 53)), &["west Update"]),
            ],
        ),
        Row::new(
            "Both feeds update alike",
            [
                rung(),
                merged(&[]),
                rings(update("u", "weather", ("a", 50)), &["west Update"]),
                by(Key::Second, found(update("v", "hub", ("copy", 53)), &["merged"], &[])),
            ],
        ),
        Row::new(
            "A copy in another language, with the same event code",
            [
                rings(first().with(|info| info.event_code = Some("51")).about("with an event code"), &["west Alert"]),
                found(
                    copy()
                        .with(|info| (info.language, info.event, info.event_code) = ("de", "Sturm", Some("51")))
                        .about("a copy in German"),
                    &["merged"],
                    &[],
                ),
            ],
        ),
        Row::new(
            "The same sender, word for word under another identifier",
            [rung(), found(Doc { name: "b", sent: 52, ..first() }.about("the same words"), &["merged"], &[])],
        ),
        Row::new(
            "A copy of what still waits for a person",
            [
                by(Key::Hold, stays(first(), "held:key-holds", &[])),
                by(Key::Second, rings(copy().about("a copy, of `hub`"), &["west Alert"])),
            ],
        ),
        Row::new(
            "A copy of what was cancelled",
            [
                rung(),
                rings(Doc::cancel("c", 52, &[("a", 50)]), &["west Cancel"]),
                by(Key::Second, rings(copy().about("a copy, of `hub`"), &["west Alert"])),
            ],
        ),
        Row::new(
            "A drill is no copy",
            [rung(), rings(Doc { status: "Test", ..copy() }.about("otherwise a copy"), &[])],
        ),
    ]
}

/// Each is another event, and rings.
fn near_copies() -> Vec<Row> {
    type Change = fn(&mut Part);
    let rows: [(&'static str, &'static str, Change); 6] = [
        ("Almost a copy: another severity", "Extreme", |info| info.severity = "Extreme"),
        ("Almost a copy: it begins a minute later", "begins at 13:01", |info| {
            info.onset = Some("2026-06-01T13:01:00-00:00")
        }),
        ("Almost a copy: it ends earlier", "ends at 17:00", |info| info.expires = "2026-06-01T17:00:00-00:00"),
        ("Almost a copy: another event", "hail", |info| info.event = "Hail"),
        ("Almost a copy: another event code", "with an event code", |info| info.event_code = Some("52")),
        ("Almost a copy: no begin of its own, sent later", "begins when it is sent", |info| info.onset = None),
    ];
    let near = |(name, about, change): (&'static str, &'static str, Change)| {
        let coded = first().with(|info| info.event_code = Some("51")).about("begins at 13:00");
        Row::new(name, [rings(coded, &["west Alert"]), rings(copy().with(change).about(about), &["west Alert"])])
    };
    let mut all: Vec<Row> = rows.into_iter().map(near).collect();
    all.push(Row::new(
        "Almost a copy: a larger place",
        [rung(), rings(copy().on(Ground::Both).about("west and east"), &["east Alert", "west Alert"])],
    ));
    all.push(Row::new(
        "Two fires in one town: the same sender, other words",
        [
            rung(),
            rings(
                Doc { name: "b", sent: 52, ..first() }
                    .with(|info| info.description = "In Station Road.")
                    .about("other words"),
                &["west Alert"],
            ),
        ],
    ));
    all
}
