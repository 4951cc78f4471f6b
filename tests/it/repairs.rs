//! What was found in what a key posted, as whoever runs the feed and the operators read it.

use super::support::alerts::Cap;
use super::support::http::{self, Answer};
use super::support::server::{Database, Server};
use reqwest::Method;
use serde_json::Value;

async fn report(server: &Server, key: &str, path: &str, accept: &str) -> Answer {
    let request = server.http.request(Method::GET, server.url(path)).bearer_auth(key).header("accept", accept);
    Answer::of(request.send().await.expect("an answer")).await
}

/// An alert whose ring is not closed, which is mended, and one that nobody can read.
fn open_ring(identifier: &str) -> String {
    let closed = Cap::new(identifier).xml();
    let open = closed.replace("50.8,2.9 50.5,2.9</polygon>", "50.8,2.9</polygon>");
    assert_ne!(open, closed, "the alert of these tests has another polygon");
    open
}

fn lines(report: &Value) -> Vec<(&str, u64, &str)> {
    let findings = report["findings"].as_array().expect("a list");
    findings
        .iter()
        .map(|line| {
            let code = line["finding"]["code"].as_str().expect("a code");
            let level = line["finding"]["level"].as_str().expect("a level");
            (code, line["documents"].as_u64().expect("a number"), level)
        })
        .collect()
}

async fn a_key_reads_what_was_found_in_its_own_posts_and_nobody_elses(database: Database) {
    let mut server = Server::start(database, &[]).await;
    let (key, other) = (server.key(&["--ring", "--name", "weather"]).await, server.key(&["--ring"]).await);
    for number in 0..3 {
        server.post_new(&key, open_ring(&format!("open-{number}"))).await;
    }
    server.post(&key, Cap::new("late").xml().replace(">Actual<", ">Real<")).await.expect(422);
    let rehearsal = format!("{}?dry_run=true", server.url("/api/v1/alerts"));
    let rehearsed = server.http.post(rehearsal).header("content-type", "text/xml").bearer_auth(&key);
    assert_eq!(rehearsed.body("<nonsense/>").send().await.expect("an answer").status(), 422);

    let mine = report(&server, &key, "/api/v1/repairs", "*/*").await.expect(200);
    assert_eq!((&mine["key"], &mine["taken"], &mine["refused"]), (&"weather".into(), &3.into(), &1.into()), "{mine}");
    assert_eq!(&lines(&mine)[..2], [("value-unknown", 1, "error"), ("polygon-not-closed", 3, "error")], "{mine}");
    assert_eq!(mine["findings"][1]["identifier"], "open-2", "the last one is the example");
    let words = report(&server, &key, "/api/v1/repairs?days=1", "text/plain").await;
    assert_eq!(words.status, 200);
    let words = words.text();
    for told in
        ["Taken: 3 documents. Refused: 1 document.", "polygon-not-closed: error, mended here", "(open-2)", "CAP 1.2"]
    {
        assert!(words.contains(told), "no {told:?} in:\n{words}");
    }
    let theirs = report(&server, &other, "/api/v1/repairs", "*/*").await.expect(200);
    assert_eq!((&theirs["taken"], lines(&theirs)), (&0.into(), vec![]));
    for bad in ["days=0", "days=91", "days=x", "day=3"] {
        report(&server, &key, &format!("/api/v1/repairs?{bad}"), "*/*").await.expect(400);
    }
    http::json(&server.http, Method::GET, &server.url("/api/v1/repairs"), None, None).await.expect(401);

    let mut operator = server.setup_admin().await;
    let page = operator.get("/console/sources").await.expect(200).answer.text();
    for told in ["weather", "polygon-not-closed", "value-unknown", "open-2"] {
        assert!(page.contains(told), "no {told:?} in:\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reads_its_report_on_sqlite() {
    a_key_reads_what_was_found_in_its_own_posts_and_nobody_elses(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reads_its_report_on_postgresql() {
    a_key_reads_what_was_found_in_its_own_posts_and_nobody_elses(Database::Postgres).await;
}
