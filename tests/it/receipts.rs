//! What devices tell of pushes: each person counts once for each event, nobody can invent or borrow a token, and after
//! retention none opens.

use super::support::alerts::Cap;
use super::support::browser::{Browser, Page};
use super::support::crowd::Crowd;
use super::support::http::{self, Answer};
use super::support::server::{ADMINISTRATOR, assert_adds_up};
use super::support::wait::until;
use super::support::{Database, Server};
use reqwest::Method;
use serde_json::{Value, json};

/// Tells the server; every answer to receipts that can be read is 204, without a word.
async fn tell(server: &Server, receipts: &[(&str, &str, &str)]) {
    let receipts: Vec<Value> =
        receipts.iter().map(|(alert, token, event)| json!({"alert": alert, "token": token, "event": event})).collect();
    let answer = post(server, &json!({"receipts": receipts})).await;
    assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{}", answer.text());
}

async fn post(server: &Server, body: &Value) -> Answer {
    http::json(&server.http, Method::POST, &server.url("/api/v1/receipts"), None, Some(body)).await
}

/// Rings a new alert and returns its id and the tokens that came with it, one for each person.
async fn ring(crowd: &mut Crowd, identifier: &str) -> (String, Vec<String>) {
    let id = crowd.post(&Cap::new(identifier)).await;
    let broadcast = crowd.settled(&id).await;
    assert_adds_up(&broadcast, crowd.people.len() as u64);
    assert_eq!(counts(&broadcast), [0, 0, 0], "{broadcast}");
    let messages = crowd.sandbox.messages().await;
    let mine = messages.into_iter().filter(|pushed| pushed.alert == id).map(|pushed| pushed.receipt);
    let tokens: Vec<String> = mine.collect();
    assert_eq!(tokens.len(), crowd.people.len());
    (id, tokens)
}

/// Displayed, opened, not relevant.
fn counts(broadcast: &Value) -> [u64; 3] {
    ["displayed", "opened", "not_relevant"].map(|name| broadcast[name].as_u64().expect("a count"))
}

async fn counted(crowd: &mut Crowd, id: &str, wanted: [u64; 3]) -> Value {
    crowd.server.broadcast_when(&mut crowd.operator, id, |broadcast| counts(broadcast) == wanted).await
}

/// Waits until so many receipts came to this end.
async fn ended(server: &Server, event: &str, result: &str, number: u64) {
    let line = format!("beffroi_receipts_total{{event=\"{event}\",result=\"{result}\"}} {number}\n");
    until(&line, || async { server.metrics().await.contains(&line).then_some(()) }).await;
}

async fn everyone_counts_once(database: Database) {
    let mut crowd = Crowd::start(database, 3).await;
    let (id, tokens) = ring(&mut crowd, "told-once").await;
    let [anna, bert, cleo] = &tokens[..] else { panic!("three people") };
    tell(&crowd.server, &[(&id, anna, "displayed"), (&id, bert, "displayed"), (&id, anna, "displayed")]).await;
    counted(&mut crowd, &id, [2, 0, 0]).await;
    tell(&crowd.server, &[(&id, anna, "displayed"), (&id, anna, "opened"), (&id, anna, "opened")]).await;
    tell(&crowd.server, &[(&id, anna, "opened"), (&id, cleo, "not-relevant")]).await;
    let broadcast = counted(&mut crowd, &id, [2, 1, 1]).await;
    assert_adds_up(&broadcast, 3);
    let latency = &broadcast["latency_ms"];
    assert_eq!((&latency["displayed"]["count"], &latency["accepted"]["count"]), (&json!(2), &json!(3)), "{broadcast}");
    let [accepted, displayed] = ["accepted", "displayed"].map(|name| latency[name]["p99"].as_u64().expect("a time"));
    assert!(accepted <= displayed, "it was shown before it was accepted: {broadcast}");
    assert_eq!((&broadcast["silent"], &broadcast["held"]), (&json!(0), &json!(0)), "{broadcast}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_counts_once_for_each_event_on_sqlite() {
    everyone_counts_once(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_counts_once_for_each_event_on_postgresql() {
    everyone_counts_once(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_nodes_are_told_at_once_is_counted_together_and_once() {
    let mut crowd = Crowd::start(Database::Postgres, 40).await;
    let (id, tokens) = ring(&mut crowd, "two-nodes").await;
    // Another node: the same database and keys, a name of its own.
    let folder = tempfile::tempdir().expect("a folder");
    for key in ["vault.key", "vapid.pem"] {
        std::fs::copy(crowd.server.data().join(key), folder.path().join(key)).expect("a key");
    }
    let data = folder.path().to_string_lossy();
    let url = crowd.server.database_url();
    let other = Server::start(Database::Sqlite, &[("database.url", &url), ("data.dir", &data)]).await;
    for few in tokens.chunks(8) {
        let told: Vec<_> = few.iter().map(|token| (id.as_str(), token.as_str(), "displayed")).collect();
        tokio::join!(tell(&crowd.server, &told), tell(&other, &told[..4]));
    }
    let broadcast = counted(&mut crowd, &id, [40, 0, 0]).await;
    assert_eq!(broadcast["latency_ms"]["displayed"]["count"], 40, "{broadcast}");
    let mut there = Browser::new(&other.url("/"));
    there.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    assert_eq!(other.broadcast(&mut there, &id).await, broadcast, "both nodes say the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn invented_and_borrowed_tokens_are_refused_without_a_word() {
    let mut crowd = Crowd::start(Database::Sqlite, 2).await;
    let (first, of_first) = ring(&mut crowd, "first").await;
    let (second, of_second) = ring(&mut crowd, "second").await;
    assert!(of_first.iter().all(|token| !of_second.contains(token)), "tokens of two broadcasts differ");
    let invented = "AAAAAAAAAAAAAAAAAAAAAA";
    tell(
        &crowd.server,
        &[
            (&second, &of_first[0], "displayed"),
            (&second, invented, "displayed"),
            (&second, "short", "displayed"),
            (&second, "é\u{0}", "displayed"),
            ("unknown", &of_second[0], "displayed"),
            ("no id/../", &of_second[0], "displayed"),
        ],
    )
    .await;
    ended(&crowd.server, "displayed", "refused", 6).await;
    tell(&crowd.server, &[(&second, &of_second[0], "displayed"), (&first, &of_first[1], "opened")]).await;
    counted(&mut crowd, &second, [1, 0, 0]).await;
    counted(&mut crowd, &first, [0, 1, 0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_list_of_receipts_is_said_to_be_none() {
    let server = Server::start(Database::Sqlite, &[("receipts.requests_per_minute", "10")]).await;
    for body in [json!([]), json!({"receipts": [{"alert": "a", "token": "b", "event": "liked"}]}), json!({})] {
        assert_eq!(post(&server, &body).await.status, 400, "{body}");
    }
    let many = vec![json!({"alert": "a", "token": "b", "event": "opened"}); 65];
    assert_eq!(post(&server, &json!({"receipts": many})).await.expect(422)["code"], "too-many");
    let of_many: Vec<Value> =
        (0..9).map(|nth| json!({"alert": format!("a{nth}"), "token": "b", "event": "opened"})).collect();
    assert_eq!(post(&server, &json!({"receipts": of_many})).await.expect(422)["code"], "too-many");
    tell(
        &server,
        &of_many[1..].iter().map(|one| (one["alert"].as_str().expect("an id"), "b", "opened")).collect::<Vec<_>>(),
    )
    .await;
    assert_eq!(post(&server, &json!({"receipts": "x".repeat(20_000)})).await.status, 413);
    let plain = server.http.post(server.url("/api/v1/receipts")).body("{}").send().await.expect("an answer");
    assert_eq!(plain.status(), 415);
    // Two more of this network, then it is told to wait.
    tell(&server, &[]).await;
    tell(&server, &[]).await;
    assert_eq!(post(&server, &json!({"receipts": []})).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_retention_nothing_opens_and_counts_stay() {
    let mut crowd = Crowd::start(Database::Sqlite, 2).await;
    let (id, tokens) = ring(&mut crowd, "old").await;
    tell(&crowd.server, &[(&id, &tokens[0], "displayed")]).await;
    counted(&mut crowd, &id, [1, 0, 0]).await;
    crowd.server.stop();
    // A month later, with a retention that has not ended yet, then with one that has.
    crowd.server.restart_with(&[("clock.start", "2026-07-01T00:00:00Z"), ("receipts.retention_days", "60")]).await;
    tell(&crowd.server, &[(&id, &tokens[0], "opened")]).await;
    counted(&mut crowd, &id, [1, 1, 0]).await;
    crowd.server.stop();
    crowd.server.restart_with(&[("receipts.retention_days", "1")]).await;
    let erased = || async { crowd.server.log().contains("receipts of 1 broadcasts were erased").then_some(()) };
    until("receipts to be erased", erased).await;
    tell(&crowd.server, &[(&id, &tokens[1], "displayed"), (&id, &tokens[0], "opened")]).await;
    ended(&crowd.server, "displayed", "late", 1).await;
    ended(&crowd.server, "opened", "late", 1).await;
    let broadcast = counted(&mut crowd, &id, [1, 1, 0]).await;
    assert_eq!(broadcast["latency_ms"]["displayed"]["count"], 1, "{broadcast}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opened_with_a_receipt_has_a_clean_address_and_takes_one_answer_without_javascript() {
    let mut crowd = Crowd::start(Database::Sqlite, 2).await;
    let (id, tokens) = ring(&mut crowd, "opened").await;
    let path = format!("/alerts/{id}");
    let mut citizen = Browser::new(&crowd.server.url("/"));
    let page = citizen.get(&format!("{path}?lang=fr&r={}", tokens[0])).await.expect(200);
    assert_eq!((page.url.path(), page.url.query()), (path.as_str(), Some("lang=fr")));
    assert!(!page.answer.text().contains(&tokens[0]), "the page tells the token");
    counted(&mut crowd, &id, [0, 1, 0]).await;

    // Whoever the clean address is shared with came by no notification.
    let mut friend = Browser::new(&crowd.server.url("/"));
    let theirs = friend.get(page.url.as_str()).await.expect(200);
    assert!(has_no_answer(&theirs), "{}", theirs.answer.text());
    // And one who got the token all the same counts for its own person only.
    friend.get(&format!("{path}?r={}", tokens[0])).await.expect(200);

    let form = page.form("/not-relevant");
    let thanked = citizen.submit(&form).await.expect(200);
    assert_eq!((thanked.url.path(), thanked.url.query()), (path.as_str(), Some("noted=1")));
    assert!(has_no_answer(&thanked), "it asks again");
    counted(&mut crowd, &id, [0, 1, 1]).await;
    // Without a receipt the same form says nothing.
    Browser::new(&crowd.server.url("/")).submit(&form).await.expect(200);
    tell(&crowd.server, &[(&id, &tokens[1], "opened")]).await;
    counted(&mut crowd, &id, [0, 2, 1]).await;
}

fn has_no_answer(page: &Page) -> bool {
    !page.answer.text().contains("/not-relevant")
}
