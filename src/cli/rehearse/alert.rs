//! The two alerts of a rehearsal: one of the lowest tier for everybody, one of the highest for a few.

use crate::clock;
use jiff::{SignedDuration, Timestamp};

/// Who sends them.
pub const SENDER: &str = "rehearsal@beffroi.invalid";
/// Where those live whom the urgent alert is for; degrees, latitude first.
pub const URGENT_PLACE: (f64, f64) = (50.9, 3.9);
/// South-west corner of where everybody else lives, degrees.
const CORNER: (f64, f64) = (50.0, 3.0);
/// How far it reaches to the north and the east, degrees.
const SPREAD_DEG: f64 = 0.8;
const LIFETIME: SignedDuration = SignedDuration::from_hours(6);

/// Where the person of this number lives: spread evenly, the same each time.
pub fn place(number: u32) -> (f64, f64) {
    // The fractional parts of multiples of two irrational numbers fill a square evenly (Roberts' R2 sequence).
    let part = |factor: f64| (f64::from(number) * factor).fract() * SPREAD_DEG;
    (CORNER.0 + part(0.754_877_666_246_693), CORNER.1 + part(0.569_840_290_998_053))
}

/// For everybody, of the lowest tier.
pub fn for_all(now: Timestamp) -> String {
    let headline = "A rehearsal for everybody";
    alert(now, headline, ["Future", "Minor", "Possible"], "49.9,2.9 49.9,4.1 51.1,4.1 51.1,2.9 49.9,2.9")
}

/// For a few, of the highest tier. Each number is another one, none a copy of another.
pub fn urgent(now: Timestamp, number: u32) -> String {
    let headline = format!("Urgent rehearsal number {number}");
    let corners = "50.85,3.85 50.85,3.95 50.95,3.95 50.95,3.85 50.85,3.85";
    alert(now, &headline, ["Immediate", "Extreme", "Observed"], corners)
}

fn alert(now: Timestamp, headline: &str, [urgency, severity, certainty]: [&str; 3], polygon: &str) -> String {
    let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S-00:00").to_string();
    let (identifier, sent) = (clock::random_id(), time(now));
    let expires = time(now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{identifier}</identifier><sender>{SENDER}</sender><sent>{sent}</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-GB</language><category>Met</category><event>Rehearsal</event><responseType>Monitor</responseType>
<urgency>{urgency}</urgency><severity>{severity}</severity><certainty>{certainty}</certainty>
<expires>{expires}</expires><senderName>Rehearsal</senderName>
<headline>{headline}</headline>
<description>This goes to invented people only. It is as long as many real alerts are, so that what is sent has the
size that it would have on a stormy day: gusts of 110 km/h on the coast, of 90 km/h inland, from noon to midnight.</description>
<instruction>Nothing is to be done. Put away what the wind could take; keep away from trees; stay in touch.</instruction>
<area><areaDesc>Everywhere in the rehearsal</areaDesc><polygon>{polygon}</polygon></area></info></alert>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses with the crate's own reader, which has its own tests.
    #[test]
    fn both_alerts_are_without_fault_and_everybody_lives_where_they_go() {
        let now = "2026-11-22T12:00:00Z".parse().expect("a timestamp");
        for text in [for_all(now), urgent(now, 1)] {
            let read = crate::cap::read(text.as_bytes(), &crate::cap::Options::default());
            assert!(read.findings.is_empty(), "{:?}", read.findings);
        }
        for number in [0, 1, 999, 999_999] {
            let (lat, lon) = place(number);
            assert!((50.0..50.8).contains(&lat) && (3.0..3.8).contains(&lon), "{lat}, {lon}");
        }
    }
}
