//! A dataset beside a map in memory, under random operations, kills, wiped disks, flipped bits and healing. `GRANARY_STEPS` sets how many; a failure
//! names its seed, and `GRANARY_SEED` repeats it.

#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::print_stderr,
	missing_docs,
	reason = "test code"
)]

mod support;

use granary_dispersal::{Check, Dataset, DatasetKey, Healing, ObjectId};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use std::{collections::BTreeMap, env};
use support::{fresh, noise, open, Grid};

const DATA: u8 = 3;
const PARITY: u8 = 2;
const NODES: usize = 5;

#[test]
fn backend_process() {
	support::serve_from_environment();
}

/// What a node has suffered since the dataset was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
	Sound,
	/// Its process is dead; whether its data are whole is kept beside.
	Dead,
	/// It runs, but some of its shards are missing or damaged.
	Wounded,
}

struct Model {
	grid: Grid,
	key: DatasetKey,
	dataset: Dataset,
	nodes: [Node; NODES],
	/// Nodes that miss something although they may run again.
	wounded: [bool; NODES],
	objects: BTreeMap<ObjectId, Vec<u8>>,
	/// Written while a node was away: there or not, but never wrong.
	uncertain: BTreeMap<ObjectId, Vec<u8>>,
	random: StdRng,
}

impl Model {
	fn is_whole(&self) -> bool {
		self.nodes.iter().all(|node| *node == Node::Sound)
	}

	/// Whether one more node may suffer without anything being lost.
	fn may_suffer(&self, node: usize) -> bool {
		let suffering = self.nodes.iter().filter(|node| **node != Node::Sound).count();
		self.nodes[node] != Node::Sound || suffering < usize::from(PARITY)
	}

	async fn reopen(&mut self) {
		self.dataset = open(&self.grid, &self.key, DATA, PARITY);
	}

	async fn put(&mut self) {
		let count = self.random.gen_range(1..8);
		let mut batch = Vec::new();
		for _ in 0..count {
			let old: Vec<&Vec<u8>> = self.objects.values().collect();
			if let (true, Some(old)) = (self.random.gen_bool(0.2), old.choose(&mut self.random)) {
				batch.push((*old).clone());
				continue;
			}
			let len = self.random.gen_range(0..20_000);
			let seed = self.random.gen();
			batch.push(if self.random.gen() { noise(seed, len) } else { vec![seed as u8; len] });
		}
		let all_run = self.nodes.iter().all(|node| *node != Node::Dead);
		let stored = match self.dataset.load_logs().await {
			Ok(()) => self.dataset.put_many(batch.clone()).await,
			Err(error) => Err(error),
		};
		let ids = batch.into_iter().map(|object| (self.dataset.object_id(&object), object));
		match stored {
			Ok(_) => {
				assert!(all_run, "a dead node acknowledged something");
				self.objects.extend(ids);
			},
			Err(error) => {
				assert!(!self.is_whole(), "nothing is wrong, but: {error}");
				self.uncertain.extend(ids);
			},
		}
	}

	async fn get(&mut self) {
		let known: Vec<ObjectId> = self.objects.keys().copied().collect();
		if let Some(id) = known.choose(&mut self.random) {
			let read = self.dataset.get(*id).await.expect("enough shards are there");
			assert!(read == self.objects[id], "other bytes came back");
		}
		let maybe: Vec<ObjectId> = self.uncertain.keys().copied().collect();
		if let Some(id) = maybe.choose(&mut self.random) {
			if let Ok(read) = self.dataset.get(*id).await {
				assert!(read == self.uncertain[id], "other bytes came back");
			}
		}
		self.dataset.get(self.random.gen()).await.expect_err("nobody wrote that");
	}

	async fn hurt(&mut self) {
		let node = self.random.gen_range(0..NODES);
		if !self.may_suffer(node) {
			return;
		}
		let is_dead = self.nodes[node] == Node::Dead;
		match self.random.gen_range(0..3) {
			0 if is_dead => {
				self.grid.revive(node);
				self.nodes[node] = if self.wounded[node] { Node::Wounded } else { Node::Sound };
				self.reopen().await;
			},
			0 => {
				self.grid.kill(node);
				self.nodes[node] = Node::Dead;
			},
			1 if !is_dead => {
				self.grid.wipe(node);
				(self.nodes[node], self.wounded[node]) = (Node::Wounded, true);
			},
			2 if !is_dead && self.nodes[node] == Node::Sound => {
				let known: Vec<ObjectId> = self.objects.keys().copied().collect();
				if let Some(id) = known.choose(&mut self.random) {
					self.grid.damage(node, id);
					(self.nodes[node], self.wounded[node]) = (Node::Wounded, true);
				}
			},
			_ => {},
		}
	}

	/// Everybody comes back, everything is looked at, and then nothing is wrong any more.
	async fn heal(&mut self) {
		for node in 0..NODES {
			if self.nodes[node] == Node::Dead {
				self.grid.revive(node);
			}
		}
		self.reopen().await;
		let healing = Healing {
			first: Vec::new(),
			check: Check::All,
			doubted: Vec::new(),
			bytes_per_second: None,
		};
		let report = self.dataset.heal(healing, &|_, _, _| {}).await.expect("all nodes run");
		// What was written by halves may have too few shards; nobody was told that it is there.
		assert!(report.lost <= self.uncertain.len() as u64, "{:?}", report.first_lost);
		assert_eq!(report.unmendable_shards, 0);
		self.nodes = [Node::Sound; NODES];
		self.wounded = [false; NODES];
		self.reopen().await;
		for (id, object) in &self.objects {
			assert!(&self.dataset.get(*id).await.expect("it is healed") == object);
		}
	}
}

/// Steps of one grid; then another one begins, so that looking at everything stays quick.
const STEPS_OF_A_LIFE: u32 = 500;

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_a_map_whatever_happens() {
	let mut steps: u32 = env::var("GRANARY_STEPS").map_or(150, |steps| steps.parse().unwrap());
	let mut seed: u64 =
		env::var("GRANARY_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
	while steps > 0 {
		eprintln!("seed {seed}, {steps} steps to go");
		let life = steps.min(STEPS_OF_A_LIFE);
		live(seed, life).await;
		(steps, seed) = (steps - life, seed.wrapping_add(1));
	}
}

async fn live(seed: u64, steps: u32) {
	let grid = Grid::start(NODES);
	let (key, dataset) = fresh(&grid, DATA, PARITY).await;
	let mut model = Model {
		grid,
		key,
		dataset,
		nodes: [Node::Sound; NODES],
		wounded: [false; NODES],
		objects: BTreeMap::new(),
		uncertain: BTreeMap::new(),
		random: StdRng::seed_from_u64(seed),
	};
	for _ in 0..steps {
		match model.random.gen_range(0..100) {
			0..35 => model.put().await,
			35..80 => model.get().await,
			80..95 => model.hurt().await,
			_ => model.heal().await,
		}
	}
	model.heal().await;
}
