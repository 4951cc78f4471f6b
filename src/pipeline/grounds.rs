//! Where an alert is, prepared once for all who ask: whether it reaches anybody, who that is, what is to be said of its
//! geocodes. People and named areas are those of one moment.

use crate::audience::Snapshot;
use crate::cap::alert::Alert;
use crate::geo::gazetteer::{Geocodes, Ground};
use crate::model::message::Message;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ground of each info of an alert.
#[derive(Debug, Clone)]
pub struct Grounds {
    /// Everyone, and what named areas are.
    pub audience: Arc<Snapshot>,
    /// By the first info of these areas.
    prepared: BTreeMap<usize, Ground>,
    /// Of each info the first that has its areas: languages repeat them.
    first: Vec<usize>,
}

impl Grounds {
    /// Prepares what an alert draws, and what its codes stand for at this moment. Large areas keep the processor busy
    /// for a while, so that is done before any transaction.
    pub fn of(alert: &Alert, audience: Arc<Snapshot>) -> Self {
        let (infos, geocodes) = (&alert.infos, Geocodes::of(alert));
        let first =
            |nth: usize| infos[..nth].iter().position(|earlier| earlier.areas == infos[nth].areas).unwrap_or(nth);
        let first: Vec<usize> = (0..infos.len()).map(first).collect();
        let mut prepared = BTreeMap::new();
        for nth in &first {
            prepared.entry(*nth).or_insert_with(|| audience.gazetteer().ground(&infos[*nth].areas, geocodes));
        }
        Self { audience, prepared, first }
    }

    /// Where a message of that alert applies.
    pub fn of_message(&self, alert: &Alert, message: &Message) -> &Ground {
        &self.prepared[&self.first[message.area_index(alert)]]
    }

    /// Each different ground, and the number of the first info that has it.
    pub fn each(&self) -> impl Iterator<Item = (usize, &Ground)> {
        self.prepared.iter().map(|(nth, ground)| (*nth, ground))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::messages;
    use crate::model::sample::{alert, area, info};

    #[test]
    fn what_languages_repeat_is_one_ground_and_each_message_has_its_own() {
        let mut alert = alert();
        let elsewhere = info("fr", area(52.0, 3.0, 5.0));
        alert.infos.push(elsewhere.clone());
        let mut english = alert.infos[0].clone();
        english.language = "en".to_owned();
        alert.infos.push(english);
        let grounds = Grounds::of(&alert, Arc::default());
        assert_eq!(grounds.each().map(|(nth, _)| nth).collect::<Vec<_>>(), [0, 1]);
        let contains = |message: &Message, lat: f64| {
            let shape = grounds.of_message(&alert, message).shape.as_ref();
            shape.is_some_and(|shape| shape.contains(lat, 3.0))
        };
        let seen: Vec<_> = messages(&alert)
            .iter()
            .map(|message| (message.variants.clone(), contains(message, 50.6), contains(message, 52.0)))
            .collect();
        assert_eq!(seen, [(vec![0, 2], true, false), (vec![1], false, true)]);
    }
}
