//! Nodes that share tokens, with a maker of tokens that counts and a clock of ours.

use super::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Makes tokens that have this age, seconds, when they are made.
#[derive(Debug, Default)]
struct Maker {
    made: AtomicU32,
    age_s: AtomicI64,
    broken: std::sync::atomic::AtomicBool,
    away: std::sync::atomic::AtomicBool,
}

impl Mint for Arc<Maker> {
    const AGE_MIN: Duration = Duration::from_secs(20 * 60);

    fn name(&self) -> String {
        "test".to_owned()
    }

    async fn mint(&self, now: Timestamp) -> Result<ProviderToken, MintError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(MintError::Refused { status: StatusCode::BAD_REQUEST, reason: "invalid_grant".to_owned() });
        }
        if self.away.load(Ordering::Relaxed) {
            return Err(MintError::Unavailable(StatusCode::SERVICE_UNAVAILABLE));
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let minted = now - SignedDuration::from_secs(self.age_s.load(Ordering::Relaxed));
        let expires = minted + SignedDuration::from_secs(LIFE_S);
        Ok(ProviderToken { value: format!("token-{number}"), minted, expires })
    }
}

/// One row, as the database would keep it.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, ProviderToken>>);

impl TokenShelf for Shelf {
    fn read<'a>(&'a self, name: &'a str) -> Shelved<'a, Option<ProviderToken>> {
        Box::pin(async move { Ok(self.0.lock().expect("a lock").get(name).cloned()) })
    }

    fn replace<'a>(
        &'a self,
        name: &'a str,
        old: Option<Timestamp>,
        new: &'a ProviderToken,
    ) -> Shelved<'a, ProviderToken> {
        Box::pin(async move {
            let mut kept = self.0.lock().expect("a lock");
            if kept.get(name).map(|token| token.minted) == old {
                kept.insert(name.to_owned(), new.clone());
            }
            Ok(kept[name].clone())
        })
    }
}

fn node(maker: &Arc<Maker>, shelf: &Arc<Shelf>) -> Tokens<Arc<Maker>> {
    let tokens = Tokens::new(Arc::clone(maker), Clock::system());
    let shelf: Arc<dyn TokenShelf> = shelf.clone();
    tokens.share(shelf);
    tokens
}

async fn header(tokens: &Tokens<Arc<Maker>>) -> String {
    tokens.get().await.expect("a token").header.to_str().expect("ASCII").to_owned()
}

#[tokio::test]
async fn all_nodes_send_with_one_token_and_many_sends_make_one() {
    let (maker, shelf) = (Arc::new(Maker::default()), Arc::new(Shelf::default()));
    let (one, two) = (node(&maker, &shelf), node(&maker, &shelf));
    let headers = futures_util::future::join_all((0..50).map(|_| header(&one))).await;
    assert!(headers.iter().all(|header| header == "bearer token-1"), "{headers:?}");
    assert_eq!(header(&two).await, "bearer token-1");
    assert_eq!(maker.made.load(Ordering::Relaxed), 1);
    assert!(one.get().await.expect("a token").header.is_sensitive());
}

#[tokio::test]
async fn a_token_that_is_no_longer_fresh_still_goes_out_while_another_is_made() {
    let (maker, shelf) = (Arc::new(Maker::default()), Arc::new(Shelf::default()));
    let tokens = node(&maker, &shelf);
    maker.age_s.store(51 * 60, Ordering::Relaxed);
    assert_eq!(header(&tokens).await, "bearer token-1");
    maker.age_s.store(0, Ordering::Relaxed);
    assert_eq!(header(&tokens).await, "bearer token-1", "51 minutes old, and nobody waits");
    // Who asks for the lock has waited until the other one is made.
    drop(tokens.0.making.lock().await);
    assert_eq!(header(&tokens).await, "bearer token-2");
}

#[tokio::test]
async fn a_token_that_is_about_to_run_out_does_not_go_out_any_more() {
    let (maker, shelf) = (Arc::new(Maker::default()), Arc::new(Shelf::default()));
    let tokens = node(&maker, &shelf);
    maker.age_s.store(59 * 60, Ordering::Relaxed);
    assert_eq!(header(&tokens).await, "bearer token-1");
    maker.age_s.store(0, Ordering::Relaxed);
    assert_eq!(header(&tokens).await, "bearer token-2");
}

#[tokio::test]
async fn a_token_that_is_refused_gives_way_once_for_all_nodes() {
    let (maker, shelf) = (Arc::new(Maker::default()), Arc::new(Shelf::default()));
    let (one, two) = (node(&maker, &shelf), node(&maker, &shelf));
    maker.age_s.store(30 * 60, Ordering::Relaxed);
    let old = [one.get().await.expect("a token"), two.get().await.expect("a token")];
    maker.age_s.store(0, Ordering::Relaxed);
    let newer = futures_util::future::join_all((0..20).map(|_| one.instead_of(&old[0]))).await;
    let newer: Vec<_> =
        newer.into_iter().map(|held| held.expect("made").expect("another one").header.clone()).collect();
    assert!(newer.iter().all(|header| header == "bearer token-2"), "{newer:?}");
    assert_eq!(two.instead_of(&old[1]).await.expect("made").expect("another one").header, "bearer token-2");
    assert_eq!(maker.made.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_token_that_is_refused_stays_while_it_is_young() {
    let maker = Arc::new(Maker::default());
    let tokens = node(&maker, &Arc::default());
    maker.age_s.store(19 * 60, Ordering::Relaxed);
    let young = tokens.get().await.expect("a token");
    assert!(tokens.instead_of(&young).await.expect("no failure").is_none(), "Apple forbids that");
    assert_eq!(maker.made.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_now_is_no_refusal() {
    let maker = Arc::new(Maker::default());
    let tokens = node(&maker, &Arc::default());
    maker.age_s.store(30 * 60, Ordering::Relaxed);
    let old = tokens.get().await.expect("a token");
    maker.away.store(true, Ordering::Relaxed);
    let away = tokens.instead_of(&old).await.expect_err("there is no other");
    assert!(matches!(away, NoToken::Away { .. }), "{away:?}");
}

#[tokio::test]
async fn who_gets_no_token_is_told_why_and_nobody_asks_again_at_once() {
    let maker = Arc::new(Maker::default());
    maker.broken.store(true, Ordering::Relaxed);
    let tokens = node(&maker, &Arc::default());
    let why = tokens.get().await.expect_err("refused");
    assert!(matches!(&why, NoToken::Refused(reason) if reason.contains("invalid_grant")), "{why:?}");
    maker.broken.store(false, Ordering::Relaxed);
    assert_eq!(tokens.get().await.expect_err("remembered"), why);
    assert_eq!(maker.made.load(Ordering::Relaxed), 0);
}

#[test]
fn renewal_falls_between_forty_and_fifty_minutes_and_a_token_of_the_future_is_none() {
    let minted: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
    let token = ProviderToken { value: "t".to_owned(), minted, expires: minted + SignedDuration::from_secs(LIFE_S) };
    for (share, minutes) in [(0.0, 40), (1.0, 50)] {
        let held = Held::new(&token, share).expect("it fits");
        let at = |minutes: i64| minted + SignedDuration::from_mins(minutes);
        assert!(held.is_fresh(at(minutes - 1)) && !held.is_fresh(at(minutes + 1)), "{share}");
        assert!(held.is_valid(at(57)) && !held.is_valid(at(58)));
        assert!(!held.is_valid(at(-2)), "a clock set back");
    }
    let broken = ProviderToken { value: "a\nb".to_owned(), ..token };
    assert!(matches!(Held::new(&broken, 0.0), Err(MintError::Header)));
    assert!(!format!("{broken:?}").contains("a\\nb"));
}
