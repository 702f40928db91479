//! Queries for the runtime API.

use crate::{
	types::Allotment, Allotments, AllotmentsOfNode, Config, NextReservation, Pallet,
	ReservationCount, ReservationOfTenant, Reservations,
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use granary_primitives::{
	reservation::{AllotmentInfo, ReservationInfo, ReservationState},
	AccountBytes, AllotmentId, NodeId, ReservationId,
};

impl<T: Config> Pallet<T> {
	/// The reservation with this number.
	pub fn reservation_info(id: ReservationId) -> Option<ReservationInfo> {
		Reservations::<T>::get(id).map(|record| ReservationInfo {
			id,
			tenant: record.tenant.into(),
			tenant_transport_key: record.tenant_transport_key,
			data_shards: record.data_shards,
			parity_shards: record.parity_shards,
			bytes_per_allotment: record.bytes_per_allotment,
			public_read: record.public_read,
			escrow: record.escrow,
			created: record.created,
			ends: record.ends,
			state: record.state,
			allotments: record.allotments.into_inner(),
		})
	}

	/// At most `limit` reservations from `start` on, of one tenant or of all.
	pub fn reservations(
		tenant: Option<AccountBytes>,
		start: ReservationId,
		limit: u32,
	) -> Vec<ReservationInfo> {
		if let Some(tenant) = tenant {
			return Self::reservations_of(&tenant.into(), start, limit);
		}
		let last = start.saturating_add(limit.into()).min(NextReservation::<T>::get());
		(start..last).filter_map(Self::reservation_info).collect()
	}

	/// The tenant's list is sorted: the first entry is found by halving, the rest follow it.
	fn reservations_of(
		tenant: &T::AccountId,
		start: ReservationId,
		limit: u32,
	) -> Vec<ReservationInfo> {
		let entry = |place| ReservationOfTenant::<T>::get(tenant, place);
		let count = ReservationCount::<T>::get(tenant);
		let (mut first, mut after) = (0, count);
		while first < after {
			let middle = first + (after - first) / 2;
			if entry(middle).is_some_and(|id| id < start) {
				first = middle + 1;
			} else {
				after = middle;
			}
		}
		(first..first.saturating_add(limit).min(count))
			.filter_map(entry)
			.filter_map(Self::reservation_info)
			.collect()
	}

	/// The allotment with this number.
	pub fn allotment_info(id: AllotmentId) -> Option<AllotmentInfo> {
		let one = Allotments::<T>::get(id)?;
		let state = Reservations::<T>::get(one.reservation)
			.map_or(ReservationState::Closed, |record| record.state);
		Some(Self::info_of(id, one, state))
	}

	fn info_of(id: AllotmentId, one: Allotment, state: ReservationState) -> AllotmentInfo {
		AllotmentInfo {
			id,
			reservation: one.reservation,
			shard: one.shard,
			node: one.node,
			bytes: one.bytes,
			price_per_block: one.price_per_block,
			bond: one.bond,
			accrued: one.accrued,
			paid: one.paid,
			withheld: one.withheld,
			state,
		}
	}

	/// At most `limit` live allotments of a node, ascending from `start` on.
	pub fn allotments_of_node(node: NodeId, start: AllotmentId, limit: u32) -> Vec<AllotmentInfo> {
		let mut ids: Vec<AllotmentId> = AllotmentsOfNode::<T>::iter_key_prefix(node)
			.take(T::MaxAllotmentsPerNode::get() as usize)
			.filter(|id| *id >= start)
			.collect();
		ids.sort_unstable();
		ids.into_iter().take(limit as usize).filter_map(Self::allotment_info).collect()
	}
}
