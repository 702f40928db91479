//! The index of a sequential namespace in memory: from an id to the location of its newest record.
//!
//! Pages of 1024 locations, each as long as its last id needs, by their numbers. Ids that were deleted or consumed by an update take nothing once
//! their page holds no others, and one far away from all others takes a page and not all that lies between.

use super::location::Location;
use parking_lot::RwLock;
use std::{
	collections::BTreeMap,
	sync::atomic::{AtomicU64, Ordering::Relaxed},
};

const PAGE_IDS: u64 = 1024;

/// The locations of neighbouring ids.
#[derive(Debug, Default)]
struct Page {
	locations: Vec<Location>,
	live: u64,
}

impl Page {
	/// Puts a location in its place and answers the one that was there.
	fn set(&mut self, position: usize, location: Location) -> Location {
		if position >= self.locations.len() {
			self.locations.resize(position + 1, Location::NONE);
		}
		match self.locations.get_mut(position) {
			Some(place) => std::mem::replace(place, location),
			None => Location::NONE,
		}
	}

	/// The live ids from `position` on.
	fn live_from(&self, position: usize) -> impl DoubleEndedIterator<Item = (u64, Location)> + '_ {
		let from = self.locations.get(position..).unwrap_or_default();
		let placed = from.iter().enumerate().filter(|(_, at)| **at != Location::NONE);
		placed.map(move |(step, at)| ((position + step) as u64, *at))
	}
}

/// Where ids are.
#[derive(Debug, Default)]
pub(crate) struct IdIndex {
	pages: RwLock<BTreeMap<u64, Page>>,
	live: AtomicU64,
}

/// The page of an id, and its place there.
fn place(id: u64) -> (u64, usize) {
	(id / PAGE_IDS, (id % PAGE_IDS) as usize)
}

impl IdIndex {
	/// Where the id's record is, if it lives.
	pub(crate) fn get(&self, id: u64) -> Option<Location> {
		let (page, position) = place(id);
		let pages = self.pages.read();
		let location = pages.get(&page)?.locations.get(position).copied()?;
		(location != Location::NONE).then_some(location)
	}

	/// Points an id to a record, or to none.
	pub(crate) fn set(&self, id: u64, location: Location) {
		let (number, position) = place(id);
		let is_live = location != Location::NONE;
		let mut pages = self.pages.write();
		if !is_live && !pages.contains_key(&number) {
			return;
		}
		let page = pages.entry(number).or_default();
		let was_live = page.set(position, location) != Location::NONE;
		match (was_live, is_live) {
			(false, true) => {
				page.live += 1;
				self.live.fetch_add(1, Relaxed);
			},
			(true, false) => {
				page.live -= 1;
				self.live.fetch_sub(1, Relaxed);
			},
			_ => {},
		}
		if page.live == 0 {
			pages.remove(&number);
		}
	}

	/// The first live id from `id` on.
	pub(crate) fn next_from(&self, id: u64) -> Option<(u64, Location)> {
		let (first, position) = place(id);
		let pages = self.pages.read();
		let mut found = pages.range(first..).filter_map(|(number, page)| {
			let from = if *number == first { position } else { 0 };
			let (place, location) = page.live_from(from).next()?;
			Some((number * PAGE_IDS + place, location))
		});
		found.next()
	}

	/// The last live id before `id`.
	pub(crate) fn last_before(&self, id: u64) -> Option<(u64, Location)> {
		let (last, position) = place(id);
		let pages = self.pages.read();
		let mut found = pages.range(..=last).rev().filter_map(|(number, page)| {
			let is_before =
				|(place, _): &(u64, Location)| *number < last || *place < position as u64;
			let (place, location) = page.live_from(0).rev().find(is_before)?;
			Some((number * PAGE_IDS + place, location))
		});
		found.next()
	}

	/// Live ids.
	pub(crate) fn len(&self) -> u64 {
		self.live.load(Relaxed)
	}

	/// Bytes of memory.
	pub(crate) fn memory_bytes(&self) -> u64 {
		let page_bytes =
			|page: &Page| size_of::<Page>() + page.locations.capacity() * size_of::<Location>();
		self.pages.read().values().map(|page| page_bytes(page) as u64).sum()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ids_are_found_and_walked_in_both_directions() {
		let ids = IdIndex::default();
		ids.set(3, Location::new(0, 32, 40));
		ids.set(1, Location::new(0, 99, 40));
		ids.set(1, Location::NONE);
		assert_eq!((ids.len(), ids.get(1), ids.get(9)), (1, None, None));
		assert_eq!(ids.next_from(0).unwrap().0, 3);
		assert_eq!(ids.next_from(4), None);
		assert_eq!(ids.last_before(u64::MAX).unwrap().0, 3);
		assert_eq!(ids.last_before(3), None);
	}

	#[test]
	fn an_id_far_away_costs_a_page_and_goes_with_it() {
		let ids = IdIndex::default();
		let far = [5, PAGE_IDS * 7 + 1, 1 << 40, u64::MAX];
		for id in far {
			ids.set(id, Location::new(0, 32, 40));
		}
		assert!(ids.memory_bytes() < 64 << 10, "{}", ids.memory_bytes());
		let mut walked = vec![5_u64];
		while let Some((id, _)) = ids.next_from(walked.last().unwrap().saturating_add(1)) {
			if walked.contains(&id) {
				break;
			}
			walked.push(id);
		}
		assert_eq!(walked, far);
		assert_eq!(ids.last_before(1 << 40).unwrap().0, far[1]);
		assert_eq!(ids.last_before(u64::MAX).unwrap().0, 1 << 40);
		for id in far {
			ids.set(id, Location::NONE);
		}
		assert_eq!((ids.len(), ids.memory_bytes(), ids.next_from(0)), (0, 0, None));
	}
}
