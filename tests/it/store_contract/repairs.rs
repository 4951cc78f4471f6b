//! What was found in what keys posted.

use super::given::{at, commit};
use crate::support::database::databases;
use beffroi::cap::Axes;
use beffroi::cap::finding::{Finding, Level};
use beffroi::clock::random_id;
use beffroi::model::credential::{Credential, KeyAction};
use beffroi::model::id::ApiKeyId;
use beffroi::model::repair::{Looked, REPAIR_DAYS_MAX};
use beffroi::store::{Db, credential, repair};

const DAY_MS: i64 = 86_400_000;

async fn key(db: &Db) -> ApiKeyId {
    let credential = Credential {
        id: ApiKeyId(random_id()),
        name: "weather".to_owned(),
        senders: vec![],
        action: KeyAction::Ring,
        test: false,
        axes: Axes::LatitudeFirst,
        owner: None,
        created: at(0),
        revoked: None,
    };
    let hash = beffroi::clock::random_bytes();
    commit!(db, |tx| credential::insert(tx, &credential, &hash));
    credential.id
}

fn finding(code: &str, level: Level, line: u32) -> Finding {
    let text = |text: &str| text.to_owned();
    Finding {
        level,
        code: text(code),
        path: text("/alert/info[1]"),
        line,
        column: 7,
        repaired: true,
        clause: text("CAP 1.2 §3.2"),
        message: text("It is so."),
        fix: text("Mend it."),
    }
}

#[tokio::test]
async fn findings_are_counted_once_a_document_and_summed_over_days() {
    for (name, db, _guard) in databases().await {
        let (mine, other) = (key(&db).await, key(&db).await);
        let twice = [finding("a", Level::Error, 1), finding("a", Level::Error, 2), finding("b", Level::Note, 3)];
        for (day, taken) in [(0, true), (0, false), (2, true)] {
            let identifier = format!("storm-{day}");
            let looked = Looked { at: at(day * DAY_MS), taken, identifier: Some(&identifier), findings: &twice };
            commit!(db, |tx| repair::record(tx, &mine, &looked));
        }
        let late = Looked { at: at(3 * DAY_MS), taken: true, identifier: None, findings: &twice[2..] };
        commit!(db, |tx| repair::record(tx, &other, &late));

        let all = repair::since(&db, &mine, at(0)).await.expect("reads");
        assert_eq!((all.taken, all.refused), (2, 1), "{name}");
        let counts: Vec<_> =
            all.found.iter().map(|line| (line.finding.clone(), line.documents, line.identifier.as_deref())).collect();
        let last = Some("storm-2");
        assert_eq!(counts, [(twice[0].clone(), 3, last), (twice[2].clone(), 3, last)], "{name}");
        assert_eq!(all.found[0].last, at(2 * DAY_MS), "{name}");
        let recent = repair::since(&db, &mine, at(DAY_MS)).await.expect("reads");
        assert_eq!((recent.taken, recent.refused, recent.found[0].documents), (1, 0, 1), "{name}");
    }
}

#[tokio::test]
async fn what_is_older_than_the_bound_goes_when_the_key_posts_again() {
    for (name, db, _guard) in databases().await {
        let mine = key(&db).await;
        let findings = [finding("a", Level::Error, 1)];
        for day in [0, 1, i64::from(REPAIR_DAYS_MAX) + 1] {
            let looked = Looked { at: at(day * DAY_MS), taken: true, identifier: None, findings: &findings };
            commit!(db, |tx| repair::record(tx, &mine, &looked));
        }
        let kept = repair::since(&db, &mine, at(0)).await.expect("reads");
        assert_eq!((kept.taken, kept.found[0].documents), (2, 2), "{name}: the day on the bound stays");
    }
}
