//! Well-formed documents that are no alerts, and values that are none.

use super::documents::{Hostile, STORM, beside, edit, filled, hostile, storm};

pub fn structures() -> Vec<Hostile> {
    let once =
        ["identifier", "sender", "sent", "status", "msgType", "scope", "event", "urgency", "severity", "certainty"];
    let element = |name: &str| {
        let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
        let at = STORM.find(&begin).expect("an element");
        STORM[at..STORM[at..].find(&end).expect("its end") + at + end.len()].to_owned()
    };
    let missing = once.iter().map(|name| edit(format!("no {name}"), "element-missing", &element(name), ""));
    let twice = once.iter().map(|name| {
        edit(
            format!("two of {name}"),
            "element-repeated",
            &element(name),
            &format!("{}<{name}>another</{name}>", element(name)),
        )
    });
    let others = vec![
        beside("an alert in an alert", "element-unknown", storm()),
        beside("an alert in another vocabulary", "element-namespace", &format!("<x xmlns='u'>{}</x>", storm())),
        edit("an info in an info", "element-unknown", "<category>", "<info/><category>"),
        edit("an area in an alert", "element-unknown", "<info>", "<area/><info>"),
        edit(
            "a name in other letters",
            "element-unknown",
            "<scope>Public</scope>",
            "<scope>Public</scope><Scope>Public</Scope>",
        ),
        edit("an element in a value", "element-unknown", "Actual", "<b>Actual</b>"),
        edit("an element beside a value", "element-unknown", "Actual", "Actual<b/>"),
        edit("an info that is empty", "element-missing", "</info>", "</info><info/>"),
        edit("an area that is empty", "description-missing", "</area>", "</area><area/>").harmless(),
        hostile("an alert that is empty", "element-missing", "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>"),
        hostile("another root", "root-not-alert", "<notAlert/>"),
        hostile("a root in capitals", "root-not-alert", storm().replace("alert", "ALERT")),
        hostile(
            "an envelope of SOAP",
            "root-not-alert",
            format!(
                "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>{}</e:Body></e:Envelope>",
                storm()
            ),
        ),
    ];
    missing.chain(twice).chain(others).collect()
}

/// The storm with another first pair of its polygon.
fn pair(name: impl Into<String>, code: &'static str, pair: &str) -> Hostile {
    edit(name, code, ">48.1,-1.2 ", &format!(">{pair} "))
}

pub fn numbers() -> Vec<Hostile> {
    let none = [
        "NaN,1",
        "1,NaN",
        "inf,1",
        "-inf,1",
        "Infinity,1",
        "1e999,1",
        "1e2,1",
        "0x10,1",
        "--1,1",
        "+-1,1",
        "1.2.3,4",
        ".,1",
        ",1",
        "1,",
        ",",
        "1",
        "1,2,3",
        "1;2",
        "1/2",
        "(1,2)",
        "1°,2°",
        "48N,1W",
        "１,２",
        "٤٨,١",
        "𝟏,𝟐",
        "1\u{a0},2",
        "NULL",
        "%s,%n",
        "$(id),1",
        "'; DROP TABLE alert; --",
    ];
    let none = none.iter().map(|text| pair(format!("the pair {text}"), "polygon-pair-invalid", text));
    let far = ["190.0000001,1", "-191,1", "1000,1", "999999999999999999999999999999,1"];
    let far = far.iter().map(|text| pair(format!("the pair {text}"), "latitude-out-of-range", text));
    let east = ["1,361", "1,-400", "1,99999999999999999999"];
    let east = east.iter().map(|text| pair(format!("the pair {text}"), "longitude-out-of-range", text));
    let nines = "9".repeat(400);
    let zeros = format!("0.{}1", "0".repeat(400_000));
    let circle = |name: &str, code, circle: &str| edit(name, code, "48.5,-1.5 12.5", circle);
    let others = vec![
        pair("a number of 400 digits", "polygon-pair-invalid", &format!("{nines},1")),
        pair("a number of 400,000 decimals", "excess-precision", &format!("48.1,-1.2 {zeros},1")).harmless(),
        circle("no radius", "circle-invalid", "48.5,-1.5"),
        circle("a radius below nothing", "circle-invalid", "48.5,-1.5 -1"),
        circle("a radius that is no number", "circle-invalid", "48.5,-1.5 NaN"),
        circle("a radius without end", "circle-invalid", "48.5,-1.5 inf"),
        circle("a radius of 400 digits", "circle-invalid", &format!("48.5,-1.5 {nines}")),
        circle("a radius around the Earth", "circle-radius-large", "48.5,-1.5 40000000").harmless(),
        circle("two radii", "circle-invalid", "48.5,-1.5 1 2"),
        circle("a centre off the Earth", "latitude-out-of-range", "348.5,-1.5 1"),
        edit("an altitude that is no number", "number-invalid", "</area>", "<altitude>NaN</altitude></area>")
            .harmless(),
        edit("an altitude without end", "number-invalid", "</area>", "<altitude>1e999</altitude></area>").harmless(),
        edit("an altitude of 400 digits", "number-invalid", "</area>", &format!("<altitude>{nines}</altitude></area>"))
            .harmless(),
    ];
    none.chain(far).chain(east).chain(others).collect()
}

/// The storm with another polygon.
fn ring(name: &str, code: &'static str, points: &str) -> Hostile {
    edit(name, code, "48.1,-1.2 48.1,-1.1 48.2,-1.1 48.2,-1.2 48.1,-1.2", points)
}

/// Points from a number of them, with the first again at the end.
fn closed(count: u32, point: impl Fn(u32) -> (f64, f64)) -> String {
    let points: Vec<String> =
        (0..=count).map(|number| point(number % count)).map(|(lat, lon)| format!("{lat:.4},{lon:.4}")).collect();
    points.join(" ")
}

pub fn rings() -> Vec<Hostile> {
    let turn = |number: u32, of: u32| f64::from(number) / f64::from(of) * std::f64::consts::TAU;
    let star = |count: u32| {
        closed(count, |number| {
            let angle = turn(number, count) * f64::from(count / 2);
            (10.0 * angle.sin(), 10.0 * angle.cos())
        })
    };
    let zigzag = |count: u32| closed(count, |number| (f64::from(number % 2) * 10.0, f64::from(number) * 0.0001));
    let comb = |count: u32| {
        closed(count, |number| (f64::from(number % 2) * 10.0, f64::from(number % 7) * 3.0 + f64::from(number) * 0.0001))
    };
    let spiral = closed(40_000, |number| {
        let angle = f64::from(number) * 0.01;
        (f64::from(number) * 0.001 * angle.sin(), f64::from(number) * 0.001 * angle.cos())
    });
    vec![
        ring("a megabyte of one point", "polygon-too-few-points", &filled("1.1,2.2 ")),
        ring("two points", "polygon-too-few-points", "1,1 2,2"),
        ring("a ring there and back", "polygon-flat", "1,1 2,2 3,3 2,2 1,1"),
        ring(
            "a ring round the Earth three times",
            "polygon-winds",
            "0,0 0,120 0,-120 0,0 0,120 0,-120 0,0 0,120 0,-120 1,0 0,0",
        ),
        ring("a bow tie", "polygon-crosses-itself", "0,0 1,1 0,1 1,0 0,0").harmless(),
        ring("a star of 101 points", "polygon-crosses-itself", &star(101)).harmless(),
        ring("a star of 1,001 points", "polygon-too-tangled", &star(1_001)),
        ring("a star of 60,001 points", "polygon-too-tangled", &star(60_001)),
        ring("a zigzag of 60,000 points", "polygon-too-tangled", &zigzag(60_000)),
        ring("a comb of 60,000 points", "polygon-too-tangled", &comb(60_000)),
        ring("a spiral of 40,000 points", "polygon-crosses-itself", &spiral).harmless(),
        ring("more points than are looked at", "too-many-vertices", &"1,1 ".repeat(200_001)),
        ring("a megabyte of commas", "polygon-pair-invalid", &filled(",")),
        ring("a megabyte of points without pairs", "polygon-pair-invalid", &filled("1 ")),
        ring("a megabyte of signs", "polygon-pair-invalid", &filled("-,- ")),
        ring(
            "a megabyte of blanks inside a pair",
            "polygon-space-in-pair",
            &format!("48.1,{}-1.2 48.1,-1.1 48.2,-1.1 48.1,-1.2", filled(" ")),
        )
        .harmless(),
        edit("polygons of nothing", "more-errors", "<circle>", &format!("{}<circle>", "<polygon/>".repeat(10_001))),
        edit("slivers across a country", "areas-overlap", "<circle>", &format!("{}<circle>", slivers(10_000))),
        edit(
            "slivers across a country in many areas",
            "areas-overlap",
            "<area>",
            &format!(
                "{}<area>",
                slivers(300)
                    .replace("<polygon>", "<area><areaDesc>a</areaDesc><polygon>")
                    .replace("</polygon>", "</polygon></area>")
            ),
        ),
        edit(
            "one polygon again and again",
            "excess-precision",
            "<circle>",
            &format!("{}<circle>", "<polygon>43,-1 50,6 50.00000001,6 43,-1</polygon>".repeat(9_000)),
        )
        .harmless(),
        edit(
            "stars",
            "polygon-too-tangled",
            "<circle>",
            &format!("{}<circle>", format!("<polygon>{}</polygon>", star(301)).repeat(150)),
        ),
    ]
}

/// Thin triangles side by side: their boxes all overlap.
fn slivers(count: u32) -> String {
    let sliver = |number: u32| {
        let south = 43.0 + f64::from(number) * 2e-7;
        let north = south + 7.0;
        format!("<polygon>{south:.7},-1 {north:.7},6 {:.7},6 {south:.7},-1</polygon>", north + 1e-7)
    };
    (0..count).map(sliver).collect()
}

pub fn values() -> Vec<Hostile> {
    let times = [
        "",
        "now",
        "2026-13-01T00:00:00-00:00",
        "2026-02-30T00:00:00-00:00",
        "2026-01-01T25:00:00-00:00",
        "2026-01-01T00:61:00-00:00",
        "99999-01-01T00:00:00-00:00",
        "-0001-01-01T00:00:00-00:00",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01T00:00:00+15:00",
        "9999-12-31T23:59:59-14:01",
        "1767225600",
        "Sat, 03 Jan 2026 00:00:00 GMT",
        "２０２６-01-01T00:00:00-00:00",
        "2026-01-01T00:00:00\u{2212}01:00",
    ];
    let times = times.iter().map(|time| {
        edit(
            format!("the time {time}"),
            "datetime-invalid",
            "<sent>2026-03-01T14:30:00+01:00",
            &format!("<sent>{time}"),
        )
    });
    let codes = [
        ("status", "Actual"),
        ("msgType", "Alert"),
        ("urgency", "Immediate"),
        ("severity", "Extreme"),
        ("certainty", "Observed"),
        ("category", "Met"),
    ];
    let codes = codes.into_iter().map(|(name, value)| {
        edit(
            format!("{name} of no kind"),
            "value-unknown",
            &format!("<{name}>{value}"),
            &format!("<{name}>\u{202E}{value}"),
        )
    });
    let others = vec![
        edit("a fraction of a megabyte", "datetime-form", "14:30:00+01:00</sent>", &format!("14:30:00.{}+01:00</sent>", filled("1"))).harmless(),
        edit("no offset", "datetime-no-offset", "14:30:00+01:00</sent>", "14:30:00</sent>"),
        edit("an identifier of blanks", "required-empty", "storm-1", " \n\t"),
        edit("an identifier with a comma", "identifier-characters", "storm-1", "storm,1"),
        edit("an identifier with a tag", "identifier-characters", "storm-1", "&lt;script&gt;"),
        edit("a sender with a line end", "sender-characters", "met@vallonne.example", "met@vallonne.example\nBcc:all"),
        edit("a size without end", "size-odd", "<area>", "<resource><resourceDesc>a</resourceDesc><mimeType>a/b</mimeType><size>99999999999999999999999</size></resource><area>").harmless(),
        edit("a language that is none", "language-invalid", "en-GB", "../../etc").harmless(),
    ];
    times.chain(codes).chain(others).collect()
}
