//! Citizens' pages as a browser without JavaScript gets them: what they say, what they let run, and that an alert's
//! text stays text.

use crate::support::alerts::Cap;
use crate::support::http::Answer;
use crate::support::{Database, Server};
use beffroi::i18n::{self, Language};
use beffroi::web::assets;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A page with its style, before scripts and maps, bytes on the wire.
const PAGE_BYTES_MAX: usize = 14 * 1024;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = std::fs::read_to_string(&path).expect("text");
            found.push((path, text));
        }
    }
    found
}

/// The messages of a language, each with the names of what it fills in.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in files(&top().join("src/locales").join(language.tag()), "ftl") {
        let mut key = String::new();
        for line in text.lines() {
            if !line.starts_with([' ', '#', '\t', '}']) && line.contains('=') {
                key = line.split('=').next().expect("a first part").trim().to_owned();
                let again = messages.insert(key.clone(), BTreeSet::new()).is_some();
                assert!(!again, "{key} stands twice, the second time in {}", path.display());
            }
            let variables = line.split("{ $").skip(1).map(|rest| rest.split([' ', '}', ')']).next().unwrap_or(""));
            if let Some(known) = messages.get_mut(&key) {
                known.extend(variables.map(str::to_owned));
            }
        }
    }
    assert!(messages.len() > 100, "the messages of {} were not found", language.tag());
    messages
}

#[test]
fn both_languages_say_the_same_things() {
    assert_eq!(messages(Language::En), messages(Language::Fr));
}

#[test]
fn every_message_a_template_asks_for_exists() {
    let known = messages(Language::En);
    let mut asked = 0;
    for (path, text) in files(&top().join("src/web/templates"), "html") {
        for call in ["page.t(\"", "page.t1(\"", "page.tn(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().expect("a first part");
                assert!(known.contains_key(key), "{} asks for {key}", path.display());
                asked += 1;
            }
        }
    }
    assert!(asked > 50, "only {asked} were found");
}

#[test]
fn every_code_of_the_standard_has_a_word() {
    use beffroi::cap::code::{Certainty, MsgType, ResponseType, Severity, Status, Urgency};
    use beffroi::model::broadcast::AlertState;
    use beffroi::model::family::Family;
    use beffroi::web::citizen::view;
    let mut keys: Vec<String> = Severity::ALL.iter().map(view::severity_key).collect();
    keys.extend(Urgency::ALL.iter().map(view::urgency_key));
    keys.extend(Certainty::ALL.iter().map(view::certainty_key));
    keys.extend(Status::ALL.iter().map(view::status_key));
    keys.extend(MsgType::ALL.iter().map(view::msg_type_key));
    keys.extend(AlertState::ALL.iter().map(view::state_key));
    keys.extend(Family::ALL.iter().map(view::family_key));
    keys.extend(ResponseType::ALL.iter().filter(|kind| **kind != ResponseType::None).map(view::response_key));
    for key in keys {
        for language in Language::ALL {
            assert!(i18n::exists(language, &key), "{key} in {}", language.tag());
        }
    }
}

async fn get(server: &Server, path: &str, language: &str) -> Answer {
    let request = server.http.get(server.url(path)).header("accept", "text/html").header("accept-language", language);
    Answer::of(request.send().await.expect("an answer")).await
}

fn header(answer: &Answer, name: &str) -> String {
    let value = answer.headers.get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().expect("text").to_owned()
}

/// The start tags of a page, each whole, as a browser would see them.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .filter(|rest| rest.starts_with(|letter: char| letter.is_ascii_alphabetic()))
        .map(|rest| rest.split('>').next().expect("a first part"))
        .collect()
}

/// Nothing on the page runs but files of ours, and nothing loads from elsewhere.
fn assert_runs_nothing_foreign(html: &str, what: &str) {
    for tag in tags(html) {
        let name = tag.split([' ', '/']).next().expect("a name");
        let attribute = |wanted: &str| {
            tag.split_once(&format!(" {wanted}=\"")).map(|(_, rest)| rest.split('"').next().expect("a value"))
        };
        assert!(!["iframe", "object", "embed", "base", "style"].contains(&name), "{what}: <{tag}>");
        if name == "script" {
            assert!(attribute("src").is_some_and(|src| src.starts_with("/assets/")), "{what}: <{tag}>");
        }
        // A handler or style can only stand outside quotes: what is quoted is a value.
        let outside: String = tag.split('"').step_by(2).collect();
        let handler = outside.split_whitespace().any(|word| word.starts_with("on") && word.ends_with('='));
        assert!(!handler && !outside.contains("style="), "{what}: <{tag}>");
        for place in ["src", "href", "action", "formaction"] {
            let Some(address) = attribute(place) else { continue };
            let leads_away = place == "href" && address.starts_with("https://") && tag.contains("noreferrer");
            let stays = address.starts_with('/') && !address.starts_with("//") || address.starts_with('#');
            assert!(stays || leads_away, "{what}: <{tag}>");
        }
    }
}

fn assert_guarded(answer: &Answer, what: &str) {
    let policy = header(answer, "content-security-policy");
    for part in
        ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    assert_eq!(header(answer, "x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header(answer, "referrer-policy"), "no-referrer", "{what}");
    assert_runs_nothing_foreign(&answer.text(), what);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_guarded_and_in_the_readers_language() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let id = server.post_new(&key, Cap::new("page").xml()).await["id"].as_str().expect("an id").to_owned();
    let alert = format!("/alerts/{id}");
    for path in
        ["/", "/?at=50.65,3.1", &alert, "/subscribe?at=50.65,3.1&radius=2", "/privacy", "/accessibility", "/nowhere"]
    {
        for language in ["en", "fr"] {
            let what = format!("{path} in {language}");
            let answer = get(&server, path, language).await;
            assert_eq!(answer.status, if path == "/nowhere" { 404 } else { 200 }, "{what}");
            assert_guarded(&answer, &what);
            let html = answer.text();
            assert!(html.contains(&format!("<html lang=\"{language}\">")), "{what}");
            assert!(html.contains("href=\"#main\"") && html.contains("<main id=\"main\""), "{what}: no way to skip");
            assert!(html.contains("112"), "{what}: the emergency number is missing");
            assert_eq!(html.matches("<h1").count(), 1, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_its_style_is_small_enough_for_a_bad_network() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let id = server.post_new(&key, Cap::new("small").xml()).await["id"].as_str().expect("an id").to_owned();
    let list = get(&server, "/", "fr").await.text();
    let style = list.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let request = server.http.get(server.url(style.expect("a style"))).header("accept-encoding", "gzip, br");
    let style = Answer::of(request.send().await.expect("an answer")).await;
    // Compressing belongs to building the client: without that there is the style as it was written.
    let is_compressed = style.headers.contains_key("content-encoding");
    assert_eq!(is_compressed, assets::client_is_built(), "built before the style was changed: npm run build");
    let style_bytes = if assets::client_is_built() { style.bytes.len() } else { 0 };
    for (path, bytes_max) in [
        ("/", PAGE_BYTES_MAX),
        (&*format!("/alerts/{id}"), PAGE_BYTES_MAX),
        ("/privacy", PAGE_BYTES_MAX),
        // Mostly what it asks and what its script may have to say.
        ("/subscribe?at=50.65,3.1", 2 * PAGE_BYTES_MAX),
    ] {
        let bytes = get(&server, path, "fr").await.bytes.len() + style_bytes;
        assert!(bytes <= bytes_max, "{path}: {bytes} bytes with its style");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_an_alert_tells_what_to_do_where_and_until_when() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let xml = Cap { expires: "2026-06-01T19:30:00+02:00".to_owned(), ..Cap::new("plain") }.xml();
    let id = server.post_new(&key, xml).await["id"].as_str().expect("an id").to_owned();

    let list = get(&server, "/", "en").await.text();
    for part in ["Violent storm (plain)", "Severe", "Lille", "Until Monday 1 June 2026 at 19:30 (UTC+2)", "/subscribe"]
    {
        assert!(list.contains(part), "{part} is not in {list}");
    }
    let page = get(&server, &format!("/alerts/{id}"), "fr").await.text();
    for part in [
        "Que faire",
        "Stay inside.",
        "Gusts of 140 km/h.",
        "Lille",
        "Grave",
        "Weather office",
        "lundi 1 juin 2026 à 19:30 (UTC+2)",
        "lang=\"en-GB\"",
        &format!("/api/v1/alerts/{id}.xml"),
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let (what_to_do, happening) = (page.find("Stay inside."), page.find("Gusts of"));
    assert!(what_to_do < happening, "what to do comes first");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_sorted_by_place_for_whoever_says_where() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    server.post_new(&key, Cap::new("storm").xml()).await;
    let near = get(&server, "/?at=50.65,3.1", "en").await.text();
    assert!(near.contains("Alerts near you") && !near.contains("Elsewhere"), "{near}");
    let far = get(&server, "/?at=-33.9,151.2", "en").await.text();
    assert!(far.contains("concerns your place") && far.contains("Elsewhere"), "{far}");
    let nonsense = get(&server, "/?at=here", "en").await.text();
    assert!(nonsense.contains("Alerts in force"), "{nonsense}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_does_not_promise_safety() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let page = get(&server, "/", "en").await.text();
    for part in ["No alert is in force here.", "do not wait for an alert", "No alert has been received yet."] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_updated_or_cancelled_says_so_and_leads_on() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    let first = Cap::new("chain");
    let id = |answer: serde_json::Value| answer["id"].as_str().expect("an id").to_owned();
    let original = id(server.post_new(&key, first.xml()).await);
    let update = id(server.post_new(&key, Cap::about(&first, "Update").xml()).await);
    let page = get(&server, &format!("/alerts/{original}"), "en").await.text();
    assert!(page.contains("A newer message has replaced this one."), "{page}");
    assert!(page.contains(&format!("href=\"/alerts/{update}\"")), "{page}");
    assert!(page.contains("How it went on"), "{page}");

    let cancel = Cap { identifier: "chain-end".to_owned(), ..Cap::about(&first, "Cancel") };
    let cancel = id(server.post_new(&key, cancel.xml()).await);
    let page = get(&server, &format!("/alerts/{update}"), "en").await.text();
    assert!(page.contains("This alert was cancelled."), "{page}");
    let page = get(&server, &format!("/alerts/{cancel}"), "en").await.text();
    assert!(page.contains("This message cancels an earlier alert."), "{page}");
    let list = get(&server, "/", "en").await.text();
    assert!(list.contains("No alert is in force here."), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_person_is_not_public() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--hold"]).await;
    let id = server.post_new(&key, Cap::new("held").xml()).await["id"].as_str().expect("an id").to_owned();
    let page = get(&server, &format!("/alerts/{id}"), "en").await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("There is nothing here"), "{}", page.text());
    assert!(!get(&server, "/", "en").await.text().contains("Violent storm"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_language_is_remembered_and_needs_no_script() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let english = get(&server, "/privacy", "en").await;
    assert!(english.headers.get("set-cookie").is_none());
    assert!(english.text().contains("href=\"/privacy?lang=fr\""));
    let french = get(&server, "/privacy?lang=fr", "en").await;
    assert!(header(&french, "set-cookie").starts_with("lang=fr;"));
    assert!(french.text().contains("Vie privée"));
    let request = server.http.get(server.url("/")).header("cookie", "lang=fr").header("accept-language", "en");
    let back = Answer::of(request.send().await.expect("an answer")).await;
    assert!(back.text().contains("Alertes en cours"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subscribe_page_is_prefilled_by_what_is_a_place_and_by_nothing_else() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let page = get(&server, "/subscribe?at=50.65,3.1&radius=10", "en").await.text();
    assert!(page.contains("data-at=\"50.65,3.1\"") && page.contains("<option value=\"10\" selected>"), "{page}");
    assert!(page.contains("id=\"subscribe\""), "{page}");
    let key = page.split("data-vapid=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key");
    assert_eq!(key.len(), 87, "not an uncompressed P-256 point in base64url: {key}");
    // What appears when it worked must not be there before: it stands in a template.
    let (before, _) = page.split_once("<template").expect("a template");
    assert!(!before.contains("id=\"subscribed\""), "{page}");
    let odd = get(&server, "/subscribe?at=%22%3E%3Cscript%3E&radius=11", "en").await;
    assert_guarded(&odd, "an odd place");
    assert!(odd.text().contains("data-at=\"\"") && odd.text().contains("<option value=\"5\" selected>"));
}

/// What an attacker would put into an alert's text: markup, handlers, addresses, and ways out of attributes.
const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "<a href=\"javascript:alert(1)\">x</a>",
    "{{ 7 * 7 }}<iframe src=//evil.example>",
    "--><base href=//evil.example/>",
    "</p></section></main></body><form action=//evil.example><button>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An alert with this text in every field that takes any text.
fn hostile(number: usize, payload: &str) -> String {
    let text = escaped(payload);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>hostile-{number}</identifier><sender>alerts@lille.example</sender><sent>2026-06-01T11:59:00-00:00</sent>
<status>Actual</status><msgType>Alert</msgType><source>{text}</source><scope>Public</scope><code>{text}</code>
<note>{text}</note><incidents>incident</incidents>
<info><language>en</language><category>Met</category><event>{text}</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Likely</certainty><audience>{text}</audience>
<eventCode><valueName>{text}</valueName><value>{text}</value></eventCode>
<expires>2026-06-01T18:00:00-00:00</expires><senderName>{text}</senderName><headline>{text}</headline>
<description>{text}</description><instruction>{text}</instruction><web>https://evil.example/{number}</web>
<contact>{text}</contact><parameter><valueName>{text}</valueName><value>{text}</value></parameter>
<resource><resourceDesc>{text}</resourceDesc><mimeType>text/html</mimeType><uri>https://evil.example/x</uri></resource>
<area><areaDesc>{text}</areaDesc><polygon>50.5,2.9 50.5,3.3 50.8,3.3 50.8,2.9 50.5,2.9</polygon>
<geocode><valueName>{text}</valueName><value>{text}</value></geocode></area></info></alert>
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_an_alert_stays_text() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--ring"]).await;
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let id = server.post_new(&key, hostile(number, payload)).await["id"].as_str().expect("an id").to_owned();
        let page = get(&server, &format!("/alerts/{id}"), "en").await;
        assert_guarded(&page, payload);
        let html = page.text();
        let tags_of_ours = tags(&html).len();
        assert!(!html.contains(payload) || !payload.contains('<'), "{payload} stands unescaped in {html}");
        let plain =
            server.post_new(&key, hostile(100 + number, "plain")).await["id"].as_str().expect("an id").to_owned();
        let plain = get(&server, &format!("/alerts/{plain}"), "en").await.text();
        assert_eq!(tags_of_ours, tags(&plain).len(), "{payload} brought tags of its own");
    }
    let list = get(&server, "/", "fr").await;
    assert_guarded(&list, "the list");
}
