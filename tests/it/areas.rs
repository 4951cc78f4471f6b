//! Named areas: loaded from files, found by typing, and what geocodes of alerts stand for.

mod ringing;

use crate::support::process::{Ran, run};
use crate::support::server::beffroi;
use crate::support::shared::shared_or_return;
use std::path::Path;
use tempfile::TempDir;

/// What the shared folder has, by scheme: areas and other names.
const SHARED: &str = "EMMA_ID\t2209\t0\nFIPS\t0\t52\nISO3166-2\t4450\t0\nNUTS\t0\t791\nSAME\t127\t3965\nUGC\t8576\t0\n\
                      WARNCELLID\t0\t8\n";

/// A feature of one square degree.
pub fn square(code: &str, name: &str, south: f64, west: f64) -> String {
    let (north, east) = (south + 1.0, west + 1.0);
    format!(
        r#"{{"type":"Feature","id":"{code}","properties":{{"name":"{name}","population":1000}},"geometry":{{"type":"Polygon",
"coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"#
    )
    .replace('\n', "")
}

struct Installation(TempDir);

impl Installation {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    async fn areas(&self, args: &[&str]) -> Ran {
        let mut command = beffroi(&[&["areas"], args].concat());
        command.env("BEFFROI__DATA__DIR", self.0.path().join("data"));
        run(command).await
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a text").to_owned()
    }

    async fn import(&self, text: &str, more: &[&str]) -> Ran {
        let file = self.file("areas", text);
        self.areas(&[&["import", &file], more].concat()).await
    }
}

#[tokio::test]
async fn areas_are_loaded_from_every_form_and_again_without_harm() {
    let here = Installation::new();
    let (one, two) = (square("a1", "Eastham", 1.0, 1.0), square("a2", "Westham", 1.0, 2.0));
    let collection = format!(r#"{{"type":"FeatureCollection","features":[{one},{two}]}}"#);
    for (text, said) in [
        (collection, "TOWN: 2 areas are new, 0 changed, 0 are the same."),
        (
            format!("{one}\n{}\n", square("a2", "Westham", 1.0, 5.0)),
            "TOWN: 0 areas are new, 1 changed, 1 are the same.",
        ),
        (format!("\u{1e}{one}\n\u{1e}{two}\n"), "TOWN: 0 areas are new, 1 changed, 1 are the same."),
        ("code,target_scheme,target_code\nx,town,a1\nx,town,a9\n".to_owned(), "TOWN: 2 other names are new"),
    ] {
        let ran = here.import(&text, &["--scheme", "town"]).await;
        assert_eq!((ran.code, &*ran.output), (0, ""), "{text}: {}", ran.errors);
        assert!(ran.errors.contains(said), "{text}: {}", ran.errors);
    }
    assert_eq!(here.areas(&["list"]).await.output, "TOWN\t2\t2\n");
}

#[tokio::test]
async fn a_file_with_a_fault_is_told_where_and_nothing_of_it_is_loaded() {
    let here = Installation::new();
    let good = square("a1", "Eastham", 1.0, 1.0);
    let far = square("a2", "Westham", 95.0, 2.0);
    for (text, more, said) in [
        (format!("{good}\n{far}"), &["--scheme", "town"][..], "line 2, feature 2 (TOWN A2): 2, 95 is not on Earth"),
        (good.clone(), &[], "--scheme NAME"),
        (good.clone(), &["--scheme", "town", "--code", "key"], "--code PROPERTY"),
        (format!("{good}\n{{"), &["--scheme", "town"], "line 2"),
        ("scheme,code\na,b".to_owned(), &[], "target_scheme"),
        (String::new(), &["--scheme", "town"], "nothing"),
        (r#"{"type":"Feature","id":"a","geometry":null}"#.to_owned(), &["--scheme", "town"], "no area in it"),
    ] {
        let ran = here.import(&text, more).await;
        assert_eq!((ran.code, &*ran.output), (1, ""), "{text}: {}", ran.errors);
        assert!(ran.errors.contains(said), "{text}: {}", ran.errors);
    }
    assert_eq!(here.areas(&["list"]).await.output, "", "nothing was loaded");
    assert_eq!(here.areas(&["import", "/no/such/file"]).await.code, 2);
}

#[tokio::test]
async fn what_is_not_known_is_not_removed_and_nothing_else_of_it() {
    let here = Installation::new();
    here.import(
        &format!("{}\n{}", square("a1", "Eastham", 1.0, 1.0), square("a2", "West", 1.0, 2.0)),
        &["--scheme", "town"],
    )
    .await;
    here.import("scheme,code,target_scheme,target_code\nx,1,town,a1\ntown,a1,town,a2\n", &[]).await;
    for (args, code, said) in [
        (&["--scheme", "town", "a1", "a9"][..], 1, "TOWN A9 is not known here. Nothing was removed."),
        (&["--scheme", "village", "--all"], 1, "there is no area and no other name of VILLAGE"),
        (&["--scheme", "town"], 2, "<CODE>"),
        (&["--scheme", "town", "a1", "--all"], 2, "cannot be used with"),
        (
            &["--scheme", "Town", "a1"],
            0,
            "TOWN: 1 area and 1 other name removed.\n1 other name stands for codes of TOWN that are not known here.",
        ),
    ] {
        let before = here.areas(&["list"]).await.output;
        let ran = here.areas(&[&["remove"], args].concat()).await;
        assert_eq!((ran.code, &*ran.output), (code, ""), "{args:?}: {}", ran.errors);
        assert!(ran.errors.contains(said), "{args:?}: {}", ran.errors);
        assert_eq!(here.areas(&["list"]).await.output != before, code == 0, "{args:?}");
    }
    assert_eq!(here.areas(&["list"]).await.output, "TOWN\t1\t0\nX\t0\t1\n");
}

#[tokio::test]
async fn all_areas_of_the_shared_folder_are_loaded() {
    let folder = shared_or_return!().join("corpus/geocodes");
    let here = Installation::new();
    for name in ["EMMA_ID.geojsonl", "ISO3166-2.geojsonl", "SAME.geojsonl", "UGC.geojsonl", "aliases.tsv"] {
        let scheme = name.split('.').next().expect("a name");
        let file = folder.join(name);
        let ran = here.areas(&["import", path(&file), "--scheme", scheme]).await;
        assert_eq!(ran.code, 0, "{name}: {}", ran.errors);
    }
    assert_eq!(here.areas(&["list"]).await.output, SHARED);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a text")
}
