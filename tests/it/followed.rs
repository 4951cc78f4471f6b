//! What citizens follow, from the subscription to the phone: polygons they drew and areas they named.

use crate::areas::square;
use crate::support::alerts::Cap;
use crate::support::browser::Browser;
use crate::support::sandbox::Sandbox;
use crate::support::{Database, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Longitude of the eastern edge of what [`Cap::new`] warns, times 180: a line of the grid.
const EDGE_COLUMN: i32 = 594;

struct Town {
    server: Server,
    sandbox: Sandbox,
    key: String,
    operator: Browser,
}

impl Town {
    async fn start(database: Database) -> Self {
        let sandbox = Sandbox::start().await;
        let mut server = Server::start(database, &[("push.ca_file", &sandbox.ca_file())]).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        Self { server, sandbox, key, operator }
    }

    /// Someone who follows one place; their endpoint.
    async fn follow(&self, place: Value) -> String {
        let channel = self.sandbox.subscriptions(1, "").await.remove(0);
        self.server.subscribe(&channel, &[], json!({ "places": [place] })).await;
        channel["endpoint"].as_str().expect("an endpoint").to_owned()
    }

    /// Who is rung by an alert.
    async fn rung_by(&mut self, cap: &Cap) -> BTreeSet<String> {
        let answer = self.server.post_new(&self.key, cap.xml()).await;
        let id = answer["id"].as_str().expect("an id").to_owned();
        self.server.settled(&mut self.operator, &id).await;
        self.sandbox.messages().await.into_iter().filter(|one| one.alert == id).map(|one| one.endpoint).collect()
    }
}

/// A drawing of 10 by 90 cells at the latitude of Lille, from this column on to the east.
fn drawing(column: i32) -> Value {
    let degrees = |line: i32| f64::from(line) / 180.0;
    let (south, north, west, east) = (degrees(9_108), degrees(9_118), degrees(column), degrees(column + 90));
    json!({"polygon": [[south, west], [south, east], [north, east], [north, west], [south, west]]})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_rings_whose_drawing_it_touches_and_not_the_one_beside_it() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut town = Town::start(database).await;
        let touched = town.follow(drawing(EDGE_COLUMN)).await;
        let beside = town.follow(drawing(EDGE_COLUMN + 1)).await;
        assert_ne!(touched, beside);
        assert_eq!(town.rung_by(&Cap::new("drawn")).await, BTreeSet::from([touched]), "a border counts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_rings_whose_named_area_it_touches_and_not_the_one_beside_it() {
    let mut town = Town::start(Database::Sqlite).await;
    let file = town.server.data().join("areas.geojson");
    let areas = [square("east", "Eastham", 50.0, 3.2), square("north", "Northam", 51.0, 3.0)];
    std::fs::write(&file, areas.join("\n")).expect("a file");
    let file = file.to_str().expect("a text");
    let ran = town.server.run(&["areas", "import", file, "--scheme", "TOWN"]).await;
    assert_eq!(ran.code, 0, "{}", ran.errors);
    // Whoever subscribes makes the server look.
    town.follow(drawing(EDGE_COLUMN + 1)).await;
    let named = |code: &str| json!({"area": {"scheme": "town", "code": code}});
    let touched = town.follow(named("east")).await;
    town.follow(named("north")).await;
    assert_eq!(town.rung_by(&Cap::new("named")).await, BTreeSet::from([touched]));
}
