//! Making a log durable, and what is remembered when the disk refuses something.

use super::Log;
use crate::{
	engine::{
		durable::Place,
		segment::{Segment, SEGMENT_HEADER_BYTES},
	},
	ZdbError,
};
use std::{
	io,
	sync::{atomic::Ordering, Arc},
	time::{Duration, Instant},
};

impl Log {
	/// Brings every record that was appended before the call to the disk. Callers that come while an fsync runs share the next
	/// one: whoever finds that the one before covered its records asks the disk for nothing.
	pub(crate) fn sync(&self) -> Result<(), ZdbError> {
		self.flush()?;
		let (segments, place): (Vec<(Arc<Segment>, u64)>, Place) = {
			let writer = self.writer.lock();
			let all = writer.unsynced.iter().chain([&writer.active]);
			let place = Place { segment: writer.active.number, offset: writer.active.flushed() };
			(all.map(|segment| (segment.clone(), segment.flushed())).collect(), place)
		};
		let _syncing = self.syncing.lock();
		self.check_poison()?;
		for (segment, end) in &segments {
			if !segment.is_synced_to(*end) {
				self.sync_segment(segment)?;
			}
		}
		let is_closed = {
			let mut writer = self.writer.lock();
			writer.unsynced.retain(|segment| !segment.is_synced());
			writer.closed
		};
		// Whoever opens a closed log anew may have replaced the files that are known to be durable here.
		if !self.shape.read_only && !is_closed {
			self.mark.note(place);
		}
		Ok(())
	}

	/// Brings one segment to the disk.
	pub(crate) fn sync_alone(&self, segment: &Segment) -> Result<(), ZdbError> {
		let _syncing = self.syncing.lock();
		self.check_poison()?;
		if segment.is_synced() {
			return Ok(());
		}
		self.sync_segment(segment)?;
		let place = {
			let mut writer = self.writer.lock();
			writer.unsynced.retain(|segment| !segment.is_synced());
			// Whatever was written into the first segment that is not durable counts as not durable.
			let first = writer.unsynced.first().unwrap_or(&writer.active);
			let place = Place { segment: first.number, offset: SEGMENT_HEADER_BYTES };
			(!writer.closed).then_some(place)
		};
		if let Some(place) = place {
			self.mark.note(place);
		}
		Ok(())
	}

	/// Makes the durable mark itself durable, so that the next open knows how far the log has come.
	pub(crate) fn settle_mark(&self) -> Result<(), ZdbError> {
		self.mark.settle()
	}

	pub(super) fn sync_segment(&self, segment: &Segment) -> Result<(), ZdbError> {
		if !self.names_synced.load(Ordering::Acquire) {
			let synced = self.shape.disk().sync_dir(&self.shape.dir);
			synced.map_err(|error| self.poison(segment, &error))?;
			self.names_synced.store(true, Ordering::Release);
		}
		let written = segment.write_again();
		if written.is_err() {
			self.note_fault(written.as_ref().err());
		}
		written?;
		let began = Instant::now();
		let synced = segment.sync();
		self.sync_micros.store(began.elapsed().as_micros() as u64, Ordering::Relaxed);
		synced.map_err(|error| self.poison(segment, &error))
	}

	/// How long the last fsync took.
	pub(crate) fn sync_took(&self) -> Duration {
		Duration::from_micros(self.sync_micros.load(Ordering::Relaxed))
	}

	/// Writes over bytes of a record that were damaged, durably.
	pub(crate) fn overwrite(
		&self,
		segment: &Segment,
		offset: u64,
		bytes: &[u8],
	) -> Result<(), ZdbError> {
		let _syncing = self.syncing.lock();
		self.check_poison()?;
		let written = segment.file.write_all_at(bytes, offset);
		written.map_err(|error| ZdbError::file("mend", &segment.path, error))?;
		segment.file.sync_data().map_err(|error| self.poison(segment, &error))
	}

	/// Ends all writing. The kernel may have dropped the pages that it could not write: a second fsync would report success for
	/// data that are lost.
	fn poison(&self, segment: &Segment, error: &io::Error) -> ZdbError {
		self.poisoned.store(true, Ordering::Release);
		self.faulted.store(true, Ordering::Relaxed);
		*self.fault.lock() = Some(format!("fsync failed: {error}; RELOAD reads the files again"));
		tracing::error!(path = %segment.path.display(), %error, "fsync failed: no more writes");
		ZdbError::Poisoned(segment.path.clone())
	}

	/// Remembers why writes fail, or that they do not any more. A failed fsync stays the reason, and so does that the log is closed.
	pub(super) fn note_fault(&self, error: Option<&ZdbError>) {
		if self.poisoned.load(Ordering::Acquire) || self.fault_stays.load(Ordering::Acquire) {
			return;
		}
		if let Some(error) = error {
			*self.fault.lock() = Some(error.to_string());
			*self.tried.lock() = Instant::now();
			self.faulted.store(true, Ordering::Relaxed);
		} else if self.faulted.swap(false, Ordering::Relaxed) {
			*self.fault.lock() = None;
		}
	}

	/// Notes that nothing is written any more, for a reason that lies outside.
	pub(crate) fn set_fault(&self, reason: String) {
		self.fault_stays.store(true, Ordering::Release);
		*self.fault.lock() = Some(reason);
	}

	/// Why nothing can be written at present.
	pub(crate) fn fault(&self) -> Option<String> {
		self.fault.lock().clone()
	}

	/// Tries whether the disk takes writes again, if it did not the last time and that is so long ago.
	pub(crate) fn retry_after(&self, interval: Duration) -> Result<(), ZdbError> {
		let waits = !self.faulted.load(Ordering::Relaxed)
			|| self.poisoned.load(Ordering::Acquire)
			|| self.tried.lock().elapsed() < interval;
		if waits {
			return Ok(());
		}
		self.flush()?;
		match self.faulted.load(Ordering::Relaxed) {
			// Nothing waited: it was the next segment that could not be made.
			true => self.jump(),
			false => Ok(()),
		}
	}

	/// Whether there is anything that the disk may not have.
	pub(crate) fn is_dirty(&self) -> bool {
		let writer = self.writer.lock();
		!writer.pending.is_empty() || !writer.unsynced.is_empty() || !writer.active.is_synced()
	}
}
