//! What the sandbox answers, whatever the protocol.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// An answer that was cut short on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Cut {
    /// RST_STREAM; over HTTP/1.1 the connection ends.
    #[error("reset on demand")]
    Reset,
    /// The connection ends without a word.
    #[error("dropped on demand")]
    Drop,
}

/// What an answer does to its connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The sender is known: more streams may be open from now on.
    pub(super) known: bool,
    /// The connection takes no further requests.
    pub(super) goaway: bool,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) head: Response<()>,
    pub(super) body: Bytes,
    pub(super) effect: Effect,
}

impl Reply {
    pub(super) fn empty(status: StatusCode) -> Self {
        let mut head = Response::new(());
        *head.status_mut() = status;
        Self { head, body: Bytes::new(), effect: Effect { known: true, goaway: false } }
    }

    pub(super) fn json(status: StatusCode, value: &Value) -> Self {
        let mut reply = Self::empty(status);
        reply.body = Bytes::from(value.to_string());
        reply.head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        reply
    }

    /// A request of the management that cannot be done.
    pub(super) fn problem(status: StatusCode, text: &str) -> Self {
        Self::json(status, &json!({ "problem": text }))
    }

    pub(super) fn header(mut self, name: http::HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.head.headers_mut().insert(name, value);
        }
        self
    }
}
