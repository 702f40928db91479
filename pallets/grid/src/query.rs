//! Queries for the runtime API.

use crate::{
	types::Maintenance, Config, Descriptions, Farms, NextFarm, NextNode, Nodes, Pallet, RentOffers,
	TwinOf, Twins, Uptimes,
};
use granary_primitives::{
	grid::{FarmInfo, NodeInfo, NodeReport, NodeSearch, TwinInfo},
	traits::Capacity,
	AccountBytes, FarmId, NodeId, TwinId,
};

extern crate alloc;
use alloc::vec::Vec;

/// Numbers that a list looks at for each entry that it may answer: removed ones leave gaps.
const LOOKS_PER_ENTRY: u32 = 4;
/// Numbers that a search looks at for one page.
const MAX_SEARCHED: u32 = 4096;

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
			region: farm.region,
			certified: farm.certified,
		})
	}

	/// At most `limit` farms from `start` on.
	pub fn farms(start: FarmId, limit: u32) -> Vec<FarmInfo> {
		page(start, NextFarm::<T>::get(), limit, Self::farm_info)
	}

	/// The node with this number.
	pub fn node_info(id: NodeId) -> Option<NodeInfo> {
		let node = Nodes::<T>::get(id)?;
		let (audit_key, transport_key) = node.keys_at(Self::now());
		let Maintenance { start, end, .. } = node.maintenance;
		let price_per_gib_hour = Self::price_of(&node);
		Some(NodeInfo {
			id,
			farm: node.farm,
			operator: node.operator.into(),
			endpoint: node.endpoint.into_inner(),
			audit_key,
			transport_key,
			capacity_bytes: node.capacity_bytes,
			reserved_bytes: node.reserved_bytes,
			price_per_gib_hour,
			bond: node.bond,
			bond_used: node.bond_used,
			certified: node.certified,
			draining: node.draining,
			standby: node.standby,
			maintenance: (start < end && Self::now() < end).then_some((start, end)),
		})
	}

	/// Nodes from `start` on that offer what is asked for, at most `limit`, and where the next page begins; `None` at the end. A page may be short, even
	/// empty, although there is a next one.
	pub fn search_nodes(
		search: NodeSearch,
		start: NodeId,
		limit: u32,
	) -> (Vec<NodeInfo>, Option<NodeId>) {
		let end = NextNode::<T>::get();
		let last = start.saturating_add(MAX_SEARCHED).min(end);
		let mut found = Vec::new();
		for id in start..last {
			let fits =
				<Self as Capacity<_, _>>::offer(id, None).is_some_and(|offer| search.fits(&offer));
			if fits {
				found.extend(Self::node_info(id));
			}
			if found.len() as u32 >= limit {
				return (found, Some(id + 1).filter(|next| *next < end));
			}
		}
		(found, Some(last).filter(|next| *next < end))
	}

	/// The nodes of a farm from `start` on: what keeps it from being removed.
	pub fn nodes_of_farm(farm: FarmId, start: NodeId, limit: u32) -> Vec<NodeInfo> {
		let end = NextNode::<T>::get().min(start.saturating_add(MAX_SEARCHED));
		let of_farm = |node: &NodeInfo| node.farm == farm;
		(start..end).filter_map(Self::node_info).filter(of_farm).take(limit as usize).collect()
	}

	/// What an operator tells of its node, and its last uptime report.
	pub fn node_report(id: NodeId) -> Option<NodeReport> {
		let node = Nodes::<T>::get(id)?;
		let description = Descriptions::<T>::get(id).unwrap_or_default();
		let uptime = Uptimes::<T>::get(id);
		Some(NodeReport {
			ssd_bytes: description.ssd_bytes,
			hdd_bytes: description.hdd_bytes,
			latitude_microdegrees: description.latitude_microdegrees,
			longitude_microdegrees: description.longitude_microdegrees,
			serial: description.serial.into_inner(),
			uptime_seconds: uptime.map(|report| report.uptime_seconds),
			uptime_block: uptime.map(|report| report.block),
			renter: Self::renter(id).map(Into::into),
			rent_per_block: RentOffers::<T>::get(id),
			next_keys_from: node.next_keys.map(|keys| keys.from).filter(|from| *from > Self::now()),
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
