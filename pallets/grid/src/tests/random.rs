//! Random operations: all invariants hold after each of them.

use super::signed;
use crate::{mock::*, types::Parameters};
use frame_support::{assert_ok, pallet_prelude::DispatchResult, storage::with_storage_layer};
use granary_primitives::traits::Capacity;
use rand::{rngs::StdRng, Rng, SeedableRng};

/// Seeded, so that a run can be repeated.
struct Dice(StdRng);

impl Dice {
	fn roll(&mut self, sides: u64) -> u64 {
		self.0.gen_range(0..sides.max(1))
	}
}

/// What allotments take of each node: the model.
type Taken = Vec<(u32, u64, u128)>;

fn step(dice: &mut Dice, taken: &mut Taken) -> DispatchResult {
	let who = 1 + dice.roll(5) as u8;
	let (farm, node) = (dice.roll(6) as u32, dice.roll(12) as u32);
	let key = [1 + dice.roll(30) as u8; 32];
	let origin = signed(who);
	let coin = dice.roll(2) == 0;
	match dice.roll(21) {
		0 => Grid::register_twin(origin, Default::default(), key),
		1 => Grid::create_farm(origin, super::text(["a", "b", "c"][dice.roll(3) as usize]), None),
		2 | 3 => {
			let (bytes, bond) = (1 + dice.roll(1000), 100 + u128::from(dice.roll(900)));
			Grid::register_node(origin, farm, super::text("h:1"), bytes, 5, key, key, bond)
		},
		4 => Grid::update_node(origin, node, super::text("h:2"), 1 + dice.roll(1000), 5),
		5 => Grid::bond_more(origin, node, u128::from(dice.roll(200))),
		6 => Grid::remove_node(origin, node),
		7 => Grid::remove_farm(origin, farm),
		8 => Grid::set_availability(origin, node, coin, dice.roll(2) == 0),
		9 => Grid::withdraw_bond(origin, node, u128::from(dice.roll(500))),
		10 => {
			let start = System::block_number() + dice.roll(30) as u32;
			Grid::announce_maintenance(origin, node, start, start + dice.roll(20) as u32)
		},
		11 => Grid::cancel_maintenance(origin, node),
		12 => Grid::rotate_keys(origin, node, key, key),
		13 => Grid::cancel_rotation(origin, node),
		14 => {
			System::set_block_number(System::block_number() + 1 + dice.roll(10) as u32);
			Ok(())
		},
		18 => Grid::set_farm_price(origin, farm, u128::from(dice.roll(9))),
		19 => Grid::offer_rent(origin, node, coin.then_some(u128::from(dice.roll(3)))),
		20 => Grid::rent(origin, node, dice.roll(40) as u32, 2),
		15 | 16 => {
			let (bytes, bond) = (1 + dice.roll(300), u128::from(dice.roll(200)));
			<Grid as Capacity<_, _>>::allot(node, bytes, bond)?;
			taken.push((node, bytes, bond));
			Ok(())
		},
		_ if taken.is_empty() => Ok(()),
		_ => {
			let place = dice.roll(taken.len() as u64) as usize;
			let one = &mut taken[place];
			if coin {
				let moved = <Grid as Capacity<_, _>>::slash(one.0, one.2 / 2, &account(9));
				one.2 -= moved;
			} else {
				<Grid as Capacity<_, _>>::release(one.0, one.1, one.2);
				taken.swap_remove(place);
			}
			Ok(())
		},
	}
}

#[test]
fn nothing_breaks_whatever_happens() {
	let number = |name: &str, default| {
		std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
	};
	let (steps, seed): (u64, u64) = (number("GRANARY_STEPS", 4000), number("GRANARY_SEED", 1));
	new_test_ext().execute_with(|| {
		let parameters = Parameters {
			maintenance_notice_blocks: 5,
			maintenance_budget_blocks: 40,
			year_blocks: 200,
			rotation_delay_blocks: 10,
		};
		assert_ok!(Grid::set_parameters(RuntimeOrigin::root(), parameters));
		let mut dice = Dice(StdRng::seed_from_u64(seed));
		let mut taken = Taken::new();
		for at in 0..steps {
			let before = taken.clone();
			if with_storage_layer(|| step(&mut dice, &mut taken)).is_err() {
				taken = before;
			}
			if let Err(error) = Grid::do_try_state() {
				panic!("seed {seed}, step {at}: {error:?}");
			}
			for (id, record) in crate::Nodes::<Test>::iter() {
				let of = taken.iter().filter(|(node, ..)| *node == id);
				let sums = of.fold((0, 0), |sum, one| (sum.0 + one.1, sum.1 + one.2));
				assert_eq!((record.reserved_bytes, record.bond_used), sums, "step {at}");
			}
		}
	});
}
