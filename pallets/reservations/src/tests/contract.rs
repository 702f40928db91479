use super::{held, reserve, tenant};
use crate::{mock::*, Error, Event};
use frame_support::{assert_err, assert_noop, assert_ok, traits::fungible::Inspect};
use granary_primitives::reservation::ReservationState;

#[test]
fn a_reservation_takes_capacity_bond_and_escrow() {
	run(|| {
		let id = reserve(100);
		let escrow = 3 * PRICE * 100;
		System::assert_last_event(
			Event::Reserved { reservation: id, tenant: account(TENANT), escrow }.into(),
		);
		assert_eq!(held(), escrow);
		let info = Reservations::reservation_info(id).unwrap();
		assert_eq!((info.escrow, info.created, info.ends), (escrow, 1, 101));
		assert_eq!(info.tenant_transport_key, [TENANT; 32]);
		assert_eq!(info.allotments, vec![0, 1, 2]);
		for (shard, allotment) in info.allotments.iter().enumerate() {
			let one = Reservations::allotment_info(*allotment).unwrap();
			assert_eq!(
				(one.shard as usize, one.node as usize, one.price_per_block),
				(shard, shard, PRICE)
			);
			// A day's revenue is more than twice the repair.
			assert_eq!(one.bond, PRICE * 36 * 24);
			let node = Grid::node_info(one.node).unwrap();
			assert_eq!((node.reserved_bytes, node.bond_used), (1 << 30, one.bond));
			assert_eq!(Reservations::allotments_of_node(one.node, 0, 10).len(), 1);
			assert_eq!(Reservations::allotments_of_node(one.node, one.id + 1, 10).len(), 0);
		}
		assert_eq!(Reservations::reservations(Some([TENANT; 32]), 0, 10).len(), 1);
		assert_eq!(Reservations::reservations(Some([1; 32]), 0, 10).len(), 0);
	});
}

#[test]
fn bad_requests_take_nothing() {
	run(|| {
		type E = Error<Test>;
		let ask = |who, k, m, ids: &[u32], bytes, blocks, max| {
			Reservations::reserve(
				RuntimeOrigin::signed(account(who)),
				k,
				m,
				nodes(ids),
				bytes,
				blocks,
				true,
				max,
			)
		};
		let gib = 1 << 30;
		assert_noop!(ask(77, 1, 0, &[0], gib, 10, 10), E::NotTwin);
		assert_noop!(ask(TENANT, 0, 1, &[0], gib, 10, 10), E::BadShardCount);
		assert_noop!(ask(TENANT, 2, 1, &[0, 1], gib, 10, 90), E::BadShardCount);
		assert_noop!(ask(TENANT, 1, 0, &[0], 511, 10, 10), E::BadSize);
		assert_noop!(ask(TENANT, 1, 0, &[0], gib, 9, 10), E::BadTerm);
		assert_noop!(ask(TENANT, 1, 0, &[0], gib, 1001, 10), E::BadTerm);
		assert_noop!(ask(TENANT, 1, 1, &[0, 50], gib, 10, 90), E::UnknownNode);
		assert_noop!(ask(TENANT, 1, 1, &[3, 3], gib, 10, 90), E::FarmsNotDistinct);
		assert_noop!(ask(TENANT, 1, 1, &[0, 1], gib, 10, 19), E::TooExpensive);
		assert_noop!(
			ask(TENANT, 1, 0, &[0], 5 << 30, 10, 90),
			crate::Error::<Test>::NotEnoughCapacity
		);
		assert_noop!(
			ask(TENANT, 4, 4, &[0, 1, 2, 3, 4, 5, 6, 7], 4 << 30, 1000, 1000),
			sp_runtime::TokenError::FundsUnavailable
		);
		// Another node of the first farm.
		let endpoint = b"h:2".to_vec().try_into().unwrap();
		let farmer = RuntimeOrigin::signed(account(1));
		let key = [77; 32];
		assert_ok!(Grid::register_node(farmer, 0, endpoint, 4 << 30, 360, key, key, 50_000));
		assert_noop!(ask(TENANT, 1, 1, &[0, 9], gib, 10, 90), E::FarmsNotDistinct);
		assert_eq!(held(), 0);
		for _ in 0..3 {
			assert_ok!(ask(TENANT, 1, 0, &[0], gib, 10, 10));
		}
		assert_err!(ask(TENANT, 1, 0, &[0], gib, 10, 10), E::TooManyAllotments);
		crate::NextReservation::<Test>::put(u64::MAX);
		assert_err!(ask(TENANT, 1, 0, &[1], gib, 10, 10), E::NoIdLeft);
		crate::NextReservation::<Test>::put(3);
	});
}

#[test]
fn a_node_is_never_oversold_in_capacity_or_bond() {
	run(|| {
		// A bond of 50,000 carries five allotments of 8,640; four GiB only four.
		let parameters = crate::Parameters { repair_cost_per_gib: 10_000, ..parameters() };
		crate::ContractParameters::<Test>::put(parameters);
		let ask = || Reservations::reserve(tenant(), 1, 0, nodes(&[0]), 1 << 30, 10, true, 10);
		assert_ok!(ask());
		assert_ok!(ask());
		assert_noop!(ask(), crate::Error::<Test>::NotEnoughBond);
	});
}

#[test]
fn a_price_out_of_range_is_an_error() {
	run(|| {
		let endpoint = b"h:1".to_vec().try_into().unwrap();
		let origin = RuntimeOrigin::signed(account(1));
		assert_ok!(Grid::update_node(origin, 0, endpoint, 4 << 30, u128::MAX));
		assert_noop!(
			Reservations::reserve(tenant(), 1, 0, nodes(&[0]), 1 << 30, 10, true, u128::MAX),
			Error::<Test>::PriceOverflow
		);
	});
}

#[test]
fn extending_adds_escrow_and_time() {
	run(|| {
		let id = reserve(100);
		assert_ok!(Reservations::extend(tenant(), id, 50));
		System::assert_last_event(Event::Extended { reservation: id, ends: 151 }.into());
		assert_eq!(held(), 3 * PRICE * 150);
		assert_noop!(Reservations::extend(tenant(), id, 0), Error::<Test>::BadTerm);
		assert_noop!(Reservations::extend(tenant(), id, 5000), Error::<Test>::BadTerm);
		let stranger = RuntimeOrigin::signed(account(1));
		assert_noop!(Reservations::extend(stranger, id, 50), Error::<Test>::NotTenant);
		assert_noop!(Reservations::extend(tenant(), 9, 50), Error::<Test>::UnknownReservation);
	});
}

#[test]
fn closing_returns_everything_that_was_not_earned() {
	run(|| {
		let before = Balances::total_balance(&account(TENANT));
		let id = reserve(100);
		let stranger = RuntimeOrigin::signed(account(1));
		assert_noop!(Reservations::close(stranger, id), Error::<Test>::NotTenant);
		assert_noop!(Reservations::close(tenant(), 9), Error::<Test>::UnknownReservation);
		assert_ok!(Reservations::close(tenant(), id));
		System::assert_last_event(Event::Closed { reservation: id, returned: 3000 }.into());
		assert_eq!((held(), Balances::total_balance(&account(TENANT))), (0, before));
		assert_eq!(Closed::get(), vec![0, 1, 2]);
		assert_eq!(Reservations::reservation_info(id).unwrap().state, ReservationState::Closed);
		assert_eq!(Grid::node_info(0).unwrap().reserved_bytes, 0);
		assert_noop!(Reservations::close(tenant(), id), Error::<Test>::AlreadyClosed);
		assert_noop!(Reservations::extend(tenant(), id, 50), Error::<Test>::AlreadyClosed);
	});
}

#[test]
fn a_tenants_list_is_complete_whatever_others_reserve() {
	run(|| {
		let ask = |who, node| {
			let id = crate::NextReservation::<Test>::get();
			assert_ok!(Reservations::reserve(
				RuntimeOrigin::signed(account(who)),
				1,
				0,
				nodes(&[node]),
				512,
				10,
				false,
				10
			));
			id
		};
		let mine: Vec<_> = (0..7)
			.map(|node| {
				ask(1, node);
				ask(2, node);
				ask(TENANT, node)
			})
			.collect();
		let ids = |who: Option<u8>, start, limit| -> Vec<u64> {
			let list = Reservations::reservations(who.map(|who| [who; 32]), start, limit);
			list.iter().map(|one| one.id).collect()
		};
		assert_eq!(ids(Some(TENANT), 0, 100), mine);
		for start in 0..=21 {
			let rest: Vec<_> = mine.iter().copied().filter(|id| *id >= start).collect();
			assert_eq!(ids(Some(TENANT), start, 100), rest);
			assert_eq!(
				ids(Some(TENANT), start, 1),
				rest.iter().copied().take(1).collect::<Vec<_>>()
			);
		}
		assert_eq!(ids(Some(9), 0, 100), Vec::<u64>::new());
		assert_eq!(ids(None, 19, 100), vec![19, 20]);
		assert_eq!(ids(None, 0, 2), vec![0, 1]);
		// A closed one stays in the list for its history.
		assert_ok!(Reservations::close(tenant(), mine[0]));
		assert_eq!(ids(Some(TENANT), 0, 100), mine);
	});
}
