//! Queries for the runtime API.

use crate::{Config, Farms, NextFarm, NextNode, Nodes, Pallet, TwinOf, Twins};
use granary_primitives::{
	grid::{FarmInfo, NodeInfo, TwinInfo},
	AccountBytes, FarmId, NodeId, TwinId,
};

extern crate alloc;
use alloc::vec::Vec;

/// Numbers that a list looks at for each entry that it may answer: removed ones leave gaps.
const LOOKS_PER_ENTRY: u32 = 4;

impl<T: Config> Pallet<T> {
	/// The twin with this number.
	pub fn twin_info(id: TwinId) -> Option<TwinInfo> {
		Twins::<T>::get(id).map(|twin| TwinInfo {
			id,
			account: twin.account.into(),
			endpoint: twin.endpoint.into_inner(),
			transport_key: twin.transport_key,
		})
	}

	/// The twin of this account.
	pub fn twin_info_of(account: AccountBytes) -> Option<TwinInfo> {
		TwinOf::<T>::get(T::AccountId::from(account)).and_then(Self::twin_info)
	}

	/// The farm with this number.
	pub fn farm_info(id: FarmId) -> Option<FarmInfo> {
		Farms::<T>::get(id).map(|farm| FarmInfo {
			id,
			twin: farm.twin,
			name: farm.name.into_inner(),
			payout: farm.payout.into(),
		})
	}

	/// At most `limit` farms from `start` on.
	pub fn farms(start: FarmId, limit: u32) -> Vec<FarmInfo> {
		page(start, NextFarm::<T>::get(), limit, Self::farm_info)
	}

	/// The node with this number.
	pub fn node_info(id: NodeId) -> Option<NodeInfo> {
		Nodes::<T>::get(id).map(|node| NodeInfo {
			id,
			farm: node.farm,
			operator: node.operator.into(),
			endpoint: node.endpoint.into_inner(),
			audit_key: node.audit_key,
			transport_key: node.transport_key,
			capacity_bytes: node.capacity_bytes,
			reserved_bytes: node.reserved_bytes,
			price_per_gib_hour: node.price_per_gib_hour,
			bond: node.bond,
			bond_used: node.bond_used,
		})
	}

	/// At most `limit` nodes from `start` on.
	pub fn nodes(start: NodeId, limit: u32) -> Vec<NodeInfo> {
		page(start, NextNode::<T>::get(), limit, Self::node_info)
	}
}

/// Looks numbers up from `start` on until the page is full, the end is reached, or enough were looked at. A page that comes back empty
/// before the end is possible only where hundreds of neighbours were removed.
fn page<R>(start: u32, end: u32, limit: u32, look_up: impl Fn(u32) -> Option<R>) -> Vec<R> {
	let last = start.saturating_add(limit.saturating_mul(LOOKS_PER_ENTRY)).min(end);
	(start..last).filter_map(look_up).take(limit as usize).collect()
}
