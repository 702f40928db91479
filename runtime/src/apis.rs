//! The runtime APIs: what a node, a client and a light client may ask.

#![allow(missing_docs, reason = "the macro's items")]

use crate::{
	configs::GENESIS_EPOCH_CONFIG, genesis_config_presets, types::SessionKeys, AccountId, Audits,
	Babe, Balance, Block, Executive, Grandpa, Grid, Historical, Nonce, Reservations, Runtime,
	RuntimeCall, RuntimeGenesisConfig, Snapshots, System, TransactionPayment, VERSION,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	traits::KeyOwnerProofSystem,
	weights::Weight,
};
use granary_primitives::{
	audit::{
		AuditClock, AuditDetails, AuditRecord, AuditStatus, CalendarCursor, CalendarEntry,
		CalendarPage, Detection, DueAudit,
	},
	grid::{FarmInfo, NodeInfo, NodeReport, NodeSearch, TwinInfo},
	refusal::ProofRefusal,
	reservation::{
		AllotmentInfo, DayEarnings, Policy, Quote, ReservationDetails, ReservationHealth,
		ReservationInfo, Terms,
	},
	snapshot::{DatabaseKind, GrantInfo, SnapshotInfo},
	AccountBytes, AllotmentId, DatasetId, FarmId, Hash, NodeId, ReservationId, SnapshotId, Tick,
	TwinId,
};
use granary_runtime_api::MAX_PAGE;
use sp_api::impl_runtime_apis;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, DispatchError, Perbill,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion { VERSION }
		fn execute_block(block: <Block as BlockT>::LazyBlock) { Executive::execute_block(block); }
		fn initialize_block(header: &<Block as BlockT>::Header) -> sp_runtime::ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata { OpaqueMetadata::new(Runtime::metadata().into()) }
		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> { Runtime::metadata_at_version(version) }
		fn metadata_versions() -> Vec<u32> { Runtime::metadata_versions() }
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}
		fn finalize_block() -> <Block as BlockT>::Header { Executive::finalize_block() }
		fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			crate::construct::create_inherents(&data)
		}
		fn check_inherents(block: <Block as BlockT>::LazyBlock, data: sp_inherents::InherentData) -> sp_inherents::CheckInherentsResult {
			crate::construct::check_inherents(&data, &block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			tx: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, tx, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) { Executive::offchain_worker(header) }
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch_config = Babe::epoch_config().unwrap_or(GENESIS_EPOCH_CONFIG);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: crate::timing::EpochSlots::<Runtime>::get(),
				c: epoch_config.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch_config.allowed_slots,
			}
		}
		fn current_epoch_start() -> sp_consensus_babe::Slot { Babe::current_epoch_start() }
		fn current_epoch() -> sp_consensus_babe::Epoch { Babe::current_epoch() }
		fn next_epoch() -> sp_consensus_babe::Epoch { Babe::next_epoch() }
		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			let proof = Historical::prove((sp_consensus_babe::KEY_TYPE, authority))?;
			Some(sp_consensus_babe::OpaqueKeyOwnershipProof::new(proof.encode()))
		}
		fn submit_report_equivocation_unsigned_extrinsic(
			proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
			owner: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> { Babe::submit_unsigned_equivocation_report(proof, owner.decode()?) }
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList { Grandpa::grandpa_authorities() }
		fn current_set_id() -> sp_consensus_grandpa::SetId { pallet_grandpa::CurrentSetId::<Runtime>::get() }
		fn submit_report_equivocation_unsigned_extrinsic(
			proof: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
			owner: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> { Grandpa::submit_unsigned_equivocation_report(proof, owner.decode()?) }
		fn generate_key_ownership_proof(
			_set: sp_consensus_grandpa::SetId,
			authority: sp_consensus_grandpa::AuthorityId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			let proof = Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority))?;
			Some(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}
		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce { System::account_nonce(account) }
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
		fn query_info(
			uxt: <Block as BlockT>::Extrinsic,
			len: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(uxt, len)
		}
		fn query_fee_details(
			uxt: <Block as BlockT>::Extrinsic,
			len: u32,
		) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_fee_details(uxt, len)
		}
		fn query_weight_to_fee(weight: Weight) -> Balance { TransactionPayment::weight_to_fee(weight) }
		fn query_length_to_fee(length: u32) -> Balance { TransactionPayment::length_to_fee(length) }
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall>
		for Runtime
	{
		fn query_call_info(
			call: RuntimeCall,
			len: u32,
		) -> pallet_transaction_payment::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_call_info(call, len)
		}
		fn query_call_fee_details(
			call: RuntimeCall,
			len: u32,
		) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_call_fee_details(call, len)
		}
		fn query_weight_to_fee(weight: Weight) -> Balance { TransactionPayment::weight_to_fee(weight) }
		fn query_length_to_fee(length: u32) -> Balance { TransactionPayment::length_to_fee(length) }
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result { build_state::<RuntimeGenesisConfig>(config) }
		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis_config_presets::get_preset)
		}
		fn preset_names() -> Vec<sp_genesis_builder::PresetId> { genesis_config_presets::preset_names() }
	}

	impl granary_runtime_api::GranaryApi<Block> for Runtime {
		fn twin(id: TwinId) -> Option<TwinInfo> { Grid::twin_info(id) }
		fn twin_of(account: AccountBytes) -> Option<TwinInfo> { Grid::twin_info_of(account) }
		fn farm(id: FarmId) -> Option<FarmInfo> { Grid::farm_info(id) }
		fn farms(start: FarmId, limit: u32) -> Vec<FarmInfo> { Grid::farms(start, limit.min(MAX_PAGE)) }
		fn node(id: NodeId) -> Option<NodeInfo> { Grid::node_info(id) }
		fn nodes(start: NodeId, limit: u32) -> Vec<NodeInfo> { Grid::nodes(start, limit.min(MAX_PAGE)) }
		fn search_nodes(search: NodeSearch, start: NodeId, limit: u32) -> (Vec<NodeInfo>, Option<NodeId>) {
			Grid::search_nodes(search, start, limit.min(MAX_PAGE))
		}
		fn nodes_of_farm(farm: FarmId, start: NodeId, limit: u32) -> Vec<NodeInfo> {
			Grid::nodes_of_farm(farm, start, limit.min(MAX_PAGE))
		}
		fn node_report(id: NodeId) -> Option<NodeReport> { Grid::node_report(id) }
		fn reservation(id: ReservationId) -> Option<ReservationInfo> { Reservations::reservation_info(id) }
		fn reservations(tenant: Option<AccountBytes>, start: ReservationId, limit: u32) -> Vec<ReservationInfo> {
			Reservations::reservations(tenant, start, limit.min(MAX_PAGE))
		}
		fn allotment(id: AllotmentId) -> Option<AllotmentInfo> { Reservations::allotment_info(id) }
		fn allotments_of_node(node: NodeId, start: AllotmentId, limit: u32) -> Vec<AllotmentInfo> {
			Reservations::allotments_of_node(node, start, limit.min(MAX_PAGE))
		}
		fn audit_clock() -> AuditClock { Audits::audit_clock() }
		fn due_audits(node: Option<NodeId>, limit: u32) -> Vec<DueAudit> { Audits::due_audits(node, limit.min(MAX_PAGE)) }
		fn audit_status(allotment: AllotmentId) -> Option<AuditStatus> { Audits::audit_status(allotment) }
		fn audit_history(allotment: AllotmentId) -> Vec<AuditRecord> { Audits::audit_history(allotment) }
		fn reservation_health(id: ReservationId) -> Option<ReservationHealth> { crate::health::of(id) }
		fn reservation_details(id: ReservationId) -> Option<ReservationDetails> { Reservations::reservation_details(id) }
		fn reservation_of_name(name: Vec<u8>) -> Option<ReservationId> { Reservations::reservation_of_name(name) }
		fn quote(terms: Terms, candidates: Vec<NodeId>, policy: Policy) -> Result<Quote, DispatchError> {
			Reservations::quote(terms, candidates, policy)
		}
		fn farm_earnings(farm: FarmId) -> Vec<DayEarnings> { Reservations::farm_earnings(farm) }
		fn audit_details(allotment: AllotmentId) -> Option<AuditDetails> { Audits::audit_details(allotment) }
		fn next_audits(allotment: AllotmentId) -> Vec<CalendarEntry> { Audits::next_audits(allotment) }
		fn audit_calendar(node: Option<NodeId>, cursor: Option<CalendarCursor>, limit: u32) -> CalendarPage {
			Audits::audit_calendar(node, cursor, limit)
		}
		fn detection(reservation: ReservationId, colluders: Option<u32>, lost_ppb: u32, ticks: Tick) -> Option<Detection> {
			let record = Reservations::reservation_info(reservation)?;
			let colluders = colluders.unwrap_or(u32::from(record.parity_shards) + 1);
			Some(Audits::detection(&record.allotments, colluders, Perbill::from_parts(lost_ppb), ticks))
		}
		fn check_proof(allotment: AllotmentId, tick: Tick, proof: Vec<u8>) -> Result<(), ProofRefusal> {
			Audits::check_proof(allotment, tick, &proof)
		}
		fn snapshot(id: SnapshotId) -> Option<SnapshotInfo> { Snapshots::snapshot_info(id) }
		fn snapshots(start: SnapshotId, limit: u32) -> Vec<SnapshotInfo> { Snapshots::snapshots(start, limit.min(MAX_PAGE)) }
		fn snapshots_of_chain(
			genesis: Hash,
			database: Option<DatabaseKind>,
			max_height: Option<u64>,
			after: Option<SnapshotId>,
			limit: u32,
		) -> Vec<SnapshotInfo> {
			Snapshots::snapshots_of_chain(genesis, database, max_height, after, limit.min(MAX_PAGE))
		}
		fn snapshot_health(id: SnapshotId) -> Option<ReservationHealth> {
			crate::health::of_snapshot(id)
		}
		fn grant(reservation: ReservationId, dataset: DatasetId, recipient: Hash) -> Option<GrantInfo> {
			Snapshots::grant_of((reservation, dataset, recipient))
		}
		fn grants(
			reservation: ReservationId,
			dataset: DatasetId,
			after: Option<Hash>,
			limit: u32,
		) -> Vec<GrantInfo> {
			Snapshots::grants_of_dataset(reservation, dataset, after, limit.min(MAX_PAGE))
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(extra: bool) -> (
			Vec<frame_benchmarking::BenchmarkList>,
			Vec<frame_support::traits::StorageInfo>,
		) {
			use frame_benchmarking::BenchmarkList;
			use frame_support::traits::StorageInfoTrait;
			let mut list = Vec::<BenchmarkList>::new();
			list_benchmarks!(list, extra);
			(list, crate::AllPalletsWithSystem::storage_info())
		}
		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			use frame_benchmarking::BenchmarkBatch;
			use frame_support::traits::WhitelistedStorageKeys;
			let whitelist = crate::AllPalletsWithSystem::whitelisted_storage_keys();
			let mut batches = Vec::<BenchmarkBatch>::new();
			let params = (&config, &whitelist);
			add_benchmarks!(params, batches);
			Ok(batches)
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
			#[allow(clippy::expect_used, reason = "a failed try-runtime has to stop")]
			let weight = Executive::try_runtime_upgrade(checks).expect("the runtime upgrade must pass its checks");
			(weight, crate::configs::RuntimeBlockWeights::get().max_block)
		}
		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> Weight {
			#[allow(clippy::expect_used, reason = "a failed try-runtime has to stop")]
			Executive::try_execute_block(block, state_root_check, signature_check, select).expect("the block must execute")
		}
	}
}
