//! Stored alerts read again for showing: the original is the only truth.

use super::view::{self, Card};
use crate::cap;
use crate::cap::alert::Alert;
use crate::geo::shape::Shape;
use crate::i18n::Language;
use crate::model::broadcast::AlertState;
use crate::model::message;
use crate::model::place::Cell;
use crate::model::tier::Tier;
use crate::store::alert::PublicAlert;
use jiff::Timestamp;

/// A public alert, read.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: String,
    pub alert: Alert,
    pub state: AlertState,
    pub received: Timestamp,
    /// When the last of its texts stops being valid.
    pub expires: Timestamp,
    /// What speaks for its chain now, if that is another alert.
    pub newer: Option<String>,
}

impl Shown {
    /// `None` when what was stored cannot be read any more, which is our fault and is logged.
    pub fn read(public: PublicAlert) -> Option<Self> {
        let id = public.alert.id.0;
        let Some(alert) = cap::read(&public.alert.original, &cap::Limits::default()).alert else {
            tracing::error!(alert = id, "stored alert {id} cannot be read");
            return None;
        };
        Some(Self {
            id,
            alert,
            state: public.state,
            received: public.alert.received,
            expires: public.alert.expires,
            newer: public.superseded_by.map(|newer| newer.0),
        })
    }

    /// The most urgent of its messages.
    pub fn tier(&self) -> Tier {
        message::messages(&self.alert).first().map_or(Tier::P3, |message| message.tier)
    }

    /// Everywhere it speaks of.
    pub fn shape(&self) -> Option<Shape> {
        Shape::of_alert(&self.alert)
    }

    /// Whether its area touches the cell or what lies within `distance_m` metres around it.
    pub fn is_near(&self, cell: Cell, distance_m: f64) -> bool {
        self.shape().is_some_and(|shape| shape.within(cell, distance_m))
    }

    pub fn card(&self, language: Language) -> Option<Card> {
        view::card(&self.id, &self.alert, self.state, language)
    }
}

/// All that can be read, in the same order.
pub fn read_all(alerts: Vec<PublicAlert>) -> Vec<Shown> {
    alerts.into_iter().filter_map(Shown::read).collect()
}
