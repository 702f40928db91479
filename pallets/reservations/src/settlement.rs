//! Earning by proofs, paying from escrow, and the off-chain worker that asks for it.

use crate::{
	types::Reservation, Allotments, Call, Config, ContractParameters, Error, Event, HoldReason,
	NextReservation, Pallet, Reservations, WeightInfo,
};
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::Weight,
};
use frame_system::offchain::SubmitTransaction;
use granary_primitives::{
	reservation::{AuditProfile, ReservationState},
	traits::{AllotmentView, Allotments as AllotmentsTrait, Capacity, ReservationOwner},
	AllotmentId, Balance, BlockNumber, ReservationId,
};
use sp_runtime::{
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityWithRefund,
		ValidTransaction,
	},
	DispatchError, Perbill,
};

/// Prefix of the tag that a settlement provides.
const TAG_PREFIX: &str = "granary/settle";
/// Blocks that a settlement waits in the pool.
const LONGEVITY_BLOCKS: u64 = 16;
/// Reservations that the off-chain worker looks at for each settlement that it may submit: most are not due, and looking is cheap.
const LOOKS_PER_SETTLEMENT: u64 = 32;

impl<T: Config> Pallet<T> {
	/// Whether the reservation may be settled at block `now`.
	fn is_due(record: &Reservation<T>, now: BlockNumber) -> bool {
		record.state != ReservationState::Closed && now >= record.next_settlement
	}

	/// The pool's check: it exists and is due; once a period and reservation.
	pub(crate) fn authorize_settle(
		_source: TransactionSource,
		id: &ReservationId,
	) -> TransactionValidityWithRefund {
		let record = Reservations::<T>::get(id).ok_or(InvalidTransaction::BadProof)?;
		if record.state == ReservationState::Closed {
			return Err(InvalidTransaction::Stale.into());
		}
		if !Self::is_due(&record, Self::now()) {
			return Err(InvalidTransaction::Future.into());
		}
		let validity: TransactionValidity = ValidTransaction::with_tag_prefix(TAG_PREFIX)
			.and_provides((id, record.next_settlement))
			.longevity(LONGEVITY_BLOCKS)
			.propagate(true)
			.build();
		Ok((validity?, Weight::zero()))
	}

	/// The next block at which there is something to settle: a period on, or the end of term or grace if that comes first.
	pub(crate) fn next_settlement(
		now: BlockNumber,
		period: BlockNumber,
		ends: BlockNumber,
	) -> BlockNumber {
		// Later than now in any case, or the pool could not tell two settlements apart.
		now.saturating_add(period).min(ends).max(now.saturating_add(1))
	}

	/// Settles what is due and returns the weight that it took.
	pub(crate) fn do_settle(id: ReservationId) -> Result<Weight, DispatchError> {
		let mut record = Reservations::<T>::get(id).ok_or(Error::<T>::UnknownReservation)?;
		ensure!(record.state != ReservationState::Closed, Error::<T>::AlreadyClosed);
		let now = Self::now();
		ensure!(Self::is_due(&record, now), Error::<T>::NotDue);
		let parameters = ContractParameters::<T>::get();
		let ends = match record.state {
			ReservationState::Grace { until } if now >= until => {
				return Self::do_close(id, record);
			},
			ReservationState::Grace { until } => until,
			_ if now >= record.ends => {
				let until = now.saturating_add(parameters.grace_blocks);
				record.state = ReservationState::Grace { until };
				Self::deposit_event(Event::GraceStarted { reservation: id, until });
				until
			},
			_ => record.ends,
		};
		record.next_settlement = Self::next_settlement(now, parameters.settlement_blocks, ends);
		let paid = Self::pay_accrued(&mut record);
		let weight = T::WeightInfo::settle(record.allotments.len() as u32);
		Reservations::<T>::insert(id, record);
		Self::deposit_event(Event::Settled { reservation: id, paid });
		Ok(weight)
	}

	/// Pays what each allotment has accrued. What cannot be paid now, for example because the payout account would stay below the existential
	/// deposit, remains accrued. Returns what was paid.
	pub(crate) fn pay_accrued(record: &mut Reservation<T>) -> Balance {
		let share = ContractParameters::<T>::get().farmer_share;
		let mut total: Balance = 0;
		for allotment in record.allotments.clone() {
			let Some(mut one) = Allotments::<T>::get(allotment) else { continue };
			let amount = one.accrued.min(record.escrow);
			let farm = T::Grid::node(one.node).map(|node| node.farm);
			let Some(payout) = farm.and_then(T::Grid::payout_account) else { continue };
			let paid = Self::pay_shares(record, &payout, share * amount, amount);
			one.accrued = one.accrued.saturating_sub(paid);
			one.paid = one.paid.saturating_add(paid);
			total = total.saturating_add(paid);
			Allotments::<T>::insert(allotment, one);
		}
		total
	}

	/// Pays `farmers` of `amount` to the farm and the rest to the treasury. Nothing is paid before the farm can take its share, or the
	/// treasury would take its own again and again of what waits. Returns what was paid.
	fn pay_shares(
		record: &mut Reservation<T>,
		payout: &T::AccountId,
		farmers: Balance,
		amount: Balance,
	) -> Balance {
		let farmer = Self::pay(record, payout, farmers);
		if farmer < farmers {
			return farmer;
		}
		let rest = amount.saturating_sub(farmers);
		let treasury = Self::pay(record, &T::Treasury::get(), rest);
		// What the treasury cannot take, because it would stay below the existential deposit, is the farmer's.
		let left = Self::pay(record, payout, rest.saturating_sub(treasury));
		farmer.saturating_add(treasury).saturating_add(left)
	}

	/// Moves money from the escrow; what could not be moved is none. Forced, because the escrow was promised: a lock that a tenant puts on
	/// its account afterwards must not keep the farmer from being paid.
	fn pay(record: &mut Reservation<T>, to: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		let moved = T::Currency::transfer_on_hold(
			&HoldReason::Escrow.into(),
			&record.tenant,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.unwrap_or(0);
		record.escrow = record.escrow.saturating_sub(moved);
		moved
	}

	/// Submits settlements for what is due, a bounded number. Each block looks at a window of reservations; the windows move on, so that each
	/// reservation's turn comes round whatever was missed before.
	pub(crate) fn submit_settlements(now: BlockNumber) {
		let all = NextReservation::<T>::get();
		let mut left = T::MaxSettlementsPerBlock::get();
		let window = u64::from(left).saturating_mul(LOOKS_PER_SETTLEMENT).max(1);
		let windows = all.div_ceil(window).max(1);
		let first = (u64::from(now) % windows).saturating_mul(window);
		for id in first..first.saturating_add(window).min(all) {
			if left == 0 {
				return;
			}
			let due = Reservations::<T>::get(id).is_some_and(|record| Self::is_due(&record, now));
			if due {
				let call = Call::<T>::settle { reservation: id };
				let transaction = T::create_authorized_transaction(call.into());
				// The pool refuses what it has from another node already: that takes no one's turn.
				let submitted = SubmitTransaction::<T, Call<T>>::submit_transaction(transaction);
				left = left.saturating_sub(u32::from(submitted.is_ok()));
			}
		}
	}

	/// The price of the blocks `from..to` that lie in the term, and at most what is left of the term's: the escrow holds no more.
	fn price_of(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) -> Balance {
		let Some(one) = Allotments::<T>::get(allotment) else { return 0 };
		let Some(record) = Reservations::<T>::get(one.reservation) else { return 0 };
		if record.state == ReservationState::Closed {
			return 0;
		}
		let blocks = to.min(record.ends).saturating_sub(from.max(record.created));
		let price = one.price_per_block.saturating_mul(Balance::from(blocks));
		price.min(one.price_of_term(&record).saturating_sub(one.decided()))
	}
}

impl<T: Config> AllotmentsTrait<T::AccountId> for Pallet<T> {
	fn allotment(allotment: AllotmentId) -> Option<AllotmentView<T::AccountId>> {
		let one = Allotments::<T>::get(allotment)?;
		let record = Reservations::<T>::get(one.reservation)?;
		Some(AllotmentView {
			reservation: one.reservation,
			node: one.node,
			tenant: record.tenant,
			bytes: one.bytes,
			profile: AuditProfile::Standard,
			live: record.state != ReservationState::Closed,
		})
	}

	fn proven(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) {
		let earned = Self::price_of(allotment, from, to);
		Allotments::<T>::mutate_extant(allotment, |one| {
			one.accrued = one.accrued.saturating_add(earned);
		});
	}

	fn missed(allotment: AllotmentId, from: BlockNumber, to: BlockNumber) {
		let lost = Self::price_of(allotment, from, to);
		Allotments::<T>::mutate_extant(allotment, |one| {
			one.withheld = one.withheld.saturating_add(lost);
		});
	}

	fn slash(allotment: AllotmentId, share: Perbill, to: Option<&T::AccountId>) -> Balance {
		let Some(mut one) = Allotments::<T>::get(allotment) else { return 0 };
		let treasury = T::Treasury::get();
		let taken = T::Grid::slash(one.node, share * one.bond, to.unwrap_or(&treasury));
		one.bond = one.bond.saturating_sub(taken);
		Allotments::<T>::insert(allotment, one);
		taken
	}

	fn lost(allotment: AllotmentId, declared: bool) {
		let share = if declared { Perbill::from_percent(50) } else { Perbill::one() };
		Self::slash(allotment, share, None);
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_allotment_for_benchmark(
		tenant: &T::AccountId,
		audit_key: granary_primitives::PublicKey,
		bytes: u64,
	) -> AllotmentId {
		crate::benchmarking::allotment_for::<T>(tenant, audit_key, bytes)
	}
}

impl<T: Config> ReservationOwner<T::AccountId> for Pallet<T> {
	fn tenant(reservation: ReservationId) -> Option<T::AccountId> {
		Reservations::<T>::get(reservation)
			.filter(|record| record.state != ReservationState::Closed)
			.map(|record| record.tenant)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_reservation_for_benchmark(tenant: &T::AccountId) -> ReservationId {
		let id = NextReservation::<T>::get();
		crate::benchmarking::allotment_for::<T>(tenant, [9; 32], 1 << 30);
		id
	}
}
