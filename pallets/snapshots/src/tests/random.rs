//! Random calls of two tenants and a stranger; what always holds is checked after each.

use crate::{mock::*, types::Sealed, Grants, Snapshots as Catalogue};
use granary_primitives::snapshot::DatabaseKind;
use rand::{rngs::StdRng, seq::IteratorRandom, Rng, SeedableRng};
use sp_runtime::{AccountId32, DispatchResult};

fn variable(name: &str, default: u64) -> u64 {
	std::env::var(name).ok().map_or(default, |value| value.parse().unwrap())
}

fn expiry(random: &mut StdRng) -> Option<u32> {
	let now = System::block_number();
	random.gen_bool(0.5).then(|| now + random.gen_range(0..20))
}

fn publish_one(who: AccountId32, random: &mut StdRng) -> DispatchResult {
	let mut contents = contents(random.gen_range(1..5), &[b'a' + random.gen_range(0..6)]);
	contents.height = random.gen_range(0..4);
	contents.genesis = [random.gen_range(0..2); 32];
	contents.database = DatabaseKind::ALL.into_iter().choose(random).unwrap();
	let expires = expiry(random);
	publish_contents(who, contents, expires)
}

fn grant_one(who: AccountId32, random: &mut StdRng) -> DispatchResult {
	let sealed: Sealed = vec![1; random.gen_range(0..60)].try_into().unwrap();
	let (reservation, recipient) = (random.gen_range(1..5), [random.gen_range(0..4); 32]);
	let expires = expiry(random);
	Snapshots::grant(RuntimeOrigin::signed(who), reservation, [5; 16], recipient, sealed, expires)
}

fn step(random: &mut StdRng) -> DispatchResult {
	let accounts = [alice(), bob(), AccountId32::new([3; 32])];
	let who = accounts.into_iter().choose(random).unwrap();
	let origin = RuntimeOrigin::signed(who.clone());
	let snapshot = Catalogue::<Test>::iter_keys().choose(random).unwrap_or(random.gen_range(0..50));
	match random.gen_range(0..10) {
		0..=3 => publish_one(who, random),
		4 => Snapshots::retire(origin, snapshot),
		5 => Snapshots::set_expiry(origin, snapshot, expiry(random)),
		6..=7 => grant_one(who, random),
		8 => {
			let key = Grants::<Test>::iter_keys().choose(random).unwrap_or((1, [5; 16], [9; 32]));
			Snapshots::revoke(origin, key.0, key.1, key.2)
		},
		_ => {
			System::set_block_number(System::block_number() + random.gen_range(0..3));
			let reservation = random.gen_range(1..5);
			let closed = random.gen_bool(0.3);
			Tenants::mutate(|tenants| match closed {
				true => tenants.remove(&reservation),
				false => tenants.insert(reservation, who),
			});
			Ok(())
		},
	}
}

#[test]
fn random_calls_keep_the_books() {
	let seed = variable("GRANARY_SEED", 1);
	let mut random = StdRng::seed_from_u64(seed);
	let (mut done, mut refused) = (0, 0);
	new_test_ext().execute_with(|| {
		for number in 0..variable("GRANARY_STEPS", 2_000) {
			match step(&mut random) {
				Ok(()) => done += 1,
				Err(_) => refused += 1,
			}
			let state = Snapshots::do_try_state();
			assert_eq!(state, Ok(()), "after step {number} of seed {seed}");
		}
	});
	assert!(done > 0 && refused > 0, "{done} done, {refused} refused");
}
