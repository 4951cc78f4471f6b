//! Named areas and their other names.

use super::databases;
use super::given::waits;
use beffroi::cap::alert::{Area, NamedValue, Point};
use beffroi::geo::code::AreaCode;
use beffroi::geo::gazetteer::Geocodes;
use beffroi::store::Db;
use beffroi::store::area::{
    NewArea, Packed, alias_codes, codes, counts, dangling, hold, imported, number, put, put_alias, read_all, remove,
};
use std::collections::BTreeSet;

fn square(west: f64) -> Packed {
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)];
    let ring = corners.map(|(up, right)| Point { lat: 50.0 + up, lon: west + right }).to_vec();
    Packed::of(&[vec![ring]])
}

fn area(code: &str, name: &str, population: Option<u64>, west: f64) -> NewArea {
    NewArea { code: AreaCode::new("TOWN", code), name: name.to_owned(), population, ground: square(west) }
}

#[tokio::test]
async fn areas_are_replaced_and_what_the_new_one_does_not_say_is_kept() {
    for (name, db, _guard) in databases().await {
        assert_eq!(number(&db).await.expect("reads"), 0, "{name}");
        let mut tx = db.begin().await.expect("begins");
        for (new, stored) in [
            (area("1", "Eastham", Some(7), 1.0), true),
            (area("2", "Westham", None, 2.0), true),
            (area("1", "Eastham", Some(7), 1.0), false),
            (area("1", "", None, 1.0), false),
            (area("1", "", None, 3.0), true),
            (area("2", "Westham", Some(9), 2.0), true),
        ] {
            assert_eq!(put(&mut tx, &new).await.expect("puts"), stored, "{name}: {new:?}");
        }
        assert_eq!(codes(&mut tx).await.expect("reads").len(), 2, "{name}");
        imported(&mut tx).await.expect("counts");
        tx.commit().await.expect("commits");
        assert_eq!(number(&db).await.expect("reads"), 1, "{name}");
        let stored = read_all(&db).await.expect("reads");
        assert_eq!(stored.number(), 1, "{name}");
        let gazetteer = stored.gazetteer().expect("what we stored");
        let seen: Vec<_> = gazetteer
            .areas()
            .iter()
            .map(|area| {
                let west = area.region.as_ref().expect("a region").bounds().west;
                (&*area.code.code, &*area.name, area.population, west)
            })
            .collect();
        assert_eq!(seen, [("1", "Eastham", Some(7), 3.0), ("2", "Westham", Some(9), 2.0)], "{name}");
    }
}

#[tokio::test]
async fn other_names_lead_to_areas_and_are_counted() {
    for (name, db, _guard) in databases().await {
        let mut tx = db.begin().await.expect("begins");
        put(&mut tx, &area("1", "Eastham", None, 1.0)).await.expect("puts");
        let alias = AreaCode::new("OLD", "E");
        for (targets, changed) in [(&["1"][..], (1, 0)), (&["1"], (0, 0)), (&["2", "3"], (2, 1)), (&["1"], (1, 2))] {
            let targets = targets.iter().map(|code| AreaCode::new("TOWN", code)).collect();
            assert_eq!(put_alias(&mut tx, &alias, &targets).await.expect("puts"), changed, "{name}: {targets:?}");
        }
        tx.commit().await.expect("commits");
        let counted: Vec<_> = counts(&db).await.expect("counts").into_iter().collect();
        assert_eq!(counted, [("OLD".to_owned(), (0, 1)), ("TOWN".to_owned(), (1, 0))], "{name}");
        let gazetteer = read_all(&db).await.expect("reads").gazetteer().expect("what we stored");
        let geocode = NamedValue { value_name: "old".to_owned(), value: "e".to_owned() };
        let old = Area {
            area_desc: String::new(),
            polygons: Vec::new(),
            circles: Vec::new(),
            geocodes: vec![geocode],
            altitude_ft: None,
            ceiling_ft: None,
        };
        let ground = gazetteer.ground(&[old], Geocodes::Add);
        assert!(ground.shape.is_some_and(|shape| shape.contains(50.5, 1.5)), "{name}");
    }
}

#[tokio::test]
async fn an_import_that_is_not_committed_is_not_there() {
    for (name, db, _guard) in databases().await {
        let mut tx = db.begin().await.expect("begins");
        put(&mut tx, &area("1", "Eastham", None, 1.0)).await.expect("puts");
        imported(&mut tx).await.expect("counts");
        drop(tx);
        assert_eq!(number(&db).await.expect("reads"), 0, "{name}");
        assert!(counts(&db).await.expect("counts").is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_is_removed_is_the_area_and_what_its_code_stands_for() {
    for (name, db, _guard) in databases().await {
        let mut tx = db.begin().await.expect("begins");
        let [one, two, other] =
            [("TOWN", "1"), ("TOWN", "2"), ("X", "1")].map(|(scheme, code)| AreaCode::new(scheme, code));
        for code in ["1", "2"] {
            put(&mut tx, &area(code, "", None, 1.0)).await.expect("puts");
        }
        let stands_for = |targets: &[&AreaCode]| targets.iter().map(|code| (*code).clone()).collect::<BTreeSet<_>>();
        put_alias(&mut tx, &other, &stands_for(&[&one, &two])).await.expect("puts");
        put_alias(&mut tx, &one, &stands_for(&[&two])).await.expect("puts");
        assert_eq!(dangling(&mut tx, "TOWN").await.expect("counts"), 0, "{name}");
        assert_eq!(remove(&mut tx, &one).await.expect("removes"), (1, 1), "{name}");
        assert_eq!(remove(&mut tx, &one).await.expect("removes"), (0, 0), "{name}: again");
        assert_eq!(dangling(&mut tx, "TOWN").await.expect("counts"), 1, "{name}: another name of it stays");
        assert_eq!(codes(&mut tx).await.expect("reads"), [two].into(), "{name}");
        assert_eq!(alias_codes(&mut tx).await.expect("reads"), [other].into(), "{name}");
    }
}

#[tokio::test]
async fn who_changes_areas_waits_for_whoever_does_so_already() {
    for (name, db, guard) in databases().await {
        let mut first = db.begin().await.expect("begins");
        hold(&mut first).await.expect("holds");
        let other = Db::open(&guard.url(), 2).await.expect("another process");
        let second = waits(name, async move {
            let mut tx = other.begin().await.expect("begins");
            hold(&mut tx).await.expect("holds");
            codes(&mut tx).await.expect("reads").len()
        })
        .await;
        put(&mut first, &area("1", "", None, 1.0)).await.expect("puts");
        first.commit().await.expect("commits");
        assert_eq!(second.await.expect("ends"), 1, "{name}");
    }
}
