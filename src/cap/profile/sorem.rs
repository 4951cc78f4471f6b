//! The SOREM layers on CAP-CP: what breaks into programmes and rings phones in Canada.

use super::places::{At, Places};
use super::rules;
use crate::cap::alert::{Info, NamedValue};
use crate::cap::code::{Certainty, Severity, Urgency};
use crate::cap::report::quote;
use std::collections::BTreeSet;

/// How the layers' names begin; the version follows.
const LAYER: &str = "layer:SOREM:";
/// What phones take in Canada.
const WIRELESS_CHARS_MAX: usize = 600;

pub(super) fn check(places: &mut Places<'_, '_>, infos: &[At<'_, Info>]) {
    let mut unnamed = BTreeSet::new();
    for info in infos {
        let parameters = places.parameters(info);
        // A version and a name, such as `1.0` and `Broadcast_Immediately`.
        let of_layer: Vec<(&str, &str, &At<'_, NamedValue>)> = parameters
            .iter()
            .filter_map(|parameter| {
                let (version, name) = parameter.value_name.strip_prefix(LAYER)?.split_once(':')?;
                Some((version, name, parameter))
            })
            .collect();
        for &(version, _, parameter) in &of_layer {
            let layer = format!("{LAYER}{version}");
            if !places.alert.codes.contains(&layer) && unnamed.insert(layer.clone()) {
                let message = format!("No `code` names the layer `{}`.", quote(&layer));
                places.find(&rules::SOREM_CODE, parameter.node, message);
            }
        }
        let of =
            |wanted: &str| of_layer.iter().find(|(_, name, _)| *name == wanted).map(|(_, _, parameter)| *parameter);
        check_broadcast(places, info, of("Broadcast_Immediately"), of("Broadcast_Text"));
        check_wireless(places, of("WirelessImmediate"), of("WirelessText"));
    }
}

type Parameter<'p, 't> = Option<&'p At<'t, NamedValue>>;

fn check_broadcast(
    places: &mut Places<'_, '_>,
    info: &At<'_, Info>,
    immediate: Parameter<'_, '_>,
    text: Parameter<'_, '_>,
) {
    let Some(immediate) = immediate.filter(|parameter| is_yes(places, parameter)) else { return };
    let grave = matches!(info.severity, Severity::Extreme | Severity::Severe)
        && matches!(info.certainty, Certainty::Observed | Certainty::Likely);
    if info.urgency != Urgency::Immediate || !grave {
        let message = format!("It is {}, {} and {}.", info.urgency, info.severity, info.certainty);
        places.find(&rules::SOREM_MILD, immediate.node, message);
    }
    if text.is_none_or(|text| text.value.is_empty()) {
        places.find(&rules::SOREM_BROADCAST_TEXT, immediate.node, "There is no Broadcast_Text.");
    }
}

fn check_wireless(places: &mut Places<'_, '_>, immediate: Parameter<'_, '_>, text: Parameter<'_, '_>) {
    if let Some(immediate) = immediate.filter(|parameter| is_yes(places, parameter))
        && text.is_none_or(|text| text.value.is_empty())
    {
        places.find(&rules::SOREM_WIRELESS_TEXT, immediate.node, "There is no WirelessText.");
    }
    let Some(text) = text else { return };
    let characters = text.value.chars().count();
    if characters > WIRELESS_CHARS_MAX {
        places.find(&rules::SOREM_WIRELESS_LONG, text.node, format!("WirelessText has {characters} characters."));
    }
}

/// Whether it says yes; what is neither yes nor no is noted.
fn is_yes(places: &mut Places<'_, '_>, parameter: &At<'_, NamedValue>) -> bool {
    let yes = parameter.value.eq_ignore_ascii_case("yes");
    if !yes && !parameter.value.eq_ignore_ascii_case("no") {
        let message = format!("`{}` is neither Yes nor No.", quote(&parameter.value));
        places.find(&rules::SOREM_YES_NO, parameter.node, message);
    }
    yes
}
