//! Random operations: all invariants hold after each. `GRANARY_STEPS` says how many, `GRANARY_SEED` from where.

use crate::{mock::*, Bonds, Expelled, Members, Parameters};
use frame_support::{pallet_prelude::DispatchResult, storage::with_storage_layer};
use pallet_session::SessionInterface;
use rand::{rngs::StdRng, Rng, SeedableRng};
use sp_runtime::{testing::UintAuthorityId, Perbill};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

fn number(name: &str, default: u64) -> u64 {
	std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn step(dice: &mut StdRng) -> DispatchResult {
	let who = dice.gen_range(1..=12);
	let (root, signed) = (RuntimeOrigin::root(), RuntimeOrigin::signed(who));
	match dice.gen_range(0..20) {
		0..=2 => Validators::invite(root, who),
		3 => Validators::revoke(root, who),
		4..=6 => Validators::join(signed),
		7 | 8 => Validators::leave(signed),
		9 => Validators::remove(root, who),
		10 | 11 => Validators::withdraw(signed),
		12 => Validators::release_keys(signed),
		13 | 14 => {
			let keys = Keys { dummy: UintAuthorityId(dice.gen_range(1..40)) };
			<Session as SessionInterface>::set_keys(&who, keys)
		},
		15 => {
			let now = Session::current_index();
			let offender = OffenceDetails { offender: (who, ()), reporters: vec![] };
			let fraction = Perbill::from_percent(dice.gen_range(0..=100));
			let session = now.saturating_sub(dice.gen_range(0..4));
			Validators::on_offence(&[offender], &[fraction], session);
			Ok(())
		},
		16 => {
			let parameters = Parameters {
				bond: dice.gen_range(1..120),
				unbonding_sessions: dice.gen_range(3..8),
				minimum: dice.gen_range(1..4),
				..RULES
			};
			Validators::set_parameters(root, parameters)
		},
		_ => {
			end_sessions(1);
			Ok(())
		},
	}
}

#[test]
fn random_operations_keep_every_invariant() {
	let (steps, seed) = (number("GRANARY_STEPS", 4000), number("GRANARY_SEED", 1));
	let mut dice = StdRng::seed_from_u64(seed);
	let mut done = 0;
	chain(4).execute_with(|| {
		let issuance = pallet_balances::TotalIssuance::<Test>::get();
		for at in 0..steps {
			let result = with_storage_layer(|| step(&mut dice));
			done += u64::from(result.is_ok());
			let context = || format!("seed {seed}, step {at}: {result:?}");
			Validators::do_try_state().unwrap_or_else(|error| panic!("{}: {error:?}", context()));
			let set = Session::validators();
			assert!(!set.is_empty() && set.len() <= 6, "{}", context());
			assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance, "{}", context());
			for account in set {
				assert!(Bonds::<Test>::contains_key(account), "{}: no bond", context());
			}
			let available = Members::<Test>::get().len() + Expelled::<Test>::get().len();
			assert!(available >= 1, "{}: nobody is left", context());
			System::reset_events();
		}
	});
	assert!(done > steps / 4, "only {done} of {steps} operations succeeded");
}
