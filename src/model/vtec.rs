//! Valid Time Event Codes of the US National Weather Service (NWS Instruction 10-1703): which event a message is about,
//! and what it does to it. NWS gives each message a new identifier and names the earlier ones imperfectly; the event
//! code is what holds them together. Pure.
//!
//! One code is `/O.CON.KOFF.PP.S.0012.yymmddThhnnZ-yymmddThhnnZ/`: class, action, office, phenomenon, significance,
//! number of the event in the office's year, begin and end.

use crate::cap::alert::{Alert, Info, NamedValue};
use std::collections::BTreeSet;

/// The name of the parameter.
const PARAMETER: &str = "VTEC";
/// Most codes looked at in one alert; real ones have a handful.
pub const CODES_MAX: usize = 16;
/// Most zones kept of one alert; real ones have some hundreds.
pub const ZONES_MAX: usize = 1_000;
/// Schemes of geocodes that name zones, best first.
const ZONE_SCHEMES: [&str; 2] = ["UGC", "SAME"];

/// What a message does to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    New,
    /// Goes on.
    Continued,
    /// In time.
    Extended,
    /// In area.
    ExtendedArea,
    /// In area and time.
    ExtendedBoth,
    /// Replaced by another event.
    Upgraded,
    Cancelled,
    Expired,
    Corrected,
    /// Routine: no event follows from it.
    Routine,
}

impl Action {
    fn from_code(text: &str) -> Option<Self> {
        Some(match text {
            "NEW" => Self::New,
            "CON" => Self::Continued,
            "EXT" => Self::Extended,
            "EXA" => Self::ExtendedArea,
            "EXB" => Self::ExtendedBoth,
            "UPG" => Self::Upgraded,
            "CAN" => Self::Cancelled,
            "EXP" => Self::Expired,
            "COR" => Self::Corrected,
            "ROU" => Self::Routine,
            _ => return None,
        })
    }

    /// Whether the event is known already to whoever followed it.
    pub const fn follows(self) -> bool {
        match self {
            Self::New | Self::Routine => false,
            Self::Continued
            | Self::Extended
            | Self::ExtendedArea
            | Self::ExtendedBoth
            | Self::Upgraded
            | Self::Cancelled
            | Self::Expired
            | Self::Corrected => true,
        }
    }

    /// Whether it says where else an event is, so that its zones need not have been named before.
    pub const fn extends_area(self) -> bool {
        matches!(self, Self::New | Self::ExtendedArea | Self::ExtendedBoth)
    }

    const fn ends(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired)
    }

    /// Where the event stands with it.
    pub const fn stage(self) -> Stage {
        match self {
            Self::New | Self::Routine => Stage::Starts,
            Self::Continued | Self::Extended | Self::ExtendedArea | Self::ExtendedBoth | Self::Corrected => {
                Stage::GoesOn
            }
            Self::Upgraded | Self::Cancelled | Self::Expired => Stage::Ends,
        }
    }
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Starts,
    GoesOn,
    Ends,
}

impl Stage {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starts => "starts",
            Self::GoesOn => "goes-on",
            Self::Ends => "ends",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Starts, Self::GoesOn, Self::Ends].into_iter().find(|stage| stage.as_str() == text)
    }
}

/// One event code, as far as it tells events apart. Its number begins anew each year: a later `NEW` of the same event
/// code is another event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vtec {
    pub action: Action,
    /// Class, office, phenomenon, significance and number, as `O.KOUN.TO.W.0012`.
    pub event: String,
}

/// What an alert says in event codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codes {
    /// Without repetition, sorted.
    pub codes: Vec<Vtec>,
    /// Parts of the parameter that look like a code and are none.
    pub unreadable: Vec<String>,
}

impl Codes {
    /// Whether nothing in it is new, and something goes on from before.
    pub fn follow(&self) -> bool {
        !self.codes.is_empty() && self.codes.iter().any(|code| code.action.follows())
    }
}

/// All event codes of an alert.
pub fn codes(alert: &Alert) -> Codes {
    let mut all = Codes::default();
    for part in alert.infos.iter().flat_map(|info| &info.parameters).filter(|p| is_vtec(p)).flat_map(parts) {
        if all.codes.len() + all.unreadable.len() >= CODES_MAX {
            break;
        }
        match read(part) {
            Some(code) if !all.codes.contains(&code) => all.codes.push(code),
            Some(_) => {}
            None if is_hydrologic(part) || all.unreadable.iter().any(|known| known == part) => {}
            None => all.unreadable.push(part.to_owned()),
        }
    }
    all.codes.sort();
    all
}

/// Whether an info has event codes and every one of them ends its event.
pub fn all_ended(info: &Info) -> bool {
    let mut codes = info.parameters.iter().filter(|p| is_vtec(p)).flat_map(parts).take(CODES_MAX).filter_map(read);
    codes.next().is_some_and(|first| first.action.ends() && codes.all(|code| code.action.ends()))
}

/// The forecast zones or counties of an alert, sorted: what an event is cancelled and continued by. Empty where it names
/// none.
pub fn zones(alert: &Alert) -> BTreeSet<String> {
    for scheme in ZONE_SCHEMES {
        let geocodes = alert.infos.iter().flat_map(|info| &info.areas).flat_map(|area| &area.geocodes);
        let parameters = alert.infos.iter().flat_map(|info| &info.parameters);
        let named = geocodes.chain(parameters).filter(|value| value.value_name == scheme);
        let zones: BTreeSet<String> =
            named.flat_map(|value| value.value.split_whitespace()).map(str::to_owned).take(ZONES_MAX).collect();
        if !zones.is_empty() {
            return zones;
        }
    }
    BTreeSet::new()
}

/// Whether zones of one alert can be told from those of another: the schemes are not the same where one has letters and
/// the other has none. Zones that nobody names are of any scheme.
pub fn same_scheme(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let is_ugc = |zones: &BTreeSet<String>| zones.first().map(|zone| zone.contains(|c: char| c.is_ascii_alphabetic()));
    match (is_ugc(a), is_ugc(b)) {
        (Some(a), Some(b)) => a == b,
        (None, _) | (_, None) => true,
    }
}

fn is_vtec(parameter: &NamedValue) -> bool {
    parameter.value_name == PARAMETER
}

fn parts(parameter: &NamedValue) -> impl Iterator<Item = &str> {
    parameter.value.split(|c: char| c == '/' || c.is_whitespace()).filter(|part| !part.is_empty())
}

fn read(part: &str) -> Option<Vtec> {
    let fields: Vec<&str> = part.splitn(8, '.').collect();
    let [class, action, office, phenomenon, significance, number, period] = fields[..] else { return None };
    let is = |text: &str, len: usize, fits: fn(u8) -> bool| text.len() == len && text.bytes().all(fits);
    let upper = |text, len| is(text, len, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let (begin, end) = period.split_once('-')?;
    let readable = upper(class, 1)
        && upper(office, 4)
        && upper(phenomenon, 2)
        && upper(significance, 1)
        && is(number, 4, |byte| byte.is_ascii_digit())
        && [begin, end].into_iter().all(is_time);
    let event = format!("{class}.{office}.{phenomenon}.{significance}.{number}");
    Action::from_code(action).filter(|_| readable).map(|action| Vtec { action, event })
}

/// `yymmddThhnnZ`; all zeros where it has begun already or is not known.
fn is_time(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.len() == 12 && digits(0..6) && text.get(6..7) == Some("T") && digits(7..11) && text.ends_with('Z')
}

/// The second line for floods, which tells of rivers and of no event: it begins with a gauge or zeros.
fn is_hydrologic(part: &str) -> bool {
    let fields: Vec<&str> = part.split('.').collect();
    fields.len() == 7 && fields[0].len() == 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::alert;

    fn with(values: &[&str]) -> Alert {
        let mut alert = alert();
        let parameter = |value: &&str| NamedValue { value_name: "VTEC".to_owned(), value: (*value).to_owned() };
        alert.infos[0].parameters = values.iter().map(parameter).collect();
        alert
    }

    fn events(values: &[&str]) -> Vec<(Action, String)> {
        codes(&with(values)).codes.into_iter().map(|code| (code.action, code.event)).collect()
    }

    const TORNADO: &str = "/O.NEW.KOUN.TO.W.0012.260601T1200Z-260601T1300Z/";

    #[test]
    fn a_code_tells_what_is_done_to_which_event() {
        assert_eq!(events(&[TORNADO]), [(Action::New, "O.KOUN.TO.W.0012".to_owned())]);
        let actions = ["CON", "EXT", "EXA", "EXB", "UPG", "CAN", "EXP", "COR"];
        for action in actions {
            let code = TORNADO.replace("NEW", action);
            let all = codes(&with(&[&code]));
            assert!(all.follow(), "{action}");
            assert_eq!(all.codes[0].event, "O.KOUN.TO.W.0012", "{action}");
        }
        assert!(!codes(&with(&[TORNADO])).follow());
        assert!(!codes(&with(&[])).follow());
    }

    #[test]
    fn several_codes_stand_in_one_parameter_or_in_several() {
        let wind = "/O.UPG.KABQ.WI.Y.0032.260601T1600Z-260602T0100Z/";
        let high = "/O.NEW.KABQ.HW.W.0014.000000T0000Z-260602T0100Z/";
        let want = [(Action::New, "O.KABQ.HW.W.0014".to_owned()), (Action::Upgraded, "O.KABQ.WI.Y.0032".to_owned())];
        assert_eq!(events(&[wind, high]), want);
        assert_eq!(events(&[&format!("{wind}\n {high}")]), want);
        assert_eq!(events(&[&format!("{wind}{high}{wind}")]), want);
    }

    #[test]
    fn the_line_about_rivers_is_no_event_and_no_mistake() {
        let flood = "/O.CON.KTFX.FF.A.0003.000000T0000Z-260830T1800Z/\n\
                     /00000.0.ER.000000T0000Z.000000T0000Z.000000T0000Z.OO/";
        let all = codes(&with(&[flood]));
        assert_eq!((all.codes.len(), all.unreadable.len()), (1, 0), "{all:?}");
    }

    #[test]
    fn what_is_no_code_is_said_and_nothing_else_happens() {
        for broken in [
            "/O.NEW.KOUN.TO.W.12.260601T1200Z-260601T1300Z/",
            "/O.ACT.KOUN.TO.W.0012.260601T1200Z-260601T1300Z/",
            "/O.NEW.KOUN.TO.W.0012.260601T1200Z/",
            "/O.NEW.koun.TO.W.0012.260601T1200Z-260601T1300Z/",
            "/O.NEW.KOUN.TO.W.0012.260601T12é0Z-260601T1300Z/",
            "nothing",
        ] {
            let all = codes(&with(&[broken]));
            assert_eq!((all.codes.len(), all.unreadable.len()), (0, 1), "{broken}: {all:?}");
        }
        let many = vec!["x"; 100].iter().enumerate().map(|(i, x)| format!("{x}{i}")).collect::<Vec<_>>().join("/");
        assert_eq!(codes(&with(&[&many])).unreadable.len(), CODES_MAX);
    }

    #[test]
    fn zones_come_from_the_best_scheme_that_is_there() {
        let mut alert = alert();
        let value = |name: &str, value: &str| NamedValue { value_name: name.to_owned(), value: value.to_owned() };
        assert!(zones(&alert).is_empty());
        alert.infos[0].areas[0].geocodes = vec![value("SAME", "040109")];
        assert_eq!(zones(&alert), BTreeSet::from(["040109".to_owned()]));
        let same = zones(&alert);
        alert.infos[0].parameters = vec![value("UGC", "OKC109 OKC027")];
        let ugc = zones(&alert);
        assert_eq!(ugc, BTreeSet::from(["OKC027".to_owned(), "OKC109".to_owned()]));
        assert!(!same_scheme(&same, &ugc) && !same_scheme(&ugc, &same));
        assert!(same_scheme(&same, &same) && same_scheme(&ugc, &ugc));
        assert!(same_scheme(&same, &BTreeSet::new()) && same_scheme(&BTreeSet::new(), &ugc));
    }
}
