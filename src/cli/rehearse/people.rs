//! Invented people, written into the database ahead of time.

use super::services::Services;
use super::stage::Progress;
use super::{Args, Channels, URGENT_PEOPLE_MAX, alert};
use crate::app;
use crate::cap::Axes;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::model::credential::{Credential, KeyAction};
use crate::model::id::{ApiKeyId, SubscriberId};
use crate::model::place::{Around, Cell, Place, Radius, Step};
use crate::model::subscriber::{ApnsChannel, Channel, ChannelKind, FcmChannel, Preferences, WebPushChannel};
use crate::store::subscriber::NewSubscriber;
use crate::store::{self, Db, Vault};
use crate::web::auth;
use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

/// People of one transaction.
const TOGETHER: u32 = 10_000;
/// Key pairs that they share: real ones are costly to make.
const KEY_PAIRS: u32 = 16;

/// What the sandbox made: the recipients of one channel.
struct Recipients {
    kind: ChannelKind,
    origin: String,
    prefix: String,
    topic: String,
    /// Web Push: public keys and secrets, taken in turn.
    keys: Vec<([u8; 65], [u8; 16])>,
}

/// Fills the database that the settings name, which must be empty; gives a key that may post.
pub async fn fill(config: &Config, services: &Services, args: &Args, progress: &Progress) -> anyhow::Result<String> {
    let db = app::open_store(config).await?;
    if store::subscriber::count(&db).await? > 0 || !store::credential::list(&db).await?.is_empty() {
        bail!("--database: it is in use; a rehearsal needs an empty one");
    }
    std::fs::create_dir_all(&config.data.dir)?;
    let vault = Vault::load_or_create(&config.data.dir.join("vault.key")).context("data.dir: vault.key")?;
    let kinds = match args.channel {
        Channels::Webpush => vec![ChannelKind::WebPush],
        Channels::Apns => vec![ChannelKind::Apns],
        Channels::Fcm => vec![ChannelKind::Fcm],
        Channels::Mixed => ChannelKind::ALL.to_vec(),
    };
    let channels = u32::try_from(kinds.len())?;
    let mut recipients = Vec::new();
    for (kind, turn) in kinds.into_iter().zip(0..) {
        // Those whose turn it is: number turn, turn + channels, and so on.
        let count = args.subscribers.saturating_sub(turn).div_ceil(channels);
        if count > 0 {
            recipients.push(Recipients::make(services, kind, count).await?);
        }
    }
    let now = Clock::system().real();
    let urgent_from = args.subscribers.saturating_sub(URGENT_PEOPLE_MAX);
    for from in (0..args.subscribers).step_by(TOGETHER as usize) {
        let to = args.subscribers.min(from + TOGETHER);
        let people: Vec<NewSubscriber> = (from..to)
            .map(|number| person(&recipients, number, number >= urgent_from, now))
            .collect::<Option<_>>()
            .context("no cell of the grid")?;
        let mut tx = db.begin().await?;
        store::subscriber::create_many(&mut tx, &vault, &people).await?;
        tx.commit().await?;
        progress.count("people", u64::from(to), u64::from(args.subscribers));
    }
    let key = key(&db, now).await?;
    db.close().await;
    Ok(key)
}

/// One of them: they take the channels in turn, and live all over the alert's area, but for those whom the urgent one is
/// for.
fn person(recipients: &[Recipients], number: u32, urgent: bool, now: Timestamp) -> Option<NewSubscriber> {
    let turn = number as usize % recipients.len();
    let channel = &recipients[turn];
    let (lat, lon) = if urgent { alert::URGENT_PLACE } else { alert::place(number) };
    let cell = Cell::containing(Step::Medium, lat, lon)?;
    let around = Around { cell, radius: Radius::from_km(0)?, altitude: None };
    Some(NewSubscriber {
        id: SubscriberId(clock::random_id()),
        secret_hash: clock::random_bytes(),
        channel: channel.of(number / u32::try_from(recipients.len()).ok()?),
        origin: channel.origin.clone(),
        preferences: Preferences {
            places: vec![Place::Around(around)],
            families: Default::default(),
            languages: vec!["en".to_owned()],
            quiet_hours: None,
            drills: false,
            discreet: false,
            consent: "rehearsal".to_owned(),
        },
        created: now,
    })
}

impl Recipients {
    async fn make(services: &Services, kind: ChannelKind, count: u32) -> anyhow::Result<Self> {
        let path = format!("/subscriptions?channel={}&count={count}&keys={KEY_PAIRS}&compact=true", kind.as_str());
        let made = services.ask(Method::POST, &path).await?;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let origin = match kind {
            ChannelKind::WebPush => text("origin"),
            ChannelKind::Apns | ChannelKind::Fcm => kind.as_str().to_owned(),
        };
        let keys = made["keys"].as_array().into_iter().flatten().map(keys).collect::<anyhow::Result<_>>()?;
        Ok(Self { kind, origin, prefix: text("prefix"), topic: text("topic"), keys })
    }

    fn of(&self, number: u32) -> Channel {
        let id = format!("{}{number:08x}", self.prefix);
        match self.kind {
            ChannelKind::WebPush => {
                let (p256dh, auth) = self.keys[number as usize % self.keys.len()];
                Channel::WebPush(WebPushChannel { endpoint: format!("{}/push/{id}", self.origin), p256dh, auth })
            }
            ChannelKind::Apns => Channel::Apns(ApnsChannel { token: id, topic: self.topic.clone() }),
            ChannelKind::Fcm => Channel::Fcm(FcmChannel { token: id }),
        }
    }
}

fn keys(pair: &Value) -> anyhow::Result<([u8; 65], [u8; 16])> {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(pair[name].as_str().unwrap_or_default());
    let (public, auth) = (bytes("p256dh")?.try_into(), bytes("auth")?.try_into());
    public.ok().zip(auth.ok()).context("the sandbox's keys have the wrong length")
}

/// A key whose alerts ring at once.
async fn key(db: &Db, now: Timestamp) -> anyhow::Result<String> {
    let key = auth::new_key(false);
    let credential = Credential {
        id: ApiKeyId(clock::random_id()),
        name: "rehearsal".to_owned(),
        senders: vec![alert::SENDER.to_owned()],
        action: KeyAction::Ring,
        test: false,
        axes: Axes::LatitudeFirst,
        owner: None,
        created: now,
        revoked: None,
    };
    let mut tx = db.begin().await?;
    store::credential::insert(&mut tx, &credential, &auth::hash(&key)).await?;
    tx.commit().await?;
    Ok(key)
}
