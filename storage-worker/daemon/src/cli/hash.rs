//! Hashes, as they are typed.

use granary_primitives::Hash;

/// 32 bytes in hex, with or without `0x`.
pub(crate) fn parse_hash(text: &str) -> Result<Hash, String> {
	let bytes = hex::decode(text.trim_start_matches("0x")).map_err(|error| error.to_string())?;
	Hash::try_from(bytes.as_slice())
		.map_err(|_| format!("it has {} bytes, a genesis hash has 32", bytes.len()))
}
