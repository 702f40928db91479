//! Segments that are missing and that somebody may bring: asked for before a log is walked.

use crate::{
	engine::{
		durable::Place,
		log::LogShape,
		retired::Retired,
		segment::{segment_number, segment_path},
	},
	limits::SEGMENTS_MAX,
	ZdbError,
};
use std::collections::BTreeSet;

/// Has every segment brought that is missing between the first and the last one that the log must have. The first that does not come ends
/// the asking: what can bring one can bring the others, and each may take its time. What is missing then is reported.
pub(super) fn ask_for_missing(
	shape: &LogShape,
	retired: &Retired,
	durable: Option<Place>,
) -> Result<(), ZdbError> {
	let Some(source) = shape.environment.segment_source.as_ref().filter(|_| !shape.read_only)
	else {
		return Ok(());
	};
	let dir = &shape.dir;
	let listed = shape.disk().list(dir).map_err(|error| ZdbError::file("list", dir, error))?;
	let numbers = listed.iter().filter_map(|entry| segment_number(entry.name.to_str()?));
	let present: BTreeSet<u32> = numbers.filter(|number| *number < SEGMENTS_MAX).collect();
	let last = present.last().copied().max(durable.map(|durable| durable.segment));
	let gaps = retired.gaps_in(0..last.map_or(0, |last| last + 1));
	for number in gaps.into_iter().flatten().filter(|number| !present.contains(number)) {
		let path = segment_path(dir, number);
		let is_brought = source.bring(&shape.namespace, &path);
		if !is_brought || shape.disk().len_bytes(&path).is_err() {
			tracing::warn!(path = %path.display(), "a segment is missing and was not brought");
			break;
		}
	}
	Ok(())
}
