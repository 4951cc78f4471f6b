//! The command line as scripts hold on to it: results on standard output, words on standard error, exit 0 for done, 1
//! for no, 2 for wrong usage or an environment that does not let us work.

use crate::support::alerts::{Cap, SENDER};
use crate::support::process::{Ran, run};
use crate::support::server::beffroi;
use crate::support::{Database, Server};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const VERBS: &[&str] =
    &["serve", "areas", "check", "match", "post", "doctor", "key", "operator", "sandbox", "sign", "signer"];

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

async fn check(path: &Path) -> (Ran, Vec<Value>) {
    check_with(path, &[]).await
}

async fn check_with(path: &Path, more: &[&str]) -> (Ran, Vec<Value>) {
    let path = path.to_str().expect("a text");
    let args: Vec<&str> = ["check", path, "--format", "json"].iter().chain(more).copied().collect();
    let ran = run(beffroi(&args)).await;
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let lines = ran.output.lines().map(read).collect();
    (ran, lines)
}

#[tokio::test]
async fn every_verb_explains_itself_with_an_example() {
    for verb in VERBS {
        let ran = run(beffroi(&[verb, "--help"])).await;
        assert_eq!(ran.code, 0, "{verb}: {}", ran.errors);
        assert!(ran.output.contains("Example"), "{verb} --help has no example:\n{}", ran.output);
        assert!(ran.output.contains(&format!("beffroi {verb}")), "{verb}:\n{}", ran.output);
    }
}

#[tokio::test]
async fn wrong_usage_is_exit_2_and_says_nothing_on_standard_output() {
    for args in [
        &["no-such-verb"][..],
        &["check"],
        &["check", "/no/such/file.xml"],
        &["check", ".", "--profile", "no-such-profile"],
        &["--config", "/no/such", "serve"],
    ] {
        let ran = run(beffroi(args)).await;
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.errors);
        assert_eq!(ran.output, "", "{args:?}");
        assert!(!ran.errors.trim().is_empty(), "{args:?} says nothing");
    }
}

#[tokio::test]
async fn an_unknown_setting_is_refused_by_name() {
    let mut command = beffroi(&["serve"]);
    command.env("BEFFROI__SERVER__LISTENN", "127.0.0.1:0");
    let ran = run(command).await;
    assert_eq!(ran.code, 2, "{}", ran.errors);
    assert!(ran.errors.contains("listenn"), "{}", ran.errors);
}

#[tokio::test]
async fn check_says_what_a_valid_alert_is() {
    let folder = folder_with(&[("storm.xml", &Cap::new("storm-1").xml())]);
    let (ran, lines) = check(&folder.path().join("storm.xml")).await;
    assert_eq!(ran.code, 0, "{}{}", ran.output, ran.errors);
    let [line] = &lines[..] else { panic!("not one line: {}", ran.output) };
    assert_eq!(
        (&line["ok"], &line["accepted"], &line["kind"]),
        (&true.into(), &true.into(), &"alert".into()),
        "{line}"
    );
    let alert = &line["alerts"][0];
    for (name, text) in [
        ("identifier", "storm-1"),
        ("sender", SENDER),
        ("sent", "2026-06-01T11:59:00-00:00"),
        ("status", "Actual"),
        ("msg_type", "Alert"),
        ("scope", "Public"),
        ("cap_version", "1.2"),
        ("signature", "none"),
    ] {
        assert_eq!(alert[name], text, "{name} in {line}");
    }
    for (name, count) in [("infos", 1), ("areas", 1), ("polygons", 1), ("circles", 0), ("geocodes", 0)] {
        assert_eq!(alert[name], count, "{name} in {line}");
    }
    assert_eq!(alert["languages"], serde_json::json!(["en-GB"]));
}

#[tokio::test]
async fn check_reports_every_error_with_its_place() {
    let broken = Cap::new("x").xml().replace("<status>Actual</status>", "<status>actually</status>");
    let broken = broken.replace("<urgency>Immediate</urgency>", "");
    let folder = folder_with(&[("broken.xml", &broken)]);
    let (ran, lines) = check(folder.path()).await;
    assert_eq!(ran.code, 1, "{}{}", ran.output, ran.errors);
    let [line] = &lines[..] else { panic!("not one line: {}", ran.output) };
    assert_eq!((&line["ok"], &line["accepted"]), (&false.into(), &false.into()), "{line}");
    let findings = line["findings"].as_array().expect("findings");
    let at = |path: &str| findings.iter().find(|finding| finding["path"].as_str().is_some_and(|at| at.contains(path)));
    for path in ["/alert/status", "/alert/info"] {
        let finding = at(path).unwrap_or_else(|| panic!("nothing about {path}: {line}"));
        assert_eq!(finding["level"], "error", "{finding}");
        assert!(finding["line"].as_u64().is_some_and(|line| line > 1), "{finding}");
        assert!(finding["code"].as_str().is_some_and(|code| !code.contains(' ')), "{finding}");
        for said in ["message", "clause", "fix"] {
            assert!(finding[said].as_str().is_some_and(|text| !text.is_empty()), "no {said}: {finding}");
        }
    }
}

#[tokio::test]
async fn a_polygon_left_open_is_mended_taken_and_reported() {
    let open = Cap { polygon: Some("50.5,2.9 50.5,3.3 50.8,3.3 50.8,2.9"), ..Cap::new("open") };
    let folder = folder_with(&[("open.xml", &open.xml())]);
    let (ran, lines) = check(folder.path()).await;
    assert_eq!(ran.code, 1, "it breaks the standard: {}", ran.output);
    assert_eq!((&lines[0]["ok"], &lines[0]["accepted"]), (&false.into(), &true.into()), "{}", lines[0]);
    let findings = lines[0]["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["code"] == "polygon-not-closed").expect("the open ring");
    assert_eq!((&finding["level"], &finding["repaired"]), (&"error".into(), &true.into()), "{finding}");
}

#[tokio::test]
async fn a_profile_is_an_error_only_where_it_is_asked_for() {
    let claiming = Cap::new("profiled").xml().replace("</scope>", "</scope><code>IPAWSv1.0</code>");
    let folder = folder_with(&[("claiming.xml", &claiming)]);
    let about = |line: &Value, code: &str| {
        let findings = line["findings"].as_array().expect("findings").clone();
        findings.into_iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {line}"))
    };

    let (ran, lines) = check(folder.path()).await;
    assert_eq!((ran.code, &lines[0]["ok"]), (0, &true.into()), "{}", ran.output);
    assert_eq!(lines[0]["alerts"][0]["profiles"], serde_json::json!(["ipaws"]));
    assert_eq!(about(&lines[0], "ipaws-same-event-missing")["level"], "warning");

    let (ran, lines) = check_with(folder.path(), &["--profile", "ipaws"]).await;
    assert_eq!((ran.code, &lines[0]["ok"]), (1, &false.into()), "{}", ran.output);
    assert_eq!(about(&lines[0], "ipaws-same-event-missing")["level"], "error");

    let (_, lines) = check_with(folder.path(), &["--profile", "cap-au"]).await;
    assert_eq!(lines[0]["alerts"][0]["profiles"], serde_json::json!(["ipaws", "cap-au"]));
    assert_eq!(about(&lines[0], "cap-au-code")["level"], "error");
    assert_eq!(about(&lines[0], "ipaws-same-event-missing")["level"], "warning");
    let text = run(beffroi(&["check", folder.path().to_str().expect("a text")])).await;
    assert!(text.output.contains("profiles looked at: ipaws"), "{}", text.output);
}

#[tokio::test]
async fn check_walks_folders_and_tells_what_is_no_alert() {
    let files =
        [("a.xml", Cap::new("a").xml()), ("b.xml", "<html></html>".to_owned()), ("c.xml", "not XML".to_owned())];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (ran, lines) = check(folder_with(&files).path()).await;
    assert_eq!(ran.code, 1, "{}", ran.errors);
    let mut said: Vec<_> = lines
        .iter()
        .map(|line| (line["file"].as_str().expect("a file"), line["kind"].as_str().expect("a kind")))
        .map(|(file, kind)| (file.rsplit('/').next().expect("a name"), kind))
        .collect();
    said.sort_unstable();
    assert_eq!(said, [("a.xml", "alert"), ("b.xml", "unreadable"), ("c.xml", "unreadable")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn post_prints_what_the_server_says() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&[]).await;
    let folder = folder_with(&[("storm.xml", &Cap::new("storm-2").xml()), ("broken.xml", "<alert/>")]);
    let (base, file) = (server.url(""), folder.path().join("storm.xml"));
    let file = file.to_str().expect("a text");
    let post = |args: &[&str]| {
        let all: Vec<&str> = ["post", file].iter().chain(args).copied().collect();
        run(beffroi(&all))
    };

    let rehearsed = post(&["--url", &base, "--key", &key, "--dry-run"]).await;
    assert_eq!(rehearsed.code, 0, "{}", rehearsed.errors);
    let rehearsed: Value = serde_json::from_str(&rehearsed.output).expect("JSON");
    assert_eq!(rehearsed["state"], "held", "{rehearsed}");

    let stored = post(&["--url", &base, "--key", &key]).await;
    assert_eq!(stored.code, 0, "{}", stored.errors);
    let stored: Value = serde_json::from_str(&stored.output).expect("JSON");
    assert_eq!((&stored["state"], &stored["reason"]), (&"held".into(), &"key-holds".into()), "{stored}");
    assert_eq!(stored["key"]["identifier"], "storm-2");
    let again: Value = serde_json::from_str(&post(&["--url", &base, "--key", &key]).await.output).expect("JSON");
    assert_eq!(again, stored);

    assert_eq!(post(&["--url", &base, "--key", "bfr_live_wrong"]).await.code, 1, "a wrong key is a no");
    assert_eq!(post(&["--url", "http://127.0.0.1:9", "--key", &key]).await.code, 2, "nobody there");
    let broken = folder.path().join("broken.xml");
    let broken = run(beffroi(&["post", broken.to_str().expect("a text"), "--url", &base, "--key", &key])).await;
    assert_eq!(broken.code, 1, "{}", broken.errors);
    let said = format!("{}{}", broken.output, broken.errors);
    assert!(said.contains("findings") || said.contains("/alert"), "no findings: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_once_listed_without_their_text_and_revoked_at_once() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let created = server.run(&["key", "create", "--name", "Flood office"]).await;
    assert_eq!(created.code, 0, "{}", created.errors);
    let key = created.output.trim();
    assert!(key.starts_with("bfr_live_") && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{key:?}");
    assert_eq!(created.output.lines().count(), 1, "only the key: {}", created.output);
    assert!(
        created.errors.to_lowercase().contains("any sender"),
        "it may speak for any sender, which must be said: {}",
        created.errors
    );

    let listed = server.run(&["key", "list"]).await;
    assert_eq!(listed.code, 0, "{}", listed.errors);
    let line = listed.output.lines().find(|line| line.contains("Flood office")).expect("the key is listed");
    assert!(!format!("{}{}", listed.output, listed.errors).contains(key), "the list tells the key");
    assert_eq!(server.post(key, Cap::new("before").xml()).await.status, 202);

    let id = line.split(|c: char| c.is_whitespace() || c == '"' || c == ',').find(|word| word.len() >= 8);
    let revoked = server.run(&["key", "revoke", id.expect("an id in the list")]).await;
    assert_eq!(revoked.code, 0, "{line}: {}", revoked.errors);
    assert_eq!(server.post(key, Cap::new("after").xml()).await.status, 401);
    let never = server.run(&["key", "revoke", "no-such-key"]).await;
    assert_eq!(never.code, 1, "there was none: {}", never.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_key_never_posts_an_actual_alert() {
    let server = Server::start(Database::Sqlite, &[]).await;
    let key = server.key(&["--test", "--ring"]).await;
    assert!(key.starts_with("bfr_test_"), "{key}");
    let answer = server.post(&key, Cap::new("real").xml()).await;
    assert_eq!(answer.expect(403)["code"], "test-key");
    let test = Cap { status: "Test", ..Cap::new("drill") };
    assert_eq!(server.post(&key, test.xml()).await.status, 202);
}
