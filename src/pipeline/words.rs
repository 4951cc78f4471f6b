//! Which alert speaks in a broadcast, and its messages: a Cancel without info borrows the words of what it cancels.

use super::admit::is_drill;
use crate::cap::alert::{Alert, Info};
use crate::cap::code::MsgType;
use crate::cap::time::DateTime;
use crate::cap::{self, Limits, Options};
use crate::i18n::{self, Language};
use crate::model::broadcast::Broadcast;
use crate::model::message::{Message, messages};
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
    let speaking = if alert.infos.is_empty() { cancelled(db, &stored, &alert).await? } else { alert.clone() };
    let mut messages = messages(&speaking);
    messages.truncate(1);
    for message in &mut messages {
        message.tier = broadcast.tier;
        message.expires = broadcast.expires;
    }
    Ok(Words { alert, speaking, voice: stored.voice, messages })
}

/// The newest stored alert that a Cancel refers to, else the newest of its chain, without what it told people to do: that
/// is over. Where neither has words, our own: who was told of something is told of its end.
async fn cancelled(db: &Db, stored: &StoredAlert, cancel: &Alert) -> Result<Alert, WordsError> {
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
    let mut borrowed = newest.unwrap_or_else(|| Alert { infos: stock(), ..cancel.clone() });
    for info in &mut borrowed.infos {
        info.instruction = None;
        info.description = None;
        info.response_types.clear();
    }
    Ok(borrowed)
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
