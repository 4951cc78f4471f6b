//! Push clients that are not ours against the sandbox: they are served as by the real services, the sandbox finds
//! nothing wrong with them, and they read its refusals rightly.

use super::Services;
use crate::support::process::run;
use crate::support::receiver::python;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle");

impl Services {
    async fn made(&self, query: &str) -> Value {
        self.ask(Method::POST, &format!("/subscriptions?{query}")).await.expect(201)[0].clone()
    }

    /// Devices that behave in different ways, fresh for each program: a subscription is bound to its first sender.
    async fn devices(&self) -> Value {
        let (mut webpush, mut apns, mut fcm) = (Vec::new(), Vec::new(), Vec::new());
        for query in ["", "status=410", "status=429&retry_after=5"] {
            webpush.push(self.made(query).await);
        }
        for query in ["", "", "", "status=410", "reason=BadDeviceToken", "reason=DeviceTokenNotForTopic"] {
            apns.push(self.made(&format!("channel=apns&{query}")).await["id"].clone());
        }
        let words = [
            "",
            "status=404",
            "status=400",
            "reason=INVALID_TOKEN",
            "reason=SENDER_ID_MISMATCH",
            "reason=THIRD_PARTY_AUTH_ERROR",
        ];
        for query in words {
            fcm.push(self.made(&format!("channel=fcm&{query}")).await["id"].clone());
        }
        json!({"credentials": self.credentials, "webpush": webpush, "apns": apns, "fcm": fcm})
    }

    /// What each client of a program read in the answers.
    async fn sent_to_by(&self, program: impl AsRef<OsStr>, script: &str) -> BTreeMap<String, Value> {
        let what = self.folder.path().join("what.json");
        std::fs::write(&what, self.devices().await.to_string()).expect("written");
        let mut command = Command::new(program);
        command.arg(format!("{FOLDER}/{script}")).arg(&self.origin);
        command.arg(self.folder.path().join("sandbox-ca.pem")).arg(&what);
        let ran = run(command).await;
        assert_eq!(ran.code, 0, "{script}: {}{}", ran.output, ran.errors);
        let line = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
        let said = ran.output.lines().map(line);
        said.map(|said| (said["client"].as_str().expect("a name").to_owned(), said["answers"].clone())).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_others_are_served_and_read_refusals_rightly() {
    let services = Services::start().await;
    // Each client signs a token of its own.
    services.ask(Method::PUT, "/settings?token_update_s=0").await.expect(204);
    let mut said = services.sent_to_by("node", "push_clients.mjs").await;
    said.append(&mut services.sent_to_by(python(), "push_clients.py").await);
    let webpush = json!([201, 410, 429]);
    let refused = json!([[410, "Unregistered"], [400, "BadDeviceToken"], [400, "DeviceTokenNotForTopic"]]);
    let apns: Vec<Value> = [json!("sent"), json!("sent"), json!("sent")]
        .into_iter()
        .chain(refused.as_array().cloned().expect("a list"))
        .collect();
    let firebase = json!([
        "sent",
        "messaging/registration-token-not-registered",
        "messaging/invalid-argument",
        "messaging/invalid-argument",
        "messaging/mismatched-credential",
        "messaging/third-party-auth-error"
    ]);
    let plain = json!([
        "sent",
        "UNREGISTERED",
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "SENDER_ID_MISMATCH",
        "THIRD_PARTY_AUTH_ERROR"
    ]);
    let wanted = [
        ("web-push", webpush.clone()),
        ("pywebpush", webpush),
        ("@parse/node-apn", json!(apns)),
        ("aioapns", json!(apns)),
        ("firebase-admin", firebase),
        ("google-auth", plain),
    ];
    assert_eq!(said, wanted.map(|(client, answers)| (client.to_owned(), answers)).into());
    assert_eq!(services.found().await, Vec::<String>::new());
    let counts = services.counts().await;
    let accepted = |channel: &str| counts["channels"][channel]["accepted"].clone();
    assert_eq!([accepted("webpush"), accepted("apns"), accepted("fcm")], [2, 6, 2].map(Value::from));
}
