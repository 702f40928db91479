//! Who may change what, and what has to be undone when a node goes.

use crate::{
	types::{Farm, Node},
	Config, Descriptions, Error, Farms, HoldReason, NodeOfAuditKey, Nodes, Pallet, RentOffers,
	Rents, TwinOf, Uptimes,
};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::MutateHold, tokens::Precision, DefensiveSaturating},
};
use granary_primitives::{FarmId, NodeId};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn ensure_farm_owner(
		account: &T::AccountId,
		farm: FarmId,
	) -> Result<Farm<T>, DispatchError> {
		let record = Farms::<T>::get(farm).ok_or(Error::<T>::UnknownFarm)?;
		ensure!(TwinOf::<T>::get(account) == Some(record.twin), Error::<T>::NotFarmOwner);
		Ok(record)
	}

	pub(crate) fn mutate_node(
		operator: &T::AccountId,
		node: NodeId,
		change: impl FnOnce(&mut Node<T>) -> DispatchResult,
	) -> DispatchResult {
		Nodes::<T>::try_mutate(node, |record| {
			let record = record.as_mut().ok_or(Error::<T>::UnknownNode)?;
			ensure!(record.operator == *operator, Error::<T>::NotNodeOperator);
			change(record)
		})
	}

	/// Forgets an unused node and returns its bond.
	pub(crate) fn do_remove_node(operator: &T::AccountId, node: NodeId) -> DispatchResult {
		let record = Nodes::<T>::get(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(record.operator == *operator, Error::<T>::NotNodeOperator);
		ensure!(record.reserved_bytes == 0 && record.bond_used == 0, Error::<T>::NodeInUse);
		ensure!(Self::renter(node).is_none(), Error::<T>::NodeInUse);
		T::Currency::release(
			&HoldReason::NodeBond.into(),
			operator,
			record.bond,
			Precision::Exact,
		)?;
		Farms::<T>::mutate_extant(record.farm, |farm| {
			farm.nodes = farm.nodes.defensive_saturating_sub(1);
		});
		NodeOfAuditKey::<T>::remove(record.audit_key);
		if let Some(next) = record.next_keys {
			NodeOfAuditKey::<T>::remove(next.audit_key);
		}
		Descriptions::<T>::remove(node);
		Uptimes::<T>::remove(node);
		RentOffers::<T>::remove(node);
		Rents::<T>::remove(node);
		Nodes::<T>::remove(node);
		Ok(())
	}

	/// `host:port`, so a text with a colon.
	pub(crate) fn is_endpoint(endpoint: &[u8]) -> bool {
		core::str::from_utf8(endpoint).is_ok_and(|text| text.contains(':'))
	}
}
