//! One leaf of an archive: a cell, encrypted and authenticated for its position on its node.

use super::{LeafOrder, PAYLOAD_BYTES};
use crate::{DatasetKey, DispersalError};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN};
use granary_por::LEAF_BYTES;

/// What one node stores of an archive: in which order, and under which key.
///
/// Both keys follow from the dataset's secret, the archive, the node and the shard. Each position is encrypted once: what stands there
/// follows from the archive, so a repeated write repeats the same bytes.
#[derive(Debug)]
pub(crate) struct Column {
	pub(crate) order: LeafOrder,
	cipher: LessSafeKey,
}

impl Column {
	/// The column of a shard on a node.
	pub(crate) fn new(
		key: &DatasetKey,
		archive: &[u8; 32],
		node: u32,
		shard: usize,
		leaves: u64,
	) -> Result<Self, DispersalError> {
		let label = |purpose: &'static [u8]| {
			key.derive(&[purpose, archive, &node.to_le_bytes(), &[shard as u8]])
		};
		let cipher = UnboundKey::new(&AES_256_GCM, label(b"sealed-leaf/1").as_slice())
			.map_err(|_| DispersalError::Crypto("making a leaf key"))?;
		Ok(Self {
			order: LeafOrder::new(&label(b"sealed-order/1"), leaves),
			cipher: LessSafeKey::new(cipher),
		})
	}

	fn nonce(position: u64) -> Nonce {
		let mut nonce = [0; NONCE_LEN];
		nonce.iter_mut().zip(position.to_le_bytes()).for_each(|(to, from)| *to = from);
		Nonce::assume_unique_for_key(nonce)
	}

	/// Makes a leaf of the cell in its first bytes.
	pub(crate) fn seal(&self, position: u64, leaf: &mut [u8]) -> Result<(), DispersalError> {
		let failed = DispersalError::Crypto("encrypting a leaf");
		let Some((payload, tag)) = leaf.split_at_mut_checked(PAYLOAD_BYTES) else {
			return Err(failed);
		};
		let sealed =
			self.cipher.seal_in_place_separate_tag(Self::nonce(position), Aad::empty(), payload);
		let Ok(made) = sealed else { return Err(failed) };
		tag.iter_mut().zip(made.as_ref()).for_each(|(to, from)| *to = *from);
		Ok(())
	}

	/// The cell of a leaf, or `None` if it is not the one of this position.
	pub(crate) fn open<'l>(&self, position: u64, leaf: &'l mut [u8]) -> Option<&'l [u8]> {
		if leaf.len() != LEAF_BYTES {
			return None;
		}
		let opened = self.cipher.open_in_place(Self::nonce(position), Aad::empty(), leaf);
		opened.ok().map(|cell| &*cell)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_leaf_opens_in_its_place_only_and_not_when_changed() {
		let key = DatasetKey::generate().unwrap();
		let column = |archive: u8, node, shard| {
			Column::new(&key, &[archive; 32], node, shard, 1000).unwrap()
		};
		let one = column(1, 5, 2);
		let mut leaf = vec![9; LEAF_BYTES];
		one.seal(77, &mut leaf).unwrap();
		assert_eq!(one.open(77, &mut leaf.clone()), Some(&[9; PAYLOAD_BYTES][..]));
		assert_eq!(one.open(78, &mut leaf.clone()), None);
		for other in [column(2, 5, 2), column(1, 6, 2), column(1, 5, 3)] {
			assert_eq!(other.open(77, &mut leaf.clone()), None);
			let orders = (0..1000).filter(|at| other.order.slice(*at) == one.order.slice(*at));
			assert!(orders.count() < 20, "orders are unrelated");
		}
		for at in 0..LEAF_BYTES {
			let mut bad = leaf.clone();
			bad[at] ^= 1;
			assert_eq!(one.open(77, &mut bad), None);
		}
		assert_eq!(one.open(77, &mut leaf[..500].to_vec()), None);
	}
}
