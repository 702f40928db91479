//! A running node, put together.
//!
//! [`mod@partial`] makes what every command on a database needs: client, pool, import queue.
//! [`mod@full`] adds network, RPC, off-chain workers, block production and finality.

mod authoring;
mod finality;
mod full;
mod network;
mod partial;

pub(crate) use full::full;
pub(crate) use partial::{partial, revert_consensus, Partial};

use granary_runtime::{apis::RuntimeApi, opaque::Block};
use sc_executor::WasmExecutor;
use sc_telemetry::TelemetryHandle;
use sp_consensus_babe::{inherents::BabeCreateInherentDataProviders, SlotDuration};
use std::sync::Arc;

/// What the runtime may call on its host.
#[cfg(not(feature = "runtime-benchmarks"))]
pub(crate) type HostFunctions = sp_io::SubstrateHostFunctions;
/// What the runtime may call on its host.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) type HostFunctions =
	(sp_io::SubstrateHostFunctions, frame_benchmarking::benchmarking::HostFunctions);

/// The client: blocks, state and the runtime.
pub(crate) type FullClient =
	sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<HostFunctions>>;
/// The transaction pool.
pub(crate) type FullPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;

type FullBackend = sc_service::TFullBackend<Block>;
type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
type GrandpaBlockImport =
	sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, FullSelectChain>;
type BabeBlockImport = sc_consensus_babe::BabeBlockImport<
	Block,
	FullClient,
	GrandpaBlockImport,
	BabeCreateInherentDataProviders<Block>,
	FullSelectChain,
>;
type BabeLink = sc_consensus_babe::BabeLink<Block>;

/// At least every so many blocks, a justification of finality is kept and served to others.
const GRANDPA_JUSTIFICATION_PERIOD: u32 = 512;

/// What a block has to say about its time: the clock's, and the slot that follows from it.
fn inherent_data_providers(slot_duration: SlotDuration) -> BabeCreateInherentDataProviders<Block> {
	Arc::new(move |_parent, ()| async move {
		let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
		let slot =
			sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
				*timestamp,
				slot_duration,
			);
		Ok((slot, timestamp))
	})
}

/// Where telemetry goes, if it goes anywhere.
fn handle_of(telemetry: &Option<sc_telemetry::Telemetry>) -> Option<TelemetryHandle> {
	telemetry.as_ref().map(sc_telemetry::Telemetry::handle)
}
