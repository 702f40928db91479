//! Appending: the values of sealed objects, to all logs in one order.

use crate::{
	link::{Link, PendingMany},
	outstanding::Came,
	resp::Reply,
	BackendError, Dataset, DispersalError,
};
use futures::{
	future::{try_join, try_join_all},
	stream::{FuturesOrdered, Stream, StreamExt},
};
use granary_por::Hash;
use granary_prover::{append, leaf_hashes};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Small objects are sealed, sent and acknowledged together, until they have so many bytes.
const GROUP_BYTES: usize = 1 << 20;
/// Groups that wait for a backend, and those whose shards it has not acknowledged yet: with objects of 4 MiB at most this bounds memory.
const QUEUED: usize = 4;
const UNANSWERED: usize = 8;

/// What an append-only namespace says of a key that it has.
const KEY_EXISTS: &str = "protected by worm mode";

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

	/// Bytes of all values.
	fn bytes(&self) -> usize {
		self.values.iter().flatten().map(|value| value.bytes.len()).sum()
	}
}

/// What is taken together of things in their order.
pub(crate) fn grouped<T>(
	things: impl IntoIterator<Item = T>,
	bytes: impl Fn(&T) -> usize,
) -> Vec<Vec<T>> {
	let (mut groups, mut group_bytes) = (Vec::<Vec<T>>::new(), 0);
	for thing in things {
		group_bytes += bytes(&thing);
		match groups.last_mut().filter(|_| group_bytes <= GROUP_BYTES) {
			Some(group) => group.push(thing),
			None => {
				group_bytes = bytes(&thing);
				groups.push(vec![thing]);
			},
		}
	}
	groups
}

/// The same with what was sealed already.
pub(crate) fn grouped_sealed(objects: Vec<Sealed>) -> Vec<Vec<Sealed>> {
	grouped(objects, Sealed::bytes)
}

impl Dataset {
	/// Appends the shards of groups of objects as they come, in one order on each backend; no backend waits for another as long as it is not far behind.
	/// Returns the bytes that were written.
	pub(crate) async fn append(
		&self,
		groups: impl Stream<Item = Result<Vec<Sealed>, DispersalError>>,
	) -> Result<u64, DispersalError> {
		let (feeds, queues): (Vec<_>, Vec<_>) =
			self.links.iter().map(|_| mpsc::channel(QUEUED)).unzip();
		let feeding = async move {
			tokio::pin!(groups);
			while let Some(group) = groups.next().await {
				let group = Arc::new(group?);
				for feed in &feeds {
					// A queue that is gone belongs to a backend that failed, and its error ends this.
					let _ = feed.send(group.clone()).await;
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
		mut queue: mpsc::Receiver<Arc<Vec<Sealed>>>,
	) -> Result<u64, DispersalError> {
		let Some(link) = self.links.get(shard) else { return Ok(0) };
		let (mut stored, mut waiting, mut is_open) = (0, FuturesOrdered::new(), true);
		while is_open || !waiting.is_empty() {
			tokio::select! {
				group = queue.recv(), if is_open && waiting.len() < UNANSWERED => {
					let Some(group) = group else {
						is_open = false;
						continue;
					};
					let values = group.iter().filter_map(|object| Some((&object.key, object.value(shard)?)));
					let requests: Vec<_> =
						values.map(|(key, value)| [b"SET".as_slice(), key, &value.bytes]).collect();
					if requests.is_empty() {
						continue;
					}
					let begun = link.begin_many(requests.into_iter()).await;
					let begun = begun.map_err(|error| self.failed(shard, error))?;
					waiting.push_back(async move { (group, all_replies(link, begun).await) });
				},
				Some((group, (replies, failure))) = waiting.next() => {
					let objects = group.iter().filter(|object| object.value(shard).is_some());
					for (object, (reply, is_repeated)) in objects.zip(replies) {
						let answered = match (reply, is_repeated) {
							(reply, true) => self.appended_once(shard, object, reply).await,
							(reply, false) => reply,
						};
						stored += self.appended(shard, object, answered)?;
					}
					if let Some(error) = failure {
						return Err(self.failed(shard, error));
					}
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

/// A reply, and whether its request was sent more than once.
type Noted = (Result<Reply, BackendError>, bool);

/// The replies to requests that went out together, and what kept the rest from coming.
async fn all_replies(link: &Link, mut pending: PendingMany) -> (Vec<Noted>, Option<BackendError>) {
	let mut noted = Vec::new();
	while !pending.is_done() {
		let Came { replies, is_repeated } = match link.next_noting(&mut pending).await {
			Ok(came) => came,
			Err(error) => return (noted, Some(error)),
		};
		noted.extend(replies.into_iter().map(|reply| match reply {
			Reply::Error(text) => (Err(BackendError::Refused(text)), is_repeated),
			reply => (Ok(reply), is_repeated),
		}));
	}
	(noted, None)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn small_things_go_together_and_large_ones_alone() {
		let sizes = [GROUP_BYTES / 2, GROUP_BYTES / 2, 1, GROUP_BYTES, 0, GROUP_BYTES * 4, 5, 6];
		let groups = grouped(sizes, |size| *size);
		assert_eq!(groups.concat(), sizes, "in their order");
		let lengths: Vec<usize> = groups.iter().map(Vec::len).collect();
		assert_eq!(lengths, [2, 1, 2, 1, 2]);
		assert!(grouped([], |size: &usize| *size).is_empty());
	}
}
