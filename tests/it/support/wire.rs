//! A push service whose every HTTP/2 frame the test writes itself (RFC 9113 §4), over TLS. It knows nothing of `h2`, and
//! reads requests by their bodies, so that it needs no header compression.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113 §6.
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
pub const MAX_CONCURRENT_STREAMS: u16 = 3;
pub const INITIAL_WINDOW_SIZE: u16 = 4;
// RFC 9113 §7.
pub const NO_ERROR: u32 = 0;
pub const INTERNAL_ERROR: u32 = 2;
pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;

/// Listens, with a certificate of its own authority.
pub struct Wire {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    pub address: SocketAddr,
    folder: Arc<TempDir>,
}

/// One connection to it.
pub struct Peer {
    stream: TlsStream<TcpStream>,
    /// What came of requests that are not whole yet, by stream.
    bodies: BTreeMap<u32, Vec<u8>>,
    /// Whether pings are answered.
    pub lives: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Wire {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let acceptor = TlsAcceptor::from(Arc::new(tls(&folder)));
        Self::listen(acceptor, Arc::new(folder)).await
    }

    /// Another one, with the same authority.
    pub async fn beside(&self) -> Self {
        Self::listen(self.acceptor.clone(), self.folder.clone()).await
    }

    async fn listen(acceptor: TlsAcceptor, folder: Arc<TempDir>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("its address");
        Self { listener, acceptor, address, folder }
    }

    pub fn origin(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Its authority's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The next connection before TLS.
    pub async fn tcp(&self) -> TcpStream {
        self.listener.accept().await.expect("a connection").0
    }

    /// The next connection, greeted with these settings.
    pub async fn accept(&self, settings: &[(u16, u32)]) -> Peer {
        let mut stream = self.acceptor.accept(self.tcp().await).await.expect("TLS");
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface).await.expect("a preface");
        assert_eq!(preface, PREFACE);
        let mut peer = Peer { stream, bodies: BTreeMap::new(), lives: true };
        peer.settings(settings).await;
        peer
    }
}

fn tls(folder: &TempDir) -> ServerConfig {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("an authority");
    std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("a file");
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate for its key");
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

impl Peer {
    pub async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("a short frame");
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        // The other side may have gone; reading tells.
        let _ = self.stream.write_all(&frame).await;
        let _ = self.stream.flush().await;
    }

    /// The next frame; `None` when the connection is over. Settings and pings are answered on the way.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.frame().await?;
            match (frame.kind, frame.flags & ACK) {
                (SETTINGS, 0) => self.send(SETTINGS, ACK, 0, &[]).await,
                (PING, 0) if self.lives => self.send(PING, ACK, 0, &frame.payload).await,
                (SETTINGS | PING | WINDOW_UPDATE, _) => {}
                _ => return Some(frame),
            }
        }
    }

    async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of a kind; others are thrown away.
    pub async fn next_of(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().await.expect("a frame");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// The next request that came whole: its stream and its body, read as text.
    pub async fn request(&mut self) -> (u32, String) {
        self.next_request().await.expect("a request")
    }

    /// So many requests, in the order in which they were whole.
    pub async fn requests(&mut self, count: usize) -> Vec<(u32, String)> {
        let mut requests = Vec::new();
        while requests.len() < count {
            requests.push(self.request().await);
        }
        requests
    }

    /// As [`Peer::request`]; `None` when the connection is over.
    pub async fn next_request(&mut self) -> Option<(u32, String)> {
        loop {
            let frame = self.next().await?;
            if !matches!(frame.kind, DATA | HEADERS) {
                continue;
            }
            let body = self.bodies.entry(frame.stream).or_default();
            if frame.kind == DATA {
                body.extend(frame.payload);
            }
            if frame.flags & END_STREAM != 0 {
                let body = self.bodies.remove(&frame.stream).unwrap_or_default();
                return Some((frame.stream, String::from_utf8(body).expect("text")));
            }
        }
    }

    /// What the other side has written so far: what comes before its answer to a ping.
    pub async fn so_far(&mut self) -> Vec<Frame> {
        self.send(PING, 0, 0, b"so far?!").await;
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            match (frame.kind, frame.flags & ACK) {
                (PING, ACK) => return frames,
                (SETTINGS, 0) => self.send(SETTINGS, ACK, 0, &[]).await,
                (SETTINGS | PING | WINDOW_UPDATE, _) => {}
                _ => frames.push(frame),
            }
        }
        frames
    }

    pub async fn settings(&mut self, settings: &[(u16, u32)]) {
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
            .collect();
        self.send(SETTINGS, 0, 0, &payload).await;
    }

    /// An answer without a body.
    pub async fn answer(&mut self, stream: u32, status: u16) {
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, &status_block(status)).await;
    }

    /// The beginning of an answer whose body follows.
    pub async fn begin_answer(&mut self, stream: u32, status: u16) {
        self.send(HEADERS, END_HEADERS, stream, &status_block(status)).await;
    }

    pub async fn reset(&mut self, stream: u32, code: u32) {
        self.send(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    pub async fn go_away(&mut self, last: u32, code: u32) {
        self.send(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat()).await;
    }

    pub async fn more_window(&mut self, stream: u32, bytes: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes()).await;
    }
}

/// `:status` with the name from the static table and its value spelled out (RFC 7541 §6.2.2).
fn status_block(status: u16) -> Vec<u8> {
    let mut block = vec![8, 3];
    block.extend(status.to_string().bytes());
    block
}
