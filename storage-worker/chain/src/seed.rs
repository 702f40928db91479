//! From a secret URI to the account's 32-byte secret seed.
//!
//! The seed is what `subkey inspect` prints: that of the mnemonic or hex phrase, led down the hard junctions. An account has it whichever way
//! its URI is spelled, so keys that belong to the account are derived from the seed and not from the text.

use crate::{signer::key_error, ChainError};
use pbkdf2::pbkdf2_hmac;
use schnorrkel::{derive::ChainCode, ExpansionMode, MiniSecretKey};
use sha2::Sha512;
use subxt_signer::{bip39::Mnemonic, DeriveJunction, ExposeSecret, SecretUri};
use zeroize::Zeroizing;

/// Rounds of BIP-39.
const ROUNDS: u32 = 2048;

/// The seed of the account that the URI names.
pub(crate) fn seed_of(uri: &SecretUri) -> Result<Zeroizing<[u8; 32]>, ChainError> {
	let mut seed = root_seed(uri)?;
	for junction in &uri.junctions {
		let DeriveJunction::Hard(code) = junction else {
			return Err(key_error(
				"its path has a soft junction (/name), which has no seed; use hard ones (//name)",
			));
		};
		let secret = MiniSecretKey::from_bytes(&*seed)
			.map_err(|_| key_error("its seed is not valid"))?
			.expand(ExpansionMode::Ed25519);
		let (derived, _) = secret.hard_derive_mini_secret_key(Some(ChainCode(*code)), b"");
		seed = Zeroizing::new(derived.to_bytes());
	}
	Ok(seed)
}

fn root_seed(uri: &SecretUri) -> Result<Zeroizing<[u8; 32]>, ChainError> {
	let phrase = uri.phrase.expose_secret();
	let mut seed = Zeroizing::new([0; 32]);
	if let Some(digits) = phrase.strip_prefix("0x") {
		hex::decode_to_slice(digits, &mut *seed)
			.map_err(|_| key_error("a seed has 64 hex digits"))?;
		return Ok(seed);
	}
	let mnemonic = Mnemonic::parse(phrase).map_err(|_| key_error("its mnemonic is not valid"))?;
	let (entropy, len) = mnemonic.to_entropy_array();
	let entropy = Zeroizing::new(entropy);
	let password = uri.password.as_ref().map_or("", |password| password.expose_secret());
	let salt = Zeroizing::new(format!("mnemonic{password}"));
	// Substrate stretches the entropy instead of the phrase's words, and uses half of the result.
	let mut stretched = Zeroizing::new([0; 64]);
	pbkdf2_hmac::<Sha512>(
		entropy.get(..len).unwrap_or_default(),
		salt.as_bytes(),
		ROUNDS,
		&mut *stretched,
	);
	let (half, _) = stretched.split_at(seed.len());
	seed.copy_from_slice(half);
	Ok(seed)
}
