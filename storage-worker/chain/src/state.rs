//! How much state the chain holds.

use crate::{
	client::{query_error, timely},
	ChainClient, ChainError,
};
use sp_crypto_hashing::twox_128;

/// Keys asked for at once.
const PAGE: u32 = 1000;

/// The size of a storage map, or of a single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySize {
	/// The pallet's name.
	pub pallet: String,
	/// The map's name.
	pub entry: String,
	/// Keys in it.
	pub keys: u64,
	/// Bytes of its keys, hashed prefixes included.
	pub key_bytes: u64,
	/// Bytes of its values.
	pub value_bytes: u64,
}

impl ChainClient {
	/// The sizes of everything that a pallet stores at the newest finalised block. Reads all of it.
	pub async fn state_of_pallet(&self, pallet: &str) -> Result<Vec<EntrySize>, ChainError> {
		let block = self.at_finalised().await?;
		let unknown = || ChainError::Unknown { what: format!("pallet {pallet}") };
		let metadata = block.metadata_ref().pallet_by_name(pallet).ok_or_else(unknown)?;
		let storage = metadata.storage().ok_or_else(unknown)?;
		let mut sizes = Vec::new();
		for entry in storage.entries() {
			let prefix = [twox_128(pallet.as_bytes()), twox_128(entry.name().as_bytes())].concat();
			let (keys, key_bytes, value_bytes) = self.size_under(&prefix).await?;
			let (pallet, entry) = (pallet.to_owned(), entry.name().to_owned());
			sizes.push(EntrySize { pallet, entry, keys, key_bytes, value_bytes });
		}
		Ok(sizes)
	}

	/// Keys, bytes of keys and bytes of values under a prefix.
	async fn size_under(&self, prefix: &[u8]) -> Result<(u64, u64, u64), ChainError> {
		const WHAT: &str = "the keys of a map";
		let at = Some(self.finalised_hash().await?);
		let rpc = self.rpc();
		let (mut keys, mut key_bytes, mut value_bytes) = (0, 0, 0);
		let mut last: Option<Vec<u8>> = None;
		loop {
			let page = rpc.state_get_keys_paged(prefix, PAGE, last.as_deref(), at);
			let page = timely(WHAT, page).await?;
			let values = rpc.state_query_storage_at(page.iter().map(Vec::as_slice), at);
			for set in timely("the values of a map", values).await? {
				let changes = set.changes.iter();
				value_bytes += changes
					.filter_map(|(_, value)| value.as_ref())
					.fold(0, |sum, value| sum + value.len() as u64);
			}
			keys += page.len() as u64;
			key_bytes += page.iter().fold(0, |sum, key| sum + key.len() as u64);
			last = page.last().cloned();
			if page.len() < PAGE as usize {
				return Ok((keys, key_bytes, value_bytes));
			}
			if last.is_none() {
				return Err(query_error(WHAT, "the node listed none"));
			}
		}
	}
}
