//! A real browser, from the button on `/subscribe` to the page that a click on the notification opens.

use crate::areas::square;
use crate::support::alerts::{CENTRE, Cap};
use crate::support::process::Program;
use crate::support::receiver::python;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

async fn step(browser: &mut Program, wanted: &str) -> Value {
    let read = |line: &str| serde_json::from_str::<Value>(line).ok().filter(|line| line["step"] == wanted);
    browser.line(wanted, read).await
}

/// A browser on the page for subscribing, with a place in the middle of what alerts warn.
fn start(shared: &Path, server: &Server, wanted: &str) -> Program {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (lat, lon) = CENTRE;
    let mut command = Command::new("node");
    command.arg(crate_folder.join("tests/browser/subscribe.cjs"));
    command.arg(server.url(&format!("/subscribe?at={lat},{lon}&radius=0{wanted}")));
    command.arg(shared.join("e2e/fake_gcm.py")).arg(python());
    Program::start("subscribe.cjs", &mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_subscribes_is_rung_and_a_click_opens_the_alert() {
    let shared = shared_or_return!();
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let mut operator = server.setup_admin().await;

    let mut browser = start(&shared, &server, "");
    let subscribed = step(&mut browser, "subscribed").await;
    assert_eq!(subscribed["problems"], serde_json::json!([]), "the page has errors");
    let places = subscribed["places"].as_array().expect("places");
    assert!(matches!(&places[..], [place] if place.as_str().is_some_and(|text| text.contains("600 m"))), "{places:?}");

    let cap = Cap::new("for-a-browser");
    let answer = server.post_new(&key, cap.xml()).await;
    let id = answer["id"].as_str().expect("an id");
    let broadcast = server.settled(&mut operator, id).await;
    assert_eq!(broadcast["accepted"], 1, "{broadcast}");

    let opened = step(&mut browser, "opened").await;
    let shown = format!("{} {}", opened["shown"]["title"], opened["shown"]["body"]);
    assert!(shown.contains(&cap.headline), "the notification says {shown}");
    for event in ["Push message received", "Notification displayed", "Notification clicked"] {
        let events = opened["events"].as_array().expect("events");
        assert!(events.contains(&event.into()), "no {event} in {events:?}");
    }
    let url = opened["url"].as_str().expect("an address");
    assert_eq!(url, server.url(&format!("/alerts/{id}")), "the address bar has no receipt");
    let text = opened["text"].as_str().expect("a text");
    assert!(text.contains(&cap.headline), "the page says {text}");
    let told = |broadcast: &Value| broadcast["displayed"] == 1 && broadcast["opened"] == 1;
    let broadcast = server.broadcast_when(&mut operator, id, told).await;
    assert_eq!(broadcast["latency_ms"]["displayed"]["count"], 1, "{broadcast}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_follows_what_was_drawn_and_named_in_it_and_is_rung() {
    let shared = shared_or_return!();
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let file = server.data().join("areas.geojson");
    std::fs::write(&file, square("far", "Éastham-on-Sea", 10.0, 3.2)).expect("a file");
    let ran = server.run(&["areas", "import", file.to_str().expect("a text"), "--scheme", "TOWN"]).await;
    assert_eq!(ran.code, 0, "{}", ran.errors);
    let key = server.key(&["--ring"]).await;
    let mut operator = server.setup_admin().await;
    // A page that is made now has the field for names: any alert makes the server look at what was imported.
    let far = Cap { polygon: Some("1,1 1,2 2,2 1,1"), ..Cap::new("elsewhere") };
    server.post_new(&key, far.xml()).await;
    let mut browser = start(&shared, &server, "#draw&name=eastham");
    let subscribed = step(&mut browser, "subscribed").await;
    assert_eq!(subscribed["problems"], serde_json::json!([]), "the page has errors");
    let places = subscribed["places"].as_array().expect("places");
    let says = |place: &Value, text: &str| place.as_str().is_some_and(|place| place.contains(text));
    let [drawn, named] = &places[..] else { panic!("{places:?}") };
    assert!(says(drawn, "km²") && says(named, "Éastham-on-Sea"), "{places:?}");

    let answer = server.post_new(&key, Cap::new("for-a-drawing").xml()).await;
    let broadcast = server.settled(&mut operator, answer["id"].as_str().expect("an id")).await;
    assert_eq!(broadcast["accepted"], 1, "{broadcast}");
}
