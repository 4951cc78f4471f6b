//! Profiles: what a country or a network asks of an alert beyond the standard.
//!
//! An alert is looked at as every profile that it claims, and as the one that was asked for. What a profile says breaks
//! nothing of the standard: it is an error only where the profile was asked for ([`rules`]). An alert that could not be
//! read is not looked at.

mod cap_au;
mod cap_cp;
mod ipaws;
mod meteoalarm;
mod places;
pub mod rules;
mod sorem;
mod wmo;

use super::alert::Alert;
use super::report::Report;
use super::tree::{NodeId, Tree};
use places::Places;

/// A profile we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// USA: Integrated Public Alert and Warning System, version 1.0.
    Ipaws,
    /// Canada, versions 0.4 and 1.0, with the SOREM layers.
    CapCp,
    /// Australia: CAP-AU-STD 3.0, whose alerts name it CAP-AU 1.0.
    CapAu,
    /// Europe's weather services.
    Meteoalarm,
    /// What the World Meteorological Organization and the Alert Hub advise.
    Wmo,
}

impl Profile {
    /// Every profile.
    pub const ALL: &'static [Self] = &[Self::Ipaws, Self::CapCp, Self::CapAu, Self::Meteoalarm, Self::Wmo];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipaws => "ipaws",
            Self::CapCp => "cap-cp",
            Self::CapAu => "cap-au",
            Self::Meteoalarm => "meteoalarm",
            Self::Wmo => "wmo",
        }
    }

    /// The profile of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|profile| profile.name() == name)
    }

    /// Every profile that an alert claims: by `code`, by MeteoAlarm's own parameters and geocodes, or by an identifier
    /// that the WMO's register gave out.
    pub fn claimed_by(alert: &Alert) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|profile| profile.is_claimed_by(alert)).collect()
    }

    fn is_claimed_by(self, alert: &Alert) -> bool {
        match self {
            Self::Ipaws => ipaws::is_claimed_by(alert),
            Self::CapCp => cap_cp::is_claimed_by(alert),
            Self::CapAu => cap_au::is_claimed_by(alert),
            Self::Meteoalarm => meteoalarm::is_claimed_by(alert),
            Self::Wmo => wmo::is_claimed_by(alert),
        }
    }
}

/// Who warns for the US National Weather Service.
const NWS_DOMAIN: &str = "noaa.gov";
/// The parameter with the event codes of the same service, which others pass on under names of their own.
const NWS_PARAMETER: &str = "VTEC";
/// Germany's weather service names the districts that its polygons touch.
const DWD_SCHEME: &str = "WARNCELLID";

/// Whether geocodes only name what polygons and circles beside them draw. The standard makes the area the union of all
/// (CAP 1.2 §3.2.4), but these networks add the codes of every whole county, province or state that what they draw
/// touches, for receivers that cannot draw: Canada's profile says that what is drawn takes precedence, and people in the
/// far end of a county are not to be rung for a storm that its polygon keeps away from them.
pub fn geocodes_name(alert: &Alert) -> bool {
    let claims = [Profile::Ipaws, Profile::CapCp, Profile::CapAu, Profile::Meteoalarm];
    let mut parameters = alert.infos.iter().flat_map(|info| &info.parameters);
    let mut geocodes = alert.infos.iter().flat_map(|info| &info.areas).flat_map(|area| &area.geocodes);
    claims.into_iter().any(|profile| profile.is_claimed_by(alert))
        || is_nws(&alert.key.sender)
        || parameters.any(|parameter| parameter.value_name == NWS_PARAMETER)
        || geocodes.any(|code| code.value_name.eq_ignore_ascii_case(DWD_SCHEME))
}

/// Whether a sender is of the US National Weather Service, however it is spelt: each of its offices has had a domain.
fn is_nws(sender: &str) -> bool {
    let Some((_, domain)) = sender.rsplit_once('@') else { return false };
    let domain = domain.trim_end().to_ascii_lowercase();
    domain.strip_suffix(NWS_DOMAIN).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Looks at an alert as each profile that it claims, and the one asked for, wants it. Says which these were.
pub(super) fn check(
    alert: &Alert,
    tree: &Tree<'_>,
    root: NodeId,
    asked: Option<Profile>,
    report: &mut Report,
) -> Vec<Profile> {
    let looked_at = Profile::ALL.iter().copied();
    let looked_at = looked_at.filter(|&profile| asked == Some(profile) || profile.is_claimed_by(alert)).collect();
    for &profile in &looked_at {
        let places = &mut Places { tree, root, alert, asked: asked == Some(profile), report };
        match profile {
            Profile::Ipaws => ipaws::check(places),
            Profile::CapCp => cap_cp::check(places),
            Profile::CapAu => cap_au::check(places),
            Profile::Meteoalarm => meteoalarm::check(places),
            Profile::Wmo => wmo::check(places),
        }
    }
    looked_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_us_weather_service_is_known_however_it_is_spelt() {
        for (sender, is) in [
            ("desk@noaa.gov", true),
            ("OFFICE@DESK.NOAA.GOV", true),
            ("desk@notnoaa.gov", false),
            ("desk@noaa.gov.example", false),
            ("noaa.gov", false),
        ] {
            assert_eq!(is_nws(sender), is, "{sender}");
        }
    }
}
