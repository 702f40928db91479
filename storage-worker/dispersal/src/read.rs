//! Reading: objects, opened, from any k of their shards that verify.

use crate::{
	dataset::ObjectId,
	gather::{Batch, Wanted},
	link::Link,
	opening::Good,
	resp::Reply,
	BackendError, Dataset, DispersalError, Pipeline,
};
use futures::stream::{self, Stream, StreamExt};
use std::{sync::Arc, time::Duration};

/// A backend is slow if its mean is so many times the middle one's, and by more than this.
const SLOWER: u32 = 2;
const SLOWER_BY: Duration = Duration::from_millis(5);
/// Nobody is asked for help earlier than this: on one machine an answer takes less than a scheduler's whim.
const HEDGE_MIN: Duration = Duration::from_millis(10);
/// Objects that are read together; more of them are read in turns.
const TOGETHER_MAX: usize = 256;

/// What one backend said about one shard.
pub(crate) enum Found {
	Good,
	Missing,
	Damaged,
	Failed(BackendError),
}

fn open(pipeline: &Pipeline, _: usize, good: Good) -> Result<Vec<u8>, DispersalError> {
	pipeline.open(&good.id, good.shards, good.sealed_len)
}

impl Dataset {
	/// Reads an object. Missing, damaged and unreachable shards are recorded ([`Dataset::health`]) and made up for by others.
	pub async fn get(&self, id: ObjectId) -> Result<Vec<u8>, DispersalError> {
		let wanted = vec![Wanted { id, except: Vec::new() }];
		let read = Batch::new(self, wanted, Arc::new(open)).next().await;
		read.map_or_else(|| Err(DispersalError::Task("no outcome".to_owned())), |(_, read)| read)
	}

	/// Reads objects, each handed over as soon as it is complete, in any order, each once for each time it is named. A backend gets one request for up
	/// to 256 of them, so that small objects cost little more than their bytes; whoever asks for many bounds their bytes, since all of them may
	/// be in memory at once.
	pub fn get_many(
		&self,
		ids: Vec<ObjectId>,
	) -> impl Stream<Item = (ObjectId, Result<Vec<u8>, DispersalError>)> + Send + '_ {
		let turns: Vec<Vec<ObjectId>> = ids.chunks(TOGETHER_MAX).map(<[_]>::to_vec).collect();
		stream::iter(turns).flat_map(move |ids| {
			let wanted = ids.iter().map(|id| Wanted { id: *id, except: Vec::new() }).collect();
			let batch = Batch::new(self, wanted, Arc::new(open));
			stream::unfold((batch, ids), |(mut batch, ids)| async move {
				let (place, read) = batch.next().await?;
				let id = ids.get(place).copied()?;
				Some(((id, read), (batch, ids)))
			})
		})
	}

	/// Whom to ask in which order.
	pub(crate) fn order_of_backends(&self) -> Vec<usize> {
		self.plan().0
	}

	/// Whom to ask in which order, and when to ask more. Data shards come first, since they need no decoding; backends that are much slower
	/// than the others come later, those that just failed or kept us waiting last.
	pub(crate) fn plan(&self) -> (Vec<usize>, Duration) {
		let means: Vec<Option<Duration>> =
			self.links.iter().map(|link| link.latency.mean()).collect();
		let mut known: Vec<Duration> = means.iter().flatten().copied().collect();
		known.sort_unstable();
		let middle = known.get(known.len() / 2).copied();
		let is_slow = |shard: usize| {
			let mean = means.get(shard).copied().flatten();
			mean.zip(middle).is_some_and(|(mean, middle)| mean > middle * SLOWER + SLOWER_BY)
		};
		let mut order: Vec<usize> = (0..self.links.len()).collect();
		order.sort_by_key(|shard| {
			(self.links.get(*shard).is_some_and(Link::is_avoided), is_slow(*shard))
		});
		let asked = order.iter().take(self.pipeline.data() + self.extra_reads);
		let limits = asked.map(|shard| self.links.get(*shard)?.latency.usual_limit());
		// While one of them is unknown nothing can be said.
		let usual = limits.collect::<Option<Vec<_>>>().and_then(|limits| limits.into_iter().max());
		let hedge_after =
			usual.map_or(self.hedge_after, |usual| usual.max(HEDGE_MIN).min(self.hedge_after));
		(order, hedge_after)
	}

	/// Asks a backend for its shards of some objects and checks each of them.
	pub(crate) async fn fetch_many(
		&self,
		shard: usize,
		ids: &[ObjectId],
	) -> Result<Vec<Found>, DispersalError> {
		let Some(link) = self.links.get(shard) else {
			return Ok(ids.iter().map(|_| Found::Missing).collect());
		};
		let mut found = Vec::with_capacity(ids.len());
		let requests = ids.iter().map(|id| [b"GET".as_slice(), id]);
		let mut answered = ids.iter();
		let mut error = None;
		match link.begin_many(requests).await {
			Err(failed) => error = Some(failed),
			Ok(mut pending) => {
				while !pending.is_done() && error.is_none() {
					match link.next(&mut pending).await {
						Err(failed) => error = Some(failed),
						Ok(replies) => {
							for (reply, id) in replies.into_iter().zip(answered.by_ref()) {
								found.push(self.look_into(shard, id, reply)?);
							}
						},
					}
				}
			},
		}
		let error =
			error.unwrap_or_else(|| BackendError::Protocol("a reply is missing".to_owned()));
		found.resize_with(ids.len(), || Found::Failed(error.clone()));
		if let Some(counters) = self.health.get(shard) {
			found.iter().for_each(|found| counters.note(found));
		}
		Ok(found)
	}

	fn look_into(
		&self,
		shard: usize,
		id: &ObjectId,
		reply: Reply,
	) -> Result<Found, DispersalError> {
		Ok(match reply {
			Reply::Bulk(value) => match self.pipeline.body(shard, id, value)? {
				Some(_) => Found::Good,
				None => Found::Damaged,
			},
			Reply::Nil => Found::Missing,
			// A record that the node itself found damaged is one more lost shard.
			Reply::Error(text) => Found::Failed(BackendError::Refused(text)),
			other => Found::Failed(BackendError::Protocol(format!("GET answered {other:?}"))),
		})
	}
}
