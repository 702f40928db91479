//! Making blocks final: GRANDPA.

use super::{
	full::Settings, network::GrandpaProtocol, FullPool, GrandpaLink, GRANDPA_JUSTIFICATION_PERIOD,
};
use granary_runtime::opaque::Block;
use sc_consensus_grandpa::{Config, GrandpaParams, SharedVoterState, VotingRulesBuilder};
use sc_network::service::traits::NetworkService;
use sc_network_sync::SyncingService;
use sc_service::{error::Error as ServiceError, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_keystore::KeystorePtr;
use std::{sync::Arc, time::Duration};

/// How long a vote is expected to travel.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// What finality needs.
pub(super) struct Parameters<'a> {
	pub(super) settings: &'a Settings,
	pub(super) task_manager: &'a TaskManager,
	pub(super) grandpa_link: GrandpaLink,
	pub(super) network: Arc<dyn NetworkService>,
	pub(super) sync_service: Arc<SyncingService<Block>>,
	pub(super) grandpa: GrandpaProtocol,
	pub(super) transaction_pool: Arc<FullPool>,
	pub(super) keystore: KeystorePtr,
	pub(super) telemetry: Option<TelemetryHandle>,
}

/// Follows the votes, and votes if the node is an authority.
pub(super) fn start(parameters: Parameters<'_>) -> Result<(), ServiceError> {
	let Parameters { settings, telemetry, .. } = parameters;
	if !settings.finalize {
		return Ok(());
	}
	let config = Config {
		gossip_duration: GOSSIP_DURATION,
		justification_generation_period: GRANDPA_JUSTIFICATION_PERIOD,
		name: Some(settings.name.clone()),
		observer_enabled: false,
		keystore: settings.role.is_authority().then_some(parameters.keystore),
		local_role: settings.role,
		telemetry: telemetry.clone(),
		protocol_name: parameters.grandpa.name,
	};
	let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
		config,
		link: parameters.grandpa_link,
		network: parameters.network,
		sync: parameters.sync_service,
		notification_service: parameters.grandpa.notifications,
		voting_rule: VotingRulesBuilder::default().build(),
		prometheus_registry: settings.registry.clone(),
		shared_voter_state: SharedVoterState::empty(),
		telemetry,
		offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(parameters.transaction_pool),
	})?;
	parameters.task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	Ok(())
}
