//! The runtime: which pallets, in which order.
//!
//! Indices are part of the transaction format: never reuse or move one. The order is that of the
//! hooks and of genesis: BABE comes before the audits, whose beacon consumes what BABE's
//! `on_finalize` leaves; balances before validators, whose bonds are held at genesis; validators before
//! sessions, which ask who they are; sessions before authorship: the first block of an epoch was
//! written by one of the new validators.

#![allow(missing_docs, reason = "the macro's items")]

// The macro names it; without std it is in no prelude.
use alloc::vec::Vec;

/// The runtime.
#[frame_support::runtime]
mod runtime {
	/// The runtime.
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timing = crate::timing;
	#[runtime::pallet_index(2)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(3)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(4)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(12)]
	pub type Validators = pallet_validators;
	#[runtime::pallet_index(13)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(14)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(15)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(5)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(7)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(8)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(9)]
	pub type Sudo = pallet_sudo;
	#[runtime::pallet_index(10)]
	pub type Council = pallet_collective<Instance1>;
	#[runtime::pallet_index(11)]
	pub type Governance = pallet_governance;
	#[runtime::pallet_index(16)]
	pub type MultiBlockMigrations = pallet_migrations;
	#[runtime::pallet_index(20)]
	pub type Grid = pallet_grid;
	#[runtime::pallet_index(21)]
	pub type Reservations = pallet_reservations;
	#[runtime::pallet_index(22)]
	pub type Audits = pallet_audits;
	#[runtime::pallet_index(23)]
	pub type Snapshots = pallet_snapshots;
	#[runtime::pallet_index(24)]
	pub type Oracle = pallet_oracle;
}

/// The inherents that a block's author adds. The macro's trait for it can be seen from here only.
pub(crate) fn create_inherents(
	data: &sp_inherents::InherentData,
) -> alloc::vec::Vec<crate::UncheckedExtrinsic> {
	data.create_extrinsics()
}

/// Whether a block's inherents are what they should be.
pub(crate) fn check_inherents(
	data: &sp_inherents::InherentData,
	block: &<crate::Block as sp_runtime::traits::Block>::LazyBlock,
) -> sp_inherents::CheckInherentsResult {
	data.check_extrinsics(block)
}
