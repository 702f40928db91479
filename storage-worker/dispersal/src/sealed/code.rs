//! The two codes of a block: along its columns, and across them.
//!
//! Both are Reed-Solomon codes over GF(2^16) of the same library, so they are linear over the same field, and they see the same symbols of a cell. Hence they
//! commute: parity rows of parity columns are the same whichever comes first, every column is a word of the inner code and every row one of the outer.

use super::{spool::Spool, PAYLOAD_BYTES};
use crate::DispersalError;
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};
use std::ops::Range;

/// Rows that are coded at once.
pub(crate) const ROWS_AT_ONCE: usize = 512;
/// Bytes of a cell as the codes see it. They take symbols from groups of 64 bytes, the low halves of 32 symbols before the high ones; a cell's last group has
/// 24 symbols and is filled up with zeros behind each half.
const STRETCHED_BYTES: usize = 512;
/// Where the parts of a cell are in it and in its stretched form, and how long they are.
const PARTS: [(usize, usize, usize); 3] = [(0, 0, 448), (448, 448, 24), (472, 480, 24)];

const INNER: DispersalError = DispersalError::Crypto("coding a column");
const OUTER: DispersalError = DispersalError::Crypto("coding a row");

fn stretch(cell: &[u8], stretched: &mut [u8]) {
	for (from, to, len) in PARTS {
		if let (Some(from), Some(to)) =
			(cell.get(from..from + len), stretched.get_mut(to..to + len))
		{
			to.copy_from_slice(from);
		}
	}
}

fn shrink(stretched: &[u8], cell: &mut [u8]) {
	for (to, from, len) in PARTS {
		if let (Some(from), Some(to)) =
			(stretched.get(from..from + len), cell.get_mut(to..to + len))
		{
			to.copy_from_slice(from);
		}
	}
}

/// Cells as the codes see them.
fn stretched(cells: &[u8]) -> Vec<u8> {
	let mut bytes = vec![0; cells.len() / PAYLOAD_BYTES * STRETCHED_BYTES];
	let pairs = cells.chunks_exact(PAYLOAD_BYTES).zip(bytes.chunks_exact_mut(STRETCHED_BYTES));
	pairs.for_each(|(cell, stretched)| stretch(cell, stretched));
	bytes
}

/// Cells as they are stored.
fn shrunk(stretched: &[u8]) -> Vec<u8> {
	let mut cells = vec![0; stretched.len() / STRETCHED_BYTES * PAYLOAD_BYTES];
	let pairs = stretched.chunks_exact(STRETCHED_BYTES).zip(cells.chunks_exact_mut(PAYLOAD_BYTES));
	pairs.for_each(|(stretched, cell)| shrink(stretched, cell));
	cells
}

/// Computes a block's outer and inner parity from its content.
///
/// Holds one column and the code's work, some 70 MiB, whatever the geometry is.
pub(crate) fn complete_block(spool: &Spool, block: usize) -> Result<(), DispersalError> {
	let layout = spool.layout;
	let data_rows = layout.data_rows();
	for first in (0..data_rows).step_by(ROWS_AT_ONCE) {
		code_rows(spool, block, first..data_rows.min(first + ROWS_AT_ONCE))?;
	}
	let mut coder = ReedSolomonEncoder::new(data_rows, layout.parity_rows(), STRETCHED_BYTES)
		.map_err(|_| INNER)?;
	let mut cells = vec![0; data_rows * PAYLOAD_BYTES];
	for column in 0..layout.total_shards() {
		spool.read(column, block, 0, &mut cells)?;
		let mut symbols = [0; STRETCHED_BYTES];
		for cell in cells.chunks_exact(PAYLOAD_BYTES) {
			stretch(cell, &mut symbols);
			coder.add_original_shard(symbols).map_err(|_| INNER)?;
		}
		let coded = coder.encode().map_err(|_| INNER)?;
		let parity: Vec<u8> = coded.recovery_iter().flat_map(shrunk).collect();
		spool.write(column, block, data_rows, &parity)?;
	}
	Ok(())
}

/// Computes the outer parity of some rows.
fn code_rows(spool: &Spool, block: usize, rows: Range<usize>) -> Result<(), DispersalError> {
	let layout = spool.layout;
	let (data, parity) = (layout.data_shards(), layout.total_shards() - layout.data_shards());
	let mut coder =
		ReedSolomonEncoder::new(data, parity, rows.len() * STRETCHED_BYTES).map_err(|_| OUTER)?;
	let mut cells = vec![0; rows.len() * PAYLOAD_BYTES];
	for column in 0..data {
		spool.read(column, block, rows.start, &mut cells)?;
		coder.add_original_shard(stretched(&cells)).map_err(|_| OUTER)?;
	}
	let coded = coder.encode().map_err(|_| OUTER)?;
	for (column, symbols) in (data..).zip(coded.recovery_iter()) {
		spool.write(column, block, rows.start, &shrunk(symbols))?;
	}
	Ok(())
}

/// Puts a column's missing rows before its parity back, from as many of all its rows at least.
pub(crate) fn restore_column(
	spool: &Spool,
	column: usize,
	block: usize,
	is_present: impl Fn(usize) -> bool,
) -> Result<(), DispersalError> {
	let layout = spool.layout;
	let data_rows = layout.data_rows();
	let mut cells = vec![0; layout.rows() * PAYLOAD_BYTES];
	spool.read(column, block, 0, &mut cells)?;
	let mut decoder = ReedSolomonDecoder::new(data_rows, layout.parity_rows(), STRETCHED_BYTES)
		.map_err(|_| INNER)?;
	let mut symbols = [0; STRETCHED_BYTES];
	for (row, cell) in cells.chunks_exact(PAYLOAD_BYTES).enumerate() {
		if !is_present(row) {
			continue;
		}
		stretch(cell, &mut symbols);
		match row.checked_sub(data_rows) {
			None => decoder.add_original_shard(row, symbols).map_err(|_| INNER)?,
			Some(number) => decoder.add_recovery_shard(number, symbols).map_err(|_| INNER)?,
		}
	}
	for (row, symbols) in decoder.decode().map_err(|_| INNER)?.restored_original_iter() {
		spool.write(column, block, row, &shrunk(symbols))?;
	}
	Ok(())
}

/// Puts the missing data cells of rows back that all have the cells of these k columns, the first of which is the first of them in order.
pub(crate) fn restore_rows(
	spool: &Spool,
	block: usize,
	rows: &[usize],
	sources: &[usize],
) -> Result<(), DispersalError> {
	let layout = spool.layout;
	let (data, parity) = (layout.data_shards(), layout.total_shards() - layout.data_shards());
	let runs = runs_of(rows);
	let mut decoder =
		ReedSolomonDecoder::new(data, parity, rows.len() * STRETCHED_BYTES).map_err(|_| OUTER)?;
	let mut cells = vec![0; rows.len() * PAYLOAD_BYTES];
	for column in sources {
		let mut rest = cells.as_mut_slice();
		for run in &runs {
			let (part, behind) = rest.split_at_mut(run.len() * PAYLOAD_BYTES);
			spool.read(*column, block, run.start, part)?;
			rest = behind;
		}
		let symbols = stretched(&cells);
		match column.checked_sub(data) {
			None => decoder.add_original_shard(*column, symbols).map_err(|_| OUTER)?,
			Some(number) => decoder.add_recovery_shard(number, symbols).map_err(|_| OUTER)?,
		}
	}
	for (column, symbols) in decoder.decode().map_err(|_| OUTER)?.restored_original_iter() {
		let cells = shrunk(symbols);
		let mut rest = cells.as_slice();
		for run in &runs {
			let (part, behind) = rest.split_at(run.len() * PAYLOAD_BYTES);
			spool.write(column, block, run.start, part)?;
			rest = behind;
		}
	}
	Ok(())
}

/// Ascending numbers as runs of consecutive ones.
fn runs_of(rows: &[usize]) -> Vec<Range<usize>> {
	let mut runs: Vec<Range<usize>> = Vec::new();
	for row in rows {
		match runs.last_mut() {
			Some(run) if run.end == *row => run.end += 1,
			_ => runs.push(*row..*row + 1),
		}
	}
	runs
}

#[cfg(test)]
mod tests {
	use super::{super::Layout, *};

	fn block(data: usize, total: usize) -> (tempfile::TempDir, Spool) {
		let dir = tempfile::tempdir().unwrap();
		let layout = Layout::from_parts(data, total, 1, 600).unwrap();
		let spool = Spool::empty(dir.path(), layout).unwrap();
		let mut cells = vec![0; 600 * PAYLOAD_BYTES];
		for column in 0..data {
			blake3::Hasher::new().update(&[column as u8]).finalize_xof().fill(&mut cells);
			spool.write(column, 0, 0, &cells).unwrap();
		}
		complete_block(&spool, 0).unwrap();
		(dir, spool)
	}

	fn cell(spool: &Spool, column: usize, row: usize) -> Vec<u8> {
		let mut cell = vec![0; PAYLOAD_BYTES];
		spool.read(column, 0, row, &mut cell).unwrap();
		cell
	}

	/// Whoever changes the library, its version or the symbols changes the format: stored archives could not be repaired any more.
	#[test]
	fn the_format_stays_as_it_is() {
		let (_dir, spool) = block(3, 5);
		let mut hasher = blake3::Hasher::new();
		for column in 0..5 {
			for row in 0..spool.layout.rows() {
				hasher.update(&cell(&spool, column, row));
			}
		}
		assert_eq!(
			hasher.finalize().to_hex().as_str(),
			"1fd27fffa776b65b014a06a3fd9c90f831c5e4b805b94bf7a71bde239ce07113"
		);
	}

	#[test]
	fn parity_rows_are_words_of_the_outer_code_as_well() {
		let (_dir, spool) = block(3, 5);
		let rows: Vec<usize> = (580..spool.layout.rows()).collect();
		let before: Vec<Vec<u8>> = rows.iter().map(|row| cell(&spool, 1, *row)).collect();
		spool.write(1, 0, 580, &vec![0; rows.len() * PAYLOAD_BYTES]).unwrap();
		restore_rows(&spool, 0, &rows, &[2, 3, 4]).unwrap();
		let after: Vec<Vec<u8>> = rows.iter().map(|row| cell(&spool, 1, *row)).collect();
		assert!(before == after);
	}

	#[test]
	fn every_symbol_survives_being_stretched() {
		let cells: Vec<u8> = (0..3 * PAYLOAD_BYTES).map(|at| (at * 7 % 251) as u8).collect();
		assert_eq!(shrunk(&stretched(&cells)), cells);
		assert_eq!(runs_of(&[1, 2, 3, 7, 9, 10]), [1..4, 7..8, 9..11]);
	}
}
