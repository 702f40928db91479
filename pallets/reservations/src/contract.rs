//! Making, extending and closing reservations.

use crate::{
	types::{Allotment, Reservation, Terms},
	AllotmentCount, Allotments, AllotmentsOfNode, Config, ContractParameters, Error, Event,
	HoldReason, NextAllotment, NextReservation, Pallet, ReservationCount, ReservationOfTenant,
	Reservations, WeightInfo,
};
use alloc::collections::BTreeSet;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::MutateHold, tokens::Precision, DefensiveSaturating, Get},
	weights::Weight,
	BoundedVec,
};
use granary_primitives::{
	reservation::ReservationState,
	traits::{AuditSchedule, Capacity},
	AllotmentId, Balance, BlockNumber, FarmId, NodeId, ReservationId,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_reserve(
		tenant: T::AccountId,
		nodes: BoundedVec<NodeId, T::MaxShards>,
		terms: Terms,
	) -> DispatchResult {
		let parameters = ContractParameters::<T>::get();
		ensure!(terms.fit(nodes.len()), Error::<T>::BadShardCount);
		ensure!(terms.has_room(), Error::<T>::BadSize);
		Self::ensure_term(terms.blocks)?;
		let tenant_transport_key = T::Grid::transport_key(&tenant).ok_or(Error::<T>::NotTwin)?;
		let id = NextReservation::<T>::get();
		NextReservation::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);

		let mut farms = BTreeSet::new();
		let mut allotments = BoundedVec::new();
		let mut price_per_block: Balance = 0;
		for (shard, node) in nodes.iter().enumerate() {
			let allotment = Self::allot(id, shard as u8, *node, terms.bytes, &mut farms)?;
			price_per_block = price_per_block
				.checked_add(allotment.1.price_per_block)
				.ok_or(Error::<T>::PriceOverflow)?;
			allotments.try_push(allotment.0).map_err(|_| Error::<T>::BadShardCount)?;
		}
		ensure!(price_per_block <= terms.max_price_per_block, Error::<T>::TooExpensive);
		let escrow = price_per_block
			.checked_mul(Balance::from(terms.blocks))
			.ok_or(Error::<T>::PriceOverflow)?;
		T::Currency::hold(&HoldReason::Escrow.into(), &tenant, escrow)?;

		let now = Self::now();
		let ends = now.checked_add(terms.blocks).ok_or(Error::<T>::BadTerm)?;
		Self::list(&tenant, id)?;
		Reservations::<T>::insert(
			id,
			Reservation {
				tenant: tenant.clone(),
				tenant_transport_key,
				data_shards: terms.data_shards,
				parity_shards: terms.parity_shards,
				bytes_per_allotment: terms.bytes,
				public_read: terms.public_read,
				escrow,
				created: now,
				ends,
				next_settlement: Self::next_settlement(now, parameters.settlement_blocks, ends),
				state: ReservationState::Active,
				allotments,
			},
		);
		Self::deposit_event(Event::Reserved { reservation: id, tenant, escrow });
		Ok(())
	}

	/// Adds a reservation to its tenant's list, which stays sorted because numbers only grow.
	fn list(tenant: &T::AccountId, id: ReservationId) -> DispatchResult {
		let place = ReservationCount::<T>::get(tenant);
		let count = place.checked_add(1).ok_or(Error::<T>::NoIdLeft)?;
		ReservationCount::<T>::insert(tenant, count);
		ReservationOfTenant::<T>::insert(tenant, place, id);
		Ok(())
	}

	/// Takes one allotment on a node of a farm that is not in `farms` yet.
	fn allot(
		reservation: ReservationId,
		shard: u8,
		node: NodeId,
		bytes: u64,
		farms: &mut BTreeSet<FarmId>,
	) -> Result<(AllotmentId, Allotment), DispatchError> {
		let parameters = ContractParameters::<T>::get();
		let info = T::Grid::node(node).ok_or(Error::<T>::UnknownNode)?;
		ensure!(farms.insert(info.farm), Error::<T>::FarmsNotDistinct);
		let price_per_block = parameters
			.price_per_block(bytes, info.price_per_gib_hour)
			.ok_or(Error::<T>::PriceOverflow)?;
		let bond = parameters.bond(bytes, price_per_block).ok_or(Error::<T>::PriceOverflow)?;
		T::Grid::allot(node, bytes, bond)?;
		AllotmentCount::<T>::try_mutate(node, |count| {
			ensure!(*count < T::MaxAllotmentsPerNode::get(), Error::<T>::TooManyAllotments);
			*count += 1;
			Ok::<(), DispatchError>(())
		})?;
		let id = NextAllotment::<T>::get();
		NextAllotment::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
		let allotment = Allotment {
			reservation,
			shard,
			node,
			bytes,
			price_per_block,
			bond,
			accrued: 0,
			paid: 0,
			withheld: 0,
		};
		Allotments::<T>::insert(id, allotment);
		AllotmentsOfNode::<T>::insert(node, id, ());
		Ok((id, allotment))
	}

	fn ensure_term(blocks: BlockNumber) -> DispatchResult {
		let parameters = ContractParameters::<T>::get();
		ensure!(
			(parameters.min_term_blocks..=parameters.max_term_blocks).contains(&blocks),
			Error::<T>::BadTerm
		);
		Ok(())
	}

	/// The reservation, if it is this tenant's and not closed.
	pub(crate) fn of_tenant(
		tenant: &T::AccountId,
		id: ReservationId,
	) -> Result<Reservation<T>, DispatchError> {
		let record = Reservations::<T>::get(id).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(record.tenant == *tenant, Error::<T>::NotTenant);
		ensure!(record.state != ReservationState::Closed, Error::<T>::AlreadyClosed);
		Ok(record)
	}

	pub(crate) fn do_extend(
		tenant: &T::AccountId,
		id: ReservationId,
		blocks: BlockNumber,
	) -> Result<Weight, DispatchError> {
		let mut record = Self::of_tenant(tenant, id)?;
		// A term that is over goes on from now.
		let from = record.ends.max(Self::now());
		let ends = from.checked_add(blocks).ok_or(Error::<T>::BadTerm)?;
		ensure!(blocks > 0, Error::<T>::BadTerm);
		Self::ensure_term(ends.saturating_sub(record.created))?;
		let mut price_per_block: Balance = 0;
		for allotment in &record.allotments {
			let price = Allotments::<T>::get(allotment).map_or(0, |one| one.price_per_block);
			price_per_block = price_per_block.saturating_add(price);
		}
		// The blocks since the end are paid for too: the nodes kept the data in them and audits went on.
		let added = price_per_block
			.checked_mul(Balance::from(ends.saturating_sub(record.ends)))
			.ok_or(Error::<T>::PriceOverflow)?;
		T::Currency::hold(&HoldReason::Escrow.into(), tenant, added)?;
		record.escrow = record.escrow.saturating_add(added);
		record.ends = ends;
		record.state = ReservationState::Active;
		let weight = T::WeightInfo::extend(record.allotments.len() as u32);
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Extended { reservation: id, ends });
		Ok(weight)
	}

	/// Pays, frees and returns; the record stays for its history. Returns the weight that it took.
	pub(crate) fn do_close(
		id: ReservationId,
		mut record: Reservation<T>,
	) -> Result<Weight, DispatchError> {
		Self::pay_accrued(&mut record);
		for allotment in &record.allotments {
			let Some(one) = Allotments::<T>::get(allotment) else { continue };
			T::Grid::release(one.node, one.bytes, one.bond);
			AllotmentsOfNode::<T>::remove(one.node, allotment);
			AllotmentCount::<T>::mutate_exists(one.node, |count| {
				*count = count.map(|one| one.defensive_saturating_sub(1)).filter(|one| *one > 0);
			});
			T::Audits::closed(*allotment);
		}
		let returned = record.escrow;
		T::Currency::release(
			&HoldReason::Escrow.into(),
			&record.tenant,
			returned,
			Precision::Exact,
		)?;
		record.escrow = 0;
		record.state = ReservationState::Closed;
		let weight = T::WeightInfo::close(record.allotments.len() as u32);
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Closed { reservation: id, returned });
		Ok(weight)
	}
}
