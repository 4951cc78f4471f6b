//! What makes itself heard, and what only takes the place of what is shown.

use super::doc::{Doc, Ground, STORM};
use super::{Row, Step, found, rings};

/// An alert in the west, P1.
fn a() -> Step {
    rings(Doc::alert("a", 50), &["west Alert aloud"])
}

fn update() -> Doc {
    Doc::update("b", 52, &[("a", 50)])
}

fn cancel() -> Doc {
    Doc::cancel("c", 54, &[("a", 50)])
}

fn bare(doc: Doc) -> Doc {
    Doc { infos: Vec::new(), ..doc }
}

pub fn rows() -> Vec<Row> {
    let mut all = updates();
    all.extend(ends());
    all
}

fn updates() -> Vec<Row> {
    let quietly = &["west Update quietly"];
    let aloud = &["west Update aloud"];
    vec![
        Row::new("An Update that changes nothing to act on", [a(), rings(update().about("the same again"), quietly)]),
        Row::new(
            "An Update with other words",
            [a(), rings(update().with(|info| info.description = "Gusts of 150 km/h.").about("other words"), quietly)],
        ),
        Row::new(
            "An Update that is less urgent",
            [a(), rings(update().with(|info| info.severity = "Moderate").about("Moderate"), quietly)],
        ),
        Row::new(
            "An Update that is more urgent",
            [a(), rings(update().with(|info| info.severity = "Extreme").about("Extreme"), aloud)],
        ),
        Row::new(
            "An Update with something else to do",
            [a(), rings(update().with(|info| info.response = "Evacuate").about("to evacuate"), aloud)],
        ),
        Row::new(
            "An Update in another area",
            [a(), rings(update().on(Ground::Both).about("west and east"), &["east Update aloud", "west Update aloud"])],
        ),
        Row::new(
            "An Update that changes nothing, and someone who comes in between",
            [a(), Step::Join, rings(update(), &["newcomer Update aloud", "west Update quietly"])],
        ),
        Row::new(
            "Less urgent, then as urgent as before",
            [
                a(),
                rings(update().with(|info| info.severity = "Moderate").about("Moderate"), quietly),
                rings(Doc::update("d", 53, &[("b", 52)]).about("Severe again"), aloud),
            ],
        ),
        Row::new(
            "An Update that says that it is over, and then that it goes on",
            [
                a(),
                found(update().with(|info| info.response = "AllClear").about("an all-clear"), &["all-clear"], quietly),
                rings(Doc::update("d", 53, &[("b", 52)]).about("it goes on"), aloud),
            ],
        ),
    ]
}

fn ends() -> Vec<Row> {
    let two = || {
        let east = super::doc::Part { ground: Ground::East, severity: "Minor", ..STORM };
        Doc::alert("a", 50)
            .with(|info| info.severity = "Extreme")
            .and(east)
            .about("Extreme in the west, Minor in the east")
    };
    let told = &["east Alert quietly", "west Alert aloud"];
    vec![
        Row::new(
            "A Cancel that says that it is over",
            [
                a(),
                rings(cancel().with(|info| info.response = "AllClear").about("an all-clear"), &["west Cancel quietly"]),
            ],
        ),
        Row::new("A Cancel without words", [a(), rings(bare(cancel()).about("without info"), &["west Cancel aloud"])]),
        Row::new("A Cancel in the words of the warning", [a(), rings(cancel(), &["west Cancel aloud"])]),
        Row::new(
            "A Cancel without words of what told two things",
            [
                rings(two(), told),
                rings(bare(cancel()).about("without info"), &["east Cancel quietly", "west Cancel aloud"]),
            ],
        ),
        Row::new(
            "A Cancel after an Update in silence",
            [
                a(),
                rings(update().about("the same again"), &["west Update quietly"]),
                rings(bare(cancel()).about("without info"), &["west Cancel aloud"]),
            ],
        ),
    ]
}
