//! Citizens: created, replaced, retired, forgotten; sealed at rest; followed by the audience without a gap.

use super::given::{at, commit, listeners, set, waits};
use crate::support::database::databases;
use beffroi::cap::code::Severity;
use beffroi::clock::random_id;
use beffroi::geo::code::AreaCode;
use beffroi::model::family::{Families, Family};
use beffroi::model::id::{Slot, SubscriberId};
use beffroi::model::place::{Altitude, Around, Cell, Drawn, Place, Radius, Step};
use beffroi::model::subscriber::{
    ApnsChannel, Channel, ChannelKind, FcmChannel, Listener, Preferences, QuietHours, WebPushChannel,
};
use beffroi::store::subscriber::{self, Creation, NewSubscriber, Replacement};
use beffroi::store::{Db, StoreError, Vault};
use std::collections::BTreeMap;

pub(super) fn vault() -> Vault {
    Vault::from_key([9; 32])
}

fn channel(endpoint: &str, auth: u8) -> Channel {
    Channel::WebPush(WebPushChannel { endpoint: endpoint.to_owned(), p256dh: [4; 65], auth: [auth; 16] })
}

pub(super) fn place(row: i32, radius_km: i64) -> Place {
    Place::Around(Around {
        cell: Cell::new(Step::Medium, row, 551).expect("a cell"),
        radius: Radius::from_km(radius_km).expect("a radius"),
        altitude: None,
    })
}

/// One of each kind.
fn places() -> Vec<Place> {
    let cell = Cell::new(Step::Fine, 33_000, -1).expect("a cell");
    let radius = Radius::from_km(0).expect("a radius");
    let high = Around { cell, radius, altitude: Altitude::from_step(-5) };
    let across = vec![(-360, 3_590), (-360, -3_580), (-330, -3_580), (-330, 3_590)];
    vec![
        place(-9_114, 5),
        Place::Around(high),
        Place::Drawn(Drawn::new(Step::Coarse, across).expect("a polygon")),
        Place::Named(AreaCode::new("a \"scheme\"", "É\\1")),
        place(9_114, 50),
    ]
}

pub(super) fn preferences() -> Preferences {
    let wanted = BTreeMap::from([(Family::Weather, Severity::Moderate), (Family::MissingPersons, Severity::Minor)]);
    Preferences {
        places: places(),
        families: Families::new(wanted).expect("families"),
        languages: vec!["fr".to_owned(), "en-GB".to_owned()],
        quiet_hours: Some(QuietHours {
            from: "22:00".parse().expect("a time"),
            to: "07:30".parse().expect("a time"),
            time_zone: "Europe/Paris".to_owned(),
        }),
        drills: true,
        discreet: true,
        consent: "2026-11".to_owned(),
    }
}

pub(super) fn new(endpoint: &str) -> NewSubscriber {
    NewSubscriber {
        id: SubscriberId(random_id()),
        secret_hash: [1; 32],
        channel: channel(endpoint, 1),
        origin: "https://push.example".to_owned(),
        preferences: preferences(),
        created: at(0),
    }
}

#[tokio::test]
async fn who_follows_an_area_is_counted_once_and_only_while_subscribed() {
    for (name, db, _guard) in databases().await {
        let [odd, plain, free] =
            [("a \"scheme\"", "É\\1"), ("X", "1"), ("X", "2")].map(|(scheme, code)| AreaCode::new(scheme, code));
        let follows = |endpoint: &str, codes: &[&AreaCode]| {
            let places = codes.iter().map(|code| Place::Named((*code).clone())).collect();
            NewSubscriber { preferences: Preferences { places, ..preferences() }, ..new(endpoint) }
        };
        for new in [
            follows("https://push.example/both", &[&odd, &plain]),
            follows("https://push.example/one", &[&plain]),
            follows("https://push.example/none", &[]),
        ] {
            created(&db, &new).await;
        }
        let gone = created(&db, &follows("https://push.example/gone", &[&free])).await;
        commit!(db, |tx| subscriber::retire(tx, &set([gone]), at(1)));
        for (asked, people, areas) in [
            (&[&odd, &plain][..], 2, &[&odd, &plain][..]),
            (&[&odd, &free], 1, &[&odd]),
            (&[&free], 0, &[]),
            (&[], 0, &[]),
        ] {
            let those = |codes: &[&AreaCode]| codes.iter().map(|code| (*code).clone()).collect();
            let mut tx = db.begin().await.expect("begins");
            let found = subscriber::following(&mut tx, &those(asked)).await.expect("reads");
            assert_eq!((found.people, found.areas), (people, those(areas)), "{name}: {asked:?}");
        }
    }
}

async fn create(db: &Db, new: &NewSubscriber) -> Creation {
    commit!(db, |tx| subscriber::create(tx, &vault(), new))
}

pub(super) async fn created(db: &Db, new: &NewSubscriber) -> Slot {
    match create(db, new).await {
        Creation::Created { slot } => slot,
        other => panic!("not created: {other:?}"),
    }
}

#[tokio::test]
async fn a_subscription_comes_back_as_it_went_in() {
    for (name, db, _guard) in databases().await {
        let plain = Preferences { quiet_hours: None, drills: false, discreet: false, ..preferences() };
        for (endpoint, preferences) in [("https://push.example/1", preferences()), ("https://push.example/2", plain)] {
            let new = NewSubscriber { preferences, ..new(endpoint) };
            let slot = created(&db, &new).await;
            let (stored, secret_hash) = subscriber::get(&db, &new.id).await.expect("reads").expect("stored");
            assert_eq!((stored.id, stored.slot, secret_hash), (new.id, slot, [1; 32]), "{name}");
            assert_eq!((stored.preferences, stored.created), (new.preferences, at(0)), "{name}");
        }
        assert_eq!(subscriber::count(&db).await.expect("counts"), 2, "{name}");
        assert_eq!(subscriber::get(&db, &SubscriberId("unknown".to_owned())).await.expect("reads"), None, "{name}");
    }
}

#[tokio::test]
async fn very_many_at_once_are_as_if_they_had_come_one_by_one() {
    for (name, db, _guard) in databases().await {
        let first = created(&db, &new("https://push.example/first")).await;
        // More than fit in one statement.
        let many: Vec<_> = (0..1_203).map(|number| new(&format!("https://push.example/{number}"))).collect();
        let slots = commit!(db, |tx| subscriber::create_many(tx, &vault(), &many));
        assert_eq!(slots, (first + 1..=first + 1_203).collect(), "{name}");
        let found = subscriber::recipients(&db, &vault(), &slots).await.expect("reads");
        let wanted: Vec<_> = slots.iter().zip(&many).map(|(slot, new)| (slot, new.channel.clone())).collect();
        assert!(found.into_iter().map(|one| (one.slot, one.channel)).eq(wanted), "{name}");
        let (stored, secret_hash) = subscriber::get(&db, &many[1_202].id).await.expect("reads").expect("stored");
        assert_eq!((stored.slot, stored.preferences, secret_hash), (first + 1_203, preferences(), [1; 32]), "{name}");
        let again = create(&db, &many[700]).await;
        assert_eq!(again, Creation::Replaced { id: many[700].id.clone(), slot: first + 701 }, "{name}: one of them");

        let mut tx = db.begin().await.expect("begins");
        let taken = [new("https://push.example/new"), new("https://push.example/5")];
        subscriber::create_many(&mut tx, &vault(), &taken).await.expect_err("an endpoint that somebody has");
        drop(tx);
        assert_eq!(subscriber::count(&db).await.expect("counts"), 1_204, "{name}");
        let none = commit!(db, |tx| subscriber::create_many(tx, &vault(), &[]));
        assert!(none.is_empty(), "{name}");
        let after = created(&db, &new("https://push.example/after")).await;
        assert!(after > first + 1_203, "{name}: no slot is given twice");
        let changed = subscriber::changes_since(&db, 0).await.expect("reads");
        assert_eq!(changed.0.len(), 1_205, "{name}: the audience hears of each");
    }
}

#[tokio::test]
async fn the_same_device_again_keeps_its_id_and_slot_and_another_may_not_take_its_endpoint() {
    for (name, db, _guard) in databases().await {
        let first = new("https://push.example/1");
        let slot = created(&db, &first).await;
        let calm = Preferences { places: vec![place(7, 1)], drills: false, ..preferences() };
        let again = NewSubscriber {
            id: SubscriberId(random_id()),
            secret_hash: [2; 32],
            preferences: calm.clone(),
            ..first.clone()
        };
        assert_eq!(create(&db, &again).await, Creation::Replaced { id: first.id.clone(), slot }, "{name}");
        let (stored, secret_hash) = subscriber::get(&db, &first.id).await.expect("reads").expect("stored");
        assert_eq!((stored.slot, stored.preferences, secret_hash), (slot, calm.clone(), [2; 32]), "{name}");
        assert_eq!(subscriber::get(&db, &again.id).await.expect("reads"), None, "{name}");

        let thief = NewSubscriber {
            channel: channel("https://push.example/1", 2),
            secret_hash: [3; 32],
            ..new("https://push.example/1")
        };
        assert_eq!(create(&db, &thief).await, Creation::EndpointTaken, "{name}");
        let (stored, secret_hash) = subscriber::get(&db, &first.id).await.expect("reads").expect("stored");
        assert_eq!((stored.preferences, secret_hash), (calm, [2; 32]), "{name}: untouched");
    }
}

#[tokio::test]
async fn a_channel_of_any_kind_comes_back_as_it_went_in_and_is_its_own() {
    for (name, db, _guard) in databases().await {
        // The same characters, for every kind that takes them: nobody is taken for another.
        let token = "00abcdef".repeat(8);
        let apns = ApnsChannel { token: token.clone(), topic: "org.example.alerts".to_owned() };
        let channels = [channel(&token, 1), Channel::Apns(apns.clone()), Channel::Fcm(FcmChannel { token })];
        let mut slots = Vec::new();
        for channel in &channels {
            let new = NewSubscriber { channel: channel.clone(), ..new("unused") };
            slots.push(created(&db, &new).await);
            let (stored, _) = subscriber::get(&db, &new.id).await.expect("reads").expect("stored");
            assert_eq!(stored.channel, channel.kind(), "{name}");
        }
        let found = subscriber::recipients(&db, &vault(), &slots.iter().copied().collect()).await.expect("reads");
        for (recipient, channel) in found.iter().zip(&channels) {
            assert!(recipient.channel == *channel, "{name}: {channel:?}");
        }
        let (listeners, _) = listeners(&db).await;
        let kinds: Vec<_> = listeners.iter().map(|one| one.channel).collect();
        assert_eq!(kinds, ChannelKind::ALL, "{name}");
        // The app was given another bundle identifier: the device is the same one.
        let moved = Channel::Apns(ApnsChannel { topic: "org.example.other".to_owned(), ..apns });
        let again = NewSubscriber { channel: moved.clone(), ..new("unused") };
        assert!(matches!(create(&db, &again).await, Creation::Replaced { slot, .. } if slot == slots[1]), "{name}");
        let found = subscriber::recipients(&db, &vault(), &set([slots[1]])).await.expect("reads");
        assert!(found[0].channel == moved, "{name}");
    }
}

#[tokio::test]
async fn of_many_creations_of_one_endpoint_one_creates() {
    for (name, db, _guard) in databases().await {
        let tries = (0..8).map(|_| {
            let db = db.clone();
            tokio::spawn(async move { create(&db, &new("https://push.example/1")).await })
        });
        let mut made = 0;
        for task in tries.collect::<Vec<_>>() {
            match task.await.expect("runs") {
                Creation::Created { .. } => made += 1,
                Creation::Replaced { .. } => {}
                Creation::EndpointTaken => panic!("{name}: it has the same auth"),
            }
        }
        assert_eq!((made, subscriber::count(&db).await.expect("counts")), (1, 1), "{name}");
    }
}

#[tokio::test]
async fn a_citizen_may_bring_another_endpoint_unless_it_is_anothers() {
    for (name, db, _guard) in databases().await {
        let (anna, bert) = (new("https://push.example/anna"), new("https://push.example/bert"));
        let slot = created(&db, &anna).await;
        created(&db, &bert).await;
        let move_to = async |id: &SubscriberId, endpoint| {
            let mut tx = db.begin().await.expect("begins");
            let channel = channel(endpoint, 7);
            let origin = "https://other.example";
            let answer = subscriber::replace(&mut tx, &vault(), id, &channel, origin, &preferences(), at(5)).await;
            let answer = answer.expect("answers");
            if answer == Replacement::Replaced {
                tx.commit().await.expect("commits");
            }
            answer
        };
        assert_eq!(move_to(&anna.id, "https://other.example/new").await, Replacement::Replaced, "{name}");
        assert_eq!(move_to(&anna.id, "https://push.example/bert").await, Replacement::EndpointTaken, "{name}");
        let nobody = SubscriberId("unknown".to_owned());
        assert_eq!(move_to(&nobody, "https://push.example/x").await, Replacement::NotFound, "{name}");
        let recipients = subscriber::recipients(&db, &vault(), &set([slot])).await.expect("reads");
        assert!(recipients[0].channel == channel("https://other.example/new", 7), "{name}");
        let (listeners, _) = listeners(&db).await;
        assert_eq!(listeners[0].origin, "https://other.example", "{name}");
    }
}

#[tokio::test]
async fn recipients_are_those_who_are_still_there() {
    for (name, db, _guard) in databases().await {
        let mut slots = Vec::new();
        let mut ids = Vec::new();
        for number in 0..5 {
            let new = new(&format!("https://push.example/{number}"));
            slots.push(created(&db, &new).await);
            ids.push(new.id);
        }
        assert!(commit!(db, |tx| subscriber::delete(tx, &ids[1])), "{name}");
        assert!(!commit!(db, |tx| subscriber::delete(tx, &ids[1])), "{name}: already");
        assert_eq!(commit!(db, |tx| subscriber::retire(tx, &set([slots[3], 999]), at(10))), 1, "{name}");
        assert_eq!(commit!(db, |tx| subscriber::retire(tx, &set([slots[3]]), at(10))), 0, "{name}: already");
        let asked = set([slots[0], slots[1], slots[2], slots[3], 12_345]);
        let found = subscriber::recipients(&db, &vault(), &asked).await.expect("reads");
        assert_eq!(found.iter().map(|one| one.slot).collect::<Vec<_>>(), [slots[0], slots[2]], "{name}");
        assert!(found[1].channel == channel("https://push.example/2", 1), "{name}");
        assert_eq!((&found[1].languages, found[1].discreet), (&preferences().languages, true), "{name}");
        assert!(subscriber::recipients(&db, &vault(), &set([])).await.expect("reads").is_empty(), "{name}");
        assert_eq!(subscriber::count(&db).await.expect("counts"), 3, "{name}");
        let other_key = subscriber::recipients(&db, &Vault::from_key([8; 32]), &asked).await;
        assert!(matches!(other_key, Err(StoreError::Vault(_))), "{name}");
    }
}

#[tokio::test]
async fn who_brought_a_new_endpoint_since_is_not_retired_for_the_old_one() {
    for (name, db, _guard) in databases().await {
        let anna = new("https://push.example/old");
        let slot = created(&db, &anna).await;
        let fresh = channel("https://push.example/new", 1);
        commit!(db, |tx| subscriber::replace(
            tx,
            &vault(),
            &anna.id,
            &fresh,
            "https://push.example",
            &preferences(),
            at(100)
        ));
        assert_eq!(commit!(db, |tx| subscriber::retire(tx, &set([slot]), at(99))), 0, "{name}");
        assert_eq!(subscriber::count(&db).await.expect("counts"), 1, "{name}");
        assert_eq!(commit!(db, |tx| subscriber::retire(tx, &set([slot]), at(101))), 1, "{name}");
        let (stored, _) = subscriber::get(&db, &anna.id).await.expect("reads").expect("kept for its owner");
        assert_eq!(stored.slot, slot, "{name}");
        let back = NewSubscriber { channel: fresh, created: at(200), ..new("unused") };
        assert_eq!(create(&db, &back).await, Creation::Replaced { id: anna.id, slot }, "{name}: live again");
        assert_eq!(subscriber::count(&db).await.expect("counts"), 1, "{name}");
    }
}

#[tokio::test]
async fn a_stolen_database_tells_no_endpoint_and_no_key() {
    let needles = [&b"secret-part"[..], &[4; 65], &[1; 16]];
    for (name, db, guard) in databases().await {
        created(&db, &new("https://push.example/secret-part")).await;
        let columns = "SELECT sealed, endpoint_hash, auth_hash FROM subscriber";
        let (sealed, endpoint_hash, auth_hash): (Vec<u8>, Vec<u8>, Vec<u8>) = match &db {
            Db::Sqlite { read, .. } => sqlx::query_as(columns).fetch_one(read).await.expect("a row"),
            Db::Postgres { write: pool, .. } => sqlx::query_as(columns).fetch_one(pool).await.expect("a row"),
        };
        for needle in needles {
            for stored in [&sealed, &endpoint_hash, &auth_hash] {
                assert!(!stored.windows(needle.len()).any(|part| part == needle), "{name}");
            }
        }
        if let Some(file) = guard.url().strip_prefix("sqlite://") {
            db.close().await;
            let bytes = std::fs::read(file).expect("the file");
            assert!(
                bytes.windows(20).any(|part| part == b"https://push.example"),
                "the origin is there, so we look right"
            );
            assert!(!bytes.windows(11).any(|part| part == needles[0]));
        }
    }
}

#[tokio::test]
async fn the_audience_is_loaded_whole_and_then_follows_changes_alone() {
    for (name, db, _guard) in databases().await {
        assert_eq!(listeners(&db).await, (vec![], 0), "{name}");
        let (anna, bert, carl) =
            (new("https://push.example/a"), new("https://push.example/b"), new("https://x.example/c"));
        let slots = [created(&db, &anna).await, created(&db, &bert).await, created(&db, &carl).await];
        let (everyone, seq) = listeners(&db).await;
        assert_eq!(everyone.iter().map(|one| one.slot).collect::<Vec<_>>(), slots, "{name}");
        let want = Listener {
            slot: slots[0],
            places: preferences().places,
            families: preferences().families,
            drills: true,
            origin: "https://push.example".to_owned(),
            channel: ChannelKind::WebPush,
            language: "fr".to_owned(),
            quiet_hours: preferences().quiet_hours,
        };
        assert_eq!(sorted(everyone[0].clone()), sorted(want.clone()), "{name}");
        assert_eq!(subscriber::changes_since(&db, seq).await.expect("reads"), (vec![], seq), "{name}");

        let moved = Preferences { places: vec![place(1, 10)], ..preferences() };
        let again = NewSubscriber { preferences: moved.clone(), ..anna.clone() };
        create(&db, &again).await;
        create(&db, &again).await;
        commit!(db, |tx| subscriber::delete(tx, &bert.id));
        commit!(db, |tx| subscriber::retire(tx, &set([slots[2]]), at(10)));
        let (changes, now) = subscriber::changes_since(&db, seq).await.expect("reads");
        let anna_now = Listener { places: moved.places, ..want };
        assert_eq!(changes, [(slots[0], Some(anna_now)), (slots[1], None), (slots[2], None)], "{name}");
        assert_eq!(subscriber::changes_since(&db, now).await.expect("reads"), (vec![], now), "{name}");
        let (everyone, at_load) = listeners(&db).await;
        assert_eq!((everyone.len(), at_load), (1, now), "{name}");
    }
}

fn sorted(mut listener: Listener) -> Listener {
    listener.places.sort();
    listener
}

/// A number that is seen means that every lower one is seen, whoever commits when: a follower that only ever asks for
/// what is newer misses nobody.
#[tokio::test]
async fn a_follower_misses_no_change_while_many_write() {
    const WRITERS: u32 = 8;
    const EACH: u32 = 12;
    for (name, db, _guard) in databases().await {
        let writers = (0..WRITERS).map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut slots = Vec::new();
                for number in 0..EACH {
                    slots.push(created(&db, &new(&format!("https://push.example/{writer}/{number}"))).await);
                }
                slots
            })
        });
        let writers: Vec<_> = writers.collect();
        let mut seen = set([]);
        let mut seq = 0;
        while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
            seq = follow(&db, seq, &mut seen).await;
        }
        follow(&db, seq, &mut seen).await;
        let mut written = set([]);
        for writer in writers {
            written.extend(writer.await.expect("runs"));
        }
        assert_eq!(written.len(), u64::from(WRITERS * EACH), "{name}: no slot is given twice");
        assert_eq!(seen, written, "{name}");
    }
}

#[tokio::test]
async fn a_change_is_numbered_only_once_every_lower_number_is_committed() {
    for (name, db, _guard) in databases().await {
        let bert = new("https://push.example/bert");
        created(&db, &bert).await;
        let (_, seq) = listeners(&db).await;
        let mut holder = db.begin().await.expect("begins");
        let anna = new("https://push.example/anna");
        subscriber::create(&mut holder, &vault(), &anna).await.expect("creates");
        let next = waits(name, {
            let db = db.clone();
            async move { commit!(db, |tx| subscriber::delete(tx, &bert.id)) }
        })
        .await;
        assert_eq!(subscriber::changes_since(&db, seq).await.expect("reads"), (vec![], seq), "{name}");
        holder.commit().await.expect("commits");
        assert!(next.await.expect("runs"), "{name}");
        let (changes, _) = subscriber::changes_since(&db, seq).await.expect("reads");
        assert_eq!(changes.len(), 2, "{name}");
    }
}

async fn follow(db: &Db, mut seq: i64, seen: &mut roaring::RoaringBitmap) -> i64 {
    loop {
        let (changes, next) = subscriber::changes_since(db, seq).await.expect("reads");
        seen.extend(changes.iter().map(|(slot, _)| *slot));
        if next == seq {
            return seq;
        }
        seq = next;
    }
}

#[tokio::test]
async fn a_slot_is_never_given_again() {
    for (name, db, _guard) in databases().await {
        let first = new("https://push.example/1");
        let slot = created(&db, &first).await;
        commit!(db, |tx| subscriber::delete(tx, &first.id));
        let next = created(&db, &new("https://push.example/1")).await;
        assert!(next > slot, "{name}: {next} after {slot}");
    }
}

/// Whoever reads while they write must not wait for a connection that another such one holds.
#[tokio::test]
async fn many_who_read_inside_their_transactions_do_not_starve_each_other() {
    for (name, _db, guard) in databases().await {
        let db = Db::open(&guard.url(), 2).await.expect("opens with two connections");
        let crowd = (0..8).map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.expect("begins");
                let before = subscriber::count(&db).await.expect("reads");
                let new = new(&format!("https://push.example/{number}"));
                subscriber::create(&mut tx, &vault(), &new).await.expect("creates");
                tx.commit().await.expect("commits");
                before
            })
        });
        for task in crowd.collect::<Vec<_>>() {
            assert!(task.await.expect("runs") < 8, "{name}");
        }
        assert_eq!(subscriber::count(&db).await.expect("counts"), 8, "{name}");
    }
}
