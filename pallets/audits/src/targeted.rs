//! Targeted audits: anyone may ask to see more of one allotment, for a deposit.
//!
//! A purchase waits in a short queue and is opened beside the schedule at one of the next ticks. Proven, its
//! price goes to the node's side (burned if nobody is named) and the rest of the deposit
//! back; missed, the whole deposit goes back with a reward from the allotment's bond. One at a
//! time and a pause between purchases keep a node from being drowned, and the queue's length bounds
//! what all buyers together can ask for.

use crate::{
	schedule::Round, types::Purchase, AuditParameters, Audited, Beacon, Config, Error, Event,
	HoldReason, Pallet, Targeted, TargetedQueue,
};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::WeightMeter,
};
use granary_primitives::{
	audit::AuditKind,
	traits::{Allotments, AuditKeys},
	AllotmentId, Balance,
};

/// Purchases that are looked at in one block.
const LOOKS_PER_BLOCK: u32 = 8;

/// What became of a purchase whose turn came.
enum Turn {
	/// It is open, or it is no more.
	Done,
	/// Another audit of the allotment is open: it waits for another turn.
	Wait,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_buy(
		buyer: T::AccountId,
		allotment: AllotmentId,
		leaves: u32,
	) -> DispatchResult {
		let view = T::Allotments::allotment(allotment).ok_or(Error::<T>::UnknownAllotment)?;
		ensure!(view.live, Error::<T>::AllotmentClosed);
		let mut state = Audited::<T>::get(allotment).ok_or(Error::<T>::NoCheckpoint)?;
		ensure!(leaves > 0 && leaves <= T::MaxLeavesPerAudit::get(), Error::<T>::LeavesOutOfRange);
		ensure!(!Targeted::<T>::contains_key(allotment), Error::<T>::AlreadyBought);
		let parameters = AuditParameters::<T>::get();
		let tick = Beacon::<T>::get().tick;
		let rested = state
			.bought_tick
			.is_none_or(|bought| tick >= bought.saturating_add(parameters.targeted.cooldown_ticks));
		ensure!(rested, Error::<T>::BoughtTooSoon);
		ensure!(!T::AuditKeys::in_maintenance(view.node), Error::<T>::NodeInMaintenance);
		TargetedQueue::<T>::try_mutate(|queue| queue.try_push(allotment))
			.map_err(|_| Error::<T>::TooManyBought)?;

		let terms = parameters.targeted;
		T::Currency::hold(&HoldReason::TargetedAudit.into(), &buyer, terms.deposit)?;
		let leaves = leaves.max(parameters.leaves_per_audit);
		state.bought_tick = Some(tick);
		Audited::<T>::insert(allotment, state);
		let purchase =
			Purchase { buyer: buyer.clone(), deposit: terms.deposit, price: terms.price, leaves };
		Targeted::<T>::insert(allotment, purchase);
		Self::deposit_event(Event::AuditBought {
			allotment,
			buyer,
			leaves,
			deposit: terms.deposit,
		});
		Ok(())
	}

	/// Opens what was bought, oldest first, as far as there is room for the proofs.
	pub(crate) fn open_bought(round: &mut Round, meter: &mut WeightMeter) {
		let mut queue = TargetedQueue::<T>::get();
		let waiting = queue.len() as u32;
		for _ in 0..waiting.min(LOOKS_PER_BLOCK) {
			if round.extra == 0 || meter.try_consume(Self::opening_weight()).is_err() {
				break;
			}
			let allotment = queue.remove(0);
			if let Turn::Wait = Self::open_purchase(round, allotment) {
				// There is room: one was just taken out.
				let _ = queue.try_push(allotment);
			}
		}
		if waiting > 0 {
			TargetedQueue::<T>::put(queue);
		}
	}

	/// The turn of one purchase.
	fn open_purchase(round: &mut Round, allotment: AllotmentId) -> Turn {
		// A closed allotment has neither: its buyer has the deposit back already.
		let (Some(mut state), Some(purchase)) =
			(Audited::<T>::get(allotment), Targeted::<T>::get(allotment))
		else {
			return Turn::Done;
		};
		let Some(view) = T::Allotments::allotment(allotment).filter(|view| view.live) else {
			Self::retire(allotment, &state);
			return Turn::Done;
		};
		if state.open.is_some() {
			return Turn::Wait;
		}
		if T::AuditKeys::in_maintenance(view.node) {
			Self::refund_purchase(allotment);
			return Turn::Done;
		}
		let kind = AuditKind::Targeted;
		Self::freeze(round, allotment, &mut state, &view, kind, purchase.leaves);
		Audited::<T>::insert(allotment, state);
		Turn::Done
	}

	/// The bought audit was proven: pays the node's side and gives the rest back.
	pub(crate) fn settle_proven_purchase(allotment: AllotmentId) {
		let Some(purchase) = Targeted::<T>::take(allotment) else { return };
		let paid = Self::pay(allotment, &purchase);
		Self::give_back(&purchase.buyer, purchase.deposit.saturating_sub(paid));
		Self::deposit_event(Event::PurchaseSettled {
			allotment,
			buyer: purchase.buyer,
			paid,
			reward: 0,
		});
	}

	/// The bought audit was missed: gives all back, and a reward from the bond.
	pub(crate) fn settle_missed_purchase(allotment: AllotmentId) {
		let Some(purchase) = Targeted::<T>::take(allotment) else { return };
		Self::give_back(&purchase.buyer, purchase.deposit);
		let share = AuditParameters::<T>::get().targeted.reward;
		let reward = T::Allotments::slash(allotment, share, Some(&purchase.buyer));
		Self::deposit_event(Event::PurchaseSettled {
			allotment,
			buyer: purchase.buyer,
			paid: 0,
			reward,
		});
	}

	/// The bought audit does not take place: gives all back.
	pub(crate) fn refund_purchase(allotment: AllotmentId) {
		let Some(purchase) = Targeted::<T>::take(allotment) else { return };
		Self::give_back(&purchase.buyer, purchase.deposit);
		Self::deposit_event(Event::PurchaseRefunded { allotment, buyer: purchase.buyer });
	}

	/// Moves the price out of the deposit, to the payee or to nobody. Returns what was moved.
	fn pay(allotment: AllotmentId, purchase: &Purchase<T::AccountId>) -> Balance {
		let reason = HoldReason::TargetedAudit.into();
		let (buyer, price) = (&purchase.buyer, purchase.price);
		let payee = T::Allotments::payee(allotment);
		let moved = payee.and_then(|payee| {
			T::Currency::transfer_on_hold(
				&reason,
				buyer,
				&payee,
				price,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)
			.ok()
		});
		// A payee that cannot be paid (an account that does not exist, say) leaves the price burned: if the
		// buyer kept it, buying from such nodes would cost nothing.
		moved.unwrap_or_else(|| {
			T::Currency::burn_held(&reason, buyer, price, Precision::BestEffort, Fortitude::Force)
				.unwrap_or_default()
		})
	}

	fn give_back(buyer: &T::AccountId, amount: Balance) {
		let reason = HoldReason::TargetedAudit.into();
		let released = T::Currency::release(&reason, buyer, amount, Precision::BestEffort);
		frame_support::defensive_assert!(released.is_ok(), "audits: a deposit is not released");
	}
}
