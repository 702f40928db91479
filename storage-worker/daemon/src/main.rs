//! The `granary` binary: storage worker, zdb server, reservations, audits, snapshots and mounts.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use of the command line, 3 chain unreachable, 4 another chain than expected, 5 not found,
//! 6 wrong key, 7 refused by the chain.

mod account;
mod audit;
mod cli;
mod dataset;
mod farming;
mod grid;
mod heal;
mod key;
mod keys;
mod mount;
mod node_command;
mod node_process;
mod provision;
mod reservation;
mod snapshot;
mod stop;
mod transport;
mod worker;
mod zdb;

use clap::{ArgAction, Parser, Subcommand};
use std::{io::IsTerminal, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// Buffers of shards and chunks come and go by the hundred megabytes a second: this one keeps their pages for a while, where the system's gives
/// each of them back and has it cleared anew.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Capacity reservations, audited storage and thin snapshots.
#[derive(Debug, Parser)]
#[command(
	version,
	propagate_version = true,
	max_term_width = 110,
	after_help = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 chain unreachable, 4 another chain than expected, 5 not found, 6 wrong key, 7 refused by the chain."
)]
struct Cli {
	/// Endpoint of the chain; may be given several times, the first that answers is used.
	#[arg(
		long,
		global = true,
		env = "GRANARY_CHAIN",
		default_value = "ws://127.0.0.1:9944",
		value_name = "URL",
		value_delimiter = ','
	)]
	rpc: Vec<String>,
	/// Answer in JSON.
	#[arg(long, global = true)]
	json: bool,
	/// Say more; twice for even more. RUST_LOG overrides it.
	#[arg(short, long, global = true, action = ArgAction::Count)]
	verbose: u8,
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Run a storage worker, or show one.
	#[command(subcommand)]
	Worker(worker::WorkerCommand),
	/// Serve an append-only store over RESP.
	#[command(subcommand)]
	Zdb(zdb::ZdbCommand),
	/// Publish, inspect, verify and restore snapshots.
	#[command(subcommand)]
	Snapshot(snapshot::SnapshotCommand),
	/// Mount a snapshot as a writable filesystem.
	Mount(Box<mount::MountArgs>),
	/// Keep a mount while no process serves it.
	#[command(hide = true)]
	MountHolder(mount::HolderArgs),
	/// Start a node from the newest snapshot of its chain, and look after it.
	Provision(Box<provision::ProvisionArgs>),
	/// Publish what was written on a mount as the next snapshot.
	Commit(mount::CommitArgs),
	/// Go on from another snapshot of the chain, giving up what was written.
	Rebase(Box<mount::RebaseArgs>),
	/// Fetch, keep and evict what a mount reads.
	#[command(subcommand)]
	Cache(mount::CacheCommand),
	/// Find what a reservation's nodes have lost, and put it back.
	Heal(heal::HealArgs),
	/// Make, show, rotate and recover keys.
	#[command(subcommand)]
	Key(key::KeyCommand),
	/// Say who may read a dataset; give back what no snapshot needs.
	#[command(subcommand)]
	Dataset(dataset::DatasetCommand),
	/// Reserve capacity, show and close reservations.
	#[command(subcommand)]
	Reservation(reservation::ReservationCommand),
	/// Show audits and verify proofs.
	#[command(subcommand)]
	Audit(audit::AuditCommand),
	/// Show nodes; change, rent and remove them.
	#[command(subcommand)]
	Node(grid::NodeCommand),
	/// Show farms; change and remove them.
	#[command(subcommand)]
	Farm(grid::FarmCommand),
	/// Show accounts, transfer money.
	#[command(subcommand)]
	Account(account::AccountCommand),
}

fn main() -> ExitCode {
	let cli = Cli::parse();
	start_logging(cli.verbose);
	let context = cli::Context { endpoints: cli.rpc, json: cli.json };
	let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
	let result = match runtime {
		Ok(runtime) => runtime.block_on(run(cli.command, &context)),
		Err(error) => Err(error.into()),
	};
	match result {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			cli::print_failure(&error);
			ExitCode::from(cli::exit_code(&error))
		},
	}
}

async fn run(command: Command, context: &cli::Context) -> anyhow::Result<()> {
	match command {
		Command::Worker(command) => worker::dispatch(command, context).await,
		Command::Zdb(command) => zdb::run(command, context).await,
		Command::Snapshot(command) => snapshot::run(command, context).await,
		Command::Mount(args) => mount::run(*args, context).await,
		Command::MountHolder(args) => mount::run_holder(args).await,
		Command::Provision(args) => provision::run(*args, context).await,
		Command::Commit(args) => mount::run_commit(args, context).await,
		Command::Rebase(args) => mount::run_rebase(*args, context).await,
		Command::Cache(command) => mount::run_cache(command, context).await,
		Command::Key(command) => key::run(command, context),
		Command::Dataset(command) => dataset::run(command, context).await,
		Command::Heal(args) => heal::run(args, context).await,
		Command::Reservation(command) => reservation::run(command, context).await,
		Command::Audit(command) => audit::run(command, context).await,
		Command::Node(command) => grid::run_node(command, context).await,
		Command::Farm(command) => grid::run_farm(command, context).await,
		Command::Account(command) => account::run(command, context).await,
	}
}

fn start_logging(verbose: u8) {
	let level = match verbose {
		// The FUSE library warns when a mount was taken away by others before it, which is how mounts go here.
		0 => "warn,fuser=error,granary=info",
		1 => "info,granary=debug",
		_ => "debug",
	};
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_target(false)
		.with_ansi(std::io::stderr().is_terminal())
		.init();
}
