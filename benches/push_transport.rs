//! What one push costs the sender on the wire: CPU time of this process a request, by our transport, by hyper's HTTP/2
//! and by reqwest, all to one server in another process, taking turns.
//!
//! `cargo bench --bench push_transport -- [REQUESTS]` sends so many in each turn.

use beffroi::config::Config;
use beffroi::push::transport::Transport;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[path = "support/cpu.rs"]
mod cpu;

/// Requests of one sender in one turn.
const REQUESTS: usize = 10_000;
/// Turns of each; the median counts.
const ROUNDS: usize = 7;
/// Requests under way at once.
const IN_FLIGHT: usize = 256;
/// Bodies: a usual push, and the longest that every push service takes.
const BODIES: [usize; 2] = [700, 4_096];
const CONNECTIONS: [usize; 2] = [1, 4];
const STREAMS_MAX: u32 = 1_000;
const WINDOW_BYTES: u32 = 4 * 1_024 * 1_024;
/// As long as a VAPID token and key.
const AUTHORIZATION_BYTES: usize = 330;

fn main() {
    // Whoever runs all benches gives options of criterion, such as `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let first = arguments.next();
    if first.as_deref() == Some("serve") {
        return serve(arguments.next().expect("a folder").as_ref());
    }
    let requests = first.map_or(REQUESTS, |requests| requests.parse().expect("how many requests"));
    let folder = tempfile::tempdir().expect("a folder");
    authority(folder.path());
    let mut server = Command::new(std::env::current_exe().expect("this program"))
        .arg("serve")
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let mut origin = String::new();
    BufReader::new(server.stdout.as_mut().expect("its output")).read_line(&mut origin).expect("where it listens");
    let origin = origin.trim();
    println!("µs of CPU time a request (× ours), {requests} requests a turn, {IN_FLIGHT} in flight");
    for connections in CONNECTIONS {
        for bytes in BODIES {
            compare(origin, folder.path(), connections, Bytes::from(vec![7; bytes]), requests);
        }
    }
    server.kill().expect("it was running");
    server.wait().expect("it ended");
}

/// One way to send a request. A sender and its connections live in a runtime of one thread.
enum Sender {
    Ours(Transport, String),
    Hyper(Vec<hyper::client::conn::http2::SendRequest<Full<Bytes>>>),
    Reqwest(Vec<reqwest::Client>),
}

impl Sender {
    async fn send(&self, number: usize, mut request: Request<Bytes>) {
        let status = match self {
            Self::Ours(transport, origin) => {
                transport.send(origin, &mut request, &|| true).await.expect("an answer").expect("sent").status
            }
            Self::Hyper(connections) => {
                let mut sending = connections[number % connections.len()].clone();
                let answer = sending.send_request(request.map(Full::new)).await.expect("an answer");
                let status = answer.status();
                answer.into_body().collect().await.expect("a body");
                status
            }
            Self::Reqwest(clients) => {
                let request = reqwest::Request::try_from(request).expect("a request");
                let answer = clients[number % clients.len()].execute(request).await.expect("an answer");
                let status = answer.status();
                answer.bytes().await.expect("a body");
                status
            }
        };
        assert_eq!(status, StatusCode::CREATED);
    }
}

fn compare(origin: &str, folder: &Path, connections: usize, body: Bytes, requests: usize) {
    let runtime = || Builder::new_current_thread().enable_all().build().expect("a runtime");
    let senders: Vec<(&str, Runtime, Rc<Sender>)> =
        [("beffroi", ours as fn(&Runtime, &str, &Path, usize) -> Sender), ("hyper", by_hyper), ("reqwest", by_reqwest)]
            .into_iter()
            .map(|(name, make)| {
                let runtime = runtime();
                let sender = make(&runtime, origin, folder, connections);
                (name, runtime, Rc::new(sender))
            })
            .collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); senders.len()];
    for round in 0..=ROUNDS {
        for ((_, runtime, sender), times) in senders.iter().zip(&mut times) {
            let us = cpu::cpu_us(1, || turn(runtime, sender, origin, &body, requests));
            // The first turn opens connections.
            if round > 0 {
                times.push(us / requests as f64);
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("{connections} connections, {} bytes:", body.len());
    for ((name, ..), us) in senders.iter().zip(&medians) {
        println!("  {name:8} {us:6.1} ({:.1})", us / medians[0]);
    }
}

fn turn(runtime: &Runtime, sender: &Rc<Sender>, origin: &str, body: &Bytes, requests: usize) {
    let next = Rc::new(Cell::new(0));
    let local = tokio::task::LocalSet::new();
    for _ in 0..IN_FLIGHT {
        let (sender, next, body, origin) = (sender.clone(), next.clone(), body.clone(), origin.to_owned());
        local.spawn_local(async move {
            while next.get() < requests {
                let number = next.replace(next.get() + 1);
                sender.send(number, request(&origin, number, body.clone())).await;
            }
        });
    }
    runtime.block_on(local);
}

/// What a Web Push looks like (RFC 8030); every recipient has a path of their own.
fn request(origin: &str, number: usize, body: Bytes) -> Request<Bytes> {
    thread_local! {
        static AUTHORIZATION: HeaderValue = {
            let mut value = HeaderValue::from_str(&"t".repeat(AUTHORIZATION_BYTES)).expect("ASCII");
            value.set_sensitive(true);
            value
        };
    }
    Request::post(format!("{origin}/push/{number:0>120}"))
        .header("ttl", HeaderValue::from_static("3600"))
        .header("urgency", HeaderValue::from_static("high"))
        .header("topic", HeaderValue::from_static("abcdefghijklmnopqrstuvwxyz012345"))
        .header("authorization", AUTHORIZATION.with(HeaderValue::clone))
        .header("content-encoding", HeaderValue::from_static("aes128gcm"))
        .header("content-type", HeaderValue::from_static("application/octet-stream"))
        .body(body)
        .expect("a request")
}

fn ours(_: &Runtime, origin: &str, folder: &Path, connections: usize) -> Sender {
    let mut settings = Config::load(None).expect("the defaults").push;
    settings.allow_private_endpoints = true;
    settings.ca_file = Some(folder.join("ca.pem"));
    settings.in_flight_per_origin_max = IN_FLIGHT;
    settings.connections_per_origin_max = connections;
    Sender::Ours(Transport::new(&settings).expect("a transport"), origin.to_owned())
}

fn tls(folder: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.expect("versions").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

fn by_hyper(runtime: &Runtime, origin: &str, folder: &Path, connections: usize) -> Sender {
    let connector = TlsConnector::from(Arc::new(tls(folder)));
    let address = origin.trim_start_matches("https://");
    let connect = || async {
        let tcp = TcpStream::connect(address).await.expect("a connection");
        tcp.set_nodelay(true).expect("no delay");
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let stream = TokioIo::new(connector.connect(name, tcp).await.expect("TLS"));
        let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
        let (sending, connection) = shaken.expect("HTTP/2");
        tokio::spawn(connection);
        sending
    };
    Sender::Hyper((0..connections).map(|_| runtime.block_on(connect())).collect())
}

/// One client has one connection.
fn by_reqwest(_: &Runtime, _: &str, folder: &Path, connections: usize) -> Sender {
    let client = || {
        let builder = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls(folder));
        builder.build().expect("a client")
    };
    Sender::Reqwest((0..connections).map(|_| client()).collect())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn authority(folder: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("an authority");
    std::fs::write(folder.join("ca.pem"), authority.pem()).expect("a file");
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    std::fs::write(folder.join("server.der"), certificate.der()).expect("a file");
    std::fs::write(folder.join("server.key"), key.serialize_der()).expect("a file");
}

/// The push service: takes every request and answers 201.
fn serve(folder: &Path) {
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(read("server.key")));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(read("server.der"))], key)
        .expect("a certificate for its key");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        println!("https://{}", listener.local_addr().expect("its address"));
        loop {
            let (tcp, _) = listener.accept().await.expect("a connection");
            tcp.set_nodelay(true).expect("no delay");
            tokio::spawn(take(acceptor.clone(), tcp));
        }
    });
}

async fn take(acceptor: TlsAcceptor, tcp: TcpStream) {
    let Ok(stream) = acceptor.accept(tcp).await else { return };
    let mut builder = h2::server::Builder::new();
    builder
        .max_concurrent_streams(STREAMS_MAX)
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        tokio::spawn(async move {
            let mut body = request.into_body();
            while let Some(Ok(data)) = body.data().await {
                let _ = body.flow_control().release_capacity(data.len());
            }
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::CREATED;
            let _ = respond.send_response(answer, true);
        });
    }
}
