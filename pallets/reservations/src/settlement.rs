//! Earning by proofs, paying from escrow, and the off-chain worker that asks for it.

use crate::{
	types::{Allotment, Reservation},
	Call, Config, ContractParameters, Error, Event, NextReservation, Pallet, Reservations,
	WeightInfo,
};
use frame_support::{ensure, traits::Get, weights::Weight};
use frame_system::offchain::SubmitTransaction;
use granary_primitives::{reservation::ReservationState, Balance, BlockNumber, ReservationId};
use sp_runtime::{
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityWithRefund,
		ValidTransaction,
	},
	DispatchError,
};

/// Prefix of the tag that a settlement provides.
const TAG_PREFIX: &str = "granary/settle";
/// Above whatever a tip buys, so that farmers are paid while blocks are full; below the proofs of audits. Each reservation can be settled
/// once a period, so this takes a bounded share of blocks.
pub(crate) const SETTLEMENT_PRIORITY: u64 = u64::MAX / 4;
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
			.priority(SETTLEMENT_PRIORITY)
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

	/// The price of the blocks `from..to` that lie in the term, and at most what is still open: the escrow holds no more.
	pub(crate) fn price_of(
		one: &Allotment,
		record: &Reservation<T>,
		from: BlockNumber,
		to: BlockNumber,
	) -> Balance {
		if one.lost || record.state == ReservationState::Closed {
			return 0;
		}
		let blocks = to.min(record.ends).saturating_sub(from.max(record.created));
		one.price_per_block.saturating_mul(Balance::from(blocks)).min(one.undecided())
	}
}
