//! Real alerts, byte for byte as their authorities issued them, into a running server; who is inside hears each once,
//! in their language, and who is outside hears nothing. Receiver, decryption and geometry are not our own code.

use crate::support::alerts::{RealAlert, RealInfo, read};
use crate::support::place::{Figure, Place, in_the_box_but_outside, inside, outside};
use crate::support::receiver::{Received, Receiver};
use crate::support::server::assert_adds_up;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many real alerts with a polygon or circle there are at least, and of how many countries.
const ALERTS_MIN: usize = 20;
const COUNTRIES_MIN: usize = 7;
/// Servers running at the same time.
const SERVERS_MAX: usize = 2;
/// How long after `sent` the test clock starts.
const AFTER_SENT: SignedDuration = SignedDuration::from_secs(5);
/// Two of the alerts carry a megabyte of sound.
const BODY_BYTES_MAX: &str = "2000000";

/// Characters of a headline that a title shows for certain.
const TITLE_CHARS_SURE: usize = 100;

/// Those that ring for nobody here: the file, and the reason for being filed that the answer must give; empty for what
/// is approved, and still reaches nobody.
const SILENT: &[(&str, &str)] = &[
    // Scope Private: an operations centre tells its partners that it opened.
    ("KDE__kweathercore/454888.cap", "not-public"),
    // The end of a tsunami warning: whoever was not told of the warning is not told of its end.
    ("willglynn__oasiscap/google-PAAQ-4-mg5a94.xml", ""),
];

/// A real alert of the corpus.
struct Sample {
    name: String,
    country: String,
    bytes: Vec<u8>,
    alert: RealAlert,
}

#[tokio::test(flavor = "multi_thread")]
async fn real_alerts_reach_those_inside_once_and_nobody_outside_on_sqlite() {
    all_ring(&shared_or_return!(), Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_alerts_reach_those_inside_once_and_nobody_outside_on_postgresql() {
    all_ring(&shared_or_return!(), Database::Postgres).await;
}

async fn all_ring(shared: &Path, database: Database) {
    let samples = samples(&shared.join("corpus"));
    assert!(samples.len() >= ALERTS_MIN, "only {} real alerts", samples.len());
    let countries: BTreeSet<_> = samples.iter().map(|sample| sample.country.as_str()).collect();
    assert!(countries.len() >= COUNTRIES_MIN, "only from {countries:?}");
    for country in ["US", "CA", "DE", "BR", "RU", "DZ", "BF"] {
        assert!(countries.contains(country), "none from {country}");
    }
    for (file, _) in SILENT {
        assert!(samples.iter().any(|sample| sample.name == *file), "{file} is not in the corpus any more");
    }
    let receiver = Receiver::start(shared).await;
    let trials = samples.iter().map(|sample| try_one(sample, &receiver, database));
    futures_util::stream::iter(trials).buffer_unordered(SERVERS_MAX).collect::<Vec<()>>().await;
}

/// Everything of the manifest that is valid, really issued, meant and drawn.
fn samples(corpus: &Path) -> Vec<Sample> {
    let manifest = std::fs::read_to_string(corpus.join("MANIFEST.tsv")).expect("the manifest");
    let mut lines = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let column = |name: &str| header.iter().position(|column| *column == name).expect("a column of the manifest");
    let wanted = [("verdict", "valid"), ("provenance", "real-feed"), ("status", "Actual"), ("kind", "cap")]
        .map(|(name, value)| (column(name), value));
    let (file, country, msg_type) = (column("file"), column("country"), column("msgType"));
    let drawn = [column("n_polygon"), column("n_circle")];
    lines
        .filter(|row| wanted.iter().all(|(index, value)| row[*index] == *value))
        .filter(|row| matches!(row[msg_type], "Alert" | "Update"))
        .filter(|row| drawn.iter().any(|index| row[*index] != "0"))
        .map(|row| {
            let path: PathBuf = corpus.join("cap").join(row[file]);
            let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let alert = read(&bytes);
            Sample { name: row[file].to_owned(), country: row[country].to_owned(), bytes, alert }
        })
        .collect()
}

/// One person of the trial.
struct Person<'a> {
    endpoint: String,
    /// The text they must get; `None`: they must get nothing.
    info: Option<&'a RealInfo>,
}

async fn try_one(sample: &Sample, receiver: &Receiver, database: Database) {
    let name = &sample.name;
    let sent: Timestamp = sample.alert.sent.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let start = sent.saturating_add(AFTER_SENT).expect("a time").to_string();
    let settings = [("clock.start", start.as_str()), ("alerts.body_bytes_max", BODY_BYTES_MAX)];
    let mut server = Server::start(database, &settings).await;
    let key = server.key(&["--ring"]).await;
    let mut operator = server.setup_admin().await;
    let people = settle_people(sample, receiver, &server).await;

    let answer = server.post(&key, sample.bytes.as_slice()).await;
    assert_eq!(answer.status, 202, "{name}: {}", answer.text());
    let answer = answer.json();
    let id = answer["id"].as_str().expect("an id");
    let broadcast = server.settled(&mut operator, id).await;
    let original = server.http.get(server.url(&format!("/api/v1/alerts/{id}.xml"))).send().await.expect("an answer");

    let messages = receiver.messages().await;
    let silent = SILENT.iter().find(|(file, _)| file == name);
    if let Some((_, reason)) = silent {
        let state = if reason.is_empty() { ("approved", None) } else { ("filed", Some(*reason)) };
        assert_eq!((answer["state"].as_str(), answer["reason"].as_str()), (Some(state.0), state.1), "{name}");
        assert_adds_up(&broadcast, 0);
    } else {
        let inside = people.iter().filter(|person| person.info.is_some()).count() as u64;
        assert_adds_up(&broadcast, inside);
        assert_eq!(broadcast["accepted"].as_u64(), Some(inside), "{name}: {broadcast}");
        assert_eq!(original.bytes().await.expect("the bytes"), sample.bytes, "{name}: not served as it came");
    }
    for person in &people {
        let got: Vec<_> = messages.iter().filter(|message| message.endpoint == person.endpoint).collect();
        match person.info.filter(|_| silent.is_none()) {
            Some(info) => check_text(name, id, info, &got),
            None => assert!(got.is_empty(), "{name}: someone who must hear nothing got {:?}", got[0].payload),
        }
    }
}

/// One inside for each language, one north of everything, one in the box but outside where there is room.
async fn settle_people<'a>(sample: &'a Sample, receiver: &Receiver, server: &Server) -> Vec<Person<'a>> {
    let name = &sample.name;
    let all: Vec<Figure> = sample.alert.infos.iter().flat_map(|info| info.figures.clone()).collect();
    let mut people: Vec<(Place, Option<&RealInfo>)> = Vec::new();
    for info in &sample.alert.infos {
        let place = inside(&info.figures).unwrap_or_else(|| panic!("{name}: no cell lies in its area"));
        people.push((place, Some(info)));
    }
    people.extend([Some(outside(&all)), in_the_box_but_outside(&all)].into_iter().flatten().map(|place| (place, None)));
    let mut settled = Vec::new();
    for (place, info) in people {
        let channel = receiver.subscription(201, None).await;
        let more = info.map_or(Value::Null, |info| json!({ "languages": [info.language] }));
        server.subscribe(&channel, &[place], more).await;
        settled.push(Person { endpoint: channel["endpoint"].as_str().expect("an endpoint").to_owned(), info });
    }
    settled
}

/// Exactly one push, by every rule of Web Push, with the words of this info.
fn check_text(name: &str, id: &str, info: &RealInfo, got: &[&Received]) {
    let [message] = got else {
        panic!("{name}: {} pushes in {} instead of one", got.len(), info.language);
    };
    assert!(message.problems.is_empty(), "{name}: {:?}", message.problems);
    let notification = &message.payload["notification"];
    let title = notification["title"].as_str().expect("a title");
    let headline = one_line(info.headline.as_deref().unwrap_or(&info.event));
    let shown: String = headline.chars().take(TITLE_CHARS_SURE).collect();
    assert!(title.contains(&shown), "{name}: the title is {title:?} and not {headline:?}");
    let body = notification["body"].as_str().expect("a body");
    assert!(!body.trim().is_empty(), "{name}: nothing said but {title:?}");
    assert_eq!(notification["lang"].as_str(), Some(info.language.as_str()), "{name}");
    assert_eq!(message.payload["web_push"], 8030, "{name}");
    assert_eq!(message.payload["beffroi"]["alert"], id, "{name}");
    let navigate = notification["navigate"].as_str().expect("an address");
    assert!(navigate.contains(&format!("/alerts/{id}")), "{name}: {navigate}");
    let chain = message.payload["beffroi"]["chain"].as_str().expect("a chain");
    // What makes no sound may wait beside the ring of its chain, instead of in its place.
    let beside = chain.chars().rev().collect::<String>();
    let topic = message.topic.as_deref().expect("a Topic");
    assert!(topic == chain || topic == beside && notification["silent"] == true, "{name}: {topic} of {chain}");
}

/// White space of an XML document as a screen shows it.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
