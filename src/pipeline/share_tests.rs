use super::*;
use crate::audience::Audience;
use crate::cap::code::{MsgType, ResponseType, Severity, Urgency};
use crate::model::family::Families;
use crate::model::sample::{self, alert, at, info};
use crate::model::subscriber::{ChannelKind, Listener};
use crate::store::alert::Voice;
use proptest::prelude::*;
use std::sync::Arc;

fn set(slots: &[u32]) -> RoaringBitmap {
    slots.iter().copied().collect()
}

fn words(alert: Alert) -> Words {
    Words { messages: messages(&alert), speaking: alert.clone(), voice: Voice::Sender, alert }
}

fn of_type(msg_type: MsgType, change: impl Fn(&mut Alert)) -> Words {
    let mut alert = Alert { msg_type, ..alert() };
    change(&mut alert);
    words(alert)
}

fn told(alert: &str, tier: Tier, quiet: bool, slots: &[u32]) -> Told {
    Told { alert: AlertId(alert.to_owned()), message: 0, tier, quiet, slots: set(slots), accepted: set(slots) }
}

/// What was told, newest first; `storm` is the sample, `wider` the same in another area.
fn earlier(told: &[Told]) -> Earlier {
    let mut wider = alert();
    wider.infos[0].areas[0].circles[0].radius_km = 50.0;
    let named = |name: &str, alert: Alert| (AlertId(name.to_owned()), alert);
    Earlier { told: told.to_vec(), alerts: [named("storm", alert()), named("wider", wider)].into() }
}

fn everyone(message: u32, slots: &[u32]) -> Vec<Target> {
    vec![Target { message, ring: Ring::Inside, slots: set(slots) }]
}

/// Tier, whether quiet, whose message is taken back, and people.
fn seen(shares: &[Share]) -> Vec<(Tier, bool, Option<&str>, Vec<u32>)> {
    let about = |share: &Share| share.about.as_ref().map(AlertId::as_str).map(str::to_owned);
    let mut seen: Vec<_> = shares
        .iter()
        .map(|share| (share.tier, share.quiet, about(share), share.slots.iter().collect::<Vec<u32>>()))
        .collect();
    seen.sort_by(|a, b| a.3.cmp(&b.3));
    seen.into_iter()
        .map(|(tier, quiet, about, slots)| {
            let about = match about.as_deref() {
                Some("storm") => Some("storm"),
                Some("wider") => Some("wider"),
                Some(_) => Some("another"),
                None => None,
            };
            (tier, quiet, about, slots)
        })
        .collect()
}

fn split(words: &Words, told: &[Told], slots: &[u32]) -> Vec<Share> {
    shares(words, &everyone(0, slots), &earlier(told), at("10:30:00"))
}

#[test]
fn an_update_is_quiet_for_whom_it_changes_nothing_and_rings_for_all_others() {
    let update = of_type(MsgType::Update, |_| {});
    let before = [
        // Newest first: 5 heard of another area last, 6 last heard this, quietly, and was rung by another.
        told("storm", Tier::P1, true, &[6, 7]),
        told("wider", Tier::P1, false, &[3, 5, 6]),
        told("storm", Tier::P2, false, &[4]),
        told("storm", Tier::P1, false, &[1, 5]),
        told("unreadable", Tier::P1, false, &[8]),
    ];
    let shares = split(&update, &before, &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(seen(&shares), [(Tier::P1, true, None, vec![1]), (Tier::P1, false, None, vec![2, 3, 4, 5, 6, 7, 8])]);
    assert!(shares.iter().all(|share| !share.ends && share.expires == at("12:00:00")));
}

#[test]
fn whose_push_had_only_begun_is_rung_by_an_update_that_changes_nothing() {
    let update = of_type(MsgType::Update, |_| {});
    let only = |accepted: &[u32], told: Told| Told { accepted: set(accepted), ..told };
    let before = [
        // Newest first: 2 may have heard of another area since, 4 may have heard the same again.
        only(&[], told("wider", Tier::P1, false, &[2])),
        only(&[], told("storm", Tier::P1, true, &[4])),
        // 3 was told quietly for certain, and rung perhaps.
        told("storm", Tier::P1, true, &[3]),
        only(&[1, 2, 4], told("storm", Tier::P1, false, &[1, 2, 3, 4, 5])),
    ];
    let shares = split(&update, &before, &[1, 2, 3, 4, 5]);
    assert_eq!(seen(&shares), [(Tier::P1, true, None, vec![1, 4]), (Tier::P1, false, None, vec![2, 3, 5])]);
    let words = Earlier { told: before.to_vec(), ..Earlier::default() }.needed();
    assert_eq!(words, [AlertId("storm".to_owned()), AlertId("wider".to_owned())].into());
}

#[test]
fn an_alert_rings_whatever_was_told() {
    let shares = split(&of_type(MsgType::Alert, |_| {}), &[told("storm", Tier::P1, false, &[1])], &[1, 2]);
    assert_eq!(seen(&shares), [(Tier::P1, false, None, vec![1, 2])]);
}

#[test]
fn an_all_clear_is_quiet_and_as_urgent_as_the_warning_was_to_each() {
    for msg_type in [MsgType::Update, MsgType::Cancel] {
        let over = of_type(msg_type, |alert| {
            (alert.infos[0].urgency, alert.infos[0].response_types) = (Urgency::Past, vec![ResponseType::AllClear]);
        });
        let before = [told("storm", Tier::P2, false, &[2, 3]), told("storm", Tier::P0, false, &[1, 3])];
        let shares = split(&over, &before, &[1, 2, 3]);
        assert_eq!(seen(&shares), [(Tier::P0, true, None, vec![1, 3]), (Tier::P2, true, None, vec![2])]);
        assert!(shares.iter().all(|share| share.ends));
    }
}

#[test]
fn a_retraction_is_as_loud_as_the_warning_was_to_each_and_takes_back_what_they_were_told_last() {
    let cancel = of_type(MsgType::Cancel, |_| {});
    // It has no words of its own: it speaks in others'.
    let cancel = Words { alert: Alert { infos: Vec::new(), ..cancel.alert.clone() }, ..cancel };
    let before = [
        told("wider", Tier::P2, true, &[1, 4]),
        told("storm", Tier::P0, false, &[1, 2]),
        told("storm", Tier::P3, false, &[3]),
        told("unreadable", Tier::P1, false, &[5]),
    ];
    let shares = split(&cancel, &before, &[1, 2, 3, 4, 5]);
    assert_eq!(
        seen(&shares),
        [
            (Tier::P0, false, Some("wider"), vec![1]),
            (Tier::P0, false, Some("storm"), vec![2]),
            (Tier::P3, false, Some("storm"), vec![3]),
            (Tier::P2, true, Some("wider"), vec![4]),
            (Tier::P1, false, None, vec![5]),
        ]
    );
}

#[test]
fn a_retraction_with_words_of_its_own_speaks_in_them() {
    let shares = split(&of_type(MsgType::Cancel, |_| {}), &[told("storm", Tier::P0, false, &[1])], &[1]);
    assert_eq!(seen(&shares), [(Tier::P0, false, None, vec![1])]);
}

const PARIS: &str = "22:00:00/07:00:00 Europe/Paris";

/// People with these quiet hours, if any.
fn audience(hours: &[Option<&str>]) -> Arc<Snapshot> {
    let audience = Audience::new();
    let person = |(slot, hours): (u32, &Option<&str>)| Listener {
        slot,
        places: Vec::new(),
        families: Families::default(),
        drills: false,
        origin: "https://push.example".to_owned(),
        channel: ChannelKind::WebPush,
        language: "fr".to_owned(),
        quiet_hours: hours.map(|hours| hours.parse().expect("quiet hours")),
    };
    audience.load((0..).zip(hours).map(person).collect(), 1);
    audience.snapshot()
}

fn share(tier: Tier, quiet: bool, ends: bool, slots: &[u32]) -> Share {
    let now = at("23:30:00");
    let slots = set(slots);
    let (about, hours, expires) = (None, None, at("23:59:00"));
    Share { message: 0, about, tier, ring: Ring::Inside, quiet, ends, hours, not_before: now, expires, slots }
}

#[test]
fn at_night_what_is_not_grave_waits_for_the_morning_of_each() {
    let kyoto = "20:00:00/09:00:00 Asia/Tokyo";
    let audience = audience(&[None, Some(PARIS), Some(kyoto), Some("22:00:00/07:30:00 Europe/Paris")]);
    // Half past midnight in Paris, half past eight in Japan.
    let now = at("23:30:00");
    for tier in [Tier::P2, Tier::P3] {
        let nights = at_night(&audience, vec![share(tier, false, false, &[0, 1, 2, 3, 9])], now);
        let mut seen: Vec<_> = nights
            .iter()
            .map(|share| {
                (
                    share.not_before,
                    share.hours.as_ref().map(ToString::to_string),
                    share.slots.iter().collect::<Vec<u32>>(),
                )
            })
            .collect();
        seen.sort();
        let next = |time: &str| format!("2026-03-02T{time}Z").parse::<Timestamp>().expect("a time");
        let hours = |text: &str| Some(text.to_owned());
        assert_eq!(
            seen,
            [
                (now, None, vec![0, 9]),
                (next("00:00:00"), hours(kyoto), vec![2]),
                (next("06:00:00"), hours(PARIS), vec![1]),
                (next("06:30:00"), hours("22:00:00/07:30:00 Europe/Paris"), vec![3]),
            ]
        );
        assert!(nights.iter().all(|share| !share.quiet));
    }
}

#[test]
fn by_day_quiet_hours_are_kept_for_a_second_attempt() {
    let nights = at_night(&audience(&[Some(PARIS)]), vec![share(Tier::P2, false, false, &[0])], at("12:00:00"));
    assert_eq!(nights.len(), 1);
    assert_eq!((nights[0].not_before, nights[0].hours.is_some()), (at("12:00:00"), true));
}

#[test]
fn at_night_what_ends_something_comes_at_once_and_quietly() {
    let nights = at_night(&audience(&[None, Some(PARIS)]), vec![share(Tier::P2, false, true, &[0, 1])], at("23:30:00"));
    let mut seen: Vec<_> = nights.iter().map(|share| (share.slots.iter().collect::<Vec<u32>>(), share.quiet)).collect();
    seen.sort();
    assert_eq!(seen, [(vec![0], false), (vec![1], true)]);
    assert!(nights.iter().all(|share| share.not_before == at("23:30:00") && share.hours.is_none()));
    let by_day = at_night(&audience(&[None, Some(PARIS)]), vec![share(Tier::P2, false, true, &[0, 1])], at("12:00:00"));
    assert!(by_day.iter().all(|share| !share.quiet));
}

#[test]
fn quiet_hours_that_few_have_are_put_together_by_their_mornings() {
    let hours: Vec<String> = (0..HOURS_APART_MAX as u32 + 40)
        .map(|nth| {
            format!(
                "2{}:{:02}:00/07:00:00 {}",
                nth % 3,
                nth / 3 % 60,
                if nth < 180 { "Europe/Paris" } else { "Europe/Berlin" }
            )
        })
        .collect();
    let audience = audience(&hours.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>());
    let people: Vec<u32> = (0..hours.len() as u32).collect();
    let night = "2026-03-01T23:30:00Z".parse().expect("a time");
    let nights = at_night(&audience, vec![share(Tier::P2, false, false, &people)], night);
    assert_eq!(nights.iter().filter(|share| share.hours.is_some()).count(), HOURS_APART_MAX);
    let together: Vec<&Share> = nights.iter().filter(|share| share.hours.is_none()).collect();
    assert_eq!(together.len(), 1);
    assert_eq!(together[0].slots.len(), 40);
    assert!(nights.iter().all(|share| share.not_before.to_string() == "2026-03-02T06:00:00Z"));
}

#[test]
fn only_what_is_heard_without_being_grave_costs() {
    for (tier, quiet, ends, costs) in [
        (Tier::P0, false, false, false),
        (Tier::P1, false, false, false),
        (Tier::P2, false, false, true),
        (Tier::P2, true, false, false),
        (Tier::P2, false, true, false),
        (Tier::P3, false, false, false),
    ] {
        assert_eq!(share(tier, quiet, ends, &[1]).costs(), costs, "{tier:?} {quiet} {ends}");
    }
    let held = share(Tier::P2, false, false, &[1]);
    assert!(!Share { not_before: held.expires, ..held }.costs(), "over before the morning");
}

#[test]
fn a_ring_counts_on_the_day_on_which_it_is_heard() {
    let first: Timestamp = "1970-01-01T23:59:59Z".parse().expect("a time");
    assert_eq!((day(first), day(at("00:00:00")), day(at("23:59:59"))), (0, 20_513, 20_513));
}

fn tiers() -> impl Strategy<Value = Tier> {
    prop::sample::select(Tier::ALL.to_vec())
}

fn slots() -> impl Strategy<Value = RoaringBitmap> {
    prop::collection::btree_set(0..40_u32, 0..30).prop_map(|slots| slots.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn everyone_is_in_exactly_one_share_and_nothing_grave_is_held_or_hushed_by_night_or_budget(
        msg_type in prop::sample::select(vec![MsgType::Alert, MsgType::Update, MsgType::Cancel]),
        kind in 0..3_u8,
        before in prop::collection::vec((any::<bool>(), tiers(), any::<bool>(), slots()), 0..6),
        first in slots(),
        second in slots(),
        resting in prop::collection::vec(prop::option::of(prop::sample::select(vec![PARIS, "01:00:00/02:00:00 UTC", "20:00:00/20:00:00 UTC"])), 40),
        hour in 0..24_u8,
        spent in slots(),
        failed in slots(),
    ) {
        let words = of_type(msg_type, |alert| {
            alert.infos.push(info("fr", sample::area(52.0, 3.0, 5.0)));
            alert.infos[1].severity = Severity::Minor;
            match kind {
                0 => {}
                1 => alert.infos.iter_mut().for_each(|info| (info.urgency, info.response_types) = (Urgency::Past, vec![ResponseType::AllClear])),
                _ => (alert.infos[0].severity, alert.infos[0].urgency) = (Severity::Extreme, Urgency::Immediate),
            }
        });
        let told: Vec<Told> = before
            .into_iter()
            .map(|(wider, tier, quiet, slots)| Told { accepted: &slots - &failed, slots, ..told(if wider { "wider" } else { "storm" }, tier, quiet, &[]) })
            .collect();
        let now = at(&format!("{hour:02}:30:00"));
        let targets = [
            Target { message: 0, ring: Ring::Inside, slots: first.clone() },
            Target { message: 1, ring: Ring::Near, slots: &second - &first },
        ];
        let by_words = shares(&words, &targets, &earlier(&told), now);
        let nights = at_night(&audience(&resting), by_words.clone(), now);
        let all: Vec<Share> = nights
            .iter()
            .flat_map(|share| if share.costs() { share.clone().over(&spent) } else { vec![share.clone()] })
            .collect();
        for shares in [&by_words, &nights, &all] {
            let whole = shares.iter().fold(RoaringBitmap::new(), |all, share| all | &share.slots);
            prop_assert_eq!(&whole, &(&first | &second));
            prop_assert_eq!(shares.iter().map(|share| share.slots.len()).sum::<u64>(), whole.len());
        }
        let loud = |shares: &[Share]| {
            let grave = shares.iter().filter(|share| share.tier <= Tier::P1 && !share.quiet && share.not_before == now);
            grave.fold(RoaringBitmap::new(), |all, share| all | &share.slots)
        };
        prop_assert_eq!(loud(&by_words), loud(&all));
        for share in &all {
            prop_assert!(share.not_before >= now);
            prop_assert!(share.tier > Tier::P1 || (share.not_before == now && share.hours.is_none()));
            prop_assert!(!share.ends || share.not_before == now);
            for slot in &share.slots {
                let hours: Option<QuietHours> = resting[slot as usize].map(|text| text.parse().expect("quiet hours"));
                let night = hours.and_then(|hours| hours.end(now));
                if !share.ends && share.tier > Tier::P1 {
                    prop_assert_eq!(share.not_before, night.unwrap_or(now));
                }
            }
        }
    }
}
