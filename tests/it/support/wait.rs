//! Waiting: for events where there are any, by asking where there are none; always with a bound.

use std::future::Future;
use std::time::Duration;

/// How long anything may take before a test gives up on it.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// How many times as long it may take where `make prove` works on a hundred times as much.
const PROVE_TIMES: u32 = 15;

/// [`DEADLINE`], or that of `make prove`.
pub fn deadline() -> Duration {
    if std::env::var_os("BEFFROI_PROVE").is_some() { DEADLINE * PROVE_TIMES } else { DEADLINE }
}

/// How often [`until`] asks.
pub const ASK_EVERY: Duration = Duration::from_millis(20);

/// Asks until there is an answer, for what the far side announces by no event (a page, a count). Panics after
/// [`deadline`] and says what was waited for.
pub async fn until<T, Asked: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> Asked) -> T {
    let answered = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    match tokio::time::timeout(deadline(), answered).await {
        Ok(answer) => answer,
        Err(_) => panic!("{what}: not within {:?}", deadline()),
    }
}
