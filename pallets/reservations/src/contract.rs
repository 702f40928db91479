//! Making, extending and closing reservations.

use crate::{
	placement::Offered,
	types::{Allotment, Details, Options, Policy, Reservation, Terms, MIN_NAME_LEN},
	AllotmentCount, Allotments, AllotmentsOfNode, Config, ContractParameters, Error, Event,
	HoldReason, Names, NextAllotment, NextReservation, Offers, Pallet, Providers, Repairs,
	ReservationDetails, ReservationOfTenant, Reservations, WeightInfo,
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
	AllotmentId, Balance, BlockNumber, NodeId, ReservationId,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_reserve(
		tenant: T::AccountId,
		nodes: &[NodeId],
		terms: Terms,
		policy: Policy,
		options: Options,
	) -> DispatchResult {
		let parameters = ContractParameters::<T>::get();
		ensure!(terms.shards() <= T::MaxShards::get() as usize, Error::<T>::BadShardCount);
		ensure!(terms.has_room(), Error::<T>::BadSize);
		Self::ensure_term(terms.blocks)?;
		let tenant_transport_key = T::Grid::transport_key(&tenant).ok_or(Error::<T>::NotTwin)?;
		let placed = Self::place(Some(&tenant), &terms, &policy, nodes, BTreeSet::new())?;
		let price_per_block = Self::sum_of_prices(&placed, terms.max_price_per_block)?;
		let escrow = price_per_block
			.checked_mul(Balance::from(terms.blocks))
			.ok_or(Error::<T>::PriceOverflow)?;
		let now = Self::now();
		let ends = now.checked_add(terms.blocks).ok_or(Error::<T>::BadTerm)?;
		let id = NextReservation::<T>::get();
		NextReservation::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
		T::Currency::hold(&HoldReason::Escrow.into(), &tenant, escrow)?;

		let mut allotments = BoundedVec::new();
		for (shard, offered) in placed.iter().enumerate() {
			let allotment = Self::allot(id, shard as u8, offered, terms.bytes, terms.blocks)?;
			allotments.try_push(allotment).map_err(|_| Error::<T>::BadShardCount)?;
		}
		let provider = options.provider;
		Self::write_details(id, options)?;
		ReservationOfTenant::<T>::insert(&tenant, id.to_be_bytes(), ());
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
				state: ReservationState::Created,
				profile: terms.profile,
				provider,
				allotments,
			},
		);
		Self::deposit_event(Event::Reserved { reservation: id, tenant, escrow });
		Ok(())
	}

	/// Checks name and provider and writes what is not empty.
	fn write_details(id: ReservationId, options: Options) -> DispatchResult {
		if let Some(provider) = options.provider {
			let approved = Providers::<T>::get(provider).is_some_and(|record| record.approved);
			ensure!(approved, Error::<T>::UnknownProvider);
		}
		if let Some(name) = &options.name {
			let is_text = core::str::from_utf8(name).is_ok() && name.len() >= MIN_NAME_LEN;
			ensure!(is_text, Error::<T>::BadName);
			ensure!(!Names::<T>::contains_key(name), Error::<T>::NameInUse);
			Names::<T>::insert(name, id);
		}
		let Options { name, deployment, data, .. } = options;
		Self::put_details(id, Details { name, deployment, data, repairer: None });
		Ok(())
	}

	/// Writes details, or nothing if they are empty.
	pub(crate) fn put_details(id: ReservationId, details: Details<T>) {
		if details == Details::default() {
			ReservationDetails::<T>::remove(id);
		} else {
			ReservationDetails::<T>::insert(id, details);
		}
	}

	/// Takes one allotment for so many blocks.
	pub(crate) fn allot(
		reservation: ReservationId,
		shard: u8,
		offered: &Offered,
		bytes: u64,
		blocks: BlockNumber,
	) -> Result<AllotmentId, DispatchError> {
		let Offered { node, price_per_block, bond, .. } = *offered;
		T::Grid::allot(node, bytes, bond)?;
		AllotmentCount::<T>::mutate(node, |count| *count = count.saturating_add(1));
		let id = NextAllotment::<T>::get();
		NextAllotment::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
		let priced = price_per_block.checked_mul(Balance::from(blocks));
		let allotment = Allotment {
			reservation,
			shard,
			node,
			bytes,
			price_per_block,
			priced: priced.ok_or(Error::<T>::PriceOverflow)?,
			bond_made: bond,
			bond,
			accrued: 0,
			paid: 0,
			withheld: 0,
			lost: false,
			shrinks_to: None,
		};
		Allotments::<T>::insert(id, allotment);
		AllotmentsOfNode::<T>::insert(node, id, ());
		Ok(id)
	}

	/// Gives an allotment's capacity and bond back to its node and ends its audits.
	pub(crate) fn free(id: AllotmentId, one: &Allotment) {
		T::Grid::release(one.node, one.bytes, one.bond);
		// Nothing can be taken any more of what is given back.
		Allotments::<T>::insert(id, Allotment { bond: 0, shrinks_to: None, ..*one });
		AllotmentsOfNode::<T>::remove(one.node, id);
		AllotmentCount::<T>::mutate_exists(one.node, |count| {
			*count = count.map(|one| one.defensive_saturating_sub(1)).filter(|one| *one > 0);
		});
		Repairs::<T>::remove(id);
		T::Audits::closed(id);
	}

	fn ensure_term(blocks: BlockNumber) -> DispatchResult {
		let parameters = ContractParameters::<T>::get();
		ensure!(
			(parameters.min_term_blocks..=parameters.max_term_blocks).contains(&blocks),
			Error::<T>::BadTerm
		);
		Ok(())
	}

	/// The reservation, if it is not closed.
	pub(crate) fn open(id: ReservationId) -> Result<Reservation<T>, DispatchError> {
		let record = Reservations::<T>::get(id).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(record.state != ReservationState::Closed, Error::<T>::AlreadyClosed);
		Ok(record)
	}

	/// The reservation, if it is this tenant's and not closed.
	pub(crate) fn of_tenant(
		tenant: &T::AccountId,
		id: ReservationId,
	) -> Result<Reservation<T>, DispatchError> {
		let record = Reservations::<T>::get(id).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(record.tenant == *tenant, Error::<T>::NotTenant);
		Self::open(id)
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
		// The blocks since the end are paid for too: the nodes kept the data in them and audits went on.
		let added_blocks = Balance::from(ends.saturating_sub(record.ends));
		let mut added: Balance = 0;
		for allotment in &record.allotments {
			let Some(mut one) = Allotments::<T>::get(allotment).filter(|one| !one.lost) else {
				continue;
			};
			let price = one.price_per_block.checked_mul(added_blocks);
			let price = price.ok_or(Error::<T>::PriceOverflow)?;
			added = added.checked_add(price).ok_or(Error::<T>::PriceOverflow)?;
			one.priced = one.priced.checked_add(price).ok_or(Error::<T>::PriceOverflow)?;
			Allotments::<T>::insert(allotment, one);
		}
		T::Currency::hold(&HoldReason::Escrow.into(), tenant, added)?;
		record.escrow = record.escrow.saturating_add(added);
		record.ends = ends;
		if matches!(record.state, ReservationState::Grace { .. }) {
			record.state = ReservationState::Active;
			Self::deposit_event(Event::Activated { reservation: id });
		}
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
			if let Some(one) = Allotments::<T>::get(allotment) {
				Self::free(*allotment, &one);
			}
		}
		let returned = record.escrow;
		T::Currency::release(
			&HoldReason::Escrow.into(),
			&record.tenant,
			returned,
			Precision::Exact,
		)?;
		Self::return_repair_fund(id, &record.tenant);
		if let Some(details) = ReservationDetails::<T>::take(id) {
			if let Some(name) = details.name {
				Names::<T>::remove(name);
			}
		}
		Offers::<T>::remove(id);
		record.escrow = 0;
		record.state = ReservationState::Closed;
		let weight = T::WeightInfo::close(record.allotments.len() as u32);
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Closed { reservation: id, returned });
		Ok(weight)
	}
}
