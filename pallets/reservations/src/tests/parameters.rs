use crate::{mock::*, Error, Event, Parameters};
use frame_support::{assert_noop, assert_ok};

#[test]
fn root_changes_sane_parameters_only() {
	run(|| {
		let changed = Parameters { grace_blocks: 7, ..parameters() };
		let root = RuntimeOrigin::root;
		assert_ok!(Reservations::set_parameters(root(), changed));
		System::assert_last_event(Event::ParametersSet { parameters: changed }.into());
		for bad in [
			Parameters { settlement_blocks: 0, ..changed },
			Parameters { blocks_per_hour: 0, ..changed },
			Parameters { min_term_blocks: 0, ..changed },
			Parameters { min_term_blocks: 11, max_term_blocks: 10, ..changed },
		] {
			assert_noop!(Reservations::set_parameters(root(), bad), Error::<Test>::BadParameters);
		}
		let stranger = RuntimeOrigin::signed(account(1));
		assert_noop!(
			Reservations::set_parameters(stranger, changed),
			sp_runtime::DispatchError::BadOrigin
		);
	});
}

#[test]
fn prices_round_up_and_bonds_cover_repair() {
	let parameters = parameters();
	assert_eq!(parameters.price_per_block(1 << 30, 360), Some(10));
	assert_eq!(parameters.price_per_block(1, 1), Some(1));
	assert_eq!(parameters.price_per_block(u64::MAX, u128::MAX), None);
	assert_eq!(parameters.bond(1 << 30, 0), Some(10));
	assert_eq!(parameters.bond(1 << 30, 10), Some(10 * 36 * 24));
	assert!(Parameters::default().are_sane());
}
