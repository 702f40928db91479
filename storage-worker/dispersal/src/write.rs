//! Storing: known objects are skipped, the rest is sealed on all cores and appended to all logs in one order.

use crate::{dataset::ObjectId, resp::Reply, BackendError, Dataset, DispersalError};
use futures::{
	future::try_join_all,
	stream::{self, StreamExt},
};
use std::collections::{HashSet, VecDeque};

/// Objects that are sealed at once.
const SEALING: usize = 8;

/// What a call to [`Dataset::put_many`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PutReport {
	/// Bytes of the shards that were written, over all backends.
	pub stored_bytes: u64,
	/// Objects that were written.
	pub new_objects: u64,
	/// Objects that all backends had already.
	pub known_objects: u64,
}

/// The values of one object that are to be written, in shard order.
pub(crate) struct Sealed {
	pub(crate) id: ObjectId,
	pub(crate) values: Vec<Option<Vec<u8>>>,
}

impl Dataset {
	/// Stores objects in this order. Success means that every backend acknowledged every shard.
	///
	/// After an error some backends may have appended more than others; that is harmless, since each log is continued from where it is, and an object
	/// counts as known only when all backends have it. Call [`Dataset::load_logs`] before writing again.
	pub async fn put_many(&self, objects: Vec<Vec<u8>>) -> Result<PutReport, DispersalError> {
		let _writing = self.writing.lock().await;
		let mut seen = HashSet::new();
		let mut report = PutReport::default();
		let mut wanted = Vec::new();
		for object in objects {
			let id = self.object_id(&object);
			if seen.insert(id) {
				wanted.push((id, object));
			} else {
				report.known_objects += 1;
			}
		}
		let ids: Vec<ObjectId> = wanted.iter().map(|(id, _)| *id).collect();
		let held = try_join_all((0..self.links.len()).map(|shard| self.held(shard, &ids))).await?;
		let mut new = Vec::new();
		for (at, (id, object)) in wanted.into_iter().enumerate() {
			let missing: Vec<bool> =
				held.iter().map(|held| !held.get(at).copied().unwrap_or(false)).collect();
			if missing.iter().any(|missing| *missing) {
				new.push((id, object, missing));
			} else {
				report.known_objects += 1;
			}
		}
		report.new_objects = new.len() as u64;
		let mut sealing = stream::iter(
			new.into_iter()
				.map(|(id, object, missing)| async move { self.seal(id, object, missing).await }),
		)
		.buffered(SEALING);
		let mut batch = Vec::new();
		while let Some(sealed) = sealing.next().await {
			batch.push(sealed?);
			if batch.len() >= 4 * SEALING {
				report.stored_bytes += self.append(std::mem::take(&mut batch)).await?;
			}
		}
		drop(sealing);
		report.stored_bytes += self.append(batch).await?;
		Ok(report)
	}

	/// Which of these objects a backend has.
	pub(crate) async fn held(
		&self,
		shard: usize,
		ids: &[ObjectId],
	) -> Result<Vec<bool>, DispersalError> {
		let requests = ids.iter().map(|id| [b"EXISTS".as_slice(), id]);
		let replies = self.pipeline(shard, requests).await?;
		let held = replies.into_iter().map(|reply| match reply {
			Reply::Integer(count) => Ok(count == 1),
			other => {
				let text = format!("EXISTS answered {other:?}");
				Err(self.failed(shard, BackendError::Protocol(text)))
			},
		});
		held.collect()
	}

	/// Sends requests to a backend in this order and answers its replies; the first error ends it.
	pub(crate) async fn pipeline<'a, const N: usize>(
		&self,
		shard: usize,
		requests: impl ExactSizeIterator<Item = [&'a [u8]; N]>,
	) -> Result<Vec<Reply>, DispersalError> {
		let Some(link) = self.links.get(shard) else { return Ok(Vec::new()) };
		if requests.len() == 0 {
			return Ok(Vec::new());
		}
		let failed = |error| self.failed(shard, error);
		let mut pending = VecDeque::with_capacity(requests.len());
		for request in requests {
			pending.push_back(link.begin(&request).await.map_err(failed)?);
		}
		let mut replies = Vec::with_capacity(pending.len());
		while let Some(next) = pending.pop_front() {
			replies.push(link.finish(next).await.map_err(failed)?);
		}
		Ok(replies)
	}

	async fn seal(
		&self,
		id: ObjectId,
		object: Vec<u8>,
		missing: Vec<bool>,
	) -> Result<Sealed, DispersalError> {
		let pipeline = self.pipeline.clone();
		tokio::task::spawn_blocking(move || {
			let values = pipeline.shards(&id, &object)?.into_iter().zip(missing);
			let values = values.map(|(value, missing)| missing.then_some(value)).collect();
			Ok(Sealed { id, values })
		})
		.await
		.map_err(|error| DispersalError::Task(error.to_string()))?
	}

	/// Appends the shards of some objects, in order on each backend.
	pub(crate) async fn append(&self, batch: Vec<Sealed>) -> Result<u64, DispersalError> {
		let batch = &batch;
		let stored = try_join_all((0..self.links.len()).map(|shard| self.append_to(shard, batch)));
		Ok(stored.await?.into_iter().sum())
	}

	async fn append_to(&self, shard: usize, batch: &[Sealed]) -> Result<u64, DispersalError> {
		let values: Vec<(&ObjectId, &Vec<u8>)> = batch
			.iter()
			.filter_map(|sealed| Some((&sealed.id, sealed.values.get(shard)?.as_ref()?)))
			.collect();
		let requests =
			values.iter().map(|(id, value)| [b"SET".as_slice(), id.as_slice(), value.as_slice()]);
		let replies = self.pipeline(shard, requests).await?;
		if let Some(odd) =
			replies.iter().find(|reply| !matches!(reply, Reply::Bulk(_) | Reply::Simple(_)))
		{
			// Nil: the backend had the value, though not when it was asked. Then its log is not the one computed here.
			let text = format!("SET answered {odd:?}: somebody else writes to this namespace");
			return Err(self.failed(shard, BackendError::Protocol(text)));
		}
		let mut stored = 0;
		for (_, value) in values {
			stored += value.len() as u64;
			if let Some(Some(peaks)) = self.logs_lock().get_mut(shard) {
				peaks.push_value(value);
			}
		}
		Ok(stored)
	}
}
