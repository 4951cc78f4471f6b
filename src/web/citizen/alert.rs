//! `/alerts/{id}`: what to do first, then what happens, where, until when, and how it went on.

use super::view::{self, Section};
use crate::cap::alert::Alert;
use crate::cap::code::{MsgType, Severity, Status};
use crate::cap::time::DateTime;
use crate::model::broadcast::AlertState;
use crate::web::page::Page;
use askama::Template;

/// The page.
#[derive(Template)]
#[template(path = "citizen/alert.html")]
pub struct AlertPage {
    pub page: Page,
    pub id: String,
    pub alert: Alert,
    pub state: AlertState,
    pub cancels: bool,
    pub sections: Vec<Section>,
    /// The message that replaced or cancelled this one.
    pub newer: Option<String>,
    /// All public messages of the chain, oldest first.
    pub timeline: Vec<Step>,
    pub has_shape: bool,
    pub tiles: Tiles,
}

/// A message of the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub id: String,
    pub sent: DateTime,
    pub msg_type: MsgType,
    pub language: String,
    pub headline: String,
    pub current: bool,
}

/// Where the map's background comes from; empty: our own outlines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tiles {
    pub url: String,
    pub attribution: String,
}
