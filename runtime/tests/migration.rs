//! A chain of the first storage version is upgraded: no transaction comes in between, nothing is lost.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{chain, signed, start_block};
use frame_support::{
	migrations::MultiStepMigrator,
	traits::{fungible::MutateHold, GetStorageVersion, StorageVersion},
};
use granary_runtime::{
	constants::UNIT, AccountId, Balances, Executive, MultiBlockMigrations, Runtime, RuntimeCall,
	RuntimeHoldReason, Snapshots,
};
use pallet_snapshots::{migrations::v2::v1, Counts, HoldReason, Names, NextSnapshot};
use sp_keyring::Sr25519Keyring;
use sp_runtime::ExtrinsicInclusionMode;

const SNAPSHOTS: u64 = 20_000;
const PER_RESERVATION: u64 = 1_000;

/// What a node of version 100 left: a catalogue in the first layout.
fn first_version(publisher: &AccountId) {
	StorageVersion::new(1).put::<Snapshots>();
	let reason: RuntimeHoldReason = HoldReason::Snapshot.into();
	for id in 0..SNAPSHOTS {
		let reservation = id / PER_RESERVATION;
		let name: pallet_snapshots::NameOf<Runtime> = id.to_le_bytes().to_vec().try_into().unwrap();
		Names::<Runtime>::insert((reservation, [5; 16], name.clone()), id);
		Counts::<Runtime>::mutate(reservation, |count| *count += 1);
		let snapshot = v1::Snapshot {
			publisher: publisher.clone(),
			deposit: UNIT,
			reservation,
			dataset: [5; 16],
			name,
			manifest: [6; 32],
			genesis: [7; 32],
			height: id,
			total_bytes: 9,
			stored_bytes: 10,
			published: 3,
		};
		v1::Snapshots::<Runtime>::insert(id, snapshot);
	}
	NextSnapshot::<Runtime>::put(SNAPSHOTS);
	Balances::hold(&reason, publisher, UNIT * u128::from(SNAPSHOTS)).unwrap();
	frame_system::LastRuntimeUpgrade::<Runtime>::put(frame_system::LastRuntimeUpgradeInfo {
		spec_version: 100.into(),
		spec_name: "granary".into(),
	});
}

#[test]
fn an_upgrade_migrates_over_blocks_that_hold_no_transaction() {
	chain("local_testnet").execute_with(|| {
		let publisher = Sr25519Keyring::Dave.to_account_id();
		first_version(&publisher);
		let (mut block, mut blocks_of_migration) = (1u32, 0);
		while start_block(block, 100 + u64::from(block)) == ExtrinsicInclusionMode::OnlyInherents {
			assert!(MultiBlockMigrations::ongoing());
			Executive::finalize_block();
			(block, blocks_of_migration) = (block + 1, blocks_of_migration + 1);
			assert!(block < 1_000, "the migration does not end");
		}
		assert!(blocks_of_migration > 1, "{SNAPSHOTS} entries fit into one block: make them more");
		assert_eq!(Snapshots::on_chain_storage_version(), StorageVersion::new(2));
		let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
		Executive::apply_extrinsic(signed(Sr25519Keyring::Bob, 0, remark)).unwrap().unwrap();

		let newest = Snapshots::snapshots_of_chain([7; 32], None, None, None, 3);
		let heights: Vec<u64> = newest.iter().map(|snapshot| snapshot.height).collect();
		assert_eq!(heights, [SNAPSHOTS - 1, SNAPSHOTS - 2, SNAPSHOTS - 3]);
		for id in 0..SNAPSHOTS {
			let snapshot = Snapshots::snapshot_info(id).unwrap();
			assert_eq!((snapshot.height, snapshot.published), (id, 3));
		}
		Executive::finalize_block();
	});
}

/// What `try-runtime` checks before an upgrade is proposed: the migration's own checks, and every
/// pallet's invariants after it.
#[cfg(feature = "try-runtime")]
#[test]
fn an_upgrade_passes_all_checks() {
	use frame_support::{
		migrations::SteppedMigration,
		traits::{TryState, TryStateSelect, UpgradeCheckSelect},
	};
	type Migration = pallet_snapshots::migrations::v2::MigrateV1ToV2<Runtime>;
	chain("local_testnet").execute_with(|| {
		first_version(&Sr25519Keyring::Dave.to_account_id());
		let before = Migration::pre_upgrade().unwrap();
		let mut block = 1u32;
		while start_block(block, 100 + u64::from(block)) == ExtrinsicInclusionMode::OnlyInherents {
			Executive::finalize_block();
			block += 1;
		}
		Executive::finalize_block();
		Migration::post_upgrade(before).unwrap();
		let all = TryStateSelect::All;
		<granary_runtime::AllPalletsWithSystem as TryState<u32>>::try_state(block, all).unwrap();
		// An upgrade from here on has nothing to migrate and passes every check at once.
		Executive::try_runtime_upgrade(UpgradeCheckSelect::All).unwrap();
	});
}
