//! What must always be true.

use crate::{
	AllotmentCount, Allotments, AllotmentsOfNode, Config, HoldReason, Pallet, Reservations,
};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use granary_primitives::{reservation::ReservationState, traits::Capacity, Balance, NodeId};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that holds, counters and grid agree with the records.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut escrows: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		let mut taken: BTreeMap<NodeId, (u64, Balance, u32)> = BTreeMap::new();
		for (id, record) in Reservations::<T>::iter() {
			*escrows.entry(record.tenant.clone()).or_default() += record.escrow;
			let mut accrued: Balance = 0;
			for allotment in &record.allotments {
				let one =
					Allotments::<T>::get(allotment).ok_or("a reservation misses an allotment")?;
				ensure!(one.reservation == id, "an allotment names another reservation");
				let live = record.state != ReservationState::Closed;
				let indexed = AllotmentsOfNode::<T>::contains_key(one.node, allotment);
				ensure!(live == indexed, "a node's list of allotments is wrong");
				if live {
					accrued += one.accrued;
					let sum = taken.entry(one.node).or_default();
					*sum = (sum.0 + one.bytes, sum.1 + one.bond, sum.2 + 1);
				}
			}
			ensure!(accrued <= record.escrow, "a reservation owes more than it holds");
		}
		for (tenant, escrow) in escrows {
			let held = T::Currency::balance_on_hold(&HoldReason::Escrow.into(), &tenant);
			ensure!(held == escrow, "a tenant's hold is not the sum of its escrows");
		}
		ensure!(AllotmentCount::<T>::iter().count() == taken.len(), "a count without allotments");
		for (node, (bytes, bond, count)) in taken {
			let info = T::Grid::node(node).ok_or("an allotment on a node that is gone")?;
			ensure!(info.reserved_bytes == bytes, "grid reserves other bytes than allotments take");
			ensure!(info.bond_used == bond, "grid uses another bond than allotments take");
			ensure!(
				AllotmentCount::<T>::get(node) == count,
				"a node counts its allotments wrongly"
			);
		}
		Ok(())
	}
}
