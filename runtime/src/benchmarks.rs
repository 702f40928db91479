//! What the benchmarking command measures.

#![allow(
	clippy::crate_in_macro_def,
	reason = "the macro that uses these paths is used in this crate only"
)]

use crate::{AccountId, Runtime, SessionKeys, System};
use alloc::vec::Vec;
use codec::Encode;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryPlainPreDigest},
	BABE_ENGINE_ID,
};
use sp_runtime::DigestItem;

frame_benchmarking::define_benchmarks!(
	[frame_system, frame_system_benchmarking::Pallet::<Runtime>]
	[frame_system_extensions, frame_system_benchmarking::extensions::Pallet::<Runtime>]
	[pallet_timestamp, crate::Timestamp]
	[pallet_babe, crate::Babe]
	[pallet_grandpa, crate::Grandpa]
	[pallet_balances, crate::Balances]
	[pallet_transaction_payment, crate::TransactionPayment]
	[pallet_utility, crate::Utility]
	[pallet_sudo, crate::Sudo]
	[pallet_collective, crate::Council]
	[pallet_migrations, crate::MultiBlockMigrations]
	[pallet_governance, crate::Governance]
	[pallet_oracle, crate::Oracle]
	[pallet_grid, crate::Grid]
	[pallet_reservations, crate::Reservations]
	[pallet_audits, crate::Audits]
	[pallet_snapshots, crate::Snapshots]
	[pallet_validators, crate::Validators]
);

impl frame_system_benchmarking::Config for Runtime {}

impl pallet_transaction_payment::BenchmarkConfig for Runtime {
	/// The first validator writes the block and receives its share of the fee.
	fn setup_benchmark_environment() {
		let slot = SecondaryPlainPreDigest { authority_index: 0, slot: 1.into() };
		let digest = PreDigest::SecondaryPlain(slot).encode();
		System::deposit_log(DigestItem::PreRuntime(BABE_ENGINE_ID, digest));
	}
}

/// New session keys for the benchmarks of the validators pallet.
pub struct SessionKeysOf;

impl pallet_validators::benchmarking::BenchmarkHelper<AccountId, SessionKeys> for SessionKeysOf {
	fn session_keys(owner: &AccountId) -> (SessionKeys, Vec<u8>) {
		let generated = SessionKeys::generate(&owner.encode(), None);
		(generated.keys, generated.proof.encode())
	}
}
