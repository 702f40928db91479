use super::{held, reserve, tenant};
use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use granary_primitives::{
	reservation::ReservationState,
	traits::{Allotments, ReservationOwner},
};

fn authorized() -> RuntimeOrigin {
	frame_system::RawOrigin::Authorized.into()
}

#[test]
fn only_proven_blocks_are_paid() {
	run(|| {
		let id = reserve(100);
		let farmer = Balances::balance(&account(1));
		let issuance = Balances::total_issuance();
		<Reservations as Allotments<_>>::proven(0, 1, 9);
		<Reservations as Allotments<_>>::missed(1, 1, 9);
		assert_noop!(Reservations::settle(authorized(), id), Error::<Test>::NotDue);
		System::set_block_number(11);
		assert_ok!(Reservations::settle(authorized(), id));
		let earned = 8 * PRICE;
		System::assert_last_event(Event::Settled { reservation: id, paid: earned }.into());
		// The treasury's 8 are below the existential deposit: nobody can receive them, so they are burned.
		assert_eq!(Balances::balance(&account(1)), farmer + earned * 9 / 10);
		assert_eq!(Balances::total_issuance(), issuance - 8);
		assert_eq!(held(), 3000 - earned);
		let missed = Reservations::allotment_info(1).unwrap();
		assert_eq!((missed.accrued, missed.paid, missed.withheld), (0, 0, earned));
		assert_noop!(Reservations::settle(authorized(), id), Error::<Test>::NotDue);
		System::set_block_number(21);
		assert_ok!(Reservations::settle(authorized(), id));
	});
}

#[test]
fn blocks_outside_the_term_earn_nothing() {
	run(|| {
		reserve(20);
		<Reservations as Allotments<_>>::proven(0, 0, 500);
		assert_eq!(Reservations::allotment_info(0).unwrap().accrued, 20 * PRICE);
		<Reservations as Allotments<_>>::proven(7, 0, 500);
	});
}

#[test]
fn the_term_ends_in_grace_and_then_it_is_closed() {
	run(|| {
		let id = reserve(20);
		System::set_block_number(21);
		assert_ok!(Reservations::settle(authorized(), id));
		System::assert_has_event(Event::GraceStarted { reservation: id, until: 41 }.into());
		let state = || Reservations::reservation_info(id).unwrap().state;
		assert_eq!(state(), ReservationState::Grace { until: 41 });
		assert_eq!(<Reservations as ReservationOwner<_>>::tenant(id), Some(account(TENANT)));
		System::set_block_number(31);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!(state(), ReservationState::Grace { until: 41 });
		System::set_block_number(41);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!((state(), held()), (ReservationState::Closed, 0));
		assert_eq!(<Reservations as ReservationOwner<_>>::tenant(id), None);
		assert_noop!(Reservations::settle(authorized(), id), Error::<Test>::AlreadyClosed);
		assert_noop!(Reservations::settle(authorized(), 9), Error::<Test>::UnknownReservation);
	});
}

#[test]
fn ends_are_settled_when_they_come_and_not_a_period_later() {
	run(|| {
		let id = reserve(15);
		let next = || crate::Reservations::<Test>::get(id).unwrap().next_settlement;
		assert_eq!(next(), 11);
		for (now, then) in [(11, 16), (16, 26), (26, 36)] {
			System::set_block_number(now);
			assert_ok!(Reservations::settle(authorized(), id));
			assert_eq!(next(), then);
		}
		System::set_block_number(35);
		assert_noop!(Reservations::settle(authorized(), id), Error::<Test>::NotDue);
		System::set_block_number(36);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!(<Reservations as ReservationOwner<_>>::tenant(id), None);
	});
}

#[test]
fn a_grace_of_no_blocks_still_leaves_two_settlements_apart() {
	run(|| {
		let parameters = crate::Parameters { grace_blocks: 0, ..parameters() };
		crate::ContractParameters::<Test>::put(parameters);
		let id = reserve(10);
		System::set_block_number(11);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!(crate::Reservations::<Test>::get(id).unwrap().next_settlement, 12);
		System::set_block_number(12);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_eq!(<Reservations as ReservationOwner<_>>::tenant(id), None);
	});
}

#[test]
fn calls_cost_the_weight_of_the_shards_that_there_are() {
	use crate::WeightInfo;
	use frame_support::dispatch::{GetDispatchInfo, Pays};
	run(|| {
		let id = reserve(20);
		let declared =
			crate::Call::<Test>::settle { reservation: id }.get_dispatch_info().call_weight;
		let weigh = |now| {
			System::set_block_number(now);
			let info = Reservations::settle(authorized(), id).unwrap();
			assert_eq!(info.pays_fee, Pays::No);
			info.actual_weight.unwrap()
		};
		assert_eq!(weigh(11), <() as WeightInfo>::settle(3));
		assert_eq!(weigh(21), <() as WeightInfo>::settle(3));
		let extended = Reservations::extend(tenant(), id, 10).unwrap();
		assert_eq!(extended.actual_weight, Some(<() as WeightInfo>::extend(3)));
		weigh(31);
		let closing = weigh(51);
		assert_eq!(closing, <() as WeightInfo>::close(3));
		assert!(declared.all_gte(<() as WeightInfo>::close(MaxShards::get())));
		assert!(declared.all_gte(<() as WeightInfo>::settle(MaxShards::get())));
	});
}

#[test]
fn grace_ends_by_extending() {
	run(|| {
		let id = reserve(20);
		System::set_block_number(25);
		assert_ok!(Reservations::settle(authorized(), id));
		assert_ok!(Reservations::extend(tenant(), id, 30));
		let info = Reservations::reservation_info(id).unwrap();
		assert_eq!((info.state, info.ends), (ReservationState::Active, 55));
	});
}

#[test]
fn closing_pays_what_was_earned_first() {
	run(|| {
		let id = reserve(100);
		let farmer = Balances::balance(&account(1));
		<Reservations as Allotments<_>>::proven(0, 1, 51);
		assert_ok!(Reservations::close(tenant(), id));
		assert_eq!(Balances::balance(&account(1)), farmer + 450);
		assert_eq!(Balances::balance(&account(99)), 50);
		<Reservations as Allotments<_>>::proven(0, 51, 60);
		assert_eq!(Reservations::allotment_info(0).unwrap().accrued, 0);
	});
}

#[test]
fn settling_needs_the_authorised_origin() {
	run(|| {
		let id = reserve(20);
		System::set_block_number(11);
		assert_noop!(Reservations::settle(tenant(), id), sp_runtime::DispatchError::BadOrigin);
	});
}
