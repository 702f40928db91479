//! What the runtime API answers.

use crate::mock::*;
use frame_support::assert_ok;
use granary_primitives::snapshot::SnapshotInfo;

#[test]
fn a_snapshot_is_answered_as_it_was_published() {
	run(|| {
		System::set_block_number(42);
		assert_ok!(publish(alice(), 1, "höhe".as_bytes()));
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
