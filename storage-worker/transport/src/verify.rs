//! Checking the other side's certificate within the handshake.

use crate::{
	credential::{check, CredentialError},
	Key, Role, Signature,
};
use rustls::{
	client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	crypto::{verify_tls13_signature, WebPkiSupportedAlgorithms},
	pki_types::{CertificateDer, ServerName, UnixTime},
	server::danger::{ClientCertVerified, ClientCertVerifier},
	CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use std::sync::Arc;

/// Whether the signature of a message is by this key.
pub type VerifySignature = fn(key: &Key, message: &[u8], signature: &Signature) -> bool;

/// What both directions need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checker {
	pub(crate) genesis: [u8; 32],
	pub(crate) verify: VerifySignature,
	pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl Checker {
	fn signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		verify_tls13_signature(message, certificate, signature, &self.algorithms)
	}
}

fn refused(error: CredentialError) -> Error {
	Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
}

fn no_tls_12() -> Error {
	Error::General("TLS 1.2 is not spoken".to_owned())
}

/// What both of the library's traits ask for under the same names: Ed25519 over TLS 1.3, and nothing else.
macro_rules! handshake_signatures {
	() => {
		fn verify_tls12_signature(
			&self,
			_: &[u8],
			_: &CertificateDer<'_>,
			_: &DigitallySignedStruct,
		) -> Result<HandshakeSignatureValid, Error> {
			Err(no_tls_12())
		}

		fn verify_tls13_signature(
			&self,
			message: &[u8],
			certificate: &CertificateDer<'_>,
			signature: &DigitallySignedStruct,
		) -> Result<HandshakeSignatureValid, Error> {
			self.checker.signature(message, certificate, signature)
		}

		fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
			vec![SignatureScheme::ED25519]
		}
	};
}

/// The client's side: the server must be the node of this key.
#[derive(Debug)]
pub(crate) struct PinnedNode {
	pub(crate) checker: Checker,
	pub(crate) key: Key,
}

impl ServerCertVerifier for PinnedNode {
	fn verify_server_cert(
		&self,
		certificate: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		_: &ServerName<'_>,
		_: &[u8],
		now: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		let Checker { genesis, verify, .. } = self.checker;
		let peer = check(certificate, &genesis, now, verify).map_err(refused)?;
		if peer.role == Role::Node && peer.key == self.key {
			Ok(ServerCertVerified::assertion())
		} else {
			Err(refused(CredentialError::OtherKey))
		}
	}

	handshake_signatures!();
}

/// The server's side: a client may come without a certificate, but not with a false one.
#[derive(Debug)]
pub(crate) struct AnyPeer {
	pub(crate) checker: Checker,
}

impl ClientCertVerifier for AnyPeer {
	fn client_auth_mandatory(&self) -> bool {
		false
	}

	fn root_hint_subjects(&self) -> &[DistinguishedName] {
		&[]
	}

	fn verify_client_cert(
		&self,
		certificate: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		now: UnixTime,
	) -> Result<ClientCertVerified, Error> {
		let Checker { genesis, verify, .. } = self.checker;
		check(certificate, &genesis, now, verify)
			.map(|_| ClientCertVerified::assertion())
			.map_err(refused)
	}

	handshake_signatures!();
}
