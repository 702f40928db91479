//! Parameters are checked, by call and at genesis.

use crate::{mock::*, Error, Event, Parameters, Penalties, ProofRefusal, TargetedTerms};
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
		let steps = |first_misses, second_misses, faulty_misses| Parameters {
			penalties: Penalties { first_misses, second_misses, faulty_misses, ..p.penalties },
			..p
		};
		for wrong in [steps(0, 1, 2), steps(3, 3, 8), steps(3, 6, 6), steps(3, 6, 17)] {
			assert_noop!(set(wrong), Error::<Test>::PenaltiesOutOfOrder);
		}
		assert_ok!(set(steps(1, 2, 16)));
		let terms = TargetedTerms { deposit: 1, price: 2, ..p.targeted };
		assert_noop!(set(Parameters { targeted: terms, ..p }), Error::<Test>::PriceAboveDeposit);
		assert_noop!(
			set(Parameters { max_failed_proofs: 0, ..p }),
			Error::<Test>::NoFailureTolerated
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
	// What older presets do not name has its default.
	let defaults = Parameters::default();
	let expected = Parameters {
		spot_period_ticks: defaults.spot_period_ticks,
		targeted: defaults.targeted,
		..PARAMETERS
	};
	assert_eq!(config, expected);
	let back: Parameters =
		serde_json::from_str(&serde_json::to_string(&PARAMETERS).unwrap()).unwrap();
	assert_eq!(back, PARAMETERS);
	let partly: Parameters = serde_json::from_str(
		r#"{"periodTicks":30,"jitterTicks":3,"windowTicks":10,"leavesPerAudit":4,
			"penalties":{"firstMisses":1},"targeted":{"price":7}}"#,
	)
	.unwrap();
	assert_eq!(partly.penalties, Penalties { first_misses: 1, ..Penalties::DEFAULT });
	assert_eq!(partly.targeted, TargetedTerms { price: 7, ..TargetedTerms::DEFAULT });
}

#[test]
fn the_runtime_fits_together() {
	new_test_ext().execute_with(<Audits as Hooks<u32>>::integrity_test);
}

#[test]
fn codes_of_refusals_are_distinct_and_lead_back() {
	for refusal in ProofRefusal::ALL.iter().copied() {
		assert_eq!(ProofRefusal::from_code(refusal.code()), Some(refusal));
		assert_eq!(codec::Encode::encode(&refusal), [refusal.code()]);
		assert!(!refusal.text().is_empty());
	}
	assert_eq!(ProofRefusal::from_code(0), None);
	assert_eq!(ProofRefusal::from_code(15), None);
}
