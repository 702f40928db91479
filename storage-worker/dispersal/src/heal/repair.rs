//! Putting shards back.

use super::{survey::Wanting, Check, Survey};
use crate::{
	append::{grouped_sealed, Sealed},
	dataset::ObjectId,
	resp::Reply,
	BackendError, Dataset, DispersalError,
};
use futures::{future::try_join, stream};
use std::time::Duration;
use tokio::time::{sleep_until, Instant};

/// Objects that are rebuilt at once.
const REBUILDING: usize = 16;

/// How a dataset is healed.
#[derive(Debug, Clone)]
pub struct Healing {
	/// Objects that are verified and put right before everything else: what reads had trouble with ([`Dataset::suspects`]).
	pub first: Vec<ObjectId>,
	/// How closely it is looked at.
	pub check: Check,
	/// Shards whose nodes there is reason to doubt: whatever the check, everything that they hold is read and verified.
	pub doubted: Vec<usize>,
	/// Bytes of rebuilt shards in a second at most.
	pub bytes_per_second: Option<u64>,
}

/// What healing did.
#[derive(Debug, Default)]
pub struct HealReport {
	/// What the objects had that were looked at before everything else.
	pub first: Survey,
	/// What was there before, but for what those were given.
	pub survey: Survey,
	/// Objects that have more good shards than before.
	pub healed_objects: u64,
	/// Shards that were written where they were missing.
	pub rebuilt_shards: u64,
	/// Their bytes.
	pub rebuilt_bytes: u64,
	/// Damaged shards whose bytes were put back in place.
	pub mended_shards: u64,
	/// Damaged shards whose node cannot put them back: its record of them is damaged too.
	pub unmendable_shards: u64,
	/// Objects that another dataset of the same reservation wrote: this key does not open them, so they are left alone.
	pub foreign: u64,
	/// Objects with fewer than k good shards within reach.
	pub lost: u64,
	/// The first of them, and what each backend said.
	pub first_lost: Option<DispersalError>,
}

impl Dataset {
	/// Surveys the dataset and rebuilds what is missing or damaged on the backends that answer: first what is named, then the objects with the
	/// fewest good shards.
	///
	/// `progress` is told the step (`surveying` or `rebuilding`), how many objects are done and how many there are. May be cut off at any time and begun
	/// again. The logs grow: record checkpoints afterwards.
	pub async fn heal(
		&self,
		healing: Healing,
		progress: &(dyn Fn(&'static str, u64, u64) + Sync),
	) -> Result<HealReport, DispersalError> {
		let mut report = HealReport::default();
		let rebuilding = |done, all| progress("rebuilding", done, all);
		if !healing.first.is_empty() {
			let first = self.survey_of(&healing.first).await?;
			self.repair(&first, healing.bytes_per_second, &mut report, &rebuilding).await?;
			report.first = first;
		}
		loop {
			let surveying = |done, all| progress("surveying", done, all);
			let survey = self.survey(healing.check, &healing.doubted, &surveying).await?;
			let (is_cut, healed_before) = (survey.is_cut, report.healed_objects);
			let (are_closed, mended_before) =
				(!survey.closed_logs.is_empty(), report.mended_shards);
			self.repair(&survey, healing.bytes_per_second, &mut report, &rebuilding).await?;
			let is_first = report.survey.objects == 0;
			if is_first {
				report.survey = survey;
			}
			// Logs that were mended take what is missing in them in the next round.
			let has_opened = are_closed && report.mended_shards > mended_before;
			// A round that only meets what cannot be healed is the last.
			let goes_on = is_cut && report.healed_objects > healed_before;
			if !has_opened && !goes_on {
				return Ok(report);
			}
		}
	}

	async fn repair(
		&self,
		survey: &Survey,
		bytes_per_second: Option<u64>,
		report: &mut HealReport,
		progress: &(dyn Fn(u64, u64) + Sync),
	) -> Result<(), DispersalError> {
		let _writing = self.writing.lock().await;
		let all = survey.wanting.len() as u64;
		let (started, before) = (Instant::now(), report.rebuilt_bytes);
		let open_now = |wanting: &Wanting| Wanting {
			missing: wanting
				.missing
				.iter()
				.copied()
				.filter(|shard| !survey.closed_logs.contains(&usize::from(*shard)))
				.collect(),
			..wanting.clone()
		};
		let wanting: Vec<Wanting> = survey.wanting.iter().map(open_now).collect();
		let mut parts = wanting.chunks(REBUILDING);
		let mut rebuilt = match parts.next() {
			Some(part) => self.rebuild_wanting(part).await,
			None => return Ok(()),
		};
		let mut done = 0;
		while !rebuilt.is_empty() {
			done += rebuilt.len() as u64;
			let mut batch = Vec::with_capacity(rebuilt.len());
			for (wanting, outcome) in rebuilt {
				match outcome {
					Ok(sealed) => batch.push((wanting, sealed)),
					Err(DispersalError::WrongKey { .. }) => report.foreign += 1,
					Err(error @ DispersalError::TooFewShards { .. }) => {
						report.lost += 1;
						report.first_lost.get_or_insert(error);
					},
					Err(error) => return Err(error),
				}
			}
			// While these are written the next ones are read.
			let next = async { Ok(self.rebuild_wanting(parts.next().unwrap_or_default()).await) };
			((), rebuilt) = try_join(self.put_back(batch, report), next).await?;
			progress(done, all);
			if let Some(rate) = bytes_per_second {
				let written = report.rebuilt_bytes - before;
				let due = Duration::from_secs_f64(written as f64 / rate.max(1) as f64);
				sleep_until(started + due).await;
			}
		}
		Ok(())
	}

	/// The values of objects' missing and damaged shards.
	async fn rebuild_wanting<'w>(
		&self,
		wanting: &'w [Wanting],
	) -> Vec<(&'w Wanting, Result<Sealed, DispersalError>)> {
		let shards = |wanting: &Wanting| {
			let wanted = wanting.missing.iter().chain(&wanting.damaged);
			(wanting.id, wanted.map(|shard| usize::from(*shard)).collect())
		};
		let rebuilt = self.rebuild_many(wanting.iter().map(shards).collect()).await;
		wanting.iter().zip(rebuilt).collect()
	}

	async fn put_back(
		&self,
		batch: Vec<(&Wanting, Sealed)>,
		report: &mut HealReport,
	) -> Result<(), DispersalError> {
		let mut missing = Vec::with_capacity(batch.len());
		for (wanting, mut sealed) in batch {
			let mut mended = 0;
			for shard in wanting.damaged.iter().map(|shard| usize::from(*shard)) {
				let Some(value) = sealed.values.get_mut(shard).and_then(Option::take) else {
					continue;
				};
				match self.mend(shard, &sealed.key, &value.bytes).await? {
					true => mended += 1,
					false => report.unmendable_shards += 1,
				}
			}
			report.mended_shards += mended;
			report.rebuilt_shards += wanting.missing.len() as u64;
			report.healed_objects += u64::from(mended > 0 || !wanting.missing.is_empty());
			missing.push(sealed);
		}
		report.rebuilt_bytes +=
			self.append(stream::iter(grouped_sealed(missing).into_iter().map(Ok))).await?;
		Ok(())
	}

	/// Gives a damaged shard its bytes back. Nodes keep logs that cannot be rewritten, but they take the very bytes that were there.
	pub(crate) async fn mend(
		&self,
		shard: usize,
		key: &[u8],
		value: &[u8],
	) -> Result<bool, DispersalError> {
		let Some(link) = self.links.get(shard) else { return Ok(false) };
		match link.call_once(&[b"MEND", key, value]).await {
			Ok(Reply::Integer(1)) => Ok(true),
			// A node says that its value is sound also of one that it has just mended: what it has now decides.
			Err(BackendError::Unsure) => match link.call(&[b"GET", key]).await {
				Ok(held) => Ok(held == Reply::Bulk(value.to_vec())),
				Err(BackendError::Refused(_)) => Ok(false),
				Err(error) => Err(self.failed(shard, error)),
			},
			// The node takes its value for sound: it was never ours, or it lies.
			Ok(Reply::Integer(_) | Reply::Nil) | Err(BackendError::Refused(_)) => Ok(false),
			Ok(other) => {
				let text = format!("MEND answered {other:?}");
				Err(self.failed(shard, BackendError::Protocol(text)))
			},
			Err(error) => Err(self.failed(shard, error)),
		}
	}
}
