//! Random operations on a mount and on a plain directory must have the same results.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{
	operations::{assert_same, describe, populate, Operation},
	Place,
};
use rand::{rngs::StdRng, SeedableRng};

const ROUNDS: u64 = 6;
/// Operations of a round; `GRANARY_STEPS` asks for more.
const OPERATIONS: usize = 400;
#[test]
fn random_operations_do_what_they_do_to_a_plain_directory() {
	let operations = std::env::var("GRANARY_STEPS").map_or(OPERATIONS, |steps| {
		steps.parse::<usize>().expect("GRANARY_STEPS is a number") / ROUNDS as usize
	});
	for round in 0..ROUNDS {
		let mut rng = StdRng::seed_from_u64(round);
		let place = Place::new();
		let plain = place.path("plain");
		populate(&mut rng, [&place.lower(), &plain]);
		let below = describe(&place.lower(), false);
		let mut guard = place.mount();
		for number in 0..operations {
			let operation = Operation::random(&mut rng);
			let ours = operation.run(&place.mnt()).map_err(|error| error.raw_os_error());
			let theirs = operation.run(&plain).map_err(|error| error.raw_os_error());
			let when = format!("in round {round} at operation {number}: {operation:.200?}");
			assert_eq!(ours, theirs, "{when}");
			if number % 40 == 0 {
				assert_same(&place.mnt(), &plain, number % 80 == 0, &when);
			}
			if number % 100 == 99 {
				guard.unmount();
				guard = place.mount();
				assert_same(&place.mnt(), &plain, false, &format!("after a remount {when}"));
			}
		}
		assert_same(&place.mnt(), &plain, true, "at the end");
		guard.unmount();
		assert_eq!(describe(&place.lower(), false), below, "the tree below has changed");
	}
}
