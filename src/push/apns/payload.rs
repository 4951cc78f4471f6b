//! What APNs carries (Apple, "Generating a remote notification").

use crate::model::tier::Tier;
use crate::push::letter::{Manner, Ours, Page, json};
use crate::push::text::Words;
use a2::request::payload::APS;
use a2::{DefaultNotificationBuilder, NotificationBuilder};
use serde::Serialize;

/// Largest payload that Apple takes, bytes.
pub const PAYLOAD_BYTES_MAX: usize = 4_096;
/// The system's own sound.
const SOUND: &str = "default";
/// How loud a critical alert is: as loud as it goes.
const CRITICAL_VOLUME: f64 = 1.0;

#[derive(Serialize)]
struct Payload<'a> {
    aps: Aps<'a>,
    beffroi: Ours<'a>,
}

/// `a2` knows the keys of its day; these came later.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Aps<'a> {
    #[serde(flatten)]
    known: APS<'a>,
    /// Groups the messages of a chain.
    thread_id: &'a str,
    interruption_level: &'static str,
    relevance_score: f64,
}

/// The payload, with the place of the receipt.
pub(in crate::push) fn payload(page: &Page<'_>, words: &Words, critical: bool) -> String {
    let manner = page.manner;
    // Mutable: an app's extension may run before it is shown, and so tell that it was.
    let mut alert =
        DefaultNotificationBuilder::new().set_title(&words.title).set_body(&words.body).set_mutable_content();
    if !manner.silent() {
        alert = alert.set_sound(SOUND);
    }
    if level(manner, critical) == CRITICAL {
        alert = alert.set_critical(true, Some(CRITICAL_VOLUME));
    }
    let aps = Aps {
        known: alert.build("", a2::NotificationOptions::default()).aps,
        thread_id: page.context.chain_key,
        interruption_level: level(manner, critical),
        relevance_score: relevance(manner.tier),
    };
    json(&Payload { aps, beffroi: page.for_apps(words) })
}

const CRITICAL: &str = "critical";

/// How far it may break in: through silence and focus where Apple has granted that, through focus, or not at all.
fn level(manner: Manner, critical: bool) -> &'static str {
    if manner.all_clear || (manner.quiet && manner.tier != Tier::P3) {
        // It lights the screen and makes no sound.
        return "active";
    }
    match manner.tier {
        Tier::P0 if critical => CRITICAL,
        Tier::P0 | Tier::P1 => "time-sensitive",
        Tier::P2 => "active",
        Tier::P3 => "passive",
    }
}

/// Which notification of several is shown first, 0 to 1.
const fn relevance(tier: Tier) -> f64 {
    match tier {
        Tier::P0 => 1.0,
        Tier::P1 => 0.8,
        Tier::P2 => 0.5,
        Tier::P3 => 0.1,
    }
}
