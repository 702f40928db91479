//! Blocks that are full of one heavy call keep to the limits, and what does not fit waits.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::print_stderr,
	missing_docs,
	reason = "test code"
)]

mod common;

use codec::Encode;
use common::{chain, signed, start_block};
use frame_support::{dispatch::DispatchClass, storage::with_storage_layer};
use granary_primitives::{
	audit::{Checkpoint, SignedCheckpoint},
	message,
};
use granary_runtime::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	constants::UNIT,
	Audits, Executive, Grid, Reservations, Runtime, RuntimeCall, RuntimeOrigin, System,
	UncheckedExtrinsic,
};
use sp_core::{sr25519, Pair};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError,
};

/// Allotments of each reservation: what the goals speak of.
const SHARDS: u32 = 20;
const TENANT: Sr25519Keyring = Sr25519Keyring::Bob;

fn audit_key(node: u32) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[node as u8 + 1; 32])
}

/// As many farms with one node each as a reservation has allotments, and a tenant.
fn grid() {
	for key in [Sr25519Keyring::Alice, TENANT] {
		let origin = RuntimeOrigin::signed(key.to_account_id());
		Grid::register_twin(origin, Default::default(), [7; 32]).unwrap();
	}
	let farmer = || RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id());
	for number in 0..SHARDS {
		let name = format!("farm {number}").into_bytes().try_into().unwrap();
		Grid::create_farm(farmer(), name, None).unwrap();
		let endpoint = b"node.example:9900".to_vec().try_into().unwrap();
		let key = audit_key(number).public().0;
		let (bytes, price, bond) = (1 << 50, UNIT / 1000, 10_000 * UNIT);
		Grid::register_node(farmer(), number, endpoint, bytes, price, key, [7; 32], bond).unwrap();
	}
}

fn reserve() -> RuntimeCall {
	let nodes = (0..SHARDS).collect::<Vec<_>>().try_into().unwrap();
	RuntimeCall::Reservations(pallet_reservations::Call::reserve {
		data_shards: 16,
		parity_shards: 4,
		nodes,
		bytes_per_allotment: 1 << 20,
		term_blocks: 1_000,
		public_read: false,
		max_price_per_block: UNIT,
	})
}

/// Why a transaction did not get in.
struct Refused(TransactionValidityError);

impl From<DispatchError> for Refused {
	fn from(error: DispatchError) -> Self {
		panic!("the storage layer failed: {error:?}")
	}
}

/// Puts transactions into the block until one does not fit; answers how many did.
fn fill(mut next: impl FnMut(u32) -> UncheckedExtrinsic) -> u32 {
	for number in 0.. {
		// As the block builder does: what does not fit leaves no trace.
		let applied =
			with_storage_layer(|| Executive::apply_extrinsic(next(number)).map_err(Refused));
		match applied.map_err(|Refused(error)| error) {
			Ok(outcome) => outcome.unwrap(),
			Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
				return number;
			},
			Err(error) => panic!("transaction {number}: {error:?}"),
		};
	}
	0
}

/// Ends the block and checks what it took.
fn finish(what: &str, count: u32) {
	let weight = System::block_weight();
	let normal = *weight.get(DispatchClass::Normal);
	let limit = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total.unwrap();
	let most = RuntimeBlockWeights::get().max_block;
	let length = System::block_size();
	Executive::finalize_block();
	assert!(normal.all_lte(limit), "{what}: {normal} above {limit}");
	assert!(System::block_weight().total().all_lte(most), "{what}: the block is overweight");
	assert!(
		length <= *RuntimeBlockLength::get().max.get(DispatchClass::Normal),
		"{what}: too long"
	);
	// Full by weight or by length, not refused for another reason.
	let by_weight = normal.ref_time() * 100 / limit.ref_time();
	let by_length = u64::from(length) * 100
		/ u64::from(*RuntimeBlockLength::get().max.get(DispatchClass::Normal));
	eprintln!(
		"{what}: {count} in a block, {by_weight} % of its weight, {by_length} % of its length"
	);
	assert!(by_weight.max(by_length) > 90, "{what}: the block is not full");
}

#[test]
fn a_block_full_of_reservations() {
	chain("local_testnet").execute_with(|| {
		grid();
		start_block(1, 100);
		let count = fill(|nonce| signed(TENANT, nonce, reserve()));
		assert!(count > 10, "{count}");
		finish("reserve, 20 allotments", count);
		// What did not fit does in the next block.
		start_block(2, 101);
		Executive::apply_extrinsic(signed(TENANT, count, reserve())).unwrap().unwrap();
		assert_eq!(Reservations::reservations(None, 0, 1_000).len() as u32, count + 1);
		Executive::finalize_block();
	});
}

#[test]
fn a_block_full_of_checkpoints() {
	chain("local_testnet").execute_with(|| {
		grid();
		let tenant = || RuntimeOrigin::signed(TENANT.to_account_id());
		start_block(1, 100);
		Reservations::reserve(
			tenant(),
			16,
			4,
			(0..SHARDS).collect::<Vec<_>>().try_into().unwrap(),
			1 << 20,
			1_000,
			false,
			UNIT,
		)
		.unwrap();
		Executive::finalize_block();
		start_block(2, 101);
		// Most of the block is taken already: tens of thousands of signatures would say no more.
		let limit = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total.unwrap();
		System::register_extra_weight_unchecked(limit / 5 * 4, DispatchClass::Normal);
		let genesis = frame_system::BlockHash::<Runtime>::get(0).0;
		let mut last = vec![[0u8; 32]; SHARDS as usize];
		let count = fill(|number| {
			// Each epoch's log is longer than the one before.
			let epoch = number + 1;
			let signed_ones = (0..SHARDS).map(|allotment| {
				let root = sp_io::hashing::blake2_256(&(epoch, allotment).encode());
				let previous_root = std::mem::replace(&mut last[allotment as usize], root);
				let checkpoint = Checkpoint {
					allotment: allotment.into(),
					epoch,
					root,
					leaf_count: epoch.into(),
					previous_root,
				};
				let message = message::checkpoint(&genesis, &checkpoint);
				SignedCheckpoint {
					checkpoint,
					tenant_signature: TENANT.pair().sign(&message).0,
					node_signature: audit_key(allotment).sign(&message).0,
				}
			});
			let checkpoints = signed_ones.collect::<Vec<_>>().try_into().unwrap();
			let call = pallet_audits::Call::submit_checkpoints { checkpoints };
			signed(TENANT, number, RuntimeCall::Audits(call))
		});
		assert!(count > 10, "{count}");
		finish("submit_checkpoints, 20 allotments", count);
		assert_eq!(Audits::audit_status(0).unwrap().checkpoint.unwrap().epoch, count);
	});
}
