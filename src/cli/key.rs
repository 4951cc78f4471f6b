//! `beffroi key`: integrators' keys.

use super::Answer;
use crate::app;
use crate::cap::Axes;
use crate::clock;
use crate::config::Config;
use crate::model::credential::{Credential, KeyAction};
use crate::model::id::ApiKeyId;
use crate::model::operator::Actor;
use crate::store;
use crate::web::auth;
use anyhow::bail;
use serde_json::json;

/// Make, list and revoke the keys with which integrators post alerts.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  beffroi key create --name \"Weather service\" --sender alerts@weather.example --ring"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes a key and prints it, once, on standard output.
    Create(Create),
    /// Lists all keys, revoked ones too: id, name, what it does, senders, state, separated by tabs.
    List,
    /// Ends a key at once.
    Revoke {
        /// The key's id, from `key list`.
        id: String,
    },
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  beffroi key create --name \"Town hall\" --sender mairie@ville.example --hold --owner ada"
)]
struct Create {
    /// Who it is for; it stands in the log.
    #[arg(long)]
    name: String,
    /// A CAP sender it may speak for; more than one may be given. None: any sender.
    #[arg(long = "sender", value_name = "SENDER")]
    senders: Vec<String>,
    #[command(flatten)]
    action: Action,
    /// It can post only Test and Exercise.
    #[arg(long)]
    test: bool,
    /// It writes longitude before latitude, against the standard: its polygons and circles are read so.
    #[arg(long)]
    longitude_first: bool,
    /// The login of the operator whose key this is: they can never release what it posts.
    #[arg(long, value_name = "LOGIN")]
    owner: Option<String>,
}

/// What its alerts do by themselves.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Action {
    /// Its alerts ring at once.
    #[arg(long)]
    ring: bool,
    /// Its alerts wait for a person (the default).
    #[arg(long)]
    hold: bool,
    /// Its alerts are only filed and reach nobody.
    #[arg(long)]
    file: bool,
}

impl Action {
    const fn choice(&self) -> KeyAction {
        if self.ring {
            KeyAction::Ring
        } else if self.file {
            KeyAction::File
        } else {
            KeyAction::Hold
        }
    }
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    match args.verb {
        Verb::Create(create) => run_create(create, &config).await,
        Verb::List => list(&config).await,
        Verb::Revoke { id } => revoke(id, &config).await,
    }
}

async fn run_create(args: Create, config: &Config) -> anyhow::Result<Answer> {
    let name = args.name.trim();
    if name.is_empty() {
        bail!("--name must not be empty");
    }
    if args
        .senders
        .iter()
        .any(|sender| sender.trim() != sender || sender.is_empty() || sender.contains([' ', ',', '<', '&']))
    {
        bail!("--sender must be as it stands in CAP documents: no spaces, commas, < or & (CAP 1.2 §3.2.1)");
    }
    let db = app::open_store(config).await?;
    let owner = match &args.owner {
        None => None,
        Some(login) => {
            let Some((owner, _)) = store::operator::by_login(&db, &login.to_lowercase()).await? else {
                eprintln!("beffroi: there is no operator with the login {login}");
                return Ok(Answer::No);
            };
            Some(owner)
        }
    };
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let key = auth::new_key(args.test);
    let credential = Credential {
        id: ApiKeyId(clock::random_id()),
        name: name.to_owned(),
        senders: args.senders,
        action: args.action.choice(),
        test: args.test,
        axes: if args.longitude_first { Axes::LongitudeFirst } else { Axes::LatitudeFirst },
        owner: owner.as_ref().map(|owner| owner.id.clone()),
        created: now,
        revoked: None,
    };
    let detail = json!({
        "name": credential.name,
        "senders": credential.senders,
        "action": credential.action.as_str(),
        "test": credential.test,
        "longitude_first": credential.axes == Axes::LongitudeFirst,
        "owner": credential.owner,
    });
    let mut tx = db.begin().await?;
    store::credential::insert(&mut tx, &credential, &auth::hash(&key)).await?;
    store::audit::append(&mut tx, &Actor::System, "key.create", credential.id.as_str(), &detail, now).await?;
    tx.commit().await?;
    db.close().await;
    eprintln!("Key {} for {}. {}", credential.id, credential.name, explain(&credential));
    eprintln!("Keep it secret. It is not shown again:");
    println!("{key}");
    Ok(Answer::Done)
}

/// What a key may do, in words.
fn explain(credential: &Credential) -> String {
    let senders = if credential.senders.is_empty() {
        "It may speak for ANY sender.".to_owned()
    } else {
        format!("It may speak for: {}.", credential.senders.join(", "))
    };
    let action = match credential.action {
        KeyAction::Ring => "Its alerts ring at once.",
        KeyAction::Hold => "Its alerts wait for a person in the console.",
        KeyAction::File => "Its alerts are only filed and reach nobody.",
    };
    let test = if credential.test { " It can post only Test and Exercise." } else { "" };
    let axes = match credential.axes {
        Axes::LatitudeFirst => "",
        Axes::LongitudeFirst => " Its coordinates are read longitude first.",
    };
    format!("{senders} {action}{test}{axes}")
}

/// Id, name, what it does, senders and state, separated by tabs.
async fn list(config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let keys = store::credential::list(&db).await?;
    db.close().await;
    if keys.is_empty() {
        eprintln!("There is no key yet. beffroi key create makes one.");
    }
    for key in &keys {
        let state = key.revoked.map_or("valid".to_owned(), |at| format!("revoked {at}"));
        let drills = if key.test { ", drills only" } else { "" };
        let kind = if key.axes == Axes::LongitudeFirst { format!("{drills}, longitude first") } else { drills.into() };
        let senders = if key.senders.is_empty() { "any sender".to_owned() } else { key.senders.join(", ") };
        println!("{}\t{}\t{}{kind}\t{senders}\t{state}", key.id, key.name, key.action.as_str());
    }
    Ok(Answer::Done)
}

async fn revoke(id: String, config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let id = ApiKeyId(id);
    let mut tx = db.begin().await?;
    let revoked = store::credential::revoke(&mut tx, &id, now).await?;
    if revoked {
        store::audit::append(&mut tx, &Actor::System, "key.revoke", id.as_str(), &json!({}), now).await?;
        tx.commit().await?;
        eprintln!("Key {id} is revoked: nothing more can be posted with it.");
    } else {
        drop(tx);
        eprintln!("There is no live key {id}.");
    }
    db.close().await;
    Ok(if revoked { Answer::Done } else { Answer::No })
}
