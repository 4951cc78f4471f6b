//! Events of the US National Weather Service, held together by their codes.

use super::doc::{Doc, Ground, Key};
use super::{Row, Step, by, found, rings, stays};

const WEST: &[&str] = &["OKZ001"];
const EAST: &[&str] = &["OKZ002"];
const COUNTIES: &[&str] = &["OKC001", "OKC027"];
const BOTH: &[&str] = &["OKZ001", "OKZ002"];

macro_rules! code {
    ($action:literal) => {
        code!($action, "WS.W.0012")
    };
    ($action:literal, $event:literal) => {
        concat!("/O.", $action, ".KOUN.", $event, ".260601T1200Z-260601T1800Z/")
    };
}

/// Both boxes, in two zones.
fn new() -> Step {
    let doc = Doc::alert("a", 50).on(Ground::Both).nws(code!("NEW"), BOTH);
    rings(doc.about("NEW, zones 1 and 2"), &["east Alert", "west Alert"])
}

fn west() -> Step {
    rings(Doc::alert("a", 50).nws(code!("NEW"), WEST).about("NEW, zone 1"), &["west Alert"])
}

pub fn rows() -> Vec<Row> {
    let mut all = parts();
    all.extend(whole());
    all.extend(several());
    all.extend(others());
    all.extend(unseen());
    all.extend(again());
    all.extend(named());
    all
}

/// The first message of the event never came here.
fn unseen() -> Vec<Row> {
    let can_west = || Doc::cancel("c", 52, &[("a", 50)]).nws(code!("CAN"), WEST).about("CAN, zone 1");
    let con_east = || Doc::update("b", 53, &[("a", 50)]).on(Ground::East).nws(code!("CON"), EAST).about("CON, zone 2");
    let unknown = &["reference-unknown"];
    vec![
        Row::new(
            "NWS: of an event not known here a part is cancelled, and the rest goes on",
            [stays(can_west(), "filed:nothing-to-cancel", unknown), found(con_east(), unknown, &["east Update"])],
        ),
        Row::new(
            "NWS: of an event not known here a part goes on, and the rest is cancelled",
            [
                found(con_east(), unknown, &["east Update"]),
                stays(Doc { sent: 54, ..can_west() }, "filed:nothing-to-cancel", unknown),
                found(
                    Doc::cancel("d", 55, &[("a", 50)]).on(Ground::East).nws(code!("CAN"), EAST).about("CAN, zone 2"),
                    &["reference-unknown", "vtec-followed"],
                    &["east Cancel"],
                ),
            ],
        ),
        Row::new(
            "NWS: an event not known here goes on, and its first message comes late",
            [
                found(con_east(), unknown, &["east Update"]),
                rings(
                    Doc::alert("a", 50).on(Ground::Both).nws(code!("NEW"), BOTH).about("NEW, zones 1 and 2"),
                    &["east Alert", "west Alert"],
                ),
            ],
        ),
    ]
}

/// What was cancelled is on again.
fn again() -> Vec<Row> {
    let con_east = || Doc::update("b", 52, &[("x", 40)]).on(Ground::East).nws(code!("CON"), EAST).about("CON, zone 2");
    let can_west = || Doc::cancel("c", 53, &[("x", 40)]).nws(code!("CAN"), WEST).about("CAN, zone 1");
    let begun = || {
        [
            new(),
            found(con_east(), &["reference-unknown", "vtec-followed", "vtec-part"], &["east Update"]),
            found(can_west(), &["reference-unknown", "vtec-followed"], &["west Cancel"]),
        ]
    };
    let then = |step: Step| begun().into_iter().chain([step]);
    let followed = &["reference-unknown", "vtec-followed"];
    vec![
        Row::new(
            "NWS: what was cancelled for a zone is extended to it again",
            then(found(
                Doc::update("d", 54, &[("y", 41)]).nws(code!("EXA"), WEST).about("EXA, zone 1"),
                followed,
                &["west Update"],
            )),
        ),
        Row::new(
            "NWS: what was cancelled for a zone goes on there, in an Alert",
            then(found(
                Doc::alert("d", 54).nws(code!("CON"), WEST).about("CON, zone 1"),
                &["vtec-followed"],
                &["west Alert"],
            )),
        ),
        Row::new(
            "NWS: what was sent before the zone was cancelled comes late",
            then(stays(
                Doc::alert("d", 52).nws(code!("CON"), WEST).about("CON, zone 1"),
                "filed:superseded",
                &["vtec-followed"],
            )),
        ),
        Row::new(
            "NWS: an Update names what was cancelled",
            then(stays(
                Doc::update("d", 54, &[("a", 50)]).nws(code!("CON"), WEST).about("CON, zone 1"),
                "filed:superseded",
                &["reference-cancelled", "vtec-followed"],
            )),
        ),
    ]
}

fn shrunk() -> Row {
    Row::new(
        "NWS: both parts go on, then one is cancelled with a smaller polygon",
        [
            new(),
            found(
                Doc::update("b", 52, &[("a", 50)]).nws(code!("CON"), WEST).about("CON, zone 1"),
                &["vtec-followed", "vtec-part"],
                &["west Update"],
            ),
            found(
                Doc::update("d", 53, &[("a", 50)]).on(Ground::East).nws(code!("CON"), EAST).about("CON, zone 2"),
                &["vtec-followed"],
                &["east Update"],
            ),
            found(
                Doc::cancel("e", 54, &[("x", 40)])
                    .on(Ground::Edge)
                    .nws(code!("CAN"), WEST)
                    .about("CAN, zone 1, in a place where nobody is"),
                &["reference-unknown", "vtec-followed", "vtec-part"],
                &["west Cancel"],
            ),
        ],
    )
}

/// What a message names, it is about.
fn named() -> Vec<Row> {
    vec![
        Row::new(
            "NWS: a Cancel names an alert and its zones in another scheme",
            [
                new(),
                found(
                    Doc::cancel("c", 53, &[("a", 50)])
                        .nws(code!("CAN"), &[])
                        .with(|info| info.parameters.push(("SAME", "040001")))
                        .about("CAN, with SAME codes only"),
                    &[],
                    &["east Cancel", "west Cancel"],
                ),
            ],
        ),
        Row::new(
            "NWS: a Cancel names an alert and none of its zones",
            [
                new(),
                found(
                    Doc::cancel("c", 53, &[("a", 50)]).nws(code!("CAN"), COUNTIES).about("CAN, counties"),
                    &[],
                    &["east Cancel", "west Cancel"],
                ),
            ],
        ),
        Row::new(
            "NWS: a Cancel of one sibling names both",
            [
                west(),
                rings(
                    Doc::alert("b", 50).on(Ground::East).nws(code!("NEW"), EAST).about("NEW, zone 2"),
                    &["east Alert"],
                ),
                found(
                    Doc::cancel("c", 53, &[("a", 50), ("b", 50)]).nws(code!("CAN"), WEST).about("CAN, zone 1"),
                    &["vtec-followed", "vtec-part"],
                    &["west Cancel"],
                ),
                found(
                    Doc::cancel("d", 54, &[("b", 50)]).on(Ground::East).nws(code!("CAN"), EAST).about("CAN, zone 2"),
                    &["vtec-followed"],
                    &["east Cancel"],
                ),
            ],
        ),
        shrunk(),
    ]
}

/// What did not act takes nothing over and adds nothing.
fn others() -> Vec<Row> {
    let con_west = || Doc::update("b", 52, &[("x", 40)]).nws(code!("CON"), WEST).about("CON, zone 1");
    vec![
        Row::new(
            "NWS: a stranger continues an event in one zone more, then it is cancelled",
            [
                new(),
                by(
                    Key::Stranger,
                    stays(
                        Doc::update("f", 58, &[("a", 50)])
                            .on(Ground::Both)
                            .nws(code!("CON"), &["OKZ001", "OKZ002", "OKZ009"])
                            .about("CON, zones 1, 2 and 9"),
                        "held:foreign-sender",
                        &["vtec-followed"],
                    ),
                ),
                found(
                    Doc::cancel("c", 54, &[("x", 40)]).nws(code!("CAN"), BOTH).about("CAN, zones 1 and 2"),
                    &["reference-unknown", "vtec-followed"],
                    &["east Cancel", "west Cancel"],
                ),
            ],
        ),
        Row::new(
            "NWS: one part waits for a person while the other is cancelled",
            [
                new(),
                by(
                    Key::Hold,
                    stays(con_west(), "held:key-holds", &["reference-unknown", "vtec-followed", "vtec-part"]),
                ),
                found(
                    Doc::cancel("c", 53, &[("a", 50)]).on(Ground::East).nws(code!("CAN"), EAST).about("CAN, zone 2"),
                    &["vtec-followed", "vtec-part"],
                    &["east Cancel"],
                ),
                found(
                    Doc::update("d", 54, &[("b", 52)]).nws(code!("CON"), WEST).about("CON, zone 1"),
                    &["vtec-followed"],
                    &["west Update"],
                ),
            ],
        ),
    ]
}

fn whole() -> Vec<Row> {
    vec![
        Row::new(
            "NWS: NEW, CON, EXT and CAN whose references are not known here",
            [
                west(),
                found(
                    Doc::update("b", 52, &[("x", 40)]).nws(code!("CON"), WEST).about("CON"),
                    &["reference-unknown", "vtec-followed"],
                    &["west Update"],
                ),
                found(
                    Doc::alert("c", 53).nws(code!("EXT"), WEST).about("EXT, without references"),
                    &["vtec-followed"],
                    &["west Update"],
                ),
                found(
                    Doc::cancel("d", 54, &[("y", 41)]).nws(code!("CAN"), WEST).about("CAN"),
                    &["reference-unknown", "vtec-followed"],
                    &["west Cancel"],
                ),
            ],
        ),
        Row::new(
            "NWS: EXP in an Alert",
            [
                west(),
                Step::Join,
                found(
                    Doc::alert("b", 52).nws(code!("EXP"), WEST).about("EXP"),
                    &["all-clear", "vtec-followed"],
                    &["west Update"],
                ),
            ],
        ),
        Row::new(
            "NWS: a code that cannot be read",
            [found(Doc::alert("a", 50).nws("/O.NEW.KOUN.12/", WEST), &["vtec-invalid"], &["west Alert"])],
        ),
        Row::new(
            "NWS: another number is another event",
            [
                west(),
                rings(
                    Doc::alert("b", 52).nws(code!("NEW", "WS.W.0013"), WEST).about("NEW, number 13"),
                    &["west Alert"],
                ),
            ],
        ),
        Row::new(
            "NWS: the same codes of another sender are another event",
            [
                west(),
                rings(Doc::alert("b", 52).from("hub").nws(code!("CON"), WEST).about("CON of `hub`"), &["west Alert"]),
            ],
        ),
    ]
}

fn parts() -> Vec<Row> {
    let can_west = || Doc::cancel("c", 52, &[("a", 50)]).nws(code!("CAN"), WEST).about("CAN, zone 1");
    let con_east = || Doc::update("b", 52, &[("a", 50)]).on(Ground::East).nws(code!("CON"), EAST).about("CON, zone 2");
    vec![
        Row::new(
            "NWS: a part is cancelled, then the rest goes on and ends",
            [
                new(),
                found(can_west(), &["vtec-followed", "vtec-part"], &["west Cancel"]),
                found(con_east(), &["vtec-followed"], &["east Update"]),
                found(
                    Doc::cancel("d", 54, &[("b", 52)]).on(Ground::East).nws(code!("CAN"), EAST).about("CAN, zone 2"),
                    &["vtec-followed"],
                    &["east Cancel"],
                ),
            ],
        ),
        Row::new(
            "NWS: the rest goes on, then a part is cancelled",
            [
                new(),
                found(con_east(), &["vtec-followed", "vtec-part"], &["east Update"]),
                found(can_west(), &["vtec-followed"], &["west Cancel"]),
                found(
                    Doc::update("d", 54, &[("b", 52)]).on(Ground::East).nws(code!("CON"), EAST).about("CON, zone 2"),
                    &["vtec-followed"],
                    &["east Update"],
                ),
            ],
        ),
        Row::new(
            "NWS: siblings of one event go on and end apart",
            [
                west(),
                rings(
                    Doc::alert("b", 50).on(Ground::East).nws(code!("NEW"), EAST).about("NEW, zone 2"),
                    &["east Alert"],
                ),
                found(
                    Doc::update("c", 52, &[("a", 50)]).nws(code!("CON"), WEST).about("CON, zone 1"),
                    &["vtec-followed"],
                    &["west Update"],
                ),
                found(
                    Doc::cancel("d", 53, &[("b", 50)]).on(Ground::East).nws(code!("CAN"), EAST).about("CAN, zone 2"),
                    &["vtec-followed"],
                    &["east Cancel"],
                ),
            ],
        ),
    ]
}

fn several() -> Vec<Row> {
    let two =
        concat!("/O.NEW.KOUN.WI.Y.0032.260601T1200Z-260601T1800Z/", "/O.NEW.KOUN.HW.W.0014.260601T1200Z-260601T1800Z/");
    let upgrade =
        concat!("/O.UPG.KOUN.WS.W.0012.260601T1200Z-260601T1800Z/", "/O.NEW.KOUN.IS.W.0014.260601T1200Z-260601T1800Z/");
    vec![
        Row::new(
            "NWS: two events in one alert, one of them is cancelled",
            [
                rings(Doc::alert("a", 50).nws(two, WEST).about("NEW wind, NEW high wind"), &["west Alert"]),
                found(
                    Doc::cancel("c", 52, &[("a", 50)]).nws(code!("CAN", "WI.Y.0032"), WEST).about("CAN wind"),
                    &["vtec-followed", "vtec-part"],
                    &["west Cancel"],
                ),
                found(
                    Doc::update("d", 53, &[("a", 50)]).nws(code!("CON", "HW.W.0014"), WEST).about("CON high wind"),
                    &["vtec-followed"],
                    &["west Update"],
                ),
            ],
        ),
        Row::new(
            "NWS: an event is replaced by another",
            [
                west(),
                found(
                    Doc::update("b", 52, &[("x", 40)]).nws(upgrade, WEST).about("UPG, and NEW of another event"),
                    &["reference-unknown", "vtec-followed"],
                    &["west Update"],
                ),
                found(
                    Doc::cancel("c", 54, &[("y", 41)]).nws(code!("CAN", "IS.W.0014"), WEST).about("CAN of that one"),
                    &["reference-unknown", "vtec-followed"],
                    &["west Cancel"],
                ),
            ],
        ),
    ]
}
