//! Invariants of the storage, checked by try-runtime and by the tests.

use crate::{
	types::{FULLNESS_BLOCKS, HISTORY_LEN, SEEDS_KEPT},
	AuditParameters, Audited, Beacon, Config, DeadlineCursor, Deadlines, Due, DueCursor,
	FullBlocks, History, Pallet, Seeds,
};
use frame_support::{ensure, traits::Get};
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
		for (allotment, state) in Audited::<T>::iter() {
			ensure!(
				Due::<T>::contains_key(state.next_tick, allotment),
				"audits: an allotment is not scheduled"
			);
			if let Some(open) = state.open {
				ensure!(
					Deadlines::<T>::contains_key(open.deadline_tick, allotment),
					"audits: an open audit has no deadline"
				);
				ensure!(open.from_block <= open.to_block, "audits: an audit covers no blocks");
			}
			ensure!(
				History::<T>::iter_prefix(allotment).count() as u32
					== state.ended().min(HISTORY_LEN),
				"audits: history and counters disagree"
			);
		}
		Ok(())
	}
}
