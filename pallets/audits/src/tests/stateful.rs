//! Random operations against the invariants: `GRANARY_STEPS` says how many.

use crate::{mock::*, Audited, Call};
use granary_primitives::{
	audit::{Checkpoint, Removal, SignedRemoval},
	message,
	traits::AuditSchedule,
	AllotmentId,
};
use rand::{rngs::StdRng, Rng, SeedableRng};
use sp_core::Pair;
use std::collections::BTreeMap;

/// Seeded, so that a failure can be repeated.
struct Random(StdRng);

impl Random {
	fn below(&mut self, range: u64) -> u64 {
		self.0.gen_range(0..range.max(1))
	}
}

#[derive(Default)]
struct Model {
	parties: BTreeMap<AllotmentId, Party>,
	/// The part of the party's log that is in force, if a removal waits.
	longer: BTreeMap<AllotmentId, Log>,
	next: AllotmentId,
}

impl Model {
	fn any(&self, random: &mut Random) -> Option<AllotmentId> {
		let at = random.below(self.parties.len() as u64) as usize;
		self.parties.keys().nth(at).copied()
	}

	fn step(&mut self, random: &mut Random) {
		let choice = random.below(100);
		let chosen = self.any(random);
		match (choice, chosen) {
			(0..=39, _) => next_block(),
			(40..=49, _) | (_, None) => self.create(random),
			(50..=74, _) => self.answer(random),
			(75..=79, Some(id)) => self.grow(id, random),
			(80..=83, Some(id)) => self.remove(id, random),
			(84..=87, Some(id)) => {
				let origin = RuntimeOrigin::signed(buyer(random.below(8) as u8));
				let _ = Audits::buy_audit(origin, id, 1 + random.below(64) as u32);
			},
			(88..=90, Some(id)) => {
				let mut resting = Resting::get();
				let node = id as u32;
				if resting.contains(&node) {
					resting.retain(|other| *other != node);
				} else {
					resting.push(node);
				}
				Resting::set(resting);
			},
			(91, Some(id)) => {
				let party = &self.parties[&id];
				let message = message::loss(&Audits::genesis_hash(), id, id as u32);
				let signature = party.node.sign(&message).0;
				let _ = authorized(Call::declare_loss { allotment: id, signature }.into());
			},
			(92, Some(id)) => {
				World::change(id, |view| view.live = false);
				if random.below(2) == 0 {
					Audits::closed(id);
				}
			},
			(93, _) => {
				// A block without VRF, or one that takes no extrinsics.
				Vrf::set(None);
				end_block();
				begin_block(System::block_number() + 1);
			},
			_ => self.junk(random),
		}
		self.parties.retain(|id, _| World::is_live(*id));
	}

	fn create(&mut self, random: &mut Random) {
		if self.parties.len() >= 12 {
			return next_block();
		}
		self.next += 1;
		let mut party = Party::new(self.next);
		party.checkpoint(1 + random.below(40));
		self.parties.insert(self.next, party);
	}

	/// Answers an open audit, rightly or wrongly.
	fn answer(&mut self, random: &mut Random) {
		let due = Audits::due_audits(None, 20);
		let due: Vec<_> = due.iter().filter(|due| due.current_tick >= due.opens_tick).collect();
		let Some(due) = due.get(random.below(due.len() as u64) as usize) else { return };
		let Some(party) = self.parties.get_mut(&due.allotment) else { return };
		// Whichever log is asked for: the party has both while a removal waits.
		let own = std::mem::take(&mut party.log);
		let waiting = self.longer.remove(&due.allotment);
		let asked = match &waiting {
			Some(longer) if longer.0.len() as u64 >= due.leaf_count => longer,
			_ => &own,
		};
		let log = Log(asked.0.iter().take(due.leaf_count as usize).copied().collect());
		let answers = log.root() == due.root;
		let mut proof = granary_por::build(&log, due.leaf_count, &due.leaves).unwrap();
		let wrong = random.below(10) == 0;
		if wrong {
			let at = random.below(proof.len() as u64) as usize;
			proof[at] ^= 1;
		}
		let signature = party.sign_proof(due.tick, &proof);
		let expected = Audits::check_proof(due.allotment, due.tick, &proof);
		let before = Till::get().len();
		let proof = proof.try_into().unwrap();
		let (allotment, tick, challenge) = (due.allotment, due.tick, due.challenge());
		let call = Call::submit_proof { allotment, tick, challenge, proof, signature };
		let result = authorized(call.into());
		let paid = Till::get().len() - before;
		assert_eq!(paid, usize::from(expected.is_ok() && result.is_ok()));
		assert!(!wrong || paid == 0, "a wrong proof was paid");
		assert!(wrong || !answers || result.is_err() || paid == 1, "a right proof was not");
		self.parties.get_mut(&allotment).unwrap().log = own;
		if let (Some(longer), Some(state)) = (waiting, Audited::<Test>::get(allotment)) {
			if state.removal_pending {
				self.longer.insert(allotment, longer);
			}
		}
	}

	fn grow(&mut self, id: AllotmentId, random: &mut Random) {
		let party = self.parties.get_mut(&id).unwrap();
		if party.log.0.len() < 500 {
			party.checkpoint(1 + random.below(20));
		}
	}

	fn remove(&mut self, id: AllotmentId, random: &mut Random) {
		let party = self.parties.get_mut(&id).unwrap();
		let pending = Audited::<Test>::get(id).unwrap().removal_pending;
		let kept = 1 + random.below(party.log.0.len() as u64) as usize;
		let before = Log(party.log.0.clone());
		party.log.0.truncate(kept);
		let checkpoint = Checkpoint {
			allotment: id,
			epoch: party.last.epoch + 1,
			root: party.log.root(),
			leaf_count: kept as u64,
			previous_root: party.last.root,
		};
		let removal = Removal { checkpoint, seal: None };
		let message = message::removal(&Audits::genesis_hash(), &removal);
		let signed = SignedRemoval {
			removal,
			tenant_signature: party.tenant.sign(&message).0,
			node_signature: party.node.sign(&message).0,
		};
		Audits::submit_removal(RuntimeOrigin::signed(buyer(0)), signed).unwrap();
		party.last = checkpoint;
		if !pending {
			self.longer.insert(id, before);
		}
	}

	/// Calls that must all be refused.
	fn junk(&self, random: &mut Random) {
		let Some(id) = self.any(random) else { return };
		let party = &self.parties[&id];
		let tick = random.below(2000) as u32;
		let proof = vec![0; random.below(4000) as usize];
		let signature = party.sign_proof(tick, &proof);
		let before = Till::get();
		let proof = proof.try_into().unwrap();
		let challenge = asked(id);
		let call = Call::submit_proof { allotment: id, tick, challenge, proof, signature };
		let _ = authorized(call.into());
		let old = party.sign(Checkpoint { epoch: random.below(3) as u32, ..party.last });
		assert!(submit(vec![old]).is_err());
		assert_eq!(Till::get(), before);
	}
}

/// No block of an allotment is paid or lost twice.
fn check_till() {
	let mut covered = BTreeMap::new();
	for (id, _, from, to) in Till::get() {
		let end = covered.entry(id).or_insert(0);
		assert!(from >= *end && from <= to, "allotment {id}: {from}..{to} after {end}");
		*end = to;
	}
}

#[test]
fn invariants_hold_after_random_operations() {
	let steps = std::env::var("GRANARY_STEPS").ok().and_then(|steps| steps.parse().ok());
	let steps: u64 = steps.unwrap_or(800);
	let seeds = std::env::var("GRANARY_SEED").ok().and_then(|seed| seed.parse().ok());
	let mut random = Random(StdRng::seed_from_u64(seeds.unwrap_or(1)));
	let mut ext = new_test_ext();
	ext.execute_with(|| {
		crate::AuditParameters::<Test>::mutate(|p| {
			p.spot_period_ticks = 60;
			p.targeted.cooldown_ticks = 20;
		});
	});
	let mut model = Model::default();
	for step in 0..steps {
		ext.execute_with(|| {
			model.step(&mut random);
			if let Err(error) = Audits::check_books() {
				panic!("after step {step}: {error:?}");
			}
		});
		if step % 50 == 49 {
			ext.execute_with(|| {
				check_till();
				Audits::do_try_state().unwrap();
			});
			ext.commit_all().unwrap();
		}
		if step % 5000 == 4999 {
			Till::set(vec![]);
		}
	}
	ext.execute_with(check_till);
	if (500..5000).contains(&steps) {
		let till = Till::get();
		assert!(till.iter().any(|(_, proven, ..)| *proven), "nothing was proven");
		assert!(till.iter().any(|(_, proven, ..)| !proven), "nothing was missed");
		assert!(!Slashed::get().is_empty() && !Lost::get().is_empty(), "nothing was punished");
	}
}
