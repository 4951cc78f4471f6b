//! Everyone is read while people come, move and go, and nobody is missed.

use super::given::{commit, listeners};
use super::subscribers::{created, new, place, preferences, vault};
use crate::support::database::databases;
use beffroi::model::id::Slot;
use beffroi::model::subscriber::{Listener, Preferences};
use beffroi::store::Db;
use beffroi::store::subscriber::{self, NewSubscriber};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Groups of people whose slots are far apart, so that several pages are read.
const GROUPS: usize = 12;
const PEOPLE_IN_GROUP: usize = 4;
const SLOTS_BETWEEN_GROUPS: u32 = 9_000;
const WRITERS: usize = 4;
const LOADS: usize = 8;

type Held = BTreeMap<Slot, Listener>;

/// Pages are read at different moments. Whoever goes on from the number that came with them has everyone as they are.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_while_everyone_is_read_is_right_once_the_changes_since_are_read() {
    for (name, db, _guard) in databases().await {
        let mut people = Vec::new();
        for group in 0..GROUPS {
            for number in 0..PEOPLE_IN_GROUP {
                people.push(new(&format!("https://push.example/{group}/{number}")));
                created(&db, &people[people.len() - 1]).await;
            }
            leave_slots_out(&db).await;
        }
        let going_on = Arc::new(AtomicBool::new(true));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mine = people.iter().skip(writer).step_by(WRITERS).cloned().collect();
                tokio::spawn(write(db.clone(), mine, going_on.clone()))
            })
            .collect();
        let mut loads = Vec::new();
        for _ in 0..LOADS {
            let mut held = Held::new();
            let take = |one: &Listener| assert_eq!(held.insert(one.slot, one.clone()), None, "{name}: once");
            let seq = subscriber::everyone(&db, take).await.expect("reads");
            loads.push((held, seq));
        }
        going_on.store(false, Ordering::Relaxed);
        let mut written = 0;
        for writer in writers {
            written += writer.await.expect("runs");
        }
        assert!(written > 0, "{name}: nothing was written meanwhile");
        let truth: Held = listeners(&db).await.0.into_iter().map(|one| (one.slot, one)).collect();
        for (mut held, seq) in loads {
            follow(&db, &mut held, seq).await;
            assert_eq!(held, truth, "{name}: loaded at {seq}");
        }
    }
}

#[tokio::test]
async fn of_nobody_nobody_is_read() {
    for (name, db, _guard) in databases().await {
        let seq = subscriber::everyone(&db, |one| panic!("{name}: {one:?}")).await.expect("reads");
        assert_eq!(seq, 0, "{name}");
    }
}

/// Lets people move, leave and come back, and returns how often.
async fn write(db: Db, people: Vec<NewSubscriber>, going_on: Arc<AtomicBool>) -> usize {
    let mut written = 0;
    while going_on.load(Ordering::Relaxed) {
        let person = &people[written % people.len()];
        if written % 3 == 2 {
            commit!(db, |tx| subscriber::delete(tx, &person.id));
        } else {
            let row = i32::try_from(written % 9_000).expect("small");
            let preferences = Preferences { places: vec![place(row, 5)], ..preferences() };
            let moved = NewSubscriber { preferences, ..person.clone() };
            commit!(db, |tx| subscriber::create(tx, &vault(), &moved));
        }
        written += 1;
    }
    written
}

async fn follow(db: &Db, held: &mut Held, mut seq: i64) {
    loop {
        let (changes, next) = subscriber::changes_since(db, seq).await.expect("reads");
        for (slot, listener) in changes {
            match listener {
                Some(listener) => held.insert(slot, listener),
                None => held.remove(&slot),
            };
        }
        if next == seq {
            return;
        }
        seq = next;
    }
}

async fn leave_slots_out(db: &Db) {
    let sql = "UPDATE counter SET value = value + $1 WHERE name = 'slot'";
    let more = i64::from(SLOTS_BETWEEN_GROUPS);
    match db {
        Db::Sqlite { write, .. } => drop(sqlx::query(sql).bind(more).execute(write).await.expect("counts on")),
        Db::Postgres { write, .. } => drop(sqlx::query(sql).bind(more).execute(write).await.expect("counts on")),
    }
}
