//! Step 3, pure: who. Each person gets the message of the highest tier that reaches them, once.

use crate::audience::{Query, Snapshot};
use crate::cap::alert::Alert;
use crate::cap::code::{MsgType, Status};
use crate::geo::shape::Shape;
use crate::model::batch::Ring;
use crate::model::message::Message;
use jiff::Timestamp;
use roaring::RoaringBitmap;

/// The people of one message and ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The message's number.
    pub message: u32,
    pub ring: Ring,
    pub slots: RoaringBitmap,
}

/// Who gets what of an alert.
///
/// `reached` are those whom the chain has reached or may have reached. An Update goes to them and to everyone now in
/// its area; a Cancel to them alone. `messages` are most urgent first; those that have expired reach nobody.
pub fn target(
    audience: &Snapshot,
    alert: &Alert,
    messages: &[Message],
    reached: &RoaringBitmap,
    now: Timestamp,
) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut assigned = RoaringBitmap::new();
    let mut assign = |message: u32, ring: Ring, slots: RoaringBitmap| {
        let slots = slots - &assigned;
        if !slots.is_empty() {
            assigned |= &slots;
            targets.push(Target { message, ring, slots });
        }
    };
    if alert.msg_type != MsgType::Cancel {
        for message in messages.iter().filter(|message| message.expires > now) {
            let Some(shape) = Shape::of_areas(message.areas(alert)) else { continue };
            let drill = matches!(alert.status, Status::Exercise | Status::Test);
            let query = Query { shape: &shape, family: message.family, severity: message.severity, drill };
            let reach = audience.find(&query);
            assign(message.number, Ring::Inside, reach.inside);
            assign(message.number, Ring::Near, reach.near);
        }
    }
    let first_valid = messages.iter().find(|message| message.expires > now);
    if let Some(message) = first_valid
        && matches!(alert.msg_type, MsgType::Update | MsgType::Cancel)
    {
        let ring = if alert.msg_type == MsgType::Cancel { Ring::Inside } else { Ring::Near };
        assign(message.number, ring, reached.clone());
    }
    targets
}

/// How many people are inside and near, for the answer to a post and for the console.
pub fn count(targets: &[Target]) -> (u64, u64) {
    let sum = |ring: Ring| targets.iter().filter(|target| target.ring == ring).map(|target| target.slots.len()).sum();
    (sum(Ring::Inside), sum(Ring::Near))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Audience;
    use crate::model::family::Families;
    use crate::model::message::messages;
    use crate::model::place::{Cell, Place, Radius, Step};
    use crate::model::sample::{alert, area, at, info};
    use crate::model::subscriber::Listener;
    use std::sync::Arc;

    fn listener(slot: u32, lat: f64, lon: f64, radius_km: i64) -> Listener {
        Listener {
            slot,
            places: vec![Place {
                cell: Cell::containing(Step::Fine, lat, lon).expect("a cell"),
                radius: Radius::from_km(radius_km).expect("a radius"),
            }],
            families: Families::default(),
            drills: slot.is_multiple_of(2),
            origin: "https://push.example".to_owned(),
        }
    }

    /// 1 and 2 at the town hall, 3 eight kilometres north with five around them, 4 far away.
    fn audience() -> Arc<Snapshot> {
        let audience = Audience::new();
        let people = [(1, 50.6, 0), (2, 50.6, 0), (3, 50.672, 5), (4, 52.0, 0)];
        audience.load(people.map(|(slot, lat, km)| listener(slot, lat, 3.0, km)).to_vec(), 1);
        audience.snapshot()
    }

    fn who(alert: &Alert, reached: &[u32], now: &str) -> Vec<(u32, Ring, Vec<u32>)> {
        let reached = reached.iter().copied().collect();
        target(&audience(), alert, &messages(alert), &reached, at(now))
            .into_iter()
            .map(|target| (target.message, target.ring, target.slots.iter().collect()))
            .collect()
    }

    #[test]
    fn those_inside_and_those_near_are_told_apart() {
        assert_eq!(who(&alert(), &[], "10:30:00"), [(0, Ring::Inside, vec![1, 2]), (0, Ring::Near, vec![3])]);
    }

    #[test]
    fn nobody_gets_two_messages_of_one_alert() {
        let mut alert = alert();
        alert.infos.push(info("fr", area(50.6, 3.0, 200.0)));
        let targets = who(&alert, &[], "10:30:00");
        assert_eq!(targets, [(0, Ring::Inside, vec![1, 2]), (0, Ring::Near, vec![3]), (1, Ring::Inside, vec![4])]);
    }

    #[test]
    fn an_update_follows_those_it_reached_before_even_out_of_its_area() {
        let mut update = alert();
        update.msg_type = MsgType::Update;
        let targets = who(&update, &[1, 4], "10:30:00");
        assert_eq!(targets, [(0, Ring::Inside, vec![1, 2]), (0, Ring::Near, vec![3]), (0, Ring::Near, vec![4])]);
    }

    #[test]
    fn a_cancel_goes_to_those_reached_and_to_nobody_else() {
        let mut cancel = alert();
        cancel.msg_type = MsgType::Cancel;
        assert_eq!(who(&cancel, &[2, 4], "10:30:00"), [(0, Ring::Inside, vec![2, 4])]);
        assert_eq!(who(&cancel, &[], "10:30:00"), []);
    }

    #[test]
    fn a_message_that_has_expired_reaches_nobody() {
        assert_eq!(who(&alert(), &[], "12:00:00"), []);
    }

    #[test]
    fn a_drill_reaches_only_those_who_asked_for_drills() {
        let mut drill = alert();
        drill.status = Status::Test;
        assert_eq!(who(&drill, &[], "10:30:00"), [(0, Ring::Inside, vec![2])]);
    }
}
