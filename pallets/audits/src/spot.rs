//! Spot audits: at every tick the beacon may pick any audited allotment.
//!
//! Without them a node that has just answered knew that it is left alone for most of a period. All audited
//! allotments have dense slot numbers, so one is picked in constant time, each as likely as any
//! other; who leaves gives its slot to the last one.

use crate::{beacon::draw, schedule::Round, AuditSlots, Audited, Config, Pallet, SlotCount};
use frame_support::weights::WeightMeter;
use granary_primitives::{
	audit::AuditKind,
	traits::{Allotments, AuditKeys},
	AllotmentId,
};

/// Domain of the draws.
const SPOT_TAG: &[u8; 5] = b"spot/";
/// The number of the draw that decides how many allotments are picked.
const COUNT_DRAW: u64 = u64::MAX;

impl<T: Config> Pallet<T> {
	/// Gives an allotment the next slot.
	pub(crate) fn take_slot(allotment: AllotmentId) -> u32 {
		let slot = SlotCount::<T>::get();
		AuditSlots::<T>::insert(slot, allotment);
		SlotCount::<T>::put(slot.saturating_add(1));
		slot
	}

	/// Fills a slot that became free with the last allotment. Its own allotment must be out of
	/// [`Audited`] already.
	pub(crate) fn free_slot(slot: u32) {
		let Some(last) = SlotCount::<T>::get().checked_sub(1) else {
			frame_support::defensive!("audits: a slot is freed twice");
			return;
		};
		SlotCount::<T>::put(last);
		let Some(moved) = AuditSlots::<T>::take(last) else {
			frame_support::defensive!("audits: the last slot is empty");
			return;
		};
		if slot != last {
			AuditSlots::<T>::insert(slot, moved);
			Audited::<T>::mutate_extant(moved, |state| state.slot = slot);
		}
	}

	/// Picks as many allotments as are to be picked at this tick: on average each of them once in
	/// `spot_period_ticks`.
	pub(crate) fn open_spots(round: &mut Round, meter: &mut WeightMeter) {
		let period = round.parameters.spot_period_ticks;
		let count = SlotCount::<T>::get();
		let Some(whole) = count.checked_div(period) else {
			return;
		};
		let rest = count.checked_rem(period).unwrap_or_default();
		let lucky = draw(SPOT_TAG, &round.accumulator, COUNT_DRAW, period) < rest;
		let wanted = whole.saturating_add(u32::from(lucky)).min(round.extra);
		for number in 0..wanted {
			if round.extra == 0 || meter.try_consume(Self::opening_weight()).is_err() {
				return;
			}
			// Fewer than before, if the last one that was picked turned out to be closed.
			let range = SlotCount::<T>::get();
			let slot = draw(SPOT_TAG, &round.accumulator, u64::from(number), range);
			if let Some(allotment) = AuditSlots::<T>::get(slot) {
				Self::open_spot(round, allotment);
			}
		}
	}

	/// Opens one spot audit beside the schedule, unless an audit is open or the node is in
	/// maintenance.
	pub(crate) fn open_spot(round: &mut Round, allotment: AllotmentId) {
		let Some(mut state) = Audited::<T>::get(allotment) else { return };
		let Some(view) = T::Allotments::allotment(allotment).filter(|view| view.live) else {
			Self::retire(allotment, &state);
			return;
		};
		if state.open.is_some() || T::AuditKeys::in_maintenance(view.node) {
			return;
		}
		let samples = round.parameters.leaves_per_audit;
		Self::freeze(round, allotment, &mut state, &view, AuditKind::Spot, samples);
		Audited::<T>::insert(allotment, state);
	}
}
