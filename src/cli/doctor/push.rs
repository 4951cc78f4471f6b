//! The way to the push services of those who are subscribed: name, address, connection and TLS, by the rules that
//! pushes go by.

use super::{Report, apps, chain};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::subscriber::{APNS_ORIGIN, FCM_ORIGIN};
use crate::push::endpoint::EndpointPolicy;
use crate::push::transport::{Transport, TransportError};
use crate::store::{Db, look};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;

pub(super) const CHECK: &str = "push";
/// Push services looked at, those of most people first.
const ORIGINS_MAX: u32 = 64;
/// Push services looked at at the same time.
const AT_ONCE_MAX: usize = 8;

pub(super) async fn check(report: &mut Report, config: &Config, db: &Db) {
    let origins = match look::origins(db, ORIGINS_MAX).await {
        Ok(origins) => origins,
        Err(error) => return report.fault(CHECK, chain(&error), "Look at the log of the database."),
    };
    let transport = match Transport::new(&config.push) {
        Ok(transport) => transport,
        Err(error) => {
            return report.fault(
                CHECK,
                format!("no connection can be made at all: {}", chain(&error)),
                "Set push.ca_file to a PEM file that can be read, or leave it empty; install the system's certificates.",
            );
        }
    };
    let nobody = origins.is_empty();
    let policy = EndpointPolicy::new(&config.push);
    let (apps, browsers): (Vec<_>, Vec<_>) =
        origins.into_iter().partition(|(origin, _)| [APNS_ORIGIN, FCM_ORIGIN].contains(&origin.as_str()));
    let transport = Arc::new(transport);
    let services = apps::check(report, config, &transport, &apps);
    let (allowed, foreign): (Vec<_>, Vec<_>) =
        browsers.into_iter().partition(|(origin, _)| policy.check(&format!("{origin}/")).is_ok());
    for (origin, people) in foreign {
        report.fault(
            CHECK,
            format!("{origin} is not among push.hosts, so its {people} people are not reached"),
            "Add its host to push.hosts if it is a push service that you trust.",
        );
    }
    let mut asked = if nobody { listed(config) } else { allowed };
    asked.extend(services);
    let mut answers: Vec<_> = futures_util::stream::iter(asked)
        .map(async |(origin, people)| {
            let clock = Clock::system();
            let began = clock.monotonic();
            let reached = transport.reach(&origin).await;
            (origin, people, reached, clock.monotonic().duration_since(began))
        })
        .buffer_unordered(AT_ONCE_MAX)
        .collect()
        .await;
    answers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (origin, people, reached, took) in answers {
        tell(report, &origin, people, reached, took);
    }
    if nobody {
        report.note(CHECK, "nobody is subscribed yet: only the hosts named in push.hosts were tried");
    }
}

/// The push services that the settings name in full.
fn listed(config: &Config) -> Vec<(String, u64)> {
    let hosts = config.push.hosts.iter().filter(|host| !host.is_empty() && !host.starts_with('.'));
    hosts.map(|host| (format!("https://{host}"), 0)).collect()
}

fn tell(report: &mut Report, origin: &str, people: u64, reached: Result<(), TransportError>, took: Duration) {
    let whose = if people == 0 { String::new() } else { format!(" ({people} people)") };
    match reached {
        Ok(()) => report.ok(CHECK, format!("{origin}{whose} is reached in {} ms", took.as_millis())),
        Err(error) => {
            let fix = mend(&error);
            report.fault(CHECK, format!("{origin}{whose} is not reached: {}", chain(&error)), fix);
        }
    }
}

fn mend(error: &TransportError) -> &'static str {
    match error {
        TransportError::Resolve(_) | TransportError::NoAddress => {
            "Look at this machine's name server (/etc/resolv.conf), and whether it may ask about names outside."
        }
        TransportError::PrivateAddress => {
            "Its name leads into a private network, where no push service is: look at the name server."
        }
        TransportError::Tls(_) => {
            "Look at this machine's clock and certificates; a proxy that opens TLS must be trusted by push.ca_file or, better, be passed by."
        }
        TransportError::Connect(_) | TransportError::ConnectTimeout | TransportError::Unavailable => {
            "Let this machine out to it on port 443; no proxy is used. If others reach it, ask its operator."
        }
        TransportError::CaFile(_)
        | TransportError::TlsSettings(_)
        | TransportError::Address
        | TransportError::Origins
        | TransportError::Exchange(_)
        | TransportError::Busy
        | TransportError::Stalled
        | TransportError::CutOff
        | TransportError::Timeout => "Try again; if it lasts, ask its operator.",
    }
}
