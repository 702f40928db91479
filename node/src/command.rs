//! Does what the command line says.

use crate::{
	chain_spec::{self, Genesis},
	cli::{Cli, Command},
	service::{self, Partial},
};
use granary_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_network::config::NetworkBackendType;
use sp_runtime::traits::Block as BlockT;

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Granary Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"see README.md and docs/ of the source tree".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		let genesis = match self.subcommand {
			// What is written is for people, who want to change it.
			Some(Command::ExportChainSpec(_) | Command::BuildSpec(_)) => Genesis::Described,
			_ => Genesis::Built,
		};
		chain_spec::load(id, genesis).map(|spec| Box::new(spec) as Box<_>)
	}
}

/// Parses the command line and does what it says.
pub(crate) fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		None => run_node(&cli),
		Some(Command::Key(command)) => command.run(&cli),
		Some(Command::ExportChainSpec(command)) => command.run(cli.load_spec(&command.chain)?),
		Some(Command::BuildSpec(command)) => cli
			.create_runner(command)?
			.sync_run(|config| command.run(config.chain_spec, config.network)),
		Some(Command::PurgeChain(command)) => {
			cli.create_runner(command)?.sync_run(|config| command.run(config.database))
		},
		Some(Command::ChainInfo(command)) => {
			cli.create_runner(command)?.sync_run(|config| command.run::<Block>(&config))
		},
		#[cfg(feature = "runtime-benchmarks")]
		Some(Command::Benchmark(command)) => {
			let compiled = cli.compiled_runtimes.directory()?;
			cli.create_runner(command)?
				.sync_run(|config| benchmark(command, config, compiled.as_deref()))
		},
		Some(command) => on_database(&cli, command),
	}
}

/// The commands that read or change the blocks of a database.
fn on_database(cli: &Cli, command: &Command) -> sc_cli::Result<()> {
	let compiled = cli.compiled_runtimes.directory()?;
	match command {
		Command::CheckBlock(command) => cli.create_runner(command)?.async_run(|config| {
			let Partial { client, task_manager, import_queue, .. } =
				service::partial(&config, compiled.as_deref())?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Command::ExportBlocks(command) => cli.create_runner(command)?.async_run(|config| {
			let Partial { client, task_manager, .. } =
				service::partial(&config, compiled.as_deref())?;
			Ok((command.run(client, config.database), task_manager))
		}),
		Command::ImportBlocks(command) => cli.create_runner(command)?.async_run(|config| {
			let Partial { client, task_manager, import_queue, .. } =
				service::partial(&config, compiled.as_deref())?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Command::ExportState(command) => cli.create_runner(command)?.async_run(|config| {
			let Partial { client, task_manager, .. } =
				service::partial(&config, compiled.as_deref())?;
			Ok((command.run(client, config.chain_spec), task_manager))
		}),
		Command::Revert(command) => cli.create_runner(command)?.async_run(|config| {
			let Partial { client, task_manager, backend, .. } =
				service::partial(&config, compiled.as_deref())?;
			Ok((
				command.run(client, backend, Some(Box::new(service::revert_consensus))),
				task_manager,
			))
		}),
		other => Err(format!("{other:?} does not work on a database").into()),
	}
}

/// Runs a node until it is told to stop.
fn run_node(cli: &Cli) -> sc_cli::Result<()> {
	type Libp2p = sc_network::NetworkWorker<Block, <Block as BlockT>::Hash>;
	type Litep2p = sc_network::Litep2pNetworkBackend;
	let compiled = cli.compiled_runtimes.directory()?;
	cli.create_runner(&cli.run)?.run_node_until_exit(|config| async move {
		match config.network.network_backend {
			NetworkBackendType::Libp2p => service::full::<Libp2p>(config, compiled.as_deref()),
			NetworkBackendType::Litep2p => service::full::<Litep2p>(config, compiled.as_deref()),
		}
		.map_err(sc_cli::Error::Service)
	})
}

/// Measures the runtime's weights, or the machine.
#[cfg(feature = "runtime-benchmarks")]
fn benchmark(
	command: &frame_benchmarking_cli::BenchmarkCmd,
	config: sc_service::Configuration,
	compiled: Option<&std::path::Path>,
) -> sc_cli::Result<()> {
	use frame_benchmarking_cli::{BenchmarkCmd, SUBSTRATE_REFERENCE_HARDWARE};
	match command {
		BenchmarkCmd::Pallet(command) => command
			.run_with_spec::<sp_runtime::traits::HashingFor<Block>, service::HostFunctions>(Some(
				config.chain_spec,
			)),
		BenchmarkCmd::Machine(command) => {
			command.run(&config, SUBSTRATE_REFERENCE_HARDWARE.clone())
		},
		BenchmarkCmd::Block(command) => {
			let Partial { client, .. } = service::partial(&config, compiled)?;
			command.run(client)
		},
		_ => Err("only `benchmark pallet`, `benchmark machine` and `benchmark block` are \
		          supported by this node"
			.into()),
	}
}
