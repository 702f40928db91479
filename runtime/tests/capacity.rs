//! How many allotments a tenth of the blocks audits, computed from the weights in this repository.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::print_stderr,
	missing_docs,
	reason = "test code"
)]

use frame_support::{dispatch::DispatchClass, traits::Get, weights::Weight};
use granary_por::{challenge, proof_len, Blake2};
use granary_runtime::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	constants::DAYS,
	Runtime,
};
use pallet_audits::weights::{SubstrateWeight, WeightInfo};

type Audits = SubstrateWeight<Runtime>;

const LEAVES: u32 = 16;
/// Audits of one allotment in a day: the standard profile, and the cold one.
const STANDARD: u64 = 8;
const COLD: u64 = 2;
/// Bytes of a call, its extensions and its signature beside the proof and what it answers.
const ENVELOPE: u64 = 120;
/// Bytes of what a proof answers: seed, root, leaf count, samples.
const CHALLENGE: u64 = 32 + 32 + 5 + 1;
/// Proofs of one node in a batch.
const BATCH: u32 = 32;

/// Bytes of a proof of sixteen leaves of a log of so many leaves, on average over challenges.
fn proof_bytes(leaf_count: u64) -> u64 {
	let lengths = (0..64u8).map(|seed| {
		let leaves = challenge::<Blake2>(&[seed; 32], 1, &[2; 32], leaf_count, LEAVES);
		proof_len(leaf_count, &leaves).unwrap() as u64
	});
	lengths.sum::<u64>() / 64
}

/// Leaves of logs of 1 TiB and of 1 GiB.
const TIB: u64 = 1 << 31;
const GIB: u64 = 1 << 21;

/// How many proofs fit into a tenth of a block, by weight and by bytes.
fn per_block(weight_of_one: Weight, bytes_of_one: u64) -> (u64, u64) {
	let weight = RuntimeBlockWeights::get().max_block.ref_time() / 10;
	let bytes = u64::from(*RuntimeBlockLength::get().max.get(DispatchClass::Operational)) / 10;
	(weight / weight_of_one.ref_time(), bytes / bytes_of_one)
}

/// Allotments that so many proofs a block audit so often a day.
fn allotments(proofs_per_block: u64, a_day: u64) -> u64 {
	proofs_per_block * u64::from(DAYS) / a_day
}

/// What an audit costs a block from its opening to its proof.
fn single() -> Weight {
	Audits::open_audit()
		.saturating_add(Audits::authorize_submit_proof(LEAVES))
		.saturating_add(Audits::submit_proof(LEAVES))
}

fn batched() -> Weight {
	let batch = Audits::authorize_submit_proofs(BATCH, BATCH * LEAVES)
		.saturating_add(Audits::submit_proofs(BATCH, BATCH * LEAVES));
	Audits::open_audit().saturating_add(batch.saturating_div(u64::from(BATCH)))
}

#[test]
fn a_tenth_of_the_blocks_audits_thirty_thousand_allotments_eight_times_a_day() {
	let bytes = proof_bytes(TIB);
	assert!(bytes <= 22 << 10, "a proof of a log of 1 TiB has {bytes} bytes");
	let (by_weight, by_bytes) = per_block(single(), bytes + CHALLENGE + ENVELOPE);
	let [by_weight, by_bytes] = [by_weight, by_bytes].map(|proofs| allotments(proofs, STANDARD));
	eprintln!(
		"logs of 1 TiB ({bytes} bytes a proof), one by one, standard profile: {by_weight} allotments by \
		 weight, {by_bytes} by bytes"
	);
	assert!(by_weight.min(by_bytes) >= 30_000);
	let opened: u32 = <Runtime as pallet_audits::Config>::MaxAuditsPerTick::get();
	assert!(allotments(opened.into(), STANDARD) >= 300_000, "the schedule itself is the limit");
}

#[test]
fn batches_and_the_cold_profile_reach_further() {
	let mut most = (0, 0);
	for (log, leaf_count) in [("1 TiB", TIB), ("1 GiB", GIB)] {
		let (weight, bytes) =
			per_block(batched(), proof_bytes(leaf_count) + CHALLENGE + ENVELOPE / 8);
		for (profile, a_day) in [("standard", STANDARD), ("cold", COLD)] {
			most = (allotments(weight, a_day), allotments(bytes, a_day));
			let (weight, bytes) = most;
			eprintln!("logs of {log}, in batches, {profile}: {weight} by weight, {bytes} by bytes");
		}
	}
	// Bytes are what is scarce.
	assert!(most.0 >= 300_000 && most.1 >= 300_000, "{most:?}");
}
