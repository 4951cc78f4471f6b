//! That index and database say the same: each node compares them when it starts, every [`PROVE_EVERY`], and whenever it
//! is asked, and keeps what it found. A disagreement is an alarm, and mends itself: everyone is read again. New named
//! areas that cannot be read are none: those known before are used until they can.

use super::follow::Follower;
use crate::clock::Clock;
use crate::model::proof::{Proof, Verdict};
use crate::store::{self, Db, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a node proves that it says what the database says.
pub const PROVE_EVERY: Duration = Duration::from_secs(3_600);
/// How often is looked whether someone asks for a proof.
pub const ASKED_EVERY: Duration = Duration::from_secs(1);

/// Proves, on one node.
pub struct Prover {
    pub db: Db,
    pub clock: Clock,
    pub follower: Arc<Follower>,
    /// The node's id.
    pub node: String,
    pub closing: watch::Receiver<bool>,
}

impl Prover {
    /// Proves until the service closes.
    pub async fn run(self) {
        let mut closing = self.closing.clone();
        let mut asked = self.asked().await;
        while !*closing.borrow() {
            tokio::select! {
                proved = self.prove() => if let Err(error) = proved {
                    tracing::error!(error = &error as &dyn std::error::Error, "index and database could not be compared");
                },
                _ = closing.changed() => return,
            }
            tokio::select! {
                now = self.wait(asked.as_ref()) => asked = now.or(asked),
                _ = closing.changed() => {}
            }
        }
    }

    /// Compares, keeps what was found, and where they disagree reads everyone, or the named areas, again and compares once
    /// more: the last proof.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn prove(&self) -> Result<Proof, StoreError> {
        let proof = self.prove_once().await?;
        match proof.verdict() {
            Verdict::Agrees => return Ok(proof),
            Verdict::AreasBehind => self.follower.load_areas().await,
            Verdict::Disagrees => self.follower.load().await?,
        }
        self.prove_once().await
    }

    async fn prove_once(&self) -> Result<Proof, StoreError> {
        let began = self.clock.monotonic();
        let compared = self.follower.compare().await?;
        let took = self.clock.monotonic().duration_since(began);
        let proof = Proof {
            node: self.node.clone(),
            at: self.clock.now(),
            change: compared.change,
            index: compared.index,
            database: compared.database,
            index_import: compared.index_import,
            database_import: compared.database_import,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        self.tell(&proof, took);
        self.follower.remember(proof.clone());
        let mut tx = self.db.begin().await?;
        store::proof::insert(&mut tx, &proof).await?;
        tx.commit().await?;
        Ok(proof)
    }

    fn tell(&self, proof: &Proof, took: Duration) {
        let verdict = proof.verdict();
        metrics::counter!("beffroi_audience_proofs_total", "verdict" => verdict.as_str()).increment(1);
        metrics::gauge!("beffroi_audience_agrees").set(if verdict == Verdict::Disagrees { 0.0 } else { 1.0 });
        metrics::histogram!("beffroi_audience_proof_seconds").record(took.as_secs_f64());
        let (change, index, database) = (proof.change, proof.index, proof.database);
        let (index_import, database_import) = (proof.index_import, proof.database_import);
        match verdict {
            Verdict::Agrees => tracing::info!(
                change,
                people = index.people,
                places = index.places,
                took_ms = proof.took_ms,
                "index and database agree at change {change}"
            ),
            Verdict::AreasBehind => tracing::error!(
                change,
                index_import,
                database_import,
                "index and database agree at change {change}, but for named areas: the index has import {index_import} of them and the database {database_import}"
            ),
            Verdict::Disagrees => tracing::error!(
                change,
                ?index,
                ?database,
                index_import,
                database_import,
                "ALARM: index and database DISAGREE at change {change}: everyone is read again"
            ),
        }
    }

    /// Until the next proof is due, or someone asks for one: under which name.
    async fn wait(&self, asked: Option<&String>) -> Option<String> {
        let began = self.clock.monotonic();
        while self.clock.monotonic().duration_since(began) < PROVE_EVERY {
            tokio::time::sleep(ASKED_EVERY).await;
            let now = self.asked().await;
            if now.is_some() && now.as_ref() != asked {
                return now;
            }
        }
        None
    }

    async fn asked(&self) -> Option<String> {
        store::proof::asked(&self.db)
            .await
            .inspect_err(|error| {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "whether someone asks for a proof is not known"
                );
            })
            .ok()
            .flatten()
    }
}
