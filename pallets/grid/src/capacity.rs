//! What grid offers to the other pallets.

use crate::{Config, Error, Farms, HoldReason, Nodes, Pallet, TwinOf, Twins};
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		DefensiveSaturating,
	},
};
use granary_primitives::{
	grid::{NodeInfo, NodeOffer},
	traits::{AuditKeys, Capacity},
	Balance, FarmId, NodeId, PublicKey,
};
use sp_runtime::DispatchError;

impl<T: Config> Capacity<T::AccountId, DispatchError> for Pallet<T> {
	fn node(node: NodeId) -> Option<NodeInfo> {
		Self::node_info(node)
	}

	fn offer(node: NodeId, tenant: Option<&T::AccountId>) -> Option<NodeOffer> {
		let record = Nodes::<T>::get(node).filter(|node| !node.draining && !node.standby)?;
		if !Self::admits(node, tenant) {
			return None;
		}
		let farm = Farms::<T>::get(record.farm)?;
		Some(NodeOffer {
			farm: record.farm,
			region: farm.region,
			free_bytes: record.capacity_bytes.saturating_sub(record.reserved_bytes),
			free_bond: record.bond.saturating_sub(record.bond_used),
			price_per_gib_hour: Self::price_of(&record),
			certified: record.certified || farm.certified,
		})
	}

	fn allot(node: NodeId, bytes: u64, bond: Balance) -> Result<(), DispatchError> {
		Nodes::<T>::try_mutate(node, |record| {
			let record = record.as_mut().ok_or(Error::<T>::UnknownNode)?;
			ensure!(!record.draining && !record.standby, Error::<T>::NotAvailable);
			let reserved = record.reserved_bytes.checked_add(bytes);
			let reserved = reserved.filter(|reserved| *reserved <= record.capacity_bytes);
			let used = record.bond_used.checked_add(bond);
			let used = used.filter(|used| *used <= record.bond);
			ensure!(reserved.is_some(), Error::<T>::NotEnoughCapacity);
			ensure!(used.is_some(), Error::<T>::NotEnoughBond);
			record.reserved_bytes = reserved.unwrap_or(record.reserved_bytes);
			record.bond_used = used.unwrap_or(record.bond_used);
			Ok(())
		})
	}

	fn release(node: NodeId, bytes: u64, bond: Balance) {
		Nodes::<T>::mutate_extant(node, |record| {
			record.reserved_bytes = record.reserved_bytes.defensive_saturating_sub(bytes);
			record.bond_used = record.bond_used.defensive_saturating_sub(bond);
		});
	}

	fn slash(node: NodeId, amount: Balance, to: &T::AccountId) -> Balance {
		let Some(mut record) = Nodes::<T>::get(node) else { return 0 };
		// Forced: a lock that the operator puts on its account afterwards must not save the bond.
		let moved = T::Currency::transfer_on_hold(
			&HoldReason::NodeBond.into(),
			&record.operator,
			to,
			amount.min(record.bond_used),
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		.unwrap_or(0);
		record.bond = record.bond.defensive_saturating_sub(moved);
		record.bond_used = record.bond_used.defensive_saturating_sub(moved);
		Nodes::<T>::insert(node, record);
		moved
	}

	fn payout_account(farm: FarmId) -> Option<T::AccountId> {
		Farms::<T>::get(farm).map(|farm| farm.payout)
	}

	fn transport_key(account: &T::AccountId) -> Option<PublicKey> {
		Twins::<T>::get(TwinOf::<T>::get(account)?).map(|twin| twin.transport_key)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_node_for_benchmark(
		operator: &T::AccountId,
		bytes: u64,
		audit_key: PublicKey,
	) -> NodeId {
		crate::benchmarking::node_for::<T>(operator, bytes, audit_key)
	}
}

impl<T: Config> AuditKeys for Pallet<T> {
	fn audit_key(node: NodeId) -> Option<PublicKey> {
		Nodes::<T>::get(node).map(|node| node.keys_at(Self::now()).0)
	}

	fn in_maintenance(node: NodeId) -> bool {
		Self::is_in_maintenance(node)
	}
}
