//! Which alert speaks in a broadcast, and its messages: a Cancel without info borrows the words of what it cancels.

use super::admit::is_drill;
use crate::cap::alert::{Alert, Info};
use crate::cap::code::MsgType;
use crate::cap::time::DateTime;
use crate::cap::{self, Limits, Options};
use crate::i18n::{self, Language};
use crate::model::again::Says;
use crate::model::broadcast::Broadcast;
use crate::model::id::AlertId;
use crate::model::message::{Message, messages};
use crate::model::tier::Tier;
use crate::store::alert::{StoredAlert, Voice};
use crate::store::{self, Db, StoreError};
use jiff::{SignedDuration, Timestamp};

/// A Cancel stays valid at least this long, even when what it cancels had almost ended.
const CANCEL_VALIDITY_MIN: SignedDuration = SignedDuration::from_hours(1);

/// What a broadcast says.
#[derive(Debug, Clone)]
pub struct Words {
    /// The alert that was posted; its `msg_type` is what it does here.
    pub alert: Alert,
    /// Whose word it is.
    pub voice: Voice,
    /// The alert whose infos are shown: itself, or what it cancels.
    pub speaking: Alert,
    /// Of `speaking`; for a Cancel with the tier and the expiry of the broadcast.
    pub messages: Vec<Message>,
}

impl Words {
    /// What a message says of what was said before.
    pub fn says(&self, message: &Message) -> Says {
        // What a Cancel borrows says nothing about it.
        let own = message.variants.iter().filter(|_| !self.alert.infos.is_empty());
        Says::of(self.alert.msg_type, own.map(|index| &self.speaking.infos[*index]))
    }

    /// The same, taking back a message of an earlier alert in that one's words.
    ///
    /// # Errors
    /// When that alert cannot be read.
    pub async fn about(self, db: &Db, earlier: &AlertId) -> Result<Self, WordsError> {
        let stored = store::alert::get(db, earlier).await?;
        let earlier = read(&stored.ok_or_else(|| WordsError::Missing(earlier.to_string()))?)?;
        let (tier, expires) = self.messages.first().map_or((Tier::P3, Timestamp::MIN), |one| (one.tier, one.expires));
        let messages = messages(&earlier).into_iter().map(|message| Message { tier, expires, ..message }).collect();
        let speaking = borrowed(earlier, &self.alert);
        Ok(Self { messages, speaking, ..self })
    }
}

/// Why a broadcast has no words.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    #[error("alert {0} is not stored")]
    Missing(String),
    #[error("alert {0} was readable when it came and is not now")]
    Unreadable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads again what was stored; `msg_type` is what the alert does here.
///
/// # Errors
/// When the bytes cannot be read now, which only a change of the reader can bring about.
pub fn read(stored: &StoredAlert) -> Result<Alert, WordsError> {
    let limits = Limits { bytes_max: usize::MAX, ..Limits::default() };
    let options = Options { axes: stored.axes, ..Options::from(limits) };
    let alert = cap::read(&stored.original, &options).alert;
    let alert = alert.ok_or_else(|| WordsError::Unreadable(stored.id.to_string()))?;
    Ok(Alert { msg_type: stored.msg_type, ..alert })
}

/// The words of a broadcast.
///
/// # Errors
/// See [`WordsError`].
pub async fn words(db: &Db, broadcast: &Broadcast) -> Result<Words, WordsError> {
    let missing = || WordsError::Missing(broadcast.alert.to_string());
    let stored = store::alert::get(db, &broadcast.alert).await?.ok_or_else(missing)?;
    let alert = read(&stored)?;
    if alert.msg_type != MsgType::Cancel {
        let mut messages = messages(&alert);
        for message in messages.iter_mut().filter(|message| ends(message, alert.msg_type)) {
            message.expires = message.expires.max(broadcast.expires);
        }
        return Ok(Words { speaking: alert.clone(), alert, voice: stored.voice, messages });
    }
    let earlier = match cancelled(db, &stored, &alert).await {
        // What it cancels must not keep it from being heard.
        Err(error @ WordsError::Unreadable(_)) => {
            tracing::error!(%error, "what is cancelled has no words any more");
            None
        }
        earlier => earlier?,
    };
    let (speaking, mut messages) = if alert.infos.is_empty() {
        let speaking = earlier.unwrap_or_else(|| Alert { infos: stock(), ..alert.clone() });
        // Whom it reaches hears of the message they were told: see `Words::about`.
        let first = messages(&speaking).into_iter().take(1).collect();
        (borrowed(speaking, &alert), first)
    } else {
        (without_what_was_said(alert.clone(), earlier.as_ref()), messages(&alert))
    };
    for message in &mut messages {
        message.tier = broadcast.tier;
        message.expires = broadcast.expires;
    }
    Ok(Words { alert, speaking, voice: stored.voice, messages })
}

/// The newest stored alert that a Cancel refers to, else the newest of its chain, if either has words.
async fn cancelled(db: &Db, stored: &StoredAlert, cancel: &Alert) -> Result<Option<Alert>, WordsError> {
    let mut newest: Option<Alert> = None;
    for earlier in &cancel.references {
        let sent = earlier.sent.map(DateTime::instant);
        let (sender, identifier) = (&earlier.sender, &earlier.identifier);
        if let Some(named) = store::alert::by_reference_now(db, sender, identifier, sent, Some(&stored.id)).await? {
            let alert = read(&named)?;
            let newer = newest.as_ref().is_none_or(|known| known.key.sent.instant() < alert.key.sent.instant());
            if newer && !alert.infos.is_empty() && is_drill(alert.status) == is_drill(cancel.status) {
                newest = Some(alert);
            }
        }
    }
    if newest.is_none() {
        for rang in store::alert::rang_in_chain(db, &stored.chain).await? {
            newest = Some(read(&rang)?).filter(|alert| !alert.infos.is_empty());
            if newest.is_some() {
                break;
            }
        }
    }
    Ok(newest)
}

/// What a Cancel without words of its own says: what was said, without what it told people to do and why, which no longer
/// counts; and what its sender notes about the Cancel (CAP 1.2 §3.2.1 `note`).
fn borrowed(mut earlier: Alert, cancel: &Alert) -> Alert {
    for info in &mut earlier.infos {
        info.instruction = None;
        info.description.clone_from(&cancel.note);
        info.response_types.clear();
    }
    earlier
}

/// What a Cancel says itself. Some repeat the warning word for word: that one is to take shelter must not stand under the
/// word *cancelled*.
fn without_what_was_said(mut cancel: Alert, earlier: Option<&Alert>) -> Alert {
    let said: Vec<&Info> = earlier.into_iter().flat_map(|earlier| &earlier.infos).collect();
    for info in
        cancel.infos.iter_mut().filter(|info| Says::of(MsgType::Cancel, std::iter::once(&**info)) == Says::Withdrawn)
    {
        info.instruction =
            info.instruction.take().filter(|text| said.iter().all(|info| info.instruction.as_ref() != Some(text)));
        info.description =
            info.description.take().filter(|text| said.iter().all(|info| info.description.as_ref() != Some(text)));
        info.response_types.clear();
        if info.description.as_ref().is_none_or(|text| text.trim().is_empty()) {
            info.description.clone_from(&cancel.note);
        }
    }
    cancel
}

/// What is said of something that nobody has words for any more, in every language we speak.
fn stock() -> Vec<Info> {
    let say = |language: &Language| {
        let event = i18n::text(*language, "push-earlier-warning", &[]);
        Info::saying(language.tag(), &event)
    };
    Language::ALL.iter().map(say).collect()
}

/// Whether a message tells those told before that something is over.
fn ends(message: &Message, msg_type: MsgType) -> bool {
    msg_type == MsgType::Update && message.over
}

/// Messages as long as they are sent from now on: an end lasts as long as a Cancel would. Some services let an all-clear
/// expire in the moment it is sent.
pub fn lasting(mut messages: Vec<Message>, msg_type: MsgType, now: Timestamp) -> Vec<Message> {
    for message in messages.iter_mut().filter(|message| ends(message, msg_type)) {
        message.expires = cancel_expires(Some(message.expires), now);
    }
    messages
}

/// Until when a Cancel is sent: as long as the original would have been, and at least [`CANCEL_VALIDITY_MIN`].
pub fn cancel_expires(original: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let least = now.saturating_add(CANCEL_VALIDITY_MIN).unwrap_or(Timestamp::MAX);
    original.map_or(least, |original| original.max(least))
}
