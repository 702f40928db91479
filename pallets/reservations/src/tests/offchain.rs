use super::reserve;
use crate::{mock::*, Call};
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
		assert_eq!(first, authorize(id).unwrap().unwrap(), "the same period has the same tag");
		Reservations::settle(frame_system::RawOrigin::Authorized.into(), id).unwrap();
		System::set_block_number(21);
		assert_ne!(first, authorize(id).unwrap().unwrap(), "the next period has another");
		Reservations::close(super::tenant(), id).unwrap();
		assert_eq!(authorize(id), Some(Err(InvalidTransaction::Stale)));
	});
}

#[test]
fn the_worker_submits_what_is_due_in_turn() {
	let mut ext = new_test_ext();
	let (offchain, _) = testing::TestOffchainExt::new();
	let (pool, state) = testing::TestTransactionPoolExt::new();
	ext.register_extension(OffchainWorkerExt::new(offchain));
	ext.register_extension(TransactionPoolExt::new(pool));
	ext.execute_with(|| {
		for _ in 0..3 {
			reserve(50);
		}
		System::set_block_number(5);
		Reservations::offchain_worker(5);
		assert!(state.read().transactions.is_empty(), "nothing is due yet");
		let mut settled = Vec::new();
		// Two windows of two: both come round within two blocks.
		for now in 11..13 {
			System::set_block_number(now);
			Reservations::offchain_worker(now);
			for bytes in state.write().transactions.drain(..) {
				let extrinsic = <Test as frame_system::offchain::CreateTransactionBase<
					Call<Test>,
				>>::Extrinsic::decode(&mut bytes.as_slice())
				.unwrap();
				let RuntimeCall::Reservations(Call::settle { reservation }) = extrinsic.function
				else {
					panic!("another call");
				};
				settled.push(reservation);
			}
		}
		settled.sort_unstable();
		assert_eq!(settled, vec![0, 1, 2]);
	});
}
