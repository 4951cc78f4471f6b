//! `beffroi key`.

use super::Answer;
use crate::app;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::model::credential::{Credential, KeyAction};
use crate::model::id::ApiKeyId;
use crate::model::operator::Actor;
use crate::store::{self, Db};
use crate::web::auth;
use anyhow::Context;
use serde_json::json;

/// Makes, lists and revokes integrators' keys.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Example:\n  beffroi key create --name 'Flood office' --sender floods@region.example --hold\n  \
    beffroi key list\n  beffroi key revoke ID"
)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    Create(Create),
    /// Lists all keys, revoked ones too: id, name, what it does, senders, state, separated by tabs.
    #[command(after_help = "Example: beffroi key list")]
    List,
    Revoke(Revoke),
}

/// Makes a key and prints it: once, on standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: beffroi key create --name 'Flood office' --sender floods@region.example --ring")]
struct Create {
    /// Whose key it is, for those who read the console and the log.
    #[arg(long)]
    name: String,
    /// A CAP sender it may speak for; may be given several times. None: any sender.
    #[arg(long)]
    sender: Vec<String>,
    /// Its alerts ring by themselves.
    #[arg(long, group = "action")]
    ring: bool,
    /// Its alerts wait for a person (the default).
    #[arg(long, group = "action")]
    hold: bool,
    /// Its alerts are only filed.
    #[arg(long, group = "action")]
    file: bool,
    /// It can only ever post alerts of status Test or Exercise.
    #[arg(long)]
    test: bool,
    /// The operator whose key this is, by login: they may not release its alerts themselves.
    #[arg(long, value_name = "LOGIN")]
    owner: Option<String>,
}

/// Makes a key worthless at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: beffroi key revoke 3hFkQ0c2Tt6cXx1o5m0yXw")]
struct Revoke {
    /// Its id, from `beffroi key list`.
    id: String,
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    let db = app::open_store(&config).await?;
    let answer = match args.act {
        Act::Create(create) => create_key(&db, create).await,
        Act::List => list(&db).await,
        Act::Revoke(revoke) => revoke_key(&db, revoke).await,
    };
    db.close().await;
    answer
}

async fn create_key(db: &Db, create: Create) -> anyhow::Result<Answer> {
    let owner = match &create.owner {
        None => None,
        Some(login) => {
            let Some((operator, _)) = store::operator::by_login(db, &login.to_lowercase()).await? else {
                eprintln!("beffroi: there is no operator with the login {login}");
                return Ok(Answer::No);
            };
            Some(operator.id)
        }
    };
    let now = Clock::system().now();
    let credential = Credential {
        id: ApiKeyId(clock::random_id()),
        name: create.name,
        senders: create.sender,
        action: match (create.ring, create.file) {
            (true, _) => KeyAction::Ring,
            (false, true) => KeyAction::File,
            (false, false) => KeyAction::Hold,
        },
        test: create.test,
        owner,
        created: now,
        revoked: None,
    };
    let key = auth::new_key(credential.test);
    let detail = json!({"name": credential.name, "senders": credential.senders, "action": credential.action.as_str(),
        "test": credential.test});
    let mut tx = db.begin().await?;
    store::credential::insert(&mut tx, &credential, &auth::hash(&key)).await?;
    store::audit::append(&mut tx, &Actor::System, "key.create", credential.id.as_str(), &detail, now).await?;
    tx.commit().await.context("the key was not stored")?;
    println!("{key}");
    eprintln!("Keep this key: it is not shown again. Its id is {}.", credential.id);
    eprintln!("It may speak for {}. Its alerts {}.", senders(&credential), does(&credential));
    Ok(Answer::Done)
}

async fn list(db: &Db) -> anyhow::Result<Answer> {
    let keys = store::credential::list(db).await?;
    if keys.is_empty() {
        eprintln!("There is no key yet. beffroi key create makes one.");
    }
    for key in keys {
        let state = key.revoked.map_or("valid".to_owned(), |at| format!("revoked {at}"));
        println!("{}\t{}\t{}\t{}\t{state}", key.id, key.name, does(&key), senders(&key));
    }
    Ok(Answer::Done)
}

async fn revoke_key(db: &Db, revoke: Revoke) -> anyhow::Result<Answer> {
    let (id, now) = (ApiKeyId(revoke.id), Clock::system().now());
    let mut tx = db.begin().await?;
    if !store::credential::revoke(&mut tx, &id, now).await? {
        eprintln!("beffroi: there is no valid key with the id {id}");
        return Ok(Answer::No);
    }
    store::audit::append(&mut tx, &Actor::System, "key.revoke", id.as_str(), &json!({}), now).await?;
    tx.commit().await.context("the key was not revoked")?;
    eprintln!("The key {id} is revoked.");
    Ok(Answer::Done)
}

/// For whom it may speak, in words.
fn senders(key: &Credential) -> String {
    if key.senders.is_empty() { "any sender".to_owned() } else { key.senders.join(", ") }
}

/// What its alerts do, in words.
fn does(key: &Credential) -> String {
    let action = match key.action {
        KeyAction::Ring => "ring",
        KeyAction::Hold => "wait for a person",
        KeyAction::File => "are only filed",
    };
    if key.test { format!("{action}, drills only") } else { action.to_owned() }
}
