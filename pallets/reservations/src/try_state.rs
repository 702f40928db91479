//! What must always be true.

use crate::{
	types::Reservation, AllotmentCount, Allotments, AllotmentsOfNode, Config, HoldReason, Names,
	Pallet, RepairFunds, Repairs, ReservationDetails, ReservationOfTenant, Reservations,
};
use alloc::collections::BTreeMap;
use frame_support::{
	ensure,
	traits::{
		fungible::{Inspect, InspectHold},
		Get,
	},
};
use granary_primitives::{
	reservation::ReservationState, traits::Capacity, Balance, NodeId, ReservationId,
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that holds, counters and grid agree with the records.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut escrows: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		let mut taken: BTreeMap<NodeId, (u64, Balance, u32)> = BTreeMap::new();
		for (id, record) in Reservations::<T>::iter() {
			*escrows.entry(record.tenant.clone()).or_default() += record.escrow;
			Self::check_reservation(id, &record, &mut taken)?;
		}
		Self::check_lists()?;
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

	/// Checks one reservation against its allotments and adds these, if it is live, to what is taken of the nodes.
	fn check_reservation(
		id: ReservationId,
		record: &Reservation<T>,
		taken: &mut BTreeMap<NodeId, (u64, Balance, u32)>,
	) -> Result<(), TryRuntimeError> {
		let live = record.state != ReservationState::Closed;
		let (mut accrued, mut paid, mut price): (Balance, Balance, Balance) = (0, 0, 0);
		for allotment in &record.allotments {
			let one = Allotments::<T>::get(allotment).ok_or("a reservation misses an allotment")?;
			ensure!(one.reservation == id, "an allotment names another reservation");
			ensure!(
				one.decided() <= one.priced,
				"an allotment earned and lost more than its price"
			);
			ensure!(one.bond <= one.bond_made, "an allotment's bond grew");
			let indexed = AllotmentsOfNode::<T>::contains_key(one.node, allotment);
			ensure!(live == indexed, "a node's list of allotments is wrong");
			accrued += one.accrued;
			paid += one.paid;
			price += one.priced;
			if live {
				let sum = taken.entry(one.node).or_default();
				*sum = (sum.0 + one.bytes, sum.1 + one.bond, sum.2 + 1);
			}
		}
		if live {
			ensure!(accrued <= record.escrow, "a reservation owes more than it holds");
			ensure!(record.escrow + paid == price, "the escrow is not what is left of the price");
		} else {
			ensure!(record.escrow == 0, "a closed reservation holds an escrow");
		}
		Ok(())
	}

	/// Checks that every reservation is in its tenant's list and nothing else is, and that names and funds belong to open reservations.
	fn check_lists() -> Result<(), TryRuntimeError> {
		let mut listed = 0;
		for (tenant, id, ()) in ReservationOfTenant::<T>::iter() {
			let record =
				Reservations::<T>::get(u64::from_be_bytes(id)).ok_or("a list names nothing")?;
			ensure!(record.tenant == tenant, "a list names another tenant's reservation");
			listed += 1;
		}
		ensure!(listed == Reservations::<T>::iter().count(), "a reservation is in no list");
		for (name, id) in Names::<T>::iter() {
			let details = ReservationDetails::<T>::get(id).ok_or("a name without details")?;
			ensure!(details.name.as_ref() == Some(&name), "a name of another reservation");
			Self::open(id).map_err(|_| "a closed reservation has a name")?;
		}
		let mut funds: Balance = 0;
		for (id, fund) in RepairFunds::<T>::iter() {
			funds += fund;
			ensure!(fund == 0 || Self::open(id).is_ok(), "a closed reservation has a repair fund");
		}
		let kept = T::Currency::balance(&T::RepairAccount::get());
		ensure!(funds <= kept, "the repair account keeps less than the funds");
		for (allotment, _) in Repairs::<T>::iter() {
			let one = Allotments::<T>::get(allotment).ok_or("a repair of nothing")?;
			ensure!(!one.lost, "a repair of what is lost again");
		}
		Ok(())
	}
}
