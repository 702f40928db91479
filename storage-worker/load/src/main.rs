//! `granary-load`: a grid of simulated nodes and tenants on a real network of validators.
//!
//! It registers nodes, reserves, records checkpoints, answers every audit with a real proof over a log in
//! memory, and lets tenants make random calls meanwhile. At the end it prints how the chain bore it and fails if
//! an audit was missed, finality fell behind or the audit clock stood still. `scripts/load` starts the network.

#![forbid(unsafe_code)]

mod answers;
mod churn;
mod contracts;
mod grid;
mod log;
mod pace;
mod progress;
mod report;

use anyhow::{bail, Context, Result};
use clap::{builder::TypedValueParser, Parser};
use granary_chain::ChainClient;
use granary_primitives::AllotmentId;
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::task::JoinHandle;

/// Load a network of validators and report how it bears it
///
/// The chain must be fresh and have the development accounts. Exits with 1 if an audit was missed, finality fell
/// behind, or the audit clock stood still.
#[derive(Clone, Debug, Parser)]
#[command(version)]
struct Plan {
	/// A validator's WebSocket address; repeat it for each.
	#[arg(long = "url", default_value = "ws://127.0.0.1:9944", value_name = "URL")]
	urls: Vec<String>,
	/// Nodes to register.
	#[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=10_000).map(usize::from))]
	nodes: usize,
	/// Reservations to make.
	#[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..).map(usize::from))]
	reservations: usize,
	/// Allotments of each, on nodes of distinct farms; a fifth of them is parity.
	#[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(2..=32).map(usize::from))]
	shards: usize,
	/// Tenants, who make random calls while audits go on.
	#[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..).map(usize::from))]
	tenants: usize,
	/// Leaves of 512 bytes in each log.
	#[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_024))]
	leaves: u64,
	/// Measure transactions a second instead: transfers alone, then reservations beside proofs and settlements.
	#[arg(long, conflicts_with = "minutes")]
	pace: bool,
	/// Minutes to go on after everything is set up.
	#[arg(long, default_value_t = 30)]
	minutes: u64,
	/// Seed of the random calls.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// Blocks that finality may be behind.
	#[arg(long, default_value_t = 20)]
	max_lag: u32,
}

impl Plan {
	/// Farms: five nodes each, but enough for the shards of a reservation.
	fn farms(&self) -> usize {
		self.nodes.div_ceil(5).max(self.shards).min(self.nodes)
	}

	/// Parity shards of this many.
	fn parity(&self, shards: usize) -> u8 {
		(shards as u8 / 5).max(1)
	}
}

#[tokio::main]
async fn main() -> Result<()> {
	let plan = Plan::parse();
	if plan.nodes < plan.shards {
		bail!(
			"{} nodes cannot hold {} shards of a reservation on distinct farms",
			plan.nodes,
			plan.shards
		);
	}
	let network = Network::set_up(&plan).await?;
	if plan.pace {
		return network.pace(&plan).await;
	}
	let report = network.load(&plan).await?;
	print(&report.to_string());
	let failures = report.failures(plan.max_lag);
	if !failures.is_empty() {
		bail!("the network did not bear the load: {}", failures.join("; "));
	}
	Ok(())
}

/// Validators with a grid whose audits are answered.
struct Network {
	chains: Arc<Vec<ChainClient>>,
	grid: Arc<grid::Grid>,
	log: Arc<log::Log>,
	allotments: Vec<AllotmentId>,
	paces: [(&'static str, contracts::Pace); 2],
	sent: Arc<answers::Sent>,
	answering: JoinHandle<()>,
	stop: Arc<AtomicBool>,
}

impl Network {
	/// Registers, reserves and records first checkpoints; from then on audits are answered.
	async fn set_up(plan: &Plan) -> Result<Self> {
		let mut chains = Vec::new();
		for url in &plan.urls {
			chains.push(ChainClient::connect(std::slice::from_ref(url), None).await?);
		}
		let chains = Arc::new(chains);
		let chain = chains.first().context("no --url was given")?;
		let log = Arc::new(log::Log::new(plan.leaves));
		let grid = Arc::new(grid::Grid::set_up(chain, plan).await?);
		let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(answers::Sent::default()));
		// Audits begin with the first checkpoints, so the answers do too.
		let reserved = contracts::reserve_all(chain, plan, &grid).await?;
		let answering = tokio::spawn(answers::answer(
			chains.clone(),
			grid.clone(),
			log.clone(),
			sent.clone(),
			stop.clone(),
		));
		let expected = plan.reservations * plan.shards;
		let (allotments, recorded) =
			contracts::checkpoint_all(chain, &grid, &log, expected).await?;
		let paces = [("reservations", reserved), ("checkpoints", recorded)];
		Ok(Self { chains, grid, log, allotments, paces, sent, answering, stop })
	}

	/// Prints how many transactions a second the chain takes.
	async fn pace(self, plan: &Plan) -> Result<()> {
		print("set up; counting transfers alone");
		let transfers = pace::transfers(&self.chains, &self.grid).await?;
		print(&transfers.to_string());
		let mix = pace::mix(&self.chains, &self.grid, plan).await?;
		print(&mix.to_string());
		self.stop.store(true, Ordering::Relaxed);
		Ok(self.answering.await?)
	}

	/// Lets tenants make random calls beside the audits, for the minutes of the plan.
	async fn load(self, plan: &Plan) -> Result<report::Report> {
		let chain = self.chains.first().context("no --url was given")?;
		print(&format!("set up; the load runs for {} minutes", plan.minutes));
		let began = report::Moment::now(chain).await?;
		let watching = tokio::spawn(report::watch(self.chains.clone(), self.stop.clone()));
		let tally = churn::Tally::default();
		let churn = Arc::new(churn::Churn {
			chains: self.chains.clone(),
			grid: self.grid.clone(),
			log: self.log.clone(),
			plan: plan.clone(),
			tally: tally.clone(),
			stop: self.stop.clone(),
		});
		let tenants: Vec<_> =
			(0..plan.tenants).map(|tenant| tokio::spawn(churn.clone().run(tenant))).collect();
		tokio::time::sleep(Duration::from_secs(60 * plan.minutes)).await;
		let ended = report::Moment::now(chain).await?;
		self.stop.store(true, Ordering::Relaxed);
		let finality = watching.await?;
		self.answering.await?;
		tenants.iter().for_each(JoinHandle::abort);
		Ok(report::Report {
			paces: self.paces,
			began,
			ended,
			finality,
			sent: self.sent,
			audits: report::Audits::count(chain, &self.allotments).await?,
			tally,
			state: report::Report::state(chain).await?,
			allotments: self.allotments.len(),
		})
	}
}

/// The report is what this program is for: it goes to standard output.
#[allow(clippy::print_stdout, reason = "the program's answer")]
fn print(text: &str) {
	println!("{}", text.trim_end());
}
