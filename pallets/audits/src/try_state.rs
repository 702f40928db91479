//! Invariants of the storage, checked by try-runtime and by the tests.

use crate::{
	types::{AuditedAllotment, FULLNESS_BLOCKS, HISTORY_LEN, SEEDS_KEPT},
	AuditParameters, AuditSlots, Audited, Beacon, Config, DeadlineCursor, Deadlines, Due,
	DueCursor, FullBlocks, HoldReason, Pallet, Removals, Seeds, SlotCount, Targeted, TargetedQueue,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use granary_primitives::{audit::AuditKind, AllotmentId, Balance};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that parameters are valid, that the seed of the present tick is kept, that the queues and
	/// the allotments' states agree, and that no ring or bitmap has grown beyond its size.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			AuditParameters::<T>::get().check(T::MaxLeavesPerAudit::get()).is_ok(),
			"audits: parameters are invalid"
		);
		ensure!(
			FullBlocks::<T>::get() >> FULLNESS_BLOCKS == 0,
			"audits: more than fifty blocks are counted"
		);
		let tick = Beacon::<T>::get().tick;
		ensure!(tick == 0 || Self::seed(tick).is_some(), "audits: the present tick has no seed");
		for (slot, (kept, _)) in Seeds::<T>::iter() {
			ensure!(slot == kept % SEEDS_KEPT, "audits: a seed is in a wrong slot");
			ensure!(kept <= tick, "audits: a seed is ahead of the clock");
		}
		Self::check_books()
	}

	/// Everything but the clock: what calls and hooks change about allotments.
	pub(crate) fn check_books() -> Result<(), TryRuntimeError> {
		Self::check_queues()?;
		let mut audited = 0u32;
		for (allotment, state) in Audited::<T>::iter() {
			Self::check_allotment(allotment, &state)?;
			audited = audited.saturating_add(1);
		}
		ensure!(SlotCount::<T>::get() == audited, "audits: slots and allotments differ in number");
		ensure!(AuditSlots::<T>::iter().count() == audited as usize, "audits: a slot is left over");
		Self::check_purchases()
	}

	/// Queues and states name each other.
	fn check_queues() -> Result<(), TryRuntimeError> {
		for (due, allotment, ()) in Due::<T>::iter() {
			ensure!(due >= DueCursor::<T>::get(), "audits: the cursor passed a due audit");
			ensure!(
				Audited::<T>::get(allotment).is_some_and(|state| state.next_tick == due),
				"audits: a due entry has no allotment"
			);
		}
		for (deadline, allotment, node) in Deadlines::<T>::iter() {
			ensure!(deadline >= DeadlineCursor::<T>::get(), "audits: the cursor passed a deadline");
			let open = Audited::<T>::get(allotment).and_then(|state| state.open);
			ensure!(
				open.is_some_and(|open| open.deadline_tick == deadline && open.node == node),
				"audits: a deadline has no open audit"
			);
		}
		for (allotment, removal) in Removals::<T>::iter() {
			let state = Audited::<T>::get(allotment);
			ensure!(
				state.is_some_and(|state| state.removal_pending
					&& removal.checkpoint.epoch > state.log.epoch
					&& removal.checkpoint.allotment == allotment
					&& removal.checkpoint.leaf_count > 0),
				"audits: a removal belongs to no log"
			);
		}
		Ok(())
	}

	/// One allotment is in its slot, scheduled, and its counters agree.
	fn check_allotment(
		allotment: AllotmentId,
		state: &AuditedAllotment,
	) -> Result<(), TryRuntimeError> {
		ensure!(
			AuditSlots::<T>::get(state.slot) == Some(allotment),
			"audits: an allotment is not in its slot"
		);
		ensure!(
			Due::<T>::contains_key(state.next_tick, allotment),
			"audits: an allotment is not scheduled"
		);
		ensure!(
			state.removal_pending == Removals::<T>::contains_key(allotment),
			"audits: a pending removal is missing"
		);
		ensure!(state.window.is_valid(), "audits: a window of misses is out of range");
		ensure!(state.covered_to <= Self::now(), "audits: blocks of the future are covered");
		if let Some(open) = state.open {
			ensure!(
				Deadlines::<T>::contains_key(open.deadline_tick, allotment),
				"audits: an open audit has no deadline"
			);
			ensure!(open.from_block <= open.to_block, "audits: an audit covers no blocks");
			ensure!(open.to_block <= state.covered_to, "audits: an audit covers blocks twice");
			ensure!(
				open.kind != AuditKind::Targeted || Targeted::<T>::contains_key(allotment),
				"audits: a targeted audit has no buyer"
			);
			// Its seed is there, or is the one that is minted next.
			ensure!(
				open.tick > Beacon::<T>::get().tick || Self::seed(open.tick).is_some(),
				"audits: the seed of an open audit is gone"
			);
		}
		ensure!(
			state.past.len() == state.ended().min(HISTORY_LEN),
			"audits: history and counters disagree"
		);
		Ok(())
	}

	/// Every purchase waits once or is open, and its deposit is held.
	fn check_purchases() -> Result<(), TryRuntimeError> {
		let queue = TargetedQueue::<T>::get();
		let waiting: BTreeSet<AllotmentId> = queue.iter().copied().collect();
		ensure!(waiting.len() == queue.len(), "audits: a purchase waits twice");
		let mut held = BTreeMap::<T::AccountId, Balance>::new();
		for (allotment, purchase) in Targeted::<T>::iter() {
			let open = Audited::<T>::get(allotment).and_then(|state| state.open);
			let is_open = open.is_some_and(|open| open.kind == AuditKind::Targeted);
			ensure!(
				is_open != waiting.contains(&allotment),
				"audits: a purchase neither waits nor is open"
			);
			let sum = held.entry(purchase.buyer).or_default();
			*sum = sum.saturating_add(purchase.deposit);
		}
		for (buyer, sum) in held {
			let on_hold = T::Currency::balance_on_hold(&HoldReason::TargetedAudit.into(), &buyer);
			ensure!(on_hold == sum, "audits: deposits and holds disagree");
		}
		Ok(())
	}
}
