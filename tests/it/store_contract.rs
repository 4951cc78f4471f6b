//! What the store promises, on both databases.

mod alerts;
mod areas;
mod batches;
mod broadcasts;
mod consoles;
mod given;
mod holding;
mod ledger;
mod links;
mod loading;
mod migrating;
mod parts;
mod places;
mod provider_tokens;
mod receipts;
mod repairs;
mod rings;
mod signers;
mod subscribers;

use crate::support::database::databases;
use beffroi::clock::random_id;
use beffroi::model::id::ChainId;
use beffroi::store::{Db, StoreError, chain, setting};
use futures_util::StreamExt;
use given::at;
use std::collections::BTreeSet;

#[tokio::test]
async fn a_transaction_that_is_dropped_keeps_nothing() {
    for (name, db, _guard) in databases().await {
        let mut tx = db.begin().await.expect("begins");
        setting::put(&mut tx, "colour", "red").await.expect("puts");
        drop(tx);
        assert_eq!(setting::get(&db, "colour").await.expect("reads"), None, "{name}");
        let mut tx = db.begin().await.expect("begins after a drop");
        setting::put(&mut tx, "colour", "blue").await.expect("puts");
        tx.commit().await.expect("commits");
        assert_eq!(setting::get(&db, "colour").await.expect("reads").as_deref(), Some("blue"), "{name}");
    }
}

#[tokio::test]
async fn a_database_opened_again_has_what_was_kept() {
    for (name, db, guard) in databases().await {
        let mut tx = db.begin().await.expect("begins");
        setting::put(&mut tx, "colour", "red").await.expect("puts");
        setting::put(&mut tx, "colour", "green").await.expect("puts over it");
        tx.commit().await.expect("commits");
        db.close().await;
        let again = Db::open(&guard.url(), 2).await.expect("opens again");
        again.ping().await.expect("answers");
        assert_eq!(setting::get(&again, "colour").await.expect("reads").as_deref(), Some("green"), "{name}");
    }
}

/// On SQLite; PostgreSQL keeps old rows until it cleans up by itself (docs/SECURITY.md).
#[tokio::test]
async fn what_is_erased_is_no_longer_in_the_file() {
    for (_, db, guard) in databases().await {
        let Some(file) = guard.url().strip_prefix("sqlite://").map(str::to_owned) else { continue };
        let secret = "a secret of many pages, ".repeat(1_000);
        for value in [secret.as_str(), "nothing"] {
            let mut tx = db.begin().await.expect("begins");
            setting::put(&mut tx, "kept", value).await.expect("puts");
            tx.commit().await.expect("commits");
        }
        db.close().await;
        let bytes = std::fs::read(file).expect("the file");
        assert!(bytes.windows(7).any(|seven| seven == b"nothing"), "it is the file");
        assert!(!bytes.windows(16).any(|some| some == b"a secret of many"));
    }
}

#[tokio::test]
async fn an_address_that_names_no_database_is_refused() {
    for url in ["mysql://localhost/x", "beffroi.db", "", "sqlite::memory:", "sqlite://", "sqlite://x?mode=memory"] {
        assert!(matches!(Db::open(url, 1).await, Err(StoreError::Url)), "{url:?}");
    }
}

#[tokio::test]
async fn of_many_who_set_a_default_one_succeeds_and_all_read_theirs() {
    for (name, db, _guard) in databases().await {
        let tries = (0..8).map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.expect("begins");
                let won = setting::put_if_absent(&mut tx, "key", &number.to_string()).await.expect("puts");
                tx.commit().await.expect("commits");
                won.then(|| number.to_string())
            })
        });
        let mut winners = Vec::new();
        for task in tries.collect::<Vec<_>>() {
            winners.extend(task.await.expect("runs"));
        }
        assert_eq!(winners.len(), 1, "{name}");
        assert_eq!(setting::get(&db, "key").await.expect("reads"), winners.pop(), "{name}");
    }
}

#[tokio::test]
async fn nodes_hear_a_word_only_once_it_is_committed() {
    for (name, db, _guard) in databases().await {
        let Some(mut words) = db.listen().await.expect("listens") else {
            assert_eq!(name, "sqlite");
            continue;
        };
        let mut tx = db.begin().await.expect("begins");
        Db::notify(&mut tx, "unsaid").await.expect("notifies");
        drop(tx);
        let mut tx = db.begin().await.expect("begins");
        Db::notify(&mut tx, "batch").await.expect("notifies");
        tx.commit().await.expect("commits");
        assert_eq!(words.next().await.expect("a word").expect("heard"), "batch", "{name}");
    }
}

#[tokio::test]
async fn a_chain_is_made_once_however_many_messages_open_it() {
    for (name, db, _guard) in databases().await {
        let openings = (0..8).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.expect("begins");
                let chain = chain::find_or_create(&mut tx, "key", "town", ChainId(random_id())).await.expect("finds");
                tx.commit().await.expect("commits");
                chain
            })
        });
        let mut ids = BTreeSet::new();
        for task in openings.collect::<Vec<_>>() {
            let chain = task.await.expect("runs");
            assert_eq!((chain.key.as_str(), chain.sender.as_str(), chain.head), ("key", "town", None), "{name}");
            ids.insert(chain.id);
        }
        assert_eq!(ids.len(), 1, "{name}");
        let id = ids.pop_first().expect("an id");
        assert_eq!(chain::get(&db, &id).await.expect("reads").map(|chain| chain.id), Some(id), "{name}");
    }
}

#[tokio::test]
async fn the_head_of_a_chain_never_goes_back_and_a_chain_is_cancelled_once() {
    for (name, db, _guard) in databases().await {
        let id = given::chain(&db, "key").await;
        let mut tx = db.begin().await.expect("begins");
        let (first, second, late) = ("first".to_owned().into(), "second".to_owned().into(), "late".to_owned().into());
        assert!(chain::advance(&mut tx, &id, &first, at(1_000)).await.expect("advances"), "{name}");
        assert!(chain::advance(&mut tx, &id, &second, at(2_000)).await.expect("advances"), "{name}");
        assert!(!chain::advance(&mut tx, &id, &late, at(1_999)).await.expect("refuses"), "{name}");
        assert!(chain::cancel(&mut tx, &id, &second, at(3_000)).await.expect("cancels"), "{name}");
        assert!(!chain::cancel(&mut tx, &id, &late, at(4_000)).await.expect("refuses"), "{name}");
        let chain = chain::lock(&mut tx, &id).await.expect("reads").expect("a chain");
        assert_eq!((chain.head, chain.head_sent), (Some(second.clone()), Some(at(2_000))), "{name}");
        assert_eq!((chain.cancelled, chain.cancelled_by), (Some(at(3_000)), Some(second)), "{name}");
        let unknown = ChainId("unknown".to_owned());
        assert!(!chain::advance(&mut tx, &unknown, &late, at(1)).await.expect("refuses"), "{name}");
        assert_eq!(chain::lock(&mut tx, &unknown).await.expect("reads"), None, "{name}");
    }
}

/// Both databases make the second of two wait until the first has committed: only then is what it decides right.
#[tokio::test]
async fn a_chain_that_one_transaction_holds_makes_the_next_one_wait() {
    for (name, db, _guard) in databases().await {
        let id = given::chain(&db, "key").await;
        let first = "first".to_owned().into();
        let mut holder = db.begin().await.expect("begins");
        chain::lock(&mut holder, &id).await.expect("locks");
        let next = given::waits(name, {
            let (db, id) = (db.clone(), id.clone());
            async move {
                let mut tx = db.begin().await.expect("begins");
                chain::lock(&mut tx, &id).await.expect("locks").expect("a chain").head
            }
        })
        .await;
        chain::advance(&mut holder, &id, &first, at(1)).await.expect("advances");
        holder.commit().await.expect("commits");
        assert_eq!(next.await.expect("runs"), Some(first), "{name}: it sees what the first did");
    }
}
