//! Mass failure: ten thousand audits are missed at one tick.

use crate::{mock::*, AuditParameters, Audited, Beacon, DeadlineCursor, Deadlines, WeightInfo};
use frame_support::{
	traits::Hooks,
	weights::{Weight, WeightMeter},
};
use granary_primitives::{audit::LogHead, reservation::AuditProfile, traits::AllotmentView};

const ALLOTMENTS: u64 = 10_000;
const CLOSINGS: u32 = 16;

/// Allotments whose checkpoints are taken as verified, all due at tick 2.
fn populate() {
	for allotment in 1..=ALLOTMENTS {
		World::set(
			allotment,
			AllotmentView {
				reservation: 1,
				node: allotment as u32 % 500,
				tenant: [1; 32].into(),
				bytes: 1 << 20,
				profile: AuditProfile::Standard,
				live: true,
			},
		);
		let log = LogHead { epoch: 1, root: [1; 32], leaf_count: 9 };
		let state = Audits::first_schedule(allotment, log, None, 1);
		Audited::<Test>::insert(allotment, state);
	}
}

/// One block with its own limits, committed as a real one is.
fn block(ext: &mut sp_io::TestExternalities, limit: Weight) {
	ext.execute_with(|| {
		Vrf::set(Some(sp_io::hashing::blake2_256(&System::block_number().to_le_bytes())));
		Audits::on_finalize(System::block_number());
		let number = System::block_number() + 1;
		System::set_block_number(number);
		System::reset_events();
		let mut meter = WeightMeter::with_limit(limit);
		Audits::on_poll(number, &mut meter);
		assert!(meter.consumed().all_lte(limit), "block {number} is overweight");
	});
	ext.commit_all().unwrap();
}

#[test]
fn ten_thousand_misses_drain_over_blocks_and_none_is_dropped() {
	let mut ext = new_test_ext();
	ext.execute_with(|| {
		AuditParameters::<Test>::mutate(|p| p.period_ticks = 100_000);
		populate();
	});
	ext.commit_all().unwrap();
	MaxAuditsPerTick::set(ALLOTMENTS as u32);
	MaxClosingsPerBlock::set(CLOSINGS);
	while ext.execute_with(|| Deadlines::<Test>::iter().next().is_none()) {
		block(&mut ext, Weight::MAX);
	}
	let deadline = ext.execute_with(|| {
		assert_eq!(Deadlines::<Test>::iter().count() as u64, ALLOTMENTS);
		Deadlines::<Test>::iter().next().unwrap().0
	});

	// A block has weight for the closings of this pallet and for little else.
	let limit = <() as WeightInfo>::poll_base() * 2
		+ <() as WeightInfo>::close_missed() * u64::from(CLOSINGS + 2);
	let (mut blocks, mut paused, mut before) = (0, 0, 0);
	while before < ALLOTMENTS as usize {
		let (tick, cursor) =
			ext.execute_with(|| (Audits::audit_clock().tick, DeadlineCursor::<Test>::get()));
		block(&mut ext, limit);
		ext.execute_with(|| {
			let recorded = Till::get().len();
			let new = recorded - before;
			let clock = Audits::audit_clock().tick;
			if clock > deadline {
				assert_eq!(new, CLOSINGS as usize, "every block works off its share");
				blocks += 1;
			}
			if clock == tick {
				paused += 1;
				// By rule: the seeds of the open audits would be overwritten otherwise.
				assert_eq!(clock, cursor + 511);
			}
			before = recorded;
		});
		assert!(blocks < 2000, "the backlog does not drain");
	}
	assert_eq!(blocks, ALLOTMENTS / u64::from(CLOSINGS));
	// Ticks went on for 511 ticks after the deadline, then waited for the rest.
	assert!((100..=120).contains(&paused), "{paused} blocks without a tick");
	ext.execute_with(|| {
		let mut missed: Vec<_> = Till::get().iter().map(|(id, ..)| *id).collect();
		missed.sort_unstable();
		missed.dedup();
		assert_eq!(missed.len() as u64, ALLOTMENTS, "each exactly once");
		assert!(Audited::<Test>::iter().all(|(_, state)| state.missed == 1));
	});
	block(&mut ext, limit);
	block(&mut ext, limit);
	ext.execute_with(|| {
		let tick = Beacon::<Test>::get().tick;
		assert!(tick > deadline + 511, "the clock goes on");
		Audits::do_try_state().unwrap();
	});
}
