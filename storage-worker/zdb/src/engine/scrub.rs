//! Scrubbing: every record is read and compared with its checksums, whether the index points to it or not.

use crate::{
	engine::{
		namespace::Namespace, recovery::DamagedRange, segment::SEGMENT_HEADER_BYTES, window::Window,
	},
	ZdbError,
};

/// How much is read at once.
const STEP_BYTES: usize = 1 << 20;

/// What a scrub found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
	/// Records that are as they were written.
	pub records: u64,
	/// Bytes that were read.
	pub bytes: u64,
	/// Bytes that do not match their checksum, and files that are missing.
	pub damaged: Vec<DamagedRange>,
}

impl Namespace {
	/// Reads everything that the kernel has. Writers and readers go on meanwhile.
	pub fn scrub(&self) -> Result<ScrubReport, ZdbError> {
		self.flush()?;
		let mut report = ScrubReport::default();
		let mut next = self.log().first_segment();
		while let Some(segment) = next {
			let end = segment.flushed();
			if segment.is_absent() {
				let path = segment.path.clone();
				report.damaged.push(DamagedRange { path, offset: 0, len_bytes: end });
				next = self.log().segment_after(segment.number);
				continue;
			}
			let mut window = Window::new(&segment, end, STEP_BYTES);
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
			next = self.log().segment_after(segment.number);
		}
		Ok(report)
	}
}
