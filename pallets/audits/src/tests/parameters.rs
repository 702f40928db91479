//! Parameters are checked, by call and at genesis.

use crate::{mock::*, types::ProofRefusal, Error, Event, Parameters};
use frame_support::{assert_noop, assert_ok, traits::Hooks};
use sp_runtime::{AccountId32, BuildStorage, DispatchError};

#[test]
fn root_changes_them() {
	run(|| {
		let parameters = Parameters { period_ticks: 60, ..PARAMETERS };
		assert_ok!(Audits::set_parameters(RuntimeOrigin::root(), parameters));
		System::assert_last_event(Event::ParametersSet { parameters }.into());
		assert_eq!(Audits::audit_clock().period_ticks, 60);
	});
}

#[test]
fn nobody_else_does() {
	run(|| {
		let origin = RuntimeOrigin::signed(AccountId32::new([1; 32]));
		assert_noop!(Audits::set_parameters(origin, PARAMETERS), DispatchError::BadOrigin);
	});
}

#[test]
fn nonsense_is_refused() {
	run(|| {
		let set = |parameters| Audits::set_parameters(RuntimeOrigin::root(), parameters);
		let p = PARAMETERS;
		assert_noop!(set(Parameters { window_ticks: 2, ..p }), Error::<Test>::WindowTooShort);
		assert_noop!(
			set(Parameters { window_ticks: 513, period_ticks: 9999, ..p }),
			Error::<Test>::WindowTooLong
		);
		// 17 - 3 is not more than 10 + 4.
		assert_noop!(set(Parameters { period_ticks: 17, ..p }), Error::<Test>::PeriodTooShort);
		assert_ok!(set(Parameters { period_ticks: 18, ..p }));
		assert_noop!(set(Parameters { jitter_ticks: 31, ..p }), Error::<Test>::PeriodTooShort);
		assert_noop!(set(Parameters { leaves_per_audit: 0, ..p }), Error::<Test>::LeavesOutOfRange);
		assert_noop!(
			set(Parameters { leaves_per_audit: 65, ..p }),
			Error::<Test>::LeavesOutOfRange
		);
	});
}

#[test]
#[should_panic(expected = "genesis parameters")]
fn genesis_refuses_nonsense() {
	let parameters = Parameters { window_ticks: 1, ..PARAMETERS };
	let audits = crate::GenesisConfig::<Test> { parameters, ..Default::default() };
	let _ = audits.build_storage();
}

#[test]
fn genesis_is_written_as_json() {
	let config: Parameters = serde_json::from_str(
		r#"{"periodTicks":30,"jitterTicks":3,"windowTicks":10,"leavesPerAudit":4}"#,
	)
	.unwrap();
	assert_eq!(config, PARAMETERS);
}

#[test]
fn the_runtime_fits_together() {
	new_test_ext().execute_with(<Audits as Hooks<u32>>::integrity_test);
}

#[test]
fn codes_of_refusals_are_distinct_and_lead_back() {
	for refusal in ProofRefusal::ALL {
		assert_eq!(ProofRefusal::from_code(refusal.code()), Some(refusal));
		assert!(!refusal.text().is_empty());
	}
	assert_eq!(ProofRefusal::from_code(0), None);
	assert_eq!(ProofRefusal::from_code(8), None);
}
