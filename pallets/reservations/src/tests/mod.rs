//! Tests by topic.

mod change;
mod contract;
mod money;
mod offchain;
mod parameters;
mod placement;
mod random;
mod repair;
mod settlement;
mod shares;

use crate::mock::*;
use frame_support::{assert_ok, traits::fungible::InspectHold};
use granary_primitives::{Balance, BlockNumber, ReservationId};

pub(crate) fn tenant() -> RuntimeOrigin {
	RuntimeOrigin::signed(account(TENANT))
}

/// 2+1 on nodes 0, 1, 2 for `blocks`.
pub(crate) fn reserve(blocks: BlockNumber) -> ReservationId {
	let id = crate::NextReservation::<Test>::get();
	assert_ok!(Reservations::reserve(tenant(), 2, 1, nodes(&[0, 1, 2]), 1 << 30, blocks, true, 30));
	id
}

pub(crate) fn held() -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::Escrow.into(), &account(TENANT))
}
