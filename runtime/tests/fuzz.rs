//! Bytes from outside: whatever comes, decoding and the pool's check do not panic, and nothing forged is valid.
//!
//! `GRANARY_STEPS` and `GRANARY_SEED` make it longer and other.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use codec::{Decode, Encode};
use common::{chain, signed, start_block};
use frame_system::offchain::CreateAuthorizedTransaction;
use granary_runtime::{Executive, Runtime, RuntimeCall, System, UncheckedExtrinsic};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use sp_keyring::Sr25519Keyring;
use sp_runtime::transaction_validity::TransactionSource;

fn variable(name: &str, default: u64) -> u64 {
	std::env::var(name).ok().map_or(default, |value| value.parse().unwrap())
}

/// A call that authorises itself.
fn authorised(call: RuntimeCall) -> UncheckedExtrinsic {
	<Runtime as CreateAuthorizedTransaction<pallet_audits::Call<Runtime>>>::create_authorized_transaction(call)
}

/// Transactions of every kind that a stranger can send.
fn seeds() -> Vec<Vec<u8>> {
	let proof = RuntimeCall::Audits(pallet_audits::Call::submit_proof {
		allotment: 0,
		tick: 1,
		challenge: Default::default(),
		proof: vec![7; 1_000].try_into().unwrap(),
		signature: [9; 64],
	});
	let settle = RuntimeCall::Reservations(pallet_reservations::Call::settle { reservation: 0 });
	let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![1; 30] });
	let loss =
		RuntimeCall::Audits(pallet_audits::Call::declare_loss { allotment: 0, signature: [9; 64] });
	vec![
		authorised(proof).encode(),
		authorised(settle).encode(),
		authorised(loss).encode(),
		signed(Sr25519Keyring::Bob, 0, remark).encode(),
	]
}

/// Changes, removes, inserts or repeats some bytes.
fn mutate(bytes: &mut Vec<u8>, random: &mut StdRng) {
	for _ in 0..random.gen_range(1..8) {
		// What follows the length prefix and the preamble decides most.
		let end = if random.gen_bool(0.7) { bytes.len().min(40) } else { bytes.len() };
		let at = random.gen_range(0..=end.saturating_sub(1));
		match random.gen_range(0..6) {
			0 if bytes.len() > 1 => drop(bytes.remove(at)),
			1 => bytes.insert(at, random.gen()),
			2 => bytes.truncate(at.max(1)),
			3 => bytes[at] = *[0, 1, 3, 0x45, 0x84, 0xff].choose(random).unwrap(),
			_ => bytes[at] = random.gen(),
		}
	}
}

#[test]
fn nothing_that_a_stranger_sends_panics_or_is_valid() {
	let seed = variable("GRANARY_SEED", 1);
	let mut random = StdRng::seed_from_u64(seed);
	let (mut decoded, mut valid) = (0, 0);
	chain("local_testnet").execute_with(|| {
		start_block(1, 100);
		Executive::finalize_block();
		let parent = System::parent_hash();
		let seeds = seeds();
		for _ in 0..variable("GRANARY_STEPS", 20_000) {
			let mut bytes = seeds.choose(&mut random).unwrap().clone();
			mutate(&mut bytes, &mut random);
			let Ok(transaction) = UncheckedExtrinsic::decode(&mut &bytes[..]) else { continue };
			decoded += 1;
			let source = TransactionSource::External;
			valid +=
				u32::from(Executive::validate_transaction(source, transaction, parent).is_ok());
		}
	});
	assert!(decoded > 100 && valid < decoded, "{decoded} were transactions, {valid} valid");
}
