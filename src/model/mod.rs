//! Our nouns: what the steps of the line hand to each other. No I/O, no SQL, no sockets.

pub mod account;
pub mod again;
pub mod batch;
pub mod broadcast;
pub mod budget;
pub mod copies;
pub mod credential;
pub mod family;
pub mod histogram;
pub mod hours;
pub mod id;
pub mod lifecycle;
pub mod message;
pub mod operator;
pub mod outcome;
pub mod pause;
pub mod place;
pub mod proof;
pub mod provider_token;
pub mod receipt;
pub mod repair;
#[cfg(test)]
pub mod sample;
pub mod signer;
pub mod subscriber;
pub mod tier;
pub mod variants;
pub mod vtec;
