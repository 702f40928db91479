//! Every kind of fault at every call of a workload: what was acknowledged is there, work goes on once the cause is gone,
//! and a loss of power afterwards takes nothing of it.

use crate::{
	model::Change,
	world::{options, Step, World, LONG_MS},
};
use granary_disk::{Fault, FaultKind, Loss};
use granary_zdb::{Durability, Mode, ZdbError};

/// How many steps a lasting fault lasts.
const STEPS_OF_FAULT: usize = 5;

/// Something of everything: updates, deletions, rotation, compaction with hints, settings, removal and emptying of namespaces, an
/// audited log with its tree, a replica of it, restarts.
fn workload() -> Vec<Step> {
	let user = |durability| options(Mode::User, durability, false);
	let audited = options(Mode::User, Durability::Always, true);
	let mut steps = vec![
		Step::Create("keys", user(Durability::Always)),
		Step::Create("ids", options(Mode::Sequential, Durability::Os, false)),
		Step::Create("log", audited.clone()),
		Step::Create("copy", audited),
		Step::Create("gone", user(Durability::Every(LONG_MS))),
	];
	for round in 0..3u32 {
		steps.extend((0..4).map(|number| Step::Set("keys", number, 700)));
		steps.push(Step::Del("keys", round));
		steps.extend([Step::Issue("ids", 1500), Step::Issue("ids", 900)]);
		steps.push(Step::Renew("ids", u64::from(round), 800));
		steps.extend((0..2).map(|number| Step::Set("log", round * 2 + number, 2500)));
		steps.extend([Step::Set("gone", round, 100), Step::Sync("ids")]);
	}
	steps.extend([
		Step::Replicate("log", "copy"),
		Step::Compact("keys"),
		Step::Quota("keys", 1 << 20),
		Step::Sync("gone"),
		Step::Reopen,
		Step::Set("keys", 1, 600),
		Step::Del("ids", 1),
		Step::Flush("gone"),
		Step::Set("gone", 7, 50),
		Step::Compact("ids"),
		Step::Set("log", 90, 9000),
		Step::Replicate("log", "copy"),
		Step::Flush("keys"),
		Step::Set("keys", 8, 300),
		Step::Jump("keys"),
		Step::Remove("gone"),
		Step::Set("keys", 9, 300),
		// Long enough to go to the kernel without being gathered first.
		Step::Set("log", 91, 70_000),
		Step::Set("keys", 8, 70_000),
	]);
	steps
}

impl World {
	/// What can be read is what may be there. Only a fault is an excuse for what cannot be read.
	fn check_reads(&self, may_fail: bool) {
		for (name, space) in &self.spaces {
			let Ok(namespace) = self.namespace(name) else { continue };
			for key in space.keys() {
				match namespace.get(&key) {
					Ok(value) => {
						let text = String::from_utf8_lossy(&key).into_owned();
						assert!(space.candidates(&key).contains(&value), "{name}: {text}");
					},
					Err(error) => {
						assert!(may_fail || namespace.is_removed(), "{name}: {error}");
					},
				}
			}
		}
	}

	/// The cause is gone: everything works again, a namespace whose fsync failed once it is opened anew.
	fn check_recovered(&mut self) {
		if self.store.is_none() {
			self.open().expect("the cause is gone");
		}
		// The replica comes after its primary.
		let mut names: Vec<_> = self.spaces.keys().copied().collect();
		names.sort_by_key(|name| *name == "copy");
		for name in names {
			match self.spaces[name].exists {
				None if self.namespace(name).is_err() => {
					let options = self.spaces[name].options.clone();
					self.run(&Step::Create(name, options)).expect("a second attempt");
				},
				None => self.spaces.get_mut(name).unwrap().exists = Some(true),
				Some(false) => continue,
				Some(true) => {},
			}
			let probe = match self.spaces[name].is_sequential() {
				true => Step::Issue(name, 20),
				// A replica writes what its primary wrote, and nothing else.
				false if name == "copy" => Step::Replicate("log", "copy"),
				false => Step::Set(name, 1000 + self.simulated.calls() as u32, 20),
			};
			let fault = self.namespace(name).unwrap().info().fault;
			match self.run(&probe) {
				Ok(()) => {},
				// An fsync failed, or a namespace that was emptied could not be opened again.
				Err(ZdbError::Poisoned(_) | ZdbError::Removed) => {
					assert!(fault.unwrap().contains("RELOAD"), "the reason is told");
					let again = self.run(&probe);
					assert!(matches!(again, Err(ZdbError::Poisoned(_) | ZdbError::Removed)));
					self.store().reload_namespace(name).expect("the cause is gone");
					self.run(&probe).expect("the files were read anew");
				},
				Err(error) => panic!("{name}: the cause is gone, and yet: {error}"),
			}
			assert_eq!(self.namespace(name).unwrap().info().fault, None);
		}
		self.check_reads(false);
	}

	/// Every key has a value that it may have; from here on it is the one that it has.
	fn check_and_settle(&mut self) {
		self.check_settings();
		for name in self.spaces.keys().copied().collect::<Vec<_>>() {
			let contents = self.contents(name).unwrap();
			let space = self.spaces.get_mut(name).unwrap();
			for key in space.keys() {
				assert!(
					space.candidates(&key).contains(&contents.get(&key).cloned()),
					"{name}: {}",
					String::from_utf8_lossy(&key)
				);
			}
			space.settle(&contents);
			let scrubbed = self.namespace(name).unwrap().scrub().unwrap();
			assert!(scrubbed.damaged.is_empty(), "{name}: {:?}", scrubbed.damaged);
		}
	}
}

/// Runs the workload with a fault at a call; says whether it hit anything.
fn run_with(fault: Fault, seed: u64) -> bool {
	let mut world = World::new(seed);
	world.open().unwrap();
	let start = world.simulated.calls();
	world.simulated.inject(Fault { call: start + fault.call, ..fault });
	let (mut hit, mut since) = (false, 0);
	for step in workload() {
		let reads_may_fail = fault.kind == FaultKind::Error;
		if world.store.is_some() {
			let done = world.run(&step);
			if let (Err(error), false) = (&done, hit || world.simulated.hits() > 0) {
				panic!("{step:?} failed without a fault: {error}");
			}
		}
		if hit {
			continue;
		}
		if world.store.is_some() && world.simulated.hits() > 0 {
			world.check_reads(reads_may_fail);
		}
		since += usize::from(world.simulated.hits() > 0);
		if since > 0 && (!fault.lasting || since > STEPS_OF_FAULT) {
			hit = world.simulated.heal() > 0;
			world.check_recovered();
		}
	}
	hit |= world.simulated.heal() > 0;
	world.check_recovered();
	// What was acknowledged in the other modes is asked to be durable here.
	for name in world.spaces.keys().copied().collect::<Vec<_>>() {
		world.run(&Step::Sync(name)).unwrap();
	}
	world.simulated.cut_power();
	world.store = None;
	world.simulated.restore_power(Loss::Any(seed));
	world.open().unwrap();
	let report = world.store().recovery_report().clone();
	assert!(report.damaged.is_empty() && report.missing_segments.is_empty(), "{report:?}");
	world.check_and_settle();
	world.spaces.values().for_each(|space| {
		assert!(space.ops.iter().all(|op| matches!(op.change, Change::Set(..))));
	});
	world.store = None;
	hit
}

fn at_every_call(kind: FaultKind, lasting: bool) {
	let mut call = 1;
	loop {
		let fault = Fault { call, kind, lasting };
		let hit = std::panic::catch_unwind(|| run_with(fault, call));
		match hit {
			Ok(true) => call += 1,
			Ok(false) => break,
			Err(_) => panic!("{fault:?}: the message is above"),
		}
	}
	assert!(call > 20, "the workload made only {call} calls");
}

#[test]
fn one_call_fails() {
	at_every_call(FaultKind::Error, false);
}

#[test]
fn all_calls_fail_for_a_while() {
	at_every_call(FaultKind::Error, true);
}

#[test]
fn the_disk_is_full_for_a_while() {
	at_every_call(FaultKind::Full, true);
}

#[test]
fn the_disk_is_full_once() {
	at_every_call(FaultKind::Full, false);
}

#[test]
fn a_write_is_short() {
	at_every_call(FaultKind::Short, false);
}

#[test]
fn a_sync_fails() {
	at_every_call(FaultKind::Sync, false);
}
