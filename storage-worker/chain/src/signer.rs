//! The sr25519 keys that sign transactions, checkpoints and proofs.

use crate::ChainError;
use granary_primitives::{AccountBytes, PublicKey, Signature};
use std::{fmt, str::FromStr};
use subxt::utils::AccountId32;
use subxt_signer::{sr25519, SecretUri};

/// An sr25519 key pair.
#[derive(Clone)]
pub struct Signer(pub(crate) sr25519::Keypair);

impl fmt::Debug for Signer {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "Signer(0x{})", hex::encode(self.public_key()))
	}
}

impl Signer {
	/// From a secret URI: a mnemonic, a hex seed, or a development account such as `//Alice`.
	pub fn from_uri(uri: &str) -> Result<Self, ChainError> {
		let uri = SecretUri::from_str(uri.trim())
			.map_err(|error| ChainError::Key { reason: error.to_string() })?;
		sr25519::Keypair::from_uri(&uri)
			.map(Self)
			.map_err(|error| ChainError::Key { reason: error.to_string() })
	}

	/// From a 32-byte secret.
	pub fn from_secret(secret: [u8; 32]) -> Result<Self, ChainError> {
		sr25519::Keypair::from_secret_key(secret)
			.map(Self)
			.map_err(|error| ChainError::Key { reason: error.to_string() })
	}

	/// The public key, which is also the account's id.
	pub fn public_key(&self) -> PublicKey {
		self.0.public_key().0
	}

	/// The account's id.
	pub fn account(&self) -> AccountBytes {
		self.public_key()
	}

	/// Signs a message.
	pub fn sign(&self, message: &[u8]) -> Signature {
		self.0.sign(message).0
	}
}

/// Whether `signature` is that of `key` over `message`.
pub fn verify_signature(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
	sr25519::verify(&sr25519::Signature(*signature), message, &sr25519::PublicKey(*key))
}

/// The SS58 address of an account.
pub fn address_of(account: &AccountBytes) -> String {
	AccountId32(*account).to_string()
}

/// The account with this SS58 address.
pub fn parse_address(address: &str) -> Result<AccountBytes, ChainError> {
	AccountId32::from_str(address)
		.map(|account| account.0)
		.map_err(|error| ChainError::Key { reason: error.to_string() })
}
