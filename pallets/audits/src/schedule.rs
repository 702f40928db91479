//! The schedule: opening what is due, closing what is overdue, forgetting what is closed.
//!
//! Both queues are double maps by tick with a cursor to the first tick that may have entries. Each
//! entry that is taken out and each step of a cursor costs weight from the block's meter, so
//! a backlog waits in the queues and never in a loop.

use crate::{
	types::{AuditedAllotment, OpenAudit, HISTORY_LEN},
	AuditParameters, Audited, Beacon, Config, DeadlineCursor, Deadlines, Due, DueCursor, Event,
	History, OpenedTick, Pallet, Polled, Retired, WeightInfo,
};
use frame_support::{traits::Get, weights::WeightMeter};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord},
	traits::{AllotmentView, Allotments, AuditSchedule},
	AllotmentId, BlockNumber, Tick,
};

/// Ticks that a cursor may move in one block. It moves by one a block unless it catches up.
const MAX_CURSOR_STEPS: u32 = 8;

impl<T: Config> Pallet<T> {
	/// The work of a block that accepts extrinsics.
	pub(crate) fn poll(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::poll_base()).is_err() {
			// Without this mark the block mints no tick, so nothing becomes overdue unseen.
			return;
		}
		Polled::<T>::put(true);
		let tick = Beacon::<T>::get().tick;
		Self::close_overdue(tick, meter);
		Self::open_due(tick, meter);
	}

	/// Records the misses of audits whose deadline is below `tick`.
	fn close_overdue(tick: Tick, meter: &mut WeightMeter) {
		let start = DeadlineCursor::<T>::get();
		let mut cursor = start;
		let mut closings = T::MaxClosingsPerBlock::get();
		let mut steps = MAX_CURSOR_STEPS;
		while cursor < tick && closings > 0 && steps > 0 {
			let Some((allotment, _)) = Deadlines::<T>::iter_prefix(cursor).next() else {
				cursor = cursor.saturating_add(1);
				steps -= 1;
				continue;
			};
			if meter.try_consume(T::WeightInfo::close_missed()).is_err() {
				break;
			}
			Self::close_missed(cursor, allotment);
			closings -= 1;
		}
		if cursor != start {
			DeadlineCursor::<T>::put(cursor);
		}
	}

	/// Records one miss and tells the till. The state is written before the till is called.
	pub(crate) fn close_missed(deadline: Tick, allotment: AllotmentId) {
		Deadlines::<T>::remove(deadline, allotment);
		let Some(mut state) = Audited::<T>::get(allotment) else {
			return;
		};
		let Some(open) = state.open.filter(|open| open.deadline_tick == deadline) else {
			return;
		};
		let slot = state.end(true);
		Self::remember(allotment, slot, &open, AuditOutcome::Missed { block: Self::now() });
		Audited::<T>::insert(allotment, state);
		Self::deposit_event(Event::AuditMissed {
			allotment,
			node: open.node,
			tick: open.tick,
			window_misses: state.window_misses(),
		});
		T::Allotments::missed(allotment, open.from_block, open.to_block);
	}

	/// Writes an ended audit into the ring of its allotment.
	pub(crate) fn remember(
		allotment: AllotmentId,
		slot: u32,
		open: &OpenAudit,
		outcome: AuditOutcome,
	) {
		// An audit is closed only after its tick was minted, and seeds outlive every window.
		let Some(seed) = Self::seed(open.tick) else {
			frame_support::defensive!("audits: the seed of an open audit is gone");
			return;
		};
		let OpenAudit { tick, root, leaf_count, .. } = *open;
		History::<T>::insert(
			allotment,
			slot,
			AuditRecord { tick, seed, root, leaf_count, outcome },
		);
	}

	/// Opens audits for the tick after `tick`: their roots are frozen before anything in this
	/// block, whose end may mint that tick's seed.
	fn open_due(tick: Tick, meter: &mut WeightMeter) {
		let upcoming = tick.saturating_add(1);
		if OpenedTick::<T>::get() == upcoming {
			return;
		}
		OpenedTick::<T>::put(upcoming);
		let start = DueCursor::<T>::get();
		let mut cursor = start;
		let mut openings = T::MaxAuditsPerTick::get();
		let mut steps = MAX_CURSOR_STEPS;
		while cursor <= upcoming && openings > 0 && steps > 0 {
			let Some((allotment, ())) = Due::<T>::iter_prefix(cursor).next() else {
				cursor = cursor.saturating_add(1);
				steps -= 1;
				continue;
			};
			if meter.try_consume(T::WeightInfo::open_audit()).is_err() {
				break;
			}
			Self::open_audit(cursor, upcoming, allotment);
			openings -= 1;
		}
		if cursor != start {
			DueCursor::<T>::put(cursor);
		}
	}

	/// Opens one audit at tick `upcoming` and schedules the next.
	pub(crate) fn open_audit(due: Tick, upcoming: Tick, allotment: AllotmentId) {
		Due::<T>::remove(due, allotment);
		let Some(mut state) = Audited::<T>::get(allotment).filter(|state| state.next_tick == due)
		else {
			return;
		};
		let Some(view) = T::Allotments::allotment(allotment).filter(|view| view.live) else {
			Self::retire(allotment, &state);
			return;
		};
		if let Some(open) = state.open {
			// The miss of the audit before still waits to be recorded: come back after it.
			state.next_tick = open.deadline_tick.max(upcoming).saturating_add(1);
		} else {
			state.next_tick = Self::next_tick(upcoming, allotment);
			Self::freeze(upcoming, allotment, &mut state, &view, Self::now());
		}
		Due::<T>::insert(state.next_tick, allotment, ());
		Audited::<T>::insert(allotment, state);
	}

	/// Freezes the log as it is now into an audit of tick `tick`.
	fn freeze(
		tick: Tick,
		allotment: AllotmentId,
		state: &mut AuditedAllotment,
		view: &AllotmentView<T::AccountId>,
		now: BlockNumber,
	) {
		let parameters = AuditParameters::<T>::get();
		let deadline_tick = tick.saturating_add(parameters.window_ticks);
		state.open = Some(OpenAudit {
			tick,
			deadline_tick,
			node: view.node,
			root: state.checkpoint.root,
			leaf_count: state.checkpoint.leaf_count,
			samples: parameters.leaves_per_audit,
			from_block: state.covered_to,
			to_block: now,
		});
		state.covered_to = now;
		Deadlines::<T>::insert(deadline_tick, allotment, view.node);
		Self::deposit_event(Event::AuditOpened { allotment, node: view.node, tick, deadline_tick });
	}

	/// One period after `tick`, earlier or later by the jitter that the beacon decides.
	fn next_tick(tick: Tick, allotment: AllotmentId) -> Tick {
		let parameters = AuditParameters::<T>::get();
		let accumulator = Beacon::<T>::get().accumulator;
		let range = parameters.jitter_ticks.saturating_mul(2).saturating_add(1);
		let shortest = parameters.period_ticks.saturating_sub(parameters.jitter_ticks);
		tick.saturating_add(shortest).saturating_add(Self::phase(&accumulator, allotment, range))
	}

	/// Takes an allotment out of both queues; its history goes later, when blocks are idle.
	pub(crate) fn retire(allotment: AllotmentId, state: &AuditedAllotment) {
		Due::<T>::remove(state.next_tick, allotment);
		if let Some(open) = state.open {
			Deadlines::<T>::remove(open.deadline_tick, allotment);
		}
		Audited::<T>::remove(allotment);
		if state.ended() > 0 {
			Retired::<T>::insert(allotment, ());
		}
	}

	/// Removes histories of closed allotments while the block has weight left.
	pub(crate) fn forget_retired(meter: &mut WeightMeter) {
		while meter.can_consume(T::WeightInfo::forget_retired()) {
			let Some(allotment) = Retired::<T>::iter_keys().next() else {
				meter.consume(T::DbWeight::get().reads(1));
				return;
			};
			meter.consume(T::WeightInfo::forget_retired());
			for slot in 0..HISTORY_LEN {
				History::<T>::remove(allotment, slot);
			}
			Retired::<T>::remove(allotment);
		}
	}
}

impl<T: Config> AuditSchedule for Pallet<T> {
	fn leaf_count(allotment: AllotmentId) -> u64 {
		Audited::<T>::get(allotment).map_or(0, |state| state.checkpoint.leaf_count)
	}

	fn closed(allotment: AllotmentId) {
		if let Some(state) = Audited::<T>::get(allotment) {
			Self::retire(allotment, &state);
		}
	}
}
