//! Penalties, lost allotments and their repair.
//!
//! What misses cost is moved from the node's bond to the repair account and counted as the reservation's *repair fund*. A lost allotment is replaced
//! on another node by the tenant or by whom the tenant named; once the new node has proven the restored log, the fund pays whoever restored it. What
//! is left when the reservation is closed is the tenant's. The tenant may as well have another node in the place of one that lost nothing, for instance
//! because a farm of another region has joined: that moves no fund, and restoring the shard there is the tenant's own affair.

use crate::{
	types::{Allotment, Repair, Reservation},
	Allotments, Config, ContractParameters, Error, Event, HoldReason, Pallet, RepairFunds, Repairs,
	ReservationDetails, Reservations,
};
use alloc::collections::BTreeSet;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Precision, Preservation},
		Get,
	},
};
use granary_primitives::{traits::Capacity, AllotmentId, Balance, NodeId, ReservationId};
use sp_runtime::{DispatchError, Perbill};

impl<T: Config> Pallet<T> {
	/// Takes `amount` of what is left of an allotment's bond.
	fn take_bond(id: AllotmentId, amount: Balance, to: Option<&T::AccountId>) -> Balance {
		let Some(mut one) = Allotments::<T>::get(id) else { return 0 };
		let account = T::RepairAccount::get();
		let taken = T::Grid::slash(one.node, amount.min(one.bond), to.unwrap_or(&account));
		if taken == 0 {
			return 0;
		}
		one.bond = one.bond.saturating_sub(taken);
		let reservation = one.reservation;
		Allotments::<T>::insert(id, one);
		if to.is_none() {
			RepairFunds::<T>::mutate(reservation, |fund| *fund = fund.saturating_add(taken));
		}
		Self::deposit_event(Event::Slashed { allotment: id, amount: taken, to: to.cloned() });
		taken
	}

	/// Takes a share of the bond that the allotment was made with.
	pub(crate) fn do_slash(id: AllotmentId, share: Perbill, to: Option<&T::AccountId>) -> Balance {
		let made = Allotments::<T>::get(id).map_or(0, |one| one.bond_made);
		Self::take_bond(id, share.mul_ceil(made), to)
	}

	/// Marks an allotment as lost; what is left of its bond, or half of it, funds the repair.
	pub(crate) fn do_lose(id: AllotmentId, declared: bool) {
		let Some(mut one) = Allotments::<T>::get(id).filter(|one| !one.lost) else { return };
		one.lost = true;
		one.shrinks_to = None;
		Allotments::<T>::insert(id, one);
		// Whoever was to be paid for making this one is not.
		Repairs::<T>::remove(id);
		let amount = if declared { one.bond.div_ceil(2) } else { one.bond };
		Self::take_bond(id, amount, None);
		Self::deposit_event(Event::Lost { allotment: id, declared });
	}

	/// Puts a new allotment in the place of a lost one.
	pub(crate) fn do_replace(
		by: T::AccountId,
		id: ReservationId,
		shard: u8,
		node: NodeId,
		max_price_per_block: Balance,
	) -> DispatchResult {
		let record = Self::open(id)?;
		let repairer = ReservationDetails::<T>::get(id).and_then(|details| details.repairer);
		ensure!(by == record.tenant || repairer.as_ref() == Some(&by), Error::<T>::NotTenant);
		let (old, one) = Self::holder_of(&record, shard)?;
		ensure!(one.lost, Error::<T>::NotLost);
		let bytes = record.bytes_per_allotment;
		let new = Self::put_elsewhere(&by, id, record, shard, node, max_price_per_block)?;
		let reward = ContractParameters::<T>::get().repair_cost(bytes).unwrap_or(0);
		Repairs::<T>::insert(new, Repair { repairer: by, reward: reward.saturating_mul(2) });
		Self::deposit_event(Event::Replaced { reservation: id, shard, old, new });
		Ok(())
	}

	/// Puts a new allotment in the place of one that its node still holds. What that one has proven is paid, its bond is the node's again, and nobody is
	/// paid for the repair: nothing was lost.
	pub(crate) fn do_move(
		by: T::AccountId,
		id: ReservationId,
		shard: u8,
		node: NodeId,
		max_price_per_block: Balance,
	) -> DispatchResult {
		let record = Self::open(id)?;
		ensure!(by == record.tenant, Error::<T>::NotTenant);
		let (old, one) = Self::holder_of(&record, shard)?;
		ensure!(!one.lost, Error::<T>::IsLost);
		let new = Self::put_elsewhere(&by, id, record, shard, node, max_price_per_block)?;
		// Whose place is taken is not among the reservation's any more and earns nothing.
		Allotments::<T>::mutate_extant(old, |one| one.lost = true);
		Self::deposit_event(Event::Moved { reservation: id, shard, old, new });
		Ok(())
	}

	/// The allotment that holds a shard.
	fn holder_of(
		record: &Reservation<T>,
		shard: u8,
	) -> Result<(AllotmentId, Allotment), DispatchError> {
		let id = record.allotments.get(usize::from(shard)).copied();
		let id = id.ok_or(Error::<T>::UnknownAllotment)?;
		Ok((id, Allotments::<T>::get(id).ok_or(Error::<T>::UnknownAllotment)?))
	}

	/// Gives a shard to an allotment on another node, whose number is answered, and frees the one that had it.
	fn put_elsewhere(
		by: &T::AccountId,
		id: ReservationId,
		mut record: Reservation<T>,
		shard: u8,
		node: NodeId,
		max_price_per_block: Balance,
	) -> Result<AllotmentId, DispatchError> {
		let blocks = record.ends.saturating_sub(Self::now());
		ensure!(blocks > 0, Error::<T>::BadTerm);
		let mut farms = BTreeSet::new();
		for (place, allotment) in record.allotments.iter().enumerate() {
			if place == usize::from(shard) {
				continue;
			}
			let holder = Allotments::<T>::get(allotment).and_then(|one| T::Grid::node(one.node));
			farms.extend(holder.map(|holder| holder.farm));
		}
		let terms =
			Self::terms_of(&record, record.bytes_per_allotment, record.ends - record.created);
		let placed =
			Self::place(Some(&record.tenant), &terms, &Default::default(), &[node], farms)?;
		let offered = *placed.first().ok_or(Error::<T>::NoPlacement)?;
		ensure!(offered.price_per_block <= max_price_per_block, Error::<T>::TooExpensive);

		// What the old one earned is paid first: its part of the escrow goes over to the new one.
		Self::pay_accrued(&mut record);
		let (old_id, old) = Self::holder_of(&record, shard)?;
		let left = old.priced.saturating_sub(old.paid);
		let new_id = Self::allot(id, shard, &offered, terms.bytes, blocks)?;
		let needed = offered.price_per_block.saturating_mul(Balance::from(blocks));
		let reason = HoldReason::Escrow.into();
		if needed > left {
			// A repairer spends what the tenant has already set aside and no more.
			ensure!(*by == record.tenant, Error::<T>::TooExpensive);
			T::Currency::hold(&reason, &record.tenant, needed - left)?;
			record.escrow = record.escrow.saturating_add(needed - left);
		} else {
			T::Currency::release(&reason, &record.tenant, left - needed, Precision::Exact)?;
			record.escrow = record.escrow.saturating_sub(left - needed);
		}
		Self::free(old_id, &old);
		Allotments::<T>::mutate_extant(old_id, |one| {
			one.priced = one.paid;
			one.accrued = 0;
			one.withheld = 0;
		});
		if let Some(place) = record.allotments.get_mut(usize::from(shard)) {
			*place = new_id;
		}
		Reservations::<T>::insert(id, record);
		Ok(new_id)
	}

	/// Pays whoever restored this allotment, once, as far as the fund reaches.
	pub(crate) fn pay_repair(reservation: ReservationId, id: AllotmentId) {
		let Some(repair) = Repairs::<T>::take(id) else { return };
		let amount = repair.reward.min(RepairFunds::<T>::get(reservation));
		let paid = Self::pay_from_fund(reservation, &repair.repairer, amount);
		Self::deposit_event(Event::Repaired { allotment: id, repairer: repair.repairer, paid });
	}

	/// What is left of the fund is the tenant's.
	pub(crate) fn return_repair_fund(reservation: ReservationId, tenant: &T::AccountId) {
		let amount = RepairFunds::<T>::get(reservation);
		Self::pay_from_fund(reservation, tenant, amount);
	}

	fn pay_from_fund(reservation: ReservationId, to: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		let from = T::RepairAccount::get();
		let paid = T::Currency::transfer(&from, to, amount, Preservation::Preserve).unwrap_or(0);
		RepairFunds::<T>::mutate_exists(reservation, |fund| {
			*fund = fund.and_then(|fund| fund.checked_sub(paid)).filter(|fund| *fund > 0);
		});
		paid
	}
}
