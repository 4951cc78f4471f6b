//! What FCM carries (Google, "REST Resource: projects.messages").
//!
//! Data alone. A message with a `notification` is always collapsible and ignores its collapse key: of all that wait for
//! a phone that is off, Google keeps the last one, so a note on a fair would take the place of a flood warning. Up to a
//! hundred messages of data alone wait side by side. The app shows them.

use crate::model::tier::Tier;
use crate::push::letter::{Manner, Page, json};
use crate::push::template::Place;
use crate::push::text::Words;
use fcm_v1::android::{AndroidConfig, AndroidMessagePriority};
use fcm_v1::message::Message;
use serde::Serialize;
use serde_json::Value;

/// Largest message, bytes, the device's token not counted. Google counts the names and values of the data; we count all
/// that is written, which is more.
pub const MESSAGE_BYTES_MAX: usize = 4_096;
/// The key of what is ours in the data, as JSON text. The texts stand beside it: within it they would be escaped twice.
const DATA_KEY: &str = "beffroi";
const TITLE_KEY: &str = "title";
const BODY_KEY: &str = "body";

#[derive(Serialize)]
struct Send<'a> {
    message: &'a Message,
}

/// The whole request's body, with the places of the receipt, the device's token and the time to live.
pub(in crate::push) fn message(page: &Page<'_>, words: &Words) -> String {
    let manner = page.manner;
    let android = AndroidConfig {
        priority: Some(if manner.urgent() { AndroidMessagePriority::High } else { AndroidMessagePriority::Normal }),
        ttl: Some(format!("{}s", Place::TimeToLive.mark())),
        // A phone that restarted in the night is still locked.
        direct_boot_ok: Some(true),
        ..AndroidConfig::default()
    };
    let ours = json(&page.for_showing(words, channel(manner)));
    let data = [(DATA_KEY, ours), (TITLE_KEY, words.title.clone()), (BODY_KEY, words.body.clone())];
    let message = Message {
        data: Some(data.map(|(key, text)| (key.to_owned(), Value::String(text))).into()),
        android: Some(android),
        token: Some(Place::Token.mark().to_owned()),
        ..Message::default()
    };
    json(&Send { message: &message })
}

/// The notification channel that an app makes for it; the app's user may change how each one sounds.
const fn channel(manner: Manner) -> &'static str {
    if manner.all_clear {
        return "all_clear";
    }
    if manner.quiet {
        return "quiet";
    }
    match manner.tier {
        Tier::P0 => "life_safety",
        Tier::P1 => "severe",
        Tier::P2 => "warnings",
        Tier::P3 => "information",
    }
}
