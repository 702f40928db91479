use super::{farm, node};
use crate::{mock::*, Error};
use frame_support::{assert_noop, assert_ok};
use granary_primitives::traits::Capacity;

#[test]
fn capacity_and_bond_are_taken_together_or_not_at_all() {
	run(|| {
		let id = farm(1);
		let id = node(1, id, 100, 1);
		assert_ok!(<Grid as Capacity<_, _>>::allot(id, 70, 600));
		assert_noop!(<Grid as Capacity<_, _>>::allot(id, 31, 1), Error::<Test>::NotEnoughCapacity);
		assert_noop!(<Grid as Capacity<_, _>>::allot(id, 1, 401), Error::<Test>::NotEnoughBond);
		assert_noop!(
			<Grid as Capacity<_, _>>::allot(id, u64::MAX, 1),
			Error::<Test>::NotEnoughCapacity
		);
		assert_noop!(<Grid as Capacity<_, _>>::allot(9, 1, 1), Error::<Test>::UnknownNode);
		assert_ok!(<Grid as Capacity<_, _>>::allot(id, 30, 400));
		let info = Grid::node_info(id).unwrap();
		assert_eq!((info.reserved_bytes, info.bond_used), (100, 1000));
		<Grid as Capacity<_, _>>::release(id, 70, 600);
		let info = Grid::node_info(id).unwrap();
		assert_eq!((info.reserved_bytes, info.bond_used), (30, 400));
	});
}

#[test]
fn lists_are_paged() {
	run(|| {
		for number in 1..=5 {
			let farm = farm(number);
			node(number, farm, 100, number);
		}
		let ids = |start, limit| -> Vec<u32> {
			Grid::nodes(start, limit).iter().map(|node| node.id).collect()
		};
		assert_eq!(ids(0, 2), vec![0, 1]);
		assert_eq!(ids(3, 10), vec![3, 4]);
		assert_eq!(ids(5, 10), Vec::<u32>::new());
		assert_eq!(ids(0, 0), Vec::<u32>::new());
		assert_eq!(ids(u32::MAX, u32::MAX), Vec::<u32>::new());
		// A removed one leaves a gap that a page steps over.
		assert_ok!(Grid::remove_node(super::signed(2), 1));
		assert_eq!(ids(0, 2), vec![0, 2]);
		assert_eq!(
			<Grid as Capacity<sp_runtime::AccountId32, _>>::payout_account(2),
			Some(account(3))
		);
		assert_eq!(<Grid as Capacity<_, _>>::transport_key(&account(4)), Some([4; 32]));
	});
}
