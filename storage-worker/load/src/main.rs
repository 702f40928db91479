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
mod progress;
mod report;

use anyhow::{bail, Context, Result};
use clap::{builder::TypedValueParser, Parser};
use granary_chain::ChainClient;
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};

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
	let report = run(&plan).await?;
	print(&report.to_string());
	let failures = report.failures(plan.max_lag);
	if !failures.is_empty() {
		bail!("the network did not bear the load: {}", failures.join("; "));
	}
	Ok(())
}

async fn run(plan: &Plan) -> Result<report::Report> {
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
	let (allotments, recorded) = contracts::checkpoint_all(chain, &grid, &log, expected).await?;

	print(&format!("set up; the load runs for {} minutes", plan.minutes));
	let began = report::Moment::now(chain).await?;
	let watching = tokio::spawn(report::watch(chains.clone(), stop.clone()));
	let tally = churn::Tally::default();
	let churn = Arc::new(churn::Churn {
		chains: chains.clone(),
		grid: grid.clone(),
		log,
		plan: plan.clone(),
		tally: tally.clone(),
		stop: stop.clone(),
	});
	let tenants: Vec<_> =
		(0..plan.tenants).map(|tenant| tokio::spawn(churn.clone().run(tenant))).collect();
	tokio::time::sleep(Duration::from_secs(60 * plan.minutes)).await;
	let ended = report::Moment::now(chain).await?;
	stop.store(true, Ordering::Relaxed);
	let finality = watching.await?;
	answering.await?;
	tenants.iter().for_each(tokio::task::JoinHandle::abort);
	Ok(report::Report {
		paces: [("reservations", reserved), ("checkpoints", recorded)],
		began,
		ended,
		finality,
		sent,
		audits: report::Audits::count(chain, &allotments).await?,
		tally,
		state: report::Report::state(chain).await?,
		allotments: expected,
	})
}

/// The report is what this program is for: it goes to standard output.
#[allow(clippy::print_stdout, reason = "the program's answer")]
fn print(text: &str) {
	println!("{}", text.trim_end());
}
