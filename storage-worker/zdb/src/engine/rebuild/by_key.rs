//! The index of a log of user keys, from its records.
//!
//! Whoever walks the log gathers records in batches; another thread brings them into the index meanwhile. A log that fits into one batch needs no
//! thread: most namespaces of a store with many are short.

use super::{batch::Batch, placer::Placer, Rebuilt};
use crate::{
	engine::{
		audit::Extents, index::KeyHasher, namespace::Index, record::Header, recovery::Visit,
		segment::Segment,
	},
	ZdbError,
};
use std::{
	io,
	panic::resume_unwind,
	path::Path,
	sync::{
		mpsc::{sync_channel, SyncSender},
		Arc,
	},
	thread::{self, Builder, Scope, ScopedJoinHandle},
};

/// Batches that wait for the other thread.
const WAITING_BATCHES: usize = 1;

pub(super) fn rebuild<W>(
	audited: bool,
	walk: impl FnOnce(Visit<'_>) -> Result<W, ZdbError>,
) -> Result<(W, Rebuilt), ZdbError> {
	thread::scope(|scope| {
		let mut gathered = Gathered::default();
		let walked = walk(&mut |segment, offset, header, key| {
			gathered.take(segment, offset, header, key, audited);
			match gathered.batch.is_full() {
				true => gathered.pass_on(scope, &segment.path),
				false => Ok(()),
			}
		})?;
		let Gathered { hasher, batch, extents, value_bytes, other, .. } = gathered;
		let placer = match other {
			Some(other) => other.finish(batch)?,
			None => {
				let mut placer = Placer::new(hasher);
				placer.place(&batch)?;
				placer
			},
		};
		let index = Index::Keys(placer.index);
		let live_bytes = value_bytes.saturating_sub(placer.dead_bytes);
		Ok((walked, Rebuilt { index, extents, live_bytes }))
	})
}

/// What the walk has met so far.
#[derive(Default)]
struct Gathered<'s> {
	hasher: KeyHasher,
	batch: Batch,
	newest: Option<Arc<Segment>>,
	extents: Extents,
	/// Bytes of the values of all records.
	value_bytes: u64,
	/// Once there was more than a batch.
	other: Option<OtherThread<'s>>,
}

impl<'s> Gathered<'s> {
	/// Takes the next record of the log.
	fn take(
		&mut self,
		segment: &Arc<Segment>,
		offset: u64,
		header: &Header,
		key: &[u8],
		audited: bool,
	) {
		if self.newest.as_ref().is_none_or(|newest| !Arc::ptr_eq(newest, segment)) {
			self.newest = Some(segment.clone());
			self.batch.segments.push(segment.clone());
		}
		let location = segment.location(offset, header);
		if audited {
			self.extents.push(location, header);
		}
		if !header.tombstone {
			self.value_bytes += u64::from(header.value_len);
			segment.add_live(header);
		}
		self.batch.push(self.hasher.hash(key), location, header.tombstone, key);
	}

	/// Lets the other thread place what was gathered.
	fn pass_on(&mut self, scope: &'s Scope<'s, '_>, path: &Path) -> Result<(), ZdbError> {
		let batch = std::mem::take(&mut self.batch);
		match &self.other {
			Some(other) => other.place(batch),
			None => {
				let other = OtherThread::start(scope, Placer::new(self.hasher.clone()));
				let failed = |error| ZdbError::file("start a thread to open", path, error);
				let other = other.map_err(failed)?;
				self.other.insert(other).place(batch);
			},
		}
		Ok(())
	}
}

/// The thread that brings batches into the index.
struct OtherThread<'s> {
	batches: SyncSender<Batch>,
	thread: ScopedJoinHandle<'s, Result<Placer, ZdbError>>,
}

impl<'s> OtherThread<'s> {
	fn start(scope: &'s Scope<'s, '_>, mut placer: Placer) -> io::Result<Self> {
		let (batches, waiting) = sync_channel::<Batch>(WAITING_BATCHES);
		let place_all = move || {
			let mut placed = Ok(());
			for batch in waiting {
				// After a failure nothing is placed any more, and the walk goes on to its end.
				placed = placed.and_then(|()| placer.place(&batch));
			}
			placed.map(|()| placer)
		};
		let thread =
			Builder::new().name("zdb-opening".to_owned()).spawn_scoped(scope, place_all)?;
		Ok(Self { batches, thread })
	}

	fn place(&self, batch: Batch) {
		// It ends before only by a panic, which `finish` passes on.
		let _ = self.batches.send(batch);
	}

	/// Places the last batch, and answers what all of them add up to.
	fn finish(self, last: Batch) -> Result<Placer, ZdbError> {
		self.place(last);
		drop(self.batches);
		self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
	}
}
