//! What is the same for every recipient of a message is made once.

use super::super::receipts::receipts_of;
use super::super::words::{Words, WordsError, words};
use crate::cap::code::MsgType;
use crate::model::batch::Batch;
use crate::model::broadcast::{AlertState, Broadcast};
use crate::model::id::{AlertId, BroadcastId};
use crate::model::message::{self, Message};
use crate::model::subscriber::Recipient;
use crate::model::tier::Tier;
use crate::push;
use crate::push::letter::{Letter, LetterContext};
use crate::push::receipt::Receipts;
use crate::store::vault::Vault;
use crate::store::{self, Db};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use url::Url;

/// Messages whose letters are kept at once. When more are needed the lot is made anew.
const MESSAGES_MAX: usize = 64;

/// The letters of one message, at one tier, loud or quiet: one for each language, plain and discreet.
pub struct MessageLetters {
    words: Words,
    message: Message,
    by_variant: HashMap<(usize, bool), Letter>,
    received: Timestamp,
}

impl MessageLetters {
    /// The letter in the language that a recipient reads best; where that text has expired, one that has not.
    pub fn of(&self, recipient: &Recipient, now: Timestamp) -> &Letter {
        let best = self.message.variant_index(&self.words.speaking, &recipient.languages);
        let letter = |variant: usize| &self.by_variant[&(variant, recipient.discreet)];
        let valid = |variant: &usize| letter(*variant).ttl_s(now).is_some();
        let others = self.message.variants.iter().copied();
        letter(std::iter::once(best).chain(others).find(valid).unwrap_or(best))
    }

    /// When the alert was received.
    pub fn received(&self) -> Timestamp {
        self.received
    }

    /// Whether the texts of all languages have expired.
    pub fn expired(&self, now: Timestamp) -> bool {
        self.by_variant.values().all(|letter| letter.ttl_s(now).is_none())
    }
}

/// What batches with the same letters have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    broadcast: BroadcastId,
    message: u32,
    about: Option<AlertId>,
    tier: Tier,
    quiet: bool,
}

impl Key {
    fn of(batch: &Batch) -> Self {
        let (broadcast, about) = (batch.broadcast.clone(), batch.about.clone());
        Self { broadcast, message: batch.message, about, tier: batch.tier, quiet: batch.quiet }
    }
}

/// The letters of the broadcasts under way.
pub struct Letters {
    db: Db,
    vault: Arc<Vault>,
    sender: Arc<push::Sender>,
    public_url: Url,
    known: Mutex<HashMap<Key, Arc<MessageLetters>>>,
}

impl Letters {
    pub fn new(db: Db, vault: Arc<Vault>, sender: Arc<push::Sender>, public_url: Url) -> Self {
        Self { db, vault, sender, public_url, known: Mutex::new(HashMap::new()) }
    }

    /// The letters of a batch's message.
    ///
    /// # Errors
    /// When the alert cannot be read from the database.
    pub async fn of(&self, batch: &Batch) -> Result<Arc<MessageLetters>, WordsError> {
        let key = Key::of(batch);
        if let Some(letters) = self.known().get(&key) {
            return Ok(letters.clone());
        }
        let missing = || WordsError::Missing(batch.broadcast.to_string());
        let broadcast = store::broadcast::get(&self.db, &batch.broadcast).await?.ok_or_else(missing)?;
        let chain = store::chain::get(&self.db, &batch.chain).await?.ok_or_else(missing)?;
        let mut words = words(&self.db, &broadcast).await?;
        if let Some(earlier) = &batch.about {
            words = words.about(&self.db, earlier).await?;
        }
        let message =
            words.messages.iter().find(|message| message.number == batch.message).ok_or_else(missing)?.clone();
        let receipts = receipts_of(&self.db, &self.vault, &broadcast.id).await?;
        let letters = Arc::new(self.render(&key, &broadcast, &chain.key, &receipts, words, message));
        let mut known = self.known();
        if known.len() >= MESSAGES_MAX {
            known.clear();
        }
        known.insert(key, letters.clone());
        Ok(letters)
    }

    fn render(
        &self,
        key: &Key,
        broadcast: &Broadcast,
        chain_key: &str,
        receipts: &Receipts,
        words: Words,
        message: Message,
    ) -> MessageLetters {
        let state = match words.alert.msg_type {
            MsgType::Cancel => AlertState::Cancelled,
            MsgType::Alert | MsgType::Update | MsgType::Ack | MsgType::Error => AlertState::Active,
        };
        let kinds = message.variants.iter().flat_map(|variant| [(*variant, false), (*variant, true)]);
        let letter = |(variant, discreet): (usize, bool)| {
            let context = LetterContext {
                alert_id: &broadcast.alert,
                receipts,
                chain_key,
                info: &words.speaking.infos[variant],
                status: words.alert.status,
                msg_type: words.alert.msg_type,
                says: words.says(&message),
                tier: key.tier,
                quiet: key.quiet,
                state,
                planned: broadcast.planned.unwrap_or(broadcast.received),
                // What ends something lives as long as the broadcast; other texts as long as they say themselves.
                expires: match words.alert.msg_type {
                    MsgType::Cancel => message.expires,
                    MsgType::Update if message.over => message.expires,
                    MsgType::Alert | MsgType::Update | MsgType::Ack | MsgType::Error => {
                        message::expires(&words.speaking, &words.speaking.infos[variant])
                    }
                },
                discreet,
                public_url: &self.public_url,
            };
            ((variant, discreet), self.sender.letter(&context))
        };
        let by_variant = kinds.map(letter).collect();
        MessageLetters { words, message, by_variant, received: broadcast.received }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<MessageLetters>>> {
        self.known.lock().expect("nothing panics while it holds the letters")
    }
}
