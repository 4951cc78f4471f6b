//! One new connection: resolve, check the address, connect to that very address, TLS.

use super::{TransportError, address};
use crate::push::endpoint::is_public;
use http::Uri;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long TLS may take to set up.
const TLS_MS_MAX: u64 = 4_000;

const ALPN_H2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";

/// A new connection, by what is spoken on it.
pub(super) enum Wire {
    Http2(TlsStream<TcpStream>),
    Http1(TlsStream<TcpStream>),
    Plain(TcpStream),
}

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

    pub(super) async fn connect(&self, uri: &Uri) -> Result<Wire, TransportError> {
        let host = uri.host().ok_or(TransportError::Address)?;
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match uri.scheme_str() {
            Some("https") => {
                let tcp = self.tcp(host, uri.port_u16().unwrap_or(443)).await?;
                let name = ServerName::try_from(host.to_owned()).map_err(|_| TransportError::Address)?;
                let stream = tokio::time::timeout(Duration::from_millis(TLS_MS_MAX), self.tls.connect(name, tcp))
                    .await
                    .map_err(|_| TransportError::ConnectTimeout)?
                    .map_err(TransportError::Tls)?;
                let is_h2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_H2);
                Ok(if is_h2 { Wire::Http2(stream) } else { Wire::Http1(stream) })
            }
            Some("http") if self.allow_private => Ok(Wire::Plain(self.tcp(host, uri.port_u16().unwrap_or(80)).await?)),
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
        let allowed = |address: &SocketAddr| self.allow_private || is_public(address.ip());
        let public: Vec<SocketAddr> = resolved.iter().copied().filter(allowed).collect();
        if public.is_empty() && !resolved.is_empty() {
            return Err(TransportError::PrivateAddress);
        }
        address::connect(&public).await
    }
}
