use super::{signed, text};
use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};

#[test]
fn an_account_registers_once_and_updates() {
	run(|| {
		assert_ok!(Grid::register_twin(signed(1), text("host"), [7; 32]));
		System::assert_last_event(Event::TwinRegistered { twin: 0, account: account(1) }.into());
		assert_noop!(Grid::register_twin(signed(1), text(""), [8; 32]), Error::<Test>::AlreadyTwin);
		assert_ok!(Grid::update_twin(signed(1), text("other"), [9; 32]));
		System::assert_last_event(Event::TwinUpdated { twin: 0 }.into());
		let twin = Grid::twin_info_of([1; 32]).unwrap();
		assert_eq!((twin.endpoint, twin.transport_key), (b"other".to_vec(), [9; 32]));
	});
}

#[test]
fn strangers_and_bad_texts_are_refused() {
	run(|| {
		assert_noop!(Grid::update_twin(signed(1), text(""), [0; 32]), Error::<Test>::NotTwin);
		let not_utf8 = vec![0xff, 0xfe].try_into().unwrap();
		assert_noop!(Grid::register_twin(signed(1), not_utf8, [0; 32]), Error::<Test>::BadText);
		assert_ok!(Grid::register_twin(signed(1), text(""), [0; 32]));
		let not_utf8 = vec![0xff].try_into().unwrap();
		assert_noop!(Grid::update_twin(signed(1), not_utf8, [0; 32]), Error::<Test>::BadText);
		crate::NextTwin::<Test>::put(u32::MAX);
		assert_noop!(Grid::register_twin(signed(2), text(""), [0; 32]), Error::<Test>::NoIdLeft);
	});
}
