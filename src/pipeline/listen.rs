//! What other nodes say: hints that something is to be done now. Polling finds it too, a little later.

use super::bell::Wake;
use super::fence::Fence;
use crate::store::subscriber::CHANGED;
use crate::store::{Db, StoreError};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A broadcast was approved.
pub const PLAN: &str = "plan";
/// Batches were made.
pub const DISPATCH: &str = "dispatch";
/// A broadcast was stopped.
pub const FENCE: &str = "fence";

/// How long to wait before listening again after the connection was lost.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Hears the other nodes.
pub struct Listener {
    pub db: Db,
    pub fence: Arc<Fence>,
    pub wake: Arc<Wake>,
    pub closing: watch::Receiver<bool>,
}

impl Listener {
    /// Listens until the service closes.
    pub async fn run(self) {
        let mut closing = self.closing.clone();
        while !*closing.borrow() {
            tokio::select! {
                heard = self.listen() => {
                    if let Err(error) = heard {
                        tracing::warn!(error = &error as &dyn std::error::Error, "other nodes cannot be heard");
                    }
                    tokio::time::sleep(LISTEN_AGAIN).await;
                }
                _ = closing.changed() => {}
            }
        }
    }

    /// Ends when the connection does; never where there are no other nodes.
    async fn listen(&self) -> Result<(), StoreError> {
        let Some(mut wakes) = self.db.listen().await? else { return std::future::pending().await };
        // Whatever was said while nobody listened.
        self.wake.plan.notify_one();
        self.wake.dispatch.notify_one();
        self.wake.audience.notify_one();
        self.fence.poll(&self.db).await?;
        while let Some(word) = wakes.next().await {
            match word?.as_str() {
                PLAN => self.wake.plan.notify_one(),
                DISPATCH => self.wake.dispatch.notify_one(),
                CHANGED => self.wake.audience.notify_one(),
                FENCE => self.fence.poll(&self.db).await?,
                unknown => tracing::debug!(unknown, "a newer node said something we do not know"),
            }
        }
        Ok(())
    }
}
