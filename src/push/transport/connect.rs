//! One new connection: resolve, check the address, connect to that very address, TLS, HTTP/2 or HTTP/1.1.

use super::TransportError;
use crate::push::endpoint::is_public;
use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long one address may take to answer a connection attempt.
const ADDRESS_MS_MAX: u64 = 2_500;
/// Most addresses of a host that are tried.
const ADDRESSES_MAX: usize = 6;
/// How often a quiet connection is asked whether it still lives: keeps it warm, and finds a dead one.
const PING_EVERY_S: u64 = 20;
/// How long the answer to that may take.
const PING_ANSWER_S_MAX: u64 = 5;
/// Largest block of response headers read.
const HEADER_BYTES_MAX: u32 = 16 * 1_024;

const ALPN_H2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";

/// The end that requests go into. The other end is the future that drives the connection.
pub(super) enum Sending {
    H2(http2::SendRequest<Full<Bytes>>),
    H1(http1::SendRequest<Full<Bytes>>),
}

/// Runs until the connection is over.
pub(super) type Driver = Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>;

/// Makes connections.
pub(super) struct Connector {
    tls: TlsConnector,
    allow_private: bool,
}

impl Connector {
    /// Trusts the system's certificate authorities and those of the file.
    pub(super) fn new(ca_file: Option<&Path>, allow_private: bool) -> Result<Self, TransportError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let extra = match ca_file {
            Some(path) => CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(TransportError::CaFile)?,
            None => Vec::new(),
        };
        let verifier =
            Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(TransportError::TlsSettings)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TransportError::TlsSettings)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN_H2.to_vec(), ALPN_HTTP1.to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), allow_private })
    }

    pub(super) async fn connect(&self, uri: &Uri) -> Result<(Sending, Driver), TransportError> {
        let host = uri.host().ok_or(TransportError::Address)?;
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match uri.scheme_str() {
            Some("https") => {
                let tcp = self.tcp(host, uri.port_u16().unwrap_or(443)).await?;
                let name = ServerName::try_from(host.to_owned()).map_err(|_| TransportError::Address)?;
                let stream = self.tls.connect(name, tcp).await.map_err(TransportError::Tls)?;
                let is_h2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_H2);
                if is_h2 { http2(stream).await } else { http1(stream).await }
            }
            Some("http") if self.allow_private => http1(self.tcp(host, uri.port_u16().unwrap_or(80)).await?).await,
            Some(_) | None => Err(TransportError::Address),
        }
    }

    /// The check of the address and the connection are about the same address: a second look-up could have another
    /// answer.
    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, TransportError> {
        let resolved: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => tokio::net::lookup_host((host, port)).await.map_err(TransportError::Resolve)?.collect(),
        };
        let found = !resolved.is_empty();
        let allowed = resolved.into_iter().filter(|address| self.allow_private || is_public(address.ip()));
        let mut failure = if found { TransportError::PrivateAddress } else { TransportError::NoAddress };
        for address in allowed.take(ADDRESSES_MAX) {
            let attempt = TcpStream::connect(address);
            match tokio::time::timeout(Duration::from_millis(ADDRESS_MS_MAX), attempt).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(TransportError::Connect)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = TransportError::Connect(error),
                Err(_) => failure = TransportError::ConnectTimeout,
            }
        }
        Err(failure)
    }
}

async fn http2<S>(stream: S) -> Result<(Sending, Driver), TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sending, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(PING_EVERY_S))
        .keep_alive_timeout(Duration::from_secs(PING_ANSWER_S_MAX))
        .keep_alive_while_idle(true)
        .max_header_list_size(HEADER_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(TransportError::Handshake)?;
    Ok((Sending::H2(sending), Box::pin(connection)))
}

async fn http1<S>(stream: S) -> Result<(Sending, Driver), TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sending, connection) = http1::Builder::new()
        .max_buf_size(HEADER_BYTES_MAX as usize)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(TransportError::Handshake)?;
    Ok((Sending::H1(sending), Box::pin(connection)))
}
