//! `beffroi rehearse`: what this installation can carry, before the storm.

mod alert;
mod people;
mod services;
mod stage;
mod urgent;
mod watch;

use super::Answer;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::push::sandbox::SUBSCRIPTIONS_MAX;
use crate::{app, telemetry};
use anyhow::{Context, bail};
use clap::ValueEnum;
use serde::Serialize;
use services::Services;
use stage::{Progress, Stage};
use tokio::sync::oneshot;
use url::Url;
use watch::{Broadcast, Planning, Server};

/// How many people the urgent alert in the middle of the broadcast is for.
const URGENT_PEOPLE_MAX: u32 = 100;
/// The most urgent alerts.
const URGENT_MAX: i64 = 1_000;
const MB: f64 = 1_048_576.0;
/// Memory for armed messages, megabytes: as many people as a rehearsal can have, whatever the settings say.
const ARMED_MB_MAX: usize = 2_000;

/// Proves what this installation can carry: broadcasts one alert to many invented people, and prints figures as JSON.
///
/// It fills a throw-away database, starts `beffroi sandbox` in another process, runs the service in this one, and posts
/// an alert for everybody as an integrator would; in the midst of that an urgent alert for a few. Filling the database
/// comes before the clock starts. Nothing leaves this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: beffroi rehearse --subscribers 100000 --channel mixed")]
pub struct Args {
    /// How many people to invent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=SUBSCRIPTIONS_MAX as i64))]
    subscribers: u32,
    /// The push services they use; mixed: a third each.
    #[arg(long, value_enum, default_value_t = Channels::Webpush)]
    channel: Channels,
    /// How many messages are armed ahead for each person (Web Push), before the clock starts.
    #[arg(long, value_name = "DEPTH", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    armed: u8,
    /// How many urgent alerts are posted, first while nothing is sent and again while the broadcast runs, each for
    /// a hundred people. With one, it is only posted while the broadcast runs.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=URGENT_MAX))]
    urgent: u32,
    /// An empty database to use instead of SQLite in a folder of its own. It is left filled.
    #[arg(long, value_name = "URL")]
    database: Option<Url>,
}

/// Which push services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Channels {
    Webpush,
    Apns,
    Fcm,
    Mixed,
}

impl Channels {
    /// How many of so many people have Web Push.
    const fn webpush(self, people: u32) -> u32 {
        match self {
            Self::Webpush => people,
            Self::Apns | Self::Fcm => 0,
            // They take the channels in turn, Web Push first.
            Self::Mixed => people.div_ceil(3),
        }
    }
}

/// What is printed; docs/PERFORMANCE.md says what each figure is.
#[derive(Debug, Serialize)]
struct Figures {
    subscribers: u32,
    /// People, not pushes.
    accepted: u64,
    lost: u64,
    duplicates: u64,
    /// From POST, real time.
    first_push_ms: Option<i64>,
    last_push_ms: Option<i64>,
    pushes_per_second: f64,
    /// This process, all of it, from POST to the last accepted push.
    sender_cpu_us_per_push: f64,
    arming_cpu_us_per_push: f64,
    match_ms: f64,
    /// Planning without matching.
    plan_ms: f64,
    /// The most memory this process had from POST to the end.
    peak_rss_mb: f64,
    /// From the urgent alert's POST to its first push; of several, the middle one.
    preempt_first_push_ms: Option<i64>,
    /// Where several were asked for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    urgent: Option<UrgentFigures>,
}

/// How long urgent alerts took from POST to their first push, of so many.
#[derive(Debug, Serialize)]
struct UrgentFigures {
    /// How many came while the broadcast ran.
    preempts: usize,
    /// Of 100 of them, the 99th.
    preempt_first_push_ms_p99: Option<i64>,
    /// The same of those that came while nothing was sent: the middle one, and the 99th.
    idle_first_push_ms: Option<i64>,
    idle_first_push_ms_p99: Option<i64>,
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    // Only fails when there is one already, which serves as well.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let stage = Stage::set()?;
    let progress = Progress::new();
    progress.say("push services");
    let services = Services::start(stage.folder()).await?;
    let mut config = services.configure(stage.configure(config, args.database.clone())).await?;
    config.push.armed_depth = args.armed;
    config.push.armed_mb_max = ARMED_MB_MAX;
    telemetry::log(&config.log)?;
    let key = people::fill(&config, &services, &args, &progress).await?;
    progress.say("the service");
    let (tell, told) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut service = tokio::spawn(app::serve(config, app::Told::Task(tell), async { drop(stopped.await) }));
    let address = tokio::select! {
        address = told => address.context("the service does not start")?,
        ended = &mut service => {
            ended??;
            bail!("the service ended by itself");
        }
    };
    let server = Server::new(address, key)?;
    let figures = rehearse(&args, &server, &services, &progress).await?;
    drop(stop);
    service.await??;
    progress.end();
    println!("{}", serde_json::to_string(&figures)?);
    Ok(if figures.lost == 0 { Answer::Done } else { Answer::No })
}

async fn rehearse(args: &Args, server: &Server, services: &Services, progress: &Progress) -> anyhow::Result<Figures> {
    let clock = Clock::system();
    let arming_cpu = arm(args, server, progress).await?;
    let idle = if args.urgent > 1 { Some(urgent::while_idle(server, services, args.urgent).await?) } else { None };
    let before = if idle.is_some() { server.planning().await? } else { Planning::default() };
    stage::forget_peak_memory();
    let (posted_ms, cpu_before) = (clock.real().as_millisecond(), clock::cpu_time());
    let all = server.post(alert::for_all(clock.real())).await?;
    watch::begun(services, &all).await?;
    let planned = server.planning().await? - before;
    let sending = watch::to_the_end(services, &all, u64::from(args.subscribers), progress);
    let (end, preempts) = urgent::meanwhile(server, services, args.urgent, sending).await?;
    let cpu = end.cpu_time.saturating_sub(cpu_before);
    let Broadcast { accepted, duplicates, first_ms, last_ms } = end.broadcast;
    let last_push_ms = last_ms.map(|last| last - posted_ms);
    let per_second = |last: i64| accepted as f64 * 1_000.0 / (last.max(1) as f64);
    Ok(Figures {
        subscribers: args.subscribers,
        accepted,
        lost: u64::from(args.subscribers).saturating_sub(accepted),
        duplicates,
        first_push_ms: first_ms.map(|first| first - posted_ms),
        last_push_ms,
        pushes_per_second: round(last_push_ms.map_or(0.0, per_second)),
        sender_cpu_us_per_push: round(cpu.as_secs_f64() * 1e6 / (accepted.max(1) as f64)),
        arming_cpu_us_per_push: round(arming_cpu),
        match_ms: round(planned.match_ms),
        plan_ms: round(planned.plan_ms - planned.match_ms),
        peak_rss_mb: round(stage::peak_memory_bytes()? / MB),
        preempt_first_push_ms: preempts.part(50),
        urgent: idle.map(|idle| UrgentFigures {
            preempts: preempts.len(),
            preempt_first_push_ms_p99: preempts.part(99),
            idle_first_push_ms: idle.part(50),
            idle_first_push_ms_p99: idle.part(99),
        }),
    })
}

/// Waits until everyone is armed; microseconds of CPU time for each message.
async fn arm(args: &Args, server: &Server, progress: &Progress) -> anyhow::Result<f64> {
    let wanted = u64::from(args.channel.webpush(args.subscribers)) * u64::from(args.armed);
    if wanted == 0 {
        return Ok(0.0);
    }
    let cpu_before = clock::cpu_time();
    watch::armed(server, wanted, progress).await?;
    Ok(clock::cpu_time().saturating_sub(cpu_before).as_secs_f64() * 1e6 / wanted as f64)
}

/// To two digits behind the point.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
