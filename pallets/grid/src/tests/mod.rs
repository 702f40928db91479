//! Tests by topic.

mod capacity;
mod certification;
mod duty;
mod farms;
mod nodes;
mod random;
mod rent;
mod search;
mod twins;

use crate::mock::{account, Grid, RuntimeOrigin};
use frame_support::{assert_ok, BoundedVec};
use granary_primitives::{FarmId, NodeId};

pub(crate) fn text<S: frame_support::traits::Get<u32>>(text: &str) -> BoundedVec<u8, S> {
	text.as_bytes().to_vec().try_into().unwrap()
}

pub(crate) fn signed(number: u8) -> RuntimeOrigin {
	RuntimeOrigin::signed(account(number))
}

/// Account `number` with a twin and a farm.
pub(crate) fn farm(number: u8) -> FarmId {
	if Grid::twin_info_of([number; 32]).is_none() {
		assert_ok!(Grid::register_twin(signed(number), text(""), [number; 32]));
	}
	let id = crate::NextFarm::<crate::mock::Test>::get();
	assert_ok!(Grid::create_farm(signed(number), text(&format!("farm {id}")), None));
	id
}

/// A node of `capacity_bytes` with a bond of 1,000 on a farm of account `number`.
pub(crate) fn node(number: u8, farm: FarmId, capacity_bytes: u64, audit_key: u8) -> NodeId {
	let id = crate::NextNode::<crate::mock::Test>::get();
	assert_ok!(Grid::register_node(
		signed(number),
		farm,
		text("127.0.0.1:9900"),
		capacity_bytes,
		5,
		[audit_key; 32],
		[audit_key; 32],
		1000
	));
	id
}
