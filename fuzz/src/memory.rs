//! Counting memory: what an input makes the product take is bounded.

#![allow(
	unsafe_code,
	reason = "an allocator is unsafe by its nature; this one hands every call on to the system's"
)]

use std::{
	alloc::{GlobalAlloc, Layout, System},
	sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// What one execution may take at once.
const EXECUTION_MAX_BYTES: usize = 256 << 20;

static TAKEN: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn take(bytes: usize) {
	let taken = TAKEN.fetch_add(bytes, Relaxed) + bytes;
	PEAK.fetch_max(taken, Relaxed);
}

fn give_back(bytes: usize) {
	TAKEN.fetch_sub(bytes, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		take(layout.size());
		// SAFETY: the caller keeps the contract of `alloc`.
		unsafe { System.alloc(layout) }
	}

	unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
		give_back(layout.size());
		// SAFETY: the place came from `alloc` above, so from the system's allocator.
		unsafe { System.dealloc(place, layout) }
	}

	unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
		take(layout.size());
		// SAFETY: as for `alloc`.
		unsafe { System.alloc_zeroed(layout) }
	}

	unsafe fn realloc(&self, place: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
		take(bytes);
		give_back(layout.size());
		// SAFETY: as for `dealloc`.
		unsafe { System.realloc(place, layout, bytes) }
	}
}

/// Runs something and fails if it took too much memory at once.
pub fn bounded(run: impl FnOnce()) {
	let before = TAKEN.load(Relaxed);
	PEAK.store(before, Relaxed);
	run();
	let taken = PEAK.load(Relaxed).saturating_sub(before);
	assert!(taken <= EXECUTION_MAX_BYTES, "one input took {taken} bytes of memory at once");
}
