//! Hashes and ids, as they are typed.

use anyhow::{Context as _, Result as Outcome};
use granary_primitives::Hash;

/// 32 bytes in hex, with or without `0x`.
pub(crate) fn parse_hash(text: &str) -> Result<Hash, String> {
	let bytes = hex::decode(text.trim_start_matches("0x")).map_err(|error| error.to_string())?;
	Hash::try_from(bytes.as_slice())
		.map_err(|_| format!("it has {} bytes, a genesis hash has 32", bytes.len()))
}

/// So many bytes in hex, with or without `0x`.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Outcome<[u8; N]> {
	let mut bytes = [0; N];
	hex::decode_to_slice(text.trim().trim_start_matches("0x"), &mut bytes)
		.with_context(|| format!("'{text}' is not {} hex digits", 2 * N))?;
	Ok(bytes)
}
