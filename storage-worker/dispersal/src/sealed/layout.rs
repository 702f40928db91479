//! How an archive is cut: blocks, rows, columns, leaves and values.

use super::{DATA_ROWS_MAX, DATA_ROWS_MIN, PAYLOAD_BYTES, VALUE_LEAVES};
use crate::DispersalError;

/// Blocks of the largest archive, some 32 TB at 16+4.
const BLOCKS_MAX: usize = 1 << 16;
/// One row in so many of a block is parity.
const ROWS_FOR_A_PARITY_ROW: usize = 20;

/// The shape of an archive. It consists of `blocks` blocks of equal size. A block is a table of `rows` rows and one column for each shard; the
/// first `data_rows` rows of the first k columns hold the content, column after column, the columns behind them each row's outer parity, and the rows below
/// each column's inner parity. A cell is the payload of one leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
	data: usize,
	total: usize,
	blocks: usize,
	data_rows: usize,
}

/// Where a cell is kept while an archive is made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
	/// In the content, at this byte.
	Content(u64),
	/// In the parity, at this byte.
	Parity(u64),
}

impl Layout {
	/// The smallest shape for so many bytes of content over k data shards of n.
	pub fn for_bytes(data: usize, total: usize, bytes: u64) -> Result<Self, DispersalError> {
		let bad = |reason| DispersalError::BadGeometry {
			data: data as u8,
			parity: total.saturating_sub(data) as u8,
			backends: total,
			reason,
		};
		if data == 0 || total <= data {
			return Err(bad("a sealed archive needs at least one data and one parity shard"));
		}
		let row_bytes = (data * PAYLOAD_BYTES) as u64;
		let rows = bytes.div_ceil(row_bytes).max(1);
		let most = DATA_ROWS_MAX as u64;
		let blocks = rows.div_ceil(most);
		if blocks > BLOCKS_MAX as u64 {
			return Err(DispersalError::ArchiveTooLarge {
				bytes,
				limit: BLOCKS_MAX as u64 * most * row_bytes,
			});
		}
		let data_rows = (rows.div_ceil(blocks) as usize).max(DATA_ROWS_MIN);
		Ok(Self { data, total, blocks: blocks as usize, data_rows })
	}

	/// The shape with these numbers, if there is one.
	pub fn from_parts(data: usize, total: usize, blocks: usize, data_rows: usize) -> Option<Self> {
		let fits = data > 0
			&& total > data
			&& (1..=BLOCKS_MAX).contains(&blocks)
			&& (DATA_ROWS_MIN..=DATA_ROWS_MAX).contains(&data_rows);
		fits.then_some(Self { data, total, blocks, data_rows })
	}

	/// Shards that suffice (k).
	pub fn data_shards(&self) -> usize {
		self.data
	}

	/// Shards in all (n).
	pub fn total_shards(&self) -> usize {
		self.total
	}

	/// Blocks.
	pub fn blocks(&self) -> usize {
		self.blocks
	}

	/// Rows of a block that hold content.
	pub fn data_rows(&self) -> usize {
		self.data_rows
	}

	/// Rows of a block that hold inner parity, one row in twenty: any so many lost rows are repaired.
	pub fn parity_rows(&self) -> usize {
		self.data_rows.div_ceil(ROWS_FOR_A_PARITY_ROW - 1)
	}

	/// Rows of a block.
	pub fn rows(&self) -> usize {
		self.data_rows + self.parity_rows()
	}

	/// Leaves on each node.
	pub fn leaves(&self) -> u64 {
		(self.blocks * self.rows()) as u64
	}

	/// Values on each node.
	pub fn values(&self) -> usize {
		self.leaves().div_ceil(VALUE_LEAVES as u64) as usize
	}

	/// The leaves of a value, as positions in the archive's part of a node's log.
	pub(crate) fn positions(&self, value: usize) -> std::ops::Range<u64> {
		let first = value as u64 * VALUE_LEAVES as u64;
		first..(first + VALUE_LEAVES as u64).min(self.leaves())
	}

	/// Bytes of content, with the padding at its end.
	pub fn content_bytes(&self) -> u64 {
		(self.blocks * self.data_rows * self.data * PAYLOAD_BYTES) as u64
	}

	/// Bytes of inner and outer parity.
	pub(crate) fn parity_bytes(&self) -> u64 {
		(self.blocks * self.block_parity_cells() * PAYLOAD_BYTES) as u64
	}

	fn block_parity_cells(&self) -> usize {
		self.data * self.parity_rows() + (self.total - self.data) * self.rows()
	}

	/// Where the cell of a column is that stands in this row of a block; the following rows lie behind it, up to the next part.
	pub(crate) fn cell(&self, column: usize, block: usize, row: usize) -> Cell {
		let bytes = |cells: usize| (cells * PAYLOAD_BYTES) as u64;
		let parity = block * self.block_parity_cells();
		if column >= self.data {
			let inner = self.data * self.parity_rows();
			Cell::Parity(bytes(parity + inner + (column - self.data) * self.rows() + row))
		} else if row >= self.data_rows {
			Cell::Parity(bytes(parity + column * self.parity_rows() + row - self.data_rows))
		} else {
			Cell::Content(bytes((block * self.data + column) * self.data_rows + row))
		}
	}

	/// The block and row of a slice, which is a row counted through all blocks.
	pub fn block_and_row(&self, slice: u64) -> (usize, usize) {
		let rows = self.rows() as u64;
		((slice / rows) as usize, (slice % rows) as usize)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::HashSet;

	#[test]
	fn every_cell_has_a_place_of_its_own() {
		let layout = Layout::from_parts(3, 5, 2, DATA_ROWS_MIN).unwrap();
		assert_eq!((layout.data_rows(), layout.parity_rows(), layout.rows()), (512, 27, 539));
		let (mut content, mut parity) = (HashSet::new(), HashSet::new());
		for column in 0..5 {
			for slice in 0..layout.leaves() {
				let (block, row) = layout.block_and_row(slice);
				let is_new = match layout.cell(column, block, row) {
					Cell::Content(at) => content.insert(at),
					Cell::Parity(at) => parity.insert(at),
				};
				assert!(is_new, "{column} {block} {row}");
			}
		}
		let cell = PAYLOAD_BYTES as u64;
		assert_eq!(content.len() as u64 * cell, layout.content_bytes());
		assert_eq!(content.iter().max(), Some(&(layout.content_bytes() - cell)));
		assert_eq!(parity.len() as u64 * cell, layout.parity_bytes());
		assert_eq!(parity.iter().max(), Some(&(layout.parity_bytes() - cell)));
	}

	#[test]
	fn shapes_hold_their_content_within_the_codes_limits() {
		for (data, total) in [(1, 2), (2, 3), (4, 6), (16, 20), (100, 255), (1, 255)] {
			for bytes in [0, 1, 496, 1_000_000, 400 << 20, 5 << 30, 1 << 40] {
				let layout = Layout::for_bytes(data, total, bytes).unwrap();
				assert!(layout.content_bytes() >= bytes);
				let (rows, parity) = (layout.data_rows(), layout.parity_rows());
				assert!(rows + parity.next_power_of_two() <= 1 << 16, "{layout:?}");
				assert!(20 * parity >= layout.rows() && 20 * (parity - 1) < layout.rows());
				let again = Layout::from_parts(data, total, layout.blocks(), rows);
				assert_eq!(again, Some(layout));
				let last = layout.positions(layout.values() - 1);
				assert!(last.end == layout.leaves() && !last.is_empty());
			}
		}
		assert!(Layout::for_bytes(16, 20, 1 << 50).is_err());
		assert!(Layout::for_bytes(2, 2, 10).is_err());
	}

	#[test]
	fn storage_at_16_and_4_is_1_36_times_the_content() {
		let layout = Layout::for_bytes(16, 20, 100 << 30).unwrap();
		let factor = (layout.leaves() * 20 * 512) as f64 / (100u64 << 30) as f64;
		assert!((1.358..1.3585).contains(&factor), "{factor}");
	}
}
