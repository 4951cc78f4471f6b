//! HTTP as an integrator or a device speaks it.

use reqwest::{Client, Method, Response};
use serde_json::Value;
use std::sync::Once;
use std::time::Duration;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
static TLS: Once = Once::new();

/// A client that follows no redirect and uses no proxy. `ca` is a PEM certificate to trust besides the system's.
pub fn client(ca: Option<&[u8]>) -> Client {
    TLS.call_once(|| {
        // Another test may have installed it first; it is the same one.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    });
    let mut builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(ANSWER_TIMEOUT);
    if let Some(pem) = ca {
        let certificate = reqwest::Certificate::from_pem(pem).expect("a PEM certificate");
        builder = builder.tls_certs_merge([certificate]);
    }
    builder.build().expect("a client")
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole answer").to_vec();
        Self { status, headers, bytes }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The JSON in it. Panics, showing the text, when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    /// The JSON in it, if it came with this status; panics, showing the text, if it did not.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }
}

/// Sends JSON, or nothing, and reads the answer.
pub async fn json(http: &Client, method: Method, url: &str, bearer: Option<&str>, body: Option<&Value>) -> Answer {
    let mut request = http.request(method, url);
    if let Some(token) = bearer {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    Answer::of(request.send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"))).await
}
