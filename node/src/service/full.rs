//! A node with network, RPC, off-chain workers, block production and finality.

use super::{
	authoring, finality, handle_of,
	network::Network,
	partial::{partial, Consensus},
	FullBackend, FullClient, FullPool,
};
use crate::rpc;
use futures::FutureExt;
use granary_runtime::opaque::Block;
use sc_client_api::Backend;
use sc_network::{service::traits::NetworkService, NetworkBackend};
use sc_service::{error::Error as ServiceError, Configuration, KeystoreContainer, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_runtime::traits::Block as BlockT;
use std::{path::Path, sync::Arc};

/// Starts a node. It runs as long as the task manager lives.
pub(crate) fn full<N>(
	config: Configuration,
	compiled: Option<&Path>,
) -> Result<TaskManager, ServiceError>
where
	N: NetworkBackend<Block, <Block as BlockT>::Hash>,
{
	let sc_service::PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { block_import, babe_link, grandpa_link, mut telemetry },
	} = partial(&config, compiled)?;

	let Network { network, system_rpc_tx, tx_handler_controller, sync_service, grandpa } =
		Network::start::<N>(
			&config,
			&task_manager,
			&client,
			&backend,
			&transaction_pool,
			import_queue,
			&grandpa_link,
		)?;
	start_offchain_workers(
		&config,
		&task_manager,
		&client,
		&backend,
		&transaction_pool,
		&keystore_container,
		&network,
	)?;
	let settings = Settings::of(&config);
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		network: network.clone(),
		client: client.clone(),
		keystore: keystore_container.keystore(),
		task_manager: &mut task_manager,
		transaction_pool: transaction_pool.clone(),
		rpc_builder: rpc_builder(&client, &transaction_pool),
		backend,
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		config,
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	authoring::start(authoring::Parameters {
		settings: &settings,
		task_manager: &task_manager,
		client,
		select_chain,
		block_import,
		babe_link,
		transaction_pool: transaction_pool.clone(),
		keystore: keystore_container.keystore(),
		sync_service: sync_service.clone(),
		telemetry: handle_of(&telemetry),
	})?;
	finality::start(finality::Parameters {
		settings: &settings,
		task_manager: &task_manager,
		grandpa_link,
		network,
		sync_service,
		grandpa,
		transaction_pool,
		keystore: keystore_container.keystore(),
		telemetry: handle_of(&telemetry),
	})?;
	Ok(task_manager)
}

/// What is kept of the configuration, which the RPC server takes.
pub(super) struct Settings {
	/// Full node or authority.
	pub(super) role: sc_network::config::Role,
	/// Write blocks even without peers.
	pub(super) force_authoring: bool,
	/// Take part in finality.
	pub(super) finalize: bool,
	/// The node's name in the network.
	pub(super) name: String,
	/// Where metrics go.
	pub(super) registry: Option<substrate_prometheus_endpoint::Registry>,
}

impl Settings {
	fn of(config: &Configuration) -> Self {
		Self {
			role: config.role,
			force_authoring: config.force_authoring,
			finalize: !config.disable_grandpa,
			name: config.network.node_name.clone(),
			registry: config.prometheus_registry().cloned(),
		}
	}
}

type RpcBuilder =
	Box<dyn Fn(sc_rpc::SubscriptionTaskExecutor) -> Result<jsonrpsee::RpcModule<()>, ServiceError>>;

/// Makes the node's own RPC methods, once for each server.
fn rpc_builder(client: &Arc<FullClient>, pool: &Arc<FullPool>) -> RpcBuilder {
	let (client, pool) = (client.clone(), pool.clone());
	Box::new(move |executor| {
		rpc::module(client.clone(), pool.clone(), executor)
			.map_err(|error| ServiceError::Application(Box::new(error)))
	})
}

/// Runs the runtime's off-chain workers after each block: they submit the settlements that are
/// due.
fn start_offchain_workers(
	config: &Configuration,
	task_manager: &TaskManager,
	client: &Arc<FullClient>,
	backend: &Arc<FullBackend>,
	transaction_pool: &Arc<FullPool>,
	keystore: &KeystoreContainer,
	network: &Arc<dyn NetworkService>,
) -> Result<(), ServiceError> {
	if !config.offchain_worker.enabled {
		return Ok(());
	}
	let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
		runtime_api_provider: client.clone(),
		is_validator: config.role.is_authority(),
		keystore: Some(keystore.keystore()),
		offchain_db: backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
		network_provider: Arc::new(network.clone()),
		// The runtime has no reason to talk to anybody.
		enable_http_requests: false,
		custom_extensions: |_| vec![],
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-worker",
		workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
	);
	Ok(())
}
