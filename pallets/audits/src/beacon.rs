//! The beacon and the tick: when a seed is minted and when it is held.

use crate::{
	types::{BeaconState, FULLNESS_BLOCKS, MAX_BACKLOG_TICKS, SEEDS_KEPT},
	Beacon, Config, DeadlineCursor, Event, FullBlocks, MaxProofLen, Pallet, Polled, Seeds,
	WeightInfo,
};
use codec::Encode;
use frame_support::{dispatch::DispatchClass, traits::Get};
use granary_primitives::{AllotmentId, Hash, Tick};
use sp_io::hashing::blake2_256;

/// Domain of the accumulator.
const BEACON_TAG: &[u8; 6] = b"beacon";
/// Domain of seeds.
const SEED_TAG: &[u8; 5] = b"audit";
/// Domain of the phase at which an allotment is audited.
const PHASE_TAG: &[u8; 5] = b"phase";
/// The bits of the bitmap that count.
const FULLNESS_MASK: u64 = (1 << FULLNESS_BLOCKS) - 1;

/// `blake2_256("beacon" ‖ acc ‖ vrf)`
pub(crate) fn accumulate(accumulator: &Hash, vrf: &Hash) -> Hash {
	(BEACON_TAG, accumulator, vrf).using_encoded(blake2_256)
}

/// `blake2_256("audit" ‖ acc ‖ epoch_randomness ‖ tick u32 LE)`
pub(crate) fn seed(accumulator: &Hash, epoch_randomness: &Hash, tick: Tick) -> Hash {
	(SEED_TAG, accumulator, epoch_randomness, tick).using_encoded(blake2_256)
}

/// `blake2_256(domain ‖ accumulator ‖ number u64 LE) mod range`, over the first eight bytes: a number that nobody
/// could know before the accumulator was mixed. The bias of the remainder is below
/// `range / 2^64`.
pub(crate) fn draw(domain: &[u8; 5], accumulator: &Hash, number: u64, range: u32) -> u32 {
	let digest = (domain, accumulator, number).using_encoded(blake2_256);
	let mut low = [0u8; 8];
	low.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
	let drawn = u64::from_le_bytes(low) % u64::from(range.max(1));
	u32::try_from(drawn).unwrap_or(u32::MAX)
}

/// The ticks by which an audit of this allotment is moved, below `range`.
pub(crate) fn phase(accumulator: &Hash, allotment: AllotmentId, range: u32) -> u32 {
	draw(PHASE_TAG, accumulator, allotment, range)
}

/// True if the tick has to pause: most of the last fifty blocks had no room for a proof.
pub(crate) fn mostly_full(blocks: u64) -> bool {
	(blocks & FULLNESS_MASK).count_ones() * 2 > FULLNESS_BLOCKS
}

impl<T: Config> Pallet<T> {
	/// The end of a block: measures its room, mixes its author's VRF and mints the next tick if it
	/// may.
	pub(crate) fn end_block(author_vrf: Option<Hash>, epoch_randomness: Option<Hash>) {
		let accepts_extrinsics = Polled::<T>::take();
		let paused = Self::note_fullness();
		let mut beacon = Beacon::<T>::get();
		// After a block without VRF, BABE leaves the one of an earlier block in place.
		let Some(vrf) = author_vrf.filter(|vrf| beacon.last_vrf != Some(*vrf)) else {
			return;
		};
		beacon.accumulator = accumulate(&beacon.accumulator, &vrf);
		beacon.last_vrf = Some(vrf);
		if accepts_extrinsics && !paused {
			Self::mint(&mut beacon, epoch_randomness);
		}
		Beacon::<T>::put(beacon);
	}

	/// Mints the next tick and its seed, if the chain has a past epoch and no open audit still needs
	/// the seed whose place the new one would take.
	fn mint(beacon: &mut BeaconState, epoch_randomness: Option<Hash>) {
		let (Some(epoch_randomness), Some(tick)) = (epoch_randomness, beacon.tick.checked_add(1))
		else {
			return;
		};
		if tick >= DeadlineCursor::<T>::get().saturating_add(MAX_BACKLOG_TICKS) {
			return;
		}
		let seed = seed(&beacon.accumulator, &epoch_randomness, tick);
		Seeds::<T>::insert(tick % SEEDS_KEPT, (tick, seed));
		beacon.tick = tick;
	}

	/// Records whether this block had room for one more proof, and says whether the tick pauses.
	fn note_fullness() -> bool {
		let before = FullBlocks::<T>::get();
		let after = ((before << 1) | u64::from(!Self::has_room())) & FULLNESS_MASK;
		if after != before {
			FullBlocks::<T>::put(after);
		}
		match (mostly_full(before), mostly_full(after)) {
			(false, true) => Self::deposit_event(Event::TicksPaused),
			(true, false) => Self::deposit_event(Event::TicksResumed),
			_ => (),
		}
		mostly_full(after)
	}

	/// True if the longest proof would still have fitted into this block, by the rules of
	/// `frame_system::CheckWeight` for the normal class.
	pub(crate) fn has_room() -> bool {
		let max_leaves = T::MaxLeavesPerAudit::get();
		let limits = T::BlockWeights::get();
		let class = limits.get(DispatchClass::Normal);
		let proof = T::WeightInfo::submit_proof(max_leaves)
			.saturating_add(T::WeightInfo::authorize_submit_proof(max_leaves))
			.saturating_add(class.base_extrinsic);
		let used = frame_system::Pallet::<T>::block_weight();
		let normal = used.get(DispatchClass::Normal).saturating_add(proof);
		let fits_class = class.max_total.is_none_or(|max| normal.all_lte(max));
		let fits_block = used.total().saturating_add(proof).all_lte(limits.max_block)
			|| class.reserved.is_some_and(|reserved| normal.all_lte(reserved));
		let max_len = *T::BlockLength::get().max.get(DispatchClass::Normal);
		let len = frame_system::Pallet::<T>::block_size().saturating_add(MaxProofLen::<T>::get());
		fits_class && fits_block && len <= max_len
	}

	/// The seed of a recent tick.
	pub fn seed(tick: Tick) -> Option<Hash> {
		let (kept, seed) = Seeds::<T>::get(tick % SEEDS_KEPT)?;
		(kept == tick).then_some(seed)
	}
}
