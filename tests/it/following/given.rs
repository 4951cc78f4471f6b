//! Citizens and the database's own words, for tests of following.

use beffroi::audience::{Audience, Query};
use beffroi::cap::alert::{Area, Circle, Point};
use beffroi::cap::code::Severity;
use beffroi::clock::{Clock, random_id};
use beffroi::geo::shape::Shape;
use beffroi::model::family::Families;
use beffroi::model::id::{Slot, SubscriberId};
use beffroi::model::place::{Around, Cell, Place, Radius, Step};
use beffroi::model::subscriber::{Channel, ChannelKind, Listener, Preferences, WebPushChannel};
use beffroi::store::subscriber::{self, Creation, NewSubscriber};
use beffroi::store::{Db, Vault};
use sqlx::AssertSqlSafe;

/// A place of each citizen here: latitude and longitude.
pub const HOME: (f64, f64) = (50.6, 3.0);

/// Someone at [`HOME`], subscribed and committed.
pub async fn subscribe(db: &Db, endpoint: &str) -> (SubscriberId, Slot) {
    let new = NewSubscriber {
        id: SubscriberId(random_id()),
        secret_hash: [1; 32],
        channel: Channel::WebPush(WebPushChannel { endpoint: endpoint.to_owned(), p256dh: [4; 65], auth: [1; 16] }),
        origin: "https://push.example".to_owned(),
        preferences: Preferences {
            places: vec![around(cell(HOME.0, HOME.1))],
            families: Families::default(),
            languages: vec!["fr".to_owned()],
            quiet_hours: None,
            drills: false,
            discreet: false,
            consent: "2026-11".to_owned(),
        },
        created: Clock::system().now(),
    };
    let mut tx = db.begin().await.expect("begins");
    let creation = subscriber::create(&mut tx, &Vault::from_key([9; 32]), &new).await.expect("creates");
    tx.commit().await.expect("commits");
    match creation {
        Creation::Created { slot } => (new.id, slot),
        other => panic!("not created: {other:?}"),
    }
}

/// The cell of a point.
pub fn cell(lat: f64, lon: f64) -> Cell {
    Cell::containing(Step::Medium, lat, lon).expect("a cell")
}

fn around(cell: Cell) -> Place {
    Place::Around(Around { cell, radius: Radius::from_km(2).expect("a radius"), altitude: None })
}

/// What the index knows of someone who chose as [`subscribe`] does.
pub fn listener(slot: Slot, cell: Cell) -> Listener {
    Listener {
        slot,
        places: vec![around(cell)],
        families: Families::default(),
        drills: false,
        origin: "https://push.example".to_owned(),
        channel: ChannelKind::WebPush,
        language: "fr".to_owned(),
        quiet_hours: None,
    }
}

/// Ends a subscription.
pub async fn leave(db: &Db, id: &SubscriberId) {
    let mut tx = db.begin().await.expect("begins");
    assert!(subscriber::delete(&mut tx, id).await.expect("deletes"));
    tx.commit().await.expect("commits");
}

/// The slots of whoever a match at [`HOME`] finds.
pub fn everyone(audience: &Audience) -> Vec<Slot> {
    let circle = Circle { center: Point { lat: HOME.0, lon: HOME.1 }, radius_km: 5.0 };
    let area = Area {
        area_desc: "around".to_owned(),
        polygons: Vec::new(),
        circles: vec![circle],
        geocodes: Vec::new(),
        altitude_ft: None,
        ceiling_ft: None,
    };
    let shape = Shape::of_areas(&[area]).expect("a shape");
    let query = Query { shape: &shape, family: None, severity: Severity::Unknown, drill: false };
    audience.snapshot().find(&query).inside.iter().collect()
}

/// An import of an area that nobody can read.
pub async fn import_torn_area(db: &Db) {
    let torn = match db {
        Db::Sqlite { .. } => "X'ff'",
        Db::Postgres { .. } => "'\\xff'",
    };
    execute(db, &format!("INSERT INTO named_area (scheme, code, name, ground) VALUES ('X', '1', '', {torn})")).await;
    execute(db, "UPDATE counter SET value = value + 1 WHERE name = 'area'").await;
}

/// Changes a database behind everyone's back.
pub async fn execute(db: &Db, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { write, .. } => drop(sqlx::query(sql).execute(write).await.expect("changes the database")),
        Db::Postgres { write, .. } => drop(sqlx::query(sql).execute(write).await.expect("changes the database")),
    }
}
