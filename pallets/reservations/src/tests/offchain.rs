use super::reserve;
use crate::{mock::*, settlement::SETTLEMENT_PRIORITY, Call};
use codec::Decode;
use frame_support::{
	pallet_prelude::{InvalidTransaction, TransactionSource},
	traits::{Authorize, Hooks},
};
use sp_core::offchain::{testing, OffchainWorkerExt, TransactionPoolExt};

fn authorize(id: u64) -> Option<Result<Vec<Vec<u8>>, InvalidTransaction>> {
	let call = Call::<Test>::settle { reservation: id };
	call.authorize(TransactionSource::External).map(|result| match result {
		Ok((valid, _)) => Ok(valid.provides),
		Err(error) => match error {
			frame_support::pallet_prelude::TransactionValidityError::Invalid(invalid) => {
				Err(invalid)
			},
			_ => panic!("an unknown validity"),
		},
	})
}

#[test]
fn the_pool_takes_a_settlement_once_a_period_and_only_when_due() {
	run(|| {
		let id = reserve(100);
		assert_eq!(authorize(id), Some(Err(InvalidTransaction::Future)));
		assert_eq!(authorize(9), Some(Err(InvalidTransaction::BadProof)));
		System::set_block_number(11);
		let first = authorize(id).unwrap().unwrap();
		let call = Call::<Test>::settle { reservation: id };
		let (valid, _) = call.authorize(TransactionSource::External).unwrap().unwrap();
		assert_eq!(valid.priority, SETTLEMENT_PRIORITY, "full blocks do not keep farmers waiting");
		assert_eq!(first, authorize(id).unwrap().unwrap(), "the same period has the same tag");
		Reservations::settle(frame_system::RawOrigin::Authorized.into(), id).unwrap();
		System::set_block_number(21);
		assert_ne!(first, authorize(id).unwrap().unwrap(), "the next period has another");
		Reservations::close(super::tenant(), id).unwrap();
		assert_eq!(authorize(id), Some(Err(InvalidTransaction::Stale)));
	});
}

/// Runs a test of which each block's off-chain worker tells what it submitted.
fn with_worker(test: impl FnOnce(&dyn Fn(u32) -> Vec<u64>)) {
	let mut ext = new_test_ext();
	let (offchain, _) = testing::TestOffchainExt::new();
	let (pool, state) = testing::TestTransactionPoolExt::new();
	ext.register_extension(OffchainWorkerExt::new(offchain));
	ext.register_extension(TransactionPoolExt::new(pool));
	ext.execute_with(|| {
		test(&|now| {
			System::set_block_number(now);
			Reservations::offchain_worker(now);
			let submitted = core::mem::take(&mut state.write().transactions);
			submitted.iter().map(|bytes| settled_by(bytes)).collect()
		});
	});
}

fn settled_by(mut bytes: &[u8]) -> u64 {
	type Extrinsic = <Test as frame_system::offchain::CreateTransactionBase<Call<Test>>>::Extrinsic;
	let extrinsic = Extrinsic::decode(&mut bytes).unwrap();
	match extrinsic.function {
		RuntimeCall::Reservations(Call::settle { reservation }) => reservation,
		_ => panic!("another call"),
	}
}

#[test]
fn the_worker_submits_a_bounded_number_of_what_is_due() {
	with_worker(|block| {
		for _ in 0..3 {
			reserve(50);
		}
		assert_eq!(block(5), Vec::<u64>::new(), "nothing is due yet");
		assert_eq!(block(11), vec![0, 1], "two in a block");
		for id in [0, 1] {
			Reservations::settle(frame_system::RawOrigin::Authorized.into(), id).unwrap();
		}
		assert_eq!(block(12), vec![2], "the next block goes on with the rest");
	});
}

#[test]
fn every_reservation_has_its_turn() {
	with_worker(|block| {
		// A window is of 64 reservations: number 64 lies in the second of two.
		crate::NextReservation::<Test>::put(64);
		reserve(50);
		assert_eq!(block(12), Vec::<u64>::new(), "the turn of the first window");
		assert_eq!(block(13), vec![64]);
	});
}
