//! The web-push crate as a sender, with its own client: CPU time of all pushes to the subscriptions of a file, over
//! connections that are kept.
//!
//!     SSL_CERT_FILE=CA_FILE push_crate SUBSCRIPTIONS.json CA_FILE

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::{TryStreamExt, stream};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use std::fs::File;
use std::io::Read;
use std::time::Duration;
use web_push::{
    ContentEncoding, HyperWebPushClient, PartialVapidSignatureBuilder, SubscriptionInfo, Urgency,
    VapidSignatureBuilder, WebPushClient, WebPushMessageBuilder,
};

const AT_ONCE: usize = 16;
const TTL_S: u32 = 3600;

/// What is the same for all pushes. The crate would have the key read once and the builder cloned.
struct Sender {
    client: HyperWebPushClient,
    signer: PartialVapidSignatureBuilder,
    payload: Vec<u8>,
}

impl Sender {
    /// Fails unless the push service answers with success, of which the crate does not tell 201 from another: the
    /// sandbox is asked how many it accepted.
    async fn push(&self, subscription: &SubscriptionInfo) -> Result<()> {
        let mut signature = self.signer.clone().add_sub_info(subscription);
        // Of itself the crate leaves out the port (RFC 8292, section 2 wants the origin).
        signature.add_claim("aud", origin(&subscription.endpoint)?);
        signature.add_claim("sub", "mailto:bench@example.org");
        let mut message = WebPushMessageBuilder::new(subscription);
        message.set_payload(ContentEncoding::Aes128Gcm, &self.payload);
        message.set_vapid_signature(signature.build()?);
        message.set_topic("bench".to_owned());
        message.set_ttl(TTL_S);
        message.set_urgency(Urgency::Low);
        self.client.send(message.build()?).await.with_context(|| subscription.endpoint.clone())
    }
}

/// Scheme, host and port of an endpoint.
fn origin(endpoint: &str) -> Result<&str> {
    let (path, _) = endpoint.match_indices('/').nth(2).with_context(|| format!("{endpoint} has no path"))?;
    Ok(&endpoint[..path])
}

/// A new key for VAPID, as the crate reads it.
fn key() -> Result<String> {
    let mut scalar = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut scalar)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(scalar))
}

fn cpu() -> Result<Duration> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, ca] = &arguments[..] else { anyhow::bail!("push_crate SUBSCRIPTIONS.json CA_FILE") };
    // The crate's client takes no authorities from its caller; OpenSSL takes them from this variable.
    ensure!(std::env::var("SSL_CERT_FILE").as_ref() == Ok(ca), "SSL_CERT_FILE must be {ca}");
    let subscriptions: Vec<SubscriptionInfo> = serde_json::from_reader(File::open(file)?)?;
    let message = json!({ "web_push": 8030, "notification": { "title": "A bench", "body": "x".repeat(700) } });
    let sender = Sender {
        client: HyperWebPushClient::new(),
        signer: VapidSignatureBuilder::from_base64_no_sub(&key()?)?,
        payload: serde_json::to_vec(&message)?,
    };
    // One thread, as the other senders: there is one processor for them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = cpu()?;
    let pushes = stream::iter(subscriptions.iter().map(Ok));
    runtime.block_on(pushes.try_for_each_concurrent(AT_ONCE, |subscription| sender.push(subscription)))?;
    let taken_us = u64::try_from((cpu()? - before).as_micros())?;
    println!("{}", json!({ "cpu_us": taken_us }));
    Ok(())
}
