//! Who may decide, and that a failure is seen.

use crate::{mock::*, Event, WeightInfo};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::DispatchError;

fn write(key: &[u8], value: &[u8]) -> Box<RuntimeCall> {
	let items = vec![(key.to_vec(), value.to_vec())];
	Box::new(RuntimeCall::System(frame_system::Call::set_storage { items }))
}

#[test]
fn the_council_acts_as_root() {
	new_test_ext().execute_with(|| {
		assert_ok!(Governance::enact(RuntimeOrigin::signed(1), write(b"key", b"value")));
		assert_eq!(sp_io::storage::get(b"key").as_deref(), Some(&b"value"[..]));
		System::assert_last_event(Event::Enacted { result: Ok(()) }.into());
	});
}

#[test]
fn nobody_else_does() {
	new_test_ext().execute_with(|| {
		for origin in [RuntimeOrigin::signed(2), RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(
				Governance::enact(origin, write(b"key", b"value")),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn a_decision_that_fails_is_seen_and_leaves_nothing() {
	new_test_ext().execute_with(|| {
		// Remarks are for signed accounts, not for root.
		let remark = frame_system::Call::remark_with_event { remark: vec![1] };
		let call = Box::new(RuntimeCall::System(remark));
		assert_ok!(Governance::enact(RuntimeOrigin::signed(1), call));
		let result = Err(DispatchError::BadOrigin);
		System::assert_last_event(Event::Enacted { result }.into());
	});
}

#[test]
fn the_weight_is_the_calls_and_a_little() {
	new_test_ext().execute_with(|| {
		let inner = write(b"key", b"value");
		let weight = inner.get_dispatch_info().call_weight;
		let call = RuntimeCall::Governance(crate::Call::enact { call: inner });
		let expected = weight.saturating_add(<() as WeightInfo>::enact());
		assert_eq!(call.get_dispatch_info().call_weight, expected);
	});
}
