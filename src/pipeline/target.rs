//! Step 3, pure: who. Each person gets the message of the highest tier that reaches them, once.

use super::chain::Before;
use super::grounds::Grounds;
use crate::audience::{Query, Reach};
use crate::cap::alert::Alert;
use crate::cap::code::{MsgType, Severity, Status};
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
/// An Update goes to those told before and to everyone now in its area; a Cancel, and a message of an Update that
/// something is over, to those told before alone. Whom a copy reaches hears nothing. `messages` are most urgent first;
/// those that have expired reach nobody.
pub fn target(grounds: &Grounds, alert: &Alert, messages: &[Message], before: &Before, now: Timestamp) -> Vec<Target> {
    let audience = &grounds.audience;
    let drill = matches!(alert.status, Status::Exercise | Status::Test);
    let mut targets = Vec::new();
    let mut assigned = before.copies.clone();
    let mut assign = |message: u32, ring: Ring, slots: RoaringBitmap| {
        let slots = slots - &assigned;
        if !slots.is_empty() {
            assigned |= &slots;
            targets.push(Target { message, ring, slots });
        }
    };
    let valid = || messages.iter().filter(|message| message.expires > now);
    if alert.msg_type == MsgType::Cancel {
        let all = cancelled_for(grounds, alert, before);
        // Where it says several things, each hears what is said of their own place, and the others what comes first.
        for message in valid().filter(|_| messages.len() > 1) {
            let Some(shape) = &grounds.of_message(alert, message).shape else { continue };
            let reach = audience.find(&Query { shape, family: None, severity: Severity::Unknown, drill });
            assign(message.number, Ring::Inside, (reach.inside | reach.near) & &all);
        }
        if let Some(message) = valid().next() {
            assign(message.number, Ring::Inside, all);
        }
        return targets;
    }
    let updates = alert.msg_type == MsgType::Update;
    let knows = &before.told | &before.part;
    // What goes on comes first: who is in both areas must hear that.
    let (over, going_on): (Vec<&Message>, Vec<&Message>) = valid().partition(|message| updates && message.over);
    // Of messages as urgent as each other, people hear the one they are inside of before one that is only near.
    for equals in going_on.chunk_by(|a, b| a.tier == b.tier) {
        let reaches: Vec<(u32, Reach)> = equals
            .iter()
            .filter_map(|message| {
                let shape = grounds.of_message(alert, message).shape.as_ref()?;
                let Message { family, severity, .. } = **message;
                Some((message.number, audience.find(&Query { shape, family, severity, drill })))
            })
            .collect();
        for (number, reach) in &reaches {
            assign(*number, Ring::Inside, reach.inside.clone());
        }
        for (number, reach) in reaches {
            assign(number, Ring::Near, reach.near);
        }
    }
    if updates {
        // Those told before hear what is said of their own place now, however mild it has become.
        let told = going_on.iter().map(|message| (message, &before.told));
        for (message, whom) in told.chain(over.iter().map(|message| (message, &knows))) {
            let Some(shape) = &grounds.of_message(alert, message).shape else { continue };
            let reach = audience.find(&Query { shape, family: None, severity: Severity::Unknown, drill });
            assign(message.number, Ring::Inside, reach.inside & whom);
            assign(message.number, Ring::Near, reach.near & whom);
        }
        if let Some(message) = going_on.first().or_else(|| over.first()) {
            assign(message.number, Ring::Near, before.told.clone());
        }
    }
    targets
}

/// Who hears a Cancel: whoever was told, and where it ends only a part of something, those told who are in that part.
pub fn cancelled_for(grounds: &Grounds, alert: &Alert, before: &Before) -> RoaringBitmap {
    let mut all = before.told.clone();
    if before.part.is_empty() {
        return all;
    }
    let drill = matches!(alert.status, Status::Exercise | Status::Test);
    for shape in grounds.each().filter_map(|(_, ground)| ground.shape.as_ref()) {
        // No filter: they were told, so they are told that it is over.
        let reach = grounds.audience.find(&Query { shape, family: None, severity: Severity::Unknown, drill });
        all |= (reach.inside | reach.near) & &before.part;
    }
    all
}

/// How many people are inside and near, for the answer to a post and for the console.
pub fn count(targets: &[Target]) -> (u64, u64) {
    let sum = |ring: Ring| targets.iter().filter(|target| target.ring == ring).map(|target| target.slots.len()).sum();
    (sum(Ring::Inside), sum(Ring::Near))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::{Audience, Snapshot};
    use crate::cap::code::{ResponseType, Urgency};
    use crate::model::family::{Families, Family};
    use crate::model::message::messages;
    use crate::model::place::{Around, Cell, Place, Radius, Step};
    use crate::model::sample::{self, alert, at, info};
    use crate::model::subscriber::{ChannelKind, Listener};
    use std::sync::Arc;

    fn listener(slot: u32, lat: f64, lon: f64, radius_km: i64) -> Listener {
        Listener {
            slot,
            places: vec![Place::Around(Around {
                cell: Cell::containing(Step::Fine, lat, lon).expect("a cell"),
                radius: Radius::from_km(radius_km).expect("a radius"),
                altitude: None,
            })],
            families: Families::default(),
            drills: slot.is_multiple_of(2),
            origin: "https://push.example".to_owned(),
            channel: ChannelKind::WebPush,
            language: "fr".to_owned(),
            quiet_hours: None,
        }
    }

    /// 1 and 2 at the town hall, 3 eight kilometres north with five around them, 4 far away.
    fn audience() -> Arc<Snapshot> {
        let audience = Audience::new();
        let people = [(1, 50.6, 0), (2, 50.6, 0), (3, 50.672, 5), (4, 52.0, 0)];
        audience.load(people.map(|(slot, lat, km)| listener(slot, lat, 3.0, km)).to_vec(), 1);
        audience.snapshot()
    }

    fn set(slots: &[u32]) -> RoaringBitmap {
        slots.iter().copied().collect()
    }

    fn who(alert: &Alert, reached: &[u32], now: &str) -> Vec<(u32, Ring, Vec<u32>)> {
        who_after(alert, &Before { told: set(reached), ..Before::default() }, now)
    }

    fn who_after(alert: &Alert, before: &Before, now: &str) -> Vec<(u32, Ring, Vec<u32>)> {
        target(&Grounds::of(alert, audience()), alert, &messages(alert), before, at(now))
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
        alert.infos.push(info("fr", sample::area(50.6, 3.0, 200.0)));
        let targets = who(&alert, &[], "10:30:00");
        assert_eq!(targets, [(0, Ring::Inside, vec![1, 2]), (1, Ring::Inside, vec![3, 4])]);
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
    fn who_was_told_hears_what_is_said_of_their_place_now_however_mild() {
        let audience = Audience::new();
        let wanted = [(Family::Weather, Severity::Severe)].into_iter().collect();
        let families = Families::new(wanted).expect("one family");
        let people = [(1, 50.6), (2, 52.0)];
        audience.load(
            people.map(|(slot, lat)| Listener { families: families.clone(), ..listener(slot, lat, 3.0, 0) }).to_vec(),
            1,
        );
        let mut update = alert();
        update.msg_type = MsgType::Update;
        let mut milder = info("fr", sample::area(52.0, 3.0, 5.0));
        milder.severity = Severity::Minor;
        update.infos.push(milder);
        let before = Before { told: set(&[1, 2]), ..Before::default() };
        let grounds = Grounds::of(&update, audience.snapshot());
        let targets = target(&grounds, &update, &messages(&update), &before, at("10:30:00"));
        let seen: Vec<_> = targets.iter().map(|target| (target.message, target.slots.iter().collect())).collect();
        assert_eq!(seen, [(0, vec![1]), (1, vec![2])]);
    }

    #[test]
    fn that_something_is_over_is_heard_by_those_told_before_alone() {
        let mut update = alert();
        update.msg_type = MsgType::Update;
        (update.infos[0].response_types, update.infos[0].urgency) = (vec![ResponseType::AllClear], Urgency::Past);
        assert_eq!(who(&update, &[1, 4], "10:30:00"), [(0, Ring::Inside, vec![1]), (0, Ring::Near, vec![4])]);
        assert_eq!(who(&update, &[], "10:30:00"), []);
        update.msg_type = MsgType::Alert;
        assert_eq!(who(&update, &[], "10:30:00").len(), 2, "an Alert of its own rings, whatever it advises");
    }

    #[test]
    fn who_is_where_it_goes_on_and_where_it_is_over_hears_that_it_goes_on() {
        let mut update = alert();
        update.msg_type = MsgType::Update;
        (update.infos[0].response_types, update.infos[0].urgency) = (vec![ResponseType::AllClear], Urgency::Past);
        let mut goes_on = info("fr", sample::area(52.0, 3.0, 5.0));
        goes_on.severity = Severity::Minor;
        update.infos.push(goes_on);
        let targets = who(&update, &[1, 4], "10:30:00");
        assert_eq!(targets, [(1, Ring::Inside, vec![4]), (0, Ring::Inside, vec![1])]);
    }

    #[test]
    fn whom_a_copy_reaches_hears_nothing() {
        let before = Before { copies: set(&[1, 3]), ..Before::default() };
        assert_eq!(who_after(&alert(), &before, "10:30:00"), [(0, Ring::Inside, vec![2])]);
    }

    #[test]
    fn a_cancel_of_several_messages_tells_each_what_is_said_of_their_place() {
        let mut cancel = alert();
        cancel.msg_type = MsgType::Cancel;
        cancel.infos.push(info("fr", sample::area(52.0, 3.0, 5.0)));
        assert_eq!(who(&cancel, &[1, 4], "10:30:00"), [(0, Ring::Inside, vec![1]), (1, Ring::Inside, vec![4])]);
        cancel.infos[1].areas = vec![sample::area(-52.0, 3.0, 5.0)];
        let first = who(&cancel, &[1, 4], "10:30:00");
        assert_eq!(first, [(0, Ring::Inside, vec![1]), (0, Ring::Inside, vec![4])], "who is in none hears the first");
    }

    #[test]
    fn the_end_of_a_part_is_heard_where_that_part_is() {
        let mut cancel = alert();
        cancel.msg_type = MsgType::Cancel;
        let before = Before { part: set(&[1, 3, 4]), ..Before::default() };
        assert_eq!(who_after(&cancel, &before, "10:30:00"), [(0, Ring::Inside, vec![1, 3])]);
        cancel.infos[0].areas.clear();
        assert_eq!(who_after(&cancel, &before, "10:30:00"), [], "where is not said");
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
