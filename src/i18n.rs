//! What is said to people, in their language: Fluent messages of `src/locales`, and dates as one reads them.
//!
//! Every message exists in every language; a test compares the keys. Text of alerts is never here: it comes from their
//! senders, in the languages they wrote.

use crate::cap::time::DateTime;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};
use std::borrow::Cow;
use std::collections::HashMap;

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./src/locales",
        fallback_language: "en",
        // No invisible isolation marks: they would count and show in notifications.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A number or text inside a message.
pub type Value<'a> = FluentValue<'a>;

/// A language Beffroi itself speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    En,
    Fr,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// What the language calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
        }
    }

    /// The language of a tag, whatever its region: `fr-CA` is French. `None` when we do not speak it.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Chosen in the address, else remembered in the cookie, else what the browser asks for (RFC 9110 §12.5.4), else
    /// English.
    pub fn negotiate(chosen: Option<&str>, remembered: Option<&str>, accept: Option<&str>) -> Self {
        chosen
            .and_then(Self::from_tag)
            .or_else(|| remembered.and_then(Self::from_tag))
            .or_else(|| accept.and_then(Self::from_accept))
            .unwrap_or_default()
    }

    fn from_accept(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else { continue };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=").map(str::to_owned))
                .map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
            if quality > 0.0 && best.is_none_or(|(other, _)| quality > other) {
                best = Some((quality, language));
            }
        }
        best.map(|(_, language)| language)
    }

    const fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::En => fluent_templates::langid!("en"),
            Self::Fr => fluent_templates::langid!("fr"),
        }
    }
}

/// A message in a language. A key that does not exist is our mistake: it is logged and shown as itself.
pub fn text(language: Language, key: &str, args: &[(&'static str, Value<'_>)]) -> String {
    let args: HashMap<Cow<'static, str>, Value<'_>> =
        args.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    LOCALES.try_lookup_complete(&language.identifier(), key, Some(&args)).unwrap_or_else(|| {
        tracing::error!(key, language = language.tag(), "there is no message {key}");
        key.to_owned()
    })
}

/// Whether a message exists in this very language.
pub fn exists(language: Language, key: &str) -> bool {
    LOCALES.lookup_no_default_fallback::<&str>(&language.identifier(), key, None).is_some()
}

/// A time as one reads it, on the sender's own clock: "Sunday 22 November 2026 at 14:30 (UTC+1)".
pub fn moment(language: Language, time: DateTime) -> String {
    let local = time.offset().to_datetime(time.instant());
    let weekday = text(language, &format!("weekday-{}", local.weekday().to_monday_one_offset()), &[]);
    let month = text(language, &format!("month-{}", local.month()), &[]);
    text(
        language,
        "moment",
        &[
            ("weekday", weekday.into()),
            ("day", local.day().to_string().into()),
            ("month", month.into()),
            ("year", local.year().to_string().into()),
            ("time", local.strftime("%H:%M").to_string().into()),
            ("zone", zone(time).into()),
        ],
    )
}

/// `UTC`, `UTC+1`, `UTC−3:30`.
fn zone(time: DateTime) -> String {
    let minutes = time.offset().seconds() / 60;
    let sign = if minutes < 0 { '−' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    #[test]
    fn a_choice_beats_the_cookie_which_beats_the_browser() {
        assert_eq!(Language::negotiate(Some("fr"), Some("en"), Some("en")), Language::Fr);
        assert_eq!(Language::negotiate(Some("xx"), Some("fr"), Some("en")), Language::Fr);
        assert_eq!(Language::negotiate(None, None, Some("de, fr-CA;q=0.8, en;q=0.5")), Language::Fr);
        assert_eq!(Language::negotiate(None, None, Some("fr;q=0, de")), Language::En);
        assert_eq!(Language::negotiate(None, None, None), Language::En);
    }

    #[test]
    fn times_are_told_on_the_senders_clock() {
        let instant = "2026-11-22T23:30:00Z".parse().expect("a timestamp");
        let time = DateTime::new(instant, Offset::from_seconds(3_600).expect("an offset"));
        assert_eq!(moment(Language::En, time), "Monday 23 November 2026 at 00:30 (UTC+1)");
        assert_eq!(moment(Language::Fr, time), "lundi 23 novembre 2026 à 00:30 (UTC+1)");
    }
}
