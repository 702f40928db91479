//! Opening a log: every segment is walked, the torn tail is cut, damage is reported.
//!
//! What does not match its checksum is one of two things. Behind the durable mark it was never promised to survive a loss of power: there
//! the log ends, and whatever was written later goes as well, so that what is left is a beginning of what was done. Before
//! the mark it is damage, which stays where it is. Without a mark, what has valid records behind it is damage.

use crate::{
	engine::{
		audit::tree_dir,
		durable::Place,
		hint::{Hint, HintFound},
		log::{ordinals_of, LogShape},
		missing::ask_for_missing,
		record::{Header, HEADER_BYTES},
		report::{DamagedRange, MissingSegments, RecoveryReport, TornTail},
		retired::{remove_segment, Retired},
		segment::{segment_number, segment_path, Segment, SEGMENT_HEADER_BYTES},
		window::Window,
	},
	limits::SEGMENTS_MAX,
	ZdbError,
};
use granary_prover::durable_leaves;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};

/// How much is read at once where values are verified.
const VALUES_STEP_BYTES: usize = 1 << 20;
/// How much is read at once where values are skipped.
const HEADS_STEP_BYTES: usize = 64 << 10;

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
	/// Segments that were there and held nothing, of which the report says that they are made anew.
	empty: BTreeSet<u32>,
	/// Something is missing at the end that was durable.
	pub(crate) is_short: bool,
	/// The last segment with damage that holds no whole head of a record.
	half_record_in: Option<u32>,
}

impl Recovered {
	/// Whether the last segment must not be written to: what is appended would fill up the length of the record that is half there, and be skipped with it.
	pub(crate) fn last_holds_half_a_record(&self) -> bool {
		let last = self.segments.keys().next_back();
		last.is_some_and(|last| self.half_record_in == Some(*last))
	}

	/// Counts a record that was met.
	fn note(&mut self, header: &Header, shape: &LogShape) {
		self.report.records += 1;
		self.next_sequence = header.sequence + 1;
		self.next_ordinal = header.ordinal + ordinals_of(shape.mode, shape.audited, header);
	}
}

/// Opens the segments of a log and walks their records. `durable` is the place before which everything is known to be durable.
pub(crate) fn recover(
	shape: &LogShape,
	retired: &Retired,
	durable: Option<Place>,
	visit: Visit<'_>,
) -> Result<Recovered, ZdbError> {
	let mut recovered = Recovered {
		segments: BTreeMap::new(),
		next_sequence: retired.first_sequence(),
		next_ordinal: 0,
		report: RecoveryReport::default(),
		empty: BTreeSet::new(),
		is_short: false,
		half_record_in: None,
	};
	ask_for_missing(shape, retired, durable)?;
	let numbers = segment_numbers(shape, retired, durable, &mut recovered)?;
	let last = numbers.last().copied();
	let mut expected = 0;
	for number in &numbers {
		recovered.report_missing(shape, retired, expected..*number);
		let segment = Segment::open(shape.disk(), &shape.dir, *number, shape.mode, shape.audited)?;
		let segment = Arc::new(segment);
		// Values are verified where a crash may have left them unwritten; the rest is verified when it is read.
		let recent = last.is_some_and(|last| number + 2 > last)
			|| durable.is_some_and(|durable| *number >= durable.segment);
		if !recent && from_hint(&segment, shape, &mut recovered, visit)? {
			segment.set_hinted();
			recovered.segments.insert(*number, segment);
			expected = number + 1;
			continue;
		}
		let mut walk = Walk {
			segment: &segment,
			shape,
			durable,
			verify_values: recent,
			is_last: Some(*number) == last,
			gone_before: recovered.gone_before(*number, retired),
			recovered: &mut recovered,
		};
		let end = walk.run(visit)?;
		if let Some(cut_at) = end {
			let later = numbers.iter().rev().filter(|later| *later > number);
			for later in later {
				recovered.drop_segment(shape, *later)?;
			}
			if cut_at == 0 {
				recovered.drop_segment(shape, *number)?;
				break;
			}
			recovered.cut(&segment, cut_at)?;
		}
		distrust(shape, &segment, durable, recent);
		recovered.segments.insert(*number, segment);
		expected = number + 1;
		if end.is_some() {
			break;
		}
	}
	recovered.check_end(shape, retired, durable, expected);
	Ok(recovered)
}

/// Says of a segment what of it may not be durable.
fn distrust(shape: &LogShape, segment: &Segment, durable: Option<Place>, recent: bool) {
	let write_again = !shape.read_only;
	match durable {
		Some(durable) if segment.number < durable.segment => {},
		Some(durable) if segment.number == durable.segment => {
			segment.distrust(durable.offset, write_again);
		},
		Some(_) => segment.distrust(0, write_again),
		None if recent => segment.distrust(0, false),
		None => {},
	}
}

impl Recovered {
	/// The most records that may be gone before a segment, because those before it were removed or are missing.
	fn gone_before(&self, number: u32, retired: &Retired) -> u64 {
		match number.checked_sub(1) {
			Some(before) if self.segments.contains_key(&before) => 0,
			Some(before) if retired.contains(before) => {
				(retired.last_sequence().saturating_add(1)).saturating_sub(self.next_sequence)
			},
			Some(_) => u64::MAX,
			None => 0,
		}
	}

	fn report_missing(
		&mut self,
		shape: &LogShape,
		retired: &Retired,
		numbers: std::ops::Range<u32>,
	) {
		for gap in retired.gaps_in(numbers) {
			let mut start = gap.start;
			// Those that held nothing are not missed.
			for number in self.empty.range(gap.clone()).copied().chain([gap.end]) {
				if let Some(count) = number.checked_sub(start).filter(|count| *count > 0) {
					let path = |number| segment_path(&shape.dir, number);
					let (first, last) = (path(start), path(number - 1));
					self.report.missing_segments.push(MissingSegments { first, last, count });
				}
				start = number + 1;
			}
		}
	}

	/// Cuts a segment where its log ends.
	fn cut(&mut self, segment: &Segment, cut_at: u64) -> Result<(), ZdbError> {
		let lost_bytes = segment.flushed() - cut_at;
		if lost_bytes > 0 {
			segment.cut(cut_at)?;
			let path = segment.path.clone();
			self.report.torn_tails.push(TornTail { path, cut_at, lost_bytes });
		}
		Ok(())
	}

	/// Removes a segment behind the end of the log. The last one goes first and for good, so that a crash in between leaves a
	/// shorter tail and not one with a hole.
	fn drop_segment(&mut self, shape: &LogShape, number: u32) -> Result<(), ZdbError> {
		let path = segment_path(&shape.dir, number);
		let file = |error| ZdbError::file("cut", &path, error);
		let lost_bytes = shape.disk().len_bytes(&path).map_err(file)?;
		self.report.torn_tails.push(TornTail { path: path.clone(), cut_at: 0, lost_bytes });
		if shape.read_only {
			return Ok(());
		}
		remove_segment(shape.disk(), &shape.dir, number)?;
		shape.disk().sync_dir(&shape.dir).map_err(file)
	}

	/// What was durable must be there to its end.
	fn check_end(
		&mut self,
		shape: &LogShape,
		retired: &Retired,
		durable: Option<Place>,
		expected: u32,
	) {
		let Some(durable) = durable else { return };
		let missing = self.report.missing_segments.len();
		self.report_missing(shape, retired, expected..durable.segment.saturating_add(1));
		self.is_short = self.report.missing_segments.len() > missing;
		let Some(segment) = self.segments.get(&durable.segment) else { return };
		let (path, end) = (segment.path.clone(), segment.flushed());
		if end < durable.offset {
			self.is_short = true;
			let len_bytes = durable.offset - end;
			self.report.damaged.push(DamagedRange { path, offset: end, len_bytes });
		}
	}
}

/// The numbers of the segments, ascending. What removals and replacements left behind when they were interrupted is removed. So is a
/// last file without records, unless the mark vouches for it: its creation may have been interrupted, its name may not be
/// durable, its header may be of the mode before.
fn segment_numbers(
	shape: &LogShape,
	retired: &Retired,
	durable: Option<Place>,
	recovered: &mut Recovered,
) -> Result<Vec<u32>, ZdbError> {
	let (disk, dir) = (shape.disk(), &shape.dir);
	let (mut numbers, mut removed) = (Vec::new(), Vec::new());
	for entry in disk.list(dir).map_err(|error| ZdbError::file("list", dir, error))? {
		let Some(name) = entry.name.to_str() else { continue };
		let hinted = name.strip_suffix(".hint").map(|stem| format!("{stem}.log"));
		match segment_number(hinted.as_deref().unwrap_or(name)) {
			Some(number) if number >= SEGMENTS_MAX => {
				let reason = "no segment has so large a number; move it elsewhere";
				return Err(ZdbError::BadSegment { path: dir.join(name), reason });
			},
			Some(number) if retired.contains(number) => removed.push(number),
			Some(number) if hinted.is_none() => numbers.push(number),
			None if name.ends_with(".new") && !entry.is_dir && !shape.read_only => {
				let path = dir.join(name);
				let done = disk.remove_file(&path);
				done.map_err(|error| ZdbError::file("remove", &path, error))?;
			},
			_ => {},
		}
	}
	if !removed.is_empty() && !shape.read_only {
		// Whoever wrote the list was interrupted, perhaps before it was durable; without it they would be back.
		retired.store(disk, dir)?;
		removed.iter().try_for_each(|number| remove_segment(disk, dir, *number))?;
	}
	numbers.sort_unstable();
	while let Some(last) = numbers.last() {
		let path = segment_path(dir, *last);
		let len = disk.len_bytes(&path).map_err(|error| ZdbError::file("open", &path, error))?;
		if len > SEGMENT_HEADER_BYTES {
			break;
		}
		let here = Place { segment: *last, offset: SEGMENT_HEADER_BYTES };
		match Segment::open(disk, dir, *last, shape.mode, shape.audited) {
			Err(ZdbError::BadSegment { .. }) => {},
			Err(error) => return Err(error),
			Ok(_) if shape.read_only || durable >= Some(here) => break,
			Ok(_) => {},
		}
		if len == SEGMENT_HEADER_BYTES && !Segment::is_sound_in_any_mode(disk, dir, *last) {
			recovered.report.made_anew.push(path);
			recovered.empty.insert(*last);
		}
		if !shape.read_only {
			remove_segment(disk, dir, *last)?;
		}
		numbers.pop();
	}
	Ok(numbers)
}

/// Takes the records of a segment from its hint, if there is one.
fn from_hint(
	segment: &Arc<Segment>,
	shape: &LogShape,
	recovered: &mut Recovered,
	visit: Visit<'_>,
) -> Result<bool, ZdbError> {
	let found = Hint::load(shape.disk(), &shape.dir, segment);
	if let HintFound::Unfit(path) = &found {
		recovered.report.made_anew.push(path.clone());
	}
	let HintFound::Fit(hint) = found else { return Ok(false) };
	hint.visit(segment, &mut |offset, header, key| {
		visit(segment, offset, header, key)?;
		segment.note_record(offset, header.sequence);
		recovered.note(header, shape);
		Ok(())
	})
}

struct Walk<'w> {
	segment: &'w Arc<Segment>,
	shape: &'w LogShape,
	durable: Option<Place>,
	verify_values: bool,
	is_last: bool,
	/// The most records that may be gone between the segments before and this one, because segments between them are not there.
	gone_before: u64,
	recovered: &'w mut Recovered,
}

impl Walk<'_> {
	/// Walks to the end. Returns where the segment has to be cut, with everything behind it, if it has to be; 0 if all of it goes.
	fn run(&mut self, visit: Visit<'_>) -> Result<Option<u64>, ZdbError> {
		let end = self.segment.flushed();
		let step = if self.verify_values { VALUES_STEP_BYTES } else { HEADS_STEP_BYTES };
		let mut window = Window::new(self.segment, end, step);
		let mut offset = SEGMENT_HEADER_BYTES;
		while offset < end {
			match self.valid_at(&mut window, offset, u64::MAX)? {
				Some(header) if offset == SEGMENT_HEADER_BYTES && self.lost_before(&header) => {
					return Ok(Some(0));
				},
				Some(header) => offset = self.accept(&mut window, offset, &header, visit)?,
				None => match self.skip_damage(&mut window, offset, end, visit)? {
					Some(next) => offset = next,
					None => return Ok(Some(offset)),
				},
			}
		}
		Ok(None)
	}

	/// Whether records between the segment before and this one's first were lost before they were durable: sequences go up by one, and the
	/// end of the segment before is behind the mark.
	fn lost_before(&self, first: &Header) -> bool {
		let segment = self.segment.number.wrapping_sub(1);
		let end = self.recovered.segments.get(&segment).map(|before| before.flushed());
		let is_doubtful = end.is_some_and(|offset| self.is_doubtful(Place { segment, offset }));
		self.gone_before == 0 && is_doubtful && first.sequence != self.recovered.next_sequence
	}

	/// Whether nothing says that what is here was durable.
	fn is_doubtful(&self, place: Place) -> bool {
		self.durable.is_some_and(|durable| place >= durable)
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
		self.segment.note_record(offset, header.sequence);
		self.recovered.note(header, self.shape);
		Ok(offset + header.record_len())
	}

	/// Deals with a record that is not valid. Returns where to go on behind damage, which is reported and left, or nothing where
	/// the log ends: behind the durable mark, or if there is none, where no valid record of the last segment follows.
	fn skip_damage(
		&mut self,
		window: &mut Window<'_>,
		offset: u64,
		end: u64,
		visit: Visit<'_>,
	) -> Result<Option<u64>, ZdbError> {
		let place = Place { segment: self.segment.number, offset };
		let was_durable = self.is_vouched_for()?;
		if self.is_doubtful(place) && !was_durable {
			return Ok(None);
		}
		// Header and key may be whole and the value alone damaged: the record keeps its place in the index, so
		// that reading it fails instead of answering an older version.
		let next_sequence = self.recovered.next_sequence;
		let whole = window.record(offset)?.map(|(header, _)| header);
		let whole = whole.filter(|header| header.sequence >= next_sequence);
		let from = offset + whole.map_or(1, |header| header.record_len());
		let found = self.next_valid(window, offset, from, end)?;
		if found.is_none() && self.is_last && self.durable.is_none() && !was_durable {
			return Ok(None);
		}
		let behind = self.durable.filter(|durable| durable.segment == place.segment);
		let next = match (whole, found, behind) {
			(Some(header), ..) => self.accept(window, offset, &header, visit)?,
			(None, Some(next), _) => next,
			// What is behind the mark is looked at for itself.
			(None, None, Some(durable)) if durable.offset > offset => durable.offset.min(end),
			(None, None, _) => end,
		};
		if whole.is_none() {
			self.recovered.half_record_in = Some(self.segment.number);
		}
		self.recovered.report.damaged.push(DamagedRange {
			path: self.segment.path.clone(),
			offset,
			len_bytes: next - offset,
		});
		Ok(Some(next))
	}

	/// Whether the log's tree vouches for the next record: then no crash left it half written, and cutting it off would lose it.
	fn is_vouched_for(&self) -> Result<bool, ZdbError> {
		let LogShape { dir, audited, .. } = self.shape;
		let disk = self.shape.disk();
		Ok(*audited && self.recovered.next_ordinal < durable_leaves(disk, &tree_dir(dir))?)
	}

	/// The next offset from `from` on at which a valid record starts. Its sequence must fit the number of records
	/// that the bytes since `damage` can have held, and the segments that are gone before the first record.
	fn next_valid(
		&self,
		window: &mut Window<'_>,
		damage: u64,
		from: u64,
		end: u64,
	) -> Result<Option<u64>, ZdbError> {
		let gone = if self.segment.last().is_none() { self.gone_before } else { 0 };
		let mut offset = from;
		while offset + HEADER_BYTES as u64 <= end {
			let skipped = ((offset - damage) / (HEADER_BYTES as u64 + 1) + 1).saturating_add(gone);
			if self.valid_at(window, offset, skipped)?.is_some() {
				return Ok(Some(offset));
			}
			offset += 1;
		}
		Ok(None)
	}
}
