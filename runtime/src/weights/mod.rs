//! Weights of the SDK's pallets in this runtime, measured by `scripts/weights`.

pub mod frame_system;
pub mod frame_system_extensions;
pub mod pallet_babe;
pub mod pallet_balances;
pub mod pallet_collective;
pub mod pallet_grandpa;
pub mod pallet_migrations;
pub mod pallet_sudo;
pub mod pallet_timestamp;
pub mod pallet_transaction_payment;
pub mod pallet_utility;

use crate::Runtime;
use frame_support::weights::Weight;
use pallet_validators::weights::{SubstrateWeight as Validators, WeightInfo as _};

/// What to read in order to tell in which session the evidence of an equivocation was made: of BABE
/// the genesis slot, the epoch and its skipped ones; of GRANDPA the set's session and the one before it.
const READS_OF_SESSION: u64 = 3;

/// Reports of equivocation. The SDK measures the evidence alone; the rest is measured with the validators.
pub struct Reports;

impl Reports {
	fn report(evidence: Weight) -> Weight {
		let session = <Runtime as ::frame_system::Config>::DbWeight::get().reads(READS_OF_SESSION);
		evidence.saturating_add(session).saturating_add(Validators::<Runtime>::report())
	}
}

impl ::pallet_babe::WeightInfo for Reports {
	/// One value is written, as by [`::pallet_grandpa::WeightInfo::note_stalled`].
	fn plan_config_change() -> Weight {
		pallet_grandpa::WeightInfo::<Runtime>::note_stalled()
	}

	fn report_equivocation(_validators: u32, _nominators: u32) -> Weight {
		Self::report(pallet_babe::WeightInfo::<Runtime>::check_equivocation_proof(1))
	}
}

impl ::pallet_grandpa::WeightInfo for Reports {
	fn report_equivocation(_validators: u32, _nominators: u32) -> Weight {
		Self::report(pallet_grandpa::WeightInfo::<Runtime>::check_equivocation_proof(1))
	}

	fn note_stalled() -> Weight {
		pallet_grandpa::WeightInfo::<Runtime>::note_stalled()
	}
}

/// The session calls: the SDK measures them with a staking system only.
pub struct SessionKeyCalls;

impl pallet_session::WeightInfo for SessionKeyCalls {
	fn set_keys() -> Weight {
		Validators::<Runtime>::set_keys()
	}

	fn purge_keys() -> Weight {
		Validators::<Runtime>::release_keys()
	}
}
