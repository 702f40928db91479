//! Farms' prices, and nodes that are rented as a whole.

use crate::{
	types::{BalanceOf, Node, Rent},
	Config, Error, Event, FarmPrices, Farms, Nodes, Pallet, RentOffers, Rents,
};
use frame_support::{
	ensure,
	traits::{fungible::Mutate, tokens::Preservation},
};
use granary_primitives::{BlockNumber, NodeId};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
	/// What a node asks for a GiB and hour: its own price, or its farm's.
	pub(crate) fn price_of(node: &Node<T>) -> BalanceOf<T> {
		match node.price_per_gib_hour {
			0 => FarmPrices::<T>::get(node.farm).unwrap_or_default(),
			own => own,
		}
	}

	/// Who has rented a node as a whole, now.
	pub fn renter(node: NodeId) -> Option<T::AccountId> {
		Rents::<T>::get(node).filter(|rent| Self::now() < rent.until).map(|rent| rent.tenant)
	}

	/// Whether this account, or anybody, may place allotments on a node.
	pub(crate) fn admits(node: NodeId, tenant: Option<&T::AccountId>) -> bool {
		Self::renter(node).is_none_or(|renter| tenant == Some(&renter))
	}

	/// Checks and records a rent, and pays it.
	pub(crate) fn do_rent(
		tenant: T::AccountId,
		node: NodeId,
		blocks: BlockNumber,
		max_price_per_block: BalanceOf<T>,
	) -> DispatchResult {
		let record = Nodes::<T>::get(node).ok_or(Error::<T>::UnknownNode)?;
		let price = RentOffers::<T>::get(node).ok_or(Error::<T>::NotForRent)?;
		ensure!(price <= max_price_per_block, Error::<T>::RentTooHigh);
		ensure!(!record.draining && !record.standby, Error::<T>::NotAvailable);
		let begin = match Rents::<T>::get(node).filter(|rent| Self::now() < rent.until) {
			Some(rent) => {
				ensure!(rent.tenant == tenant, Error::<T>::RentedByOther);
				rent.until
			},
			// Grid does not know whose allotments these are, and nobody can be thrown out.
			None => {
				ensure!(record.reserved_bytes == 0, Error::<T>::NodeInUse);
				Self::now()
			},
		};
		ensure!(blocks > 0, Error::<T>::BadRent);
		let until = begin.checked_add(blocks).ok_or(Error::<T>::BadRent)?;
		let total = price.checked_mul(blocks.into()).ok_or(Error::<T>::BadRent)?;
		let payout = Farms::<T>::get(record.farm).ok_or(Error::<T>::UnknownFarm)?.payout;
		T::Currency::transfer(&tenant, &payout, total, Preservation::Preserve)?;
		Rents::<T>::insert(node, Rent { tenant: tenant.clone(), until });
		Self::deposit_event(Event::Rented { node, tenant, until, paid: total });
		Ok(())
	}
}
