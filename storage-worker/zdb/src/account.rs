//! Accounts that sign in: their keys as text, and what they sign.

use blake2b_simd::Params;
use schnorrkel::{PublicKey, Signature};

/// The key of an account: an sr25519 public key.
pub type AccountKey = [u8; 32];

/// What every signature of a substrate account is about.
const SIGNING_CONTEXT: &[u8] = b"substrate";
const SIGN_IN_LABEL: &str = "granary/zdb/sign-in/1";
const SS58_LABEL: &[u8] = b"SS58PRE";

/// Reads an account's key: 64 hex digits, with or without 0x, or an SS58 address of any network.
pub fn parse_account(text: &str) -> Option<AccountKey> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	hex_bytes::<32>(digits.as_bytes()).or_else(|| parse_ss58(text))
}

/// What an account signs to sign in: the label, the store's id (INFO's `store_id`) and the challenge, so that a signature is of no use at
/// another store, for another purpose, or a second time.
pub fn sign_in_message(store_id: &str, challenge: &str) -> Vec<u8> {
	format!("{SIGN_IN_LABEL}:{store_id}:{challenge}").into_bytes()
}

/// Whether `signature` (128 hex digits, with or without 0x) is the account's over the message of this store and challenge.
pub(crate) fn answers(
	account: &AccountKey,
	store_id: &str,
	challenge: &str,
	signature: &[u8],
) -> bool {
	let digits = signature.strip_prefix(b"0x").unwrap_or(signature);
	let Some(signature) = hex_bytes::<64>(digits) else { return false };
	let (Ok(key), Ok(signature)) =
		(PublicKey::from_bytes(account), Signature::from_bytes(&signature))
	else {
		return false;
	};
	let message = sign_in_message(store_id, challenge);
	key.verify_simple(SIGNING_CONTEXT, &message, &signature).is_ok()
}

/// So many bytes from twice as many hex digits.
fn hex_bytes<const BYTES: usize>(digits: &[u8]) -> Option<[u8; BYTES]> {
	if digits.len() != 2 * BYTES {
		return None;
	}
	let digit = |digit: u8| char::from(digit).to_digit(16);
	let mut bytes = [0; BYTES];
	for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
		let &[high, low] = pair else { return None };
		*byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
	}
	Some(bytes)
}

/// An SS58 address: network prefix of one or two bytes, the key, two bytes of checksum, in base 58.
fn parse_ss58(text: &str) -> Option<AccountKey> {
	const ADDRESS_MAX: usize = 64;
	if text.len() > ADDRESS_MAX {
		return None;
	}
	let bytes = bs58::decode(text).into_vec().ok()?;
	let prefix_len = match bytes.first()? {
		0..=63 => 1,
		64..=127 => 2,
		_ => return None,
	};
	let (body, checksum) = bytes.split_last_chunk::<2>()?;
	let key = body.get(prefix_len..)?.try_into().ok()?;
	let hash = Params::new().to_state().update(SS58_LABEL).update(body).finalize();
	hash.as_bytes().starts_with(checksum).then_some(key)
}

#[cfg(test)]
mod tests {
	use super::*;
	use schnorrkel::{ExpansionMode, MiniSecretKey};

	/// What `subkey inspect //Alice` prints.
	const ALICE: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

	#[test]
	fn an_account_has_one_key_however_it_is_spelled() {
		let alice = parse_account(ALICE).unwrap();
		for spelled in [
			&format!("0x{}", ALICE.to_uppercase()),
			"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
			// The same on Polkadot.
			"15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
		] {
			assert_eq!(parse_account(spelled), Some(alice), "{spelled}");
		}
		for wrong in [
			"",
			"0x",
			"alice",
			&ALICE[1..],
			"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ",
			&"1".repeat(65),
		] {
			assert_eq!(parse_account(wrong), None, "{wrong}");
		}
	}

	#[test]
	fn a_signature_is_good_for_one_store_and_challenge() {
		let seed = MiniSecretKey::from_bytes(&[7; 32]).unwrap();
		let pair = seed.expand_to_keypair(ExpansionMode::Ed25519);
		let account = pair.public.to_bytes();
		let signature = pair.sign_simple(SIGNING_CONTEXT, &sign_in_message("store", "nonce"));
		let text = crate::engine::hex(&signature.to_bytes());
		assert!(answers(&account, "store", "nonce", text.as_bytes()));
		assert!(answers(&account, "store", "nonce", format!("0x{text}").as_bytes()));
		assert!(!answers(&account, "other", "nonce", text.as_bytes()));
		assert!(!answers(&account, "store", "nonce2", text.as_bytes()));
		assert!(!answers(&[3; 32], "store", "nonce", text.as_bytes()));
		assert!(!answers(&account, "store", "nonce", &text.as_bytes()[2..]));
		assert!(!answers(&account, "store", "nonce", b""));
	}
}
