//! What is shown beside an alert: who answered it, what it is a copy of, that it is over.

use crate::support::alerts::Cap;
use crate::support::wait::until;
use crate::support::{Database, Server};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

#[tokio::test(flavor = "multi_thread")]
async fn answers_stand_beside_their_alert_for_whom_they_concern_on_sqlite() {
    answers(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_stand_beside_their_alert_for_whom_they_concern_on_postgresql() {
    answers(Database::Postgres).await;
}

/// An Ack or Error by another system about an alert, with a note.
fn answer(to: &Cap, msg_type: &'static str, sender: &str, note: &str) -> String {
    let cap = Cap { sender: sender.to_owned(), ..Cap::about(to, msg_type) };
    cap.xml().replace("<references>", &format!("<note>{note}</note><references>"))
}

async fn shown(server: &Server, id: &Value, key: Option<&str>) -> (Value, String) {
    let url = server.url(&format!("/api/v1/alerts/{}", id.as_str().expect("an id")));
    let mut asked = server.http.get(url);
    if let Some(key) = key {
        asked = asked.bearer_auth(key);
    }
    let asked = asked.send().await.expect("an answer").error_for_status().expect("it is public");
    let caching = asked.headers()["cache-control"].to_str().expect("a text").to_owned();
    (serde_json::from_slice(&asked.bytes().await.expect("a body")).expect("JSON"), caching)
}

async fn answers(database: Database) {
    let mut server = Server::start(database, &[]).await;
    let own = server.key(&["--ring", "--sender", "alerts@lille.example"]).await;
    let other = server.key(&["--file", "--sender", "brigade@lille.example"]).await;
    let mut operator = server.setup_admin().await;
    let alert = Cap::new("storm");
    // An answer may come before what it answers.
    let error = answer(&alert, "Error", "brigade@lille.example", "The siren &amp; the lights do not work.");
    let early = server.post_new(&other, error).await;
    assert_eq!((&early["state"], &early["reason"]), (&json!("filed"), &json!("not-for-people")), "{early}");
    let posted = server.post_new(&own, alert.xml()).await;
    server.post_new(&other, answer(&alert, "Ack", "stranger@else.example", "Seen.")).await;

    let replies = |shown: &Value| -> Value {
        let each = shown["replies"].as_array().expect("replies").iter();
        each.map(|reply| json!([reply["msg_type"], reply["sender"], reply["note"], reply["vouched"]])).collect()
    };
    let want = json!([
        ["Ack", "stranger@else.example", "Seen.", false],
        ["Error", "brigade@lille.example", "The siren & the lights do not work.", true],
    ]);
    let (mine, caching) = shown(&server, &posted["id"], Some(&own)).await;
    assert_eq!((replies(&mine), caching.as_str()), (want.clone(), "no-store"), "{mine}");
    let path = format!("/api/v1/alerts/{}", posted["id"].as_str().expect("an id"));
    assert_eq!(replies(&operator.get(&path).await.expect(200).answer.json()), want);
    for key in [None, Some(other.as_str()), Some("bfr_live_nonsense")] {
        let (public, caching) = shown(&server, &posted["id"], key).await;
        assert_eq!((&public["replies"], caching.as_str()), (&Value::Null, "public, no-cache"), "{key:?}: {public}");
    }
    let page = operator.get(&format!("/console/alerts/{}", posted["id"].as_str().expect("an id"))).await.expect(200);
    let page = page.answer.text();
    for words in ["brigade@lille.example", "The siren &#38; the lights", "Seen.", "may not speak for this sender"] {
        assert!(page.contains(words), "{words} is not on the page: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_names_the_first_and_an_all_clear_is_nothing_that_goes_on() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let first = Cap::new("storm");
    let posted = server.post_new(&key, first.xml()).await;
    assert_eq!(posted["merged_with"], Value::Null, "{posted}");
    let copy = Cap { sender: "hub@else.example".to_owned(), identifier: "hub-1".to_owned(), ..first.clone() };
    let copy = server.post_new(&key, copy.xml()).await;
    assert_eq!(copy["merged_with"], posted["id"], "{copy}");
    assert_eq!(shown(&server, &copy["id"], None).await.0["merged_with"], posted["id"]);
    assert_eq!(shown(&server, &posted["id"], None).await.0["merged_with"], Value::Null);

    let over = Cap::about(&first, "Update").xml().replace(">Shelter<", ">AllClear<").replace(">Immediate<", ">Past<");
    let over = server.post_new(&key, over).await;
    assert_eq!(shown(&server, &over["id"], None).await.0["state"], "ended");
    assert_eq!(shown(&server, &posted["id"], None).await.0["state"], "updated");
    let active = server.http.get(server.url("/api/v1/alerts?active=true")).send().await.expect("an answer");
    let active: Value = serde_json::from_slice(&active.bytes().await.expect("a body")).expect("JSON");
    let ids: Vec<&Value> = active["alerts"].as_array().expect("alerts").iter().map(|alert| &alert["id"]).collect();
    assert_eq!(ids, [&copy["id"]]);
}

/// Planning waits here until both are there; only PostgreSQL lets a test hold it up.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_is_no_copy_of_its_copy_though_both_come_before_either_is_planned() {
    let server = Server::start(Database::Postgres, &[]).await;
    let (held, key) = (server.key(&[]).await, server.key(&["--ring"]).await);
    let first = Cap::new("storm");
    let from = |sender: &str| Cap { sender: format!("{sender}@else.example"), ..first.clone() };
    server.post_new(&held, from("held").xml()).await;
    let mut database = PgConnection::connect(&server.database_url()).await.expect("the server's database");
    let facts: String = sqlx::query_scalar("SELECT facts FROM alert").fetch_one(&mut database).await.expect("one");
    let lock = sqlx::query("SELECT pg_advisory_lock(hashtextextended($1, 0))").bind(&facts);
    lock.execute(&mut database).await.expect("nobody plans yet");

    let posted = server.post_new(&key, first.xml()).await;
    let copy = server.post_new(&key, from("hub").xml()).await;
    assert_eq!(copy["merged_with"], posted["id"], "{copy}");
    let unlock = sqlx::query("SELECT pg_advisory_unlock(hashtextextended($1, 0))").bind(&facts);
    unlock.execute(&mut database).await.expect("it was held");
    drop(database);
    until("both are planned", || async {
        let mut database = PgConnection::connect(&server.database_url()).await.expect("the server's database");
        let planned = sqlx::query_scalar("SELECT COUNT(*) FROM broadcast WHERE planned_ms IS NOT NULL");
        let planned: i64 = planned.fetch_one(&mut database).await.expect("a count");
        (planned == 2).then_some(())
    })
    .await;
    assert_eq!(shown(&server, &posted["id"], None).await.0["merged_with"], Value::Null);
    assert_eq!(shown(&server, &copy["id"], None).await.0["merged_with"], posted["id"]);
}
