//! `beffroi doctor` on a healthy installation, and on one with each fault made for real.

use crate::support::alerts::{CENTRE, Cap};
use crate::support::http::Answer;
use crate::support::place::{FINE, Place};
use crate::support::process::{Ran, run};
use crate::support::sandbox::Sandbox;
use crate::support::server::beffroi;
use crate::support::wait::until;
use crate::support::{Database, Server};
use beffroi::store::Db;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// An installation that someone is subscribed at.
struct Ward {
    server: Server,
    sandbox: Sandbox,
}

impl Ward {
    async fn new(database: Database) -> Self {
        let sandbox = Sandbox::start().await;
        let server = Server::start(database, &[("push.ca_file", &sandbox.ca_file())]).await;
        set_mode(server.data(), 0o700);
        let place = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
        for channel in sandbox.subscriptions(2, "").await {
            server.subscribe(&channel, &place, Value::Null).await;
        }
        Self { server, sandbox }
    }

    async fn doctor(&self, more: &[(&str, &str)]) -> Found {
        Found::of(self.server.run_with(&["doctor", "--format", "json"], more).await)
    }

    async fn proved(&self) -> Found {
        Found::of(self.server.run(&["doctor", "--format", "json", "--prove"]).await)
    }

    /// Changes the database behind everyone's back.
    async fn execute(&self, sql: &str) {
        let db = Db::open_as_it_is(&self.server.database_url()).await.expect("opens");
        let sql = AssertSqlSafe(sql.to_owned());
        match &db {
            Db::Sqlite { write, .. } => drop(sqlx::query(sql).execute(write).await.expect("changes it")),
            Db::Postgres { write, .. } => drop(sqlx::query(sql).execute(write).await.expect("changes it")),
        }
        db.close().await;
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
}

/// What it found.
#[derive(Debug)]
struct Found {
    code: i32,
    findings: Vec<Value>,
}

impl Found {
    fn of(ran: Ran) -> Self {
        let said: Value = serde_json::from_str(&ran.output)
            .unwrap_or_else(|error| panic!("{error}: {:?} and {}", ran.output, ran.errors));
        let found = Self { code: ran.code, findings: said["findings"].as_array().expect("findings").clone() };
        assert_eq!(said["ok"], found.faults().is_empty(), "{said}");
        assert_eq!(found.code, i32::from(!found.faults().is_empty()), "{said}");
        found
    }

    fn level(&self, level: &str) -> Vec<&Value> {
        self.findings.iter().filter(|finding| finding["level"] == level).collect()
    }

    fn faults(&self) -> Vec<&Value> {
        self.level("fault")
    }

    /// Exactly one fault, of this check, which says this and how to mend it.
    #[track_caller]
    fn has_one_fault(&self, check: &str, says: &str) {
        let faults = self.faults();
        let [fault] = &faults[..] else { panic!("not one fault: {faults:#?}") };
        assert_eq!(fault["check"], check, "{fault}");
        assert!(fault["what"].as_str().expect("text").contains(says), "{fault} says nothing of {says}");
        assert!(fault["fix"].as_str().is_some_and(|fix| fix.len() > 10), "no way to mend {fault}");
    }

    #[track_caller]
    fn says(&self, level: &str, check: &str, words: &str) {
        let fits = |finding: &&Value| finding["what"].as_str().is_some_and(|what| what.contains(words));
        let fits = |finding: &Value| finding["level"] == level && finding["check"] == check && fits(&finding);
        assert!(self.findings.iter().any(fits), "no {level} of {check} says {words}: {:#?}", self.findings);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_installation_is_well_on_sqlite() {
    healthy(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_installation_is_well_on_postgresql() {
    healthy(Database::Postgres).await;
}

async fn healthy(database: Database) {
    let ward = Ward::new(database).await;
    let found = ward.proved().await;
    assert_eq!(found.faults(), Vec::<&Value>::new());
    found.says("ok", "index", "(this machine): index and database agree at change 2: 2 people, 2 places");
    found.says("ok", "index", "everyone in the database can be read: 2 people, 2 places");
    found.says("ok", "push", "(2 people) is reached in");
    found.says("ok", "disk", "left");
    found.says("note", "clock", "ALERT TIME IS MOVED");
    let text = ward.server.run(&["doctor", "--quick"]).await;
    assert_eq!(text.code, 0, "{}{}", text.output, text.errors);
    assert!(text.output.contains("ok    database: "), "{}", text.output);
    assert!(text.errors.contains("All is well."), "{}", text.errors);
}

#[tokio::test]
async fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = beffroi(&["doctor", "--format", "json"]);
    command.env("BEFFROI__DATA__DIR", &data);
    let found = Found::of(run(command).await);
    assert_eq!(found.code, 0);
    found.says("note", "database", "not there yet");
    assert!(!data.exists(), "it made something");
}

#[tokio::test]
async fn settings_that_cannot_be_read_or_do_not_fit_are_named() {
    let doctor = async |settings: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command: Command = beffroi(&["doctor", "--format", "json"]);
        command.env("BEFFROI__DATA__DIR", folder.path().join("data"));
        command.envs(settings.iter().copied());
        Found::of(run(command).await)
    };
    doctor(&[("BEFFROI__SERVER__LISTENN", "x")]).await.has_one_fault("configuration", "listenn");
    doctor(&[("BEFFROI__SERVER__LISTEN", "nowhere")]).await.has_one_fault("configuration", "listen");
    doctor(&[("BEFFROI__SERVER__PUBLIC_URL", "http://alerts.example")]).await.has_one_fault("configuration", "https");
    doctor(&[("BEFFROI__LOG__FILTER", "a=b=c")]).await.has_one_fault("configuration", "log.filter");
    let public = [
        ("BEFFROI__SERVER__PUBLIC_URL", "https://alerts.example"),
        ("BEFFROI__PUSH__CONTACT", "mailto:duty@alerts.example"),
        ("BEFFROI__SERVER__TRUSTED_PROXIES", "127.0.0.1/32"),
    ];
    assert_eq!(doctor(&public).await.code, 0);
    doctor(&public[..2]).await.has_one_fault("configuration", "trusted_proxies");
    doctor(&[public[0], public[2]]).await.has_one_fault("configuration", "push.contact");
    let sandbox = ("BEFFROI__PUSH__ALLOW_PRIVATE_ENDPOINTS", "true");
    doctor(&[public[0], public[1], public[2], sandbox]).await.has_one_fault("configuration", "allow_private");
    let lost = ("BEFFROI__DATABASE__URL", "postgres://nobody:secret-word@127.0.0.1:1/none");
    let found = doctor(&[lost]).await;
    found.has_one_fault("database", "cannot be opened");
    assert!(!format!("{found:?}").contains("secret-word"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_others_read_that_are_lost_or_foreign_are_found() {
    let ward = Ward::new(Database::Sqlite).await;
    let data = ward.server.data();
    set_mode(&data.join("vapid.pem"), 0o644);
    ward.doctor(&[]).await.has_one_fault("keys", "vapid.pem can be read by others (mode 0644)");
    set_mode(&data.join("vapid.pem"), 0o600);
    set_mode(data, 0o755);
    ward.doctor(&[]).await.has_one_fault("keys", "can be read by others (mode 0755)");
    set_mode(data, 0o700);

    let vapid = fs::read(data.join("vapid.pem")).expect("a key");
    fs::write(data.join("vapid.pem"), "short").expect("writes");
    ward.doctor(&[]).await.has_one_fault("keys", "vapid.pem, which signs for push services, is not usable");
    fs::remove_file(data.join("vapid.pem")).expect("removes");
    ward.doctor(&[]).await.has_one_fault("keys", "vapid.pem is missing");
    fs::write(data.join("vapid.pem"), vapid).expect("writes");
    set_mode(&data.join("vapid.pem"), 0o600);

    fs::write(data.join("vault.key"), [7; 32]).expect("writes");
    ward.doctor(&[]).await.has_one_fault("keys", "does not open the subscriptions");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_version_or_damaged_is_found() {
    let mut ward = Ward::new(Database::Sqlite).await;
    ward.server.stop();
    ward.execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 8").await;
    ward.doctor(&[]).await.has_one_fault("database", "newer version");
    ward.execute("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    ward.doctor(&[]).await.has_one_fault("database", "1 migrations behind");

    let file = ward.server.data().join("beffroi.db");
    let mut bytes = fs::read(&file).expect("the database");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(&file, bytes).expect("writes");
    let found = ward.doctor(&[]).await;
    assert!(found.faults().iter().any(|fault| fault["check"] == "database"), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn push_services_that_cannot_be_reached_are_named_with_the_reason() {
    let ward = Ward::new(Database::Sqlite).await;
    ward.doctor(&[("push.ca_file", "")]).await.has_one_fault("push", "TLS");
    ward.doctor(&[("push.ca_file", "/no/such.pem")]).await.has_one_fault("push", "no connection can be made at all");
    let Ward { server, sandbox } = ward;
    drop(sandbox);
    let gone = Found::of(server.run_with(&["doctor", "--format", "json"], &[("push.ca_file", "")]).await);
    gone.has_one_fault("push", "(2 people) is not reached: no connection");
    let strict =
        [("push.ca_file", ""), ("push.allow_private_endpoints", "false"), ("push.hosts", ""), ("clock.start", "")];
    let found = Found::of(server.run_with(&["doctor", "--format", "json"], &strict).await);
    found.has_one_fault("push", "is not among push.hosts, so its 2 people are not reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_disagrees_is_told_by_the_doctor_and_mended_by_the_node_on_sqlite() {
    disagreement(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_disagrees_is_told_by_the_doctor_and_mended_by_the_node_on_postgresql() {
    disagreement(Database::Postgres).await;
}

async fn disagreement(database: Database) {
    let ward = Ward::new(database).await;
    ward.proved().await.says("ok", "index", "agree at change 2");
    ward.execute("DELETE FROM subscriber WHERE slot = 1").await;
    ward.doctor(&[]).await.has_one_fault("index", "the database was changed past its log");
    let mended = ward.proved().await;
    mended.says("ok", "index", "agree at change 2: 1 people, 1 places");
    mended.says("note", "index", "index and database disagreed at change 2");
    assert_eq!(mended.code, 0, "{mended:#?}");
    mended.says("ok", "areas", "0 named areas are loaded, 0 are followed");
    assert!(ward.server.errors().contains("index and database DISAGREE at change 2"), "it is loud");
    until("the node to be ready", || async {
        let answer = ward.server.http.get(ward.server.url("/health/ready")).send().await.expect("an answer");
        (Answer::of(answer).await.status == 200).then_some(())
    })
    .await;
    let lost = r#"UPDATE subscriber SET places = '[{"scheme":"INSEE","code":"59350"}]' WHERE slot = 2"#;
    ward.execute(lost).await;
    let found = ward.doctor(&[]).await;
    assert!(found.faults().iter().any(|fault| fault["check"] == "areas"), "{found:#?}");
    let metrics = ward.server.http.get(ward.server.url("/metrics")).send().await.expect("an answer");
    let metrics = Answer::of(metrics).await.text();
    assert!(metrics.contains("beffroi_audience_proofs_total{verdict=\"disagrees\"} 1"), "{metrics}");
    assert!(metrics.contains("beffroi_audience_agrees 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_read_new_areas_says_so_and_stays_ready_on_sqlite() {
    unread_areas(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_read_new_areas_says_so_and_stays_ready_on_postgresql() {
    unread_areas(Database::Postgres).await;
}

async fn unread_areas(database: Database) {
    let mut ward = Ward::new(database).await;
    let (key, mut operator) = (ward.server.key(&["--ring"]).await, ward.server.setup_admin().await);
    let torn = if matches!(database, Database::Sqlite) { "X'ff'" } else { "'\\xff'" };
    ward.execute(&format!("INSERT INTO named_area (scheme, code, name, ground) VALUES ('X', '1', '', {torn})")).await;
    ward.execute("UPDATE counter SET value = value + 1 WHERE name = 'area'").await;
    let found = ward.proved().await;
    found.says("fault", "areas", "it rings by the named areas of import 0: those of import 1 could not be read");
    found.says("fault", "areas", "what is stored as named_area.ground cannot be read");
    assert!(found.faults().iter().all(|fault| fault["check"] == "areas"), "nothing else is wrong: {found:#?}");
    let get = async |path: &str| {
        Answer::of(ward.server.http.get(ward.server.url(path)).send().await.expect("an answer")).await
    };
    let ready = get("/health/ready").await;
    assert_eq!((ready.status, &*ready.text()), (200, "ready; named areas cannot be read\n"));
    let metrics = get("/metrics").await.text();
    for figure in ["beffroi_named_areas_failed 1", "beffroi_audience_agrees 1"] {
        assert!(metrics.contains(figure), "{metrics}");
    }
    let page = operator.get("/console").await.expect(200).answer.text();
    assert!(page.contains("new named areas cannot be read"), "{page}");
    let answer = ward.server.post_new(&key, Cap::new("still").xml()).await;
    let broadcast = ward.server.settled(&mut operator, answer["id"].as_str().expect("an id")).await;
    assert_eq!(broadcast["targeted"], 2, "{broadcast}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_for_apps_are_looked_at_where_they_are_set_up_or_needed() {
    let ward = Ward::new(Database::Sqlite).await;
    let channel = ward.sandbox.subscriptions(1, "").await.remove(0);
    let endpoint: url::Url = channel["endpoint"].as_str().expect("an endpoint").parse().expect("a URL");
    let base = endpoint.origin().ascii_serialization();
    let folder = tempfile::tempdir().expect("a folder");
    let (key, account) = (folder.path().join("key.p8"), folder.path().join("account.json"));
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem();
    fs::write(&key, &pem).expect("written");
    set_mode(&key, 0o600);
    let (key, account) = (key.to_string_lossy(), account.to_string_lossy());
    let apns = [
        ("push.apns.base_url", base.as_str()),
        ("push.apns.key_file", &key),
        ("push.apns.key_id", "ABC123DEFG"),
        ("push.apns.team_id", "TEAM123456"),
        ("push.apns.topics", "org.example.alerts"),
    ];
    let found = ward.doctor(&apns).await;
    assert_eq!(found.faults(), Vec::<&Value>::new());
    found.says("ok", "push", "APNs: the key ABC123DEFG can be used");
    set_mode(Path::new(&*key), 0o644);
    ward.doctor(&apns).await.has_one_fault("push", "can be read by others");
    set_mode(Path::new(&*key), 0o600);
    fs::write(&*key, "no key").expect("written");
    ward.doctor(&apns).await.has_one_fault("push", "push.apns.key_file");
    let fcm = [("push.fcm.base_url", base.as_str()), ("push.fcm.service_account_file", &account)];
    ward.doctor(&fcm).await.has_one_fault("push", "push.fcm.service_account_file");
    ward.execute("UPDATE subscriber SET origin = 'apns'").await;
    ward.doctor(&[]).await.has_one_fault("push", "subscribed through APNs, which is not set up");
}
