//! The one integration test binary.

mod api;
mod cap_conformance;
mod cap_corpus;
mod cap_schema;
mod cap_verdicts;
mod cap_write;
mod chromium;
mod citizen;
mod cli;
mod console;
mod crash;
mod decisions;
mod docs;
mod faults;
mod fuzz;
mod geo_truth;
mod lifecycle;
mod messages;
mod real_alerts;
mod repairs;
mod sandbox;
mod signatures;
mod signers;
mod store_contract;
mod support;
mod tidy;
