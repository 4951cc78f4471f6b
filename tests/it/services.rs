//! The sandbox as APNs, FCM and Google's token endpoint: each check refuses what it should, with the service's own
//! words, and what is scripted happens. The senders here are plain HTTP, not ours.

mod apns;
mod faults;
mod fcm;
mod outside;

use super::support::http::{Answer, client, json as ask};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beffroi::clock::Clock;
use beffroi::push::sandbox::{Authority, SandboxOptions, origin, serve};
use reqwest::{Client, Method};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A sandbox in this process, and the credentials it gave.
struct Services {
    folder: TempDir,
    origin: String,
    http: Client,
    credentials: Value,
}

impl Services {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let origin = origin(listener.local_addr().expect("its address"));
        let authority = Authority::open(folder.path()).expect("an authority");
        let http = client(Some(authority.certificate_pem().as_bytes()));
        let options = SandboxOptions { authority, clock: Clock::system(), http1_only: false, decrypt_every: 1 };
        tokio::spawn(async move { serve(listener, options, std::future::pending()).await.expect("served") });
        let credentials = ask(&http, Method::GET, &format!("{origin}/credentials"), None, None).await.expect(200);
        Self { folder, origin, http, credentials }
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        ask(&self.http, method, &format!("{}{path}", self.origin), None, None).await
    }

    /// Tokens of new devices.
    async fn tokens(&self, query: &str) -> Vec<String> {
        let made = self.ask(Method::POST, &format!("/subscriptions?{query}")).await.expect(201);
        let token = |one: &Value| one["channel"]["token"].as_str().expect("a token").to_owned();
        made.as_array().expect("a list").iter().map(token).collect()
    }

    async fn counts(&self) -> Value {
        self.ask(Method::GET, "/counts?each=false").await.expect(200)
    }

    /// What the sandbox found wrong so far.
    async fn found(&self) -> Vec<String> {
        self.counts().await["found"].as_object().expect("counts").keys().cloned().collect()
    }

    fn secret(&self, pointer: &str) -> &str {
        self.credentials.pointer(pointer).and_then(Value::as_str).expect("a credential")
    }
}

fn now_s() -> i64 {
    Clock::system().real().as_second()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn es256(pem: &str, head: &Value, claims: &Value) -> String {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("PKCS #8");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der()).expect("a P-256 key");
    let signed = format!("{}.{}", part(head), part(claims));
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("signed");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

fn rs256(pem: &str, head: &Value, claims: &Value) -> String {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("PKCS #8");
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("an RSA key");
    let signed = format!("{}.{}", part(head), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("signed");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&signature))
}
