//! What devices tell: one key for each broadcast, sealed.

use super::given::{self, commit};
use super::subscribers::vault;
use crate::support::database::databases;
use beffroi::model::broadcast::State;
use beffroi::model::id::BroadcastId;
use beffroi::store::receipt::{self, ReceiptKey};
use beffroi::store::vault::{KEY_BYTES, Vault};

#[tokio::test]
async fn of_many_who_give_a_broadcast_its_key_one_does_and_all_use_it() {
    for (name, db, _guard) in databases().await {
        let broadcast = given::broadcast(&db, State::Sending).await.id;
        assert_eq!(receipt::key(&db, &vault(), &broadcast).await.expect("reads"), ReceiptKey::Unmade, "{name}");
        let tries = (1..=8).map(|number| {
            let (db, broadcast) = (db.clone(), broadcast.clone());
            tokio::spawn(async move {
                commit!(db, |tx| receipt::give_key(tx, &vault(), &broadcast, &[number; 16]));
                receipt::key(&db, &vault(), &broadcast).await.expect("reads")
            })
        });
        let mut keys = Vec::new();
        for task in tries.collect::<Vec<_>>() {
            keys.push(task.await.expect("runs"));
        }
        assert!(matches!(keys[0], ReceiptKey::Kept([1..=8, ..])), "{name}");
        assert!(keys.iter().all(|key| *key == keys[0]), "{name}");
        let stranger = Vault::from_key([8; KEY_BYTES]);
        assert!(receipt::key(&db, &stranger, &broadcast).await.is_err(), "{name}: it opens under its vault alone");

        let mut tx = db.begin().await.expect("begins");
        let unknown = BroadcastId("unknown".to_owned());
        assert!(receipt::give_key(&mut tx, &vault(), &unknown, &[1; 16]).await.is_err(), "{name}: no such broadcast");
    }
}
