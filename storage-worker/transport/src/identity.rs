//! One side's certificate, made anew every day.

use crate::{
	credential::{content, statement, EXTENSION_OID},
	Key, Peer, Role, Signature,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair, PKCS_ED25519};
use rustls::{
	client::ResolvesClientCert,
	crypto::aws_lc_rs::sign::any_eddsa_type,
	pki_types::{CertificateDer, PrivatePkcs8KeyDer},
	server::{ClientHello, ResolvesServerCert},
	sign::CertifiedKey,
	SignatureScheme,
};
use std::{
	fmt,
	sync::{Arc, Mutex, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// How long a certificate is valid, and from when on another takes its place.
const LIFETIME: Duration = Duration::hours(48);
const RENEWED_AFTER: Duration = Duration::hours(24);
/// How far the other side's clock may be behind.
const CLOCK_TOLERANCE: Duration = Duration::hours(1);

/// Why a side cannot take part.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
	/// A certificate could not be made.
	#[error("cannot make a certificate: {0}")]
	Certificate(#[from] rcgen::Error),
	/// A file holds no certificate or key in PEM form.
	#[error("not a PEM file of a certificate or a private key: {0}")]
	Pem(#[from] rustls::pki_types::pem::Error),
	/// The TLS library refused what it was given.
	#[error("cannot set up TLS: {0}")]
	Tls(#[from] rustls::Error),
}

type Sign = Box<dyn Fn(&[u8]) -> Signature + Send + Sync>;

/// A side of a connection: a key on chain and the certificate that it vouches for at the moment.
pub struct Identity {
	peer: Peer,
	genesis: [u8; 32],
	sign: Sign,
	current: Mutex<Current>,
}

#[derive(Clone)]
struct Current {
	certified: Arc<CertifiedKey>,
	made: OffsetDateTime,
}

impl fmt::Debug for Identity {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Identity").field("peer", &self.peer).finish_non_exhaustive()
	}
}

impl Identity {
	/// For a key on the chain of this genesis; `sign` signs with its secret.
	pub fn new(
		genesis: [u8; 32],
		role: Role,
		key: Key,
		sign: impl Fn(&[u8]) -> Signature + Send + Sync + 'static,
	) -> Result<Self, TransportError> {
		let (peer, sign): (Peer, Sign) = (Peer { role, key }, Box::new(sign));
		let made = OffsetDateTime::now_utc();
		let certified = Arc::new(certify(&peer, &genesis, &sign, made)?);
		Ok(Self { peer, genesis, sign, current: Mutex::new(Current { certified, made }) })
	}

	/// Who this is.
	pub fn peer(&self) -> Peer {
		self.peer
	}

	/// The certificate of today, as it is shown.
	#[cfg(feature = "fuzzing")]
	pub(crate) fn shown(&self) -> Vec<u8> {
		self.certified()
			.cert
			.iter()
			.map(|certificate| certificate.to_vec())
			.next()
			.unwrap_or_default()
	}

	/// The certificate of today. Should a new one fail, the old one serves as long as it is valid.
	fn certified(&self) -> Arc<CertifiedKey> {
		let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
		let now = OffsetDateTime::now_utc();
		// A clock that was set back counts too: a certificate from the future would be refused.
		if now - current.made > RENEWED_AFTER || now < current.made - CLOCK_TOLERANCE {
			if let Ok(certified) = certify(&self.peer, &self.genesis, &self.sign, now) {
				*current = Current { certified: Arc::new(certified), made: now };
			}
		}
		current.certified.clone()
	}
}

fn certify(
	peer: &Peer,
	genesis: &[u8; 32],
	sign: &Sign,
	now: OffsetDateTime,
) -> Result<CertifiedKey, TransportError> {
	let key = KeyPair::generate_for(&PKCS_ED25519)?;
	let mut params = CertificateParams::new(vec![crate::SERVER_NAME.to_owned()])?;
	// Certificates count whole seconds, and so does what is signed.
	let now = now.replace_nanosecond(0).unwrap_or(now);
	(params.not_before, params.not_after) = (now - CLOCK_TOLERANCE, now + LIFETIME);
	let info = rcgen::PublicKeyData::subject_public_key_info(&key);
	let message = statement(
		genesis,
		peer.role,
		&info,
		params.not_before.unix_timestamp(),
		params.not_after.unix_timestamp(),
	);
	let extension = content(peer, &sign(&message));
	params.custom_extensions.push(CustomExtension::from_oid_content(&EXTENSION_OID, extension));
	let certificate: CertificateDer<'static> = params.self_signed(&key)?.der().clone();
	let secret = PrivatePkcs8KeyDer::from(key.serialize_der());
	Ok(CertifiedKey::new(vec![certificate], any_eddsa_type(&secret)?))
}

impl ResolvesServerCert for Identity {
	fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
		Some(self.certified())
	}
}

impl ResolvesClientCert for Identity {
	fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
		schemes.contains(&SignatureScheme::ED25519).then(|| self.certified())
	}

	fn has_certs(&self) -> bool {
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_certificate_is_renewed_when_it_is_a_day_old() {
		let identity = Identity::new([1; 32], Role::Node, [2; 32], |_| [3; 64]).unwrap();
		let first = identity.certified();
		assert!(Arc::ptr_eq(&first, &identity.certified()));
		identity.current.lock().unwrap().made -= RENEWED_AFTER + Duration::seconds(1);
		let second = identity.certified();
		assert!(!Arc::ptr_eq(&first, &second));
		assert!(Arc::ptr_eq(&second, &identity.certified()));
		identity.current.lock().unwrap().made += Duration::hours(2);
		assert!(!Arc::ptr_eq(&second, &identity.certified()), "the clock was set back");
	}

	#[test]
	fn nothing_secret_is_printed() {
		let identity = Identity::new([1; 32], Role::Account, [2; 32], |_| [3; 64]).unwrap();
		assert_eq!(
			format!("{identity:?}"),
			format!("Identity {{ peer: {:?}, .. }}", identity.peer())
		);
	}
}
