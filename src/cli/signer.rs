//! `beffroi signer`: keys pinned for senders.

use super::Answer;
use crate::app;
use crate::cap::signature::PublicKey;
use crate::clock;
use crate::config::Config;
use crate::model::id::SignerId;
use crate::model::operator::Actor;
use crate::model::signer::{SIGNERS_MAX, Signer};
use crate::store;
use crate::store::signer::Pinned;
use anyhow::{Context, bail};
use serde_json::json;
use std::path::PathBuf;

/// Pin, list and remove the keys with which senders sign their alerts.
///
/// While a sender has a pinned key, an alert in its name that is not signed by it waits for a person.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  beffroi signer add --sender alerts@weather.example --certificate weather.pem")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Pins the key of a certificate for a sender, and prints the pin's id.
    Add(Add),
    /// Lists all pins: id, sender, name, SHA-256 of the public key, separated by tabs.
    List,
    /// Ends a pin at once.
    Remove {
        /// The pin's id, from `signer list`.
        id: String,
    },
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  beffroi signer add --sender alerts@weather.example --certificate weather.pem")]
struct Add {
    /// The CAP sender it speaks for, as it stands in documents.
    #[arg(long)]
    sender: String,
    /// The sender's certificate or public key, PEM or DER. Get it from the sender in person, not from an alert.
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Whose key it is, for people; the sender if left out.
    #[arg(long)]
    name: Option<String>,
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    match args.verb {
        Verb::Add(add) => run_add(add, &config).await,
        Verb::List => list(&config).await,
        Verb::Remove { id } => remove(SignerId(id), &config).await,
    }
}

async fn run_add(args: Add, config: &Config) -> anyhow::Result<Answer> {
    if args.sender.is_empty() || args.sender.contains([' ', ',', '<', '&', '\t', '\r', '\n']) {
        bail!("--sender must be as it stands in CAP documents: no spaces, commas, < or & (CAP 1.2 §3.2.1)");
    }
    let path = args.certificate.display();
    let file = std::fs::read(&args.certificate).with_context(|| format!("{path} cannot be read"))?;
    let key = PublicKey::from_file(&file).with_context(|| format!("{path}"))?;
    if key.is_weak() {
        bail!("{path}: what a key of this kind signs is never trusted. RSA of 2048 bits or more, or ECDSA, is.");
    }
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let name = args.name.unwrap_or_else(|| args.sender.clone());
    let signer = Signer { id: SignerId(clock::random_id()), sender: args.sender, name, key, created: now };
    let mut tx = db.begin().await?;
    let pinned = store::signer::insert(&mut tx, &signer).await?;
    if pinned == Pinned::Yes {
        let detail = json!({"sender": signer.sender, "name": signer.name, "sha256": signer.key.fingerprint()});
        store::audit::append(&mut tx, &Actor::System, "signer.add", signer.id.as_str(), &detail, now).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    db.close().await;
    let Signer { id, sender, key, .. } = &signer;
    match pinned {
        Pinned::Yes => {
            eprintln!("The key {} speaks for {sender}.", key.fingerprint());
            eprintln!("What comes in the name of {sender} and is not signed by it waits for a person from now on.");
            println!("{id}");
            Ok(Answer::Done)
        }
        Pinned::Before => {
            eprintln!("This key is pinned for {sender} already.");
            Ok(Answer::No)
        }
        Pinned::Full => {
            eprintln!("There are {SIGNERS_MAX} pinned keys already. Remove one first.");
            Ok(Answer::No)
        }
    }
}

/// Id, sender, name and fingerprint, separated by tabs.
async fn list(config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let signers = store::signer::list(&db).await?;
    db.close().await;
    if signers.is_empty() {
        eprintln!("No key is pinned yet: signatures prove nothing about who signed. beffroi signer add pins one.");
    }
    for signer in &signers {
        println!("{}\t{}\t{}\t{}", signer.id, signer.sender, signer.name, signer.key.fingerprint());
    }
    Ok(Answer::Done)
}

async fn remove(id: SignerId, config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let mut tx = db.begin().await?;
    let signers = store::signer::list_in(&mut tx).await?;
    let Some(signer) = signers.iter().find(|signer| signer.id == id) else {
        drop(tx);
        db.close().await;
        eprintln!("There is no pin {id}.");
        return Ok(Answer::No);
    };
    store::signer::remove(&mut tx, &id).await?;
    let detail = json!({"sender": signer.sender, "name": signer.name, "sha256": signer.key.fingerprint()});
    store::audit::append(&mut tx, &Actor::System, "signer.remove", id.as_str(), &detail, now).await?;
    tx.commit().await?;
    db.close().await;
    let sender = &signer.sender;
    eprintln!("The key of {} no longer speaks for {sender}.", signer.name);
    if signers.iter().filter(|other| other.sender == *sender).count() == 1 {
        eprintln!("It was the last one: what comes in the name of {sender} needs no signature any more.");
    }
    Ok(Answer::Done)
}
