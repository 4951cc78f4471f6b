//! Wires everything; ordered start and stop.

mod signing;

use crate::audience::Audience;
use crate::cap::{Limits, Options};
use crate::clock::{self, Clock};
use crate::config::{self, Config};
use crate::model::subscriber::ChannelKind;
use crate::pipeline::Bell;
use crate::pipeline::arm::Armer;
use crate::pipeline::bell::Wake;
use crate::pipeline::collect::{Collector, Inbox};
use crate::pipeline::dispatch::Dispatcher;
use crate::pipeline::dispatch::halt::Halt;
use crate::pipeline::fence::Fence;
use crate::pipeline::follow::Follower;
use crate::pipeline::gate::{Gate, Quotas};
use crate::pipeline::listen::Listener;
use crate::pipeline::planner::Planner;
use crate::pipeline::prove::Prover;
use crate::pipeline::sweep::Sweeper;
use crate::pipeline::tokens::Tokens;
use crate::push;
use crate::push::endpoint::EndpointPolicy;
use crate::push::provider::TokenShelf;
use crate::push::vapid::Vapid;
use crate::store::vault::Vault;
use crate::store::{self, Db};
use crate::telemetry;
use crate::web;
use crate::web::password::Passwords;
use crate::web::state::AppState;
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use url::Url;

pub use signing::signing_key;

/// The address of the database that the settings name.
pub fn store_url(config: &Config) -> String {
    match &config.database.url {
        Some(url) => url.to_string(),
        None => format!("sqlite://{}", config.data.dir.join("beffroi.db").display()),
    }
}

/// Opens the database that the settings name, and brings its tables to this version.
///
/// # Errors
/// When it cannot be opened or migrated.
pub async fn open_store(config: &Config) -> anyhow::Result<Db> {
    if config.database.url.is_none() {
        files::make_folder(&config.data.dir)?;
    }
    Db::open(&store_url(config), config.database.connections)
        .await
        .context("database.url: the database cannot be opened")
}

/// Who is told where a node listens once it does.
#[derive(Debug)]
pub enum Told {
    /// People, on standard output, with a setup link when there is no administrator yet.
    People,
    /// Another task of this process.
    Task(oneshot::Sender<SocketAddr>),
}

/// Runs the whole service on one node until it is asked to stop.
///
/// # Errors
/// When something it needs cannot be had at the start, or a step of the line ends that never should.
pub async fn serve(config: Config, told: Told, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let halt = match &config.dispatch.halt_at {
        Some(text) => Halt::parse(text).with_context(|| format!("dispatch.halt_at: {text} is no point"))?,
        None => Halt::default(),
    };
    files::make_folder(&config.data.dir)?;
    let metrics = telemetry::measure()?;
    let db = open_store(&config).await?;
    let clock = alert_clock(&db, config.clock.start).await?;
    let (close, closing) = watch::channel(false);
    let node = Node::start(&config, db, clock, closing.clone()).await?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("server.listen: {} cannot be listened on", config.server.listen))?;
    let address = listener.local_addr()?;
    let public_url = match &config.server.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{address}"))?,
    };
    let inbox = Inbox::new(clock);
    let (end_inbox, told_all) = watch::channel(false);
    let (bell, mut steps) = node.run(&config, &public_url, (inbox.clone(), told_all), halt, closing.clone());
    steps.spawn(telemetry::gather(metrics.clone(), closing.clone()));
    steps.spawn(node.sender.clone().keep_tokens(closing.clone()));
    let limits = web::limit::Limits::new(&config);
    let endpoints = EndpointPolicy::new(&config.push);
    let state = AppState {
        config: Arc::new(config),
        db: node.db.clone(),
        vault: node.vault.clone(),
        clock,
        audience: node.audience.clone(),
        bell,
        inbox,
        public_url: public_url.clone(),
        vapid_public_key: node.vapid_public_key.as_str().into(),
        metrics,
        started: clock.real(),
        closing: closing.clone(),
        endpoints: Arc::new(endpoints),
        limits: Arc::new(limits),
        originals: Arc::default(),
        passwords: Passwords::default(),
    };
    tell(told, address, &state).await?;
    let router = web::router(state);
    let mut server = tokio::spawn(web::server::serve(listener, router, closed(closing)));
    let failed = tokio::select! {
        () = stop => None,
        Some(ended) = steps.join_next() => Some(ended),
        ended = &mut server => Some(ended),
    };
    close.send_replace(true);
    if failed.is_none() {
        server.await?;
    }
    // The last request was answered: what it told is written down before the end.
    end_inbox.send_replace(true);
    while let Some(ended) = steps.join_next().await {
        ended.context("a step of the line failed")?;
    }
    node.db.close().await;
    match failed {
        None => Ok(()),
        Some(ended) => {
            ended.context("a step of the line failed")?;
            anyhow::bail!("a step of the line ended by itself")
        }
    }
}

async fn tell(told: Told, address: SocketAddr, state: &AppState) -> anyhow::Result<()> {
    match told {
        Told::People => {
            println!("Beffroi is listening on http://{address}");
            if let Some(link) = web::console::setup::link(state).await? {
                println!("Setup link: {link}");
            }
        }
        // Nobody waits for it any more.
        Told::Task(sender) => drop(sender.send(address)),
    }
    Ok(())
}

async fn closed(mut closing: watch::Receiver<bool>) {
    // A sender that is gone means the same.
    _ = closing.wait_for(|closing| *closing).await;
}

/// What one node holds while it runs.
struct Node {
    db: Db,
    clock: Clock,
    vault: Arc<Vault>,
    audience: Audience,
    follower: Arc<Follower>,
    fence: Arc<Fence>,
    sender: Arc<push::Sender>,
    vapid_public_key: String,
    owner: String,
}

impl Node {
    async fn start(config: &Config, db: Db, clock: Clock, closing: watch::Receiver<bool>) -> anyhow::Result<Self> {
        let dir = &config.data.dir;
        let vault = Arc::new(Vault::load_or_create(&dir.join("vault.key")).context("data.dir: vault.key")?);
        let pem = files::load_or_create(&dir.join("vapid.pem"), || Ok(Vapid::generate_pem()?.into_bytes()))?;
        let pem = String::from_utf8(pem).context("data.dir: vapid.pem is not text")?;
        let vapid = Vapid::from_pem(&pem, &config.push.contact).context("data.dir: vapid.pem")?;
        let vapid_public_key = vapid.public_key().to_owned();
        let owner = files::load_or_create(&dir.join("node.id"), || Ok(clock::random_id().into_bytes()))?;
        let owner = String::from_utf8(owner).context("data.dir: node.id is not text")?;
        let tokens: Arc<dyn TokenShelf> = Arc::new(Tokens::new(db.clone(), vault.clone()));
        let sender = push::Sender::new(&config.push, vapid, clock)?.sharing_tokens(&tokens);
        let audience = Audience::new();
        let follower = Arc::new(Follower::new(db.clone(), clock, audience.clone()));
        follower.load().await.context("the audience cannot be read")?;
        // What this node was sending when it ended is free again at once; its leases need not run out.
        let mut tx = db.begin().await?;
        store::batch::release_all(&mut tx, &owner).await?;
        tx.commit().await?;
        let fence = Arc::new(Fence::new(clock, closing));
        Ok(Self { db, clock, vault, audience, follower, fence, sender: Arc::new(sender), vapid_public_key, owner })
    }

    /// Who compares this node's index with the database.
    fn prover(&self, closing: watch::Receiver<bool>) -> Prover {
        let (db, follower, node) = (self.db.clone(), self.follower.clone(), self.owner.clone());
        Prover { db, clock: self.clock, follower, node, closing }
    }

    /// What every send of this node goes through.
    fn gate(&self, settings: &config::Push) -> Gate {
        let quotas = Quotas::from([(ChannelKind::Fcm.as_str().to_owned(), settings.fcm.per_minute.get())]);
        Gate::new(self.clock, settings.in_flight_max, settings.in_flight_per_origin_max, quotas)
    }

    /// Who works ahead while nothing is sent.
    fn armer(&self, gate: Gate, closing: watch::Receiver<bool>) -> Armer {
        let (db, vault, sender) = (self.db.clone(), self.vault.clone(), self.sender.clone());
        Armer { db, vault, sender, gate, audience: self.audience.clone(), closing }
    }

    /// Starts the steps; each runs until `closing`.
    fn run(
        &self,
        config: &Config,
        public_url: &Url,
        (inbox, told_all): (Inbox, watch::Receiver<bool>),
        halt: Halt,
        closing: watch::Receiver<bool>,
    ) -> (Bell, JoinSet<()>) {
        let wake = Arc::new(Wake::default());
        let poll = config.dispatch.poll;
        let bell = Bell::new(
            self.db.clone(),
            self.clock,
            self.audience.clone(),
            self.follower.clone(),
            self.fence.clone(),
            wake.clone(),
            Options::from(Limits { bytes_max: config.alerts.body_bytes_max, ..Limits::default() }),
            public_url.clone(),
        );
        let planner = Planner {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock: self.clock,
            audience: self.audience.clone(),
            follower: self.follower.clone(),
            wake: wake.clone(),
            rings_per_day: NonZeroU32::new(config.fatigue.rings_per_day),
            poll,
            closing: closing.clone(),
        };
        let sweeper = Sweeper {
            db: self.db.clone(),
            clock: self.clock,
            fence: self.fence.clone(),
            follower: self.follower.clone(),
            wake: wake.clone(),
            poll,
            closing: closing.clone(),
        };
        let gate = self.gate(&config.push);
        let armer = self.armer(gate.clone(), closing.clone());
        let dispatcher = self.dispatcher(config, public_url, gate, halt, wake.clone(), closing.clone());
        let prover = self.prover(closing.clone());
        let collector = Collector {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock: self.clock,
            inbox,
            wake: wake.clone(),
            retention: SignedDuration::from_hours(24 * i64::from(config.receipts.retention_days)),
            closing: closing.clone(),
            told_all,
        };
        let listener = Listener { db: self.db.clone(), fence: self.fence.clone(), wake, closing };
        let mut steps = JoinSet::new();
        steps.spawn(planner.run());
        steps.spawn(sweeper.run());
        steps.spawn(Arc::new(dispatcher).run());
        steps.spawn(listener.run());
        steps.spawn(prover.run());
        steps.spawn(collector.run());
        if config.push.armed_depth > 0 {
            steps.spawn(armer.run());
        }
        (bell, steps)
    }

    fn dispatcher(
        &self,
        config: &Config,
        public_url: &Url,
        gate: Gate,
        halt: Halt,
        wake: Arc<Wake>,
        closing: watch::Receiver<bool>,
    ) -> Dispatcher {
        Dispatcher::new(
            self.db.clone(),
            self.vault.clone(),
            self.clock,
            self.sender.clone(),
            self.fence.clone(),
            gate,
            self.audience.clone(),
            wake,
            config.dispatch.clone(),
            public_url.clone(),
            self.owner.clone(),
            halt,
            closing,
        )
    }
}

/// The setting under which the data remembers when its alert time began to run.
const CLOCK_SETTING: &str = "clock";

/// Alert time: real time, or what `clock.start` says, with the offset that the data remembers so that a restart does
/// not rewind it.
///
/// # Errors
/// When the database does not answer, or what it remembers is no offset.
pub async fn alert_clock(db: &Db, start: Option<Timestamp>) -> anyhow::Result<Clock> {
    let Some(start) = start else { return Ok(Clock::system()) };
    if let Some(known) = remembered_clock(db, start).await? {
        return Ok(known);
    }
    let offset = start.duration_since(Clock::system().real());
    let mut tx = db.begin().await?;
    store::setting::put(&mut tx, CLOCK_SETTING, &format!("{start} {}", offset.as_millis())).await?;
    tx.commit().await?;
    Ok(Clock::with_offset(offset))
}

/// The alert time of this `clock.start`, if the data remembers it.
///
/// # Errors
/// When the database does not answer, or what it remembers is no offset.
pub async fn remembered_clock(db: &Db, start: Timestamp) -> anyhow::Result<Option<Clock>> {
    let remembered = store::setting::get(db, CLOCK_SETTING).await?;
    let remembered = remembered.as_deref().and_then(|text| text.split_once(' '));
    let Some((known_start, offset_ms)) = remembered else { return Ok(None) };
    if known_start != start.to_string() {
        return Ok(None);
    }
    Ok(Some(Clock::with_offset(SignedDuration::from_millis(offset_ms.parse()?))))
}

/// The few files a node keeps beside its database.
mod files {
    use super::{Context, Path};
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    /// Makes a folder that only we may enter.
    pub fn make_folder(dir: &Path) -> anyhow::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("data.dir: {} cannot be made", dir.display()))
    }

    /// Reads a file, or makes it, readable by us alone.
    pub fn load_or_create(path: &Path, make: impl FnOnce() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
        match fs::read(path) {
            Ok(content) => return Ok(content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
        let content = make()?;
        let new = path.with_extension("new");
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&content)?;
            file.sync_all()?;
            // Of two that start at once one wins, and both use what it wrote.
            match fs::hard_link(&new, path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => fs::remove_file(&new)?,
            }
            fs::read(path)
        };
        write().with_context(|| format!("{} cannot be made", path.display()))
    }
}
