//! The interface for programs: who may, what is answered, what is never told.

use super::support::alerts::{BOX, CENTRE, Cap};
use super::support::http::{self, Answer};
use super::support::place::Place;
use super::support::server::{Database, Server};
use reqwest::Method;
use serde_json::{Value, json};

/// A real user agent key: the one of RFC 8291 §5.
const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

fn channel(name: &str, auth: &str) -> Value {
    json!({"endpoint": format!("https://localhost:1/{name}"), "keys": {"p256dh": P256DH, "auth": auth}})
}

const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const OTHER_AUTH: &str = "AAAAAAAAAAAAAAAAAAAAAA";

async fn get(server: &Server, path: &str) -> Answer {
    http::json(&server.http, Method::GET, &server.url(path), None, None).await
}

async fn post_as(server: &Server, key: Option<&str>, media_type: &str, path: &str, body: String) -> Answer {
    let mut request = server.http.post(server.url(path)).header("content-type", media_type).body(body);
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    Answer::of(request.send().await.expect("an answer")).await
}

fn code(answer: &Answer) -> String {
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{}", answer.text());
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{problem}");
    problem["code"].as_str().unwrap_or_else(|| panic!("no code in {problem}")).to_owned()
}

/// Who, key, media type, path, body, and the status and code to expect.
type Row<'a> = (&'a str, Option<&'a str>, &'a str, &'a str, String, u16, &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn only_a_live_key_of_the_right_kind_posts_and_nothing_else_is_stored() {
    let server = Server::start(Database::Sqlite, &[("alerts.body_bytes_max", "20000")]).await;
    let live = server.key(&["--ring"]).await;
    let test = server.key(&["--ring", "--test"]).await;
    let revoked = server.key(&["--name", "gone"]).await;
    let listed = server.run(&["key", "list"]).await.output;
    let line = listed.lines().find(|line| line.contains("gone")).expect("the key in the list");
    let id = line.split_whitespace().next().expect("its id");
    assert_eq!(server.run(&["key", "revoke", id]).await.code, 0);
    let cap = || Cap::new("refused").xml();
    let xml = "application/cap+xml";
    let api = "/api/v1/alerts";
    let unknown = format!("bfr_live_{}", "x".repeat(43));
    let big = format!("{}<!--{}-->", cap(), "x".repeat(20_000));
    let invalid = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><sender>a</sender></alert>".to_owned();
    let rows: [Row<'_>; 11] = [
        ("no key", None, xml, api, cap(), 401, "unauthorized"),
        ("no key of ours", Some("hello"), xml, api, cap(), 401, "unauthorized"),
        ("an unknown key", Some(&unknown), xml, api, cap(), 401, "unauthorized"),
        ("a revoked key", Some(&revoked), xml, api, cap(), 401, "unauthorized"),
        ("a test key for a real alert", Some(&test), xml, api, cap(), 403, "test-key"),
        ("JSON", Some(&live), "application/json", api, cap(), 415, "unsupported-media-type"),
        ("a body too large", Some(&live), xml, api, big, 413, "too-large"),
        ("not CAP", Some(&live), xml, api, "hello".to_owned(), 422, "invalid-alert"),
        ("an incomplete alert", Some(&live), xml, api, invalid, 422, "invalid-alert"),
        ("a slip in dry_run", Some(&live), xml, "/api/v1/alerts?dry_run=ture", cap(), 400, "malformed"),
        ("an unknown parameter", Some(&live), xml, "/api/v1/alerts?dryrun=true", cap(), 400, "malformed"),
    ];
    for (who, key, media_type, path, body, status, expected) in rows {
        let answer = post_as(&server, key, media_type, path, body).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{who}: {}", answer.text());
    }
    let incomplete = post_as(&server, Some(&live), xml, api, "<alert/>".to_owned()).await.json();
    assert!(incomplete["findings"].as_array().is_some_and(|findings| findings.len() > 1), "{incomplete}");
    assert_eq!(get(&server, api).await.json()["alerts"], json!([]));
    let drill = Cap { status: "Test", ..Cap::new("drill") };
    assert_eq!(server.post(&test, drill.xml()).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_get_the_first_answer_and_other_bytes_conflict() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let cap = Cap::new("twice");
    let dry = post_as(&server, Some(&key), "text/xml; charset=utf-8", "/api/v1/alerts?dry_run=true", cap.xml()).await;
    let dry = dry.expect(200);
    assert_eq!(dry["dry_run"], true, "{dry}");
    assert_eq!(get(&server, &format!("/api/v1/alerts/{}", dry["id"].as_str().expect("an id"))).await.status, 404);
    let first = server.post(&key, cap.xml()).await;
    let id = first.expect(202)["id"].as_str().expect("an id").to_owned();
    assert_eq!(first.headers["location"], format!("/api/v1/alerts/{id}").as_str());
    assert_eq!(server.post(&key, cap.xml()).await.expect(200), first.json());
    let other = Cap { headline: "Another text".to_owned(), ..cap };
    let conflict = server.post(&key, other.xml()).await;
    assert_eq!((conflict.status, code(&conflict).as_str()), (409, "conflict"));
    assert_eq!(conflict.json()["alert"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_read_as_json_as_geojson_and_byte_for_byte_once_it_is_released() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let (rings, holds) = (server.key(&["--ring"]).await, server.key(&["--hold"]).await);
    let cap = Cap::new("public");
    let id = server.post_new(&rings, cap.xml()).await["id"].as_str().expect("an id").to_owned();
    let held = server.post_new(&holds, Cap::new("held").xml()).await["id"].as_str().expect("an id").to_owned();
    for ending in ["", ".xml", ".geojson"] {
        assert_eq!(get(&server, &format!("/api/v1/alerts/{held}{ending}")).await.status, 404, "{ending}");
    }
    let original = get(&server, &format!("/api/v1/alerts/{id}.xml")).await;
    assert_eq!(original.text(), cap.xml());
    assert_eq!(original.headers["content-type"], "application/cap+xml");
    assert!(original.headers["content-security-policy"].to_str().expect("text").contains("sandbox"));
    let whole = get(&server, &format!("/api/v1/alerts/{id}")).await.expect(200);
    assert_eq!((&whole["state"], &whole["infos"][0]["severity"]), (&json!("active"), &json!("Severe")), "{whole}");
    assert_eq!(whole["infos"][0]["areas"][0]["polygons"][0][0], json!([50.5, 2.9]));
    let feature = get(&server, &format!("/api/v1/alerts/{id}.geojson")).await.expect(200);
    assert_eq!((&feature["type"], &feature["properties"]["event"]), (&json!("Feature"), &json!("Storm")), "{feature}");

    let list = get(&server, "/api/v1/alerts?active=true").await;
    let ids = |list: &Value| -> Vec<Value> {
        list["alerts"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(ids(&list.json()), [json!(id)]);
    let etag = list.headers["etag"].to_str().expect("text");
    let again = server.http.get(server.url("/api/v1/alerts?active=true")).header("if-none-match", etag).send().await;
    assert_eq!(again.expect("an answer").status(), 304);
    let (lat, lon) = CENTRE;
    for (query, found) in [
        (format!("point={lat},{lon}"), true),
        ("point=0,0".to_owned(), false),
        ("severity=Extreme,Severe&category=Met&language=en".to_owned(), true),
        ("severity=Minor".to_owned(), false),
        ("since=2026-06-01T12:00:00Z".to_owned(), true),
        ("since=2036-06-01T12:00:00Z".to_owned(), false),
    ] {
        let list = get(&server, &format!("/api/v1/alerts?{query}")).await.expect(200);
        assert_eq!(!ids(&list).is_empty(), found, "{query}");
    }
    assert_eq!(get(&server, "/api/v1/alerts?colour=red").await.status, 400);
    let features = get(&server, "/api/v1/alerts.geojson").await.expect(200);
    assert_eq!(features["features"].as_array().map(Vec::len), Some(1), "{features}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_list_follow_each_other_without_gap_or_repetition() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let mut posted = Vec::new();
    for number in 0..5 {
        posted.push(server.post_new(&key, Cap::new(&format!("page-{number}")).xml()).await["id"].clone());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = get(&server, &format!("/api/v1/alerts?limit=2{cursor}")).await.expect(200);
        seen.extend(list["alerts"].as_array().expect("a list").iter().map(|one| one["id"].clone()));
        let Some(next) = list["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    posted.reverse();
    assert_eq!(seen, posted);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_posts_of_one_key_do_not_hold_up_another() {
    let server = Server::start(Database::Sqlite, &[("alerts.posts_per_minute", "2")]).await;
    let (busy, calm) = (server.key(&["--file"]).await, server.key(&["--file"]).await);
    for number in 0..2 {
        server.post_new(&busy, Cap::new(&format!("busy-{number}")).xml()).await;
    }
    let refused = server.post(&busy, Cap::new("busy-3").xml()).await;
    assert_eq!((refused.status, code(&refused).as_str()), (429, "too-many-requests"));
    let wait: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    server.post_new(&calm, Cap::new("calm").xml()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_its_owners_alone() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let place = [Place::around(CENTRE.0, CENTRE.1, 180, 5)];
    let one = server.subscribe(&channel("one", AUTH), &place, json!({"languages": ["fr"]})).await;
    let address = server.url(&format!("/api/v1/subscriptions/{}", one.id));
    let ask = async |method: Method, address: &str, secret: Option<&str>, body: Option<&Value>| {
        http::json(&server.http, method, address, secret, body).await
    };
    let shown = ask(Method::GET, &address, Some(&one.secret), None).await.expect(200);
    assert_eq!((&shown["languages"], &shown["places"][0]["step"]), (&json!(["fr"]), &json!(180)), "{shown}");
    assert!(!shown.to_string().contains("localhost:1"), "the endpoint is told: {shown}");

    let unknown = server.url("/api/v1/subscriptions/AAAAAAAAAAAAAAAAAAAAAA");
    let change = json!({"channel": {"kind": "webpush", "endpoint": "https://localhost:1/one", "keys": {"p256dh": P256DH, "auth": AUTH}},
        "places": [place[0].json()], "consent": "2026-11", "drills": true});
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = (method == Method::PUT).then_some(&change);
        let nothing = ask(method.clone(), &unknown, Some(&one.secret), body).await;
        assert_eq!(nothing.status, 404);
        for secret in [None, Some("AAAAAAAAAAAAAAAAAAAAAA"), Some(one.id.as_str())] {
            let wrong = ask(method.clone(), &address, secret, body).await;
            assert_eq!((wrong.status, wrong.text()), (404, nothing.text()), "{method} {secret:?}");
        }
    }
    let changed = ask(Method::PUT, &address, Some(&one.secret), Some(&change)).await.expect(200);
    assert_eq!((&changed["drills"], &changed["languages"]), (&json!(true), &json!([])), "{changed}");

    let again = server.subscribe(&channel("one", AUTH), &place, json!({})).await;
    assert_eq!(again.id, one.id);
    assert_eq!(ask(Method::GET, &address, Some(&one.secret), None).await.status, 404);
    let taken = server.try_subscribe(&channel("one", OTHER_AUTH), &place, json!({})).await;
    assert_eq!((taken.status, code(&taken).as_str()), (409, "endpoint-taken"));

    assert_eq!(ask(Method::DELETE, &address, Some(&again.secret), None).await.status, 204);
    assert_eq!(ask(Method::GET, &address, Some(&again.secret), None).await.status, 404);
    server.subscribe(&channel("one", OTHER_AUTH), &place, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exact_position_is_never_taken() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let exact = Place { lat: 50.636_2, ..Place::around(50.636, 3.063, 180, 0) };
    let refused = server.try_subscribe(&channel("exact", AUTH), &[exact], json!({})).await;
    assert_eq!((refused.status, code(&refused).as_str()), (422, "exact-position"));
    assert_eq!(refused.json()["errors"][0]["pointer"], "/places/0");
    let text = post_as(&server, None, "text/plain", "/api/v1/subscriptions", "{}".to_owned()).await;
    assert_eq!((text.status, code(&text).as_str()), (415, "unsupported-media-type"));
    let broken = post_as(&server, None, "application/json", "/api/v1/subscriptions", "{".to_owned()).await;
    assert_eq!((broken.status, code(&broken).as_str()), (400, "malformed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_cannot_fill_the_house_with_subscriptions() {
    let server = Server::start(Database::Sqlite, &[("subscriptions.changes_per_minute", "2")]).await;
    let place = [Place::around(CENTRE.0, CENTRE.1, 180, 0)];
    for name in ["a", "b"] {
        server.subscribe(&channel(name, AUTH), &place, json!({})).await;
    }
    let refused = server.try_subscribe(&channel("c", AUTH), &place, json!({})).await;
    assert_eq!((refused.status, code(&refused).as_str()), (429, "too-many-requests"));
    assert!(refused.headers.contains_key("retry-after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_cannot_search_named_areas_without_end() {
    let server = Server::start(Database::Sqlite, &[("subscriptions.changes_per_minute", "2")]).await;
    let address = server.url("/api/v1/areas?q=a");
    let search = async || http::json(&server.http, Method::GET, &address, None, None).await;
    for nth in 0..20 {
        assert_eq!(search().await.status, 200, "{nth}");
    }
    let refused = search().await;
    assert_eq!((refused.status, code(&refused).as_str()), (429, "too-many-requests"));
    assert!(refused.headers.contains_key("retry-after"));
    let place = [Place::around(CENTRE.0, CENTRE.1, 180, 0)];
    server.subscribe(&channel("a", AUTH), &place, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_for_operators_and_for_the_key_that_posted() {
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let mut operator = server.setup_admin().await;
    let (own, other) = (server.key(&["--hold"]).await, server.key(&["--hold"]).await);
    server.subscribe(&channel("near", AUTH), &[Place::around(CENTRE.0, CENTRE.1, 180, 0)], json!({})).await;
    let id = server.post_new(&own, Cap::new("ledger").xml()).await["id"].as_str().expect("an id").to_owned();
    let address = server.url(&format!("/api/v1/alerts/{id}/broadcast"));
    let ask = async |key: Option<&str>| http::json(&server.http, Method::GET, &address, key, None).await;
    assert_eq!(ask(None).await.status, 401);
    assert_eq!(ask(Some("bfr_live_nothing")).await.status, 401);
    assert_eq!(ask(Some(&other)).await.status, 404);
    let seen = ask(Some(&own)).await.expect(200);
    assert_eq!((&seen["state"], &seen["targeted"]), (&json!("held"), &json!(0)), "{seen}");
    let whole = server.broadcast(&mut operator, &id).await;
    assert_eq!((&whole["state"], &whole["targeted"]), (&json!("held"), &json!(0)), "{whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_can_ask_whether_it_lives_is_ready_and_what_it_counts() {
    let server = Server::start(Database::Sqlite, &[]).await;
    assert_eq!(get(&server, "/health/live").await.text(), "live\n");
    assert_eq!(get(&server, "/health/ready").await.text(), "ready\n");
    let key = server.key(&["--file"]).await;
    server.post_new(&key, Cap::new("counted").xml()).await;
    let metrics = get(&server, "/metrics").await.text();
    assert!(metrics.contains("beffroi_alerts_total{state=\"filed\"} 1"), "{metrics}");
    for (name, value) in [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("via", "1.1 proxy")] {
        let outside = server.http.get(server.url("/metrics")).header(name, value).send().await.expect("an answer");
        assert_eq!(outside.status(), 404, "{name}");
    }
    let missing = get(&server, "/api/v1/nothing").await;
    assert_eq!((missing.status, code(&missing).as_str()), (404, "not-found"));
    let method = http::json(&server.http, Method::DELETE, &server.url("/api/v1/alerts"), None, None).await;
    assert_eq!((method.status, code(&method).as_str()), (405, "method-not-allowed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_writes_longitude_first_is_read_so_and_read_so_again() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let (usual, turned) = (server.key(&["--ring"]).await, server.key(&["--ring", "--longitude-first"]).await);
    let pairs = BOX.split(' ').map(|pair| pair.split_once(',').expect("a pair"));
    let swapped: Vec<String> = pairs.clone().map(|(lat, lon)| format!("{lon},{lat}")).collect();
    let xml = |identifier| Cap::new(identifier).xml().replace(BOX, &swapped.join(" "));
    let posted = server.post(&turned, xml("turned")).await;
    assert_eq!(posted.status, 202, "{}", posted.text());
    let answer = posted.json();
    let codes: Vec<&str> =
        answer["findings"].as_array().expect("findings").iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"coordinates-swapped-back"), "{codes:?}");
    let path = format!("/api/v1/alerts/{}", answer["id"].as_str().expect("an id"));
    let shown = get(&server, &path).await.json();
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let expected: Vec<[f64; 2]> = pairs.map(|(lat, lon)| [number(lat), number(lon)]).collect();
    assert_eq!(shown["infos"][0]["areas"][0]["polygons"], json!([expected]), "{shown}");
    assert_eq!(get(&server, &format!("{path}.xml")).await.text(), xml("turned"), "the original is kept");
    // The same from another source is somewhere else.
    let posted = server.post(&usual, xml("usual")).await.json();
    let path = format!("/api/v1/alerts/{}", posted["id"].as_str().expect("an id"));
    assert_ne!(get(&server, &path).await.json()["infos"][0]["areas"][0]["polygons"], json!([expected]));
    let listed = server.run(&["key", "list"]).await.output;
    assert_eq!(listed.matches(", longitude first").count(), 1, "{listed}");
}
