//! Losses of power and kills at random calls of random workloads: what is left is what was done up to some point, and that point
//! is never before what was promised.

use crate::world::{options, Step, World, LONG_MS};
use granary_disk::Loss;
use granary_zdb::{Durability, Mode};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};

/// Lives of one store, each ended by a loss of power, a kill or a clean stop.
const LIVES: usize = 4;
const STEPS_MAX: usize = 40;

fn losses() -> u64 {
	std::env::var("GRANARY_LOSSES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

const PLAIN: [(&str, Durability); 3] =
	[("always", Durability::Always), ("every", Durability::Every(LONG_MS)), ("os", Durability::Os)];

fn create(name: &'static str) -> Step {
	let plain = PLAIN.iter().find(|(plain, _)| *plain == name);
	match (name, plain) {
		(_, Some((_, durability))) => Step::Create(name, options(Mode::User, *durability, false)),
		("ids", _) => Step::Create(name, options(Mode::Sequential, Durability::Os, false)),
		("log", _) => Step::Create(name, options(Mode::User, Durability::Every(LONG_MS), true)),
		_ => Step::Create(name, options(Mode::User, Durability::Always, true)),
	}
}

const NAMES: [&str; 6] = ["always", "every", "os", "ids", "log", "copy"];

fn draw(random: &mut StdRng) -> Step {
	let plain = PLAIN.choose(random).unwrap().0;
	let any = *NAMES.choose(random).unwrap();
	let len = match random.gen_range(0..10) {
		0 if random.gen_bool(0.3) => random.gen_range(60_000..90_000),
		0 => random.gen_range(3000..6000),
		1..=5 => random.gen_range(600..1600),
		_ => random.gen_range(1..300),
	};
	match random.gen_range(0..100) {
		0..=39 => Step::Set(plain, random.gen_range(0..12), len),
		40..=47 => Step::Del(plain, random.gen_range(0..12)),
		48..=57 => Step::Issue("ids", len),
		58..=62 => Step::Renew("ids", random.gen(), len),
		63..=64 => Step::Del("ids", random.gen_range(0..20)),
		65..=76 => Step::Set("log", random.gen(), len),
		77..=79 => Step::Replicate("log", "copy"),
		80..=84 => Step::Sync(any),
		85..=87 => Step::Jump(any),
		88..=91 => Step::Compact(any),
		92..=93 => Step::Flush(plain),
		94 => Step::Quota(any, random.gen_range(1 << 22..1 << 30)),
		95 => Step::Remove("os"),
		96..=97 => create("os"),
		_ => Step::Reopen,
	}
}

impl World {
	/// Each namespace is what its first changes make, at least those that are durable; says for each how many there are.
	fn check_prefixes(&mut self, was_killed: bool) {
		self.check_settings();
		let report = self.store().recovery_report().clone();
		assert!(report.damaged.is_empty() && report.missing_segments.is_empty(), "{report:?}");
		for name in self.spaces.keys().copied().collect::<Vec<_>>() {
			let contents = self.contents(name).unwrap();
			let scrubbed = self.namespace(name).unwrap().scrub().unwrap();
			assert!(scrubbed.damaged.is_empty(), "{name}: {:?}", scrubbed.damaged);
			let space = self.spaces.get_mut(name).unwrap();
			let acknowledged = space.ops.iter().rposition(|op| op.acknowledged);
			let least = match was_killed {
				true => acknowledged.map_or(0, |last| last + 1),
				false => space.durable,
			};
			let count =
				(least..=space.ops.len()).rev().find(|count| space.after(*count) == contents);
			let Some(count) = count else {
				panic!(
					"{name}: none of the states after {least} to {} of its changes:\n{:?}\n{:?}",
					space.ops.len(),
					space
						.ops
						.iter()
						.map(|op| (short(&op.change), op.acknowledged))
						.collect::<Vec<_>>(),
					contents
						.iter()
						.map(|(key, value)| (text(key), text(&value[..6.min(value.len())])))
						.collect::<Vec<_>>()
				)
			};
			space.ops.truncate(count);
			space.ops.iter_mut().for_each(|op| op.acknowledged = true);
			// What is there after a loss of power was on the disk.
			space.durable = if was_killed { space.durable.min(count) } else { count };
		}
	}
}

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

fn short(change: &crate::model::Change) -> String {
	use crate::model::Change;
	match change {
		Change::Set(key, value) => format!("{}={}", text(key), text(&value[..6.min(value.len())])),
		Change::Del(key) => format!("-{}", text(key)),
		Change::Clear => "clear".to_owned(),
	}
}

fn live(world: &mut World, random: &mut StdRng) {
	let steps = random.gen_range(1..STEPS_MAX);
	let now = world.simulated.calls();
	if random.gen_bool(0.8) {
		world.simulated.cut_power_at(now + random.gen_range(1..(steps as u64 * 8)));
	}
	for _ in 0..steps {
		let step = draw(random);
		let done = world.run(&step);
		if world.simulated.is_off() {
			return;
		}
		done.unwrap_or_else(|error| panic!("{step:?}: {error}"));
	}
}

fn lives(seed: u64) {
	let mut random = StdRng::seed_from_u64(seed);
	let mut world = World::new(seed);
	world.open().unwrap();
	for name in NAMES {
		world.run(&create(name)).unwrap();
	}
	for _ in 0..LIVES {
		live(&mut world, &mut random);
		world.simulated.cut_power();
		world.store = None;
		let mut was_killed = random.gen_bool(0.25);
		let loss = |killed: bool, random: &mut StdRng| match (killed, random.gen_range(0..6)) {
			(true, _) => Loss::Nothing,
			(false, 0) => Loss::All,
			(false, _) => Loss::Any(random.gen()),
		};
		world.simulated.restore_power(loss(was_killed, &mut random));
		// Now and then the power fails while the store is opened.
		if random.gen_bool(0.3) {
			let now = world.simulated.calls();
			world.simulated.cut_power_at(now + random.gen_range(1..150));
			if world.open().is_err() || world.simulated.is_off() {
				world.simulated.cut_power();
				world.store = None;
				was_killed = false;
			}
			world.store = None;
			world.simulated.cut_power();
			world.simulated.restore_power(loss(was_killed, &mut random));
		}
		world.open().unwrap_or_else(|error| panic!("after a loss of power: {error}"));
		world.check_prefixes(was_killed);
	}
}

#[test]
fn what_is_left_is_a_beginning_of_what_was_done() {
	for seed in 0..losses() {
		let lived = std::panic::catch_unwind(|| lives(seed));
		assert!(lived.is_ok(), "seed {seed}: the message is above");
	}
}

/// The promise of `every N ms` with the thread that keeps it: what was acknowledged that long ago is there.
#[test]
fn the_window_is_not_longer_than_promised() {
	use std::time::{Duration, Instant};
	for seed in 0..5 {
		let mut world = World::new(seed);
		world.open().unwrap();
		world
			.run(&Step::Create("soon", options(Mode::User, Durability::Every(50), false)))
			.unwrap();
		let mut acknowledged = Vec::new();
		for number in 0..100 {
			world.run(&Step::Set("soon", number, 200)).unwrap();
			acknowledged.push(Instant::now());
			std::thread::sleep(Duration::from_millis(3));
		}
		// The thread looks every 10 ms; the rest is for a machine with other things to do.
		let patience = Duration::from_millis(50 + 10 + 90);
		let promised =
			acknowledged.iter().filter(|acknowledged| acknowledged.elapsed() > patience).count();
		world.simulated.cut_power();
		world.store = None;
		world.simulated.restore_power(Loss::All);
		world.open().unwrap();
		assert!(promised > 20);
		world.spaces.get_mut("soon").unwrap().durable = promised;
		world.check_prefixes(false);
	}
}
