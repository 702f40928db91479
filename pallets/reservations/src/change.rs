//! Growing, shrinking and handing over reservations.

use crate::{
	types::{Allotment, Data, Reservation, Terms},
	Allotments, Config, ContractParameters, Error, Event, HoldReason, Offers, Pallet,
	ReservationDetails, ReservationOfTenant, Reservations,
};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
	},
};
use granary_primitives::{
	reservation::AuditProfile,
	traits::{AuditSchedule, Capacity},
	AllotmentId, Balance, BlockNumber, Hash, ReservationId, LEAF_BYTES,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	/// Adds capacity to every allotment, at what the nodes ask for it now.
	pub(crate) fn do_grow(
		tenant: &T::AccountId,
		id: ReservationId,
		bytes: u64,
		max_price_per_block: Balance,
	) -> DispatchResult {
		let mut record = Self::of_tenant(tenant, id)?;
		let added = bytes.checked_sub(record.bytes_per_allotment).filter(|added| *added > 0);
		let added = added.ok_or(Error::<T>::BadSize)?;
		let blocks = record.ends.saturating_sub(Self::now());
		ensure!(blocks > 0, Error::<T>::BadTerm);
		let terms = Self::terms_of(&record, added, record.ends.saturating_sub(record.created));
		let parameters = ContractParameters::<T>::get();
		let (mut escrow, mut price_per_block): (Balance, Balance) = (0, 0);
		for allotment in &record.allotments {
			let mut one = Allotments::<T>::get(allotment).ok_or(Error::<T>::UnknownAllotment)?;
			ensure!(!one.lost, Error::<T>::IsLost);
			ensure!(one.shrinks_to.is_none(), Error::<T>::StillShrinking);
			let offer =
				T::Grid::offer(one.node, Some(&record.tenant)).ok_or(Error::<T>::NotOffered)?;
			let (price, bond) = Self::price(&parameters, &terms, offer.price_per_gib_hour)?;
			T::Grid::allot(one.node, added, bond)?;
			let held = price.checked_mul(Balance::from(blocks)).ok_or(Error::<T>::PriceOverflow)?;
			one.bytes = bytes;
			one.price_per_block = one.price_per_block.saturating_add(price);
			one.priced = one.priced.checked_add(held).ok_or(Error::<T>::PriceOverflow)?;
			one.bond = one.bond.saturating_add(bond);
			one.bond_made = one.bond_made.saturating_add(bond);
			price_per_block = price_per_block.saturating_add(one.price_per_block);
			escrow = escrow.checked_add(held).ok_or(Error::<T>::PriceOverflow)?;
			Allotments::<T>::insert(allotment, one);
		}
		ensure!(price_per_block <= max_price_per_block, Error::<T>::TooExpensive);
		T::Currency::hold(&HoldReason::Escrow.into(), tenant, escrow)?;
		record.escrow = record.escrow.saturating_add(escrow);
		record.bytes_per_allotment = bytes;
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Resized { reservation: id, bytes_per_allotment: bytes });
		Ok(())
	}

	/// The terms under which a part of this reservation is priced.
	pub(crate) fn terms_of(record: &Reservation<T>, bytes: u64, blocks: BlockNumber) -> Terms {
		Terms {
			data_shards: 1,
			parity_shards: 0,
			bytes,
			blocks,
			public_read: record.public_read,
			max_price_per_block: Balance::MAX,
			profile: record.profile,
		}
	}

	/// Gives capacity back: at once where nothing is recorded yet, otherwise with the next proof of each allotment, so that nobody can drop data that
	/// an audit has already chosen.
	pub(crate) fn do_shrink(
		tenant: &T::AccountId,
		id: ReservationId,
		bytes: u64,
	) -> DispatchResult {
		let mut record = Self::of_tenant(tenant, id)?;
		ensure!(bytes >= LEAF_BYTES && bytes < record.bytes_per_allotment, Error::<T>::BadSize);
		let now = Self::now();
		for allotment in record.allotments.clone() {
			let Some(mut one) = Allotments::<T>::get(allotment).filter(|one| !one.lost) else {
				continue;
			};
			one.shrinks_to = Some(bytes);
			if T::Audits::leaf_count(allotment) == 0 {
				Self::apply_shrink(allotment, &mut one, &mut record, now);
			}
			Allotments::<T>::insert(allotment, one);
		}
		record.bytes_per_allotment = bytes;
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Resized { reservation: id, bytes_per_allotment: bytes });
		Ok(())
	}

	/// Makes a pending shrinking effective from block `from` on, if the log fits: price, bond and escrow go down in proportion.
	pub(crate) fn apply_shrink(
		allotment: AllotmentId,
		one: &mut Allotment,
		record: &mut Reservation<T>,
		from: BlockNumber,
	) {
		let Some(bytes) = one.shrinks_to else { return };
		if T::Audits::leaf_count(allotment) > bytes / LEAF_BYTES || one.bytes <= bytes {
			return;
		}
		// Rounded up, as the price was; never more than before.
		let share = |amount: Balance| {
			let scaled = sp_runtime::helpers_128bit::multiply_by_rational_with_rounding(
				amount,
				bytes.into(),
				one.bytes.into(),
				sp_runtime::Rounding::Up,
			);
			scaled.unwrap_or(amount).min(amount)
		};
		let (price, bond, bond_made) =
			(share(one.price_per_block), share(one.bond), share(one.bond_made));
		let blocks = Balance::from(record.ends.saturating_sub(from));
		let saved = (one.price_per_block - price).saturating_mul(blocks).min(one.undecided());
		let released = T::Currency::release(
			&HoldReason::Escrow.into(),
			&record.tenant,
			saved,
			Precision::BestEffort,
		)
		.unwrap_or(0);
		T::Grid::release(one.node, one.bytes - bytes, one.bond - bond);
		record.escrow = record.escrow.saturating_sub(released);
		one.priced = one.priced.saturating_sub(released);
		one.price_per_block = price;
		one.bond = bond;
		one.bond_made = bond_made;
		one.bytes = bytes;
		one.shrinks_to = None;
	}

	pub(crate) fn do_offer_transfer(
		tenant: &T::AccountId,
		id: ReservationId,
		to: Option<T::AccountId>,
	) -> DispatchResult {
		Self::of_tenant(tenant, id)?;
		match &to {
			Some(to) => Offers::<T>::insert(id, to),
			None => Offers::<T>::remove(id),
		}
		Self::deposit_event(Event::TransferOffered { reservation: id, to });
		Ok(())
	}

	/// Takes a reservation over, with what is left of its escrow.
	pub(crate) fn do_accept_transfer(to: T::AccountId, id: ReservationId) -> DispatchResult {
		let mut record = Self::open(id)?;
		ensure!(Offers::<T>::get(id).as_ref() == Some(&to), Error::<T>::NotOffered);
		let transport_key = T::Grid::transport_key(&to).ok_or(Error::<T>::NotTwin)?;
		if record.tenant != to {
			let moved = T::Currency::transfer_on_hold(
				&HoldReason::Escrow.into(),
				&record.tenant,
				&to,
				record.escrow,
				Precision::Exact,
				Restriction::OnHold,
				Fortitude::Force,
			)?;
			ensure!(moved == record.escrow, DispatchError::Corruption);
		}
		Offers::<T>::remove(id);
		ReservationOfTenant::<T>::remove(&record.tenant, id.to_be_bytes());
		ReservationOfTenant::<T>::insert(&to, id.to_be_bytes(), ());
		let from = core::mem::replace(&mut record.tenant, to.clone());
		record.tenant_transport_key = transport_key;
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Transferred { reservation: id, from, to });
		Ok(())
	}

	pub(crate) fn do_set_data(
		tenant: &T::AccountId,
		id: ReservationId,
		deployment: Hash,
		data: Data,
	) -> DispatchResult {
		Self::of_tenant(tenant, id)?;
		let details = ReservationDetails::<T>::get(id).unwrap_or_default();
		Self::put_details(id, crate::types::Details { deployment, data, ..details });
		Self::deposit_event(Event::DataSet { reservation: id, deployment });
		Ok(())
	}

	/// How often the allotments of a new reservation are audited if nobody says.
	pub(crate) const DEFAULT_PROFILE: AuditProfile = AuditProfile::Standard;
}
