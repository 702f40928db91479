//! New farms and nodes.

use crate::{
	types::{Farm, Node},
	Config, Error, Event, FarmNames, Farms, HoldReason, NextFarm, NextNode, NodeOfAuditKey, Nodes,
	Pallet, TwinOf, Twins,
};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Get},
	BoundedVec,
};
use granary_primitives::Region;
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
	/// Checks and creates a farm of this account's twin.
	pub(crate) fn do_create_farm(
		account: T::AccountId,
		name: BoundedVec<u8, T::MaxNameLen>,
		payout: Option<T::AccountId>,
	) -> DispatchResult {
		let twin = TwinOf::<T>::get(&account).ok_or(Error::<T>::NotTwin)?;
		ensure!(!name.is_empty() && core::str::from_utf8(&name).is_ok(), Error::<T>::BadText);
		ensure!(!FarmNames::<T>::contains_key(&name), Error::<T>::NameTaken);
		Twins::<T>::try_mutate(twin, |record| {
			let record = record.as_mut().ok_or(Error::<T>::NotTwin)?;
			ensure!(record.farms < T::MaxFarmsPerTwin::get(), Error::<T>::TooManyFarms);
			record.farms += 1;
			Ok::<(), DispatchError>(())
		})?;
		let id = NextFarm::<T>::get();
		NextFarm::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
		FarmNames::<T>::insert(&name, id);
		let payout = payout.unwrap_or(account);
		let region = Region::default();
		Farms::<T>::insert(id, Farm { twin, name, payout, region, certified: false, nodes: 0 });
		Self::deposit_event(Event::FarmCreated { farm: id, twin });
		Ok(())
	}

	/// Checks a new node and holds its bond from its operator.
	pub(crate) fn do_register_node(node: Node<T>) -> DispatchResult {
		let (farm, capacity_bytes, audit_key) = (node.farm, node.capacity_bytes, node.audit_key);
		Self::ensure_farm_owner(&node.operator, farm)?;
		ensure!(Self::is_endpoint(&node.endpoint), Error::<T>::BadText);
		ensure!(capacity_bytes > 0, Error::<T>::BadCapacity);
		ensure!(node.bond >= T::MinNodeBond::get(), Error::<T>::BondTooLow);
		ensure!(!NodeOfAuditKey::<T>::contains_key(audit_key), Error::<T>::AuditKeyInUse);
		Farms::<T>::try_mutate(farm, |record| {
			let record = record.as_mut().ok_or(Error::<T>::UnknownFarm)?;
			ensure!(record.nodes < T::MaxNodesPerFarm::get(), Error::<T>::TooManyNodes);
			record.nodes += 1;
			Ok::<(), DispatchError>(())
		})?;
		T::Currency::hold(&HoldReason::NodeBond.into(), &node.operator, node.bond)?;
		let id = NextNode::<T>::get();
		NextNode::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
		NodeOfAuditKey::<T>::insert(audit_key, id);
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::NodeRegistered { node: id, farm, capacity_bytes });
		Ok(())
	}
}
