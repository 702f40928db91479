//! Putting an archive's content together from the leaves that were found.

use super::{
	code::{restore_column, restore_rows, ROWS_AT_ONCE},
	spool::Spool,
};
use crate::DispersalError;
use std::{
	collections::HashMap,
	ops::Range,
	sync::atomic::{AtomicU64, Ordering},
};

/// A set of numbers below a limit, to which several threads may add.
#[derive(Debug)]
pub(crate) struct Marks(Vec<AtomicU64>);

impl Marks {
	pub(crate) fn new(len: u64) -> Self {
		Self((0..len.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
	}

	pub(crate) fn set(&self, at: u64) {
		if let Some(word) = self.0.get((at / 64) as usize) {
			word.fetch_or(1 << (at % 64), Ordering::Relaxed);
		}
	}

	pub(crate) fn has(&self, at: u64) -> bool {
		let word = self.0.get((at / 64) as usize);
		word.is_some_and(|word| word.load(Ordering::Relaxed) >> (at % 64) & 1 == 1)
	}
}

/// Which columns have a cell, one bit each.
type Present = [u64; 4];

/// The cells of an archive that are in its spool.
#[derive(Debug)]
pub(crate) struct Recovery {
	pub(crate) spool: Spool,
	/// By column and slice; one bit for each leaf.
	found: Vec<Marks>,
}

impl Recovery {
	pub(crate) fn new(spool: Spool) -> Self {
		let layout = spool.layout;
		let found = (0..layout.total_shards()).map(|_| Marks::new(layout.leaves())).collect();
		Self { spool, found }
	}

	/// Takes the cell of a slice in.
	pub(crate) fn take(
		&self,
		column: usize,
		slice: u64,
		cell: &[u8],
	) -> Result<(), DispersalError> {
		let (block, row) = self.spool.layout.block_and_row(slice);
		self.spool.write(column, block, row, cell)?;
		self.mark(column, block, row);
		Ok(())
	}

	fn slice(&self, block: usize, row: usize) -> u64 {
		(block * self.spool.layout.rows() + row) as u64
	}

	fn mark(&self, column: usize, block: usize, row: usize) {
		if let Some(marks) = self.found.get(column) {
			marks.set(self.slice(block, row));
		}
	}

	fn has(&self, column: usize, block: usize, row: usize) -> bool {
		self.found.get(column).is_some_and(|marks| marks.has(self.slice(block, row)))
	}

	/// Puts all content of a block together: columns from any `data_rows` of their rows, rows from any k of their cells, in turns as long as that brings
	/// something. Answers how many rows of content are still incomplete.
	pub(crate) fn solve(&self, block: usize) -> Result<usize, DispersalError> {
		let layout = self.spool.layout;
		let mut incomplete = self.incomplete_rows(block);
		while incomplete > 0 {
			let mut has_gained = self.solve_columns(block)?;
			has_gained |= self.solve_rows(block, 0..layout.data_rows())?;
			incomplete = self.incomplete_rows(block);
			if incomplete > 0 {
				has_gained |= self.solve_rows(block, layout.data_rows()..layout.rows())?;
			}
			if !has_gained {
				break;
			}
		}
		Ok(incomplete)
	}

	/// Restores the columns that lack something and have enough; answers whether there was one.
	fn solve_columns(&self, block: usize) -> Result<bool, DispersalError> {
		let layout = self.spool.layout;
		let mut has_gained = false;
		for column in 0..layout.total_shards() {
			let count =
				|rows: Range<usize>| rows.filter(|row| self.has(column, block, *row)).count();
			let content = count(0..layout.data_rows());
			let held = content + count(layout.data_rows()..layout.rows());
			if content == layout.data_rows() || held < layout.data_rows() {
				continue;
			}
			restore_column(&self.spool, column, block, |row| self.has(column, block, row))?;
			(0..layout.data_rows()).for_each(|row| self.mark(column, block, row));
			has_gained = true;
		}
		Ok(has_gained)
	}

	fn incomplete_rows(&self, block: usize) -> usize {
		let layout = self.spool.layout;
		let is_complete =
			|row| (0..layout.data_shards()).all(|column| self.has(column, block, row));
		(0..layout.data_rows()).filter(|row| !is_complete(*row)).count()
	}

	fn present(&self, block: usize, row: usize) -> Present {
		let mut present = [0; 4];
		for column in 0..self.spool.layout.total_shards() {
			if let Some(word) =
				present.get_mut(column / 64).filter(|_| self.has(column, block, row))
			{
				*word |= 1 << (column % 64);
			}
		}
		present
	}

	/// Restores the data cells of rows that lack some and have k cells, those at once that have the same ones; answers whether there were any.
	fn solve_rows(&self, block: usize, rows: Range<usize>) -> Result<bool, DispersalError> {
		let layout = self.spool.layout;
		let mut alike: HashMap<Present, Vec<usize>> = HashMap::new();
		for row in rows {
			alike.entry(self.present(block, row)).or_default().push(row);
		}
		let mut has_gained = false;
		for (present, rows) in alike {
			let has = |column: &usize| {
				present.get(column / 64).is_some_and(|word| word >> (column % 64) & 1 == 1)
			};
			let missing: Vec<usize> =
				(0..layout.data_shards()).filter(|column| !has(column)).collect();
			let sources: Vec<usize> =
				(0..layout.total_shards()).filter(has).take(layout.data_shards()).collect();
			if missing.is_empty() || sources.len() < layout.data_shards() {
				continue;
			}
			for rows in rows.chunks(ROWS_AT_ONCE) {
				restore_rows(&self.spool, block, rows, &sources)?;
				for column in &missing {
					rows.iter().for_each(|row| self.mark(*column, block, *row));
				}
			}
			has_gained = true;
		}
		Ok(has_gained)
	}
}

#[cfg(test)]
mod tests {
	use super::{
		super::{code::complete_block, Layout, PAYLOAD_BYTES},
		*,
	};
	use proptest::{prelude::*, sample::Index};
	use rand::{seq::SliceRandom, Rng, SeedableRng};

	const ROWS: usize = 540;

	/// A block of noise, whole.
	fn whole(data: usize, total: usize) -> (tempfile::TempDir, Spool, Vec<Vec<u8>>) {
		let dir = tempfile::tempdir().unwrap();
		let layout = Layout::from_parts(data, total, 1, ROWS - ROWS.div_ceil(20)).unwrap();
		assert_eq!(layout.rows(), ROWS);
		let spool = Spool::empty(dir.path(), layout).unwrap();
		let mut content = vec![0; layout.data_rows() * PAYLOAD_BYTES];
		for column in 0..data {
			blake3::Hasher::new().update(&[column as u8]).finalize_xof().fill(&mut content);
			spool.write(column, 0, 0, &content).unwrap();
		}
		complete_block(&spool, 0).unwrap();
		let columns = (0..total).map(|column| {
			let mut cells = vec![0; ROWS * PAYLOAD_BYTES];
			spool.read(column, 0, 0, &mut cells).unwrap();
			cells
		});
		let columns = columns.collect();
		(dir, spool, columns)
	}

	/// What comes of a block of which only these cells are found, by column and row: how many rows stay incomplete. If none do all is as it was.
	fn solved(data: usize, columns: &[Vec<u8>], is_found: impl Fn(usize, usize) -> bool) -> usize {
		let dir = tempfile::tempdir().unwrap();
		let layout = Layout::from_parts(data, columns.len(), 1, ROWS - ROWS.div_ceil(20)).unwrap();
		let recovery = Recovery::new(Spool::empty(dir.path(), layout).unwrap());
		for (number, column) in columns.iter().enumerate() {
			for (row, cell) in column.chunks(PAYLOAD_BYTES).enumerate() {
				if is_found(number, row) {
					recovery.take(number, row as u64, cell).unwrap();
				}
			}
		}
		let incomplete = recovery.solve(0).unwrap();
		if incomplete == 0 {
			let mut cells = vec![0; layout.data_rows() * PAYLOAD_BYTES];
			for (number, column) in columns.iter().take(data).enumerate() {
				recovery.spool.read(number, 0, 0, &mut cells).unwrap();
				assert!(column.starts_with(&cells), "column {number}");
			}
		}
		incomplete
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(24))]
		/// m nodes are lost as a whole, and every other one has lost any leaves up to the tolerance, each of them others.
		#[test]
		fn lost_nodes_and_losses_up_to_the_tolerance_on_all_others_are_repaired(
			data in 1usize..6, parity in 1usize..4, seed: u64, one_too_many: bool, victim: Index,
		) {
			let total = data + parity;
			let (_dir, spool, columns) = whole(data, total);
			let tolerated = spool.layout.parity_rows();
			let mut random = rand::rngs::StdRng::seed_from_u64(seed);
			let mut order: Vec<usize> = (0..total).collect();
			order.shuffle(&mut random);
			let (gone, kept) = order.split_at(parity);
			let victim = kept[victim.index(kept.len())];
			let mut lost = vec![vec![false; ROWS]; total];
			for column in kept {
				let mut rows: Vec<usize> = (0..ROWS).collect();
				rows.shuffle(&mut random);
				let beyond = usize::from(one_too_many && *column == victim);
				let count = if beyond == 1 { tolerated + 1 } else { random.gen_range(0..=tolerated) };
				rows[..count].iter().for_each(|row| lost[*column][*row] = true);
			}
			let incomplete =
				solved(data, &columns, |column, row| !gone.contains(&column) && !lost[column][row]);
			// One leaf more on a node is too much for the whole archive only if no other node can make up for it, and a row of content is concerned.
			let lost_content = (0..ROWS - tolerated).any(|row| lost[victim][row]);
			prop_assert_eq!(incomplete > 0, one_too_many && lost_content);
		}

		/// Whatever is lost in up to the tolerated number of rows, and m cells of every other row.
		#[test]
		fn any_rows_up_to_the_tolerance_may_be_lost_and_m_cells_of_the_others(
			data in 1usize..6, parity in 1usize..4, seed: u64, one_too_many: bool,
		) {
			let total = data + parity;
			let (_dir, spool, columns) = whole(data, total);
			let layout = spool.layout;
			let mut random = rand::rngs::StdRng::seed_from_u64(seed);
			let mut rows: Vec<usize> = (0..ROWS).collect();
			rows.shuffle(&mut random);
			let mut lost = vec![vec![false; ROWS]; total];
			let dead = layout.parity_rows() + usize::from(one_too_many);
			for (number, row) in rows.iter().enumerate() {
				let mut order: Vec<usize> = (0..total).collect();
				order.shuffle(&mut random);
				let count = if number < dead { total } else { parity };
				order[..count].iter().for_each(|column| lost[*column][*row] = true);
			}
			let incomplete = solved(data, &columns, |column, row| !lost[column][row]);
			let is_content_dead = rows[..dead].iter().any(|row| *row < layout.data_rows());
			prop_assert_eq!(incomplete > 0, one_too_many && is_content_dead);
		}
	}
}
