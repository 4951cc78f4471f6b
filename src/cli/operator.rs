//! `beffroi operator`: people who work in the console.

use super::Answer;
use crate::app;
use crate::clock;
use crate::config::Config;
use crate::model::id::OperatorId;
use crate::model::operator::{Actor, Operator, Role};
use crate::store;
use crate::web::console::setup::{NAME_CHARS_MAX, is_login};
use crate::web::password;
use anyhow::{Context, bail};
use serde_json::json;
use std::io::{IsTerminal, Read};

/// Most bytes read as a password.
const PASSWORD_READ_MAX: u64 = 4_096;

/// Add, list and disable the people who work in the console.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  beffroi operator add ada --name \"Ada L.\" --role operator < password.txt")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Adds a person. The password is read from standard input, up to the end of the line.
    Add {
        /// What they sign in with: 2 to 64 lower-case letters, digits, dots, hyphens or underscores.
        login: String,
        /// Their name; it stands in the log.
        #[arg(long)]
        name: String,
        #[arg(long, value_enum, default_value_t = RoleChoice::Operator)]
        role: RoleChoice,
    },
    /// Lists everyone.
    List,
    /// Ends a person's right to sign in, and their sessions, at once.
    Disable { login: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RoleChoice {
    /// Recorded and listed; may today do what an operator may.
    Administrator,
    /// May release, refuse and stop.
    Operator,
}

impl From<RoleChoice> for Role {
    fn from(choice: RoleChoice) -> Self {
        match choice {
            RoleChoice::Administrator => Self::Administrator,
            RoleChoice::Operator => Self::Operator,
        }
    }
}

pub async fn run(args: Args, config: Config) -> anyhow::Result<Answer> {
    match args.verb {
        Verb::Add { login, name, role } => add(login, &name, role.into(), &config).await,
        Verb::List => list(&config).await,
        Verb::Disable { login } => disable(&login, &config).await,
    }
}

async fn add(login: String, name: &str, role: Role, config: &Config) -> anyhow::Result<Answer> {
    if !is_login(&login) {
        bail!("a login has 2 to 64 lower-case letters, digits, dots, hyphens or underscores");
    }
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        bail!("--name must have 1 to {NAME_CHARS_MAX} characters");
    }
    let hash = password::hash(&read_password()?)?;
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let operator = Operator { id: OperatorId(clock::random_id()), login, name: name.to_owned(), role, created: now };
    let detail = json!({"login": operator.login, "name": operator.name, "role": role.as_str()});
    let mut tx = db.begin().await?;
    let added = store::operator::insert(&mut tx, &operator, &hash).await?;
    if added {
        store::audit::append(&mut tx, &Actor::System, "operator.create", operator.id.as_str(), &detail, now).await?;
        tx.commit().await?;
        eprintln!("{} can sign in as {} ({}).", operator.name, operator.login, role.as_str());
    } else {
        drop(tx);
        eprintln!("The login {} is taken.", operator.login);
    }
    db.close().await;
    Ok(if added { Answer::Done } else { Answer::No })
}

/// The first line of standard input.
fn read_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprintln!("Password (at least {} characters; it is shown as you type):", password::PASSWORD_CHARS_MIN);
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("the password cannot be read")?;
        return Ok(first_line(&line).to_owned());
    }
    let mut text = String::new();
    std::io::stdin().take(PASSWORD_READ_MAX).read_to_string(&mut text).context("the password cannot be read")?;
    Ok(first_line(&text).to_owned())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

async fn list(config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let operators = store::operator::list(&db).await?;
    db.close().await;
    for (operator, disabled) in &operators {
        let disabled = disabled.map_or_else(String::new, |at| format!("  disabled {at}"));
        println!("{}  {}  {}{disabled}", operator.login, operator.role.as_str(), operator.name);
    }
    Ok(if operators.is_empty() { Answer::No } else { Answer::Done })
}

async fn disable(login: &str, config: &Config) -> anyhow::Result<Answer> {
    let db = app::open_store(config).await?;
    let now = app::alert_clock(&db, config.clock.start).await?.now();
    let Some((operator, _)) = store::operator::by_login(&db, login).await? else {
        eprintln!("There is no operator with the login {login}.");
        return Ok(Answer::No);
    };
    let mut tx = db.begin().await?;
    let disabled = store::operator::disable(&mut tx, &operator.id, now).await?;
    let detail = json!({"login": login});
    store::audit::append(&mut tx, &Actor::System, "operator.disable", operator.id.as_str(), &detail, now).await?;
    tx.commit().await?;
    db.close().await;
    eprintln!("{login} cannot sign in any more.");
    Ok(if disabled { Answer::Done } else { Answer::No })
}
