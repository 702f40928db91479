//! A set of block numbers.

/// One bit for each block, the lowest first; what lies behind the end is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bitmap(Vec<u8>);

impl Bitmap {
	pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
		Self(bytes)
	}

	pub(crate) fn bytes(&self) -> &[u8] {
		&self.0
	}

	pub(crate) fn has(&self, block: u64) -> bool {
		self.0.get((block / 8) as usize).copied().unwrap_or(0) >> (block % 8) & 1 == 1
	}

	/// Adds blocks, and answers the range of bytes that holds them if one was new.
	pub(crate) fn add(&mut self, first: u64, last: u64) -> Option<std::ops::Range<usize>> {
		let end = (last / 8 + 1) as usize;
		if self.0.len() < end {
			self.0.resize(end, 0);
		}
		let mut changed = false;
		for block in first..=last {
			if let Some(byte) = self.0.get_mut((block / 8) as usize) {
				let bit = 1 << (block % 8);
				changed |= *byte & bit == 0;
				*byte |= bit;
			}
		}
		changed.then_some((first / 8) as usize..end)
	}

	pub(crate) fn count(&self) -> u64 {
		self.0.iter().map(|byte| u64::from(byte.count_ones())).sum()
	}

	/// The blocks in it, ascending.
	pub(crate) fn blocks(&self) -> impl Iterator<Item = u64> + '_ {
		(0..).zip(&self.0).filter(|(_, byte)| **byte != 0).flat_map(|(at, byte)| {
			(0..8).filter(move |bit| byte >> bit & 1 == 1).map(move |bit| at * 8 + bit)
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_added_is_in_it() {
		let mut map = Bitmap::default();
		assert!(map.count() == 0 && !map.has(1000));
		assert_eq!(map.add(3, 17), Some(0..3));
		assert_eq!(map.add(5, 9), None);
		assert_eq!(map.add(17, 18), Some(2..3));
		assert_eq!(map.blocks().collect::<Vec<_>>(), (3..=18).collect::<Vec<_>>());
		assert_eq!(map.count(), 16);
		assert_eq!(Bitmap::from_bytes(map.bytes().to_vec()), map);
	}
}
