//! What becomes of messages that follow, repeat, end and answer each other: one row a case, each shown through the HTTP
//! API with a real receiver, on both databases. docs/INTEGRATORS.md prints the same rows; a test compares them, and
//! `BEFFROI_BLESS=1` writes them.

mod copies;
mod doc;
mod events;
mod loudness;
mod rows;

use crate::support::place::{FINE, Place};
use crate::support::receiver::Receiver;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use doc::{Doc, Key, corner};
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rows that run at the same time on one server.
const AT_ONCE: usize = 6;
/// Where the document has the table.
const BEGIN: &str = "<!-- Made by tests/it/lifecycle_table.rs from here on. -->\n";
const END: &str = "<!-- Made by tests/it/lifecycle_table.rs up to here. -->\n";

/// One case.
struct Row {
    name: &'static str,
    steps: Vec<Step>,
}

enum Step {
    Post(Box<Post>),
    /// Someone else subscribes in the west.
    Join,
}

/// What is posted, and what must come of it.
struct Post {
    key: Key,
    doc: Doc,
    status: u16,
    /// State, and reason after a colon; empty where nothing was taken.
    state: &'static str,
    /// Codes of all findings.
    findings: &'static [&'static str],
    /// Who hears what because of it, as `west Alert`; with `aloud` or `quietly` behind it where that is checked, too.
    heard: &'static [&'static str],
}

impl Row {
    fn new(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Self {
        Self { name, steps: steps.into_iter().collect() }
    }
}

/// Rings, and is heard so.
fn rings(doc: Doc, heard: &'static [&'static str]) -> Step {
    found(doc, &[], heard)
}

/// Rings with findings, and is heard so.
fn found(doc: Doc, findings: &'static [&'static str], heard: &'static [&'static str]) -> Step {
    Step::Post(Box::new(Post { key: Key::Ring, doc, status: 202, state: "approved", findings, heard }))
}

/// Reaches nobody.
fn stays(doc: Doc, state: &'static str, findings: &'static [&'static str]) -> Step {
    Step::Post(Box::new(Post { key: Key::Ring, doc, status: 202, state, findings, heard: &[] }))
}

/// Is not taken as something new.
fn answers(doc: Doc, status: u16, state: &'static str, findings: &'static [&'static str]) -> Step {
    Step::Post(Box::new(Post { key: Key::Ring, doc, status, state, findings, heard: &[] }))
}

/// The same with another key.
fn by(key: Key, step: Step) -> Step {
    match step {
        Step::Post(post) => Step::Post(Box::new(Post { key, ..*post })),
        Step::Join => Step::Join,
    }
}

fn table() -> Vec<Row> {
    rows::rows().into_iter().chain(events::rows()).chain(copies::rows()).chain(loudness::rows()).collect()
}

#[test]
fn rows_are_many_and_each_has_a_name_of_its_own() {
    let table = table();
    let names: BTreeSet<&str> = table.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), table.len());
    assert!((30..200).contains(&table.len()), "{}", table.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_is_as_the_table_says_on_sqlite() {
    run(Database::Sqlite, &shared_or_return!()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_is_as_the_table_says_on_postgresql() {
    run(Database::Postgres, &shared_or_return!()).await;
}

/// A server, a receiver and keys for all rows.
struct Stage {
    server: Server,
    receiver: Receiver,
    keys: BTreeMap<Key, String>,
}

async fn run(database: Database, shared: &Path) {
    let server = Server::start(database, &[]).await;
    let mut keys = BTreeMap::new();
    for (key, args) in [
        (Key::Ring, &["--ring"][..]),
        (Key::Second, &["--ring"]),
        (Key::Hold, &["--hold"]),
        (Key::Stranger, &["--ring", "--sender", "someone@else.example"]),
    ] {
        keys.insert(key, server.key(args).await);
    }
    let stage = Stage { server, receiver: Receiver::start(shared).await, keys };
    let table = table();
    let running = table.iter().enumerate().map(|(number, row)| stage.run(number, row));
    let wrong: Vec<String> = futures_util::stream::iter(running).buffer_unordered(AT_ONCE).concat().await;
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

impl Stage {
    /// Runs one row; what was not as it says.
    async fn run(&self, number: usize, row: &Row) -> Vec<String> {
        let (south, west) = corner(number);
        let mut people = BTreeMap::new();
        for (name, lon) in [("west", west + 0.15), ("east", west + 0.65), ("away", west + 2.0)] {
            people.insert(self.person(south + 0.15, lon).await, name);
        }
        let mut posted = Vec::new();
        for (nth, step) in row.steps.iter().enumerate() {
            let wrong = match step {
                Step::Join => {
                    people.insert(self.person(south + 0.15, west + 0.15).await, "newcomer");
                    None
                }
                Step::Post(post) => self.post(number, post, &people, &mut posted).await,
            };
            if let Some(wrong) = wrong {
                return vec![format!("{}, step {}: {wrong}", row.name, nth + 1)];
            }
        }
        Vec::new()
    }

    /// Someone's endpoint.
    async fn person(&self, lat: f64, lon: f64) -> String {
        let channel = self.receiver.subscription(201, None).await;
        self.server.subscribe(&channel, &[Place::around(lat, lon, FINE, 0)], Value::Null).await;
        channel["endpoint"].as_str().expect("an endpoint").to_owned()
    }

    async fn heard(&self, people: &BTreeMap<String, &str>) -> Vec<String> {
        let mut heard: Vec<String> = Vec::new();
        for message in self.receiver.messages().await {
            let Some(person) = people.get(&message.endpoint) else { continue };
            assert!(message.problems.is_empty(), "{:?}", message.problems);
            let msg_type = message.payload["beffroi"]["msg_type"].as_str().expect("a type");
            let how = if message.payload["notification"]["silent"] == true { "quietly" } else { "aloud" };
            heard.push(format!("{person} {msg_type} {how}"));
        }
        heard
    }

    /// What was not as it should be. Waits for all that was posted before, too: it may be heard only now.
    async fn post(
        &self,
        row: usize,
        post: &Post,
        people: &BTreeMap<String, &str>,
        posted: &mut Vec<(Key, String)>,
    ) -> Option<String> {
        let before = self.heard(people).await.len();
        let key = &self.keys[&post.key];
        let answer = self.server.post(key, post.doc.xml(row)).await;
        let (status, answer) = (answer.status, answer.json());
        if status == 202 {
            posted.push((post.key, answer["id"].as_str().expect("an id").to_owned()));
        }
        for (key, id) in posted.iter() {
            self.settled(&self.keys[key], id).await;
        }
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let reason = text("reason").map_or(String::new(), |reason| format!(":{reason}"));
        let state = text("state").map_or(String::new(), |state| state + &reason);
        let none = Vec::new();
        let findings = answer["findings"].as_array().unwrap_or(&none).iter();
        let mut codes: Vec<&str> = findings.filter_map(|finding| finding["code"].as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut wanted = post.findings.to_vec();
        wanted.sort_unstable();
        let checks_how = post.heard.iter().any(|heard| heard.split(' ').count() == 3);
        let plain = |heard: String| match heard.rsplit_once(' ') {
            Some((plain, _)) if !checks_how => plain.to_owned(),
            _ => heard,
        };
        let mut heard: Vec<String> = self.heard(people).await.split_off(before).into_iter().map(plain).collect();
        heard.sort_unstable();
        let mut hear: Vec<String> = post.heard.iter().map(|heard| (*heard).to_owned()).collect();
        hear.sort_unstable();
        let got = (status, state.as_str(), &codes, &heard);
        (got != (post.status, post.state, &wanted, &hear))
            .then(|| format!("{got:?}, wanted {:?}\n  {answer}", (post.status, post.state, &wanted, &hear)))
    }

    /// Waits until nothing of a broadcast is left to do.
    async fn settled(&self, key: &str, id: &str) {
        crate::support::wait::until("a broadcast to be over", || async {
            let url = self.server.url(&format!("/api/v1/alerts/{id}/broadcast"));
            let asked = self.server.http.get(url).bearer_auth(key).send().await.expect("an answer");
            let broadcast: Value = serde_json::from_slice(&asked.bytes().await.expect("a body")).expect("JSON");
            let open = matches!(broadcast["state"].as_str(), Some("approved" | "sending"));
            (!open && broadcast["waiting"] == 0).then_some(())
        })
        .await;
    }
}

#[test]
fn integrators_read_the_same_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/INTEGRATORS.md");
    let document = std::fs::read_to_string(&path).expect("docs/INTEGRATORS.md");
    let (head, rest) = document.split_once(BEGIN).expect("the beginning of the table");
    let (printed, tail) = rest.split_once(END).expect("the end of the table");
    let made = printed_table();
    if printed != made && std::env::var_os("BEFFROI_BLESS").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{made}{END}{tail}")).expect("docs/INTEGRATORS.md is written");
        return;
    }
    let differs = made.lines().zip(printed.lines()).find(|(made, printed)| made != printed);
    assert_eq!(
        printed, made,
        "docs/INTEGRATORS.md is not what is tested, first at {differs:?}: BEFFROI_BLESS=1 writes it"
    );
}

fn printed_table() -> String {
    let mut text = "\n| case | what is posted, in order | answer | who hears it |\n|---|---|---|---|\n".to_owned();
    for row in table() {
        let mut cells: [Vec<String>; 3] = Default::default();
        for step in &row.steps {
            let [what, answer, who] = match step {
                Step::Join => ["(a newcomer subscribes in the west)".to_owned(), String::new(), String::new()],
                Step::Post(post) => post.cells(),
            };
            cells[0].push(what);
            cells[1].push(answer);
            cells[2].push(who);
        }
        text += &format!("| {} | {} |\n", row.name, cells.map(|cell| cell.join("<br>")).join(" | "));
    }
    text + "\n"
}

impl Post {
    fn cells(&self) -> [String; 3] {
        let key = match self.key {
            Key::Ring => "",
            Key::Second => " (another key)",
            Key::Hold => " (a key that holds)",
            Key::Stranger => " (a key of another sender)",
        };
        let state = match self.state.split_once(':') {
            Some((state, reason)) => format!(" {state}, {reason}"),
            None if self.state.is_empty() => String::new(),
            None => format!(" {}", self.state),
        };
        let codes: Vec<String> = self.findings.iter().map(|code| format!("`{code}`")).collect();
        let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
        let heard = match self.heard {
            [] => "nobody".to_owned(),
            heard => heard.iter().map(|one| one.replacen(' ', ": ", 1)).collect::<Vec<_>>().join(", "),
        };
        [format!("{}{key}", self.doc.words()), format!("{}{state}{codes}", self.status), heard]
    }
}
