//! The same warning through two feeds, and what only looks like it.

use super::doc::{Doc, Ground, Key, Part, STORM};
use super::{Row, Step, by, found, rings, stays};

const BEGIN: &str = "2026-06-01T13:00:00-00:00";

fn first() -> Doc {
    Doc::alert("a", 50).with(|info| info.onset = Some(BEGIN))
}

/// What another feed makes of it.
fn copy() -> Doc {
    Doc::alert("copy", 53).from("hub").with(|info| {
        info.onset = Some(BEGIN);
        info.description = " gusts of  140 km/h.";
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
    all.extend(words());
    all.extend(what_no_longer_speaks());
    all.extend(firsts_that_end());
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
                rings(Doc::cancel("d", 54, &[("a", 50)]), &["west Alert", "west Cancel"]),
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

/// What a copy says besides, which those who heard the first would miss.
fn words() -> Vec<Row> {
    let in_french =
        || Part { language: "fr", event: "Tempête", onset: Some(BEGIN), description: "140 km/h.", ..STORM };
    let coded = || first().with(|info| info.event_code = Some("51")).about("with an event code");
    vec![
        Row::new(
            "A copy in another language, with the same event code",
            [
                rings(coded(), &["west Alert"]),
                rings(
                    copy()
                        .with(|info| (info.language, info.event, info.event_code) = ("de", "Sturm", Some("51")))
                        .about("a copy in German"),
                    &["west Alert"],
                ),
            ],
        ),
        Row::new(
            "A copy under another name, with the same event code",
            [
                rings(coded(), &["west Alert"]),
                found(
                    copy()
                        .with(|info| (info.event, info.event_code) = ("Strong wind", Some("51")))
                        .about("a copy that calls it otherwise"),
                    &["merged"],
                    &[],
                ),
            ],
        ),
        Row::new(
            "A copy with one more language",
            [rung(), rings(copy().and(in_french()).about("in French as well"), &["west Alert"])],
        ),
        Row::new(
            "A copy with one language less",
            [rings(first().and(in_french()).about("in English and French"), &["west Alert"]), merged(&[])],
        ),
        Row::new(
            "The same numbers, another description",
            [
                rung(),
                rings(
                    copy().with(|info| info.description = "The dam may break.").about("other words"),
                    &["west Alert"],
                ),
            ],
        ),
        Row::new(
            "The same words, the opposite advice",
            [
                rung(),
                rings(copy().with(|info| info.response = "Evacuate").about("Evacuate, not Shelter"), &["west Alert"]),
            ],
        ),
    ]
}

/// A copy is heard where the first no longer says what it said.
fn what_no_longer_speaks() -> Vec<Row> {
    let begins = |info: &mut Part| info.onset = Some(BEGIN);
    let over = |info: &mut Part| (info.onset, info.response) = (Some(BEGIN), "AllClear");
    vec![
        Row::new(
            "A copy of what was ended since",
            [
                rung(),
                found(
                    Doc::update("u", 52, &[("a", 50)]).with(over).about("AllClear"),
                    &["all-clear"],
                    &["west Update"],
                ),
                by(Key::Second, rings(copy().about("it returns, says `hub`"), &["west Alert"])),
            ],
        ),
        Row::new(
            "The same words again after an Update that shrank the area",
            [
                rings(first().on(Ground::Both).about("west and east"), &["east Alert", "west Alert"]),
                rings(Doc::update("u", 52, &[("a", 50)]).with(begins).about("west"), &["east Update", "west Update"]),
                rings(
                    Doc { name: "b", sent: 54, ..first() }.on(Ground::Both).about("west and east, as before"),
                    &["east Alert", "west Alert"],
                ),
            ],
        ),
    ]
}

/// When the first ends, the copy is heard by all whom it left out.
fn firsts_that_end() -> Vec<Row> {
    let both = |doc: Doc| doc.on(Ground::Both).about("west and east");
    let update = || Doc::update("u", 54, &[("a", 50)]).with(|info| info.onset = Some(BEGIN));
    vec![
        Row::new(
            "The first copy is cancelled: people hear that and then the copy",
            [
                by(Key::Second, rings(Doc { name: "r", ..first() }.from("hub").about("of `hub`"), &["west Alert"])),
                found(first().about("the authority's own"), &["merged"], &[]),
                by(
                    Key::Second,
                    rings(
                        Doc::cancel("c", 54, &[("r", 50)]).from("hub").about("of `hub`"),
                        &["west Alert", "west Cancel"],
                    ),
                ),
                rings(Doc::cancel("d", 55, &[("a", 50)]), &["west Cancel"]),
            ],
        ),
        Row::new(
            "The first is over, says its Update, and the copy is not",
            [
                rung(),
                Step::Join,
                merged(&["newcomer Alert"]),
                found(
                    update().with(|info| info.response = "AllClear").about("AllClear"),
                    &["all-clear"],
                    &["west Alert", "west Update"],
                ),
            ],
        ),
        Row::new(
            "The first shrinks by an Update, and the copy does not",
            [
                rings(both(first()), &["east Alert", "west Alert"]),
                by(Key::Second, found(both(copy()), &["merged"], &[])),
                rings(update().about("west"), &["east Alert", "east Update", "west Update"]),
                rings(Doc::cancel("d", 55, &[("a", 50)]), &["east Cancel", "west Alert", "west Cancel"]),
            ],
        ),
        Row::new(
            "Of three copies the first two are cancelled",
            [
                rung(),
                merged(&[]),
                found(Doc { name: "x", ..first() }.from("relay").about("of `relay`"), &["merged"], &[]),
                rings(Doc::cancel("d", 54, &[("a", 50)]), &["west Alert", "west Cancel"]),
                rings(
                    Doc::cancel("c", 55, &[("copy", 53)]).from("hub").about("of `hub`"),
                    &["west Alert", "west Cancel"],
                ),
                rings(Doc::cancel("e", 56, &[("x", 50)]).from("relay").about("of `relay`"), &["west Cancel"]),
            ],
        ),
    ]
}
