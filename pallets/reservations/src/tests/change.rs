//! Growing, shrinking, handing over, closing several.

use super::{held, reserve, tenant};
use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use granary_primitives::{
	reservation::ReservationState,
	traits::{Allotments, ReservationOwner},
	Balance,
};

const GIB: u64 = 1 << 30;
type E = Error<Test>;

fn signed(number: u8) -> RuntimeOrigin {
	RuntimeOrigin::signed(account(number))
}

fn state(id: u64) -> ReservationState {
	Reservations::reservation_info(id).unwrap().state
}

#[test]
fn the_first_proof_makes_it_active() {
	run(|| {
		let id = reserve(20);
		assert_eq!(state(id), ReservationState::Created);
		<Reservations as Allotments<_>>::missed(0, 1, 3);
		assert_eq!(state(id), ReservationState::Created);
		<Reservations as Allotments<_>>::proven(1, 1, 3);
		assert_eq!(state(id), ReservationState::Active);
		System::assert_last_event(Event::Activated { reservation: id }.into());
	});
}

#[test]
fn growing_takes_capacity_bond_and_escrow() {
	run(|| {
		let id = reserve(100);
		System::set_block_number(21);
		assert_noop!(Reservations::grow(signed(1), id, 2 * GIB, 60), E::NotTenant);
		assert_noop!(Reservations::grow(tenant(), 9, 2 * GIB, 60), E::UnknownReservation);
		assert_noop!(Reservations::grow(tenant(), id, GIB, 60), E::BadSize);
		assert_noop!(Reservations::grow(tenant(), id, 2 * GIB, 59), E::TooExpensive);
		assert_noop!(
			Reservations::grow(tenant(), id, 5 * GIB, 1000),
			pallet_grid::Error::<Test>::NotEnoughCapacity
		);
		assert_ok!(Reservations::grow(tenant(), id, 2 * GIB, 60));
		let resized = Event::Resized { reservation: id, bytes_per_allotment: 2 * GIB };
		System::assert_last_event(resized.into());
		// 80 of the 100 blocks are left.
		assert_eq!(held(), 3 * PRICE * 100 + 3 * PRICE * 80);
		let node = Grid::node_info(0).unwrap();
		assert_eq!((node.reserved_bytes, node.bond_used), (2 * GIB, 2 * 8640));
		let one = Reservations::allotment_info(0).unwrap();
		assert_eq!((one.bytes, one.price_per_block), (2 * GIB, 2 * PRICE));
		System::set_block_number(101);
		assert_noop!(Reservations::grow(tenant(), id, 3 * GIB, 1000), E::BadTerm);
	});
}

#[test]
fn shrinking_waits_for_the_proof_and_for_room() {
	run(|| {
		let id = reserve(100);
		let allotment = |id| Reservations::allotment_info(id).unwrap();
		Leaves::set([(0, 1 << 20), (1, (1 << 20) + 1)].into());
		assert_noop!(Reservations::shrink(tenant(), id, GIB), E::BadSize);
		assert_noop!(Reservations::shrink(tenant(), id, 511), E::BadSize);
		assert_noop!(Reservations::shrink(signed(1), id, GIB / 2), E::NotTenant);
		System::set_block_number(21);
		assert_ok!(Reservations::shrink(tenant(), id, GIB / 2));
		// Allotment 2 holds nothing: it shrinks at once and 80 blocks at half the price are free.
		assert_eq!((allotment(2).bytes, allotment(2).price_per_block), (GIB / 2, PRICE / 2));
		assert_eq!(held(), 3000 - 80 * PRICE / 2);
		assert_eq!((allotment(0).bytes, allotment(0).shrinks_to), (GIB, Some(GIB / 2)));
		assert_noop!(Reservations::grow(tenant(), id, 2 * GIB, 1000), E::StillShrinking);
		// A miss changes nothing, a proof does.
		<Reservations as Allotments<_>>::missed(0, 1, 11);
		assert_eq!(allotment(0).bytes, GIB);
		<Reservations as Allotments<_>>::proven(0, 11, 31);
		assert_eq!((allotment(0).bytes, allotment(0).shrinks_to), (GIB / 2, None));
		assert_eq!(allotment(0).accrued, 20 * PRICE);
		assert_eq!(held(), 3000 - 80 * PRICE / 2 - 70 * PRICE / 2);
		assert_eq!(Grid::node_info(0).unwrap().reserved_bytes, GIB / 2);
		assert_eq!(Grid::node_info(0).unwrap().bond_used, 8640 / 2);
		// The log of allotment 1 is one leaf too long until it has been cut.
		<Reservations as Allotments<_>>::proven(1, 1, 31);
		assert_eq!(allotment(1).bytes, GIB);
		Leaves::set([(1, 1 << 20)].into());
		<Reservations as Allotments<_>>::proven(1, 31, 41);
		assert_eq!(allotment(1).bytes, GIB / 2);
		assert_eq!(Reservations::reservation_info(id).unwrap().bytes_per_allotment, GIB / 2);
	});
}

#[test]
fn a_reservation_is_handed_over_with_its_escrow() {
	run(|| {
		let id = reserve(100);
		let held_by = |number: u8| -> Balance {
			Balances::balance_on_hold(&crate::HoldReason::Escrow.into(), &account(number))
		};
		assert_noop!(Reservations::accept_transfer(signed(9), id), E::NotOffered);
		assert_noop!(Reservations::offer_transfer(signed(1), id, Some(account(1))), E::NotTenant);
		assert_ok!(Reservations::offer_transfer(tenant(), id, Some(account(9))));
		let offered = Event::TransferOffered { reservation: id, to: Some(account(9)) };
		System::assert_last_event(offered.into());
		assert_noop!(Reservations::accept_transfer(signed(8), id), E::NotOffered);
		assert_ok!(Reservations::offer_transfer(tenant(), id, None));
		assert_noop!(Reservations::accept_transfer(signed(9), id), E::NotOffered);
		// An account that is no twin has no key to agree on passwords with.
		assert_ok!(Reservations::offer_transfer(tenant(), id, Some(account(77))));
		assert_noop!(Reservations::accept_transfer(signed(77), id), E::NotTwin);
		assert_ok!(Reservations::offer_transfer(tenant(), id, Some(account(9))));
		assert_ok!(Reservations::accept_transfer(signed(9), id));
		let moved = Event::Transferred { reservation: id, from: account(TENANT), to: account(9) };
		System::assert_last_event(moved.into());
		assert_eq!((held_by(TENANT), held_by(9)), (0, 3000));
		assert_eq!(<Reservations as ReservationOwner<_>>::tenant(id), Some(account(9)));
		assert_eq!(Reservations::reservation_info(id).unwrap().tenant_transport_key, [9; 32]);
		let ids = |number: u8| -> Vec<u64> {
			let list = Reservations::reservations(Some([number; 32]), 0, 9);
			list.iter().map(|one| one.id).collect()
		};
		assert_eq!((ids(TENANT), ids(9)), (vec![], vec![id]));
		assert_noop!(Reservations::close(tenant(), id), E::NotTenant);
		assert_noop!(Reservations::accept_transfer(signed(9), id), E::NotOffered);
		assert_ok!(Reservations::close(signed(9), id));
		assert_eq!(held_by(9), 0);
		assert_noop!(Reservations::accept_transfer(signed(9), id), E::AlreadyClosed);
	});
}

#[test]
fn several_are_closed_at_once_or_none() {
	run(|| {
		let ids: Vec<_> = (0..3).map(|_| reserve(20)).collect();
		assert_eq!(held(), 3 * 600);
		let many = |ids: &[u64]| ids.to_vec().try_into().unwrap();
		frame_support::assert_storage_noop!({
			let closed = frame_support::storage::with_storage_layer(|| {
				Reservations::close_many(tenant(), many(&[ids[0], 99]))
			});
			assert_eq!(closed.map_err(|error| error.error), Err(E::UnknownReservation.into()));
		});
		let weight = Reservations::close_many(tenant(), many(&ids)).unwrap().actual_weight;
		let one = <() as crate::WeightInfo>::close(3);
		assert_eq!(weight, Some(one.saturating_mul(3)));
		assert_eq!(held(), 0);
		assert!(ids.iter().all(|id| state(*id) == ReservationState::Closed));
	});
}
