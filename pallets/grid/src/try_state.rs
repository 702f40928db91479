//! What must always be true.

use crate::{
	Config, Descriptions, FarmNames, FarmPrices, Farms, HoldReason, NodeOfAuditKey, Nodes, Pallet,
	RentOffers, Rents, TwinOf, Twins, Uptimes,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

extern crate alloc;
use alloc::collections::BTreeMap;

impl<T: Config> Pallet<T> {
	/// Checks that counters, indexes and holds agree with the records.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut farms = BTreeMap::new();
		let mut nodes = BTreeMap::new();
		let mut bonds = BTreeMap::new();
		let mut indexed = 0;
		for (id, node) in Nodes::<T>::iter() {
			ensure!(node.reserved_bytes <= node.capacity_bytes, "a node is oversold");
			ensure!(node.bond_used <= node.bond, "a node's bond is promised twice");
			ensure!(
				NodeOfAuditKey::<T>::get(node.audit_key) == Some(id),
				"an audit key is not indexed"
			);
			if let Some(next) = node.next_keys {
				ensure!(
					NodeOfAuditKey::<T>::get(next.audit_key) == Some(id),
					"a key that becomes valid is not indexed"
				);
				indexed += usize::from(next.audit_key != node.audit_key);
			}
			ensure!(
				!node.standby || node.reserved_bytes == 0,
				"a node that sleeps holds something"
			);
			ensure!(
				node.maintenance.start <= node.maintenance.end,
				"maintenance ends before it starts"
			);
			ensure!(
				node.maintenance.used >= node.maintenance.end - node.maintenance.start,
				"maintenance that no budget pays for"
			);
			indexed += 1;
			*nodes.entry(node.farm).or_insert(0u32) += 1;
			*bonds.entry(node.operator).or_insert(0) += node.bond;
		}
		ensure!(NodeOfAuditKey::<T>::iter().count() == indexed, "an audit key without a node");
		for (operator, bond) in bonds {
			let held = T::Currency::balance_on_hold(&HoldReason::NodeBond.into(), &operator);
			ensure!(held == bond, "an operator's hold is not the sum of its bonds");
		}
		for id in Descriptions::<T>::iter_keys().chain(Uptimes::<T>::iter_keys()) {
			ensure!(Nodes::<T>::contains_key(id), "a description of a node that is gone");
		}
		for id in RentOffers::<T>::iter_keys().chain(Rents::<T>::iter_keys()) {
			ensure!(Nodes::<T>::contains_key(id), "a rent of a node that is gone");
		}
		for id in FarmNames::<T>::iter_values().chain(FarmPrices::<T>::iter_keys()) {
			ensure!(Farms::<T>::contains_key(id), "a name or a price of a farm that is gone");
		}
		for (id, farm) in Farms::<T>::iter() {
			ensure!(
				nodes.get(&id).copied().unwrap_or(0) == farm.nodes,
				"a farm counts its nodes wrongly"
			);
			*farms.entry(farm.twin).or_insert(0u32) += 1;
		}
		for (id, twin) in Twins::<T>::iter() {
			ensure!(
				farms.get(&id).copied().unwrap_or(0) == twin.farms,
				"a twin counts its farms wrongly"
			);
			ensure!(TwinOf::<T>::get(&twin.account) == Some(id), "a twin is not indexed");
		}
		ensure!(
			TwinOf::<T>::iter().count() == Twins::<T>::iter().count(),
			"an account of a twin that is not there"
		);
		Ok(())
	}
}
