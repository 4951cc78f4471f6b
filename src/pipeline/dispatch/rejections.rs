//! What push services reject for good: said once for each broadcast, push service and reason, however many people it is.

use crate::model::account::Route;
use crate::model::batch::Batch;
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

/// Reasons remembered; when there are more they are forgotten, and may be said again.
const REASONS_MAX: usize = 4_096;

/// What was said.
#[derive(Debug, Default)]
pub struct Rejections {
    said: Mutex<HashSet<(String, String, &'static str)>>,
}

impl Rejections {
    /// So many people of a batch were rejected, by why. Counts them, and logs what is new of the broadcast.
    pub fn note(&self, batch: &Batch, rejections: &BTreeMap<&'static str, u64>) {
        for (code, count) in rejections {
            let channel = Route::of(&batch.origin).as_str();
            metrics::counter!("beffroi_push_rejected_total", "channel" => channel, "code" => *code).increment(*count);
            if self.is_new(batch, code) {
                let (broadcast, origin) = (&batch.broadcast, &batch.origin);
                tracing::error!(
                    %broadcast,
                    origin,
                    code,
                    count,
                    "{origin} rejects pushes for good: {code}, {count} in the first batch; this is said once"
                );
            }
        }
    }

    fn is_new(&self, batch: &Batch, code: &'static str) -> bool {
        let mut said = self.said.lock().expect("nothing panics while it holds what was said");
        if said.len() >= REASONS_MAX {
            said.clear();
        }
        said.insert((batch.broadcast.as_str().to_owned(), batch.origin.clone(), code))
    }
}
