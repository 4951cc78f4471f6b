//! The shape of a message as Firebase takes it (REST resource `projects.messages` of FCM HTTP v1). Google refuses
//! what it does not know and says where, in words of its own; names may be written `like_this` or `likeThis`.

use serde_json::{Map, Value};

/// What may stand in a field.
enum Shape {
    Text,
    Bool,
    Number,
    /// Names to texts.
    Texts,
    /// Any JSON object.
    Object,
    Word(&'static [&'static str]),
    /// `3.5s`.
    Duration,
    List(&'static Self),
    Fields(&'static [(&'static str, Self)]),
}

use Shape::{Bool, Duration, Fields, List, Number, Object, Text, Texts, Word};

const LABEL: Shape = Fields(&[("analytics_label", Text)]);
const COLOR: Shape = Fields(&[("red", Number), ("green", Number), ("blue", Number), ("alpha", Number)]);
const LIGHT: Shape = Fields(&[("color", COLOR), ("light_on_duration", Duration), ("light_off_duration", Duration)]);
const PRIORITIES: Shape = Word(&[
    "PRIORITY_UNSPECIFIED",
    "PRIORITY_MIN",
    "PRIORITY_LOW",
    "PRIORITY_DEFAULT",
    "PRIORITY_HIGH",
    "PRIORITY_MAX",
]);
const ANDROID_NOTIFICATION: Shape = Fields(&[
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("sound", Text),
    ("tag", Text),
    ("click_action", Text),
    ("body_loc_key", Text),
    ("body_loc_args", List(&Text)),
    ("title_loc_key", Text),
    ("title_loc_args", List(&Text)),
    ("channel_id", Text),
    ("ticker", Text),
    ("sticky", Bool),
    ("event_time", Text),
    ("local_only", Bool),
    ("notification_priority", PRIORITIES),
    ("default_sound", Bool),
    ("default_vibrate_timings", Bool),
    ("default_light_settings", Bool),
    ("vibrate_timings", List(&Duration)),
    ("visibility", Word(&["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"])),
    ("notification_count", Number),
    ("light_settings", LIGHT),
    ("image", Text),
    ("bypass_proxy_notification", Bool),
    ("proxy", Word(&["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"])),
]);
const ANDROID: Shape = Fields(&[
    ("collapse_key", Text),
    ("priority", Word(&["NORMAL", "HIGH"])),
    ("ttl", Duration),
    ("restricted_package_name", Text),
    ("data", Texts),
    ("notification", ANDROID_NOTIFICATION),
    ("fcm_options", LABEL),
    ("direct_boot_ok", Bool),
    ("bandwidth_constrained_ok", Bool),
    ("restricted_satellite_ok", Bool),
]);
const WEBPUSH: Shape = Fields(&[
    ("headers", Texts),
    ("data", Texts),
    ("notification", Object),
    ("fcm_options", Fields(&[("link", Text), ("analytics_label", Text)])),
]);
const APNS: Shape = Fields(&[
    ("headers", Texts),
    ("payload", Object),
    ("fcm_options", Fields(&[("analytics_label", Text), ("image", Text)])),
    ("live_activity_token", Text),
]);
const MESSAGE: Shape = Fields(&[
    ("name", Text),
    ("data", Texts),
    ("notification", Fields(&[("title", Text), ("body", Text), ("image", Text)])),
    ("android", ANDROID),
    ("webpush", WEBPUSH),
    ("apns", APNS),
    ("fcm_options", LABEL),
    ("token", Text),
    ("topic", Text),
    ("condition", Text),
]);
const REQUEST: &[(&str, Shape)] = &[("validate_only", Bool), ("message", MESSAGE)];
/// Longest time that a message may wait, seconds: four weeks.
const TTL_S_MAX: f64 = 2_419_200.0;
/// Most violations that one answer names.
const VIOLATIONS_MAX: usize = 20;

/// What is wrong with one field, as Google words it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) field: String,
    pub(super) description: String,
}

/// Compares a request with the schema; names come out `like_this`.
pub(super) fn check(request: &mut Value) -> Vec<Violation> {
    let mut found = Vec::new();
    match request {
        Value::Object(object) => fields(object, REQUEST, "", &mut found),
        _ => found.push(Violation { field: String::new(), description: "Root element must be a message.".to_owned() }),
    }
    found.truncate(VIOLATIONS_MAX);
    found
}

fn fields(object: &mut Map<String, Value>, known: &[(&str, Shape)], path: &str, found: &mut Vec<Violation>) {
    for (name, mut value) in std::mem::take(object) {
        let snake = snake(&name);
        let Some((_, shape)) = known.iter().find(|(field, _)| *field == snake) else {
            let place = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
            let description =
                format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.");
            found.push(Violation { field: path.to_owned(), description });
            continue;
        };
        let inner = if path.is_empty() { snake.clone() } else { format!("{path}.{snake}") };
        // Null is as good as absent.
        if !value.is_null() {
            shape.check(&mut value, &inner, found);
            object.insert(snake, value);
        }
    }
}

impl Shape {
    const fn name(&self) -> &'static str {
        match self {
            Text => "TYPE_STRING",
            Bool => "TYPE_BOOL",
            Number => "TYPE_DOUBLE",
            Word(_) => "TYPE_ENUM",
            Duration => "type.googleapis.com/google.protobuf.Duration",
            Texts | Object | List(_) | Fields(_) => "TYPE_MESSAGE",
        }
    }

    fn check(&self, value: &mut Value, path: &str, found: &mut Vec<Violation>) {
        let good = match self {
            Text => value.is_string(),
            Bool => value.is_boolean(),
            Number => value.is_number(),
            Object => value.is_object(),
            Word(words) => value.as_str().is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text))),
            Duration => value.as_str().is_some_and(is_duration),
            Texts => return texts(value, path, found),
            List(of) => match value {
                Value::Array(list) => {
                    for (place, one) in list.iter_mut().enumerate() {
                        of.check(one, &format!("{path}[{place}]"), found);
                    }
                    return;
                }
                _ => false,
            },
            Fields(known) => match value {
                Value::Object(object) => return fields(object, known, path, found),
                _ => false,
            },
        };
        if !good {
            found.push(violation(path, self.name(), value));
        }
    }
}

fn texts(value: &Value, path: &str, found: &mut Vec<Violation>) {
    let Value::Object(object) = value else {
        found.push(violation(path, "TYPE_MESSAGE", value));
        return;
    };
    for (place, one) in object.values().enumerate().filter(|(_, one)| !one.is_string()) {
        found.push(violation(&format!("{path}[{place}].value"), "TYPE_STRING", one));
    }
}

fn violation(path: &str, shape: &str, value: &Value) -> Violation {
    Violation { field: path.to_owned(), description: format!("Invalid value at '{path}' ({shape}), {value}") }
}

/// `likeThis` as `like_this`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// A decimal number of seconds from none to four weeks, with at most nine digits behind the point, and `s`.
fn is_duration(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else { return false };
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let small = number.parse::<f64>().is_ok_and(|seconds| seconds <= TTL_S_MAX);
    digits(whole) && digits(rest) && rest.len() <= 9 && small
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_with_all_its_parts_is_taken_in_both_spellings() {
        let mut request = json!({"validateOnly": false, "message": {
            "token": "t", "data": {"a": "b"}, "notification": {"title": "a", "body": "b", "image": "c"},
            "android": {"collapseKey": "a", "priority": "high", "ttl": "3600s", "directBootOk": true,
                "notification": {"channel_id": "a", "titleLocArgs": ["b"], "vibrate_timings": ["0.5s"],
                    "light_settings": {"color": {"red": 1}, "light_on_duration": "1s"}, "visibility": "PUBLIC",
                    "notification_priority": "PRIORITY_MAX", "sticky": null}},
            "apns": {"headers": {"apns-priority": "10"}, "payload": {"aps": {"anything": 1}}},
            "webpush": {"headers": {}, "notification": {"any": {}}, "fcm_options": {"link": "a"}}}});
        assert_eq!(check(&mut request), []);
        assert_eq!(request["message"]["android"]["direct_boot_ok"], true);
        assert_eq!(request["validate_only"], false);
    }

    /// The words are those of Google's own examples.
    #[test]
    fn what_it_does_not_know_is_refused_where_it_stands() {
        let told = |message: Value| {
            let mut found = check(&mut json!({ "message": message }));
            assert_eq!(found.len(), 1, "{found:?}");
            let one = found.remove(0);
            (one.field, one.description)
        };
        assert_eq!(
            told(json!({"data": {"a": 12}})),
            (
                "message.data[0].value".to_owned(),
                "Invalid value at 'message.data[0].value' (TYPE_STRING), 12".to_owned()
            )
        );
        let unknown =
            "Invalid JSON payload received. Unknown name \"titel\" at 'message.notification': Cannot find field.";
        assert_eq!(
            told(json!({"notification": {"titel": "a"}})),
            ("message.notification".to_owned(), unknown.to_owned())
        );
        for (field, message) in [
            ("message.android.ttl", json!({"android": {"ttl": "3600"}})),
            ("message.android.ttl", json!({"android": {"ttl": 3600}})),
            ("message.android.ttl", json!({"android": {"ttl": "-1s"}})),
            ("message.android.ttl", json!({"android": {"ttl": "2419201s"}})),
            ("message.android.priority", json!({"android": {"priority": "HIGHEST"}})),
            ("message.android.direct_boot_ok", json!({"android": {"direct_boot_ok": "true"}})),
            (
                "message.android.notification.title_loc_args",
                json!({"android": {"notification": {"title_loc_args": "a"}}}),
            ),
            ("message.token", json!({"token": 1})),
            ("message.apns.payload", json!({"apns": {"payload": "{}"}})),
            ("message.data", json!({"data": []})),
        ] {
            assert_eq!(told(message).0, field);
        }
        assert_eq!(check(&mut json!({"to": "a"}))[0].field, "");
        assert_eq!(check(&mut json!([])).len(), 1);
    }
}
