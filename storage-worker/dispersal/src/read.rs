//! Reading: any k shards that verify, from whichever backends answer first.

use crate::{
	dataset::ObjectId, health::count, resp::Reply, shard::Place, BackendError, Dataset,
	DispersalError,
};
use futures::stream::{FuturesUnordered, StreamExt};

/// What one backend said about one shard.
enum Found {
	Shard(u32, Vec<u8>),
	Missing,
	Damaged,
	Failed(BackendError),
}

impl Dataset {
	/// Reads an object. Missing, damaged and unreachable shards are recorded ([`Dataset::health`]) and made up for by others.
	pub async fn get(&self, id: ObjectId) -> Result<Vec<u8>, DispersalError> {
		let mut order: Vec<usize> = (0..self.links.len()).collect();
		// Data shards first: they need no decoding; backends that just failed last.
		order.sort_by_key(|shard| self.links.get(*shard).is_some_and(|link| link.is_down()));
		let mut waiting = order.into_iter();
		let mut asked: FuturesUnordered<_> = waiting
			.by_ref()
			.take(self.geometry.data + self.extra_reads)
			.map(|shard| self.fetch(shard, id))
			.collect();
		let mut shards: Vec<Option<Vec<u8>>> = vec![None; self.geometry.total];
		let mut sealed_len = None;
		let (mut found, mut damaged) = (0, 0);
		let mut reasons = Vec::new();
		while let Some((shard, answer)) = asked.next().await {
			match answer? {
				Found::Shard(len, body) if *sealed_len.get_or_insert(len) == len => {
					if let Some(slot) = shards.get_mut(shard) {
						*slot = Some(body);
						found += 1;
					}
					if found == self.geometry.data {
						return self.open(id, shards, len).await;
					}
					continue;
				},
				Found::Shard(..) | Found::Damaged => {
					damaged += 1;
					reasons.push(format!("shard {shard} is damaged"));
				},
				Found::Missing => reasons.push(format!("shard {shard} is missing")),
				Found::Failed(error) => {
					reasons.push(format!("{}", self.failed(shard, error)));
				},
			}
			asked.extend(waiting.next().map(|shard| self.fetch(shard, id)));
		}
		if found == 0 && damaged >= self.geometry.data {
			return Err(DispersalError::WrongKey { id });
		}
		let needed = self.geometry.data;
		Err(DispersalError::TooFewShards { id, found, needed, reasons: reasons.join("; ") })
	}

	/// Asks a backend for its shard and checks it.
	async fn fetch(&self, shard: usize, id: ObjectId) -> (usize, Result<Found, DispersalError>) {
		let (Some(link), Some(counters)) = (self.links.get(shard), self.health.get(shard)) else {
			return (shard, Ok(Found::Missing));
		};
		let found = match link.call(&[b"GET", &id]).await {
			Ok(Reply::Bulk(value)) => {
				let place = Place {
					key: self.codec.key(),
					node: link.backend.node,
					id: &id,
					data: self.geometry.data as u8,
					total: self.geometry.total as u8,
					index: shard as u8,
				};
				match place.unwrap(&value) {
					Ok(Some((len, body))) => Found::Shard(len, body),
					Ok(None) => Found::Damaged,
					Err(error) => return (shard, Err(error)),
				}
			},
			Ok(Reply::Nil) => Found::Missing,
			Ok(other) => Found::Failed(BackendError::Protocol(format!("GET answered {other:?}"))),
			// A record that the node itself found damaged is one more lost shard.
			Err(error) => Found::Failed(error),
		};
		count(match &found {
			Found::Shard(..) => &counters.ok,
			Found::Missing => &counters.missing,
			Found::Damaged | Found::Failed(BackendError::Refused(_)) => &counters.damaged,
			Found::Failed(_) => &counters.unreachable,
		});
		(shard, Ok(found))
	}

	async fn open(
		&self,
		id: ObjectId,
		shards: Vec<Option<Vec<u8>>>,
		sealed_len: u32,
	) -> Result<Vec<u8>, DispersalError> {
		let (codec, geometry) = (self.codec.clone(), self.geometry.clone());
		let task = tokio::task::spawn_blocking(move || {
			let sealed = geometry.decode(shards, sealed_len as usize)?;
			codec.open(&id, &sealed)
		});
		task.await.map_err(|error| DispersalError::Task(error.to_string()))?
	}
}
