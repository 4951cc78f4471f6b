//! Keeps the audience index in step with the database: by number of change, drained before each targeting.

use crate::audience::{Audience, Change};
use crate::store::{self, Db, StoreError};
use tokio::sync::Mutex;

/// The one who applies changes to the audience of this node.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    audience: Audience,
    one_at_a_time: Mutex<()>,
}

impl Follower {
    pub fn new(db: Db, audience: Audience) -> Self {
        Self { db, audience, one_at_a_time: Mutex::new(()) }
    }

    /// Reads everyone. Done once at the start.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self) -> Result<(), StoreError> {
        let _turn = self.one_at_a_time.lock().await;
        let (listeners, seq) = store::subscriber::listeners(&self.db).await?;
        self.audience.load(listeners, seq);
        Ok(())
    }

    /// Applies every change that was committed before this call.
    ///
    /// # Errors
    /// When the database does not answer; the audience is then as it was.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let _turn = self.one_at_a_time.lock().await;
        loop {
            let (changed, seq) = store::subscriber::changes_since(&self.db, self.audience.snapshot().seq()).await?;
            if changed.is_empty() {
                return Ok(());
            }
            let changes = changed
                .into_iter()
                .map(|(slot, listener)| listener.map_or(Change::Remove(slot), Change::Upsert))
                .collect();
            self.audience.apply(changes, seq);
        }
    }
}
