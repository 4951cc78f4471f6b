//! The console: who may act, on what, and that every act is known afterwards.

use super::support::alerts::{CENTRE, Cap};
use super::support::browser::Browser;
use super::support::http::{self, Answer};
use super::support::place::Place;
use super::support::server::{ADMINISTRATOR, Database, Server};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::Connection;

/// One way of sending a form: with which cookie, from where.
struct Sender<'a> {
    cookie: Option<&'a str>,
    origin: &'a str,
    site: &'a str,
}

/// Sends a form and follows nothing.
async fn send(http: &Client, url: &str, sender: &Sender<'_>, fields: &[(&str, &str)]) -> Answer {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let mut request = http
        .post(url)
        .header("origin", sender.origin)
        .header("sec-fetch-site", sender.site)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish());
    if let Some(cookie) = sender.cookie {
        request = request.header("cookie", cookie);
    }
    Answer::of(request.send().await.expect("an answer")).await
}

/// Signs in, having this cookie before, and gives the session's cookie as the browser would send it.
async fn sign_in(server: &Server, login: &str, password: &str, before: Option<&str>) -> Result<String, Answer> {
    let origin = server.url("");
    let sender = Sender { cookie: before, origin: &origin, site: "same-origin" };
    let fields = [("login", login), ("password", password), ("next", "/console")];
    let answer = send(&http::client(None), &server.url("/console/login"), &sender, &fields).await;
    if answer.status != 303 {
        return Err(answer);
    }
    let cookie = answer.headers["set-cookie"].to_str().expect("text");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    Ok(cookie.split(';').next().expect("a pair").to_owned())
}

async fn add_operator(server: &Server, login: &str, password: &str) {
    let add = ["operator", "add", login, "--name", login, "--role", "operator"];
    let ran = server.run_fed(&add, password).await;
    assert_eq!(ran.code, 0, "{}", ran.errors);
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().expect("an id").to_owned()
}

/// Marks what a form needs ticked.
async fn confirm(browser: &mut Browser, id: &str, act: &str, fields: &[(&str, &str)]) -> super::support::browser::Page {
    let mut form = browser.get(&format!("/console/alerts/{id}/{act}")).await.expect(200).form(act);
    for (name, value) in fields {
        form.fields.retain(|(known, _)| known != name);
        form.fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    browser.submit(&form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_link_makes_one_administrator_and_then_never_again() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let link = server.setup_link().await;
    let mut first = Browser::new(&server.url(""));
    let wrong = first.get("/console/setup?token=AAAAAAAAAAAAAAAAAAAAAA").await.expect(410);
    assert!(wrong.forms().iter().all(|form| !form.action.path().contains("setup")));
    let page = first.get(&link).await.expect(200);
    for (login, password, again) in [
        ("A B", "correct horse battery", "correct horse battery"),
        ("ada", "short", "short"),
        ("ada", "correct horse battery", "another horse battery"),
    ] {
        let mut form = page.form("setup").fill("login", login).fill("password", password);
        form.fields
            .iter_mut()
            .filter(|(name, _)| name == "password_again")
            .for_each(|(_, value)| again.clone_into(value));
        first.submit(&form).await.expect(422);
    }
    let form = page.form("setup").fill("login", "ada").fill("password", "correct horse battery");
    first.submit(&form).await.expect(200);
    let mut second = Browser::new(&server.url(""));
    second.submit(&form.clone().fill("login", "eve")).await.expect(410);
    second.get(&link).await.expect(410);
    assert!(sign_in(&server, "eve", "correct horse battery", None).await.is_err());
    assert!(sign_in(&server, "ada", "correct horse battery", None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_done_without_a_session_or_from_another_site() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut admin = server.setup_admin().await;
    let (login, password) = ADMINISTRATOR;
    add_operator(&server, "gone", "a long enough password").await;
    let cookie = |login: &'static str, password: &'static str| sign_in(&server, login, password, None);
    let live = cookie(login, password).await.expect("a session");
    let disabled = cookie("gone", "a long enough password").await.expect("a session");
    assert_eq!(server.run(&["operator", "disable", "gone"]).await.code, 0);
    let ended = cookie(login, password).await.expect("a session");
    let expired = cookie(login, password).await.expect("a session");
    expire(&server, &expired).await;
    let here = server.url("");
    let http = http::client(None);
    let out = send(
        &http,
        &server.url("/console/logout"),
        &Sender { cookie: Some(&ended), origin: &here, site: "same-origin" },
        &[],
    )
    .await;
    assert_eq!(out.status, 303);

    let key = server.key(&["--hold"]).await;
    let id = id_of(&server.post_new(&key, Cap::new("guarded").xml()).await);
    let invented = "beffroi_console=AAAAAAAAAAAAAAAAAAAAAA";
    let (away, same) = ("https://evil.example", "same-origin");
    let rows = [
        ("no session", Sender { cookie: None, origin: &here, site: same }, 303),
        ("an invented session", Sender { cookie: Some(invented), origin: &here, site: same }, 303),
        ("a session that was ended", Sender { cookie: Some(&ended), origin: &here, site: same }, 303),
        ("a session that expired", Sender { cookie: Some(&expired), origin: &here, site: same }, 303),
        ("a disabled operator", Sender { cookie: Some(&disabled), origin: &here, site: same }, 303),
        ("another site", Sender { cookie: Some(&live), origin: away, site: "cross-site" }, 403),
        ("a sibling site", Sender { cookie: Some(&live), origin: "https://sub.evil.example", site: "same-site" }, 403),
        ("an opaque origin", Sender { cookie: Some(&live), origin: "null", site: "cross-site" }, 403),
    ];
    for act in ["release", "refuse", "stop"] {
        let url = server.url(&format!("/console/alerts/{id}/{act}"));
        for (who, sender, status) in &rows {
            let answer = send(&http, &url, sender, &[("confirm", "RING"), ("reason", "x")]).await;
            assert_eq!(answer.status, *status, "{act} by {who}: {}", answer.text());
            if *status == 303 {
                let to = answer.headers["location"].to_str().expect("text");
                assert!(to.starts_with("/console/login?"), "{act} by {who} leads to {to}");
            }
            assert_eq!(server.broadcast(&mut admin, &id).await["state"], "held", "{act} by {who}");
        }
    }
    let url = server.url(&format!("/console/alerts/{id}/release"));
    let silent = http.post(&url).header("cookie", &live).header("content-type", "application/x-www-form-urlencoded");
    let silent = silent.body("confirm=RING").send().await.expect("an answer");
    assert_eq!(silent.status(), 403, "an act that does not say where it comes from");
    let url = server.url("/console/login");
    let away = Sender { cookie: None, origin: away, site: "cross-site" };
    assert_eq!(send(&http, &url, &away, &[("login", login), ("password", password)]).await.status, 403);
    let url = server.url("/console/logout");
    let away = Sender { cookie: Some(&live), ..away };
    assert_eq!(send(&http, &url, &away, &[]).await.status, 403);
    let reading = http.get(server.url("/console/audit")).header("cookie", &live).send().await.expect("an answer");
    assert_eq!(reading.status(), 200, "the session outlived what another site tried");
}

/// Lets a session's time run out where it is kept.
async fn expire(server: &Server, cookie: &str) {
    let path = server.data().join("beffroi.db");
    let mut database =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("the database");
    let id = cookie.split_once('=').expect("a pair").1;
    // The newest session is the one that was just begun.
    let done = sqlx::query("UPDATE session SET expires_ms = 0 WHERE rowid = (SELECT MAX(rowid) FROM session)")
        .execute(&mut database)
        .await
        .expect("an update");
    assert_eq!(done.rows_affected(), 1, "no session {id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_releases_refuses_and_stops_and_the_log_knows_it() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut admin = server.setup_admin().await;
    let endpoint = json!({"endpoint": "https://localhost:1/slow", "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg"}});
    server.subscribe(&endpoint, &[Place::around(CENTRE.0, CENTRE.1, 180, 0)], json!({})).await;
    let key = server.key(&["--hold"]).await;
    let one = id_of(&server.post_new(&key, Cap::new("to-release").xml()).await);
    let two = id_of(&server.post_new(&key, Cap::new("to-refuse").xml()).await);
    let situation = admin.get("/console").await.expect(200).answer.text();
    assert!(situation.contains("Violent storm (to-release)") && situation.contains("Violent storm (to-refuse)"));

    let asked = admin.get(&format!("/console/alerts/{one}/release")).await.expect(200).answer.text();
    assert!(asked.contains("1 device rings") && asked.contains("Lille") && asked.contains("Violent storm"), "{asked}");
    confirm(&mut admin, &one, "release", &[("confirm", "rang")]).await.expect(422);
    assert_eq!(server.broadcast(&mut admin, &one).await["state"], "held");
    confirm(&mut admin, &one, "release", &[("confirm", "ring")]).await.expect(200);
    let state = server.broadcast(&mut admin, &one).await["state"].as_str().expect("a state").to_owned();
    assert!(["approved", "sending"].contains(&state.as_str()), "{state}");

    confirm(&mut admin, &two, "refuse", &[("reason", "  ")]).await.expect(422);
    confirm(&mut admin, &two, "refuse", &[("reason", "wrong <b>area</b>")]).await.expect(200);
    assert_eq!(server.broadcast(&mut admin, &two).await["state"], "refused");
    admin.get(&format!("/console/alerts/{two}/release")).await.expect(409);

    // Nothing listens at the endpoint, so the push waits for its retry.
    confirm(&mut admin, &one, "stop", &[]).await.expect(200);
    let stopped = server.broadcast(&mut admin, &one).await;
    assert_eq!((&stopped["state"], &stopped["waiting"]), (&json!("halted"), &json!(0)), "{stopped}");

    let log = admin.get("/console/audit").await.expect(200).answer.text();
    for act in ["operator.setup", "key.create", "broadcast.release", "broadcast.refuse", "broadcast.stop"] {
        assert!(log.contains(act), "{act} is not in the log: {log}");
    }
    assert!(log.contains("wrong &#60;b&#62;area&#60;/b&#62;") || log.contains("wrong &lt;b&gt;area"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_key_cannot_release_what_it_posted() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut owner = server.setup_admin().await;
    let (login, _) = ADMINISTRATOR;
    let key = server.key(&["--hold", "--owner", login]).await;
    let id = id_of(&server.post_new(&key, Cap::new("own").xml()).await);
    let page = owner.get(&format!("/console/alerts/{id}")).await.expect(200).answer.text();
    assert!(page.contains("another person must release it"), "{page}");
    owner.get(&format!("/console/alerts/{id}/release")).await.expect(403);
    let address = server.url(&format!("/console/alerts/{id}/release"));
    let form = super::support::browser::Form {
        action: address.parse().expect("an address"),
        fields: vec![("confirm".to_owned(), "RING".to_owned())],
    };
    let refused = owner.submit(&form).await.expect(403).answer.text();
    assert!(refused.contains("another person must release it"), "{refused}");
    add_operator(&server, "bea", "a long enough password").await;
    let mut other = Browser::new(&server.url(""));
    other.sign_in("bea", "a long enough password").await;
    confirm(&mut other, &id, "release", &[("confirm", "RING")]).await.expect(200);
    assert_ne!(server.broadcast(&mut other, &id).await["state"], "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_changes_the_session_and_guessing_is_slowed_down_and_logged() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut admin = server.setup_admin().await;
    let (login, password) = ADMINISTRATOR;
    let planted = "beffroi_console=AAAAAAAAAAAAAAAAAAAAAA";
    let cookie = sign_in(&server, login, password, Some(planted)).await.expect("a session");
    assert_ne!(cookie, planted);
    let again = sign_in(&server, login, password, Some(&cookie)).await.expect("a session");
    assert_ne!(again, cookie);
    let old = http::client(None).get(server.url("/console")).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!(old.status(), 303, "the id from before signing in still opens");
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(sign_in(&server, login, "not the password", None).await.expect_err("a refusal").status);
    }
    assert_eq!(statuses.first(), Some(&401));
    assert_eq!(statuses.last(), Some(&429));
    add_operator(&server, "bea", "a long enough password").await;
    assert!(sign_in(&server, "bea", "a long enough password", None).await.is_ok(), "guessing kept another out");
    let log = admin.get("/console/audit").await.expect(200).answer.text();
    assert!(log.contains("login.failed") && !log.contains("not the password"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_an_alert_stays_text_on_every_page() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut admin = server.setup_admin().await;
    let key = server.key(&["--hold"]).await;
    let headline = "&lt;script&gt;alert(1)&lt;/script&gt; &quot; onload=x".to_owned();
    let id = id_of(&server.post_new(&key, Cap { headline, ..Cap::new("hostile") }.xml()).await);
    for path in [
        "/console",
        &format!("/console/alerts/{id}"),
        &format!("/console/alerts/{id}/release"),
        &format!("/console/alerts/{id}/refuse"),
    ] {
        let page = admin.get(path).await.expect(200);
        assert!(!page.answer.text().contains("<script>"), "{path}");
        assert!(page.answer.text().contains("alert(1)"), "{path} does not show it");
        let policy = page.answer.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.answer.headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut admin = server.setup_admin().await;
    let key = server.key(&["--hold"]).await;
    let held = id_of(&server.post_new(&key, Cap::new("held").xml()).await);
    for path in [
        "/console",
        "/console/audit",
        &format!("/console/alerts/{held}"),
        &format!("/console/alerts/{held}/release"),
        &format!("/console/alerts/{held}/refuse"),
    ] {
        for (language, word) in [("en", "Sign out"), ("fr", "Se déconnecter")] {
            let page = admin.get(&format!("{path}?lang={language}")).await.expect(200).answer.text();
            assert!(page.contains(&format!("<html lang=\"{language}\"")) && page.contains(word), "{path} {language}");
        }
    }
    let errors = server.errors();
    assert!(!errors.contains("there is no message"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_view_tells_of_a_release_made_elsewhere() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut admin = server.setup_admin().await;
    let (login, password) = ADMINISTRATOR;
    let cookie = sign_in(&server, login, password, None).await.expect("a session");
    let key = server.key(&["--hold"]).await;
    let id = id_of(&server.post_new(&key, Cap::new("watched").xml()).await);
    let live = server.url(&format!("/console/alerts/{id}/live"));
    let http = http::client(None);
    assert_eq!(http.get(&live).send().await.expect("an answer").status(), 303);
    let mut stream = http.get(&live).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut told = String::new();
    while !told.contains("\"state\":\"held\"") {
        told.push_str(&String::from_utf8_lossy(&stream.chunk().await.expect("a stream").expect("an event")));
    }
    confirm(&mut admin, &id, "release", &[("confirm", "RING")]).await.expect(200);
    while !told.contains("\"over\":true") {
        told.push_str(&String::from_utf8_lossy(&stream.chunk().await.expect("a stream").expect("an event")));
    }
    assert!(told.contains("\"state\":\"done\""), "{told}");
}
