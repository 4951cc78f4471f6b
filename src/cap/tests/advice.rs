//! Advice that looks at several parts of an alert at once.

use super::STORM;
use crate::cap::{Options, read};

/// The storm with these infos: language, severity, description.
fn alert(infos: &[(&str, &str, &str)]) -> String {
    let (head, rest) = STORM.split_once("<info>").expect("an info");
    let (info, _) = rest.split_once("</info>").expect("its end");
    let written = |&(language, severity, description): &(&str, &str, &str)| {
        let info = info.replace("en-GB", language).replace("Extreme", severity);
        format!("<info>{}</info>", info.replace("Gusts above 120 km/h from the west.", description))
    };
    format!("{head}{}</alert>", infos.iter().map(written).collect::<String>())
}

/// The codes found, each with the number of its info.
fn found(text: &str) -> Vec<(String, String)> {
    let findings = read(text.as_bytes(), &Options::default()).findings;
    findings.into_iter().map(|finding| (finding.code, finding.path)).collect()
}

fn one(code: &str, path: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), path.to_owned())]
}

#[test]
fn translations_state_the_same_facts_in_any_order() {
    let text = alert(&[
        ("en", "Severe", "a"),
        ("en", "Minor", "b"),
        ("fr", "Minor", "c"),
        ("fr", "Severe", "d"),
        ("de", "Severe", "e"),
    ]);
    assert_eq!(found(&text), []);
}

#[test]
fn a_translation_with_other_facts_is_named_with_what_differs() {
    let text = alert(&[("en", "Severe", "a"), ("fr", "Severe", "b"), ("fr", "Minor", "c")]);
    assert_eq!(found(&text), one("translation-differs", "/alert/info[3]"));
    let findings = read(text.as_bytes(), &Options::default()).findings;
    assert!(findings[0].message.starts_with("`severity` differs from the info in en"), "{}", findings[0].message);
}

#[test]
fn the_same_words_are_no_translation_unless_the_language_is_the_same() {
    let text = alert(&[("en-GB", "Severe", "a"), ("en-US", "Severe", "a"), ("fr", "Severe", "a")]);
    assert_eq!(found(&text), one("translation-same", "/alert/info[3]"));
}

#[test]
fn who_does_not_warn_need_not_say_what_to_do() {
    let cancel = STORM
        .replace(">Alert<", ">Cancel<")
        .replace("</scope>", "</scope><references>met@vallonne.example,a,2026-03-01T10:00:00+01:00</references>")
        .replace("<instruction>Stay inside, away from windows.</instruction>", "")
        .replace("<headline>Storm over the valley</headline>", "");
    assert_eq!(found(&cancel), []);
    let alert = STORM.replace("<instruction>Stay inside, away from windows.</instruction>", "");
    assert_eq!(found(&alert), one("instruction-absent", "/alert/info[1]"));
}

#[test]
fn an_info_that_fails_hides_nothing_of_the_others() {
    let text = alert(&[("en", "Severe", "a"), ("fr", "Grave", "b"), ("de", "Minor", "c")]);
    let codes: Vec<String> = found(&text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["value-unknown", "translation-differs"]);
}
