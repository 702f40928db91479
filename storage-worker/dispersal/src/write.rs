//! Storing: known objects are skipped, the rest is sealed on all cores and appended to all logs in one order.

use crate::{
	codec::Naming,
	dataset::ObjectId,
	gather::{Batch, Wanted},
	opening::Good,
	resp::Reply,
	BackendError, Dataset, DispersalError, Pipeline,
};
use futures::{
	future::{try_join, try_join_all},
	stream::{self, FuturesOrdered, Stream, StreamExt},
};
use granary_por::Hash;
use granary_prover::{append, leaf_hashes};
use std::{collections::HashSet, sync::Arc};
use tokio::sync::mpsc;

/// Objects that are sealed at once.
const SEALING: usize = 8;
/// Bytes of objects that one task computes the ids of.
const NAMED_BYTES: usize = 4 << 20;
/// Objects that wait for a backend, and shards that it has not acknowledged yet: with objects of 4 MiB at most this bounds memory.
const QUEUED: usize = 4;
const UNANSWERED: usize = 8;

/// What an append-only namespace says of a key that it has.
const KEY_EXISTS: &str = "protected by worm mode";

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

/// A value on its way to a node's log, and the hashes of its leaves there.
pub(crate) struct Value {
	pub(crate) bytes: Vec<u8>,
	leaves: Vec<Hash>,
}

/// The values under one key that are to be written, in shard order.
pub(crate) struct Sealed {
	pub(crate) key: Vec<u8>,
	pub(crate) values: Vec<Option<Value>>,
}

impl Sealed {
	/// Hashing leaves takes longer than coding, so it is done where the coding is.
	pub(crate) fn new(key: Vec<u8>, values: Vec<Option<Vec<u8>>>) -> Self {
		let hash = |bytes: Vec<u8>| Value { leaves: leaf_hashes(&bytes), bytes };
		Self { key, values: values.into_iter().map(|value| value.map(hash)).collect() }
	}

	fn value(&self, shard: usize) -> Option<&Value> {
		self.values.get(shard)?.as_ref()
	}
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
				new.push((id, object, missing));
			} else {
				report.known_objects += 1;
			}
		}
		report.new_objects = new.len() as u64;
		let sealing =
			new.into_iter().map(|(id, object, missing)| self.seal(id, object, naming, missing));
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

	/// The values that are missing. Of an object that is partly there they are made from the shards that are: should another version of the compression have
	/// written those, its own would not fit to them.
	async fn seal(
		&self,
		id: ObjectId,
		object: Vec<u8>,
		naming: Naming,
		missing: Vec<bool>,
	) -> Result<Sealed, DispersalError> {
		let wanted: Vec<usize> = (0..missing.len())
			.filter(|shard| missing.get(*shard).copied().unwrap_or(false))
			.collect();
		let present = missing.len() - wanted.len();
		if present >= self.pipeline.data() {
			match self.rebuild(id, wanted).await {
				// What is there is damaged: then only a sealing of its own can complete it.
				Err(error @ DispersalError::TooFewShards { .. }) => {
					tracing::warn!(%error, "sealing an object anew that is there already");
				},
				rebuilt => return rebuilt,
			}
		}
		let pipeline = self.pipeline.clone();
		tokio::task::spawn_blocking(move || {
			let is_wanted = |shard| missing.get(shard).copied().unwrap_or(false);
			Ok(Sealed::new(id.to_vec(), pipeline.shards_where(&id, &object, naming, is_wanted)?))
		})
		.await
		.map_err(|error| DispersalError::Task(error.to_string()))?
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

	/// Appends the shards of objects as they come, in one order on each backend; no backend waits for another as long as it is not far behind.
	/// Returns the bytes that were written.
	pub(crate) async fn append(
		&self,
		objects: impl Stream<Item = Result<Sealed, DispersalError>>,
	) -> Result<u64, DispersalError> {
		let (feeds, queues): (Vec<_>, Vec<_>) =
			self.links.iter().map(|_| mpsc::channel(QUEUED)).unzip();
		let feeding = async move {
			tokio::pin!(objects);
			while let Some(object) = objects.next().await {
				let object = Arc::new(object?);
				for feed in &feeds {
					// A queue that is gone belongs to a backend that failed, and its error ends this.
					let _ = feed.send(object.clone()).await;
				}
			}
			Ok(())
		};
		let queues = queues.into_iter().enumerate();
		let writing = try_join_all(queues.map(|(shard, queue)| self.append_to(shard, queue)));
		let ((), stored) = try_join(feeding, writing).await?;
		Ok(stored.into_iter().sum())
	}

	/// Writes one backend's shards of the objects that come out of a queue.
	async fn append_to(
		&self,
		shard: usize,
		mut queue: mpsc::Receiver<Arc<Sealed>>,
	) -> Result<u64, DispersalError> {
		let Some(link) = self.links.get(shard) else { return Ok(0) };
		let (mut stored, mut waiting, mut is_open) = (0, FuturesOrdered::new(), true);
		while is_open || !waiting.is_empty() {
			tokio::select! {
				object = queue.recv(), if is_open && waiting.len() < UNANSWERED => {
					let Some(object) = object else {
						is_open = false;
						continue;
					};
					let Some(value) = object.value(shard) else { continue };
					let begun = link.begin(&[b"SET", &object.key, &value.bytes]).await;
					let begun = begun.map_err(|error| self.failed(shard, error))?;
					waiting.push_back(async move { (object, link.finish_noting(begun).await) });
				},
				Some((object, answer)) = waiting.next() => {
					let answered = match answer {
						Ok((reply, true)) => self.appended_once(shard, &object, reply).await,
						Ok((reply, false)) => reply,
						Err(error) => Err(error),
					};
					stored += self.appended(shard, &object, answered)?;
				},
			}
		}
		Ok(stored)
	}

	/// What a value's reply means that was sent twice because the first reply was lost: the backend may say that it has the key, and if what it has
	/// is the value, then the first sending appended it, in its turn.
	async fn appended_once(
		&self,
		shard: usize,
		object: &Sealed,
		reply: Result<Reply, BackendError>,
	) -> Result<Reply, BackendError> {
		let (Some(link), Some(value)) = (self.links.get(shard), object.value(shard)) else {
			return reply;
		};
		match &reply {
			Ok(Reply::Nil) => {},
			Err(BackendError::Refused(text)) if text.contains(KEY_EXISTS) => {},
			_ => return reply,
		}
		match link.call(&[b"GET", &object.key]).await? {
			Reply::Bulk(held) if held == value.bytes => Ok(Reply::Bulk(object.key.clone())),
			_ => reply,
		}
	}

	/// Takes note of a value that a backend has appended.
	fn appended(
		&self,
		shard: usize,
		object: &Sealed,
		reply: Result<Reply, BackendError>,
	) -> Result<u64, DispersalError> {
		match reply.map_err(|error| self.failed(shard, error))? {
			Reply::Bulk(_) | Reply::Simple(_) => {},
			odd => {
				// Nil: the backend had the value, though not when it was asked. Then its log is not the one computed here.
				let text = format!("SET answered {odd:?}: somebody else writes to this namespace");
				return Err(self.failed(shard, BackendError::Protocol(text)));
			},
		}
		let Some(value) = object.value(shard) else { return Ok(0) };
		if let Some(Some(peaks)) = self.logs_lock().get_mut(shard) {
			append(peaks, &value.leaves);
		}
		Ok(value.bytes.len() as u64)
	}
}
