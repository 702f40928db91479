//! The node among its peers.

use super::{FullBackend, FullClient, FullPool, GrandpaLink};
use granary_runtime::opaque::Block;
use sc_network::{
	config::FullNetworkConfiguration,
	service::traits::{NetworkService, NotificationService},
	NetworkBackend, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_network_transactions::TransactionsHandlerController;
use sc_service::{
	error::Error as ServiceError, BuildNetworkParams, Configuration, TaskManager, WarpSyncConfig,
};
use sc_utils::mpsc::TracingUnboundedSender;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::Block as BlockT;
use std::sync::Arc;

type BlockHash = <Block as BlockT>::Hash;

/// What the rest of the node needs of the network.
pub(super) struct Network {
	/// Peers and protocols.
	pub(super) network: Arc<dyn NetworkService>,
	/// Questions of the `system_*` RPC methods.
	pub(super) system_rpc_tx: TracingUnboundedSender<sc_rpc::system::Request<Block>>,
	/// Sends transactions to peers.
	pub(super) tx_handler_controller: TransactionsHandlerController<BlockHash>,
	/// Fetches blocks from peers.
	pub(super) sync_service: Arc<SyncingService<Block>>,
	/// The protocol of GRANDPA's votes.
	pub(super) grandpa: GrandpaProtocol,
}

/// The protocol of GRANDPA's votes.
pub(super) struct GrandpaProtocol {
	/// Its name, which holds the genesis hash.
	pub(super) name: ProtocolName,
	/// Where the votes come from and go to.
	pub(super) notifications: Box<dyn NotificationService>,
}

impl Network {
	/// Joins the network of this backend.
	pub(super) fn start<N: NetworkBackend<Block, BlockHash>>(
		config: &Configuration,
		task_manager: &TaskManager,
		client: &Arc<FullClient>,
		backend: &Arc<FullBackend>,
		transaction_pool: &Arc<FullPool>,
		import_queue: sc_consensus::DefaultImportQueue<Block>,
		grandpa_link: &GrandpaLink,
	) -> Result<Self, ServiceError> {
		let metrics = N::register_notification_metrics(config.prometheus_registry());
		let registry = config.prometheus_registry().cloned();
		let mut net_config = FullNetworkConfiguration::<_, _, N>::new(&config.network, registry);
		let genesis_hash = client.info().genesis_hash;
		let name = sc_consensus_grandpa::protocol_standard_name(&genesis_hash, &config.chain_spec);
		let (protocol, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
			name.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
		net_config.add_notification_protocol(protocol);
		let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
			backend.clone(),
			grandpa_link.shared_authority_set().clone(),
			Vec::new(),
		));
		let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
			sc_service::build_network(BuildNetworkParams {
				config,
				net_config,
				client: client.clone(),
				transaction_pool: transaction_pool.clone(),
				spawn_handle: task_manager.spawn_handle(),
				spawn_essential_handle: task_manager.spawn_essential_handle(),
				import_queue,
				block_announce_validator_builder: None,
				warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
				block_relay: None,
				metrics,
				gap_sync_body_policy: None,
			})?;
		let grandpa = GrandpaProtocol { name, notifications };
		Ok(Self { network, system_rpc_tx, tx_handler_controller, sync_service, grandpa })
	}
}
