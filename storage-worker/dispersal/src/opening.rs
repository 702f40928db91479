//! From the values that backends answered to what is wanted of an object: verified, decoded, opened in one go, where it may take its time.

use crate::{dataset::ObjectId, shard::Framed, DispersalError, Pipeline};
use std::sync::Arc;

/// Shards of an object whose values were looked into.
#[derive(Debug, Default)]
pub(crate) struct Checked {
	/// Those that verify, in shard order.
	pub(crate) shards: Vec<Option<Framed>>,
	/// The length of the sealed object, as they say.
	pub(crate) sealed_len: Option<u32>,
	/// How many verify.
	pub(crate) found: usize,
	/// How many do not.
	pub(crate) damaged: usize,
}

impl Checked {
	/// Of so many shards none yet.
	pub(crate) fn none(total: usize) -> Self {
		Self { shards: vec![None; total], ..Self::default() }
	}

	/// Looks into a value and says whether it is a good shard. One that disagrees with those before about the object's length is not.
	pub(crate) fn check(
		&mut self,
		pipeline: &Pipeline,
		id: &ObjectId,
		shard: usize,
		value: Vec<u8>,
	) -> Result<bool, DispersalError> {
		match (pipeline.body(shard, id, value)?, self.shards.get_mut(shard)) {
			(Some((len, body)), Some(slot)) if *self.sealed_len.get_or_insert(len) == len => {
				*slot = Some(body);
				self.found += 1;
				Ok(true)
			},
			_ => {
				self.damaged += 1;
				Ok(false)
			},
		}
	}
}

/// At least k good shards of an object.
pub(crate) struct Good {
	pub(crate) id: ObjectId,
	pub(crate) shards: Vec<Option<Framed>>,
	pub(crate) sealed_len: u32,
}

/// What is made of the good shards of the object at a place.
pub(crate) type Finish<T> =
	Arc<dyn Fn(&Pipeline, usize, Good) -> Result<T, DispersalError> + Send + Sync>;

/// An object whose values are to be looked into.
pub(crate) struct Job {
	pub(crate) place: usize,
	pub(crate) id: ObjectId,
	/// Values with their shards.
	pub(crate) values: Vec<(usize, Vec<u8>)>,
	/// What was known before.
	pub(crate) checked: Checked,
}

/// What was found.
pub(crate) struct Opened<T> {
	pub(crate) place: usize,
	/// What is known now; without the shards if they were used.
	pub(crate) checked: Checked,
	/// Which of the values verify.
	pub(crate) verdicts: Vec<(usize, bool)>,
	/// What was made of them; `None` if too few verify.
	pub(crate) outcome: Result<Option<T>, DispersalError>,
}

/// Looks into some objects.
pub(crate) fn open_all<T>(
	pipeline: &Pipeline,
	finish: &(dyn Fn(&Pipeline, usize, Good) -> Result<T, DispersalError> + Send + Sync),
	jobs: Vec<Job>,
) -> Vec<Opened<T>> {
	let open = |Job { place, id, values, mut checked }: Job| {
		let mut verdicts = Vec::with_capacity(values.len());
		let mut outcome = Ok(None);
		for (shard, value) in values {
			if checked.found >= pipeline.data() {
				// Enough is enough; nobody needs to know about the rest.
				break;
			}
			match checked.check(pipeline, &id, shard, value) {
				Ok(is_good) => verdicts.push((shard, is_good)),
				Err(error) => outcome = Err(error),
			}
		}
		if outcome.is_ok() && checked.found >= pipeline.data() {
			let shards = std::mem::take(&mut checked.shards);
			let sealed_len = checked.sealed_len.unwrap_or_default();
			outcome = finish(pipeline, place, Good { id, shards, sealed_len }).map(Some);
		}
		Opened { place, checked, verdicts, outcome }
	};
	jobs.into_iter().map(open).collect()
}
