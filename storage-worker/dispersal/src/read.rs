//! Reading: any k shards that verify, from whichever backends answer first.

use crate::{
	dataset::ObjectId, health::count, link::Link, resp::Reply, shard::Framed, BackendError,
	Dataset, DispersalError,
};
use futures::stream::{FuturesUnordered, StreamExt};
use std::{
	collections::BTreeSet,
	time::{Duration, Instant},
};
use tokio::time::timeout;

/// A backend is slow if its mean is so many times the middle one's, and by more than this.
const SLOWER: u32 = 2;
const SLOWER_BY: Duration = Duration::from_millis(5);
/// Nobody is asked for help earlier than this: on one machine an answer takes less than a scheduler's whim.
const HEDGE_MIN: Duration = Duration::from_millis(10);

/// What one backend said about one shard.
pub(crate) enum Found {
	Shard(u32, Framed),
	Missing,
	Damaged,
	Failed(BackendError),
}

/// What a read has found out so far.
pub(crate) struct Gathered {
	/// The shards that were found, in shard order.
	pub(crate) shards: Vec<Option<Framed>>,
	sealed_len: Option<u32>,
	found: usize,
	damaged: usize,
	silent: usize,
	reasons: Vec<String>,
}

impl Gathered {
	/// The length of what the shards make up.
	pub(crate) fn sealed_len(&self) -> u32 {
		self.sealed_len.unwrap_or_default()
	}

	/// Takes an answer in and says whether it was a shard that can be used.
	fn take(&mut self, shard: usize, answer: Found, dataset: &Dataset) -> bool {
		match answer {
			Found::Shard(len, body) if *self.sealed_len.get_or_insert(len) == len => {
				if let Some(slot) = self.shards.get_mut(shard) {
					*slot = Some(body);
					self.found += 1;
				}
				return true;
			},
			Found::Shard(..) | Found::Damaged => {
				self.damaged += 1;
				self.reasons.push(format!("shard {shard} is damaged"));
			},
			Found::Missing => self.reasons.push(format!("shard {shard} is missing")),
			Found::Failed(error) => {
				self.silent += usize::from(!matches!(error, BackendError::Refused(_)));
				self.reasons.push(dataset.failed(shard, error).to_string());
			},
		}
		false
	}
}

impl Dataset {
	/// Reads an object. Missing, damaged and unreachable shards are recorded ([`Dataset::health`]) and made up for by others.
	pub async fn get(&self, id: ObjectId) -> Result<Vec<u8>, DispersalError> {
		let gathered = self.gather(id, &[]).await?;
		let (sealed_len, shards) = (gathered.sealed_len(), gathered.shards);
		self.open(id, shards, sealed_len).await
	}

	/// Any k shards of an object that verify, from others than those.
	pub(crate) async fn gather(
		&self,
		id: ObjectId,
		except: &[usize],
	) -> Result<Gathered, DispersalError> {
		let (mut order, hedge_after) = self.plan();
		order.retain(|shard| !except.contains(shard));
		let mut others = order.into_iter();
		let mut asked = FuturesUnordered::new();
		let mut silent = BTreeSet::new();
		let mut ask = others.by_ref().take(self.pipeline.data() + self.extra_reads).collect();
		let mut gathered = Gathered {
			shards: vec![None; self.links.len()],
			sealed_len: None,
			found: 0,
			damaged: 0,
			silent: 0,
			reasons: Vec::new(),
		};
		loop {
			let more: Vec<usize> = std::mem::take(&mut ask);
			silent.extend(more.iter().copied());
			asked.extend(more.into_iter().map(|shard| self.fetch(shard, id)));
			let next = if others.len() == 0 {
				// Nobody is left to ask; what is under way has its own time limit.
				asked.next().await
			} else if let Ok(next) = timeout(hedge_after, asked.next()).await {
				next
			} else {
				silent.iter().filter_map(|shard| self.links.get(*shard)).for_each(Link::avoid);
				ask = others.by_ref().take(silent.len()).collect();
				continue;
			};
			let Some((shard, answer)) = next else { break };
			silent.remove(&shard);
			if !gathered.take(shard, answer?, self) {
				ask.extend(others.next());
			} else if gathered.found == self.pipeline.data() {
				return Ok(gathered);
			}
		}
		if gathered.found == 0 && gathered.damaged >= self.pipeline.data() {
			return Err(DispersalError::WrongKey { id });
		}
		Err(DispersalError::TooFewShards {
			id,
			found: gathered.found,
			needed: self.pipeline.data(),
			silent: gathered.silent,
			reasons: gathered.reasons.join("; "),
		})
	}

	/// Whom to ask in which order.
	pub(crate) fn order_of_backends(&self) -> Vec<usize> {
		self.plan().0
	}

	/// Whom to ask in which order, and when to ask more. Data shards come first, since they need no decoding; backends that are much slower
	/// than the others come later, those that just failed or kept us waiting last.
	fn plan(&self) -> (Vec<usize>, Duration) {
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

	/// Asks a backend for its shard and checks it.
	pub(crate) async fn fetch(
		&self,
		shard: usize,
		id: ObjectId,
	) -> (usize, Result<Found, DispersalError>) {
		let (Some(link), Some(counters)) = (self.links.get(shard), self.health.get(shard)) else {
			return (shard, Ok(Found::Missing));
		};
		let asked = Instant::now();
		let answer = link.call(&[b"GET", &id]).await;
		if answer.is_ok() {
			link.latency.observe(asked.elapsed());
		}
		let found = match answer {
			Ok(Reply::Bulk(value)) => match self.pipeline.body(shard, &id, value) {
				Ok(Some((len, body))) => Found::Shard(len, body),
				Ok(None) => Found::Damaged,
				Err(error) => return (shard, Err(error)),
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
		match &found {
			Found::Shard(..) => {},
			Found::Missing => counters.failed("it does not have a shard".to_owned()),
			Found::Damaged => counters.failed("a shard does not verify".to_owned()),
			Found::Failed(error) => counters.failed(error.to_string()),
		}
		(shard, Ok(found))
	}

	async fn open(
		&self,
		id: ObjectId,
		shards: Vec<Option<Framed>>,
		sealed_len: u32,
	) -> Result<Vec<u8>, DispersalError> {
		let pipeline = self.pipeline.clone();
		let task = tokio::task::spawn_blocking(move || pipeline.open(&id, shards, sealed_len));
		task.await.map_err(|error| DispersalError::Task(error.to_string()))?
	}
}
