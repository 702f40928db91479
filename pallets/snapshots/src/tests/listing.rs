//! What the runtime API answers.

use crate::mock::*;
use frame_support::assert_ok;
use granary_primitives::snapshot::{DatabaseKind, SnapshotInfo, SnapshotSignature};
use sp_core::Pair;

#[test]
fn a_snapshot_is_answered_as_it_was_published() {
	run(|| {
		System::set_block_number(42);
		let contents = contents(1, "höhe".as_bytes());
		let attestation = attest(&contents);
		let origin = RuntimeOrigin::signed(alice());
		assert_ok!(Snapshots::publish(origin, contents, None, attestation.clone()));
		assert_eq!(
			Snapshots::snapshot_info(0),
			Some(SnapshotInfo {
				id: 0,
				publisher: [1; 32],
				reservation: 1,
				dataset: [5; 16],
				name: "höhe".as_bytes().to_vec(),
				manifest: [6; 32],
				genesis: [7; 32],
				height: 8,
				total_bytes: 9,
				stored_bytes: 10,
				published: 42,
				database: DatabaseKind::ParityDb,
				expires: None,
				signature: Some(SnapshotSignature {
					signer: release_key().public().0,
					signature: attestation.signature.to_vec(),
				}),
			})
		);
		assert_eq!(Snapshots::snapshot_info(1), None);
	});
}

#[test]
fn pages_skip_what_is_retired() {
	run(|| {
		for name in [b"a", b"b", b"c"] {
			assert_ok!(publish(alice(), 1, name));
		}
		assert_ok!(publish(alice(), 2, b"d"));
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(alice()), 1));
		let ids = |start, limit| {
			Snapshots::snapshots(start, limit).iter().map(|info| info.id).collect::<Vec<_>>()
		};
		assert_eq!(ids(0, 10), [0, 2, 3]);
		assert_eq!(ids(0, 2), [0, 2]);
		assert_eq!(ids(3, 2), [3]);
		assert!(ids(0, 0).is_empty());
		assert!(ids(4, 10).is_empty());
		assert!(ids(u64::MAX, u32::MAX).is_empty());
	});
}

#[test]
fn the_newest_of_a_chain_come_first() {
	run(|| {
		let publish = |reservation, name: &[u8], height, database, genesis| {
			let mut contents = contents(reservation, name);
			(contents.height, contents.database, contents.genesis) = (height, database, genesis);
			assert_ok!(publish_contents(alice(), contents, None));
		};
		let (parity, rocks) = (DatabaseKind::ParityDb, DatabaseKind::RocksDb);
		publish(1, b"a", 500, parity, [7; 32]);
		publish(1, b"b", 70_000, parity, [7; 32]);
		publish(1, b"c", 600, rocks, [7; 32]);
		publish(2, b"d", 70_000, parity, [7; 32]);
		publish(2, b"e", 90_000, parity, [8; 32]);
		let ids = |database, max_height, after, limit| {
			Snapshots::snapshots_of_chain([7; 32], database, max_height, after, limit)
				.iter()
				.map(|info| info.id)
				.collect::<Vec<_>>()
		};
		assert_eq!(ids(None, None, None, 10), [3, 1, 2, 0]);
		assert_eq!(ids(Some(parity), None, None, 10), [3, 1, 0]);
		assert_eq!(ids(Some(rocks), None, None, 10), [2]);
		assert!(ids(Some(DatabaseKind::Other), None, None, 10).is_empty());
		assert_eq!(ids(None, Some(69_999), None, 10), [2, 0]);
		assert_eq!(ids(None, Some(600), None, 10), [2, 0]);
		// Page by page.
		assert_eq!(ids(None, None, None, 2), [3, 1]);
		assert_eq!(ids(None, None, Some(1), 2), [2, 0]);
		assert!(ids(None, None, Some(0), 2).is_empty());
		assert!(ids(None, None, Some(77), 2).is_empty(), "that one never was");
		assert_ok!(Snapshots::retire(RuntimeOrigin::signed(alice()), 3));
		assert_eq!(ids(None, None, None, 1), [1]);
	});
}
