//! The rules of the house that a machine can hold us to. Each rule is a function from a file to complaints, and each
//! has a planted mistake below that it must find.

mod rules;
mod tokens;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file of the repository: its path from the top, with slashes, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// What belongs to the repository. Everything else is built, installed or somebody's data.
const FOLDERS: [&str; 8] = [".ci", "benches", "docs", "migrations", "schemas", "scripts", "src", "tests"];
const BUILT: &str = "src/web/client/dist";

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the repository.
fn repository() -> Vec<Source> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(top()).expect("the repository can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_file() && !path.ends_with(".git") {
            paths.push(path);
        }
    }
    for folder in FOLDERS {
        walk(&top().join(folder), &mut paths);
    }
    let mut sources: Vec<Source> = paths.into_iter().filter_map(|path| read(&path)).collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.iter().any(|source| source.path == "src/lib.rs"), "the walk lost its way");
    sources
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    if folder == top().join(BUILT) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// `None` for what is not text: pictures, and alerts in other encodings among the fixtures.
fn read(path: &Path) -> Option<Source> {
    let text = String::from_utf8(std::fs::read(path).expect("a file of the repository can be read")).ok()?;
    let path = path.strip_prefix(top()).expect("below the top").to_string_lossy().replace('\\', "/");
    Some(Source { path, text })
}

/// Runs a rule over every file and fails with all complaints at once.
fn hold(rule: impl Fn(&Source) -> Vec<String>) {
    let complaints: Vec<String> = repository().iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// What a rule says about a file made up for it.
fn planted(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
    rule(&Source { path: path.to_owned(), text: text.to_owned() })
}

#[test]
fn imports_point_down_only() {
    hold(rules::imports);
    let wrong = [
        ("src/cap/parse.rs", "use crate::model::id::Slot;"),
        ("src/geo/shape.rs", "use crate::{cap, clock::Clock};"),
        ("src/store/alert.rs", "fn f() { crate::push::Sender::new() }"),
        ("src/push/webpush.rs", "use crate::{cap::{alert::Alert}, store};"),
        ("src/audience/index.rs", "use super::super::store::Db;"),
        ("src/audience/mod.rs", "use super::store::Db;"),
        ("src/pipeline/admit.rs", "use crate::web;"),
        ("src/web/api/alerts.rs", "pub use crate::cli::Answer;"),
        ("src/app.rs", "use crate::cli;"),
        ("src/clock.rs", "use crate::store::Db;"),
        ("src/somewhere/new.rs", "use crate::cap;"),
    ];
    for (path, text) in wrong {
        assert_eq!(planted(rules::imports, path, text).len(), 1, "{path}: {text}");
    }
    let right =
        "/// Like [`crate::web`].\nuse crate::{audience::Audience, cap, clock::Clock, model::{push}}; use super::plan;";
    assert_eq!(planted(rules::imports, "src/pipeline/admit.rs", right), Vec::<String>::new());
}

#[test]
fn pure_floors_know_no_database_socket_or_runtime() {
    hold(rules::purity);
    for text in
        ["use tokio::sync::Mutex;", "fn f() -> sqlx::Result<()> {}", "use std::{net::TcpStream};", "use std::fs;"]
    {
        assert_eq!(planted(rules::purity, "src/model/id.rs", text).len(), 1, "{text}");
    }
    let test_only = "#[cfg(test)]\nmod tests { fn f() { std::fs::read(\"x\"); } }";
    assert_eq!(planted(rules::purity, "src/cap/parse.rs", test_only), Vec::<String>::new());
    assert_eq!(planted(rules::purity, "src/cap/tests/rules.rs", "use std::fs;"), Vec::<String>::new());
}

#[test]
fn sql_lives_in_the_store_alone() {
    hold(rules::sql);
    assert_eq!(planted(rules::sql, "src/web/state.rs", "use sqlx::Row;").len(), 1);
    assert_eq!(planted(rules::sql, "src/app.rs", "let q = \"SELECT 1 FROM alert\";").len(), 1);
    assert_eq!(planted(rules::sql, "src/store/alert.rs", "use sqlx::Row;"), Vec::<String>::new());
}

#[test]
fn files_are_short_enough_to_read() {
    hold(rules::length);
    let long = "x\n".repeat(501);
    assert_eq!(planted(rules::length, "src/cap/parse.rs", &long).len(), 1);
    assert_eq!(planted(rules::length, "src/web/client/map.ts", &long).len(), 1);
    assert_eq!(planted(rules::length, "src/cap/parse.rs", &long[2..]), Vec::<String>::new());
}

#[test]
fn nothing_is_left_for_later() {
    hold(rules::stubs);
    let later = ["to", "do"].concat();
    let wrong = [
        format!("fn f() {{ {later}!() }}"),
        format!("fn f() {{ un{}!() }}", "implemented"),
        format!("// {}: more", later.to_uppercase()),
        format!("// FIX{} soon", "ME"),
        format!("#[{}]\nfn f() {{}}", "ignore"),
        format!("#[cfg_attr(windows, {} = \"slow\")]\nfn f() {{}}", "ignore"),
    ];
    for text in wrong {
        assert_eq!(planted(rules::stubs, "src/cap/parse.rs", &text).len(), 1, "{text}");
    }
    assert_eq!(planted(rules::stubs, "src/push/sandbox.rs", "// we ignore what todos say"), Vec::<String>::new());
}

#[test]
fn tests_await_events_and_never_sleep() {
    hold(rules::sleeps);
    for text in ["fn f() { std::thread::sleep(D); }", "tokio::time::sleep_until(x).await", "sleep(D).await"] {
        assert_eq!(planted(rules::sleeps, "tests/it/api.rs", text).len(), 1, "{text}");
    }
    let in_a_module = "fn f() { sleep(D) }\n#[cfg(test)]\nmod tests { fn f() { sleep(D) } }";
    assert_eq!(planted(rules::sleeps, "src/push/transport.rs", in_a_module).len(), 1);
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    hold(rules::paths);
    for folder in ["work", "root", "home"] {
        assert_eq!(planted(rules::paths, "README.md", &format!("see /{folder}/someone/notes")).len(), 1);
    }
    let fine = "GET /rooted/work/ and https://host.example/home/news, ../work/x";
    assert_eq!(planted(rules::paths, "docs/A.md", fine), Vec::<String>::new());
    let lock = "{\"node_modules/x\": {\"resolved\": \"https://host.example/x.tgz\"}}";
    assert_eq!(planted(rules::paths, "package-lock.json", lock).len(), 1);
}

#[test]
fn every_setting_is_explained() {
    hold(rules::settings);
    let text = "[server]\n# Where.\nlisten = 1\nname = \"x\"\n\n# Hosts.\nhosts = [\n  \"a=b\",\n]\n";
    let complaints = planted(rules::settings, "src/config/default.toml", text);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("name"));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let known: BTreeSet<String> = repository().iter().map(|source| source.path.clone()).collect();
    let exists = |path: &str| known.contains(path) || top().join(path).exists();
    hold(|source| rules::links(source, &exists));
    let text = "[a](ARCHITECTURE.md#x) [b](../LICENSE) [c](https://host.example/) [d](gone.md) [e](#here)";
    let pretend = |path: &str| ["docs/ARCHITECTURE.md", "LICENSE"].contains(&path);
    let complaints = planted(|source| rules::links(source, &pretend), "docs/SECURITY.md", text);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("docs/gone.md"));
}

/// Names of the files in a folder with an ending, without their folder.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let mut paths = Vec::new();
    walk(&top().join(folder), &mut paths);
    paths
        .iter()
        .filter_map(|path| path.file_name()?.to_str().filter(|name| name.ends_with(ending)).map(str::to_owned))
        .collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let sqlite = names("migrations/sqlite", ".sql");
    assert!(!sqlite.is_empty(), "there are no migrations");
    assert_eq!(sqlite, names("migrations/postgres", ".sql"));
}

#[test]
fn every_decision_is_in_the_list_of_decisions() {
    let list = std::fs::read_to_string(top().join("docs/adr/README.md")).expect("docs/adr/README.md");
    let decisions = names("docs/adr", ".md");
    let unlisted = rules::unlisted(&list, &decisions);
    assert!(decisions.len() > 1 && unlisted.is_empty(), "not in docs/adr/README.md: {unlisted:?}");
    let planted = BTreeSet::from(["README.md".to_owned(), "0099-x.md".to_owned()]);
    assert_eq!(rules::unlisted(&list, &planted), ["0099-x.md"]);
}

#[test]
fn english_and_french_have_the_same_messages() {
    let sources = repository();
    let keys = |language: &str| -> BTreeSet<String> {
        let of_language =
            |source: &&Source| source.path.ends_with(".ftl") && source.path.contains(&format!("/{language}/"));
        sources.iter().filter(of_language).flat_map(|source| rules::message_names(&source.text)).collect()
    };
    let (english, french) = (keys("en"), keys("fr"));
    assert!(!english.is_empty(), "there are no messages");
    let apart: Vec<_> = english.symmetric_difference(&french).collect();
    assert!(apart.is_empty(), "in one language only: {apart:?}");
    let planted = "# Comment\nhello = Hello\n    .title = Greeting\n-brand = Beffroi\n";
    assert_eq!(rules::message_names(planted), ["hello", "hello.title", "-brand"]);
}
