//! Storing: known objects are skipped, the rest is sealed on all cores and handed over to be appended.

use crate::{
	append::{grouped, Sealed},
	codec::Naming,
	dataset::ObjectId,
	gather::{Batch, Wanted},
	opening::Good,
	resp::Reply,
	BackendError, Dataset, DispersalError, Pipeline,
};
use futures::{
	future::try_join_all,
	stream::{self, StreamExt},
};
use std::{collections::HashSet, sync::Arc};

/// Groups that are sealed at once.
const SEALING: usize = 8;
/// Bytes of objects that one task computes the ids of.
const NAMED_BYTES: usize = 4 << 20;

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

/// An object that not all backends have.
struct New {
	id: ObjectId,
	object: Vec<u8>,
	/// Which of them it is missing on.
	missing: Vec<bool>,
}

impl Dataset {
	/// Stores objects in this order. Success means that every backend acknowledged every shard.
	///
	/// After an error some backends may have appended more than others; that is harmless, since each log is continued from where it is, and an object
	/// counts as known only when all backends have it. Call [`Dataset::load_logs`] before writing again.
	pub async fn put_many(&self, objects: Vec<Vec<u8>>) -> Result<PutReport, DispersalError> {
		let named = self.name_all(objects).await?;
		self.put_identified(named).await
	}

	/// The same for objects with the ids that [`Dataset::object_id`] gave for them. Under any other id an object could never be read again.
	pub async fn put_identified(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> Result<PutReport, DispersalError> {
		let mut seen = HashSet::new();
		let before = objects.len();
		let mut named = objects;
		named.retain(|(id, _)| seen.insert(*id));
		let repeated = before - named.len();
		let mut report = self.put_named(named, Naming::ByContent).await?;
		report.known_objects += repeated as u64;
		Ok(report)
	}

	/// Stores objects under ids that were drawn at random for them, each of which is used once: nobody, not even who can write into the dataset, learns whether
	/// two objects are equal, and equal ones are stored twice. Otherwise as [`Dataset::put_many`].
	pub async fn put_private(
		&self,
		objects: Vec<(ObjectId, Vec<u8>)>,
	) -> Result<PutReport, DispersalError> {
		self.put_named(objects, Naming::Drawn).await
	}

	async fn put_named(
		&self,
		wanted: Vec<(ObjectId, Vec<u8>)>,
		naming: Naming,
	) -> Result<PutReport, DispersalError> {
		let _writing = self.writing.lock().await;
		let mut report = PutReport::default();
		let ids: Vec<ObjectId> = wanted.iter().map(|(id, _)| *id).collect();
		let held = try_join_all((0..self.links.len()).map(|shard| self.held(shard, &ids))).await?;
		let mut new = Vec::new();
		for (at, (id, object)) in wanted.into_iter().enumerate() {
			let missing: Vec<bool> =
				held.iter().map(|held| !held.get(at).copied().unwrap_or(false)).collect();
			if missing.iter().any(|missing| *missing) {
				new.push(New { id, object, missing });
			} else {
				report.known_objects += 1;
			}
		}
		report.new_objects = new.len() as u64;
		let groups = grouped(new, |new| new.object.len());
		let sealing = groups.into_iter().map(|group| self.seal_all(group, naming));
		report.stored_bytes = self.append(stream::iter(sealing).buffered(SEALING)).await?;
		Ok(report)
	}

	/// The ids of objects, computed on all cores.
	async fn name_all(
		&self,
		objects: Vec<Vec<u8>>,
	) -> Result<Vec<(ObjectId, Vec<u8>)>, DispersalError> {
		let (mut parts, mut bytes) = (vec![Vec::new()], 0);
		for object in objects {
			if bytes >= NAMED_BYTES {
				parts.push(Vec::new());
				bytes = 0;
			}
			bytes += object.len();
			if let Some(part) = parts.last_mut() {
				part.push(object);
			}
		}
		let name = |part: Vec<Vec<u8>>| {
			let pipeline = self.pipeline.clone();
			tokio::task::spawn_blocking(move || {
				part.into_iter().map(|object| (pipeline.id(&object), object)).collect::<Vec<_>>()
			})
		};
		let named = try_join_all(parts.into_iter().map(name)).await;
		let named = named.map_err(|error| DispersalError::Task(error.to_string()))?;
		Ok(named.into_iter().flatten().collect())
	}

	/// Which of these keys a backend has.
	pub(crate) async fn held(
		&self,
		shard: usize,
		keys: &[impl AsRef<[u8]>],
	) -> Result<Vec<bool>, DispersalError> {
		let requests = keys.iter().map(|key| [b"EXISTS".as_slice(), key.as_ref()]);
		let replies = self.call_many(shard, requests).await?;
		let held = replies.into_iter().map(|reply| match reply {
			Reply::Integer(count) => Ok(count == 1),
			other => {
				let text = format!("EXISTS answered {other:?}");
				Err(self.failed(shard, BackendError::Protocol(text)))
			},
		});
		held.collect()
	}

	/// Sends requests to a backend together and answers its replies; the first error ends it.
	pub(crate) async fn call_many<'a, const N: usize>(
		&self,
		shard: usize,
		requests: impl ExactSizeIterator<Item = [&'a [u8]; N]>,
	) -> Result<Vec<Reply>, DispersalError> {
		let Some(link) = self.links.get(shard) else { return Ok(Vec::new()) };
		let failed = |error| self.failed(shard, error);
		let mut replies = Vec::with_capacity(requests.len());
		let mut pending = link.begin_many(requests).await.map_err(failed)?;
		while !pending.is_done() {
			for reply in link.next(&mut pending).await.map_err(failed)? {
				match reply {
					Reply::Error(text) => return Err(failed(BackendError::Refused(text))),
					reply => replies.push(reply),
				}
			}
		}
		Ok(replies)
	}

	/// The values that objects miss.
	async fn seal_all(
		&self,
		objects: Vec<New>,
		naming: Naming,
	) -> Result<Vec<Sealed>, DispersalError> {
		let mut sealed = Vec::with_capacity(objects.len());
		let mut whole = Vec::new();
		for new in objects {
			match self.made_whole(&new).await? {
				Some(completed) => {
					sealed.append(&mut self.seal_whole(std::mem::take(&mut whole), naming).await?);
					sealed.push(completed);
				},
				None => whole.push(new),
			}
		}
		sealed.append(&mut self.seal_whole(whole, naming).await?);
		Ok(sealed)
	}

	async fn seal_whole(
		&self,
		objects: Vec<New>,
		naming: Naming,
	) -> Result<Vec<Sealed>, DispersalError> {
		if objects.is_empty() {
			return Ok(Vec::new());
		}
		let pipeline = self.pipeline.clone();
		let seal = move |New { id, object, missing }| {
			let is_wanted = |shard| missing.get(shard).copied().unwrap_or(false);
			Ok(Sealed::new(id.to_vec(), pipeline.shards_where(&id, &object, naming, is_wanted)?))
		};
		tokio::task::spawn_blocking(move || objects.into_iter().map(seal).collect())
			.await
			.map_err(|error| DispersalError::Task(error.to_string()))?
	}

	/// The values that an object misses of which enough others are there, made from those: should another version of the compression have written them, its own
	/// would not fit to them. `None` if the object has to be sealed.
	async fn made_whole(&self, new: &New) -> Result<Option<Sealed>, DispersalError> {
		let missing = new.missing.iter().enumerate().filter(|(_, missing)| **missing);
		let wanted: Vec<usize> = missing.map(|(shard, _)| shard).collect();
		if new.missing.len() - wanted.len() < self.pipeline.data() {
			return Ok(None);
		}
		match self.rebuild(new.id, wanted).await {
			// What is there is damaged: then only a sealing of its own can complete it.
			Err(error @ DispersalError::TooFewShards { .. }) => {
				tracing::warn!(%error, "sealing an object anew that is there already");
				Ok(None)
			},
			rebuilt => rebuilt.map(Some),
		}
	}

	/// Shards of an object, made from others of its.
	async fn rebuild(&self, id: ObjectId, wanted: Vec<usize>) -> Result<Sealed, DispersalError> {
		let rebuilt = self.rebuild_many(vec![(id, wanted)]).await.pop();
		rebuilt.unwrap_or_else(|| Err(DispersalError::Task("no outcome".to_owned())))
	}

	/// Shards of objects, made from others of theirs, in this order.
	pub(crate) async fn rebuild_many(
		&self,
		objects: Vec<(ObjectId, Vec<usize>)>,
	) -> Vec<Result<Sealed, DispersalError>> {
		let wanted = objects.iter().map(|(id, shards)| Wanted { id: *id, except: shards.clone() });
		let wanted: Vec<Wanted> = wanted.collect();
		let mut rebuilt: Vec<_> =
			objects.iter().map(|_| Err(DispersalError::Task("no outcome".to_owned()))).collect();
		let finish = move |pipeline: &Pipeline, place: usize, good: Good| {
			let shards = objects.get(place).map(|(_, shards)| shards.as_slice());
			let shards = shards.unwrap_or_default();
			let values = pipeline.rebuild(&good.id, good.shards, good.sealed_len, shards)?;
			Ok(Sealed::new(good.id.to_vec(), values))
		};
		let mut batch = Batch::new(self, wanted, Arc::new(finish));
		while let Some((place, outcome)) = batch.next().await {
			if let Some(slot) = rebuilt.get_mut(place) {
				*slot = outcome;
			}
		}
		rebuilt
	}
}
