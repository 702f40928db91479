//! Opening a log: every segment is walked, the torn tail of the last one is cut, damage is reported.

use crate::{
	engine::{
		audit::tree_dir,
		hint::Hint,
		log::{ordinals_of, LogShape},
		record::{Header, HEADER_BYTES},
		retired::Retired,
		segment::{segment_number, segment_path, Segment, SEGMENT_HEADER_BYTES},
		window::Window,
	},
	ZdbError,
};
use granary_prover::durable_leaves;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

/// How much is read at once where values are verified.
const VALUES_STEP_BYTES: usize = 1 << 20;
/// How much is read at once where values are skipped.
const HEADS_STEP_BYTES: usize = 64 << 10;

/// A tail that was cut on open: what a crash left half written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
	/// The segment.
	pub path: PathBuf,
	/// Its length now.
	pub cut_at: u64,
	/// Bytes that were cut off.
	pub lost_bytes: u64,
}

/// Bytes that do not match their checksum and were left as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRange {
	/// The segment.
	pub path: PathBuf,
	/// Where the damage starts.
	pub offset: u64,
	/// Its length.
	pub len_bytes: u64,
}

/// What opening a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
	/// Records read.
	pub records: u64,
	/// Tails that were cut.
	pub torn_tails: Vec<TornTail>,
	/// Damage that was found and left; reads of these records fail.
	pub damaged: Vec<DamagedRange>,
	/// Segments that should be there and are not.
	pub missing_segments: Vec<PathBuf>,
}

impl RecoveryReport {
	/// One line for each finding; none if all was well.
	pub fn lines(&self) -> Vec<String> {
		let torn = self.torn_tails.iter().map(|torn| {
			format!(
				"{}: cut a torn tail of {} bytes at offset {}",
				torn.path.display(),
				torn.lost_bytes,
				torn.cut_at
			)
		});
		let damaged = self.damaged.iter().map(|range| {
			format!(
				"{}: {} bytes at offset {} are damaged; restore them from another copy",
				range.path.display(),
				range.len_bytes,
				range.offset
			)
		});
		let missing = self
			.missing_segments
			.iter()
			.map(|path| format!("{} is missing; restore it from another copy", path.display()));
		torn.chain(damaged).chain(missing).collect()
	}

	pub(crate) fn merge(&mut self, other: Self) {
		self.records += other.records;
		self.torn_tails.extend(other.torn_tails);
		self.damaged.extend(other.damaged);
		self.missing_segments.extend(other.missing_segments);
	}
}

/// Receives each record in order: segment, offset, header, key.
pub(crate) type Visit<'v> =
	&'v mut dyn FnMut(&Arc<Segment>, u64, &Header, &[u8]) -> Result<(), ZdbError>;

/// What a walk over a log's segments yields.
#[derive(Debug)]
pub(crate) struct Recovered {
	pub(crate) segments: BTreeMap<u32, Arc<Segment>>,
	pub(crate) next_sequence: u64,
	pub(crate) next_ordinal: u64,
	pub(crate) report: RecoveryReport,
}

impl Recovered {
	/// Counts a record that was met.
	fn note(&mut self, header: &Header, shape: &LogShape) {
		self.report.records += 1;
		self.next_sequence = header.sequence + 1;
		self.next_ordinal = header.ordinal + ordinals_of(shape.mode, shape.audited, header);
	}
}

/// Opens the segments of a log and walks their records.
pub(crate) fn recover(
	shape: &LogShape,
	retired: &Retired,
	visit: Visit<'_>,
) -> Result<Recovered, ZdbError> {
	let mut recovered = Recovered {
		segments: BTreeMap::new(),
		next_sequence: 0,
		next_ordinal: 0,
		report: RecoveryReport::default(),
	};
	let numbers = segment_numbers(shape)?;
	let last = numbers.last().copied();
	let mut expected = 0;
	for number in &numbers {
		for missing in (expected..*number).filter(|number| !retired.contains(*number)) {
			let path = segment_path(&shape.dir, missing);
			recovered.report.missing_segments.push(path);
			// Its hint still tells what was in it: values that are asked for may be brought back.
			if let Some((segment, hint)) = Hint::load_alone(&shape.dir, missing) {
				let segment = Arc::new(segment);
				if take_heads(&hint, &segment, shape, &mut recovered, visit)? {
					segment.set_hinted();
					recovered.segments.insert(missing, segment);
				}
			}
		}
		expected = number + 1;
		let segment = Segment::open(&shape.dir, *number, shape.mode, shape.audited)?;
		let segment = Arc::new(segment);
		// Values are verified where a crash may have left them unwritten; the rest is verified when it is read.
		let recent = last.is_some_and(|last| number + 2 > last);
		if !recent && from_hint(&segment, shape, &mut recovered, visit)? {
			segment.set_hinted();
			recovered.segments.insert(*number, segment);
			continue;
		}
		let mut walk = Walk {
			segment: &segment,
			shape,
			verify_values: recent,
			is_last: Some(*number) == last,
			recovered: &mut recovered,
		};
		walk.run(visit)?;
		if recent {
			segment.distrust();
		}
		recovered.segments.insert(*number, segment);
	}
	Ok(recovered)
}

/// The numbers of the segments, ascending. A last file without a whole header is what a crash during
/// its creation leaves; nothing can be in it.
fn segment_numbers(shape: &LogShape) -> Result<Vec<u32>, ZdbError> {
	let dir = &shape.dir;
	let list = || -> std::io::Result<Vec<u32>> {
		let mut numbers = Vec::new();
		for entry in fs::read_dir(dir)? {
			numbers.extend(entry?.file_name().to_str().and_then(segment_number));
		}
		numbers.sort_unstable();
		if let Some(last) = numbers.last() {
			let path = segment_path(dir, *last);
			if fs::metadata(&path)?.len() < SEGMENT_HEADER_BYTES {
				fs::remove_file(&path)?;
				numbers.pop();
			}
		}
		Ok(numbers)
	};
	list().map_err(|error| ZdbError::file("list", dir, error))
}

/// Takes the records of a segment from its hint, if there is one.
fn from_hint(
	segment: &Arc<Segment>,
	shape: &LogShape,
	recovered: &mut Recovered,
	visit: Visit<'_>,
) -> Result<bool, ZdbError> {
	match Hint::load(&shape.dir, segment) {
		None => Ok(false),
		Some(hint) => take_heads(&hint, segment, shape, recovered, visit),
	}
}

fn take_heads(
	hint: &Hint,
	segment: &Arc<Segment>,
	shape: &LogShape,
	recovered: &mut Recovered,
	visit: Visit<'_>,
) -> Result<bool, ZdbError> {
	hint.visit(segment, &mut |offset, header, key| {
		visit(segment, offset, header, key)?;
		segment.set_last(offset);
		recovered.note(header, shape);
		Ok(())
	})
}

struct Walk<'w> {
	segment: &'w Arc<Segment>,
	shape: &'w LogShape,
	verify_values: bool,
	is_last: bool,
	recovered: &'w mut Recovered,
}

impl Walk<'_> {
	fn run(&mut self, visit: Visit<'_>) -> Result<(), ZdbError> {
		let end = self.segment.flushed();
		let step = if self.verify_values { VALUES_STEP_BYTES } else { HEADS_STEP_BYTES };
		let mut window = Window::new(self.segment, end, step);
		let mut offset = SEGMENT_HEADER_BYTES;
		while offset < end {
			match self.valid_at(&mut window, offset, u64::MAX)? {
				Some(header) => offset = self.accept(&mut window, offset, &header, visit)?,
				None => match self.skip_damage(&mut window, offset, end, visit)? {
					Some(next) => offset = next,
					None => return Ok(()),
				},
			}
		}
		Ok(())
	}

	/// The header of a record that is valid as far as is verified here and whose sequence can follow.
	fn valid_at(
		&self,
		window: &mut Window<'_>,
		offset: u64,
		skipped_records: u64,
	) -> Result<Option<Header>, ZdbError> {
		let next = self.recovered.next_sequence;
		let Some((header, _)) = window.record(offset)? else { return Ok(None) };
		if header.sequence < next || header.sequence - next > skipped_records {
			return Ok(None);
		}
		let valid = !self.verify_values || window.value_is_valid(offset, &header)?;
		Ok(valid.then_some(header))
	}

	fn accept(
		&mut self,
		window: &mut Window<'_>,
		offset: u64,
		header: &Header,
		visit: Visit<'_>,
	) -> Result<u64, ZdbError> {
		let Some((_, key)) = window.record(offset)? else {
			return Err(self.segment.damaged(offset));
		};
		visit(self.segment, offset, header, key)?;
		self.segment.set_last(offset);
		self.recovered.note(header, self.shape);
		Ok(offset + header.record_len())
	}

	/// Deals with a record that is not valid: the torn tail of the last segment is cut; with valid records behind it,
	/// it is damage, which is reported and left. Returns where to go on.
	fn skip_damage(
		&mut self,
		window: &mut Window<'_>,
		offset: u64,
		end: u64,
		visit: Visit<'_>,
	) -> Result<Option<u64>, ZdbError> {
		// Header and key may be whole and the value alone damaged: the record keeps its place in the index, so
		// that reading it fails instead of answering an older version.
		let next_sequence = self.recovered.next_sequence;
		let whole = window.record(offset)?.map(|(header, _)| header);
		let whole = whole.filter(|header| header.sequence >= next_sequence);
		let from = offset + whole.map_or(1, |header| header.record_len());
		let found = self.next_valid(window, offset, from, end)?;
		if found.is_none() && self.is_last && !self.was_durable(whole.as_ref())? {
			self.segment.cut(offset)?;
			let torn = TornTail {
				path: self.segment.path.clone(),
				cut_at: offset,
				lost_bytes: end - offset,
			};
			self.recovered.report.torn_tails.push(torn);
			return Ok(None);
		}
		let next = found.unwrap_or(end);
		let next = match whole {
			Some(header) => self.accept(window, offset, &header, visit)?,
			None => next,
		};
		self.recovered.report.damaged.push(DamagedRange {
			path: self.segment.path.clone(),
			offset,
			len_bytes: next - offset,
		});
		Ok(Some(next))
	}

	/// Whether the log's tree vouches for the record: then no crash left it half written, and cutting it off would lose it.
	fn was_durable(&self, record: Option<&Header>) -> Result<bool, ZdbError> {
		match record {
			Some(header) if self.shape.audited => {
				Ok(header.ordinal < durable_leaves(&tree_dir(&self.shape.dir))?)
			},
			_ => Ok(false),
		}
	}

	/// The next offset from `from` on at which a valid record starts. Its sequence must fit the number of records
	/// that the bytes since `damage` can have held.
	fn next_valid(
		&self,
		window: &mut Window<'_>,
		damage: u64,
		from: u64,
		end: u64,
	) -> Result<Option<u64>, ZdbError> {
		let mut offset = from;
		while offset + HEADER_BYTES as u64 <= end {
			let skipped = (offset - damage) / (HEADER_BYTES as u64 + 1) + 1;
			if self.valid_at(window, offset, skipped)?.is_some() {
				return Ok(Some(offset));
			}
			offset += 1;
		}
		Ok(None)
	}
}
