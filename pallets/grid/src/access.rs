//! Who may change what.

use crate::{
	types::{Farm, Node},
	Config, Error, Farms, Nodes, Pallet, TwinOf,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
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

	/// `host:port`, so a text with a colon.
	pub(crate) fn is_endpoint(endpoint: &[u8]) -> bool {
		core::str::from_utf8(endpoint).is_ok_and(|text| text.contains(':'))
	}
}
