//! Keys, operators, sessions and the audit log.

use super::given::{at, commit, waits};
use crate::support::database::databases;
use beffroi::cap::Axes;
use beffroi::clock::{Clock, random_id};
use beffroi::model::credential::{Credential, KeyAction};
use beffroi::model::id::{ApiKeyId, OperatorId};
use beffroi::model::operator::{Actor, Operator, Role};
use beffroi::store::session::Sessions;
use beffroi::store::{Db, audit, credential, operator};
use std::collections::HashMap;
use std::time::Duration;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};

fn person(login: &str, role: Role) -> Operator {
    Operator { id: OperatorId(random_id()), login: login.to_owned(), name: "Ännä".to_owned(), role, created: at(0) }
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_until_it_is_revoked() {
    for (name, db, _guard) in databases().await {
        let owner = person("anna", Role::Operator);
        commit!(db, |tx| operator::insert(tx, &owner, "hash"));
        let key = Credential {
            id: ApiKeyId(random_id()),
            name: "weather service".to_owned(),
            senders: vec!["a@b, c".to_owned(), "\"d\"".to_owned()],
            action: KeyAction::Hold,
            test: true,
            axes: Axes::LongitudeFirst,
            owner: Some(owner.id),
            created: at(5),
            revoked: None,
        };
        let other = Credential {
            id: ApiKeyId(random_id()),
            senders: vec![],
            action: KeyAction::File,
            test: false,
            axes: Axes::LatitudeFirst,
            owner: None,
            created: at(1),
            ..key.clone()
        };
        commit!(db, |tx| credential::insert(tx, &key, &[1; 32]));
        commit!(db, |tx| credential::insert(tx, &other, &[2; 32]));
        assert_eq!(credential::by_hash(&db, &[1; 32]).await.expect("reads").as_ref(), Some(&key), "{name}");
        assert_eq!(credential::by_hash(&db, &[3; 32]).await.expect("reads"), None, "{name}");
        assert_eq!(credential::list(&db).await.expect("lists"), [other.clone(), key.clone()], "{name}: oldest first");

        assert!(commit!(db, |tx| credential::revoke(tx, &key.id, at(9))), "{name}");
        assert!(!commit!(db, |tx| credential::revoke(tx, &key.id, at(10))), "{name}: already");
        assert_eq!(credential::by_hash(&db, &[1; 32]).await.expect("reads"), None, "{name}");
        let revoked = Credential { revoked: Some(at(9)), ..key };
        assert_eq!(credential::get(&db, &revoked.id).await.expect("reads").as_ref(), Some(&revoked), "{name}");
        assert_eq!(credential::list(&db).await.expect("lists"), [other, revoked], "{name}");
    }
}

#[tokio::test]
async fn an_operator_signs_in_by_a_login_of_their_own_until_disabled() {
    for (name, db, _guard) in databases().await {
        let (anna, bert) = (person("anna", Role::Operator), person("bert", Role::Administrator));
        assert!(commit!(db, |tx| operator::insert(tx, &anna, "one")), "{name}");
        assert!(commit!(db, |tx| operator::insert(tx, &bert, "two")), "{name}");
        let twin = person("anna", Role::Administrator);
        assert!(!commit!(db, |tx| operator::insert(tx, &twin, "three")), "{name}");
        let found = operator::by_login(&db, "anna").await.expect("reads");
        assert_eq!(found, Some((anna.clone(), "one".to_owned())), "{name}");
        assert!(commit!(db, |tx| operator::set_password(tx, &anna.id, "new")), "{name}");
        assert!(!commit!(db, |tx| operator::set_password(tx, &twin.id, "new")), "{name}");
        let found = operator::by_login(&db, "anna").await.expect("reads");
        assert_eq!(found, Some((anna.clone(), "new".to_owned())), "{name}");

        assert!(commit!(db, |tx| operator::disable(tx, &anna.id, at(7))), "{name}");
        assert!(!commit!(db, |tx| operator::disable(tx, &anna.id, at(8))), "{name}: already");
        assert_eq!(operator::by_login(&db, "anna").await.expect("reads"), None, "{name}");
        assert_eq!(operator::get(&db, &anna.id).await.expect("reads"), None, "{name}");
        assert_eq!(operator::get(&db, &bert.id).await.expect("reads").as_ref(), Some(&bert), "{name}");
        let mut everyone = operator::list(&db).await.expect("lists");
        everyone.sort_by(|(a, _), (b, _)| a.login.cmp(&b.login));
        assert_eq!(everyone, [(anna, Some(at(7))), (bert, None)], "{name}");
    }
}

#[tokio::test]
async fn of_many_who_follow_the_setup_link_one_becomes_the_first_administrator() {
    for (name, db, _guard) in databases().await {
        commit!(db, |tx| operator::insert(tx, &person("clerk", Role::Operator), "hash"));
        assert!(!operator::administrator_exists(&db).await.expect("reads"), "{name}");
        let tries = (0..8).map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                let operator = person(&format!("admin-{number}"), Role::Administrator);
                commit!(db, |tx| operator::insert_first_administrator(tx, &operator, "hash")).then_some(operator.id)
            })
        });
        let mut first = Vec::new();
        for task in tries.collect::<Vec<_>>() {
            first.extend(task.await.expect("runs"));
        }
        assert_eq!(first.len(), 1, "{name}");
        commit!(db, |tx| operator::disable(tx, &first[0], at(1)));
        let late = person("late", Role::Administrator);
        assert!(!commit!(db, |tx| operator::insert_first_administrator(tx, &late, "hash")), "{name}: never again");
        assert!(operator::administrator_exists(&db).await.expect("reads"), "{name}");
    }
}

#[tokio::test]
async fn who_follows_the_setup_link_second_waits_for_the_first() {
    for (name, db, _guard) in databases().await {
        let mut holder = db.begin().await.expect("begins");
        let first = person("first", Role::Administrator);
        assert!(operator::insert_first_administrator(&mut holder, &first, "hash").await.expect("inserts"), "{name}");
        let second = waits(name, {
            let db = db.clone();
            async move {
                let second = person("second", Role::Administrator);
                commit!(db, |tx| operator::insert_first_administrator(tx, &second, "hash"))
            }
        })
        .await;
        holder.commit().await.expect("commits");
        assert!(!second.await.expect("runs"), "{name}");
    }
}

fn record(clock: &Clock, lifetime: Duration) -> Record {
    let ms = clock.real().as_millisecond() + i64::try_from(lifetime.as_millis()).expect("short");
    let data = HashMap::from([("operator".to_owned(), serde_json::json!({"id": "anna"}))]);
    let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).expect("a time");
    Record { id: Id(1), data, expiry_date }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_session_lives_until_it_is_ended_and_its_id_is_not_in_the_database() {
    let clock = Clock::system();
    for (name, db, _guard) in databases().await {
        let sessions = Sessions::new(db.clone(), clock);
        let (mut one, mut two) = (record(&clock, HOUR), record(&clock, HOUR));
        sessions.create(&mut one).await.expect("creates");
        sessions.create(&mut two).await.expect("creates");
        assert!(one.id != two.id && one.id != Id(1), "{name}: the store gives the id");
        assert_eq!(sessions.load(&one.id).await.expect("loads").as_ref(), Some(&one), "{name}");
        one.data.insert("count".to_owned(), serde_json::json!(2));
        sessions.save(&one).await.expect("saves");
        assert_eq!(sessions.load(&one.id).await.expect("loads").as_ref(), Some(&one), "{name}");

        let sql = "SELECT id_hash FROM session";
        let hashes: Vec<Vec<u8>> = match &db {
            Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_all(read).await.expect("reads"),
            Db::Postgres { write: pool, .. } => sqlx::query_scalar(sql).fetch_all(pool).await.expect("reads"),
        };
        assert_eq!(hashes.len(), 2, "{name}");
        let id = one.id.0.to_le_bytes();
        assert!(hashes.iter().all(|hash| hash.len() == 32 && !hash.windows(16).any(|part| part == id)), "{name}");

        sessions.delete(&one.id).await.expect("deletes");
        assert_eq!(sessions.load(&one.id).await.expect("loads"), None, "{name}");
        sessions.save(&one).await.expect("answers");
        assert_eq!(sessions.load(&one.id).await.expect("loads"), None, "{name}: who signed out stays out");
        assert_eq!(sessions.load(&two.id).await.expect("loads"), Some(two), "{name}");
    }
}

#[tokio::test]
async fn sessions_end_by_real_time_whatever_alert_time_does() {
    let far = Clock::with_offset(jiff::SignedDuration::from_hours(-24 * 365));
    for (name, db, _guard) in databases().await {
        let sessions = Sessions::new(db, far);
        let (mut over, mut live) = (record(&far, Duration::ZERO), record(&far, HOUR));
        sessions.create(&mut over).await.expect("creates");
        sessions.create(&mut live).await.expect("creates");
        assert_eq!(sessions.load(&over.id).await.expect("loads"), None, "{name}");
        assert_eq!(sessions.delete_expired().await.expect("deletes"), 1, "{name}");
        assert_eq!(sessions.delete_expired().await.expect("deletes"), 0, "{name}");
        assert_eq!(sessions.load(&live.id).await.expect("loads"), Some(live), "{name}");
    }
}

#[tokio::test]
async fn the_audit_log_lists_the_latest_first_and_only_grows() {
    for (name, db, _guard) in databases().await {
        let actors =
            [Actor::System, Actor::Operator(OperatorId("anna".to_owned())), Actor::Key(ApiKeyId("key".to_owned()))];
        for (number, actor) in (0..).zip(&actors) {
            let detail = serde_json::json!({ "number": number });
            commit!(db, |tx| audit::append(tx, actor, "broadcast.release", "b", &detail, at(number)));
        }
        let mut undone = db.begin().await.expect("begins");
        let nothing = serde_json::Value::Null;
        audit::append(&mut undone, &Actor::System, "x", "y", &nothing, at(9)).await.expect("appends");
        drop(undone);

        let lines = audit::list(&db, None, 10).await.expect("lists");
        let told: Vec<_> =
            lines.iter().map(|line| (line.actor_kind.as_str(), line.actor.as_deref(), line.at)).collect();
        let want = [("key", Some("key"), at(2)), ("operator", Some("anna"), at(1)), ("system", None, at(0))];
        assert_eq!(told, want, "{name}");
        assert_eq!((lines[0].action.as_str(), lines[0].subject.as_str()), ("broadcast.release", "b"), "{name}");
        assert_eq!(lines[0].detail, serde_json::json!({ "number": 2 }), "{name}");
        assert_eq!(audit::list(&db, Some(lines[0].seq), 1).await.expect("lists"), lines[1..2], "{name}");

        for sql in ["UPDATE audit SET action = 'x'", "DELETE FROM audit"] {
            let done = match &db {
                Db::Sqlite { write, .. } => sqlx::query(sql).execute(write).await.map(drop),
                Db::Postgres { write: pool, .. } => sqlx::query(sql).execute(pool).await.map(drop),
            };
            let error = done.expect_err("the trigger refuses").to_string();
            assert!(error.contains("audit is never changed"), "{name} {sql}: {error}");
        }
        assert_eq!(audit::list(&db, None, 10).await.expect("lists"), lines, "{name}");
    }
}
