use super::{farm, node, signed, text};
use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_twin_creates_and_removes_farms() {
	run(|| {
		assert_noop!(Grid::create_farm(signed(1), text("a"), None), Error::<Test>::NotTwin);
		let id = farm(1);
		System::assert_last_event(Event::FarmCreated { farm: id, twin: 0 }.into());
		assert_eq!(Grid::farm_info(id).unwrap().payout, [1; 32]);
		assert_noop!(Grid::create_farm(signed(1), text(""), None), Error::<Test>::BadText);
		assert_ok!(Grid::create_farm(signed(1), text("b"), Some(account(4))));
		assert_eq!(Grid::farm_info(1).unwrap().payout, [4; 32]);
		assert_noop!(Grid::create_farm(signed(1), text("c"), None), Error::<Test>::TooManyFarms);
		assert_noop!(Grid::remove_farm(signed(2), id), Error::<Test>::NotFarmOwner);
		assert_noop!(Grid::remove_farm(signed(1), 9), Error::<Test>::UnknownFarm);
		assert_ok!(Grid::remove_farm(signed(1), id));
		System::assert_last_event(Event::FarmRemoved { farm: id }.into());
		assert_eq!(Grid::farms(0, 10).iter().map(|farm| farm.id).collect::<Vec<_>>(), vec![1]);
	});
}

#[test]
fn farms_are_numbered_to_the_end_and_no_further() {
	run(|| {
		farm(1);
		crate::NextFarm::<Test>::put(u32::MAX);
		assert_noop!(Grid::create_farm(signed(1), text("b"), None), Error::<Test>::NoIdLeft);
	});
}

#[test]
fn a_farm_with_nodes_stays() {
	run(|| {
		let id = farm(1);
		node(1, id, 100, 1);
		assert_noop!(Grid::remove_farm(signed(1), id), Error::<Test>::FarmInUse);
	});
}
