//! TLS with a certificate made at run time; browsers under test are told to take any.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_rustls::server::TlsStream;

pub(super) use tokio_rustls::rustls::ServerConfig as Config;

/// A fresh self-signed certificate for these names.
pub(super) fn config(names: &[&str]) -> Result<Arc<ServerConfig>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).context("make a certificate")?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The name that the client asked for, and its stream unless it hung up before the end of the handshake.
pub(super) async fn accept(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> Option<(String, Option<TlsStream<TcpStream>>)> {
    drop(stream.set_nodelay(true));
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
    let host = start.client_hello().server_name().unwrap_or_default().to_owned();
    Some((host, start.into_stream(config).await.ok()))
}
