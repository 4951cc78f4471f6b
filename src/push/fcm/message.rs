//! What FCM carries (Google, "REST Resource: projects.messages").

use crate::model::tier::Tier;
use crate::push::letter::{Manner, Page, json};
use crate::push::template::Place;
use crate::push::text::Words;
use fcm_v1::android::{AndroidConfig, AndroidMessagePriority, AndroidNotification, NotificationPriority, Visibility};
use fcm_v1::message::{Message, Notification};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

/// Largest message, bytes, the device's token not counted. Google counts the names and values of what is shown and of
/// the data; we count all that is written, which is more.
pub const MESSAGE_BYTES_MAX: usize = 4_096;
/// The key of what is ours in the data.
const DATA_KEY: &str = "beffroi";

#[derive(Serialize)]
struct Send<'a> {
    message: &'a Message,
}

/// The whole request's body, with the places of the receipt, the device's token and the time to live.
pub(in crate::push) fn message(page: &Page<'_>, words: &Words) -> String {
    let (context, manner) = (page.context, page.manner);
    let chain = || context.chain_key.to_owned();
    let notification = AndroidNotification {
        channel_id: Some(channel(manner).to_owned()),
        // Replaces what is shown of the chain.
        tag: Some(chain()),
        // A discreet text tells nothing, so the lock screen may hide it as the owner likes.
        visibility: Some(if context.discreet { Visibility::Private } else { Visibility::Public }),
        notification_priority: Some(importance(manner)),
        event_time: context.info.effective.map(|effective| effective.instant().to_string()),
        // Before Android 8 there were no channels, which now decide about sound.
        default_sound: (!manner.silent()).then_some(true),
        default_vibrate_timings: (!manner.silent()).then_some(true),
        ..AndroidNotification::default()
    };
    let android = AndroidConfig {
        priority: Some(if manner.urgent() { AndroidMessagePriority::High } else { AndroidMessagePriority::Normal }),
        ttl: Some(format!("{}s", Place::TimeToLive.mark())),
        // A device keeps four of them and drops the rest as it likes: not for what is urgent.
        collapse_key: (!matches!(manner.tier, Tier::P0 | Tier::P1)).then(chain),
        // A phone that restarted in the night is still locked.
        direct_boot_ok: Some(true),
        notification: Some(notification),
        ..AndroidConfig::default()
    };
    let message = Message {
        data: Some(HashMap::from([(DATA_KEY.to_owned(), Value::String(json(&page.for_apps(words))))])),
        notification: Some(Notification {
            title: Some(words.title.clone()),
            body: Some(words.body.clone()),
            ..Notification::default()
        }),
        android: Some(android),
        token: Some(Place::Token.mark().to_owned()),
        ..Message::default()
    };
    json(&Send { message: &message })
}

/// The channel of what makes no sound.
const INFORMATION: &str = "information";

/// The notification channel that an app makes for it; the app's user may change how each one sounds.
const fn channel(manner: Manner) -> &'static str {
    if manner.all_clear {
        return "all_clear";
    }
    if manner.quiet {
        return INFORMATION;
    }
    match manner.tier {
        Tier::P0 => "life_safety",
        Tier::P1 => "severe",
        Tier::P2 => "warnings",
        Tier::P3 => INFORMATION,
    }
}

/// What stands for the channel's importance before Android 8.
const fn importance(manner: Manner) -> NotificationPriority {
    if manner.all_clear || manner.quiet {
        return NotificationPriority::PriorityLow;
    }
    match manner.tier {
        Tier::P0 => NotificationPriority::PriorityMax,
        Tier::P1 => NotificationPriority::PriorityHigh,
        Tier::P2 => NotificationPriority::PriorityDefault,
        Tier::P3 => NotificationPriority::PriorityMin,
    }
}
