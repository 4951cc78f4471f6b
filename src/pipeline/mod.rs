//! The line that every alert walks, one file a step: intake, admit, target (and share), plan, dispatch, outcome, sweep; and
//! `decide`, where people release, refuse and stop.
//!
//! Alerts and broadcasts change state here and nowhere else. Nothing is pushed inside a request or a transaction:
//! a step stores what is to happen and wakes the next, and each can be killed and run again.

pub mod admit;
pub mod answer;
pub mod areas;
pub mod arm;
pub mod bell;
mod calling;
pub mod chain;
pub mod collect;
mod copies;
pub mod decide;
pub mod dispatch;
pub mod estimate;
pub mod fence;
pub mod follow;
pub mod gate;
pub mod grounds;
pub mod intake;
pub mod listen;
mod measure;
mod outcome;
pub mod plan;
pub mod planner;
pub mod prove;
pub mod receipts;
mod repairs;
pub mod resolve;
mod segment;
mod share;
pub mod sweep;
pub mod target;
pub mod tokens;
pub mod words;

pub use answer::{Answer, PostError, Posted};
pub use bell::Bell;
pub use decide::DecisionError;
