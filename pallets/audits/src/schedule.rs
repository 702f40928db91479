//! The schedule: opening what is due, closing what is overdue, forgetting what is gone.
//!
//! Both queues are double maps by tick with a cursor to the first tick that may have entries. Each
//! entry that is taken out and each step of a cursor costs weight from the block's meter, so
//! a backlog waits in the queues and never in a loop.

use crate::{
	beacon::phase,
	parameters::Parameters,
	types::{AuditedAllotment, OpenAudit},
	AuditParameters, Audited, Beacon, Config, DeadlineCursor, Deadlines, Due, DueCursor, Event,
	OpenedTick, Pallet, Polled, Removals, WeightInfo,
};
use frame_support::{
	traits::Get,
	weights::{Weight, WeightMeter},
};
use granary_primitives::{
	audit::{AuditKind, AuditOutcome},
	traits::{AllotmentView, Allotments, AuditKeys, AuditSchedule},
	AllotmentId, BlockNumber, Hash, Tick,
};

/// Ticks that a cursor may move in one block. It moves by one a block unless it catches up.
const MAX_CURSOR_STEPS: u32 = 8;
/// Due entries that are looked at in one block for each audit that may be opened: those that are
/// postponed or dead take no room for a proof.
const LOOKS_PER_OPENING: u32 = 4;

/// What every opening of one block needs to know, read once.
pub(crate) struct Round {
	/// The tick that this block may mint.
	pub(crate) upcoming: Tick,
	/// The present block.
	pub(crate) now: BlockNumber,
	/// What the beacon has collected so far.
	pub(crate) accumulator: Hash,
	/// How often, how long and how deep.
	pub(crate) parameters: Parameters,
	/// Audits that may still be opened, as proofs of ordinary length.
	pub(crate) openings: u32,
	/// How many of them spot and targeted audits may take.
	pub(crate) extra: u32,
}

impl Round {
	pub(crate) fn new<T: Config>(upcoming: Tick, accumulator: Hash) -> Self {
		let openings = T::MaxAuditsPerTick::get();
		Self {
			upcoming,
			now: Pallet::<T>::now(),
			accumulator,
			parameters: AuditParameters::<T>::get(),
			openings,
			extra: openings.div_ceil(2),
		}
	}

	/// Counts an audit of so many leaves against the room that its proof takes.
	pub(crate) fn take_room(&mut self, kind: AuditKind, samples: u32) {
		let proofs = samples.div_ceil(self.parameters.leaves_per_audit.max(1)).max(1);
		self.openings = self.openings.saturating_sub(proofs);
		if kind != AuditKind::Scheduled {
			self.extra = self.extra.saturating_sub(proofs);
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The work of a block that accepts extrinsics.
	pub(crate) fn poll(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::poll_base()).is_err() {
			// Without this mark the block mints no tick, so nothing becomes overdue unseen.
			return;
		}
		Polled::<T>::put(true);
		let beacon = Beacon::<T>::get();
		Self::close_overdue(beacon.tick, meter);
		let upcoming = beacon.tick.saturating_add(1);
		if OpenedTick::<T>::get() == upcoming {
			return;
		}
		OpenedTick::<T>::put(upcoming);
		let mut round = Round::new::<T>(upcoming, beacon.accumulator);
		Self::open_bought(&mut round, meter);
		Self::open_spots(&mut round, meter);
		Self::open_due(&mut round, meter);
	}

	/// Records the misses of audits whose deadline is below `tick`.
	fn close_overdue(tick: Tick, meter: &mut WeightMeter) {
		let start = DeadlineCursor::<T>::get();
		let mut cursor = start;
		let mut closings = T::MaxClosingsPerBlock::get();
		let mut steps = MAX_CURSOR_STEPS;
		'ticks: while cursor < tick && steps > 0 {
			// One iterator a tick: a new one would step over all that was just removed.
			for (allotment, _) in Deadlines::<T>::iter_prefix(cursor) {
				if closings == 0 || meter.try_consume(T::WeightInfo::close_missed()).is_err() {
					break 'ticks;
				}
				Self::close_missed(cursor, allotment);
				closings -= 1;
			}
			cursor = cursor.saturating_add(1);
			steps -= 1;
		}
		if cursor != start {
			DeadlineCursor::<T>::put(cursor);
		}
	}

	/// Records one miss, tells the till and takes what it costs. The state is written before any other
	/// pallet is called.
	pub(crate) fn close_missed(deadline: Tick, allotment: AllotmentId) {
		Deadlines::<T>::remove(deadline, allotment);
		let Some(mut state) = Audited::<T>::get(allotment) else {
			return;
		};
		let Some(open) = state.open.filter(|open| open.deadline_tick == deadline) else {
			return;
		};
		state.end(open.tick, AuditOutcome::Missed { block: Self::now() });
		let window_misses = state.window_misses();
		let step = state.window.take_step(&AuditParameters::<T>::get().penalties);
		Audited::<T>::insert(allotment, state);
		Self::deposit_event(Event::AuditMissed {
			allotment,
			node: open.node,
			tick: open.tick,
			window_misses,
		});
		T::Allotments::missed(allotment, open.from_block, open.to_block);
		if open.kind == AuditKind::Targeted {
			Self::settle_missed_purchase(allotment);
		}
		if let Some(step) = step {
			Self::punish(allotment, open.node, step, window_misses);
		}
	}

	/// What any opening may weigh: it may also find that the allotment is closed.
	pub(crate) fn opening_weight() -> Weight {
		T::WeightInfo::open_audit().max(T::WeightInfo::retire())
	}

	/// Opens what is due: roots are frozen before anything in this block, whose end may mint
	/// the seed.
	fn open_due(round: &mut Round, meter: &mut WeightMeter) {
		let start = DueCursor::<T>::get();
		let mut cursor = start;
		let mut looks = T::MaxAuditsPerTick::get().saturating_mul(LOOKS_PER_OPENING);
		let mut steps = MAX_CURSOR_STEPS;
		'ticks: while cursor <= round.upcoming && steps > 0 {
			for (allotment, ()) in Due::<T>::iter_prefix(cursor) {
				if round.openings == 0
					|| looks == 0 || meter.try_consume(Self::opening_weight()).is_err()
				{
					break 'ticks;
				}
				Self::open_scheduled(round, cursor, allotment);
				looks -= 1;
			}
			cursor = cursor.saturating_add(1);
			steps -= 1;
		}
		if cursor != start {
			DueCursor::<T>::put(cursor);
		}
	}

	/// Opens one scheduled audit, or postpones it, and schedules the next.
	pub(crate) fn open_scheduled(round: &mut Round, due: Tick, allotment: AllotmentId) {
		Due::<T>::remove(due, allotment);
		let Some(mut state) = Audited::<T>::get(allotment).filter(|state| state.next_tick == due)
		else {
			return;
		};
		let Some(view) = T::Allotments::allotment(allotment).filter(|view| view.live) else {
			// It is out of the queue already; `retire` removes it once more, which does nothing.
			Self::retire(allotment, &state);
			return;
		};
		if let Some(open) = state.open {
			// An audit is open, or its miss still waits to be recorded: come back after it.
			state.next_tick = open.deadline_tick.max(round.upcoming).saturating_add(1);
		} else if Self::must_wait(&view, &state, round) {
			state.postponed_since.get_or_insert(round.now);
			let retry = round.parameters.retry_ticks();
			let jitter = phase(&round.accumulator, allotment, retry);
			state.next_tick = round.upcoming.saturating_add(retry).saturating_add(jitter);
		} else {
			state.next_tick = Self::next_tick(round, allotment, &view);
			let samples = round.parameters.leaves_per_audit;
			Self::freeze(round, allotment, &mut state, &view, AuditKind::Scheduled, samples);
		}
		Due::<T>::insert(state.next_tick, allotment, ());
		Audited::<T>::insert(allotment, state);
	}

	/// True if announced maintenance of the node keeps this audit waiting, which it may for so long.
	fn must_wait(
		view: &AllotmentView<T::AccountId>,
		state: &AuditedAllotment,
		round: &Round,
	) -> bool {
		let waited = state.postponed_since.map_or(0, |since| round.now.saturating_sub(since));
		waited < round.parameters.max_postponed_blocks && T::AuditKeys::in_maintenance(view.node)
	}

	/// Freezes the log as it is now into an audit of the upcoming tick.
	///
	/// The audit covers the blocks since the one before. Those for which maintenance postponed it
	/// are left out: nobody can say whether the data was there, so they are neither earned nor lost.
	pub(crate) fn freeze(
		round: &mut Round,
		allotment: AllotmentId,
		state: &mut AuditedAllotment,
		view: &AllotmentView<T::AccountId>,
		kind: AuditKind,
		samples: u32,
	) {
		let tick = round.upcoming;
		let deadline_tick = tick.saturating_add(round.parameters.window_ticks);
		state.open = Some(OpenAudit {
			tick,
			deadline_tick,
			node: view.node,
			root: state.log.root,
			leaf_count: state.log.leaf_count,
			samples,
			from_block: state.covered_to,
			to_block: state.postponed_since.take().unwrap_or(round.now),
			kind,
			attempts_left: round.parameters.max_failed_proofs,
		});
		state.covered_to = round.now;
		round.take_room(kind, samples);
		Deadlines::<T>::insert(deadline_tick, allotment, view.node);
		Self::deposit_event(Event::AuditOpened {
			allotment,
			node: view.node,
			tick,
			deadline_tick,
			kind,
		});
	}

	/// One period of the allotment's profile from now, earlier or later by the jitter that the
	/// beacon decides.
	fn next_tick(
		round: &Round,
		allotment: AllotmentId,
		view: &AllotmentView<T::AccountId>,
	) -> Tick {
		let (period, jitter) = round.parameters.rhythm(view.profile);
		let range = jitter.saturating_mul(2).saturating_add(1);
		round.upcoming.saturating_add(period.saturating_sub(jitter)).saturating_add(phase(
			&round.accumulator,
			allotment,
			range,
		))
	}

	/// Takes an allotment out of all queues and forgets it.
	pub(crate) fn retire(allotment: AllotmentId, state: &AuditedAllotment) {
		Due::<T>::remove(state.next_tick, allotment);
		if let Some(open) = state.open {
			Deadlines::<T>::remove(open.deadline_tick, allotment);
		}
		Audited::<T>::remove(allotment);
		Self::free_slot(state.slot);
		if state.removal_pending {
			Removals::<T>::remove(allotment);
		}
		if state.bought_tick.is_some() {
			Self::refund_purchase(allotment);
		}
	}
}

impl<T: Config> AuditSchedule for Pallet<T> {
	fn leaf_count(allotment: AllotmentId) -> u64 {
		let Some(state) = Audited::<T>::get(allotment) else { return 0 };
		// While a removal waits, the node holds the present log and may already hold the new one.
		let removal = state.removal_pending.then(|| Removals::<T>::get(allotment)).flatten();
		let pending = removal.map_or(0, |removal| removal.checkpoint.leaf_count);
		state.log.leaf_count.max(pending)
	}

	fn closed(allotment: AllotmentId) {
		if let Some(state) = Audited::<T>::get(allotment) {
			Self::retire(allotment, &state);
		}
	}
}
