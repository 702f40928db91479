//! How many transactions a second the chain takes: transfers alone, then reservations beside proofs and settlements.

use crate::{contracts::reserve, grid::Grid, Plan};
use anyhow::{Context, Result};
use granary_chain::{Call, ChainClient, Signer};
use granary_primitives::BlockNumber;
use std::{
	collections::BTreeMap,
	fmt,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Blocks that are counted.
const BLOCKS: BlockNumber = 20;
/// Blocks before them, in which the pool fills.
const WARM_BLOCKS: BlockNumber = 2;
/// Transactions of one tenant that are on their way. All together they must fit into the pool beside the proofs, whose priority pushes
/// others out of a full one.
const ON_THEIR_WAY: u64 = 600;
/// Without progress for so long, a transaction was lost.
const STALLED: Duration = Duration::from_secs(20);
/// Term of the reservations.
const TERM_BLOCKS: BlockNumber = 2_000;

/// What blocks held while the pool was never empty.
pub(crate) struct Paced {
	what: &'static str,
	/// Transactions of each kind.
	calls: BTreeMap<String, u64>,
	/// Transactions of the fullest block.
	most: usize,
	time: Duration,
}

impl fmt::Display for Paced {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let seconds = self.time.as_secs_f64().max(f64::EPSILON);
		let total: u64 = self.calls.values().sum();
		writeln!(
			f,
			"{}: {:.0} transactions a second over {seconds:.0} s, {} in the fullest block",
			self.what,
			total as f64 / seconds,
			self.most
		)?;
		for (call, count) in &self.calls {
			writeln!(f, "  {call:<32} {:>8.1}/s", *count as f64 / seconds)?;
		}
		Ok(())
	}
}

/// Counts what blocks hold while every tenant transfers as fast as the chain takes it.
pub(crate) async fn transfers(chain: &Arc<Vec<ChainClient>>, grid: &Arc<Grid>) -> Result<Paced> {
	let receiver = Signer::from_uri("//Bob")?.account();
	let next =
		move |_: &Grid, _: usize, number: usize| Call::transfer(receiver, 1 + number as u128);
	flooded("transfers alone", chain, grid, next).await
}

/// Counts what blocks hold while every tenant reserves as fast as the chain takes it, beside the audits and
/// settlements that the grid's reservations bring.
pub(crate) async fn mix(
	chain: &Arc<Vec<ChainClient>>,
	grid: &Arc<Grid>,
	plan: &Plan,
) -> Result<Paced> {
	let plan = plan.clone();
	let next = move |grid: &Grid, tenant: usize, number: usize| {
		let place = number.wrapping_mul(grid.tenants.len()).wrapping_add(tenant);
		Call::reserve(&reserve(&plan, grid.place(place, plan.shards), TERM_BLOCKS))
	};
	flooded("reservations, proofs and settlements", chain, grid, next).await
}

/// Lets every tenant send one call after the other, and counts blocks meanwhile.
async fn flooded(
	what: &'static str,
	chains: &Arc<Vec<ChainClient>>,
	grid: &Arc<Grid>,
	next: impl Fn(&Grid, usize, usize) -> Call + Clone + Send + Sync + 'static,
) -> Result<Paced> {
	let stop = Arc::new(AtomicBool::new(false));
	let mut flood = JoinSet::new();
	for tenant in 0..grid.tenants.len() {
		flood.spawn(send_all(chains.clone(), grid.clone(), tenant, next.clone(), stop.clone()));
	}
	let chain = chains.first().context("there is no validator")?;
	let counting = count_blocks(what, chain);
	tokio::pin!(counting);
	let counted = loop {
		tokio::select! {
			counted = &mut counting => break counted,
			// Nobody stops by itself: this is a failure.
			Some(ended) = flood.join_next() => ended??,
		}
	};
	stop.store(true, Ordering::Relaxed);
	while let Some(sent) = flood.join_next().await {
		sent??;
	}
	counted
}

async fn send_all(
	chains: Arc<Vec<ChainClient>>,
	grid: Arc<Grid>,
	tenant: usize,
	next: impl Fn(&Grid, usize, usize) -> Call + Send + Sync + 'static,
	stop: Arc<AtomicBool>,
) -> Result<()> {
	let chain = chains.first().context("there is no validator")?;
	let account = grid.tenants.get(tenant).context("there is no tenant")?;
	let mut sender = chain.sender(account.clone()).await?;
	let mut number = 0;
	let (mut known, mut moved) = (sender.next_nonce(), Instant::now());
	while !stop.load(Ordering::Relaxed) {
		if sender.next_nonce().saturating_sub(known) < ON_THEIR_WAY {
			sender.send(&next(&grid, tenant, number)).await?;
			number += 1;
			continue;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
		let nonce = u64::from(chain.balance(account.account()).await?.nonce);
		if nonce != known {
			(known, moved) = (nonce, Instant::now());
		} else if moved.elapsed() > STALLED {
			// The pool has lost one, and those behind it wait for it: it is sent again, then they go on.
			chain.sender(account.clone()).await?.send(&next(&grid, tenant, number)).await?;
			sender = chain.sender(account.clone()).await?;
			(number, moved) = (number + 1, Instant::now());
		}
	}
	Ok(())
}

async fn count_blocks(what: &'static str, chain: &ChainClient) -> Result<Paced> {
	let first = at_block(chain, chain.best_number().await? + WARM_BLOCKS).await?;
	let started = Instant::now();
	let last = at_block(chain, first + BLOCKS).await?;
	let time = started.elapsed();
	let (mut calls, mut most) = (BTreeMap::<String, u64>::new(), 0);
	for number in first + 1..=last {
		let block = chain.calls_of_block(number).await?;
		most = most.max(block.len());
		for call in block {
			*calls.entry(call).or_default() += 1;
		}
	}
	// What the author of every block adds itself.
	calls.retain(|call, _| !call.starts_with("Timestamp."));
	Ok(Paced { what, calls, most, time })
}

/// Waits until the chain has this block.
async fn at_block(chain: &ChainClient, number: BlockNumber) -> Result<BlockNumber> {
	loop {
		let best = chain.best_number().await?;
		if best >= number {
			return Ok(best);
		}
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
}
