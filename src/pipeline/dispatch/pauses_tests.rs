use super::*;

const HERE: &str = "https://push.example";
const OURS: Doubt = Doubt::Ours;
const PERHAPS: Doubt = Doubt::Perhaps(Fate::Rejected);

fn pauses() -> Pauses {
    Pauses::new(Clock::system(), Duration::ZERO)
}

fn refuse(service: &Service, slots: std::ops::Range<Slot>, doubt: Doubt) -> Vec<Change> {
    slots.filter_map(|slot| service.refused("", slot, true, "key", doubt).1).collect()
}

#[test]
fn a_single_subscription_that_refuses_our_key_pauses_nothing() {
    let service = pauses().service(HERE);
    for _ in 0..100 {
        assert_eq!(refuse(&service, 1..2, PERHAPS), []);
    }
    assert!(!service.is_paused(), "even where nobody was accepted");
    for slot in 2..5 {
        assert_eq!(service.accepted("", 99), None);
        assert_eq!(refuse(&service, slot..slot + 1, PERHAPS), []);
    }
    assert!(matches!(service.begin(), Way::Open));
}

#[test]
fn a_few_refusals_before_anything_was_accepted_ask_less_and_alarm_only_when_a_look_is_refused() {
    let pauses = pauses();
    let service = pauses.service(HERE);
    assert_eq!(refuse(&service, 0..REFUSED_COUNT_MIN, OURS), [], "it may be over at the first look");
    assert!(service.is_paused() && pauses.all().is_empty());
    let Way::Look(look) = service.begin() else { panic!("somebody may look") };
    assert_eq!(refuse(&service, 0..2, OURS), [Change::Paused], "said once");
    let all = pauses.all();
    assert!(matches!(&all[..], [Pause { origin, reason, .. }] if origin == HERE && reason == "key"), "{all:?}");
    drop(look);
    assert!(matches!(pauses.service("https://other.example").begin(), Way::Open));
    assert_eq!(service.accepted("", 7), Some(Change::Resumed));
    assert!(matches!(service.begin(), Way::Open));
    assert!(pauses.all().is_empty());
}

#[test]
fn a_few_refusals_of_a_service_that_accepts_us_are_not_enough() {
    let service = pauses().service(HERE);
    service.accepted("", 99);
    refuse(&service, 0..REFUSED_IN_A_ROW - 1, OURS);
    assert!(!service.is_paused());
    refuse(&service, 0..1, OURS);
    assert!(service.is_paused());
    assert_eq!(service.accepted("", 99), None, "nobody was told");
}

#[test]
fn one_at_a_time_looks_and_ever_more_seldom() {
    let pauses = pauses();
    let service = pauses.service(HERE);
    refuse(&service, 0..REFUSED_COUNT_MIN, OURS);
    assert!(pauses.closed().is_empty(), "somebody may look");
    let Way::Look(look) = service.begin() else { panic!("somebody may look") };
    assert!(matches!(service.begin(), Way::Closed));
    assert_eq!(pauses.closed(), [HERE]);
    drop(look);
    assert!(matches!(service.begin(), Way::Look(_)));
    let seldom = Pauses::new(Clock::system(), LOOK_EVERY_MAX).service(HERE);
    refuse(&seldom, 0..REFUSED_COUNT_MIN, OURS);
    assert!(matches!(seldom.begin(), Way::Closed));
    assert_eq!(seldom.lock().pause.as_ref().map(|pause| pause.wait), Some(LOOK_FIRST_MAX));
    let mut waits = Vec::new();
    for _ in 0..6 {
        drop(Look(Arc::clone(&seldom)));
        waits.push(seldom.lock().pause.as_ref().map(|pause| pause.wait.as_secs()).expect("paused"));
    }
    assert_eq!(waits, [4, 8, 16, 30, 30, 30]);
}

#[test]
fn a_look_that_panics_is_over_too() {
    let service = pauses().service(HERE);
    refuse(&service, 0..REFUSED_COUNT_MIN, OURS);
    let held = Arc::clone(&service);
    let looked = std::thread::spawn(move || {
        let _look = held.begin();
        panic!("in the middle of a look");
    });
    assert!(looked.join().is_err());
    assert!(matches!(service.begin(), Way::Look(_)));
}

#[test]
fn an_app_of_which_nobody_is_accepted_is_told_and_nobody_of_it_given_up() {
    let pauses = pauses();
    let service = pauses.service("apns");
    let mut changes = Vec::new();
    for _ in 0..3 {
        for slot in 0..4 {
            let (judged, change) = service.refused("org.wrong", slot, true, "TopicDisallowed", PERHAPS);
            assert_eq!(judged, Judged::Waits);
            changes.extend(change);
            changes.extend(service.accepted("org.right", 100 + slot));
        }
    }
    assert_eq!(changes, [Change::Refusing], "once");
    assert!(!service.is_paused(), "the other app goes on");
    let told: Vec<String> = pauses.all().into_iter().map(|pause| pause.origin).collect();
    assert_eq!(told, ["apns (org.wrong)"]);
    assert_eq!(service.accepted("org.wrong", 0), Some(Change::Resumed));
    assert!(pauses.all().is_empty());
}

#[test]
fn one_device_of_another_app_is_given_up_when_it_is_refused_again() {
    let service = pauses().service("apns");
    let refused = |slot, fate| service.refused("org.right", slot, true, "BadDeviceToken", Doubt::Perhaps(fate));
    assert_eq!(refused(1, Fate::Gone), (Judged::Waits, None));
    assert_eq!(refused(2, Fate::Rejected), (Judged::Waits, None));
    service.accepted("org.right", 3);
    assert_eq!(refused(1, Fate::Gone), (Judged::Gone, None));
    assert_eq!(refused(2, Fate::Rejected), (Judged::Rejected, None));
}
