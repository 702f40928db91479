//! Which archives there are, and putting back what nodes have lost of them.

use super::{
	fetch::Found,
	recover::Marks,
	store::{joined, make_value},
	ArchiveId, Layout, Progress,
};
use crate::{BackendError, Dataset, DispersalError};
use futures::future::{join_all, try_join_all};
use std::{
	collections::BTreeMap,
	path::Path,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};

/// Values that a node is asked for at once whether it has them.
const ASKED: usize = 4096;

/// An archive that backends have values of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArchive {
	/// The archive.
	pub id: ArchiveId,
	/// Its shape.
	pub layout: Layout,
	/// How many of its values each backend lists, in shard order; `None` for one that does not answer.
	pub values: Vec<Option<u64>>,
}

/// What healing an archive found and did.
#[derive(Debug, Default)]
pub struct ArchiveHealing {
	/// Values that backends did not have.
	pub missing_values: u64,
	/// Values with leaves that do not verify.
	pub damaged_values: u64,
	/// Leaves that were read and verified.
	pub verified_leaves: u64,
	/// Missing values that were put back.
	pub rebuilt_values: u64,
	/// Their bytes.
	pub rebuilt_bytes: u64,
	/// Damaged values that were put back in place.
	pub mended_values: u64,
	/// Nodes that do not answer, and why.
	pub unreachable: Vec<(u32, BackendError)>,
}

impl Dataset {
	/// The archives of this dataset that any backend has values of. Asks each backend for all of its keys.
	pub async fn archives(&self) -> Result<Vec<StoredArchive>, DispersalError> {
		let total = self.pipeline.total();
		let counts = join_all((0..total).map(|shard| self.count_archive_values(shard))).await;
		let mut found: BTreeMap<[u8; 32], Vec<Option<u64>>> = BTreeMap::new();
		let answers: Vec<bool> = counts.iter().map(Result::is_ok).collect();
		for (shard, counts) in counts.into_iter().enumerate() {
			for (id, count) in counts.unwrap_or_default() {
				let none = || answers.iter().map(|answers| answers.then_some(0)).collect();
				if let Some(slot) = found.entry(id).or_insert_with(none).get_mut(shard) {
					*slot = Some(count);
				}
			}
		}
		let stored = found.into_iter().filter_map(|(bytes, values)| {
			let (id, layout) = self.archive(&bytes)?;
			Some(StoredArchive { id, layout, values })
		});
		Ok(stored.collect())
	}

	async fn count_archive_values(
		&self,
		shard: usize,
	) -> Result<BTreeMap<[u8; 32], u64>, DispersalError> {
		let (mut counts, mut cursor) = (BTreeMap::new(), None);
		while let Some((next, entries)) = self.scan_page(shard, cursor).await? {
			for id in entries.iter().filter_map(|entry| ArchiveId::of_value_key(&entry.key)) {
				*counts.entry(id).or_insert(0) += 1;
			}
			cursor = Some(next);
		}
		Ok(counts)
	}

	/// Finds out what the backends that answer lack of an archive and puts it back. With `verify` every leaf is read, otherwise only whether values are there
	/// is asked. If anything is lacking the archive is read into this directory, which must be empty: see [`Dataset::open_archive`].
	///
	/// May be cut off at any time and begun again. The logs grow: record checkpoints afterwards.
	pub async fn heal_archive(
		&self,
		id: ArchiveId,
		verify: bool,
		bytes_per_second: Option<u64>,
		dir: &Path,
		progress: Progress<'_>,
	) -> Result<ArchiveHealing, DispersalError> {
		let (_, layout) = self.archive(id.as_bytes()).ok_or(DispersalError::NoArchive { id })?;
		let mut healing = ArchiveHealing::default();
		let (mut readable, mut writable) = (Vec::new(), Vec::new());
		for (shard, outcome) in self.load_reachable_logs().await.into_iter().enumerate() {
			match outcome {
				Ok(()) => {
					readable.push(shard);
					writable.push(shard);
				},
				// Damage keeps its log closed; what is damaged may be mended.
				Err(BackendError::Refused(_)) => readable.push(shard),
				Err(error) => healing.unreachable.push((self.pipeline.node(shard), error)),
			}
		}
		let mut wanting = Vec::new();
		for found in self.survey_archive(id, layout, &readable, verify, progress).await? {
			if let Some(error) = found.error {
				healing.unreachable.push((self.pipeline.node(found.shard), error));
				continue;
			}
			healing.verified_leaves += if verify { found.good } else { 0 };
			for value in 0..layout.values() {
				let is_damaged = found.damaged.has(value as u64);
				healing.damaged_values += u64::from(is_damaged);
				let is_missing = !found.held.has(value as u64);
				healing.missing_values += u64::from(is_missing);
				if is_damaged || is_missing && writable.contains(&found.shard) {
					wanting.push((found.shard, value, is_damaged));
				}
			}
		}
		if !wanting.is_empty() {
			self.put_archive_back(id, wanting, bytes_per_second, dir, &mut healing, progress)
				.await?;
		}
		Ok(healing)
	}

	/// What the backends that can be read have of an archive.
	async fn survey_archive(
		&self,
		id: ArchiveId,
		layout: Layout,
		readable: &[usize],
		verify: bool,
		progress: Progress<'_>,
	) -> Result<Vec<Found>, DispersalError> {
		let (all, done) = ((readable.len() * layout.values()) as u64, AtomicU64::new(0));
		let tick = || progress("surveying", done.fetch_add(1, Ordering::Relaxed), all);
		let surveys = readable.iter().map(|shard| async {
			match verify {
				true => self.read_column(id, layout, *shard, None, &tick).await,
				false => self.held_values(id, layout, *shard).await,
			}
		});
		try_join_all(surveys).await
	}

	async fn held_values(
		&self,
		id: ArchiveId,
		layout: Layout,
		shard: usize,
	) -> Result<Found, DispersalError> {
		let marks = || Marks::new(layout.values() as u64);
		let mut found = Found { shard, held: marks(), damaged: marks(), good: 0, error: None };
		for first in (0..layout.values()).step_by(ASKED) {
			let numbers = first..layout.values().min(first + ASKED);
			let keys: Vec<Vec<u8>> = numbers.clone().map(|number| id.value_key(number)).collect();
			let held = match self.held(shard, &keys).await {
				Err(DispersalError::Backend { source, .. }) => {
					found.error = Some(source);
					break;
				},
				held => held?,
			};
			for (number, is_held) in numbers.zip(held) {
				if is_held {
					found.held.set(number as u64);
				}
			}
		}
		Ok(found)
	}

	/// Reads the archive and writes those values anew: `(shard, value, whether it is there but damaged)`.
	async fn put_archive_back(
		&self,
		id: ArchiveId,
		wanting: Vec<(usize, usize, bool)>,
		bytes_per_second: Option<u64>,
		dir: &Path,
		healing: &mut ArchiveHealing,
		progress: Progress<'_>,
	) -> Result<(), DispersalError> {
		let spool = Arc::new(self.restore(id, dir, progress).await?);
		self.complete(&spool, progress).await?;
		let layout = spool.layout;
		let _writing = self.writing.lock().await;
		let missing: Vec<Marks> =
			(0..layout.total_shards()).map(|_| Marks::new(layout.values() as u64)).collect();
		for (shard, value, is_damaged) in wanting {
			if !is_damaged {
				if let Some(marks) = missing.get(shard) {
					marks.set(value as u64);
					healing.rebuilt_values += 1;
				}
				continue;
			}
			let (spool, column) = (spool.clone(), self.column(id, layout, shard)?);
			let making = move || make_value(&spool, &column, shard, value);
			let bytes = joined(tokio::task::spawn_blocking(making).await)?;
			if self.mend(shard, &id.value_key(value), &bytes).await? {
				healing.mended_values += 1;
			}
		}
		let is_wanted = |shard: usize, value: usize| {
			missing.get(shard).is_some_and(|marks| marks.has(value as u64))
		};
		healing.rebuilt_bytes =
			self.append_archive(id, spool, is_wanted, bytes_per_second, progress).await?;
		Ok(())
	}
}
