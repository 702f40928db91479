//! The extension by which a key on chain vouches for the key of a certificate.

use crate::VerifySignature;
use rustls::pki_types::UnixTime;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A public key as it stands on chain.
pub type Key = [u8; 32];
/// A signature by such a key.
pub type Signature = [u8; 64];

/// The extension's object identifier, below the arc of UUIDs, which needs no registration.
pub(crate) const EXTENSION_OID: [u64; 3] = [2, 25, 0x4772_616e_6172_7901];
const EXTENSION_OID_TEXT: &str = "2.25.5148284450747087105";
const LABEL: &[u8] = b"granary/tls/1";
const VERSION: u8 = 1;
/// version ‖ role ‖ key ‖ signature.
const CONTENT_BYTES: usize = 2 + 32 + 64;

/// What a key stands for on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
	/// A node: its audit key.
	Node,
	/// A twin: its account.
	Account,
}

impl Role {
	fn byte(self) -> u8 {
		match self {
			Self::Node => 0,
			Self::Account => 1,
		}
	}

	fn of_byte(byte: u8) -> Option<Self> {
		match byte {
			0 => Some(Self::Node),
			1 => Some(Self::Account),
			_ => None,
		}
	}
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer {
	/// What its key stands for.
	pub role: Role,
	/// Its key on chain.
	pub key: Key,
}

/// Why a certificate does not show who its owner is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
	/// It is no certificate.
	#[error("the peer's certificate cannot be read")]
	Unreadable,
	/// It names no key on chain.
	#[error("the peer's certificate names no key on chain: it is no worker or client of Granary")]
	NoCredential,
	/// It is too early or too late for it.
	#[error("the peer's certificate is not valid now: is one of the clocks wrong?")]
	NotNow,
	/// The key on chain did not sign it, or signed it for another chain.
	#[error("the peer's certificate is not signed by the key that it names, or for another chain")]
	BadSignature,
	/// It is somebody else's.
	#[error("the peer has another key than the chain's record says")]
	OtherKey,
}

/// What the key on chain signs: the certificate's key, for one role on one chain and for a time (Unix seconds).
pub(crate) fn statement(
	genesis: &[u8; 32],
	role: Role,
	public_key_info: &[u8],
	not_before: i64,
	not_after: i64,
) -> Vec<u8> {
	let mut message = LABEL.to_vec();
	message.extend_from_slice(genesis);
	message.push(role.byte());
	message.extend_from_slice(&not_before.to_le_bytes());
	message.extend_from_slice(&not_after.to_le_bytes());
	message.extend_from_slice(public_key_info);
	message
}

/// The extension's content.
pub(crate) fn content(peer: &Peer, signature: &Signature) -> Vec<u8> {
	let mut content = Vec::with_capacity(CONTENT_BYTES);
	content.extend([VERSION, peer.role.byte()]);
	content.extend_from_slice(&peer.key);
	content.extend_from_slice(signature);
	content
}

fn parse(content: &[u8]) -> Option<(Peer, Signature)> {
	let (head, rest) = content.split_at_checked(2)?;
	let (key, signature) = rest.split_at_checked(32)?;
	let [VERSION, role] = head else { return None };
	let peer = Peer { role: Role::of_byte(*role)?, key: key.try_into().ok()? };
	Some((peer, signature.try_into().ok()?))
}

/// Reads and writes the extension's content.
#[cfg(feature = "fuzzing")]
pub(crate) fn repeat(given: &[u8]) -> Option<Vec<u8>> {
	parse(given).map(|(peer, signature)| content(&peer, &signature))
}

/// Whose certificate this is, after all that can be checked without the chain.
pub(crate) fn check(
	certificate: &[u8],
	genesis: &[u8; 32],
	now: UnixTime,
	verify: VerifySignature,
) -> Result<Peer, CredentialError> {
	let (_, certificate) =
		X509Certificate::from_der(certificate).map_err(|_| CredentialError::Unreadable)?;
	let extension = certificate
		.extensions()
		.iter()
		.find(|extension| extension.oid.to_id_string() == EXTENSION_OID_TEXT)
		.ok_or(CredentialError::NoCredential)?;
	let (peer, signature) = parse(extension.value).ok_or(CredentialError::NoCredential)?;
	let validity = certificate.validity();
	let (not_before, not_after) = (validity.not_before.timestamp(), validity.not_after.timestamp());
	let message =
		statement(genesis, peer.role, certificate.public_key().raw, not_before, not_after);
	if !verify(&peer.key, &message, &signature) {
		return Err(CredentialError::BadSignature);
	}
	let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
	if now < not_before || now > not_after {
		return Err(CredentialError::NotNow);
	}
	Ok(peer)
}

/// Whose certificate this is; for one that a handshake has checked already.
pub(crate) fn peer_of(certificate: &[u8]) -> Option<Peer> {
	let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
	let mut extensions = certificate.extensions().iter();
	let found = extensions.find(|extension| extension.oid.to_id_string() == EXTENSION_OID_TEXT)?;
	parse(found.value).map(|(peer, _)| peer)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_identifier_is_spelled_in_one_way() {
		let text: Vec<String> = EXTENSION_OID.iter().map(u64::to_string).collect();
		assert_eq!(text.join("."), EXTENSION_OID_TEXT);
	}

	#[test]
	fn other_contents_are_no_credentials() {
		let peer = Peer { role: Role::Account, key: [7; 32] };
		let good = content(&peer, &[9; 64]);
		assert_eq!(parse(&good), Some((peer, [9; 64])));
		for length in 0..good.len() {
			assert_eq!(parse(&good[..length]), None);
		}
		assert_eq!(parse(&[good.as_slice(), &[0]].concat()), None);
		for (at, byte) in [(0, 2), (1, 2)] {
			let mut bad = good.clone();
			bad[at] = byte;
			assert_eq!(parse(&bad), None);
		}
	}
}
