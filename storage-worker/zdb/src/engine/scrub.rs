//! Scrubbing: every record is read and compared with its checksums, whether the index points to it or not; an audited log with
//! its tree as well.

use crate::{
	engine::{
		audit::{tree_dir, Audit},
		namespace::Namespace,
		report::DamagedRange,
		segment::{Segment, SEGMENT_HEADER_BYTES},
		window::Window,
	},
	ZdbError,
};
use granary_por::LEAF_BYTES;
use granary_prover::{TreeError, BLOCK_LEAVES};

/// How much is read at once.
const STEP_BYTES: usize = 1 << 20;
/// Blocks of the tree that are compared at once; appends wait so long.
const STEP_BLOCKS: u64 = 512;

/// What a scrub found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
	/// Records that are as they were written.
	pub records: u64,
	/// Bytes that were read.
	pub bytes: u64,
	/// Bytes that do not match their checksum. In an audited namespace also, under the path of the tree, stretches of the log whose
	/// leaves or nodes do not match; a tree that was the damaged side has been computed anew.
	pub damaged: Vec<DamagedRange>,
}

impl Namespace {
	/// Reads everything that the kernel has. Writers and readers go on meanwhile.
	pub fn scrub(&self) -> Result<ScrubReport, ZdbError> {
		self.flush()?;
		let mut report = ScrubReport::default();
		let mut next = self.log().first_segment();
		while let Some(segment) = next {
			scrub_segment(&segment, &mut report)?;
			next = self.log().segment_after(segment.number);
		}
		if let Some(audit) = &self.audit {
			self.scrub_tree(audit, &mut report)?;
		}
		Ok(report)
	}

	fn scrub_tree(&self, audit: &Audit, report: &mut ScrubReport) -> Result<(), ZdbError> {
		let records = report.damaged.len();
		let damaged = |first_leaf: u64, leaves: u64| DamagedRange {
			path: tree_dir(&self.log_dir),
			offset: first_leaf.saturating_mul(LEAF_BYTES as u64),
			len_bytes: leaves.saturating_mul(LEAF_BYTES as u64),
		};
		if let Err(ZdbError::Tree(error)) = self.log_state() {
			// The data are so damaged that they have no tree: that is what there is to be told.
			if records == 0 {
				report.damaged.push(damaged(0, self.log().next_ordinal()));
			}
			audit.set_damage(Some(error.to_string()));
			return Ok(());
		}
		let mut lasting = None;
		let mut first = 0;
		while first < self.log_state()?.0.div_ceil(BLOCK_LEAVES) {
			let found = audit.verify(self.log(), first..first + STEP_BLOCKS)?;
			let (first_leaf, leaves) = match found {
				Ok(()) => {
					first += STEP_BLOCKS;
					continue;
				},
				Err(TreeError::LeafMismatch { first_leaf, leaves }) => (first_leaf, leaves),
				Err(TreeError::NodeMismatch { .. }) => {
					(first * BLOCK_LEAVES, STEP_BLOCKS * BLOCK_LEAVES)
				},
				// The record that holds them was found to be damaged already.
				Err(TreeError::Data { first_leaf, leaves, .. }) if records > 0 => {
					first = (first_leaf + leaves) / BLOCK_LEAVES;
					continue;
				},
				Err(error) => {
					lasting = Some(error.to_string());
					(first * BLOCK_LEAVES, STEP_BLOCKS * BLOCK_LEAVES)
				},
			};
			report.damaged.push(damaged(first_leaf, leaves));
			first = (first_leaf + leaves).div_ceil(BLOCK_LEAVES).max(first + 1);
		}
		let of_records = report.damaged.first().filter(|_| records > 0).map(|range| {
			let (path, offset) = (range.path.display(), range.offset);
			format!("{records} records are damaged, the first at offset {offset} of {path}")
		});
		audit.set_damage(of_records.or(lasting));
		Ok(())
	}
}

fn scrub_segment(segment: &Segment, report: &mut ScrubReport) -> Result<(), ZdbError> {
	let end = segment.flushed();
	let mut window = Window::new(segment, end, STEP_BYTES);
	let mut offset = SEGMENT_HEADER_BYTES;
	let mut damage: Option<u64> = None;
	let note = |from: Option<u64>, to: u64, damaged: &mut Vec<DamagedRange>| {
		if let Some(offset) = from {
			let path = segment.path.clone();
			damaged.push(DamagedRange { path, offset, len_bytes: to - offset });
		}
	};
	while offset < end {
		let head = window.record(offset)?.map(|(header, _)| header);
		let Some(header) = head else {
			// Something that is no record: go on at the next one.
			damage.get_or_insert(offset);
			offset += 1;
			continue;
		};
		note(damage.take(), offset, &mut report.damaged);
		if window.value_is_valid(offset, &header)? {
			report.records += 1;
		} else {
			note(Some(offset), offset + header.record_len(), &mut report.damaged);
		}
		offset += header.record_len();
	}
	note(damage.take(), end, &mut report.damaged);
	report.bytes += end;
	Ok(())
}
