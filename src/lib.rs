//! Beffroi: civic emergency alerts. One alert walks in a straight line from the XML that arrives to the phone that
//! rings; docs/ARCHITECTURE.md is the map.
//!
//! Imports point down only:
//! `cli, app → web → pipeline → audience, store, push → model → geo → cap`. Beside the floors stand `clock`, `config`,
//! `i18n` and `telemetry`, which any floor but the pure ones may use.

pub mod app;
pub mod audience;
pub mod cap;
pub mod cli;
pub mod clock;
pub mod config;
pub mod geo;
pub mod i18n;
pub mod model;
pub mod pipeline;
pub mod push;
pub mod store;
pub mod telemetry;
pub mod web;
