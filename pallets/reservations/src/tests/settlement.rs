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
		<Reservations as Allotments<_>>::proven(0, 1, 9);
		<Reservations as Allotments<_>>::missed(1, 1, 9);
		assert_noop!(Reservations::settle(authorized(), id), Error::<Test>::NotDue);
		System::set_block_number(11);
		assert_ok!(Reservations::settle(authorized(), id));
		let earned = 8 * PRICE;
		System::assert_last_event(Event::Settled { reservation: id, paid: earned }.into());
		// The treasury's 8 are below the existential deposit, so all of it goes to the farmer.
		assert_eq!(Balances::balance(&account(1)), farmer + earned);
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
