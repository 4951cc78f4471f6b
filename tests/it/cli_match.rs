//! `beffroi match` as scripts hold on to it: ids on standard output, sorted by their bytes; what is wrong, where and how
//! to mend it on standard error; exit 0 for places found, 1 for none, 2 for what cannot be used.

use crate::support::alerts::Cap;
use crate::support::process::{Ran, run};
use crate::support::server::beffroi;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with files, and `match` run over some of them.
struct Bench {
    folder: TempDir,
}

impl Bench {
    /// With `lille.xml` and `oslo.xml`: two areas far apart.
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder") };
        bench.file("lille.xml", &Cap::new("lille").xml());
        let oslo = Cap { polygon: Some("59.8,10.6 59.8,10.9 60.0,10.9 60.0,10.6 59.8,10.6"), ..Cap::new("oslo") };
        bench.file("oslo.xml", &oslo.xml());
        bench
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    async fn run(&self, places: &str, rest: &[&str]) -> Ran {
        let mut command = beffroi(&["match", "--places", places]);
        command.args(rest).current_dir(self.folder.path());
        run(command).await
    }

    /// Places as a file of this name, the alert `lille.xml`, and what is printed.
    async fn lille(&self, name: &str, places: &str) -> (i32, String) {
        self.file(name, places);
        let ran = self.run(name, &["--alert", "lille.xml"]).await;
        (ran.code, format!("{}{}", ran.output, ran.errors))
    }
}

const PLACES: &str = "id,lat,lon,radius_km\nlille-2,50.65,3.1,0\nlille-10,50.6,3.0,\nnear,50.81,3.1,2\n\
    not-near,50.81,3.1,1\noslo,59.9,10.7,0\nnowhere,0,0,50\n";

#[tokio::test]
async fn ids_that_are_reached_are_printed_sorted_by_their_bytes() {
    let bench = Bench::new();
    assert_eq!(bench.lille("places.csv", PLACES).await, (0, "lille-10\nlille-2\nnear\n".to_owned()));
}

#[tokio::test]
async fn several_alerts_reach_what_any_of_them_reaches() {
    let bench = Bench::new();
    bench.file("places.csv", PLACES);
    for alerts in [&["--alert", "lille.xml", "oslo.xml"][..], &["--alert", "oslo.xml", "--alert", "lille.xml"]] {
        let ran = bench.run("places.csv", alerts).await;
        assert_eq!((ran.code, ran.output.as_str()), (0, "lille-10\nlille-2\nnear\noslo\n"), "{}", ran.errors);
    }
}

#[tokio::test]
async fn nobody_reached_is_exit_1() {
    let bench = Bench::new();
    assert_eq!(bench.lille("places.csv", "id,lat,lon\na,0,0\n").await, (1, String::new()));
    assert_eq!(bench.lille("empty.csv", "id,lat,lon\n").await, (1, String::new()));
}

#[tokio::test]
async fn an_id_that_stands_twice_is_printed_once() {
    let bench = Bench::new();
    let places = "id,lat,lon\nhome,50.65,3.1\nhome,50.66,3.1\nhome,0,0\n";
    assert_eq!(bench.lille("places.csv", places).await, (0, "home\n".to_owned()));
}

#[tokio::test]
async fn geojson_points_and_cells_are_read_with_their_ids() {
    let bench = Bench::new();
    let point = |id: &str, lat: f64, lon: f64, radius: &str| {
        format!(
            "{{\"type\":\"Feature\",{id}\"geometry\":{{\"type\":\"Point\",\"coordinates\":[{lon},{lat},12]}},\
             \"properties\":{{{radius}}}}}"
        )
    };
    let cell = |id: &str, south: f64, radius: &str| {
        let (west, north, east) = (3.0, south + 0.05, 3.05);
        format!(
            "{{\"type\":\"Feature\",\"id\":{id},\"properties\":{radius},\"geometry\":{{\"type\":\"Polygon\",\
             \"coordinates\":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"
        )
    };
    let lines = [
        point("\"id\":\"inside\",", 50.65, 3.1, ""),
        point("", 50.65, 3.1, "\"id\":7"),
        point("\"id\":\"near\",", 50.81, 3.1, "\"radius_km\":1.2"),
        point("\"id\":\"not near\",", 50.81, 3.1, "\"radius_km\":1.1"),
        cell("\"touching cell\"", 50.8, "null"),
        cell("\"cell near\"", 50.81, "{\"radius_km\":1.2}"),
        cell("\"cell not near\"", 50.81, "{\"radius_km\":1.1}"),
    ];
    let wanted = (0, "7\ncell near\ninside\nnear\ntouching cell\n".to_owned());
    assert_eq!(bench.lille("lines.geojsonl", &lines.join("\n")).await, wanted);
    let collection = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}]}}", lines.join(",\n"));
    assert_eq!(bench.lille("collection.geojson", &collection).await, wanted);
    let sequence = format!("\u{1e}{}\n", lines.join("\n\u{1e}"));
    assert_eq!(bench.lille("sequence.geojsons", &sequence).await, wanted);
}

#[tokio::test]
async fn polygons_of_any_form_are_reached_where_they_touch_the_area() {
    let bench = Bench::new();
    let feature = |id: &str, kind: &str, coordinates: &str| {
        format!(
            "{{\"type\":\"Feature\",\"id\":\"{id}\",\"properties\":null,\
             \"geometry\":{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}}}\n"
        )
    };
    let far = "[[[0,0],[1,0],[0,1],[0,0]]]";
    let places = [
        feature("touching", "Polygon", "[[[3,50.8],[3.1,51],[2.9,51],[3,50.8]]]"),
        feature("beside", "Polygon", "[[[3,50.81],[3.1,51],[2.9,51],[3,50.81]]]"),
        feature("around", "Polygon", "[[[0,49],[8,49],[3,55],[0,49]],[[2,50],[5,50],[5,51],[2,51],[2,50]]]"),
        feature("over", "Polygon", "[[[0,49],[8,49],[3,55],[0,49]]]"),
        feature("one of two", "MultiPolygon", &format!("[{far},[[[3,50.6],[3.1,50.7],[3,50.7],[3,50.6]]]]")),
        feature("far", "Polygon", far),
    ];
    let wanted = (0, "one of two\nover\ntouching\n".to_owned());
    assert_eq!(bench.lille("places.geojsonl", &places.concat()).await, wanted);
}

#[tokio::test]
async fn places_that_cannot_be_used_are_told_with_line_and_remedy() {
    let bench = Bench::new();
    for (places, wanted) in [
        ("id,lat,lon\na,50.65,3.1\nb,95,3\nc,1,x\n", &["line 3: latitude 95", "line 4: lon is \"x\": write a"][..]),
        ("lat,lon\n1,2\n", &["line 1: there is no column id: the first line must be the header"]),
        ("{\"type\":\"Feature\"}\n", &["line 1: the feature has no id: give it one"]),
        ("\n\n{\"type\":\"Feature\",\"id\":1}\n", &["line 3: 1: it has no geometry"]),
        ("{\"type\":\"Feature\",\"id\":1\n{", &["line 2: this is no GeoJSON feature"]),
        (
            "{\"type\":\"Feature\",\"id\":1,\"properties\":{\"radius_km\":1},\"geometry\":{\"type\":\"Polygon\",\
             \"coordinates\":[[[0,0],[1,1],[0,1],[0,0]]]}}",
            &["line 1: 1: only a point and a rectangle"],
        ),
        (
            "{\"type\":\"Feature\",\"id\":1,\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[0,0],[1,1]]}}",
            &["line 1: 1: 0 is no position: write [lon"],
        ),
    ] {
        let (code, said) = bench.lille("places", places).await;
        assert_eq!(code, 2, "{places:?}: {said}");
        assert!(wanted.iter().all(|wanted| said.contains(wanted)), "{places:?}: {said}");
    }
}

#[tokio::test]
async fn an_alert_that_a_server_would_refuse_is_exit_2_with_its_findings() {
    let bench = Bench::new();
    bench.file("places.csv", PLACES);
    bench.file("broken.xml", &Cap::new("broken").xml().replace("<event>Storm</event>", ""));
    bench.file("no.xml", "<rss/>");
    for file in ["broken.xml", "no.xml", "missing.xml"] {
        let ran = bench.run("places.csv", &["--alert", "lille.xml", file]).await;
        assert_eq!((ran.code, ran.output.as_str()), (2, ""), "{file}: {}", ran.errors);
        assert!(ran.errors.contains(file), "{}", ran.errors);
    }
    let ran = bench.run("places.csv", &["--alert", "broken.xml"]).await;
    assert!(ran.errors.contains("/alert/info"), "{}", ran.errors);
}

#[tokio::test]
async fn an_alert_is_mended_as_a_server_would_and_its_expiry_and_status_do_not_count() {
    let bench = Bench::new();
    bench.file("places.csv", PLACES);
    let open = "50.5,2.9 50.5,3.3 50.8,3.3 50.8,2.9";
    let cap = Cap { polygon: Some(open), status: "Exercise", ..Cap::new("open") };
    bench.file("open.xml", &Cap { expires: "2001-01-01T00:00:00-00:00".to_owned(), ..cap }.xml());
    let ran = bench.run("places.csv", &["--alert", "open.xml"]).await;
    assert_eq!((ran.code, ran.output.as_str()), (0, "lille-10\nlille-2\nnear\n"), "{}", ran.errors);
}

#[tokio::test]
async fn an_alert_where_nothing_is_drawn_reaches_nobody_and_says_so() {
    let bench = Bench::new();
    bench.file("places.csv", PLACES);
    bench.file("nowhere.xml", &Cap { polygon: None, ..Cap::new("nowhere") }.xml());
    let ran = bench.run("places.csv", &["--alert", "nowhere.xml"]).await;
    assert_eq!((ran.code, ran.output.as_str()), (1, ""), "{}", ran.errors);
    assert!(ran.errors.contains("nowhere.xml"), "{}", ran.errors);
}

#[tokio::test]
async fn geocodes_reach_the_areas_that_files_say_they_stand_for() {
    let bench = Bench::new();
    bench.file("places.csv", PLACES);
    let code = "<areaDesc>Lille</areaDesc><geocode><valueName>Invented</valueName><value>North</value></geocode>";
    let named = Cap::new("named").xml().replace("<areaDesc>Lille</areaDesc>", code);
    let from = named.find("<polygon>").expect("a polygon");
    let to = named.find("</polygon>").expect("its end") + "</polygon>".len();
    let named = format!("{}{}", &named[..from], &named[to..]);
    bench.file("named.xml", &named);
    bench.file(
        "areas.geojsonl",
        "{\"type\":\"Feature\",\"properties\":{\"scheme\":\"INVENTED\",\"code\":\"Oslo\",\"name\":\"Oslo\"},\"geometry\":\
         {\"type\":\"Polygon\",\"coordinates\":[[[10,59],[11,59],[11,60],[10,60],[10,59]]]}}\n",
    );
    bench.file("aliases.tsv", "scheme\tcode\ttarget_scheme\ttarget_code\nINVENTED\tNorth\tINVENTED\tOslo\n");
    let files = ["--alert", "named.xml", "--areas", "areas.geojsonl", "aliases.tsv"];
    let ran = bench.run("places.csv", &files).await;
    assert_eq!((ran.code, ran.output.as_str(), ran.errors.as_str()), (0, "oslo\n", ""));

    let ran = bench.run("places.csv", &files[..2]).await;
    assert_eq!((ran.code, ran.output.as_str()), (1, ""), "{}", ran.errors);
    for text in ["named.xml: 1 geocode is not known and reaches no place (INVENTED NORTH): --areas FILE", "nowhere"] {
        assert!(ran.errors.contains(text), "{}", ran.errors);
    }
    let another = "</value></geocode><geocode><valueName>Invented</valueName><value>South";
    bench.file("two.xml", &named.replace("North", &format!("North{another}")));
    let ran = bench.run("places.csv", &["--alert", "two.xml"]).await;
    let many = "two.xml: 2 geocodes are not known and reach no place (INVENTED NORTH, INVENTED SOUTH): --areas FILE";
    assert!(ran.errors.contains(many), "{}", ran.errors);

    bench.file("aliases.tsv", "code\nNorth\n");
    let ran = bench.run("places.csv", &files).await;
    assert_eq!((ran.code, ran.output.as_str()), (2, ""), "{}", ran.errors);
    assert!(ran.errors.contains("aliases.tsv"), "{}", ran.errors);
}

#[tokio::test]
async fn stats_are_one_json_line_on_standard_error() {
    let bench = Bench::new();
    bench.file("places.csv", PLACES);
    let ran = bench.run("places.csv", &["--alert", "lille.xml", "--stats"]).await;
    let stats: Value = serde_json::from_str(ran.errors.trim()).expect("one JSON line");
    assert_eq!((&stats["places"], &stats["matched"]), (&6.into(), &3.into()), "{stats}");
    for figure in ["load_ms", "match_us", "index_bytes"] {
        assert!(stats[figure].is_u64(), "{figure}: {stats}");
    }
    assert_eq!(ran.output, "lille-10\nlille-2\nnear\n");
}
