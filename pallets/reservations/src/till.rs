//! What reservations do for the other pallets.

use crate::{Allotments, Config, Event, Pallet, Reservations};
use granary_primitives::{
	reservation::ReservationState,
	traits::{AllotmentView, Allotments as AllotmentsTrait, Capacity, ReservationOwner},
	AllotmentId, Balance, BlockNumber, ReservationId,
};
use sp_runtime::Perbill;

impl<T: Config> AllotmentsTrait<T::AccountId> for Pallet<T> {
	fn allotment(allotment: AllotmentId) -> Option<AllotmentView<T::AccountId>> {
		let one = Allotments::<T>::get(allotment)?;
		let record = Reservations::<T>::get(one.reservation)?;
		Some(AllotmentView {
			reservation: one.reservation,
			node: one.node,
			tenant: record.tenant,
			bytes: one.bytes,
			profile: record.profile,
			live: !one.lost && record.state != ReservationState::Closed,
		})
	}

	fn proven(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) {
		let Some(mut one) = Allotments::<T>::get(allotment) else { return };
		let Some(mut record) = Reservations::<T>::get(one.reservation) else { return };
		if one.lost || record.state == ReservationState::Closed {
			return;
		}
		one.accrued = one.accrued.saturating_add(Self::price_of(&one, &record, from, to));
		let (is_first, shrinks) =
			(record.state == ReservationState::Created, one.shrinks_to.is_some());
		if shrinks {
			Self::apply_shrink(allotment, &mut one, &mut record, to);
		}
		let reservation = one.reservation;
		Allotments::<T>::insert(allotment, one);
		if is_first {
			record.state = ReservationState::Active;
			Self::deposit_event(Event::Activated { reservation });
		}
		if is_first || shrinks {
			Reservations::<T>::insert(reservation, record);
		}
		Self::pay_repair(reservation, allotment);
	}

	fn missed(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) {
		let Some(mut one) = Allotments::<T>::get(allotment) else { return };
		let Some(record) = Reservations::<T>::get(one.reservation) else { return };
		one.withheld = one.withheld.saturating_add(Self::price_of(&one, &record, from, to));
		Allotments::<T>::insert(allotment, one);
	}

	fn slash(allotment: AllotmentId, share: Perbill, to: Option<&T::AccountId>) -> Balance {
		Self::do_slash(allotment, share, to)
	}

	fn lost(allotment: AllotmentId, declared: bool) {
		Self::do_lose(allotment, declared);
	}

	fn payee(allotment: AllotmentId) -> Option<T::AccountId> {
		let node = T::Grid::node(Allotments::<T>::get(allotment)?.node)?;
		T::Grid::payout_account(node.farm)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_allotment_for_benchmark(
		tenant: &T::AccountId,
		audit_key: granary_primitives::PublicKey,
		bytes: u64,
	) -> AllotmentId {
		crate::benchmarking::allotment_for::<T>(tenant, audit_key, bytes)
	}
}

impl<T: Config> ReservationOwner<T::AccountId> for Pallet<T> {
	fn tenant(reservation: ReservationId) -> Option<T::AccountId> {
		Self::open(reservation).ok().map(|record| record.tenant)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_reservation_for_benchmark(tenant: &T::AccountId) -> ReservationId {
		let id = crate::NextReservation::<T>::get();
		crate::benchmarking::allotment_for::<T>(tenant, [9; 32], 1 << 30);
		id
	}
}
