//! Tokens that push services know us by (APNs' provider token, FCM's access token): made or fetched before they are
//! needed, kept for all nodes, renewed long before they run out.
//!
//! One that is no longer fresh still goes out while another one is made, and they are looked at from the start on: no
//! push waits for a token.

use super::transport::TransportError;
use crate::clock::{self, Clock};
use crate::model::provider_token::ProviderToken;
use arc_swap::ArcSwapOption;
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long the tokens of both services hold, seconds.
pub const LIFE_S: i64 = 3_600;
/// Shares of its life after which a token is renewed: at random between them, so that nodes do not all do it at once
/// and the first one does it for all. Of an hour, 40 to 50 minutes.
const FRESH_SHARE_MIN: f64 = 2.0 / 3.0;
const FRESH_SHARE_MAX: f64 = 5.0 / 6.0;
/// A token is not used in the last of its life, seconds: clocks differ, and a request takes a while.
const MARGIN_S: i64 = 120;
/// How far ahead of ours the clock of the node that made a token may be, seconds.
const AHEAD_S_MAX: i64 = 60;
/// How long after a failure nobody tries again, seconds.
const FAILED_S: u64 = 5;

/// What went wrong where tokens are kept.
pub type ShelfError = Box<dyn std::error::Error + Send + Sync>;
/// An answer of the place where tokens are kept.
pub type Shelved<'a, T> = Pin<Box<dyn Future<Output = Result<T, ShelfError>> + Send + 'a>>;

/// Where all nodes keep their tokens, so that they use the same one.
pub trait TokenShelf: Send + Sync {
    /// The token of this name.
    fn read<'a>(&'a self, name: &'a str) -> Shelved<'a, Option<ProviderToken>>;

    /// Puts a token in place of the one that was minted at `old`, or where there was none, and gives the one that
    /// stands there then: another node may have been faster.
    fn replace<'a>(
        &'a self,
        name: &'a str,
        old: Option<Timestamp>,
        new: &'a ProviderToken,
    ) -> Shelved<'a, ProviderToken>;
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MintError {
    #[error("the token could not be signed")]
    Sign,
    #[error("the service that gives tokens is not reached")]
    Unreachable(#[from] TransportError),
    #[error("the service that gives tokens has trouble: {0}")]
    Unavailable(StatusCode),
    #[error("the service that gives tokens refuses us: {status} {reason}")]
    Refused { status: StatusCode, reason: String },
    #[error("the token does not fit in a header")]
    Header,
}

/// Why there is no token to send with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoToken {
    /// We are not given one, and why.
    Refused(String),
    /// Who gives them, or the place where they are kept, is away: nobody tries again until then.
    Away { until: Instant },
}

/// Makes tokens.
pub(super) trait Mint: Send + Sync + 'static {
    /// The least age of a token that is replaced because the service finds it too old.
    const AGE_MIN: Duration;

    /// What names its tokens: all that they hang on, so that with other settings they are others.
    fn name(&self) -> String;

    /// Makes one. `now` is real time.
    fn mint(&self, now: Timestamp) -> impl Future<Output = Result<ProviderToken, MintError>> + Send;
}

/// A token at hand.
#[derive(Debug)]
pub(super) struct Held {
    /// `bearer` and the token.
    pub(super) header: HeaderValue,
    minted: Timestamp,
    fresh_until: Timestamp,
    valid_until: Timestamp,
}

impl Held {
    /// `share`: 0 to 1, between the earliest and the latest time of renewal.
    fn new(token: &ProviderToken, share: f64) -> Result<Self, MintError> {
        let mut header = HeaderValue::try_from(format!("bearer {}", token.value)).map_err(|_| MintError::Header)?;
        header.set_sensitive(true);
        let fresh = FRESH_SHARE_MIN + (FRESH_SHARE_MAX - FRESH_SHARE_MIN) * share;
        let valid_until = token.expires.saturating_sub(SignedDuration::from_secs(MARGIN_S));
        Ok(Self {
            header,
            minted: token.minted,
            fresh_until: fresh_until(token, fresh),
            valid_until: valid_until.unwrap_or(Timestamp::MIN),
        })
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until && self.is_valid(now)
    }

    /// A clock that was set back makes tokens of the future; those are not valid either.
    fn is_valid(&self, now: Timestamp) -> bool {
        now < self.valid_until && self.minted.duration_since(now) <= SignedDuration::from_secs(AHEAD_S_MAX)
    }
}

fn fresh_until(token: &ProviderToken, share: f64) -> Timestamp {
    let life = token.expires.duration_since(token.minted);
    token.minted.saturating_add(life.mul_f64(share)).unwrap_or(Timestamp::MIN)
}

/// The tokens for one push service. Cheap to clone.
pub(super) struct Tokens<M>(Arc<Inner<M>>);

struct Inner<M> {
    mint: M,
    name: String,
    shelf: OnceLock<Arc<dyn TokenShelf>>,
    held: ArcSwapOption<Held>,
    /// Held by whoever makes a token.
    making: Arc<tokio::sync::Mutex<()>>,
    failed: Mutex<Option<(Instant, NoToken)>>,
    clock: Clock,
}

impl<M: std::fmt::Debug> std::fmt::Debug for Tokens<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({:?})", self.0.mint)
    }
}

impl<M: Mint> Tokens<M> {
    /// Tokens of this node alone, until they are shared.
    pub(super) fn new(mint: M, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            name: mint.name(),
            mint,
            shelf: OnceLock::new(),
            held: ArcSwapOption::empty(),
            making: Arc::default(),
            failed: Mutex::default(),
            clock,
        }))
    }

    /// Shares them with the other nodes from now on; to be said once.
    pub(super) fn share(&self, shelf: Arc<dyn TokenShelf>) {
        // Said twice, the first one holds: it is the same database.
        self.0.shelf.get_or_init(|| shelf);
    }
    /// The token to send with.
    ///
    /// # Errors
    /// There is none.
    pub(super) async fn get(&self) -> Result<Arc<Held>, NoToken> {
        let now = self.0.clock.real();
        if let Some(held) = self.0.held.load_full() {
            if held.is_fresh(now) {
                return Ok(held);
            }
            if held.is_valid(now) {
                self.renew_meanwhile();
                return Ok(held);
            }
        }
        let _alone = self.0.making.lock().await;
        match self.0.held.load_full().filter(|held| held.is_valid(self.0.clock.real())) {
            Some(held) => Ok(held),
            None => self.0.renew(None).await,
        }
    }

    /// Another token than the one that the service found too old; `None` when that one is too young to be so, or there
    /// is no other.
    ///
    /// # Errors
    /// There should be another one, and there is none.
    pub(super) async fn instead_of(&self, refused: &Held) -> Result<Option<Arc<Held>>, NoToken> {
        let _alone = self.0.making.lock().await;
        let newer = self.0.held.load_full().filter(|held| held.minted > refused.minted);
        if newer.is_some() {
            return Ok(newer);
        }
        let age = Duration::try_from(self.0.clock.real().duration_since(refused.minted)).unwrap_or_default();
        if age < M::AGE_MIN {
            return Ok(None);
        }
        self.0.renew(Some(refused.minted)).await.map(Some)
    }

    fn renew_meanwhile(&self) {
        let Ok(alone) = Arc::clone(&self.0.making).try_lock_owned() else { return };
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let _alone = alone;
            // What goes wrong is told where it happens, and the token at hand still holds.
            inner.renew(None).await.is_ok()
        });
    }
}

impl<M: Mint> Inner<M> {
    /// Takes the token that is kept, or makes one. Only for who holds `making`.
    async fn renew(&self, refused: Option<Timestamp>) -> Result<Arc<Held>, NoToken> {
        if let Some((until, why)) = self.failed().as_ref()
            && self.clock.monotonic() < *until
        {
            return Err(why.clone());
        }
        let renewed = self.try_renew(refused).await;
        *self.failed() = renewed.as_ref().err().map(|why| (self.again_at(), why.clone()));
        renewed
    }

    /// When somebody may try again after a failure now.
    fn again_at(&self) -> Instant {
        self.clock.monotonic() + Duration::from_secs(FAILED_S)
    }

    async fn try_renew(&self, refused: Option<Timestamp>) -> Result<Arc<Held>, NoToken> {
        let now = self.clock.real();
        let kept = match self.shelf.get() {
            Some(shelf) => shelf.read(&self.name).await.map_err(|error| self.tell_shelf(&*error))?,
            None => None,
        };
        let useful = |token: &&ProviderToken| {
            let newer = refused.is_none_or(|refused| token.minted > refused);
            let fresh = now < fresh_until(token, FRESH_SHARE_MIN);
            newer && fresh && token.minted.duration_since(now) <= SignedDuration::from_secs(AHEAD_S_MAX)
        };
        if let Some(token) = kept.as_ref().filter(useful) {
            return self.hold(token);
        }
        let made = self.mint.mint(now).await.map_err(|error| self.tell(&error))?;
        tracing::info!(name = self.name, "a new token of {}", self.name);
        let stands = match self.shelf.get() {
            Some(shelf) => {
                let old = kept.map(|kept| kept.minted);
                shelf.replace(&self.name, old, &made).await.map_err(|error| self.tell_shelf(&*error))?
            }
            None => made,
        };
        self.hold(&stands)
    }

    fn hold(&self, token: &ProviderToken) -> Result<Arc<Held>, NoToken> {
        let share = f64::from(u32::from_le_bytes(clock::random_bytes())) / f64::from(u32::MAX);
        let held = Arc::new(Held::new(token, share).map_err(|error| self.tell(&error))?);
        self.held.store(Some(Arc::clone(&held)));
        Ok(held)
    }

    fn tell(&self, error: &MintError) -> NoToken {
        tracing::error!(error = error as &dyn std::error::Error, name = self.name, "no token of {}", self.name);
        match error {
            MintError::Unreachable(_) | MintError::Unavailable(_) => NoToken::Away { until: self.again_at() },
            MintError::Sign | MintError::Refused { .. } | MintError::Header => NoToken::Refused(error.to_string()),
        }
    }

    fn tell_shelf(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> NoToken {
        tracing::error!(error = error as &dyn std::error::Error, name = self.name, "no token of {}", self.name);
        NoToken::Away { until: self.again_at() }
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Option<(Instant, NoToken)>> {
        self.failed.lock().expect("no one panics while holding it")
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
