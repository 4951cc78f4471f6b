//! Tokens for push services: one for all nodes, sealed, never an older one in place of a newer.

use super::given::{at, commit};
use super::subscribers::vault;
use crate::support::database::databases;
use beffroi::model::provider_token::ProviderToken;
use beffroi::store::{Db, StoreError, Vault, provider_token};
use jiff::{SignedDuration, Timestamp};

const NAME: &str = "apns TEAM123456 ABC123DEFG";

fn token(value: &str, minted: Timestamp) -> ProviderToken {
    ProviderToken { value: value.to_owned(), minted, expires: minted + SignedDuration::from_hours(1) }
}

async fn replace(db: &Db, name: &str, old: Option<Timestamp>, new: &ProviderToken) -> ProviderToken {
    commit!(db, |tx| provider_token::replace(tx, &vault(), name, old, new))
}

#[tokio::test]
async fn the_first_to_replace_a_token_does_it_for_all() {
    for (name, db, _guard) in databases().await {
        assert_eq!(provider_token::get(&db, &vault(), NAME).await.expect("reads"), None, "{name}");
        let (first, late) = (token("first", at(0)), token("late", at(1)));
        assert_eq!(replace(&db, NAME, None, &first).await, first, "{name}");
        assert_eq!(replace(&db, NAME, None, &late).await, first, "{name}: it knew of none");
        let (second, slow) = (token("second", at(2_700)), token("slow", at(2_701)));
        assert_eq!(replace(&db, NAME, Some(at(0)), &second).await, second, "{name}");
        assert_eq!(replace(&db, NAME, Some(at(0)), &slow).await, second, "{name}: it knew of an older one");
        assert_eq!(provider_token::get(&db, &vault(), NAME).await.expect("reads"), Some(second), "{name}");
        assert_eq!(provider_token::get(&db, &vault(), "another").await.expect("reads"), None, "{name}");
    }
}

#[tokio::test]
async fn of_many_nodes_that_replace_a_token_all_get_the_same() {
    for (name, db, _guard) in databases().await {
        let nodes = (0..8).map(|node| {
            let db = db.clone();
            tokio::spawn(async move { replace(&db, NAME, None, &token(&format!("of node {node}"), at(node))).await })
        });
        let mut got = Vec::new();
        for node in nodes.collect::<Vec<_>>() {
            got.push(node.await.expect("runs").value);
        }
        assert!(got.iter().all(|value| *value == got[0]), "{name}: {got:?}");
    }
}

#[tokio::test]
async fn tokens_of_settings_that_are_no_more_go_and_those_at_hand_stay() {
    for (name, db, _guard) in databases().await {
        replace(&db, "old key", None, &token("old", at(0))).await;
        replace(&db, "other service", None, &token("other", at(90_000_000))).await;
        replace(&db, NAME, None, &token("new", at(100_000_000))).await;
        let get = async |name| provider_token::get(&db, &vault(), name).await.expect("reads").map(|token| token.value);
        assert_eq!(get("old key").await, None, "{name}");
        assert_eq!(get("other service").await.as_deref(), Some("other"), "{name}");
        assert_eq!(get(NAME).await.as_deref(), Some("new"), "{name}");
    }
}

#[tokio::test]
async fn a_stolen_database_tells_no_token() {
    for (name, db, _guard) in databases().await {
        replace(&db, NAME, None, &token("secret-token", at(0))).await;
        let sealed = "SELECT sealed FROM provider_token";
        let sealed: Vec<u8> = match &db {
            Db::Sqlite { read, .. } => sqlx::query_scalar(sealed).fetch_one(read).await.expect("a row"),
            Db::Postgres { write: pool, .. } => sqlx::query_scalar(sealed).fetch_one(pool).await.expect("a row"),
        };
        assert!(!sealed.windows(12).any(|part| part == b"secret-token"), "{name}");
        let other = provider_token::get(&db, &Vault::from_key([8; 32]), NAME).await;
        assert!(matches!(other, Err(StoreError::Vault(_))), "{name}");
    }
}
