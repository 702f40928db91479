//! From the first storage version to the second.

use crate::{
	migrations::v2::{v1, MigrateV1ToV2},
	mock::*,
	Counts, HoldReason, Names, NextSnapshot, Pallet, Snapshots as Catalogue, WeightInfo,
};
use frame_support::{
	assert_ok,
	migrations::{SteppedMigration, SteppedMigrationError},
	traits::{fungible::MutateHold, GetStorageVersion, StorageVersion},
	weights::{Weight, WeightMeter},
};
use granary_primitives::snapshot::DatabaseKind;

/// A catalogue of the first version with snapshots 0, 2, 4 … of Alice, and what they are.
fn first_version(count: u64) -> Vec<(u64, v1::SnapshotOf<Test>)> {
	StorageVersion::new(1).put::<Pallet<Test>>();
	Balances::force_set_balance(RuntimeOrigin::root(), alice(), 1_000_000).unwrap();
	let snapshots: Vec<_> = (0..count)
		.map(|number| {
			let name: crate::NameOf<Test> = number.to_le_bytes().to_vec().try_into().unwrap();
			let snapshot = v1::Snapshot {
				publisher: alice(),
				deposit: 100,
				reservation: number % 2 + 1,
				dataset: [5; 16],
				name: name.clone(),
				manifest: [6; 32],
				genesis: [7; 32],
				height: 1000 + number % 7,
				total_bytes: 9,
				stored_bytes: 10,
				published: 3,
			};
			(2 * number, snapshot)
		})
		.collect();
	for (id, snapshot) in &snapshots {
		Balances::hold(&HoldReason::Snapshot.into(), &alice(), 100).unwrap();
		Names::<Test>::insert((snapshot.reservation, [5; 16], snapshot.name.clone()), id);
		Counts::<Test>::mutate(snapshot.reservation, |count| *count += 1);
		v1::Snapshots::<Test>::insert(id, snapshot);
	}
	NextSnapshot::<Test>::put(2 * count);
	snapshots
}

/// Steps with room for so many entries, until it is done; answers how many blocks it took.
fn migrate(entries_per_block: u64) -> u32 {
	let step = <Test as crate::Config>::WeightInfo::migrate_v2_step();
	let (mut cursor, mut blocks) = (None, 0);
	loop {
		let mut meter = WeightMeter::with_limit(step * entries_per_block);
		cursor = MigrateV1ToV2::<Test>::step(cursor, &mut meter).unwrap();
		assert!(meter.consumed().all_lte(meter.limit()));
		blocks += 1;
		if cursor.is_none() {
			return blocks;
		}
	}
}

#[test]
fn every_snapshot_is_converted_over_several_blocks() {
	run(|| {
		let old = first_version(100);
		// The hundred-and-first look finds the end.
		assert_eq!(migrate(10), 11);
		assert_eq!(Pallet::<Test>::on_chain_storage_version(), StorageVersion::new(2));
		for (id, old) in &old {
			let new = Snapshots::snapshot_info(*id).unwrap();
			assert_eq!((new.name, new.height), (old.name.to_vec(), old.height));
			assert_eq!((new.manifest, new.genesis), (old.manifest, old.genesis));
			assert_eq!((new.total_bytes, new.stored_bytes, new.published), (9, 10, 3));
			assert_eq!(
				(new.database, new.expires, new.signature),
				(DatabaseKind::Other, None, None)
			);
		}
		let newest = Snapshots::snapshots_of_chain([7; 32], None, None, None, 256);
		assert_eq!(newest.len(), 100);
		assert!(newest.is_sorted_by_key(|info| std::cmp::Reverse((info.height, info.id))));
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(alice()), 0));
	});
}

#[test]
fn it_does_nothing_twice_or_on_a_new_chain() {
	run(|| {
		first_version(3);
		migrate(10);
		let before: Vec<_> = Catalogue::<Test>::iter().collect();
		assert_eq!(migrate(10), 1);
		assert_eq!(Catalogue::<Test>::iter().collect::<Vec<_>>(), before);
	});
	run(|| {
		assert_eq!(Pallet::<Test>::on_chain_storage_version(), StorageVersion::new(2));
		assert_ok!(publish(alice(), 1, b"one"));
		assert_eq!(migrate(10), 1);
		assert!(Snapshots::snapshot_info(0).unwrap().signature.is_some());
	});
}

#[test]
fn an_empty_catalogue_takes_one_step_and_too_little_weight_none() {
	run(|| {
		first_version(0);
		let mut meter = WeightMeter::with_limit(Weight::from_parts(1, 1));
		let outcome = MigrateV1ToV2::<Test>::step(None, &mut meter);
		assert!(matches!(outcome, Err(SteppedMigrationError::InsufficientWeight { .. })));
		assert_eq!(migrate(1), 1);
		assert_eq!(Pallet::<Test>::on_chain_storage_version(), StorageVersion::new(2));
	});
}
