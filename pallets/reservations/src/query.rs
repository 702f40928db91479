//! Queries for the runtime API.

use crate::{
	types::{Name, Policy, Terms, MAX_CANDIDATES},
	Allotments, AllotmentsOfNode, Config, ContractParameters, Error, FarmEarnings, Names,
	NextReservation, Pallet, RepairFunds, ReservationDetails, ReservationOfTenant, Reservations,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{ensure, traits::Get};
use granary_primitives::{
	reservation::{
		AllotmentInfo, DayEarnings, Quote, ReservationDetails as ReservationDetailsInfo,
		ReservationInfo,
	},
	AccountBytes, AllotmentId, Balance, FarmId, NodeId, ReservationId,
};
use sp_runtime::DispatchError;

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
			profile: record.profile,
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

	fn reservations_of(
		tenant: &T::AccountId,
		start: ReservationId,
		limit: u32,
	) -> Vec<ReservationInfo> {
		let keys = match start.checked_sub(1) {
			Some(before) => {
				let key = ReservationOfTenant::<T>::hashed_key_for(tenant, before.to_be_bytes());
				ReservationOfTenant::<T>::iter_key_prefix_from(tenant, key)
			},
			None => ReservationOfTenant::<T>::iter_key_prefix(tenant),
		};
		keys.take(limit as usize)
			.map(u64::from_be_bytes)
			.filter_map(Self::reservation_info)
			.collect()
	}

	/// What the tenant wrote beside a reservation, and its repair fund.
	pub fn reservation_details(id: ReservationId) -> Option<ReservationDetailsInfo> {
		let record = Reservations::<T>::get(id)?;
		let details = ReservationDetails::<T>::get(id).unwrap_or_default();
		Some(ReservationDetailsInfo {
			name: details.name.map(|name| name.into_inner()).unwrap_or_default(),
			deployment: details.deployment,
			data: details.data.into_inner(),
			provider: record.provider,
			repairer: details.repairer.map(Into::into),
			repair_fund: RepairFunds::<T>::get(id),
		})
	}

	/// The reservation of this name.
	pub fn reservation_of_name(name: Vec<u8>) -> Option<ReservationId> {
		Names::<T>::get(Name::try_from(name).ok()?)
	}

	/// What reserving would cost now: the placement that [`Pallet::reserve_by_policy`] would make, or why it would be refused.
	pub fn quote(
		terms: Terms,
		candidates: Vec<NodeId>,
		policy: Policy,
	) -> Result<Quote, DispatchError> {
		ensure!(candidates.len() <= MAX_CANDIDATES as usize, Error::<T>::BadShardCount);
		ensure!(terms.shards() <= T::MaxShards::get() as usize, Error::<T>::BadShardCount);
		let placed = Self::place(None, &terms, &policy, &candidates, BTreeSet::new())?;
		let price_per_block = Self::sum_of_prices(&placed, terms.max_price_per_block)?;
		let escrow = price_per_block
			.checked_mul(Balance::from(terms.blocks))
			.ok_or(Error::<T>::PriceOverflow)?;
		Ok(Quote {
			nodes: placed.iter().map(|one| one.node).collect(),
			prices_per_block: placed.iter().map(|one| one.price_per_block).collect(),
			price_per_block,
			escrow,
			discount_ppb: ContractParameters::<T>::get().discount(terms.blocks).deconstruct(),
			bonds: placed.iter().map(|one| one.bond).collect(),
		})
	}

	/// What a farm was paid on each of the last days on which it was paid, ascending.
	pub fn farm_earnings(farm: FarmId) -> Vec<DayEarnings> {
		let mut days: Vec<_> = FarmEarnings::<T>::iter_prefix_values(farm).collect();
		days.sort_unstable_by_key(|earned| earned.day);
		days
	}

	/// The allotment with this number.
	pub fn allotment_info(id: AllotmentId) -> Option<AllotmentInfo> {
		let one = Allotments::<T>::get(id)?;
		let record = Reservations::<T>::get(one.reservation)?;
		Some(AllotmentInfo {
			id,
			reservation: one.reservation,
			shard: one.shard,
			node: one.node,
			tenant_transport_key: record.tenant_transport_key,
			public_read: record.public_read,
			bytes: one.bytes,
			price_per_block: one.price_per_block,
			bond: one.bond,
			accrued: one.accrued,
			paid: one.paid,
			withheld: one.withheld,
			lost: one.lost,
			shrinks_to: one.shrinks_to,
			state: record.state,
		})
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
