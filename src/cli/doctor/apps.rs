//! The credentials for the push services of apps, where they are set up or someone is subscribed through them.

use super::push::CHECK;
use super::{Report, chain};
use crate::config::Config;
use crate::model::subscriber::{APNS_ORIGIN, FCM_ORIGIN};
use crate::push::apns::ApnsKey;
use crate::push::fcm::FcmAccount;
use crate::push::transport::Transport;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// Permissions that nobody but the owner may have.
const OTHERS_MODE_MASK: u32 = 0o077;

/// Looks at keys and accounts; gives the addresses that are to be reached, with how many people are behind each.
pub(super) fn check(
    report: &mut Report,
    config: &Config,
    transport: &Arc<Transport>,
    subscribed: &[(String, u64)],
) -> Vec<(String, u64)> {
    let people =
        |origin: &str| subscribed.iter().find(|(subscribed, _)| subscribed == origin).map_or(0, |(_, people)| *people);
    let mut addresses = apns(report, config, people(APNS_ORIGIN));
    addresses.extend(fcm(report, config, transport, people(FCM_ORIGIN)));
    addresses
}

fn apns(report: &mut Report, config: &Config, people: u64) -> Vec<(String, u64)> {
    let settings = &config.push.apns;
    match ApnsKey::load(settings) {
        Ok(Some(_)) => report.ok(CHECK, format!("APNs: the key {} can be used", settings.key_id)),
        Ok(None) => {
            not_set_up(report, "APNs", people, "push.apns.key_file, key_id, team_id and topics");
            return Vec::new();
        }
        Err(error) => {
            report.fault(CHECK, chain(&error), "Let push.apns.key_file name the .p8 file that Apple handed out.");
        }
    }
    only_ours(report, settings.key_file.as_deref());
    let other = settings.sandbox_base_url.as_ref().map(|url| (url.to_string(), 0));
    std::iter::once((settings.base_url.to_string(), people)).chain(other).collect()
}

fn fcm(report: &mut Report, config: &Config, transport: &Arc<Transport>, people: u64) -> Vec<(String, u64)> {
    let settings = &config.push.fcm;
    let mut addresses = vec![(settings.base_url.to_string(), people)];
    match FcmAccount::load(settings, config.push.allow_private_endpoints, Arc::clone(transport)) {
        Ok(Some(account)) => {
            report.ok(CHECK, format!("FCM: the service account for {} can be used", account.project()));
            addresses.push((account.token_uri().to_owned(), 0));
        }
        Ok(None) => {
            not_set_up(report, "FCM", people, "push.fcm.service_account_file");
            return Vec::new();
        }
        Err(error) => {
            let fix = "Let push.fcm.service_account_file name the JSON file of a service account.";
            report.fault(CHECK, chain(&error), fix);
        }
    }
    only_ours(report, settings.service_account_file.as_deref());
    addresses
}

fn not_set_up(report: &mut Report, name: &str, people: u64, settings: &str) {
    if people > 0 {
        report.fault(
            CHECK,
            format!("{people} people are subscribed through {name}, which is not set up: they are not reached"),
            format!("Set {settings} again."),
        );
    }
}

/// Who reads such a file can send in our name.
fn only_ours(report: &mut Report, file: Option<&Path>) {
    let Some(file) = file else { return };
    // A file that cannot be read is told already.
    let open = std::fs::metadata(file).is_ok_and(|known| known.permissions().mode() & OTHERS_MODE_MASK != 0);
    if open {
        let path = file.display();
        report.fault(CHECK, format!("{path} can be read by others"), format!("chmod 600 {path}"));
    }
}
