//! Flush, fsync, figures and the audited log.

use crate::{
	engine::{
		audit::{Audit, LogState},
		compact::Pace,
		hint,
		namespace::{Index, Namespace},
		options::{Durability, NamespaceInfo},
		write::Placed,
	},
	ZdbError,
};
use std::{
	sync::atomic::Ordering::Relaxed,
	time::{Duration, Instant},
};

impl Namespace {
	/// Brings everything that was written to the kernel.
	pub fn flush(&self) -> Result<(), ZdbError> {
		self.log.flush().inspect_err(|error| self.count_write_error(error))
	}

	/// Brings everything that was written to the disk. After an error nothing more is written.
	pub fn sync(&self) -> Result<(), ZdbError> {
		let durable_leaves = self.sync_log()?;
		self.audit.as_ref().map_or(Ok(()), |audit| audit.sync_if_grown(durable_leaves))
	}

	/// How long the last fsync took.
	pub(crate) fn sync_took(&self) -> Duration {
		self.log.sync_took()
	}

	/// Makes the log durable and returns the ordinal up to which it surely is.
	fn sync_log(&self) -> Result<u64, ZdbError> {
		*self.last_sync.lock() = Instant::now();
		// What is appended meanwhile may or may not be included.
		let durable = self.log.next_ordinal();
		self.log.sync().inspect_err(|error| self.count_write_error(error))?;
		Ok(durable)
	}

	/// [`Self::sync`], the mark of how far that came, and the log tree to its last node: for closing, so that opening reads
	/// nothing again.
	pub(crate) fn sync_all(&self) -> Result<(), ZdbError> {
		let durable_leaves = self.sync_log()?;
		self.log.settle_mark()?;
		self.audit.as_ref().map_or(Ok(()), |audit| audit.sync(durable_leaves))
	}

	/// Syncs what nobody asked to be synced, once in a while: only of what is durable it is known that a loss of power spared it.
	pub(crate) fn sync_after(&self, interval: Duration) -> Result<(), ZdbError> {
		let due = self.last_sync.lock().elapsed() >= interval;
		if due && !self.read_only && self.log.is_dirty() && !self.is_removed() {
			return self.sync();
		}
		Ok(())
	}

	/// Tries whether the disk takes writes again, if it does not at present.
	pub(crate) fn retry_if_refused(&self) -> Result<(), ZdbError> {
		const INTERVAL: Duration = Duration::from_secs(1);
		match self.is_removed() {
			true => Ok(()),
			false => self.log.retry_after(INTERVAL),
		}
	}

	/// Syncs if the durability's interval is over and there is something to sync.
	pub(crate) fn sync_if_due(&self) -> Result<(), ZdbError> {
		let Durability::Every(interval_ms) = self.durability() else { return Ok(()) };
		let due = self.last_sync.lock().elapsed() >= Duration::from_millis(interval_ms);
		if due && self.log.is_dirty() && !self.is_removed() {
			return self.sync();
		}
		Ok(())
	}

	/// Counts reads that failed, not those that are done again elsewhere.
	pub(super) fn count_read_error(&self, error: &ZdbError) {
		if !matches!(error, ZdbError::NotInMemory) {
			self.read_errors.fetch_add(1, Relaxed);
		}
	}

	/// Counts what the disk refused, not what the rules did.
	pub(super) fn count_write_error(&self, error: &ZdbError) {
		if matches!(error, ZdbError::File { .. } | ZdbError::Poisoned(_) | ZdbError::Tree(_)) {
			self.write_errors.fetch_add(1, Relaxed);
		}
	}

	/// Writes the hints of sealed segments that have none.
	pub(crate) fn write_hints(&self, pace: Pace<'_>) -> Result<(), ZdbError> {
		if self.is_removed() || self.read_only {
			return Ok(());
		}
		for segment in self.log.sealed_segments() {
			if segment.needs_hint() {
				// A hint vouches that its segment is durable.
				self.log.sync_alone(&segment)?;
				hint::write(&self.environment.disk, &self.log_dir, &segment)?;
				segment.set_hinted();
				if !pace(segment.flushed()) {
					break;
				}
			}
		}
		Ok(())
	}

	/// Keeps the sums of live bytes as a record takes the place of another.
	pub(super) fn count_live(&self, old: Option<Placed>, new: Option<Placed>) {
		if let Some((location, header)) = new {
			self.live_bytes.fetch_add(u64::from(header.value_len), Relaxed);
			if let Some(segment) = self.log.segment(location.segment()) {
				segment.add_live(&header);
			}
		}
		if let Some((location, header)) = old {
			self.live_bytes.fetch_sub(u64::from(header.value_len), Relaxed);
			self.dirty.note(location.segment());
			if let Some(segment) = self.log.segment(location.segment()) {
				segment.remove_live(&header);
			}
		}
	}

	/// Settings and figures.
	pub fn info(&self) -> NamespaceInfo {
		let config = self.config();
		let (active, active_offset) = self.log.end();
		let disk_free_bytes = self.environment.disk.free_bytes(&self.dir);
		NamespaceInfo {
			name: self.name().to_owned(),
			mode: config.mode,
			has_password: config.password.is_some(),
			public: config.public,
			max_bytes: config.max_bytes,
			worm: config.worm,
			audited: config.audited,
			durability: config.durability,
			owner: config.owner,
			access: config.access,
			entries: self.dbsize(),
			live_bytes: self.live_bytes.load(Relaxed),
			disk_bytes: self.log.disk_bytes() + self.successor_bytes(),
			index_bytes: match &self.index {
				Index::Keys(index) => index.memory_bytes(),
				Index::Ids(ids) => ids.memory_bytes(),
			},
			next_id: if self.ids().is_some() { self.log.next_ordinal() } else { 0 },
			active_segment: active.number,
			active_offset,
			path: self.dir.clone(),
			// A figure only: a directory that cannot be asked shows as full, writes report the reason.
			disk_free_bytes: disk_free_bytes.unwrap_or(0),
			read_errors: self.read_errors.load(Relaxed),
			write_errors: self.write_errors.load(Relaxed),
			traffic: self.traffic(),
			fault: self.log.fault(),
			damage: match &self.audit {
				Some(audit) => audit.damage(),
				None => self.damage.lock().clone(),
			},
		}
	}

	fn audit(&self) -> Result<&Audit, ZdbError> {
		if self.is_removed() {
			return Err(ZdbError::Removed);
		}
		self.audit.as_ref().ok_or(ZdbError::NotAudited)
	}

	/// Leaf count, root and peaks of the audited log.
	pub fn log_state(&self) -> Result<LogState, ZdbError> {
		self.audit()?
			.with_tree(&self.log, |tree, _| Ok((tree.leaf_count(), tree.root(), tree.peaks())))
	}

	/// The root that the audited log had at `leaf_count` leaves.
	pub fn log_root_at(&self, leaf_count: u64) -> Result<[u8; 32], ZdbError> {
		self.audit()?.with_tree(&self.log, |tree, source| Ok(tree.root_at(leaf_count, source)?))
	}

	/// The multiproof of the leaves `indexes` (ascending) of the audited log at `leaf_count` leaves.
	pub fn prove(&self, leaf_count: u64, indexes: &[u64]) -> Result<Vec<u8>, ZdbError> {
		self.audit()?.prove(&self.log, leaf_count, indexes)
	}
}
