//! Where batches wait: found by push service, without reading what cannot be sent now.

use super::given::{at, batch_of, broadcast, claim, plan};
use crate::support::database::databases;
use beffroi::model::batch::{Batch, Ring};
use beffroi::model::broadcast::State;
use beffroi::model::tier::Tier;
use beffroi::store::batch as batches;
use beffroi::store::batch::Waiting;
use sqlx::Row;

#[tokio::test]
async fn places_are_named_once_by_tier_then_inside_before_near() {
    for (name, db, _guard) in databases().await {
        let of = broadcast(&db, State::Sending).await;
        let one = |tier, ring, origin: &str, not_before| Batch {
            tier,
            ring,
            origin: origin.to_owned(),
            not_before: at(not_before),
            ..batch_of(&of, [1])
        };
        let place = |tier, ring, origin: &str| Waiting { tier, ring, origin: origin.to_owned() };
        assert_eq!(batches::waiting(&db, at(0)).await.expect("looks"), [], "{name}");
        plan(
            &db,
            &[
                one(Tier::P3, Ring::Inside, "b", 0),
                one(Tier::P1, Ring::Near, "a", 0),
                one(Tier::P1, Ring::Inside, "c", 0),
                one(Tier::P1, Ring::Inside, "c", 0),
                one(Tier::P1, Ring::Inside, "b", 0),
                one(Tier::P0, Ring::Inside, "a", 9),
            ],
        )
        .await;
        let held = broadcast(&db, State::Held).await;
        plan(&db, &[Batch { origin: "held".to_owned(), ..batch_of(&held, [1]) }]).await;
        let all = [
            place(Tier::P1, Ring::Inside, "b"),
            place(Tier::P1, Ring::Inside, "c"),
            place(Tier::P1, Ring::Near, "a"),
            place(Tier::P3, Ring::Inside, "b"),
        ];
        assert_eq!(batches::waiting(&db, at(8)).await.expect("looks"), all, "{name}");
        let urgent = batches::waiting(&db, at(9)).await.expect("looks");
        assert_eq!(urgent[0], place(Tier::P0, Ring::Inside, "a"), "{name}");
        claim(&db, Tier::P1, at(8), "node", at(60_000)).await.expect("free");
        assert_eq!(batches::waiting(&db, at(8)).await.expect("looks"), all[1..], "{name}: it is held");
        let again = batches::waiting(&db, at(60_000)).await.expect("looks");
        assert!(again.contains(&all[0]), "{name}: its lease has run out");
        assert_eq!(batches::waiting(&db, at(3_600_000)).await.expect("looks"), [], "{name}: over");
    }
}

/// Every step of the plan that reads batches searches an index, and none reads or sorts all that is open. A database that
/// has counted nothing yet must find the same.
#[tokio::test]
async fn what_waits_is_found_without_reading_all_that_is_open() {
    for (name, db, guard) in databases().await {
        let of = broadcast(&db, State::Sending).await;
        let many: Vec<Batch> = (0..2_000)
            .map(|number| Batch { not_before: at(if number % 2 == 0 { 0 } else { 90_000 }), ..batch_of(&of, [number]) })
            .collect();
        plan(&db, &many).await;
        for asked in [batches::WAITING_SQL, batches::NEXT_DUE_SQL] {
            let now = at(10).as_millisecond().to_string();
            let asked = asked.replace("$1", &now).replace("$2", "100");
            let bad: Vec<String> = if name == "sqlite" {
                let pool = sqlx::SqlitePool::connect(&guard.url()).await.expect("connects");
                let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {asked}"));
                let steps = sqlx::query(sql).fetch_all(&pool).await.expect("explains");
                let steps = steps.iter().map(|step| step.get::<String, _>("detail"));
                steps.filter(|step| step.contains("SCAN batch")).collect()
            } else {
                let pool = sqlx::PgPool::connect(&guard.url()).await.expect("connects");
                let sql = sqlx::AssertSqlSafe(format!("EXPLAIN {asked}"));
                let steps = sqlx::query(sql).fetch_all(&pool).await.expect("explains");
                let steps = steps.iter().map(|step| step.get::<String, _>(0));
                let whole = |step: &String| {
                    [
                        "Seq Scan on batch",
                        "batch_of_broadcast",
                        "batch_to_expire",
                        "Bitmap Index Scan on batch_to_claim",
                    ]
                    .iter()
                    .any(|word| step.contains(word))
                };
                steps.filter(whole).collect()
            };
            assert_eq!(bad, [""; 0], "{name}: {asked}");
        }
    }
}
