//! Bringing many chunks together: the store is asked for them at once, and the cache is filled where that may take its time.

use crate::{
	fetch::{Chunk, Claim, Fetcher},
	ObjectId,
};
use futures::stream::{self, StreamExt};
use std::{
	collections::{HashMap, VecDeque},
	future::ready,
	sync::{atomic::Ordering, Arc},
};
use tokio::task::JoinHandle;

/// Objects that the store is asked for together, and their bytes as far as they are known.
pub(crate) const TOGETHER_OBJECTS: usize = 64;
pub(crate) const TOGETHER_BYTES: usize = 2 << 20;
/// Groups of them that one caller has under way.
const GROUPS: usize = 2;
/// Bytes of chunks that are put into the cache by one task, and how many of these may be behind.
const KEEPING_BYTES: usize = 512 << 10;
const KEEPING_TASKS: usize = 2;

/// When chunks that are brought are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
	/// A read waits for them.
	Now,
	/// A read will probably come to them.
	Soon,
	/// They shall be in the cache.
	Later,
}

impl Fetcher {
	/// Brings claimed chunks from the store together, into the cache and, where somebody wants them now, into memory first. Answers how many were brought
	/// and their bytes.
	pub(crate) async fn bring(
		self: &Arc<Self>,
		claimed: Vec<(Claim, Chunk)>,
		purpose: Purpose,
	) -> (u64, u64) {
		let mut groups: Vec<Vec<(Claim, Chunk)>> = Vec::new();
		let mut bytes = 0;
		for (claim, chunk) in claimed {
			let has_room = |group: &&mut Vec<_>| group.len() < TOGETHER_OBJECTS;
			match groups.last_mut().filter(has_room).filter(|_| bytes < TOGETHER_BYTES) {
				Some(group) => group.push((claim, chunk)),
				None => {
					groups.push(vec![(claim, chunk)]);
					bytes = 0;
				},
			}
			bytes += chunk.expected.unwrap_or_default();
		}
		let brought = groups.into_iter().map(|group| self.bring_together(group, purpose));
		stream::iter(brought)
			.buffer_unordered(GROUPS)
			.fold((0, 0), |sum, done| ready((sum.0 + done.0, sum.1 + done.1)))
			.await
	}

	async fn bring_together(
		self: &Arc<Self>,
		claimed: Vec<(Claim, Chunk)>,
		purpose: Purpose,
	) -> (u64, u64) {
		let ids = claimed.iter().map(|(_, wanted)| wanted.id).collect();
		let mut claimed: HashMap<ObjectId, (Claim, Chunk)> =
			claimed.into_iter().map(|(claim, wanted)| (wanted.id, (claim, wanted))).collect();
		let (mut done, mut keeping) = ((0, 0), Keeping::new(self.clone()));
		let mut read = self.store.get_many(ids);
		while let Some((id, outcome)) = read.next().await {
			let Some((claim, wanted)) = claimed.remove(&id) else { continue };
			let accepted = outcome.map_err(|error| error.to_string());
			match accepted.and_then(|chunk| self.accept(id, wanted.expected, chunk)) {
				Ok(chunk) => {
					let chunk = Arc::new(chunk);
					done = (done.0 + 1, done.1 + chunk.len() as u64);
					if purpose != Purpose::Later || claim.is_awaited() {
						self.memory.lock().insert(id, chunk.clone());
						drop(claim);
						keeping.add(id, chunk, None).await;
					} else {
						keeping.add(id, chunk, Some(claim)).await;
					}
				},
				// Whoever reads it now asks again, and is told.
				Err(_) if purpose == Purpose::Now => {},
				Err(error) => self.failed(id, &error),
			}
		}
		keeping.finish().await;
		if purpose != Purpose::Now {
			self.counters.prefetched.fetch_add(done.0, Ordering::Relaxed);
		}
		done
	}
}

/// Chunks on their way into the cache, which are written where that may take its time.
struct Keeping {
	fetcher: Arc<Fetcher>,
	chunks: Vec<(ObjectId, Arc<Vec<u8>>, Option<Claim>)>,
	bytes: usize,
	tasks: VecDeque<JoinHandle<()>>,
}

impl Keeping {
	fn new(fetcher: Arc<Fetcher>) -> Self {
		Self { fetcher, chunks: Vec::new(), bytes: 0, tasks: VecDeque::new() }
	}

	/// Takes a chunk, with the claim that ends when it is there.
	async fn add(&mut self, id: ObjectId, chunk: Arc<Vec<u8>>, claim: Option<Claim>) {
		self.bytes += chunk.len();
		self.chunks.push((id, chunk, claim));
		if self.bytes >= KEEPING_BYTES {
			self.write();
			if self.tasks.len() > KEEPING_TASKS {
				self.wait().await;
			}
		}
	}

	fn write(&mut self) {
		self.bytes = 0;
		let (chunks, fetcher) = (std::mem::take(&mut self.chunks), self.fetcher.clone());
		self.tasks.push_back(self.fetcher.runtime.spawn_blocking(move || {
			let kept: Vec<(ObjectId, &[u8])> =
				chunks.iter().map(|(id, chunk, _)| (*id, chunk.as_slice())).collect();
			fetcher.keep(&kept);
			// Their claims end with them.
			drop(chunks);
		}));
	}

	async fn wait(&mut self) {
		if let Some(task) = self.tasks.pop_front() {
			// It ends early only with the process.
			let _ = task.await;
		}
	}

	async fn finish(mut self) {
		self.write();
		while !self.tasks.is_empty() {
			self.wait().await;
		}
	}
}
