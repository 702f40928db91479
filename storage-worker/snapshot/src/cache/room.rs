//! Making room in a cache: which packs go, and what of them stays.
//!
//! The space of a chunk cannot be given back where it lies, since other processes may be reading the pack and would take what comes there for the
//! chunk. So packs go as a whole: those first that hold little of what should stay, which is copied into the pack that is written.

use super::{pack::Pack, ChunkCache, State};
use crate::{ObjectId, SnapshotError};
use std::{
	collections::{HashMap, HashSet},
	io,
};

/// The room that is left is looked at after so many bytes.
const LOOK_EVERY_BYTES: u64 = 32 << 20;
/// A directory that others fill as well is read again after this share of the quota.
pub(super) const RESCAN_SHARE: u64 = 16;
/// Of what was used again the newest stays, up to this share of the quota in percent.
const KEEP_HOT_PERCENT: u64 = 80;
/// A pack of which more than this should stay is not worth copying, in percent. If there is no other way it goes, and of it stays what is pinned only.
const COPIED_PERCENT_MAX: u64 = 90;

/// A pack that goes.
struct Leaving {
	pack: u32,
	/// All chunks in it, and those that have to stay.
	chunks: Vec<ObjectId>,
	staying: Vec<ObjectId>,
}

/// Bytes of a pack that should stay, and of those what is pinned.
#[derive(Default, Clone, Copy)]
struct Staying {
	bytes: u64,
	pinned: u64,
}

impl ChunkCache {
	/// Evicts until so many more bytes fit; says whether they do.
	pub(super) fn make_room(&self, bytes: u64) -> bool {
		let is_due = {
			let mut state = self.state.lock();
			state.since_scan += bytes;
			state.since_look += bytes;
			state.since_look >= LOOK_EVERY_BYTES || state.is_cramped
		};
		if is_due {
			self.look_at_the_floor();
		}
		let quota = self.options.quota_bytes;
		let mut state = self.state.lock();
		if state.bytes() + bytes > quota || state.since_scan > (quota / RESCAN_SHARE).max(1) {
			// Others may have filled the directory, or emptied it.
			if self.refresh(&mut state).is_err() {
				return false;
			}
		}
		let is_full = state.bytes() + bytes > quota;
		drop(state);
		if is_full {
			let goal = quota / 100 * self.options.low_water_percent;
			self.evict(goal.saturating_sub(bytes), quota.saturating_sub(bytes));
		}
		let state = self.state.lock();
		!state.is_cramped && state.bytes() + bytes <= quota
	}

	fn look_at_the_floor(&self) {
		let short = self.short_of_room();
		if short > 0 {
			let goal = self.bytes().saturating_sub(short);
			self.evict(goal, goal);
		}
		let is_cramped = short > 0 && self.short_of_room() > 0;
		let mut state = self.state.lock();
		(state.since_look, state.is_cramped) = (0, is_cramped);
	}

	/// Bytes that the filesystem lacks to have the floor free.
	fn short_of_room(&self) -> u64 {
		rustix::fs::statvfs(&self.dir).map_or(0, |stat| {
			self.options.free_floor_bytes.saturating_sub(stat.f_bavail * stat.f_frsize)
		})
	}

	/// Removes what was not used for longest until at most so many bytes are left, and answers how many went.
	pub fn evict_to(&self, bytes: u64) -> Result<u64, SnapshotError> {
		self.refresh(&mut self.state.lock())
			.map_err(|source| SnapshotError::File { path: self.dir.clone(), source })?;
		Ok(self.evict(bytes, bytes))
	}

	/// Removes chunks until about `goal` bytes are left, and at most `limit`; pinned ones stay.
	fn evict(&self, goal: u64, limit: u64) -> u64 {
		let _alone = self.making_room.lock();
		let keep_hot = self.options.quota_bytes / 100 * KEEP_HOT_PERCENT;
		let (before, plan) = {
			let mut state = self.state.lock();
			let plan = state.plan(goal, limit, keep_hot);
			state.leaving = plan.iter().map(|leaving| leaving.pack).collect();
			(state.bytes(), plan)
		};
		for leaving in plan {
			if let Err(error) = self.give_up(&leaving) {
				tracing::warn!("evicting from the cache in {}: {error}", self.dir.display());
			}
		}
		let mut state = self.state.lock();
		state.leaving.clear();
		before.saturating_sub(state.bytes())
	}

	/// Removes a pack after what stays of it has been copied. One that another process appends to stays.
	fn give_up(&self, leaving: &Leaving) -> io::Result<()> {
		let _lock = {
			let mut writer = self.writer.lock();
			let state = self.state.lock();
			let Some(pack) = state.packs.get(&leaving.pack) else { return Ok(()) };
			// Nothing more is appended to it; the lock is free with that.
			writer.take_if(|writer| writer.number == leaving.pack);
			match pack.lock()? {
				Some(lock) => lock,
				None => return Ok(()),
			}
		};
		for id in &leaving.staying {
			// One that cannot be read or copied is fetched again when it is needed.
			if let Some(chunk) = self.read_whole(id) {
				let _ = self.append(&[(*id, &chunk)], true);
			}
		}
		let mut state = self.state.lock();
		if let Some(pack) = state.packs.remove(&leaving.pack) {
			pack.remove();
		}
		for id in &leaving.chunks {
			if state.shelf.get(id).is_some_and(|held| held.place.pack == leaving.pack) {
				state.shelf.forget(id);
			}
		}
		Ok(())
	}
}

impl State {
	/// Which packs have to go so that about `goal` bytes are left, and at most `limit`.
	fn plan(&self, goal: u64, limit: u64, keep_hot: u64) -> Vec<Leaving> {
		let mut left = self.bytes();
		if left <= goal {
			return Vec::new();
		}
		let going = self.shelf.victims(goal, keep_hot, &self.pinned);
		let mut staying: HashMap<u32, Staying> =
			self.packs.keys().map(|pack| (*pack, Staying::default())).collect();
		for (id, held) in self.shelf.chunks().filter(|(id, _)| !going.contains(*id)) {
			if let Some(staying) = staying.get_mut(&held.place.pack) {
				staying.bytes += held.place.taken();
				staying.pinned += if self.pinned.contains(id) { held.place.taken() } else { 0 };
			}
		}
		let size = |pack: u32| self.packs.get(&pack).map_or(0, Pack::size).max(1);
		let percent = |(pack, staying): &(u32, Staying)| staying.bytes * 100 / size(*pack);
		let mut order: Vec<(u32, Staying)> = staying.into_iter().collect();
		order.sort_unstable_by_key(|entry| (percent(entry), entry.0));
		let mut chosen: HashMap<u32, bool> = HashMap::new();
		for entry in order.iter().filter(|entry| percent(entry) <= COPIED_PERCENT_MAX) {
			if left > goal {
				chosen.insert(entry.0, true);
				left -= size(entry.0).saturating_sub(entry.1.bytes);
			}
		}
		for (pack, Staying { pinned, .. }) in order {
			if left > limit && pinned < size(pack) && !chosen.contains_key(&pack) {
				chosen.insert(pack, false);
				left -= size(pack) - pinned;
			}
		}
		self.leaving(&chosen, &going)
	}

	/// What of the chosen packs goes and what stays; of some all that is not to go, of others what is pinned only.
	fn leaving(&self, chosen: &HashMap<u32, bool>, going: &HashSet<ObjectId>) -> Vec<Leaving> {
		let mut leaving: HashMap<u32, Leaving> = chosen
			.keys()
			.map(|pack| (*pack, Leaving { pack: *pack, chunks: Vec::new(), staying: Vec::new() }))
			.collect();
		for (id, held) in self.shelf.chunks() {
			let Some(leaving) = leaving.get_mut(&held.place.pack) else { continue };
			leaving.chunks.push(*id);
			let is_copied = chosen.get(&held.place.pack).is_some_and(|is_copied| *is_copied);
			if self.pinned.contains(id) || (is_copied && !going.contains(id)) {
				leaving.staying.push(*id);
			}
		}
		leaving.into_values().collect()
	}
}
