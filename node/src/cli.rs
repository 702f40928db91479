//! The command line.

use crate::compiled_runtimes::CompiledRuntimes;
use clap::{Parser, Subcommand};
use sc_cli::RunCmd;

/// What the command line may say.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
	/// What to do instead of running a node.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Command>,

	/// How to run a node.
	#[clap(flatten)]
	pub(crate) run: RunCmd,

	/// Where compiled runtimes are kept.
	#[clap(flatten)]
	pub(crate) compiled_runtimes: CompiledRuntimes,
}

/// What can be done instead of running a node.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Generate, inspect and insert keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write the specification of a chain.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Write the specification of a chain, with this node as its boot node.
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Execute a block of the database again.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks of the database to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Read blocks from a file into the database.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Write the state of a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Take back blocks that are not final.
	Revert(sc_cli::RevertCmd),

	/// Remove the whole chain from the database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Show what the database holds.
	ChainInfo(sc_cli::ChainInfoCmd),

	/// Measure the runtime's weights.
	#[cfg(feature = "runtime-benchmarks")]
	#[command(subcommand)]
	Benchmark(frame_benchmarking_cli::BenchmarkCmd),
}
