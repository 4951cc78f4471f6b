//! Whom a draft would reach: for integrators, for operators, with small numbers hidden and others in tens.

use crate::support::alerts::{CENTRE, Cap};
use crate::support::http::Answer;
use crate::support::place::{FINE, Place};
use crate::support::sandbox::Sandbox;
use crate::support::{Database, Server};
use serde_json::{Value, json};

/// More than is hidden, and not a multiple of ten.
const PEOPLE: usize = 27;

async fn town() -> (Server, Sandbox) {
    let sandbox = Sandbox::start().await;
    let server = Server::start(Database::Sqlite, &[("push.ca_file", &sandbox.ca_file())]).await;
    let place = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
    for (number, channel) in sandbox.subscriptions(PEOPLE, "").await.iter().enumerate() {
        let language = if number < 3 { "br" } else { "fr" };
        server.subscribe(channel, &place, json!({"languages": [language], "drills": number == 0})).await;
    }
    (server, sandbox)
}

async fn ask(server: &Server, key: Option<&str>, media_type: &str, body: String) -> Answer {
    let mut request = server.http.post(server.url("/api/v1/estimate")).header("content-type", media_type).body(body);
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    Answer::of(request.send().await.expect("an answer")).await
}

fn draft(more: &Value) -> String {
    let mut draft = json!({
        "areas": [{"circles": [{"lat": CENTRE.0, "lon": CENTRE.1, "radius_km": 5}]}],
        "category": "Met", "severity": "Severe",
    });
    if let (Some(draft), Value::Object(more)) = (draft.as_object_mut(), more) {
        draft.extend(more.clone());
    }
    draft.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integrator_learns_whom_a_draft_would_reach_and_of_nobody_alone() {
    let (server, _sandbox) = town().await;
    let key = server.key(&["--hold"]).await;
    let json = "application/json";
    let answer = ask(&server, Some(&key), json, draft(&json!({}))).await.expect(200);
    assert_eq!((&answer["inside"], &answer["near"]), (&json!(20), &Value::Null), "{answer}");
    assert_eq!(answer["by_channel"], json!([{"channel": "webpush", "people": 20}]), "{answer}");
    // Three who read Breton are not told, nor what is left when those who read French are taken away.
    assert_eq!(answer["by_language"], json!([{"language": null, "people": 20}]), "{answer}");
    assert!(answer["match_us"].is_u64() && answer.get("change").is_none(), "{answer}");

    let drill = ask(&server, Some(&key), json, draft(&json!({"drill": true}))).await.expect(200);
    assert_eq!((&drill["inside"], &drill["by_channel"]), (&Value::Null, &json!([])), "{drill}");
    let around = |by: f64| {
        let (south, north, west, east) = (CENTRE.0 - by, CENTRE.0 + by, CENTRE.1 - by, CENTRE.1 + by);
        json!([[south, west], [south, east], [north, east], [north, west]])
    };
    let hole = json!({"areas": [{"polygons": [around(0.2)], "exclude": [around(0.1)]}]});
    let outside = ask(&server, Some(&key), json, draft(&hole)).await.expect(200);
    assert_eq!((&outside["inside"], &outside["has_ground"]), (&Value::Null, &json!(true)), "{outside}");
    let named = json!({"areas": [{"geocodes": [{"scheme": "town", "code": "59"}]}]});
    let nowhere = ask(&server, Some(&key), json, draft(&named)).await.expect(200);
    assert_eq!(nowhere["unknown_geocodes"], json!([{"scheme": "TOWN", "code": "59"}]), "{nowhere}");
    assert_eq!((&nowhere["has_ground"], &nowhere["share_percent"]), (&json!(false), &Value::Null), "{nowhere}");
    let cap = ask(&server, Some(&key), "application/cap+xml", Cap::new("draft").xml()).await.expect(200);
    assert_eq!(cap["inside"], 20, "{cap}");
    let stored = server.http.get(server.url("/api/v1/alerts")).send().await.expect("an answer");
    assert_eq!(Answer::of(stored).await.json()["alerts"], json!([]), "nothing is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_or_asks_wrongly_is_told_why() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--hold"]).await;
    let json = "application/json";
    ask(&server, None, json, draft(&json!({}))).await.expect(401);
    ask(&server, Some("bfr_live_no"), json, draft(&json!({}))).await.expect(401);
    ask(&server, Some(&key), "text/plain", draft(&json!({}))).await.expect(415);
    ask(&server, Some(&key), json, "{".to_owned()).await.expect(400);
    let wrong = ask(&server, Some(&key), json, draft(&json!({"severity": "bad", "areas": 3}))).await.expect(422);
    assert_eq!(wrong["errors"].as_array().map(Vec::len), Some(2), "{wrong}");
    let invalid = ask(&server, Some(&key), "text/xml", "<alert/>".to_owned()).await.expect(422);
    assert!(invalid["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{invalid}");
    let test_key = server.key(&["--test"]).await;
    ask(&server, Some(&test_key), json, draft(&json!({}))).await.expect(403);
    ask(&server, Some(&test_key), json, draft(&json!({"drill": true}))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_can_still_post() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let (key, other) = (server.key(&["--ring"]).await, server.key(&["--ring"]).await);
    let mut answered = 0;
    let refused = loop {
        let answer = ask(&server, Some(&key), "application/json", draft(&json!({}))).await;
        if answer.status != 200 {
            break answer;
        }
        answered += 1;
        assert!(answered < 1_000, "nobody is refused");
    };
    assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("too-many-requests")));
    assert!(answered >= 60, "a minute's worth at once: {answered}");
    ask(&server, Some(&other), "application/json", draft(&json!({}))).await.expect(200);
    server.post_new(&key, Cap::new("still").xml()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_types_an_area_and_sees_who_is_there_without_a_script() {
    let (mut server, _sandbox) = town().await;
    let mut operator = server.setup_admin().await;
    let page = operator.get("/console").await.expect(200);
    assert!(page.answer.text().contains("href=\"/console/estimate\""), "the menu leads there");
    let form = operator.get("/console/estimate").await.expect(200).form("estimate");
    let circle = format!("{},{} 5", CENTRE.0, CENTRE.1);
    let answer = operator.submit(&form.clone().fill("circles", &circle)).await.expect(200);
    let text = answer.answer.text();
    assert!(text.contains("about 20 people") && text.contains("fewer than 20"), "{text}");
    assert!(text.contains("others, together") && !text.contains("Breton"), "{text}");
    assert!(text.contains(&circle), "what was typed stays");
    let nowhere = operator.submit(&form).await.expect(422).answer.text();
    assert!(nowhere.contains("Draw an area first"), "{nowhere}");
    let bad = operator.submit(&form.fill("polygons", "50,3 51,3 51,4\n50,3 x")).await.expect(422).answer.text();
    assert!(bad.contains("Line 2 of the polygons cannot be read"), "{bad}");
}
