//! An independent push service and user agent: `push_receiver.py` checks every rule of Web Push by code that is not
//! ours and decrypts with `http_ece`.

use super::http;
use super::process::Program;
use reqwest::{Client, Method};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Another program may take a free port before the receiver does.
const ATTEMPTS_MAX: usize = 5;

pub struct Receiver {
    _program: Program,
    origin: String,
    http: Client,
}

/// One push as the receiver saw it.
#[derive(Debug, Clone)]
pub struct Received {
    /// Which subscription: the endpoint it was posted to.
    pub endpoint: String,
    pub topic: Option<String>,
    /// The decrypted payload.
    pub payload: Value,
    /// Rules that were broken, in words.
    pub problems: Vec<String>,
}

impl Receiver {
    pub async fn start(shared: &Path) -> Self {
        for _ in 0..ATTEMPTS_MAX {
            let port = free_port();
            let script = shared.join("e2e/push_receiver.py");
            let mut program =
                Program::start("push_receiver.py", Command::new(python()).arg(script).arg(port.to_string()));
            if let Some(origin) = program.try_line(|line| line.starts_with("http").then(|| line.to_owned())).await {
                return Self { _program: program, origin, http: http::client(None) };
            }
            eprintln!("push_receiver.py did not start on port {port}: {}", program.errors());
        }
        panic!("push_receiver.py does not start: `make test` installs what it needs (cryptography, http_ece)")
    }

    /// A new subscription; pushes to it are answered with this status, and with Retry-After if given.
    pub async fn subscription(&self, status: u16, retry_after_s: Option<u32>) -> Value {
        let wait = retry_after_s.map_or(String::new(), |seconds| format!("&retry_after={seconds}"));
        let url = format!("{}/new?status={status}{wait}", self.origin);
        http::json(&self.http, Method::GET, &url, None, None).await.expect(200)
    }

    pub async fn messages(&self) -> Vec<Received> {
        let url = format!("{}/messages", self.origin);
        let all = http::json(&self.http, Method::GET, &url, None, None).await.expect(200);
        all.as_array().expect("a list").iter().map(|message| self.received(message)).collect()
    }

    fn received(&self, message: &Value) -> Received {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let header = |wanted: &str| {
            let headers = message["headers"].as_object().expect("headers");
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).and_then(|(_, value)| text(value))
        };
        Received {
            endpoint: format!("{}{}", self.origin, message["path"].as_str().expect("a path")),
            topic: header("topic"),
            payload: message["plaintext"]
                .as_str()
                .map_or(Value::Null, |plain| serde_json::from_str(plain).expect("the payload is JSON")),
            problems: message["problems"].as_array().expect("problems").iter().filter_map(text).collect(),
        }
    }
}

/// A Python that has `cryptography` and `http_ece`: `BEFFROI_TEST_PYTHON`, or the one that `scripts/setup` makes.
pub fn python() -> PathBuf {
    match std::env::var_os("BEFFROI_TEST_PYTHON") {
        Some(python) => PathBuf::from(python),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python3"),
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}
