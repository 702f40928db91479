//! Nodes that all agree on which leaves of an archive to drop, against orders of leaves that they do not know.

use granary_dispersal::{Layout, LeafOrder};
use granary_por::{challenge, Blake2};
use rand::{rngs::StdRng, seq::index::sample, Rng};

/// Leaves that an audit draws.
pub(crate) const SAMPLES: u32 = 16;

/// How colluders choose what to drop: each by something that they can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
	/// The oldest leaves, the same on all nodes: one stretch of the log.
	Oldest,
	/// Every so manyth leaf, the same on all nodes.
	Striped,
	/// The same random leaves on all nodes.
	SameRandom,
	/// Random leaves, others on each node.
	OwnRandom,
}

impl Choice {
	pub(crate) const ALL: [Self; 4] =
		[Self::Oldest, Self::Striped, Self::SameRandom, Self::OwnRandom];

	/// The positions that each of the nodes drops.
	fn positions(
		self,
		leaves: u64,
		count: u64,
		nodes: usize,
		random: &mut StdRng,
	) -> Vec<Vec<u64>> {
		let mut drawn =
			|| sample(random, leaves as usize, count as usize).iter().map(|at| at as u64).collect();
		let one: Vec<u64> = match self {
			Self::Oldest => (0..count).collect(),
			Self::Striped => (0..count).map(|number| number * leaves / count.max(1)).collect(),
			Self::SameRandom => drawn(),
			Self::OwnRandom => return (0..nodes).map(|_| drawn()).collect(),
		};
		vec![one; nodes]
	}
}

/// An archive that fills its nodes' logs, and what its nodes do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attack {
	pub(crate) layout: Layout,
	/// How many nodes drop leaves.
	pub(crate) colluders: usize,
	/// Which fraction of their leaves.
	pub(crate) fraction: f64,
	pub(crate) choice: Choice,
	/// Whether leaves lie in secret orders, as in an archive, or all in the order of rows, as in a hot dataset.
	pub(crate) is_ordered_secretly: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
	/// Rows that lost more cells than the outer code repairs, in the block that lost the most.
	pub(crate) lost_rows: usize,
	/// Whether that is more than the inner code repairs.
	pub(crate) is_destroyed: bool,
	/// Whether a round of audits met none of the dropped leaves.
	pub(crate) is_unnoticed: bool,
}

impl Attack {
	/// Once, with new keys and a new beacon.
	pub(crate) fn run(&self, random: &mut StdRng) -> Outcome {
		let layout = self.layout;
		let leaves = layout.leaves();
		let count = (self.fraction * leaves as f64).round() as u64;
		let dropped = self.choice.positions(leaves, count, self.colluders, random);
		let mut cells_lost = vec![0u8; leaves as usize];
		let mut is_unnoticed = true;
		for (node, positions) in dropped.iter().enumerate() {
			let order = self.is_ordered_secretly.then(|| LeafOrder::new(&random.gen(), leaves));
			let mut is_dropped = vec![false; leaves as usize];
			for position in positions {
				let slice = order.as_ref().map_or(*position, |order| order.slice(*position));
				cells_lost[slice as usize] += 1;
				is_dropped[*position as usize] = true;
			}
			// Who was noticed once need not be looked at again.
			if is_unnoticed {
				let (seed, root) = (random.gen(), random.gen());
				let drawn = challenge::<Blake2>(&seed, node as u64, &root, leaves, SAMPLES);
				is_unnoticed = drawn.iter().all(|leaf| !is_dropped[*leaf as usize]);
			}
		}
		let tolerated = layout.total_shards() - layout.data_shards();
		let mut lost_by_block = vec![0; layout.blocks()];
		for (slice, lost) in cells_lost.iter().enumerate() {
			let (block, _) = layout.block_and_row(slice as u64);
			lost_by_block[block] += usize::from(usize::from(*lost) > tolerated);
		}
		let lost_rows = lost_by_block.into_iter().max().unwrap_or_default();
		Outcome { lost_rows, is_destroyed: lost_rows > layout.parity_rows(), is_unnoticed }
	}
}
