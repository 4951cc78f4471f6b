//! Stored alerts read again for showing: the original is the only truth.

use super::view::{self, Card};
use crate::cap::alert::Alert;
use crate::geo::gazetteer::Gazetteer;
use crate::geo::shape::Shape;
use crate::i18n::Language;
use crate::model::broadcast::AlertState;
use crate::model::message;
use crate::model::place::Cell;
use crate::model::tier::Tier;
use crate::store::alert::PublicAlert;
use crate::web::originals::Originals;
use jiff::Timestamp;
use std::sync::Arc;

/// A public alert, read.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: String,
    pub alert: Arc<Alert>,
    pub state: AlertState,
    pub received: Timestamp,
    /// When the last of its texts stops being valid.
    pub expires: Timestamp,
    /// What speaks for its chain now, if that is another alert.
    pub newer: Option<String>,
    /// What its geocodes stand for.
    gazetteer: Arc<Gazetteer>,
}

impl Shown {
    /// `None` when what was stored cannot be read any more.
    pub fn read(originals: &Originals, gazetteer: &Arc<Gazetteer>, public: PublicAlert) -> Option<Self> {
        Some(Self {
            alert: originals.read(&public.alert)?,
            id: public.alert.id.0,
            state: public.state,
            received: public.alert.received,
            expires: public.alert.expires,
            newer: public.superseded_by.map(|newer| newer.0),
            gazetteer: gazetteer.clone(),
        })
    }

    /// The most urgent of its messages.
    pub fn tier(&self) -> Tier {
        message::messages(&self.alert).first().map_or(Tier::P3, |message| message.tier)
    }

    /// Everywhere it speaks of.
    pub fn shape(&self) -> Option<Shape> {
        self.gazetteer.ground_of_alert(&self.alert).shape
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
pub fn read_all(originals: &Originals, gazetteer: &Arc<Gazetteer>, alerts: Vec<PublicAlert>) -> Vec<Shown> {
    alerts.into_iter().filter_map(|public| Shown::read(originals, gazetteer, public)).collect()
}
