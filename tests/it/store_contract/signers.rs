//! Keys pinned for senders.

use super::given::{at, commit};
use crate::support::database::databases;
use beffroi::cap::signature::PublicKey;
use beffroi::clock::random_id;
use beffroi::model::id::SignerId;
use beffroi::model::signer::{Signer, trust};
use beffroi::store::signer::{self, Pinned};

/// SubjectPublicKeyInfo of P-256 with a point that is as good as another here.
fn key(last: u8) -> PublicKey {
    let head =
        [0x30, 0x59, 0x30, 0x13, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
    let point = [&[3, 0x42, 0, 4][..], &[last; 64]].concat();
    PublicKey::from_spki(&[&head[..], &point].concat()).expect("a key")
}

fn pin(sender: &str, last: u8, made_ms: i64) -> Signer {
    Signer {
        id: SignerId(random_id()),
        sender: sender.to_owned(),
        name: "Weather service".to_owned(),
        key: key(last),
        created: at(made_ms),
    }
}

#[tokio::test]
async fn a_pin_is_kept_as_it_was_made_until_it_is_removed() {
    for (name, db, _guard) in databases().await {
        let (first, second, other) = (pin("a@b.example", 1, 0), pin("a@b.example", 2, 1), pin("c@d.example", 1, 2));
        for signer in [&second, &first, &other] {
            assert_eq!(commit!(db, |tx| signer::insert(tx, signer)), Pinned::Yes, "{name}");
        }
        let all = [first.clone(), second.clone(), other.clone()];
        assert_eq!(signer::list(&db).await.expect("reads"), all, "{name}");
        assert_eq!(trust(&all).keys_of("a@b.example").collect::<Vec<_>>(), [&first.key, &second.key], "{name}");

        let again = pin("a@b.example", 1, 3);
        assert_eq!(commit!(db, |tx| signer::insert(tx, &again)), Pinned::Before, "{name}");
        assert!(commit!(db, |tx| signer::remove(tx, &first.id)), "{name}");
        assert!(!commit!(db, |tx| signer::remove(tx, &first.id)), "{name}: only once");
        let mut tx = db.begin().await.expect("begins");
        assert_eq!(signer::list_in(&mut tx).await.expect("reads"), [second, other], "{name}");
        drop(tx);
        assert_eq!(commit!(db, |tx| signer::insert(tx, &again)), Pinned::Yes, "{name}: it may come back");
    }
}
