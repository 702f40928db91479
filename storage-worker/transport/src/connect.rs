//! The client's handshake, and what a failed one means.

use crate::SERVER_NAME;
use rustls::{pki_types::ServerName, CertificateError, ClientConfig, Error};
use std::{io, sync::Arc};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{client::TlsStream, TlsConnector};

/// Greets a worker over a connected stream. The error's text for people is [`explain`]'s.
pub async fn connect<S>(stream: S, config: Arc<ClientConfig>) -> io::Result<TlsStream<S>>
where
	S: AsyncRead + AsyncWrite + Unpin,
{
	let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
	TlsConnector::from(config).connect(name, stream).await
}

/// What went wrong, without the TLS library's wrapping around our own words.
pub fn explain(error: &io::Error) -> String {
	let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
	match inner {
		Some(Error::InvalidCertificate(CertificateError::Other(ours))) => ours.0.to_string(),
		_ => error.to_string(),
	}
}
