//! What every command on a database needs.

use super::{
	handle_of, inherent_data_providers, BabeBlockImport, BabeLink, FullBackend, FullClient,
	FullPool, FullSelectChain, GrandpaBlockImport, GrandpaLink, HostFunctions,
	GRANDPA_JUSTIFICATION_PERIOD,
};
use crate::compiled_runtimes::check_apart;
use granary_runtime::{apis::RuntimeApi, opaque::Block, BlockNumber};
use sc_executor::{HeapAllocStrategy, WasmExecutor, DEFAULT_HEAP_ALLOC_STRATEGY};
use sc_service::{
	config::ExecutorConfiguration, error::Error as ServiceError, Configuration, TaskManager,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::{path::Path, sync::Arc};

/// What consensus needs on top of the client.
pub(crate) struct Consensus {
	/// Imports blocks: BABE around GRANDPA around the client.
	pub(super) block_import: BabeBlockImport,
	/// BABE's epochs and configuration.
	pub(super) babe_link: BabeLink,
	/// GRANDPA's authority set and voter commands.
	pub(super) grandpa_link: GrandpaLink,
	/// Where telemetry goes, if it goes anywhere.
	pub(super) telemetry: Option<Telemetry>,
}

/// A node without network.
pub(crate) type Partial = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	FullPool,
	Consensus,
>;

/// Executes runtimes, as [`sc_service::new_wasm_executor`] would make it, which keeps nothing of what it compiles.
fn executor(
	config: &ExecutorConfiguration,
	compiled: Option<&Path>,
) -> WasmExecutor<HostFunctions> {
	let heap = config.default_heap_pages.map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| {
		HeapAllocStrategy::Static { extra_pages: pages as u32 }
	});
	let builder = WasmExecutor::builder()
		.with_execution_method(config.wasm_method)
		.with_onchain_heap_alloc_strategy(heap)
		.with_offchain_heap_alloc_strategy(heap)
		.with_max_runtime_instances(config.max_runtime_instances)
		.with_runtime_cache_size(config.runtime_cache_size);
	match compiled {
		Some(directory) => {
			tracing::info!("Compiled runtimes are kept in {}", directory.display());
			builder.with_cache_path(directory).build()
		},
		None => {
			tracing::info!("Compiled runtimes are not kept: each start compiles the runtime");
			builder.build()
		},
	}
}

/// Opens the database and makes everything that needs no network. Compiled runtimes are kept in `compiled`.
pub(crate) fn partial(
	config: &Configuration,
	compiled: Option<&Path>,
) -> Result<Partial, ServiceError> {
	let telemetry = start_telemetry(config)?;
	if let Some(compiled) = compiled {
		check_apart(compiled, config.base_path.path()).map_err(ServiceError::Other)?;
	}
	let executor = executor(&config.executor, compiled);
	let (client, backend, keystore_container, mut task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			Vec::new(),
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);
	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		GRANDPA_JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		handle_of(&telemetry),
	)?;
	let (block_import, babe_link) =
		babe_import(&client, &select_chain, &transaction_pool, grandpa_import.clone())?;
	let import_queue = import_queue(
		config,
		&mut task_manager,
		&client,
		&block_import,
		&babe_link,
		grandpa_import,
		&telemetry,
	)?;

	Ok(sc_service::PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { block_import, babe_link, grandpa_link, telemetry },
	})
}

/// Telemetry, if the chain specification or the command line names a server.
fn start_telemetry(
	config: &Configuration,
) -> Result<Option<(TelemetryWorker, Telemetry)>, ServiceError> {
	let endpoints = config.telemetry_endpoints.clone().filter(|endpoints| !endpoints.is_empty());
	let Some(endpoints) = endpoints else { return Ok(None) };
	let worker = TelemetryWorker::new(16)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}

/// BABE's checks around GRANDPA's.
fn babe_import(
	client: &Arc<FullClient>,
	select_chain: &FullSelectChain,
	transaction_pool: &Arc<FullPool>,
	grandpa_import: GrandpaBlockImport,
) -> Result<(BabeBlockImport, BabeLink), ServiceError> {
	let config = sc_consensus_babe::configuration(&**client)?;
	let slot_duration = config.slot_duration();
	Ok(sc_consensus_babe::block_import(
		config,
		grandpa_import,
		client.clone(),
		inherent_data_providers(slot_duration),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?)
}

/// The queue through which blocks of others reach the database.
fn import_queue(
	config: &Configuration,
	task_manager: &mut TaskManager,
	client: &Arc<FullClient>,
	block_import: &BabeBlockImport,
	babe_link: &BabeLink,
	justification_import: GrandpaBlockImport,
	telemetry: &Option<Telemetry>,
) -> Result<sc_consensus::DefaultImportQueue<Block>, ServiceError> {
	let (queue, babe_worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(justification_import)),
			client: client.clone(),
			slot_duration: babe_link.config().slot_duration(),
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: handle_of(telemetry),
		})?;
	// The worker is an essential task that ends when the last handle is dropped.
	task_manager.keep_alive(babe_worker);
	Ok(queue)
}

/// Takes back what BABE and GRANDPA remember of the last blocks.
pub(crate) fn revert_consensus(
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	blocks: BlockNumber,
) -> sc_cli::Result<()> {
	sc_consensus_babe::revert(client.clone(), backend, blocks)?;
	sc_consensus_grandpa::revert(client, blocks)?;
	Ok(())
}
