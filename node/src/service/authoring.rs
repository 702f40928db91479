//! Writing blocks: BABE.

use super::{
	full::Settings, inherent_data_providers, BabeBlockImport, BabeLink, FullClient, FullPool,
	FullSelectChain,
};
use granary_runtime::{constants::MAX_BLOCK_BYTES, opaque::Block};
use sc_consensus_babe::{BabeParams, SlotProportion};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network_sync::SyncingService;
use sc_service::{error::Error as ServiceError, TaskManager};
use sc_telemetry::TelemetryHandle;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// The part of a slot in which a block is put together; the rest is for it to travel.
const PROPOSING_PART: f32 = 2.0 / 3.0;

/// What block production needs.
pub(super) struct Parameters<'a> {
	pub(super) settings: &'a Settings,
	pub(super) task_manager: &'a TaskManager,
	pub(super) client: Arc<FullClient>,
	pub(super) select_chain: FullSelectChain,
	pub(super) block_import: BabeBlockImport,
	pub(super) babe_link: BabeLink,
	pub(super) transaction_pool: Arc<FullPool>,
	pub(super) keystore: KeystorePtr,
	pub(super) sync_service: Arc<SyncingService<Block>>,
	pub(super) telemetry: Option<TelemetryHandle>,
}

/// Writes blocks if the node is an authority.
pub(super) fn start(parameters: Parameters<'_>) -> Result<(), ServiceError> {
	let Parameters { settings, task_manager, client, babe_link, telemetry, .. } = parameters;
	if !settings.role.is_authority() {
		return Ok(());
	}
	let mut env = sc_basic_authorship::ProposerFactory::new(
		task_manager.spawn_handle(),
		client.clone(),
		parameters.transaction_pool,
		settings.registry.as_ref(),
		telemetry.clone(),
	);
	// The runtime says how long a block may be; the SDK's own limit for authors is below that.
	env.set_default_block_size_limit(MAX_BLOCK_BYTES as usize);
	let babe = sc_consensus_babe::start_babe(BabeParams {
		keystore: parameters.keystore,
		client,
		select_chain: parameters.select_chain,
		env,
		block_import: parameters.block_import,
		sync_oracle: parameters.sync_service.clone(),
		justification_sync_link: parameters.sync_service,
		create_inherent_data_providers: inherent_data_providers(babe_link.config().slot_duration()),
		force_authoring: settings.force_authoring,
		backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
		babe_link,
		block_proposal_slot_portion: SlotProportion::new(PROPOSING_PART),
		max_block_proposal_slot_portion: None,
		telemetry,
	})?;
	task_manager.spawn_essential_handle().spawn_blocking(
		"babe-proposer",
		Some("block-authoring"),
		babe,
	);
	Ok(())
}
