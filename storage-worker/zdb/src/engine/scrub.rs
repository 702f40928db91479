//! Scrubbing: every record is read and compared with its checksums, whether the index points to it or not; an audited log with
//! its tree as well.

use crate::{
	engine::{
		audit::{tree_dir, Audit},
		compact::Pace,
		namespace::Namespace,
		report::DamagedRange,
		segment::{Segment, SEGMENT_HEADER_BYTES},
		window::{Succession, Window},
	},
	ZdbError,
};
use granary_disk::Disk;
use granary_por::LEAF_BYTES;
use granary_prover::{TreeError, BLOCK_LEAVES};

/// How much is read at once.
const STEP_BYTES: usize = 1 << 20;
/// How far from what cannot be read it goes on, and how often in a segment.
const UNREADABLE_STEP_BYTES: u64 = 4096;
const UNREADABLE_MAX: u32 = 64;
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
	/// Reads everything that was written from the disk, past what the kernel remembers of it. Writers and readers go on meanwhile.
	pub fn scrub(&self) -> Result<ScrubReport, ZdbError> {
		self.flush()?;
		let mut report = ScrubReport::default();
		let mut next = self.log().first_segment();
		while let Some(segment) = next {
			self.scrub_segment(&segment, &mut report, &mut |_| true)?;
			next = self.log().segment_after(segment.number);
		}
		self.end_scrub(&mut report, &mut |_| true)?;
		Ok(report)
	}

	/// Reads one segment and adds what it found; `false` if `pace` stopped it.
	pub(crate) fn scrub_segment(
		&self,
		segment: &Segment,
		report: &mut ScrubReport,
		pace: Pace<'_>,
	) -> Result<bool, ZdbError> {
		match scrub_segment(segment, &self.environment.disk, report, pace) {
			// Compaction removed it meanwhile.
			Err(_) if self.log().segment(segment.number).is_none() => Ok(true),
			scrubbed => scrubbed,
		}
	}

	/// Compares an audited log with its tree, and remembers what a scrub of all segments has found; `false` if `pace` stopped it.
	pub(crate) fn end_scrub(
		&self,
		report: &mut ScrubReport,
		pace: Pace<'_>,
	) -> Result<bool, ZdbError> {
		let Some(audit) = &self.audit else {
			*self.damage.lock() = of_records(&report.damaged);
			return Ok(true);
		};
		self.scrub_tree(audit, report, pace)
	}

	fn scrub_tree(
		&self,
		audit: &Audit,
		report: &mut ScrubReport,
		pace: Pace<'_>,
	) -> Result<bool, ZdbError> {
		let of_records = of_records(&report.damaged);
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
			return Ok(true);
		}
		let mut lasting = None;
		let mut first = 0;
		while first < self.log_state()?.0.div_ceil(BLOCK_LEAVES) {
			if !pace(STEP_BLOCKS * BLOCK_LEAVES * LEAF_BYTES as u64) {
				return Ok(false);
			}
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
		audit.set_damage(of_records.or(lasting));
		Ok(true)
	}
}

/// What there is to be said of damaged records.
fn of_records(damaged: &[DamagedRange]) -> Option<String> {
	let first = damaged.first()?;
	let (count, offset, path) = (damaged.len(), first.offset, first.path.display());
	Some(format!(
		"{count} stretches of records are damaged, the first at offset {offset} of {path}"
	))
}

/// Reads a segment from the disk; `false` if it was stopped.
fn scrub_segment(
	segment: &Segment,
	disk: &Disk,
	report: &mut ScrubReport,
	pace: Pace<'_>,
) -> Result<bool, ZdbError> {
	let end = segment.flushed();
	let mut window = Window::past_memory(segment, end, STEP_BYTES, disk)?;
	let mut damage = Damage::new(segment);
	let (mut succession, mut offset) = Succession::of_segment(segment);
	if offset > SEGMENT_HEADER_BYTES {
		damage.begins(SEGMENT_HEADER_BYTES);
	}
	while offset < end {
		let before = offset;
		match window.record(offset).map(|found| found.map(|(header, _)| header)) {
			Ok(Some(header)) if succession.takes(offset, Some(&header)) => {
				damage.ends(offset, report);
				if window.value_is_valid(offset, &header).unwrap_or(false) {
					report.records += 1;
				} else {
					damage.begins(offset);
					damage.ends(offset + header.record_len(), report);
				}
				offset += header.record_len();
			},
			// Something that is no record, or none that belongs here: go on at the next one.
			Ok(_) => {
				succession.takes(offset, None);
				damage.begins(offset);
				offset += 1;
			},
			Err(_) => {
				succession.takes(offset, None);
				damage.begins(offset);
				offset = damage.behind_unreadable(offset, end);
			},
		}
		report.bytes += offset - before;
		if !pace(offset - before) {
			damage.ends(offset, report);
			return Ok(false);
		}
	}
	damage.ends(end, report);
	Ok(true)
}

/// The stretch of a segment that is being passed and does not match.
struct Damage<'s> {
	segment: &'s Segment,
	from: Option<u64>,
	/// Blocks that the disk could not read.
	unreadable: u32,
}

impl<'s> Damage<'s> {
	fn new(segment: &'s Segment) -> Self {
		Self { segment, from: None, unreadable: 0 }
	}

	fn begins(&mut self, offset: u64) {
		self.from.get_or_insert(offset);
	}

	fn ends(&mut self, end: u64, report: &mut ScrubReport) {
		let Some(offset) = self.from.take() else { return };
		let path = &self.segment.path;
		match report.damaged.last_mut() {
			// One stretch, however many records it went through.
			Some(last) if last.path == *path && last.offset + last.len_bytes == offset => {
				last.len_bytes = end - last.offset;
			},
			_ => {
				let path = path.clone();
				report.damaged.push(DamagedRange { path, offset, len_bytes: end - offset });
			},
		}
	}

	/// Where to go on behind what could not be read. A disk that is gone is not asked for each of its blocks.
	fn behind_unreadable(&mut self, offset: u64, end: u64) -> u64 {
		self.unreadable += 1;
		match self.unreadable <= UNREADABLE_MAX {
			true => {
				(offset / UNREADABLE_STEP_BYTES + 1).saturating_mul(UNREADABLE_STEP_BYTES).min(end)
			},
			false => end,
		}
	}
}
