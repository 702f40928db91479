use super::{farm, node, signed};
use crate::{
	mock::*,
	types::{Description, Parameters},
	Error, Event,
};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::traits::{AuditKeys, Capacity};
use pallet_balances::Pallet as Money;
use sp_runtime::DispatchError::BadOrigin;

type E = Error<Test>;

fn short() {
	let parameters = Parameters {
		maintenance_notice_blocks: 10,
		maintenance_budget_blocks: 30,
		year_blocks: 1000,
		rotation_delay_blocks: 20,
	};
	assert_ok!(Grid::set_parameters(RuntimeOrigin::root(), parameters));
	System::assert_last_event(Event::ParametersSet { parameters }.into());
}

#[test]
fn parameters_must_be_sane() {
	run(|| {
		let fine = Parameters::default();
		assert!(fine.are_sane());
		for bad in [
			Parameters { year_blocks: 0, ..fine },
			Parameters { maintenance_budget_blocks: fine.year_blocks + 1, ..fine },
			Parameters { maintenance_notice_blocks: 0, ..fine },
			Parameters { rotation_delay_blocks: 0, ..fine },
		] {
			assert_noop!(Grid::set_parameters(RuntimeOrigin::root(), bad), E::BadParameters);
		}
		assert_noop!(Grid::set_parameters(signed(1), fine), BadOrigin);
	});
}

#[test]
fn a_node_that_drains_or_sleeps_offers_nothing() {
	run(|| {
		let id = node(1, farm(1), 100, 1);
		let offers = || <Grid as Capacity<_, _>>::offer(id, None).is_some();
		assert!(offers());
		assert_noop!(Grid::set_availability(signed(2), id, true, false), E::NotNodeOperator);
		assert_noop!(Grid::set_availability(signed(1), 9, true, false), E::UnknownNode);
		for (draining, standby) in [(true, false), (false, true), (true, true)] {
			assert_ok!(Grid::set_availability(signed(1), id, draining, standby));
			let set = Event::AvailabilitySet { node: id, draining, standby };
			System::assert_last_event(set.into());
			assert!(!offers());
			assert_noop!(<Grid as Capacity<_, _>>::allot(id, 1, 1), E::NotAvailable);
		}
		assert_ok!(Grid::set_availability(signed(1), id, false, false));
		assert_ok!(<Grid as Capacity<_, _>>::allot(id, 10, 5));
		assert_noop!(Grid::set_availability(signed(1), id, false, true), E::NodeInUse);
		assert_ok!(Grid::set_availability(signed(1), id, true, false));
		// Emptied, it leaves with its bond.
		assert_noop!(Grid::remove_node(signed(1), id), E::NodeInUse);
		<Grid as Capacity<_, _>>::release(id, 10, 5);
		assert_ok!(Grid::remove_node(signed(1), id));
	});
}

#[test]
fn bond_that_backs_nothing_can_be_withdrawn() {
	run(|| {
		let id = node(1, farm(1), 100, 1);
		assert_ok!(<Grid as Capacity<_, _>>::allot(id, 10, 300));
		assert_noop!(Grid::withdraw_bond(signed(2), id, 1), E::NotNodeOperator);
		assert_noop!(Grid::withdraw_bond(signed(1), id, 0), E::NotEnoughBond);
		assert_noop!(Grid::withdraw_bond(signed(1), id, 701), E::NotEnoughBond);
		assert_ok!(Grid::withdraw_bond(signed(1), id, 700));
		System::assert_last_event(Event::BondWithdrawn { node: id, amount: 700 }.into());
		assert_eq!(Grid::node_info(id).unwrap().bond, 300);
		<Grid as Capacity<_, _>>::release(id, 10, 300);
		assert_noop!(Grid::withdraw_bond(signed(1), id, 201), E::BondTooLow);
		assert_ok!(Grid::withdraw_bond(signed(1), id, 200));
		assert_noop!(Grid::withdraw_bond(signed(1), id, 5000), E::NotEnoughBond);
	});
}

#[test]
fn a_slash_takes_what_backs_allotments_and_no_more() {
	run(|| {
		let id = node(1, farm(1), 100, 1);
		assert_ok!(<Grid as Capacity<_, _>>::allot(id, 10, 300));
		let slash = |amount| <Grid as Capacity<_, _>>::slash(id, amount, &account(9));
		assert_eq!(slash(120), 120);
		let info = Grid::node_info(id).unwrap();
		assert_eq!((info.bond, info.bond_used), (880, 180));
		assert_eq!(Money::<Test>::free_balance(account(9)), 120);
		assert_eq!(slash(5000), 180);
		assert_eq!(slash(1), 0);
		assert_eq!(Grid::node_info(id).unwrap().bond, 700);
		assert_eq!(<Grid as Capacity<_, _>>::slash(9, 1, &account(9)), 0);
	});
}

#[test]
fn maintenance_is_announced_in_time_and_within_the_budget() {
	run(|| {
		short();
		let id = node(1, farm(1), 100, 1);
		let announce = |start, end| Grid::announce_maintenance(signed(1), id, start, end);
		let in_maintenance = |block| {
			System::set_block_number(block);
			<Grid as AuditKeys>::in_maintenance(id)
		};
		assert_noop!(Grid::announce_maintenance(signed(2), id, 20, 30), E::NotNodeOperator);
		assert_noop!(announce(10, 20), E::NoticeTooShort);
		assert_noop!(announce(20, 20), E::NoticeTooShort);
		assert_noop!(announce(20, 51), E::BudgetExceeded);
		assert_ok!(announce(20, 40));
		let announced = Event::MaintenanceAnnounced { node: id, start: 20, end: 40 };
		System::assert_last_event(announced.into());
		assert_eq!(Grid::node_info(id).unwrap().maintenance, Some((20, 40)));
		assert_noop!(announce(50, 55), E::MaintenancePending);
		assert_noop!(Grid::cancel_maintenance(signed(2), id), E::NotNodeOperator);
		assert_ok!(Grid::cancel_maintenance(signed(1), id));
		System::assert_last_event(Event::MaintenanceCancelled { node: id }.into());
		assert_noop!(Grid::cancel_maintenance(signed(1), id), E::NoMaintenance);
		// The budget of what was cancelled is there again.
		assert_ok!(announce(20, 40));
		let seen: Vec<_> = [19, 20, 39, 40].into_iter().map(in_maintenance).collect();
		assert_eq!(seen, [false, true, true, false]);
		System::set_block_number(25);
		assert_noop!(Grid::cancel_maintenance(signed(1), id), E::NoMaintenance);
		assert_noop!(announce(60, 61), E::MaintenancePending);
		System::set_block_number(40);
		assert_eq!(Grid::node_info(id).unwrap().maintenance, None);
		assert_noop!(announce(50, 61), E::BudgetExceeded);
		// Another year, another budget.
		assert_ok!(announce(1000, 1030));
		assert!(!<Grid as AuditKeys>::in_maintenance(9));
	});
}

#[test]
fn keys_change_after_their_delay() {
	run(|| {
		short();
		let id = node(1, farm(1), 100, 1);
		node(1, 0, 100, 2);
		let rotate = |key: u8| Grid::rotate_keys(signed(1), id, [key; 32], [key + 100; 32]);
		let key = || <Grid as AuditKeys>::audit_key(id).unwrap()[0];
		assert_noop!(Grid::rotate_keys(signed(2), id, [7; 32], [7; 32]), E::NotNodeOperator);
		assert_noop!(rotate(2), E::AuditKeyInUse);
		assert_ok!(rotate(7));
		System::assert_last_event(Event::KeysAnnounced { node: id, from: 21 }.into());
		assert_noop!(rotate(8), E::RotationPending);
		assert_eq!(key(), 1);
		assert_eq!(Grid::node_report(id).unwrap().next_keys_from, Some(21));
		assert_noop!(Grid::cancel_rotation(signed(2), id), E::NotNodeOperator);
		assert_ok!(Grid::cancel_rotation(signed(1), id));
		System::assert_last_event(Event::KeysCancelled { node: id }.into());
		assert_noop!(Grid::cancel_rotation(signed(1), id), E::NoRotation);
		assert_ok!(rotate(7));
		// Nobody else takes a key that is announced.
		let taken = Grid::rotate_keys(signed(1), 1, [7; 32], [0; 32]);
		assert_eq!(taken, Err(E::AuditKeyInUse.into()));
		System::set_block_number(20);
		assert_eq!(key(), 1);
		System::set_block_number(21);
		assert_eq!(key(), 7);
		assert_eq!(Grid::node_info(id).unwrap().transport_key, [107; 32]);
		assert_noop!(Grid::cancel_rotation(signed(1), id), E::NoRotation);
		// The old key is free once the next rotation begins; only the transport key may change, too.
		assert_ok!(Grid::rotate_keys(signed(1), id, [7; 32], [50; 32]));
		assert_ok!(Grid::rotate_keys(signed(1), 1, [1; 32], [0; 32]));
		System::set_block_number(41);
		assert_eq!((key(), Grid::node_info(id).unwrap().transport_key), (7, [50; 32]));
		// A removed node frees all of its keys.
		assert_ok!(rotate(8));
		assert_ok!(Grid::remove_node(signed(1), id));
		assert!(crate::NodeOfAuditKey::<Test>::get([7; 32]).is_none());
		assert!(crate::NodeOfAuditKey::<Test>::get([8; 32]).is_none());
	});
}

#[test]
fn a_description_goes_with_its_node() {
	run(|| {
		let id = node(1, farm(1), 100, 1);
		let description =
			Description { ssd_bytes: 7, serial: vec![1].try_into().unwrap(), ..Default::default() };
		let describe = |who, node| Grid::describe_node(signed(who), node, description.clone());
		assert_noop!(describe(2, id), E::NotNodeOperator);
		assert_noop!(describe(1, 9), E::UnknownNode);
		assert_ok!(describe(1, id));
		System::assert_last_event(Event::NodeDescribed { node: id }.into());
		assert_eq!(Grid::node_report(id).unwrap().ssd_bytes, 7);
		assert_ok!(Grid::remove_node(signed(1), id));
		assert_eq!(Grid::node_report(id), None);
	});
}

#[test]
fn uptime_reports_agree_with_time_and_each_other() {
	run(|| {
		let id = node(1, farm(1), 100, 1);
		let report = |uptime, at| Grid::report_uptime(signed(1), id, uptime, at);
		assert_noop!(Grid::report_uptime(signed(2), id, 1, 1_000_000), E::NotNodeOperator);
		assert_noop!(report(1, 1_000_061), E::BadUptime);
		assert_noop!(report(1, 999_939), E::BadUptime);
		assert_noop!(report(1_000_001, 1_000_000), E::BadUptime);
		assert_ok!(report(5000, 1_000_010));
		System::assert_last_event(Event::UptimeReported { node: id, uptime_seconds: 5000 }.into());
		assert_noop!(report(5000, 1_000_010), E::BadUptime);
		Milliseconds::set(1_000_600_000);
		// It went on, or it began anew since then; nothing in between.
		assert_noop!(report(4000, 1_000_610), E::BadUptime);
		assert_noop!(report(5661, 1_000_610), E::BadUptime);
		assert_ok!(report(5600, 1_000_610));
		Milliseconds::set(1_001_200_000);
		assert_ok!(report(300, 1_001_210));
		let seen = Grid::node_report(id).unwrap();
		assert_eq!((seen.uptime_seconds, seen.uptime_block), (Some(300), Some(1)));
	});
}

#[test]
fn a_window_of_next_year_that_is_cancelled_does_not_renew_this_years_budget() {
	run(|| {
		short();
		let id = node(1, farm(1), 100, 1);
		let announce = |start, end| Grid::announce_maintenance(signed(1), id, start, end);
		assert_ok!(announce(20, 50));
		System::set_block_number(50);
		assert_noop!(announce(60, 61), E::BudgetExceeded);
		assert_ok!(announce(1000, 1030));
		assert_ok!(Grid::cancel_maintenance(signed(1), id));
		assert_noop!(announce(60, 61), E::BudgetExceeded);
		// Nothing was charged to the next year either.
		assert_ok!(announce(1000, 1030));
	});
}

#[test]
fn the_drift_that_is_allowed_does_not_add_up() {
	run(|| {
		let id = node(1, farm(1), 100, 1);
		let report = |uptime, at| Grid::report_uptime(signed(1), id, uptime, at);
		assert_ok!(report(5000, 1_000_000));
		// It was up for a second longer, so 60 seconds more than that are as far as a clock may be off, however often it says so.
		assert_ok!(report(5061, 1_000_001));
		assert_noop!(report(5122, 1_000_002), E::BadUptime);
		assert_eq!(Grid::node_report(id).unwrap().uptime_seconds, Some(5001));
		assert_ok!(report(5002, 1_000_002));
	});
}
