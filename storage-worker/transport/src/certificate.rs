//! A server with a certificate of its own, for clients that know nothing of the chain.

use crate::TransportError;
use rustls::{
	crypto::aws_lc_rs::{default_provider, kx_group},
	pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer},
	version::TLS13,
	ServerConfig,
};
use std::sync::Arc;

/// TLS 1.3 with the certificate chain and the private key of two PEM texts. The hybrid key exchange is preferred; for clients that do not have
/// it yet, such as `redis-cli` over OpenSSL 3.0, the classic ones are there too.
pub fn server_with_certificate(
	certificates: &[u8],
	key: &[u8],
) -> Result<Arc<ServerConfig>, TransportError> {
	let chain: Vec<CertificateDer<'static>> =
		CertificateDer::pem_slice_iter(certificates).collect::<Result<_, _>>()?;
	let key = PrivateKeyDer::from_pem_slice(key)?;
	let mut provider = default_provider();
	provider.kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1];
	let config = ServerConfig::builder_with_provider(Arc::new(provider))
		.with_protocol_versions(&[&TLS13])?
		.with_no_client_auth()
		.with_single_cert(chain, key)?;
	Ok(Arc::new(config))
}
