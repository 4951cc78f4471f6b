//! Repetitions, references, ends and what is not for people.

use super::doc::{Doc, Ground, Key, NO_TIME, STORM};
use super::{Row, Step, answers, by, found, rings, stays};

const OVER: &str = "2026-06-01T11:58:00-00:00";

pub fn rows() -> Vec<Row> {
    let mut all = repeated();
    all.extend(references());
    all.extend(chains());
    all.extend(cancels());
    all.extend(grounds());
    all.extend(unknown_codes());
    all.extend(ends());
    all.extend(not_for_people());
    all
}

/// An alert in the west that rings.
fn a() -> Step {
    rings(Doc::alert("a", 50), &["west Alert"])
}

fn cancelled() -> Step {
    rings(Doc::cancel("c", 54, &[("a", 50)]), &["west Cancel"])
}

fn repeated() -> Vec<Row> {
    let other_words = |info: &mut super::doc::Part| info.description = "Gusts of 150 km/h.";
    vec![
        Row::new("The same bytes again", [a(), answers(Doc::alert("a", 50), 200, "approved", &[])]),
        Row::new(
            "The same sender, identifier and sent with other bytes",
            [a(), answers(Doc::alert("a", 50).with(other_words).about("other words"), 409, "", &[])],
        ),
        Row::new(
            "An identifier used again with a later time is an Update that does not say so",
            [
                a(),
                found(
                    Doc::alert("a", 55).on(Ground::Both).about("sent later, west and east"),
                    &["identifier-reused-newer"],
                    &["east Update", "west Update"],
                ),
            ],
        ),
        Row::new(
            "The earlier one of an identifier comes late",
            [
                rings(Doc::alert("a", 55), &["west Alert"]),
                stays(Doc::alert("a", 50).about("sent earlier"), "filed:superseded", &["identifier-reused-older"]),
            ],
        ),
        Row::new(
            "An identifier used again after its Cancel is a new event",
            [
                a(),
                cancelled(),
                found(Doc::alert("a", 56).about("sent later"), &["identifier-reused-newer"], &["west Alert"]),
            ],
        ),
        Row::new(
            "An identifier used again after its end is a new event",
            [
                stays(
                    Doc::alert("a", 50).with(|info| info.expires = "2026-06-01T11:52:00-00:00").about("over"),
                    "filed:expired",
                    &[],
                ),
                found(Doc::alert("a", 56).about("sent later"), &["identifier-reused-newer"], &["west Alert"]),
            ],
        ),
    ]
}

fn references() -> Vec<Row> {
    vec![
        Row::new("An Update of what is known", [a(), rings(Doc::update("b", 52, &[("a", 50)]), &["west Update"])]),
        Row::new(
            "An Update of something unknown, whose original comes late",
            [
                found(Doc::update("b", 52, &[("a", 50)]), &["reference-unknown"], &["west Update"]),
                stays(Doc::alert("a", 50), "filed:superseded", &[]),
            ],
        ),
        Row::new(
            "An Update that names itself",
            [a(), answers(Doc::update("b", 52, &[("b", 52)]), 422, "", &["reference-self"])],
        ),
        Row::new(
            "An Update that names something sent after it",
            [
                a(),
                found(
                    Doc::update("b", 52, &[("a", 57)]).about("with a time to come"),
                    &["reference-inexact", "reference-later"],
                    &["west Update"],
                ),
            ],
        ),
        Row::new(
            "An Update that names something without a time that can be read",
            [
                a(),
                found(
                    Doc::update("b", 52, &[("a", NO_TIME)]).about("sent `yesterday`"),
                    &["reference-time"],
                    &["west Update"],
                ),
            ],
        ),
        Row::new(
            "An Update of something over",
            [
                stays(Doc::alert("a", 50).with(|info| info.expires = OVER).about("over"), "filed:expired", &[]),
                found(Doc::update("b", 52, &[("a", 50)]), &["reference-expired"], &["west Update"]),
            ],
        ),
    ]
}

fn chains() -> Vec<Row> {
    vec![
        Row::new(
            "An Update of several alerts",
            [
                a(),
                rings(Doc::alert("x", 51).on(Ground::East).about("east"), &["east Alert"]),
                rings(Doc::update("b", 52, &[("a", 50), ("x", 51)]).about("west"), &["east Update", "west Update"]),
                rings(Doc::cancel("c", 54, &[("b", 52)]), &["east Cancel", "west Cancel"]),
            ],
        ),
        Row::new(
            "An Update that names only the last of its chain",
            [
                a(),
                rings(Doc::update("b", 52, &[("a", 50)]), &["west Update"]),
                rings(
                    Doc::update("c", 53, &[("b", 52)]).on(Ground::East).about("east"),
                    &["east Update", "west Update"],
                ),
            ],
        ),
        Row::new(
            "A Cancel that names only the first of its chain",
            [
                a(),
                rings(
                    Doc::update("b", 52, &[("a", 50)]).on(Ground::Both).about("west and east"),
                    &["east Update", "west Update"],
                ),
                rings(Doc::cancel("c", 54, &[("a", 50)]), &["east Cancel", "west Cancel"]),
            ],
        ),
        Row::new(
            "Updates that overtake each other",
            [
                a(),
                rings(Doc::update("c", 54, &[("a", 50)]), &["west Update"]),
                stays(Doc::update("b", 52, &[("a", 50)]), "filed:superseded", &[]),
            ],
        ),
        Row::new(
            "An Update by another sender",
            [
                a(),
                stays(
                    Doc::update("b", 52, &[("weather/a", 50)]).from("hub").about("of `hub`"),
                    "held:foreign-chain",
                    &[],
                ),
            ],
        ),
        Row::new(
            "A key that may not speak for the sender",
            [by(Key::Stranger, stays(Doc::alert("a", 50), "held:foreign-sender", &[])), a()],
        ),
    ]
}

fn cancels() -> Vec<Row> {
    let bare = |mut doc: Doc| {
        doc.infos.clear();
        doc.about("without info")
    };
    vec![
        Row::new(
            "A Cancel without info",
            [a(), Step::Join, rings(bare(Doc::cancel("c", 54, &[("a", 50)])), &["west Cancel"])],
        ),
        Row::new(
            "A Cancel before its Alert",
            [
                stays(Doc::cancel("c", 54, &[("a", 50)]), "filed:nothing-to-cancel", &["reference-unknown"]),
                stays(Doc::alert("a", 50), "filed:superseded", &[]),
            ],
        ),
        Row::new(
            "A Cancel twice",
            [a(), cancelled(), stays(Doc::cancel("d", 55, &[("a", 50)]), "filed:superseded", &["reference-cancelled"])],
        ),
        Row::new(
            "An Update after the Cancel",
            [a(), cancelled(), stays(Doc::update("b", 56, &[("a", 50)]), "filed:superseded", &["reference-cancelled"])],
        ),
        Row::new(
            "A Cancel that names something unknown by the identifier of what it cancels",
            [
                a(),
                found(
                    Doc::cancel("a", 54, &[("x", 50)]).about("the identifier of the Alert"),
                    &["identifier-reused-newer", "reference-unknown"],
                    &["west Cancel"],
                ),
            ],
        ),
        Row::new(
            "A Cancel of an Alert that was stamped an hour ahead and updated since",
            [
                rings(Doc::alert("a", 120).about("an hour ahead"), &["west Alert"]),
                found(Doc::update("b", 62, &[("a", 120)]), &["reference-later"], &["west Update"]),
                found(
                    Doc::cancel("c", 64, &[("a", 120)]).about("naming only the first"),
                    &["reference-later"],
                    &["west Cancel"],
                ),
            ],
        ),
        Row::new("A new Alert after the Cancel", [a(), cancelled(), rings(Doc::alert("d", 56), &["west Alert"])]),
        Row::new(
            "A feed that no longer lists an alert says nothing: only a Cancel cancels",
            [
                a(),
                rings(Doc::alert("x", 55).on(Ground::East).about("east, all that its feed lists now"), &["east Alert"]),
            ],
        ),
    ]
}

fn grounds() -> Vec<Row> {
    let both = || rings(Doc::alert("a", 50).on(Ground::Both).about("west and east"), &["east Alert", "west Alert"]);
    let update = || Doc::update("b", 52, &[("a", 50)]);
    vec![
        Row::new(
            "An Update that shrinks the area",
            [both(), rings(update().about("west"), &["east Update", "west Update"])],
        ),
        Row::new(
            "An Update that moves the area",
            [a(), rings(update().on(Ground::East).about("east"), &["east Update", "west Update"])],
        ),
        Row::new(
            "An Update that enlarges the area",
            [a(), rings(update().on(Ground::Both).about("west and east"), &["east Update", "west Update"])],
        ),
        Row::new(
            "An Update that raises the severity",
            [a(), rings(update().with(|info| info.severity = "Extreme").about("Extreme"), &["west Update"])],
        ),
        Row::new(
            "An Update that is over when it comes",
            [
                a(),
                stays(update().with(|info| info.expires = OVER).about("over"), "filed:expired", &[]),
                found(Doc::cancel("c", 54, &[("b", 52)]), &["reference-expired"], &["west Cancel"]),
            ],
        ),
        Row::new(
            "An Update without area",
            [a(), stays(update().on(Ground::None).about("nowhere"), "filed:no-area", &["area-absent"])],
        ),
        Row::new(
            "Siblings: one event in two alerts for two places",
            [a(), rings(Doc::alert("b", 50).on(Ground::East).about("east"), &["east Alert"])],
        ),
    ]
}

/// What says where it applies by codes alone, and nobody knows them.
fn unknown_codes() -> Vec<Row> {
    let coded = |doc: Doc| doc.on(Ground::Unknown).about("codes alone");
    let waits = |doc: Doc| stays(coded(doc), "held:unknown-area", &["area-geocodes-only", "geocode-unknown"]);
    let ends = |doc: Doc| found(coded(doc), &["area-geocodes-only"], &["west Cancel"]);
    let (update, cancel) = (|| Doc::update("b", 52, &[("a", 50)]), || Doc::cancel("c", 54, &[("a", 50)]));
    vec![
        Row::new("An alert whose codes nobody knows", [waits(Doc::alert("a", 50))]),
        Row::new(
            "An Update of an alert whose codes nobody knows",
            [waits(Doc::alert("a", 50)), rings(update(), &["west Update"])],
        ),
        Row::new("A Cancel of an alert whose codes nobody knows", [waits(Doc::alert("a", 50)), rings(cancel(), &[])]),
        Row::new("An Update whose codes nobody knows", [a(), waits(update())]),
        Row::new(
            "An Update whose codes nobody knows, and a Cancel",
            [a(), waits(update()), ends(Doc::cancel("c", 54, &[("b", 52)]))],
        ),
        Row::new(
            "An Update whose codes nobody knows, and the next one",
            [
                a(),
                waits(update()),
                rings(
                    Doc::update("c", 54, &[("b", 52)]).on(Ground::East).about("east"),
                    &["east Update", "west Update"],
                ),
            ],
        ),
        Row::new("A Cancel whose codes nobody knows", [a(), ends(cancel())]),
    ]
}

fn ends() -> Vec<Row> {
    let all_clear = |doc: Doc| doc.with(|info| info.response = "AllClear").about("AllClear");
    let ended = |doc: Doc| {
        doc.with(|info| info.parameters.push(("layer:EC-MSC-SMC:1.0:Alert_Location_Status", "ended"))).about("ended")
    };
    let goes_on = || super::doc::Part { ground: Ground::East, ..STORM };
    vec![
        Row::new(
            "An Update that is an all-clear",
            [a(), Step::Join, found(all_clear(Doc::update("b", 52, &[("a", 50)])), &["all-clear"], &["west Update"])],
        ),
        Row::new(
            "An Update that says ended, as in Canada",
            [a(), Step::Join, found(ended(Doc::update("b", 52, &[("a", 50)])), &["all-clear"], &["west Update"])],
        ),
        Row::new(
            "An all-clear that has run out when it comes",
            [
                a(),
                Step::Join,
                found(
                    all_clear(Doc::update("b", 52, &[("a", 50)]))
                        .with(|info| info.expires = "2026-06-01T11:52:00-00:00")
                        .about("AllClear, expires = sent"),
                    &["all-clear", "expires-at-once"],
                    &["west Update"],
                ),
            ],
        ),
        Row::new(
            "An all-clear without area",
            [
                a(),
                Step::Join,
                found(
                    all_clear(Doc::update("b", 52, &[("a", 50)])).on(Ground::None).about("AllClear, nowhere"),
                    &["all-clear", "area-absent"],
                    &["west Update"],
                ),
            ],
        ),
        Row::new(
            "An all-clear for something unknown",
            [found(all_clear(Doc::update("b", 52, &[("a", 50)])), &["all-clear", "reference-unknown"], &[])],
        ),
        Row::new(
            "An Update that is over in the west and goes on in the east",
            [
                rings(Doc::alert("a", 50).on(Ground::Both).about("west and east"), &["east Alert", "west Alert"]),
                Step::Join,
                rings(
                    ended(Doc::update("b", 52, &[("a", 50)]))
                        .and(goes_on())
                        .about("ended in the west, active in the east"),
                    &["east Update", "west Update"],
                ),
            ],
        ),
    ]
}

fn not_for_people() -> Vec<Row> {
    let alert = || Doc::alert("a", 50);
    let error = Doc { note: Some("The polygon is not closed."), ..Doc::answer("Error", "e", 52, ("a", 50)) };
    vec![
        Row::new("An Ack", [a(), stays(Doc::answer("Ack", "k", 52, ("a", 50)), "filed:not-for-people", &[])]),
        Row::new("An Error", [a(), stays(error, "filed:not-for-people", &[])]),
        Row::new("A Draft", [stays(Doc { status: "Draft", ..alert() }, "filed:not-actual", &[])]),
        Row::new("A System message", [stays(Doc { status: "System", ..alert() }, "filed:not-actual", &[])]),
        Row::new(
            "An Exercise that names a real alert",
            [
                a(),
                found(
                    Doc { status: "Exercise", note: Some("Harbour drill"), ..Doc::update("b", 52, &[("a", 50)]) },
                    &["reference-other-kind"],
                    &[],
                ),
                rings(Doc::cancel("c", 54, &[("a", 50)]), &["west Cancel"]),
            ],
        ),
        Row::new("A Restricted alert", [stays(Doc { scope: "Restricted", ..alert() }, "filed:not-public", &[])]),
        Row::new("A Private alert", [stays(Doc { scope: "Private", ..alert() }, "filed:not-public", &[])]),
        Row::new(
            "An alert without area",
            [stays(alert().on(Ground::None).about("nowhere"), "filed:no-area", &["area-absent"])],
        ),
        Row::new(
            "An alert that is over when it comes",
            [stays(alert().with(|info| info.expires = OVER).about("over"), "filed:expired", &[])],
        ),
        Row::new("A key that holds", [by(Key::Hold, stays(alert(), "held:key-holds", &[]))]),
    ]
}
