//! Random calls of tenants beside the audits.

use crate::{
	contracts::{reserve, sign_reservation},
	grid::{Grid, UNIT},
	log::Log,
	Plan,
};
use anyhow::{Context, Result};
use granary_chain::{Call, ChainClient, Signer};
use granary_primitives::ReservationId;
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use std::{
	collections::BTreeMap,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, PoisonError,
	},
	time::Duration,
};

/// How often each kind of call succeeded and failed.
pub(crate) type Tally = Arc<Mutex<BTreeMap<&'static str, (u64, u64)>>>;

/// What a tenant's task works with.
pub(crate) struct Churn {
	pub(crate) chains: Arc<Vec<ChainClient>>,
	pub(crate) grid: Arc<Grid>,
	pub(crate) log: Arc<Log>,
	pub(crate) plan: Plan,
	pub(crate) tally: Tally,
	pub(crate) stop: Arc<AtomicBool>,
}

impl Churn {
	/// One tenant does something at random every few seconds until it is told to stop.
	pub(crate) async fn run(self: Arc<Self>, tenant: usize) {
		let mut random = StdRng::seed_from_u64(self.plan.seed.wrapping_add(tenant as u64));
		let mut extra: Option<ReservationId> = None;
		while !self.stop.load(Ordering::Relaxed) {
			tokio::time::sleep(Duration::from_millis(random.gen_range(500..8_000))).await;
			let Some(chain) = self.chains.choose(&mut random) else { return };
			let Some(account) = self.grid.tenants.get(tenant) else { return };
			let (kind, outcome) = self.act(chain, account, &mut extra, &mut random).await;
			self.count(kind, outcome.is_ok());
			if outcome.is_err() {
				// The validator may be the one that was killed.
				drop(tokio::time::timeout(Duration::from_secs(2), chain.reconnect()).await);
			}
		}
	}

	fn count(&self, kind: &'static str, is_done: bool) {
		let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
		let (done, failed) = tally.entry(kind).or_default();
		*if is_done { done } else { failed } += 1;
	}

	/// One random call of a tenant; `extra` is a small reservation that comes and goes.
	async fn act(
		&self,
		chain: &ChainClient,
		tenant: &Signer,
		extra: &mut Option<ReservationId>,
		random: &mut StdRng,
	) -> (&'static str, Result<()>) {
		match (random.gen_range(0..5), *extra) {
			(0, _) => {
				let to = self.grid.tenants.choose(random).unwrap_or(tenant).account();
				("transfer", submit(chain, tenant, Call::transfer(to, UNIT)).await)
			},
			(1, Some(id)) => {
				("extend", submit(chain, tenant, Call::extend_reservation(id, 10)).await)
			},
			(2, Some(id)) => {
				let bytes = random.gen_range(1..=64) << 20;
				("grow", submit(chain, tenant, Call::grow_reservation(id, bytes, UNIT)).await)
			},
			(3, Some(id)) => {
				*extra = None;
				("close", submit(chain, tenant, Call::close_reservation(id)).await)
			},
			(_, Some(id)) => ("settle", submit(chain, tenant, Call::settle(id)).await),
			(_, None) => {
				let outcome = self.reserve(chain, tenant, random).await;
				("reserve", outcome.map(|id| *extra = Some(id)))
			},
		}
	}

	/// A reservation of a few shards, with checkpoints, so that it is audited too.
	async fn reserve(
		&self,
		chain: &ChainClient,
		tenant: &Signer,
		random: &mut StdRng,
	) -> Result<ReservationId> {
		let shards = random.gen_range(3..=6);
		let nodes = self.grid.place(random.gen_range(0..10_000), shards);
		let id = chain.reserve(tenant, &reserve(&self.plan, nodes, 2_000)).await?;
		let signed = sign_reservation(chain, &self.grid, &self.log, tenant, id).await?;
		chain.submit_checkpoints(tenant, signed).await.context("its checkpoints")?;
		Ok(id)
	}
}

async fn submit(chain: &ChainClient, tenant: &Signer, call: Call) -> Result<()> {
	chain.submit_and_finalise(tenant, &call).await?;
	Ok(())
}
