//! Reservations and the checkpoints of their logs.

use crate::{
	grid::{settled, Grid, UNIT},
	log::Log,
	progress::bar,
	Plan,
};
use anyhow::{ensure, Context, Result};
use granary_chain::{Call, ChainClient, Reserve, Signer};
use granary_primitives::{
	audit::{Checkpoint, SignedCheckpoint},
	message, AllotmentId, BlockNumber, NodeId, ReservationId,
};
use std::time::{Duration, Instant};

/// Bytes of an allotment: room for the log.
const ALLOTMENT_BYTES: u64 = 1 << 20;
/// Term of the reservations, in blocks: longer than the load.
const TERM_BLOCKS: BlockNumber = 20_000;
/// Checkpoints of one transaction, which the chain bounds.
const CHECKPOINTS_AT_ONCE: usize = 32;

/// How long the making of so many took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
	pub(crate) count: usize,
	pub(crate) time: Duration,
}

impl Pace {
	/// A second's worth.
	pub(crate) fn per_second(&self) -> f64 {
		self.count as f64 / self.time.as_secs_f64().max(f64::EPSILON)
	}
}

/// The call that reserves on these nodes.
pub(crate) fn reserve(plan: &Plan, nodes: Vec<NodeId>, term_blocks: BlockNumber) -> Reserve {
	Reserve {
		data_shards: nodes.len() as u8 - plan.parity(nodes.len()),
		parity_shards: plan.parity(nodes.len()),
		nodes,
		bytes_per_allotment: ALLOTMENT_BYTES,
		term_blocks,
		public_read: false,
		max_price_per_block: UNIT,
	}
}

/// Makes the reservations of the plan; answers how fast.
pub(crate) async fn reserve_all(chain: &ChainClient, plan: &Plan, grid: &Grid) -> Result<Pace> {
	let bar = bar("reservations", plan.reservations as u64);
	let started = Instant::now();
	let mut senders = Vec::new();
	for tenant in &grid.tenants {
		let mut sender = chain.sender(tenant.clone()).await?;
		sender.send(&Call::register_twin(b"127.0.0.1:9900", tenant.public_key())).await?;
		senders.push((sender, tenant));
	}
	for number in 0..plan.reservations {
		let sender = number % senders.len();
		let (sender, _) = senders.get_mut(sender).context("there is no tenant")?;
		let reserve = reserve(plan, grid.place(number, plan.shards), TERM_BLOCKS);
		sender.send(&Call::reserve(&reserve)).await?;
		bar.inc(1);
	}
	for (sender, tenant) in &senders {
		settled(chain, sender, tenant).await?;
	}
	bar.finish();
	Ok(Pace { count: plan.reservations, time: started.elapsed() })
}

/// Records the first checkpoint of every allotment; answers the allotments and how fast.
pub(crate) async fn checkpoint_all(
	chain: &ChainClient,
	grid: &Grid,
	log: &Log,
	expected: usize,
) -> Result<(Vec<AllotmentId>, Pace)> {
	let bar = bar("checkpoints", expected as u64);
	let mut allotments = Vec::new();
	let started = Instant::now();
	let mut senders = Vec::new();
	for tenant in &grid.tenants {
		let mut sender = chain.sender(tenant.clone()).await?;
		let mut signed = Vec::new();
		for id in reservations_of(chain, tenant).await? {
			signed.extend(sign_reservation(chain, grid, log, tenant, id).await?);
		}
		allotments.extend(signed.iter().map(|signed| signed.checkpoint.allotment));
		for batch in signed.chunks(CHECKPOINTS_AT_ONCE) {
			sender.send(&Call::submit_checkpoints(batch)).await?;
			bar.inc(batch.len() as u64);
		}
		senders.push((sender, tenant));
	}
	for (sender, tenant) in &senders {
		settled(chain, sender, tenant).await?;
	}
	bar.finish();
	ensure!(
		allotments.len() == expected,
		"{} of {expected} allotments exist: reservations failed",
		allotments.len()
	);
	Ok((allotments, Pace { count: expected, time: started.elapsed() }))
}

async fn reservations_of(chain: &ChainClient, tenant: &Signer) -> Result<Vec<ReservationId>> {
	let mut all: Vec<ReservationId> = Vec::new();
	loop {
		let start = all.last().map_or(0, |last| last + 1);
		let page = chain.reservations(Some(tenant.account()), start, u32::MAX).await?;
		if page.is_empty() {
			return Ok(all);
		}
		all.extend(page.into_iter().map(|reservation| reservation.id));
	}
}

/// Both signatures under the first checkpoint of each allotment of a reservation.
pub(crate) async fn sign_reservation(
	chain: &ChainClient,
	grid: &Grid,
	log: &Log,
	tenant: &Signer,
	id: ReservationId,
) -> Result<Vec<SignedCheckpoint>> {
	let reservation = chain.reservation(id).await?;
	let reservation = reservation.with_context(|| format!("reservation {id} is gone"))?;
	let mut signed = Vec::with_capacity(reservation.allotments.len());
	for allotment in reservation.allotments {
		let holder = chain.allotment(allotment).await?;
		let holder = holder.with_context(|| format!("allotment {allotment} is gone"))?.node;
		let node = grid.keys.get(&holder).with_context(|| format!("node {holder} is not ours"))?;
		let checkpoint = Checkpoint {
			allotment,
			epoch: 1,
			root: log.root(),
			leaf_count: log.leaf_count(),
			previous_root: [0; 32],
		};
		let message = message::checkpoint(&chain.genesis_hash(), &checkpoint);
		signed.push(SignedCheckpoint {
			checkpoint,
			tenant_signature: tenant.sign(&message),
			node_signature: node.sign(&message),
		});
	}
	Ok(signed)
}
