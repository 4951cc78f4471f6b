//! One alert with everything the console needs to know of it.

use super::view;
use crate::audience::Snapshot;
use crate::cap::code::{MsgType, Status};
use crate::cap::finding::Finding;
use crate::cap::time::DateTime;
use crate::geo::shape::Shape;
use crate::model::account::Account;
use crate::model::broadcast::{AlertState, Broadcast, State};
use crate::model::credential::Credential;
use crate::model::id::AlertId;
use crate::model::operator::Operator;
use crate::model::outcome::Ledger;
use crate::model::receipt::RECEIPT_KEY_BYTES;
use crate::pipeline::areas::unknown_shown;
use crate::pipeline::chain::Before;
use crate::pipeline::grounds::Grounds;
use crate::pipeline::target::{count, target};
use crate::pipeline::words::{Words, words};
use crate::push::letter::{Letter, LetterContext};
use crate::push::receipt::Receipts;
use crate::store;
use crate::store::alert::StoredAlert;
use crate::web::citizen::view::language_name;
use crate::web::error::WebError;
use crate::web::state::AppState;
use serde::Deserialize;
use std::sync::Arc;

/// An alert, its broadcast and what they say.
pub struct Subject {
    pub stored: StoredAlert,
    pub broadcast: Broadcast,
    pub words: Words,
    pub chain_key: String,
    pub ledger: Ledger,
    pub account: Account,
    /// People inside and near: now, or when it was planned.
    pub inside: u64,
    pub near: u64,
    pub received: DateTime,
    pub expires: DateTime,
    pub key: Option<Credential>,
    pub owner: Option<Operator>,
    /// Whether the citizens' page shows it.
    pub is_public: bool,
    /// What its geocodes stand for, now.
    pub audience: Arc<Snapshot>,
}

/// What a device shows of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// BCP 47 tag of the text.
    pub language: String,
    /// What the language calls itself.
    pub language_name: String,
    pub title: String,
    pub body: String,
    /// The same where “discreet” is switched on.
    pub discreet_title: String,
    pub discreet_body: String,
}

impl Subject {
    /// # Errors
    /// [`WebError::NotFound`] for an unknown id, or the database failed.
    pub async fn load(state: &AppState, id: String) -> Result<Self, WebError> {
        let id = AlertId(id);
        let db = &state.db;
        let stored = store::alert::get(db, &id).await.map_err(WebError::internal)?.ok_or(WebError::NotFound)?;
        let broadcast = store::broadcast::by_alert(db, &id).await.map_err(WebError::internal)?;
        let broadcast = broadcast.ok_or(WebError::NotFound)?;
        let words = words(db, &broadcast).await.map_err(WebError::internal)?;
        let chain = store::chain::get(db, &broadcast.chain).await.map_err(WebError::internal)?;
        let account = store::account::account(db, &broadcast.id, state.clock.now()).await;
        let account = account.map_err(WebError::internal)?;
        let (inside, near) = reach(state, &broadcast, &words).await?;
        let key = match &stored.credential {
            Some(key) => store::credential::get(db, key).await.map_err(WebError::internal)?,
            None => None,
        };
        let owner = match &broadcast.author {
            Some(author) => store::operator::get(db, author).await.map_err(WebError::internal)?,
            None => None,
        };
        let public = store::alert::get_public(db, &id, state.clock.now()).await.map_err(WebError::internal)?;
        let is_public = public.is_some();
        let chain_key = chain.map(|chain| chain.key).unwrap_or_default();
        let on_senders_clock = |instant| DateTime::new(instant, words.alert.key.sent.offset());
        let (received, expires) = (on_senders_clock(broadcast.received), on_senders_clock(broadcast.expires));
        Ok(Self {
            received,
            expires,
            stored,
            broadcast,
            words,
            chain_key,
            ledger: account.ledger,
            account,
            inside,
            near,
            key,
            owner,
            is_public,
            audience: state.audience.snapshot(),
        })
    }

    pub fn id(&self) -> &str {
        self.stored.id.as_str()
    }

    pub fn cancels(&self) -> bool {
        self.words.alert.msg_type == MsgType::Cancel
    }

    pub fn is_drill(&self) -> bool {
        matches!(self.words.alert.status, Status::Exercise | Status::Test)
    }

    /// The whole area, of all messages.
    pub fn shape(&self) -> Option<Shape> {
        self.audience.gazetteer().ground_of_alert(&self.words.speaking).shape
    }

    /// The codes of its areas that nobody here knows, as of now.
    pub fn unknown_codes(&self) -> Vec<String> {
        unknown_shown(&Grounds::of(&self.words.speaking, self.audience.clone()))
    }

    /// What was found in the document; `None` when that cannot be read any more.
    pub fn findings(&self) -> Option<Vec<Finding>> {
        #[derive(Deserialize)]
        struct Answer {
            findings: Vec<Finding>,
        }
        serde_json::from_str::<Answer>(&self.stored.answer).ok().map(|answer| answer.findings)
    }

    /// The notifications that leave, one for each message and language: from the very code that writes them.
    pub fn notifications(&self, state: &AppState) -> Vec<Notification> {
        let mut notifications = Vec::new();
        // Nobody gets these: their receipts are nobody's.
        let receipts = Receipts::new(&[0; RECEIPT_KEY_BYTES]);
        for message in &self.words.messages {
            for index in &message.variants {
                let info = &self.words.speaking.infos[*index];
                let letter = |discreet| {
                    let context = LetterContext {
                        alert_id: &self.stored.id,
                        receipts: &receipts,
                        chain_key: &self.chain_key,
                        info,
                        status: self.words.alert.status,
                        msg_type: self.words.alert.msg_type,
                        says: self.words.says(message),
                        tier: message.tier,
                        quiet: false,
                        state: if self.cancels() { AlertState::Cancelled } else { AlertState::Active },
                        planned: self.broadcast.planned.unwrap_or(self.broadcast.received),
                        expires: message.expires,
                        discreet,
                        public_url: &state.public_url,
                    };
                    shown(&Letter::new(&context, false))
                };
                let ((title, body), (discreet_title, discreet_body)) = (letter(false), letter(true));
                notifications.push(Notification {
                    language: info.language.clone(),
                    language_name: language_name(&info.language),
                    title,
                    body,
                    discreet_title,
                    discreet_body,
                });
            }
        }
        notifications
    }

    pub fn may_stop(&self) -> bool {
        matches!(self.broadcast.state, State::Approved | State::Sending)
    }

    pub fn is_held(&self) -> bool {
        self.broadcast.state == State::Held
    }

    pub fn is_owned_by(&self, operator: &Operator) -> bool {
        self.broadcast.author.as_ref() == Some(&operator.id)
    }

    /// Outcomes that are final.
    pub fn settled(&self) -> u64 {
        view::settled(&self.ledger)
    }
}

/// Title and body, read from the payload itself.
fn shown(letter: &Letter) -> (String, String) {
    #[derive(Deserialize)]
    struct Payload {
        notification: Shown,
    }
    #[derive(Deserialize)]
    struct Shown {
        title: String,
        #[serde(default)]
        body: String,
    }
    match serde_json::from_str::<Payload>(&letter.plaintext(0)) {
        Ok(Payload { notification }) => (notification.title, notification.body),
        Err(error) => {
            tracing::error!(%error, "a letter of ours cannot be read: {error}");
            (String::new(), String::new())
        }
    }
}

/// People inside and near: as planned, or, before that, as it would be now.
async fn reach(state: &AppState, broadcast: &Broadcast, words: &Words) -> Result<(u64, u64), WebError> {
    if broadcast.planned.is_some() {
        return Ok((broadcast.inside, broadcast.near));
    }
    let told = store::batch::reached(&state.db, &broadcast.chain).await.map_err(WebError::internal)?;
    let before = Before { told, ..Before::default() };
    let grounds = Grounds::of(&words.alert, state.audience.snapshot());
    Ok(count(&target(&grounds, &words.alert, &words.messages, &before, state.clock.now())))
}
