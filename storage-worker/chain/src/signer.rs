//! The sr25519 keys that sign transactions, checkpoints and proofs.

use crate::{seed::seed_of, ChainError};
use granary_primitives::{AccountBytes, PublicKey, Signature};
use std::{fmt, str::FromStr};
use subxt::utils::AccountId32;
use subxt_signer::{sr25519, SecretUri};
use zeroize::Zeroizing;

/// An sr25519 key pair and the 32-byte seed it comes from.
#[derive(Clone)]
pub struct Signer {
	pub(crate) pair: sr25519::Keypair,
	seed: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Signer {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "Signer(0x{})", hex::encode(self.public_key()))
	}
}

impl Signer {
	/// From a secret URI: a mnemonic, a seed of 64 hex digits, or a development account such as `//Alice`; paths of hard junctions
	/// (`//name`) and a password (`///word`) may follow.
	pub fn from_uri(text: &str) -> Result<Self, ChainError> {
		let text = text.trim();
		// An empty URI would mean the root of the well-known development accounts.
		if text.is_empty() {
			return Err(key_error("it is empty"));
		}
		let is_bare_seed = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
		let text = Zeroizing::new(if is_bare_seed { format!("0x{text}") } else { text.to_owned() });
		let uri = SecretUri::from_str(&text)
			.map_err(|_| key_error("it is no secret URI (mnemonic, seed or //Name)"))?;
		let expected = sr25519::Keypair::from_uri(&uri).map_err(key_error)?;
		let signer = Self::from_secret(*seed_of(&uri)?)?;
		if signer.public_key() != expected.public_key().0 {
			return Err(key_error("two ways to derive it disagree"));
		}
		Ok(signer)
	}

	/// From a 32-byte seed.
	pub fn from_secret(seed: [u8; 32]) -> Result<Self, ChainError> {
		let seed = Zeroizing::new(seed);
		let pair = sr25519::Keypair::from_secret_key(*seed).map_err(key_error)?;
		Ok(Self { pair, seed })
	}

	/// The public key, which is also the account's id.
	pub fn public_key(&self) -> PublicKey {
		self.pair.public_key().0
	}

	/// The account's id.
	pub fn account(&self) -> AccountBytes {
		self.public_key()
	}

	/// The secret seed: whoever has it is the account.
	pub fn secret_seed(&self) -> &[u8; 32] {
		&self.seed
	}

	/// Signs a message.
	pub fn sign(&self, message: &[u8]) -> Signature {
		self.pair.sign(message).0
	}
}

pub(crate) fn key_error(reason: impl fmt::Display) -> ChainError {
	ChainError::Key { reason: reason.to_string() }
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
	AccountId32::from_str(address).map(|account| account.0).map_err(|error| ChainError::Address {
		text: address.to_owned(),
		reason: error.to_string(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	/// What `subkey inspect //Alice` prints.
	const ALICE_SEED: &str = "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
	const ALICE_ADDRESS: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

	#[test]
	fn a_seed_is_the_same_account_however_it_is_spelled() {
		let alice = Signer::from_uri("//Alice").unwrap();
		assert_eq!(hex::encode(alice.secret_seed()), ALICE_SEED);
		assert_eq!(address_of(&alice.account()), ALICE_ADDRESS);
		for spelling in [ALICE_SEED.to_owned(), format!("0x{ALICE_SEED}\n"), " //Alice ".to_owned()]
		{
			assert_eq!(Signer::from_uri(&spelling).unwrap().account(), alice.account());
		}
		assert_eq!(parse_address(ALICE_ADDRESS).unwrap(), alice.account());
	}

	#[test]
	fn mnemonics_paths_and_passwords() {
		let phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
		let plain = Signer::from_uri(phrase).unwrap();
		let path = Signer::from_uri(&format!("{phrase}//Alice")).unwrap();
		assert_eq!(path.account(), Signer::from_uri("//Alice").unwrap().account());
		let secured = Signer::from_uri(&format!("{phrase}///word")).unwrap();
		assert_ne!(secured.secret_seed(), plain.secret_seed());
		assert!(Signer::from_uri("//Granary//Tenant").is_ok());
	}

	#[test]
	fn what_is_no_key_is_refused_without_showing_it() {
		for wrong in ["", "0x12", "not a mnemonic at all", "//a/soft", "//Alice//"] {
			let text = Signer::from_uri(wrong).unwrap_err().to_string();
			assert!(text.starts_with("the account key is not usable"), "{text}");
			assert!(!text.contains("mnemonic at all"), "{text}");
		}
	}

	#[test]
	fn signatures_fit_their_message_only() {
		let alice = Signer::from_uri("//Alice").unwrap();
		let signature = alice.sign(b"message");
		assert!(verify_signature(&alice.public_key(), b"message", &signature));
		assert!(!verify_signature(&alice.public_key(), b"massage", &signature));
		assert!(!verify_signature(&[7; 32], b"message", &signature));
		assert!(!format!("{alice:?}").contains(ALICE_SEED));
	}
}
