//! An alert as citizens see it. Its text is a stranger's: it stays text, in its own language and direction, and a link
//! in it is only ever https and labelled as leading away.

use crate::cap::alert::{Alert, Info};
use crate::cap::code::{Certainty, MsgType, ResponseType, Severity, Status, Urgency};
use crate::cap::time::DateTime;
use crate::i18n::Language;
use crate::model::broadcast::AlertState;
use crate::model::family::Family;
use crate::model::message::{self, Message};
use jiff::tz::Offset;
use url::Url;

/// Lines at least this long are taken to be broken by a sender's editor, not by meaning, characters.
const WRAPPED_LINE_CHARS_MIN: usize = 50;
/// Places named in a list of alerts; the alert's own page names all.
const CARD_AREAS_MAX: usize = 3;
/// Places named before the reader asks for more.
const SECTION_AREAS_MAX: usize = 8;

/// One alert in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub id: String,
    pub severity: Severity,
    pub status: Status,
    pub state: AlertState,
    /// Whether it only says that something is over.
    pub cancels: bool,
    /// BCP 47 tag of the alert's own text.
    pub language: String,
    pub headline: String,
    pub event: String,
    /// Descriptions of its areas, each once.
    pub areas: Vec<String>,
    pub until: Option<DateTime>,
}

/// One message of an alert: same facts, one or several languages.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub info: Text,
    pub severity: Severity,
    pub urgency: Urgency,
    pub certainty: Certainty,
    /// The same in the alert's other languages.
    pub others: Vec<Text>,
    pub areas: Vec<String>,
    pub onset: Option<DateTime>,
    pub until: Option<DateTime>,
}

/// What an info says, in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub language: String,
    /// What the language calls itself.
    pub language_name: String,
    pub headline: String,
    pub event: String,
    pub instruction: Vec<String>,
    pub responses: Vec<ResponseType>,
    pub description: Vec<String>,
    pub audience: Option<String>,
    pub sender: Option<String>,
    pub contact: Option<String>,
    pub link: Option<Link>,
}

/// A link that leads away from here.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub href: String,
    pub host: String,
}

impl Card {
    /// The first places, and how many more there are.
    pub fn area_line(&self) -> String {
        area_line(&self.areas)
    }
}

fn area_line(areas: &[String]) -> String {
    let shown = areas.iter().take(CARD_AREAS_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match areas.len().saturating_sub(CARD_AREAS_MAX) {
        0 => shown,
        more => format!("{shown} (+{more})"),
    }
}

impl Section {
    /// The first places, and how many more there are.
    pub fn area_line(&self) -> String {
        area_line(&self.areas)
    }

    pub fn areas_shown(&self) -> &[String] {
        &self.areas[..self.areas.len().min(SECTION_AREAS_MAX)]
    }

    pub fn areas_more(&self) -> &[String] {
        &self.areas[self.areas.len().min(SECTION_AREAS_MAX)..]
    }

    pub fn areas_more_count(&self) -> u64 {
        self.areas_more().len() as u64
    }
}

macro_rules! keys {
    ($($name:ident($type:ty) = $prefix:literal),+ $(,)?) => {$(
        /// The name of the Fluent message for a value.
        pub fn $name(value: &$type) -> String {
            format!(concat!($prefix, "-{}"), value.as_str())
        }
    )+};
}

keys! {
    severity_key(Severity) = "severity",
    urgency_key(Urgency) = "urgency",
    certainty_key(Certainty) = "certainty",
    status_key(Status) = "status",
    state_key(AlertState) = "state",
    msg_type_key(MsgType) = "msg-type",
    response_key(ResponseType) = "response",
    family_key(Family) = "family",
}

/// An alert in a list; `None` when it says nothing (no info).
pub fn card(id: &str, alert: &Alert, state: AlertState, language: Language) -> Option<Card> {
    let messages = message::messages(alert);
    let first = messages.first()?;
    let info = first.variant(alert, &[language.tag().to_owned()]);
    let languages = [language.tag().to_owned()];
    let mut areas = Vec::new();
    for message in &messages {
        // The variant that is shown names the places in the language that is shown.
        areas.extend(area_names(message.variant(alert, &languages)));
    }
    areas.sort();
    areas.dedup();
    Some(Card {
        id: id.to_owned(),
        severity: first.severity,
        status: alert.status,
        state,
        cancels: alert.msg_type == MsgType::Cancel,
        language: info.language.clone(),
        headline: headline(info),
        event: info.event.clone(),
        areas,
        until: messages.iter().flat_map(|message| until(alert, message)).max_by_key(|time| time.instant()),
    })
}

/// The messages of an alert, most urgent first.
pub fn sections(alert: &Alert, language: Language) -> Vec<Section> {
    let messages = message::messages(alert);
    messages.iter().map(|message| section(alert, message, language)).collect()
}

fn section(alert: &Alert, message: &Message, language: Language) -> Section {
    let shown = message.variant(alert, &[language.tag().to_owned()]);
    let others = message.variants.iter().map(|index| &alert.infos[*index]).filter(|info| !std::ptr::eq(*info, shown));
    Section {
        info: text(shown),
        severity: message.severity,
        urgency: shown.urgency,
        certainty: shown.certainty,
        others: others.map(text).collect(),
        areas: area_names(shown),
        onset: shown.onset.or(shown.effective),
        until: until(alert, message),
    }
}

fn until(alert: &Alert, message: &Message) -> Option<DateTime> {
    let times = message.variants.iter().map(|index| &alert.infos[*index]);
    times.filter_map(|info| info.expires).max_by_key(|time| time.instant()).or_else(|| {
        let sent = alert.key.sent;
        Some(DateTime::new(message.expires, sent.offset()))
    })
}

fn text(info: &Info) -> Text {
    Text {
        language: info.language.clone(),
        language_name: language_name(&info.language),
        headline: headline(info),
        event: info.event.clone(),
        instruction: info.instruction.as_deref().map(paragraphs).unwrap_or_default(),
        responses: info.response_types.iter().copied().filter(|kind| *kind != ResponseType::None).collect(),
        description: info.description.as_deref().map(paragraphs).unwrap_or_default(),
        audience: info.audience.clone(),
        sender: info.sender_name.clone(),
        contact: info.contact.clone(),
        link: info.web.as_deref().and_then(link),
    }
}

fn headline(info: &Info) -> String {
    info.headline.clone().filter(|text| !text.trim().is_empty()).unwrap_or_else(|| info.event.clone())
}

fn area_names(info: &Info) -> Vec<String> {
    let mut names = Vec::new();
    for area in &info.areas {
        let name = area.area_desc.trim();
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// An address to leave by: https with a host, nothing else, so neither scripts nor files nor passwords in addresses.
pub fn link(text: &str) -> Option<Link> {
    let url = Url::parse(text.trim()).ok()?;
    let host = url.host_str()?.to_owned();
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    plain.then(|| Link { href: url.into(), host })
}

/// An instant with no sender's clock to tell it on: UTC.
pub const fn utc(instant: jiff::Timestamp) -> DateTime {
    DateTime::new(instant, Offset::UTC)
}

/// Text in paragraphs. Blank lines part them; a line that an editor broke at its margin is joined to the next, so that
/// old wire texts can be read on a phone. Bullets and short lines keep their breaks.
pub fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current = String::new();
    let mut last_chars = 0;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            if !current.is_empty() {
                paragraphs.push(std::mem::take(&mut current));
            }
            continue;
        }
        if !current.is_empty() {
            current.push(if begins_a_point(line) || last_chars < WRAPPED_LINE_CHARS_MIN { '\n' } else { ' ' });
        }
        current.push_str(line);
        last_chars = line.chars().count();
    }
    if !current.is_empty() {
        paragraphs.push(current);
    }
    paragraphs
}

fn begins_a_point(line: &str) -> bool {
    line.starts_with(['*', '-', '–', '—', '•', '·', '►', '→'])
        || line.split_once(['.', ')']).is_some_and(|(number, _)| {
            !number.is_empty() && number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// What a language calls itself, for the languages that alerts most often come in; the tag for others.
pub fn language_name(tag: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("ar", "العربية"),
        ("bg", "Български"),
        ("bn", "বাংলা"),
        ("br", "Brezhoneg"),
        ("ca", "Català"),
        ("cs", "Čeština"),
        ("cy", "Cymraeg"),
        ("da", "Dansk"),
        ("de", "Deutsch"),
        ("el", "Ελληνικά"),
        ("en", "English"),
        ("es", "Español"),
        ("et", "Eesti"),
        ("eu", "Euskara"),
        ("fa", "فارسی"),
        ("fi", "Suomi"),
        ("fr", "Français"),
        ("ga", "Gaeilge"),
        ("he", "עברית"),
        ("hi", "हिन्दी"),
        ("hr", "Hrvatski"),
        ("hu", "Magyar"),
        ("id", "Bahasa Indonesia"),
        ("is", "Íslenska"),
        ("it", "Italiano"),
        ("ja", "日本語"),
        ("ko", "한국어"),
        ("lb", "Lëtzebuergesch"),
        ("lt", "Lietuvių"),
        ("lv", "Latviešu"),
        ("mk", "Македонски"),
        ("mt", "Malti"),
        ("nb", "Norsk bokmål"),
        ("nl", "Nederlands"),
        ("nn", "Norsk nynorsk"),
        ("no", "Norsk"),
        ("oc", "Occitan"),
        ("pl", "Polski"),
        ("pt", "Português"),
        ("ro", "Română"),
        ("ru", "Русский"),
        ("se", "Davvisámegiella"),
        ("sk", "Slovenčina"),
        ("sl", "Slovenščina"),
        ("sq", "Shqip"),
        ("sr", "Српски"),
        ("sv", "Svenska"),
        ("sw", "Kiswahili"),
        ("th", "ไทย"),
        ("tr", "Türkçe"),
        ("uk", "Українська"),
        ("ur", "اردو"),
        ("vi", "Tiếng Việt"),
        ("zh", "中文"),
    ];
    let primary = tag.split('-').next().unwrap_or(tag);
    NAMES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(primary))
        .map_or_else(|| tag.to_owned(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_leads_away() {
        assert_eq!(link("https://example.org/a?b=c").map(|link| link.host), Some("example.org".to_owned()));
        for bad in
            ["http://example.org", "javascript:alert(1)", "data:text/html,x", "https://u:p@example.org", "//x", ""]
        {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_broken_at_a_margin_are_joined_and_points_are_kept() {
        let text = "The National Weather Service in Norman has issued a warning for the\ncounty.\n\n* WHAT...Wind.\n\
                    * WHERE...Here and in all the places that lie around it, near\nand far.\nshort\nlines";
        assert_eq!(
            paragraphs(text),
            [
                "The National Weather Service in Norman has issued a warning for the county.",
                "* WHAT...Wind.\n* WHERE...Here and in all the places that lie around it, near and far.\nshort\nlines",
            ]
        );
    }
}
