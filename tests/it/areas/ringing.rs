//! Alerts whose areas are named, through the whole line, on both databases.

use super::square;
use crate::support::alerts::{BOX, Cap, SENDER};
use crate::support::browser::Browser;
use crate::support::place::{FINE, Place};
use crate::support::receiver::Receiver;
use crate::support::server::assert_adds_up;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn named_areas_ring_on_sqlite() {
    named_areas_ring(Database::Sqlite, &shared_or_return!()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn named_areas_ring_on_postgresql() {
    named_areas_ring(Database::Postgres, &shared_or_return!()).await;
}

/// Where people are: inside of [`BOX`] and of the east, in the east alone, in the west.
const PEOPLE: [(&str, f64, f64); 3] = [("town", 50.65, 3.1), ("east", 50.2, 3.8), ("west", 50.65, 1.5)];

struct Country {
    server: Server,
    receiver: Receiver,
    key: String,
    operator: Browser,
    /// Name and endpoint.
    people: Vec<(&'static str, String)>,
    heard: usize,
}

/// An alert with these geocodes and, if wanted, what is drawn.
fn cap(identifier: &str, geocodes: &[(&str, &str)], drawn: bool) -> String {
    let geocode = |(name, value): &(&str, &str)| {
        format!("\n<geocode><valueName>{name}</valueName><value>{value}</value></geocode>")
    };
    let codes: String = geocodes.iter().map(geocode).collect();
    let polygon = format!("<polygon>{BOX}</polygon>");
    let area = if drawn { format!("{polygon}{codes}") } else { codes };
    // No two of them are copies of each other.
    let event = format!("<event>{identifier}");
    Cap::new(identifier).xml().replace(&polygon, &area).replace("<event>Storm", &event)
}

impl Country {
    async fn start(database: Database, shared: &Path) -> Self {
        let mut server = Server::start(database, &[]).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        let receiver = Receiver::start(shared).await;
        let mut country = Self { server, receiver, key, operator, people: Vec::new(), heard: 0 };
        for (name, lat, lon) in PEOPLE {
            country.subscribe(name, &[Place::around(lat, lon, FINE, 0)], Value::Null).await;
        }
        country
    }

    async fn subscribe(&mut self, name: &'static str, places: &[Place], more: Value) {
        let channel = self.receiver.subscription(201, None).await;
        self.server.subscribe(&channel, places, more).await;
        self.people.push((name, channel["endpoint"].as_str().expect("an endpoint").to_owned()));
    }

    async fn import(&self, text: &str, scheme: &str) {
        let file = self.server.data().join("areas");
        std::fs::write(&file, text).expect("a file");
        let ran = self.server.run(&["areas", "import", file.to_str().expect("a text"), "--scheme", scheme]).await;
        assert_eq!(ran.code, 0, "{}", ran.errors);
    }

    /// Posts: the answer, and who has heard of it when nothing is left to do.
    async fn ring(&mut self, cap: String) -> (Value, BTreeSet<&'static str>) {
        let answer = self.server.post_new(&self.key, cap).await;
        let id = answer["id"].as_str().expect("an id").to_owned();
        let broadcast = self.server.settled(&mut self.operator, &id).await;
        let heard = self.heard(&id).await;
        assert_adds_up(&broadcast, heard.len() as u64);
        (answer, heard)
    }

    async fn heard(&mut self, alert: &str) -> BTreeSet<&'static str> {
        let all = self.receiver.messages().await;
        let new = &all[self.heard..];
        let name = |endpoint: &str| self.people.iter().find(|(_, own)| own == endpoint).expect("a person").0;
        for message in new {
            assert!(message.problems.is_empty(), "{:?}", message.problems);
            assert_eq!(message.payload["beffroi"]["alert"], alert);
        }
        let names = new.iter().map(|message| name(&message.endpoint)).collect();
        self.heard = all.len();
        names
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.server.http.get(self.server.url(path)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

/// The findings of this code: level, path and line.
fn findings(answer: &Value, code: &str) -> Vec<(String, String, u64)> {
    let all = answer["findings"].as_array().expect("findings");
    let text = |finding: &Value, name: &str| finding[name].as_str().expect("a text").to_owned();
    let told = all.iter().filter(|finding| finding["code"] == code);
    told.map(|finding| (text(finding, "level"), text(finding, "path"), finding["line"].as_u64().expect("a line")))
        .collect()
}

async fn named_areas_ring(database: Database, shared: &Path) {
    let mut country = Country::start(database, shared).await;
    let held = nobody_knows(&mut country).await;

    // While the server runs.
    country.import(&square("east", "Eastham", 50.0, 3.0), "town").await;
    let zones = [square("XAC001", "Zone", 50.0, 3.0), square("XAC003", "Zone", 50.0, 1.0)].join("\n");
    country.import(&zones, "UGC").await;
    country.import("scheme\tcode\ttarget_scheme\ttarget_code\nNUTS3\tXX11\ttown\teast\n", "x").await;
    country.import(&square("099000", "State", 50.0, 1.0), "SAME").await;

    let (all, east) = (&["town", "east", "west"][..], &["town", "east"][..]);
    for (name, cap, wanted, told) in [
        ("itself", cap("itself", &[("Town", "EAST")], false), east, None),
        ("an alias", cap("alias", &[("NUTS3", "XX11")], false), east, None),
        ("coarse", cap("coarse", &[("UGC", "XACALL")], false), all, Some("geocode-from-parts")),
        ("fine", cap("fine", &[("SAME", "099001")], false), &["west"], Some("geocode-widened")),
        ("union", cap("union", &[("UGC", "XAC003")], true), &["town", "west"], None),
        ("drawn", cap("drawn", &[("TOWN", "nowhere")], true), &["town"], Some("geocode-unknown")),
        (
            "names only",
            cap("names", &[("UGC", "XAC003")], true).replace("<info>", "<code>IPAWSv1.0</code><info>"),
            &["town"],
            None,
        ),
    ] {
        let (answer, heard) = country.ring(cap).await;
        assert_eq!(answer["state"], "approved", "{name}: {answer}");
        assert_eq!(heard, wanted.iter().copied().collect(), "{name}");
        for code in ["geocode-widened", "geocode-unknown", "geocode-from-parts", "geocode-partly-unknown"] {
            assert_eq!(findings(&answer, code).len(), usize::from(told == Some(code)), "{name}: {answer}");
        }
    }
    released_once_known(&mut country, &held).await;
    found_and_followed(&mut country).await;
    taken_back(&mut country).await;
}

/// An alert that nobody knows the area of waits for a person, and everyone is told.
async fn nobody_knows(country: &mut Country) -> String {
    let answer =
        country.server.post_new(&country.key, cap("held", &[("Town", "EAST"), ("SAME", "099001")], false)).await;
    assert_eq!((&answer["state"], &answer["reason"]), (&json!("held"), &json!("unknown-area")), "{answer}");
    let at = |nth: u64| ("warning".to_owned(), format!("/alert/info[1]/area[1]/geocode[{nth}]"), 8 + nth);
    assert_eq!(findings(&answer, "geocode-unknown"), [at(1), at(2)], "{answer}");
    let id = answer["id"].as_str().expect("an id").to_owned();
    let page = country.operator.get(&format!("/console/alerts/{id}")).await.expect(200).answer.text();
    for text in ["TOWN EAST", "SAME 099001", "beffroi areas import"] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    assert!(country.heard(&id).await.is_empty());
    id
}

async fn released_once_known(country: &mut Country, held: &str) {
    let page = country.operator.get(&format!("/console/alerts/{held}/release")).await.expect(200);
    country.operator.submit(&page.form("release").fill("confirm", "RING")).await.expect(200);
    country.server.settled(&mut country.operator, held).await;
    assert_eq!(country.heard(held).await, ["town", "east", "west"].into());
    let page = country.operator.get(&format!("/console/alerts/{held}")).await.expect(200).answer.text();
    assert!(!page.contains("beffroi areas import"), "all its codes are known now");
}

/// What citizens and maps see of named areas.
async fn found_and_followed(country: &mut Country) {
    let (status, found) = country.get("/api/v1/areas?q=EÂST&limit=5").await;
    assert_eq!(status, 200, "{found}");
    let want = json!([{"scheme": "TOWN", "code": "EAST", "name": "Eastham", "population": 1000, "within": null,
        "bounds": [3.0, 50.0, 4.0, 51.0]}]);
    assert_eq!(found["areas"], want);
    assert_eq!(country.get("/api/v1/areas?q=nobody").await, (200, json!({"areas": []})));
    for (query, code) in [("", "missing-query"), ("?q=", "missing-query"), ("?q=x&limit=21", "bad-parameter")] {
        let (status, problem) = country.get(&format!("/api/v1/areas{query}")).await;
        assert_eq!((status, &problem["code"]), (422, &json!(code)), "{query}: {problem}");
    }
    let (_, there) = country.get("/api/v1/alerts?point=50.2,3.8").await;
    let identifiers: BTreeSet<&str> =
        there["alerts"].as_array().expect("alerts").iter().filter_map(|alert| alert["identifier"].as_str()).collect();
    assert_eq!(identifiers, ["alias", "coarse", "held", "itself"].into(), "of {SENDER}");
    let (_, map) = country.get("/api/v1/alerts.geojson").await;
    let nowhere = map["features"].as_array().expect("features").iter().filter(|feature| feature["geometry"].is_null());
    assert_eq!(nowhere.count(), 0, "{map}");

    let follows = json!({"places": [{"area": {"scheme": "town", "code": "east"}}]});
    country.subscribe("citizen", &[], follows).await;
    let (_, heard) = country.ring(cap("followed", &[("TOWN", "east")], false)).await;
    assert_eq!(heard, ["town", "east", "citizen"].into());
    let (_, heard) = country.ring(cap("drawn-again", &[], true)).await;
    assert_eq!(heard, ["town", "citizen"].into(), "the area that is followed is touched");
    let nowhere = json!({"places": [{"area": {"scheme": "town", "code": "nowhere"}}]});
    let channel = country.receiver.subscription(201, None).await;
    assert_eq!(country.server.try_subscribe(&channel, &[], nowhere).await.status, 422);
}

/// A wrong alias is corrected and then removed, a followed area only when it is insisted on; the server runs meanwhile.
async fn taken_back(country: &mut Country) {
    country.import("scheme\tcode\ttarget_scheme\ttarget_code\nNUTS3\tXX11\tUGC\tXAC003\n", "x").await;
    let (_, heard) = country.ring(cap("corrected", &[("NUTS3", "XX11")], false)).await;
    assert_eq!(heard, ["west"].into(), "what it stood for before is gone");

    let remove =
        async |country: &Country, args: &[&str]| country.server.run(&[&["areas", "remove"], args].concat()).await;
    let ran = remove(country, &["--scheme", "nuts", "xx11"]).await;
    assert_eq!((ran.code, &*ran.errors), (0, "NUTS: 0 areas and 1 other name removed.\n"));
    let answer = country.server.post_new(&country.key, cap("removed", &[("NUTS3", "XX11")], false)).await;
    assert_eq!((&answer["state"], &answer["reason"]), (&json!("held"), &json!("unknown-area")), "{answer}");

    let ran = remove(country, &["--scheme", "town", "east"]).await;
    assert_eq!(ran.code, 1, "{}", ran.errors);
    for text in ["TOWN EAST is followed by 1 person", "--followed", "Nothing was removed."] {
        assert!(ran.errors.contains(text), "{}", ran.errors);
    }
    let (_, heard) = country.ring(cap("refused", &[], true)).await;
    assert_eq!(heard, ["town", "citizen"].into());
    let ran = remove(country, &["--scheme", "town", "--all", "--followed"]).await;
    assert_eq!(ran.code, 0, "{}", ran.errors);
    assert!(ran.errors.contains("TOWN: 1 area and 0 other names removed."), "{}", ran.errors);
    let (_, heard) = country.ring(cap("insisted", &[], true)).await;
    assert_eq!(heard, ["town"].into(), "the place that was followed is nowhere");
}
