//! The beacon never mints a seed from missing, stale or default randomness.

use crate::{beacon, mock::*, Beacon, Event, FullBlocks};
use frame_support::{
	dispatch::DispatchClass,
	traits::{Get, Hooks},
	weights::WeightMeter,
};
use frame_system::limits::{BlockLength, BlockWeights};

fn end_with(vrf: Option<[u8; 32]>) {
	Vrf::set(vrf);
	end_block();
	begin_block(System::block_number() + 1);
}

#[test]
fn a_tick_needs_a_vrf() {
	run(|| {
		end_with(None);
		assert_eq!(Audits::audit_clock().tick, 0);
		end_with(Some([1; 32]));
		assert_eq!(Audits::audit_clock().tick, 1);
	});
}

#[test]
fn a_vrf_that_repeats_is_stale() {
	run(|| {
		end_with(Some([1; 32]));
		let before = Beacon::<Test>::get();
		end_with(Some([1; 32]));
		assert_eq!(Beacon::<Test>::get(), before);
		end_with(Some([2; 32]));
		assert_eq!(Audits::audit_clock().tick, before.tick + 1);
	});
}

#[test]
fn a_tick_needs_a_past_epoch_but_entropy_is_collected() {
	run(|| {
		Epoch::set(None);
		end_with(Some([1; 32]));
		assert_eq!(Audits::audit_clock().tick, 0);
		assert_eq!(Audits::seed(0), None);
		assert_ne!(Beacon::<Test>::get().accumulator, [0; 32]);
		Epoch::set(Some([7; 32]));
		end_with(Some([2; 32]));
		assert_eq!(Audits::audit_clock().tick, 1);
	});
}

#[test]
fn seeds_follow_the_formula_and_all_ingredients() {
	run(|| {
		end_with(Some([1; 32]));
		let accumulator = beacon::accumulate(&[0; 32], &[1; 32]);
		assert_eq!(
			accumulator,
			sp_io::hashing::blake2_256(&[&b"beacon"[..], &[0; 32], &[1; 32]].concat())
		);
		let seed = sp_io::hashing::blake2_256(
			&[&b"audit"[..], &accumulator, &[7; 32], &1u32.to_le_bytes()].concat(),
		);
		assert_eq!(Audits::seed(1), Some(seed));
		assert_ne!(beacon::seed(&accumulator, &[8; 32], 1), seed);
		assert_ne!(beacon::seed(&accumulator, &[7; 32], 2), seed);
		assert_eq!(Audits::seed(2), None);
	});
}

#[test]
fn seeds_are_kept_for_a_while_and_never_mistaken() {
	run(|| {
		run_to_tick(1030);
		assert_eq!(Audits::seed(6), None);
		assert!(Audits::seed(7).is_some());
		assert!(Audits::seed(1030).is_some());
		assert_eq!(Audits::seed(1031), None);
	});
}

#[test]
fn the_tick_pauses_while_most_blocks_are_full_and_resumes() {
	run(|| {
		let limits: BlockWeights = <Test as frame_system::Config>::BlockWeights::get();
		let full = limits.get(DispatchClass::Normal).max_total.unwrap();
		let fill = || {
			System::set_block_consumed_resources(full, 0);
			assert!(!Audits::has_room());
		};
		for _ in 0..25 {
			fill();
			next_block();
		}
		assert_eq!(Audits::audit_clock().tick, 25, "half of the blocks may be full");
		fill();
		Vrf::set(Some([99; 32]));
		end_block();
		System::assert_last_event(Event::TicksPaused.into());
		assert_eq!(Audits::audit_clock().tick, 25);
		System::set_block_consumed_resources(Default::default(), 0);
		begin_block(System::block_number() + 1);
		// The full blocks have to leave the window of fifty first.
		for _ in 0..24 {
			next_block();
			assert_eq!(Audits::audit_clock().tick, 25);
		}
		Vrf::set(Some([98; 32]));
		end_block();
		System::assert_last_event(Event::TicksResumed.into());
		assert_eq!(Audits::audit_clock().tick, 26);
		assert_eq!(FullBlocks::<Test>::get().count_ones(), 25);
	});
}

#[test]
fn a_block_without_room_for_the_bytes_is_full() {
	run(|| {
		assert!(Audits::has_room());
		let lengths: BlockLength = <Test as frame_system::Config>::BlockLength::get();
		let max = *lengths.max.get(DispatchClass::Normal);
		System::set_block_consumed_resources(Default::default(), max as usize - 1000);
		assert!(!Audits::has_room());
	});
}

#[test]
fn a_block_that_takes_no_extrinsics_mints_no_tick() {
	run(|| {
		next_block();
		assert_eq!(Audits::audit_clock().tick, 1);
		// The executive skips `on_poll` while a multi-block migration runs.
		end_with(Some([1; 32]));
		let tick = Audits::audit_clock().tick;
		Vrf::set(Some([2; 32]));
		end_block();
		System::set_block_number(System::block_number() + 1);
		Vrf::set(Some([3; 32]));
		end_block();
		assert_eq!(Audits::audit_clock().tick, tick + 1, "only the first block was polled");
		// Nor does one that has no weight left for the poll.
		let number = System::block_number() + 1;
		System::set_block_number(number);
		Audits::on_poll(number, &mut WeightMeter::with_limit(Default::default()));
		Vrf::set(Some([4; 32]));
		end_block();
		assert_eq!(Audits::audit_clock().tick, tick + 1);
	});
}
