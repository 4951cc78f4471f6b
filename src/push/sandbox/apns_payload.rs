//! The payload of a push to Apple: JSON of at most 4,096 bytes with an `aps` dictionary (Apple's "Generating a remote
//! notification").

use super::provider::Refusal;
use serde_json::{Map, Value};

/// Largest payload, bytes; VoIP pushes may have more.
const PAYLOAD_BYTES_MAX: usize = 4_096;
const VOIP_BYTES_MAX: usize = 5_120;
const LEVELS: [&str; 4] = ["passive", "active", "time-sensitive", "critical"];

/// Checks a payload and gives it as JSON. Problems are what Apple takes in silence.
///
/// # Errors
/// What Apple refuses. For a body that is no JSON Apple names no reason; `PayloadEmpty` stands for it.
pub(super) fn check(body: &[u8], push_type: &str, problems: &mut Vec<String>) -> Result<Value, Refusal> {
    let most = if push_type == "voip" { VOIP_BYTES_MAX } else { PAYLOAD_BYTES_MAX };
    if body.is_empty() {
        return Err((400, "PayloadEmpty", "there is no payload".to_owned()));
    }
    if body.len() > most {
        return Err((413, "PayloadTooLarge", format!("the payload has {} bytes, want at most {most}", body.len())));
    }
    let payload: Value = serde_json::from_slice(body)
        .map_err(|error| (400, "PayloadEmpty", format!("the payload is no JSON: {error}")))?;
    let Some(aps) = payload["aps"].as_object() else {
        return Err((400, "PayloadEmpty", "the payload has no dictionary `aps`".to_owned()));
    };
    for (name, value) in aps {
        if let Some(problem) = key(name, value) {
            problems.push(format!("aps.{name}: {problem}"));
        }
    }
    shape(aps, push_type, problems);
    Ok(payload)
}

/// What is wrong with one key of `aps`.
fn key(name: &str, value: &Value) -> Option<String> {
    let want = |good: bool, what: &str| (!good).then(|| format!("want {what}"));
    match name {
        "alert" => match value {
            Value::Object(alert) => alert_problem(alert),
            _ => want(value.is_string(), "a text or a dictionary"),
        },
        "badge" => want(value.as_u64().is_some(), "a number"),
        "sound" => match value {
            Value::Object(sound) => sound_problem(sound),
            _ => want(value.is_string(), "a text or a dictionary"),
        },
        "thread-id" | "category" | "target-content-id" | "filter-criteria" => want(value.is_string(), "a text"),
        "content-available" | "mutable-content" => want(*value == 1, "1"),
        "interruption-level" => want(value.as_str().is_some_and(|level| LEVELS.contains(&level)), "a level"),
        "relevance-score" => want(value.as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)), "0 to 1"),
        "timestamp" | "stale-date" | "dismissal-date" => want(value.is_number(), "seconds since 1970"),
        "event" | "attributes-type" => want(value.is_string(), "a text"),
        "content-state" | "attributes" => want(value.is_object(), "a dictionary"),
        _ => Some("no key of Apple's".to_owned()),
    }
}

fn alert_problem(alert: &Map<String, Value>) -> Option<String> {
    const TEXTS: [&str; 8] =
        ["title", "subtitle", "body", "launch-image", "title-loc-key", "subtitle-loc-key", "loc-key", "summary-arg"];
    const LISTS: [&str; 3] = ["title-loc-args", "subtitle-loc-args", "loc-args"];
    alert.iter().find_map(|(name, value)| {
        let good = match name.as_str() {
            name if TEXTS.contains(&name) => value.is_string(),
            name if LISTS.contains(&name) => value.is_array(),
            "summary-arg-count" => value.is_u64(),
            _ => return Some(format!("{name} is no key of Apple's")),
        };
        (!good).then(|| format!("{name} has the wrong type"))
    })
}

fn sound_problem(sound: &Map<String, Value>) -> Option<String> {
    sound.iter().find_map(|(name, value)| {
        let good = match name.as_str() {
            "critical" => *value == 1 || *value == 0,
            "name" => value.is_string(),
            "volume" => value.as_f64().is_some_and(|volume| (0.0..=1.0).contains(&volume)),
            _ => return Some(format!("{name} is no key of Apple's")),
        };
        (!good).then(|| format!("{name} has the wrong type"))
    })
}

/// Whether the payload is what its type says.
fn shape(aps: &Map<String, Value>, push_type: &str, problems: &mut Vec<String>) {
    let shows = ["alert", "badge", "sound"].iter().any(|name| aps.contains_key(*name));
    match push_type {
        "alert" if !shows => problems.push("an alert push has neither alert, badge nor sound".to_owned()),
        "background" if shows => problems.push("a background push has an alert, a badge or a sound".to_owned()),
        "background" if !aps.contains_key("content-available") => {
            problems.push("a background push has no content-available".to_owned());
        }
        _ => {}
    }
    let critical = aps.get("sound").is_some_and(|sound| sound["critical"] == 1);
    if critical && aps.get("interruption-level").is_some_and(|level| level != "critical") {
        problems.push("a critical sound with another interruption level".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(aps: &Value, push_type: &str) -> Vec<String> {
        let mut problems = Vec::new();
        check(json!({ "aps": aps }).to_string().as_bytes(), push_type, &mut problems).expect("it is taken");
        problems
    }

    #[test]
    fn a_payload_as_apple_wants_it_has_no_problems() {
        let good = json!({"alert": {"title": "a", "body": "b"}, "sound": {"critical": 1, "name": "s.caf", "volume": 0.5},
            "interruption-level": "critical", "relevance-score": 1, "thread-id": "c", "mutable-content": 1});
        assert_eq!(problems(&good, "alert"), Vec::<String>::new());
        assert_eq!(problems(&json!({"content-available": 1}), "background"), Vec::<String>::new());
    }

    #[test]
    fn each_fault_that_apple_swallows_is_told() {
        for bad in [
            json!({"alert": 1}),
            json!({"alert": {"titel": "a"}}),
            json!({"alert": {"title": 1}}),
            json!({"alert": "a", "badge": "1"}),
            json!({"alert": "a", "sound": {"volume": 2}}),
            json!({"alert": "a", "sound": {"loud": true}}),
            json!({"alert": "a", "interruption-level": "loud"}),
            json!({"alert": "a", "interruption_level": "active"}),
            json!({"alert": "a", "relevance-score": 1.5}),
            json!({"alert": "a", "mutable-content": true}),
            json!({"alert": "a", "sound": {"critical": 1}, "interruption-level": "active"}),
            json!({"thread-id": "a"}),
        ] {
            assert_eq!(problems(&bad, "alert").len(), 1, "{bad}");
        }
        assert_eq!(problems(&json!({"alert": "a"}), "background").len(), 1);
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        let refused = |body: &[u8]| check(body, "alert", &mut Vec::new()).expect_err("refused").1;
        assert_eq!(refused(b""), "PayloadEmpty");
        assert_eq!(refused(b"{"), "PayloadEmpty");
        assert_eq!(refused(b"{\"alert\":1}"), "PayloadEmpty");
        let body = |bytes: usize| {
            let frame = json!({"aps": {"alert": ""}}).to_string().len();
            json!({"aps": {"alert": "a".repeat(bytes - frame)}}).to_string().into_bytes()
        };
        assert_eq!(body(4_096).len(), 4_096);
        check(&body(4_096), "alert", &mut Vec::new()).expect("it fits");
        assert_eq!(refused(&body(4_097)), "PayloadTooLarge");
    }
}
