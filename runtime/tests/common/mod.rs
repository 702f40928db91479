//! A chain in memory: the real runtime on the genesis of a preset.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	dead_code,
	missing_docs,
	unreachable_pub,
	reason = "test code; not every test file uses all of it"
)]

use codec::Encode;
use frame_support::dispatch::GetDispatchInfo;
use granary_runtime::{
	timing, Babe, Council, Executive, Hash, Header, Runtime, RuntimeCall, RuntimeOrigin,
	SignedPayload, System, TxExtension, UncheckedExtrinsic,
};
use serde_json::Value;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryVRFPreDigest},
	BABE_ENGINE_ID,
};
use sp_core::crypto::VrfSecret;
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era,
	traits::{BlakeTwo256, Hash as _, Header as _},
	Digest, DigestItem, ExtrinsicInclusionMode, MultiSignature,
};

fn merge(target: &mut Value, patch: Value) {
	match (target, patch) {
		(Value::Object(target), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(target.entry(key).or_insert(Value::Null), value);
			}
		},
		(target, patch) => *target = patch,
	}
}

/// The chain that a preset describes, at its genesis.
pub fn chain(preset: &str) -> TestExternalities {
	let mut chain = TestExternalities::default();
	chain.execute_with(|| {
		let default = Runtime::get_preset(&None).unwrap();
		let mut config: Value = serde_json::from_slice(&default).unwrap();
		let patch = Runtime::get_preset(&Some(preset.into())).unwrap();
		merge(&mut config, serde_json::from_slice(&patch).unwrap());
		Runtime::build_state(serde_json::to_vec(&config).unwrap()).unwrap();
	});
	chain
}

/// Starts a block of Alice in this slot, which may be the first of the next session. Answers whether it may hold transactions.
pub fn start_block(number: u32, slot: u64) -> ExtrinsicInclusionMode {
	let (now, next) = (Babe::current_epoch(), Babe::next_epoch());
	let begins = number > 1 && slot >= *next.start_slot;
	let epoch = if begins { next } else { now };
	let transcript =
		sp_consensus_babe::make_vrf_transcript(&epoch.randomness, slot.into(), epoch.epoch_index);
	let vrf_signature = Sr25519Keyring::Alice.pair().vrf_sign(&transcript.into_sign_data());
	let pre_digest = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
		authority_index: 0,
		slot: slot.into(),
		vrf_signature,
	});
	let digest = Digest { logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, pre_digest.encode())] };
	let header = Header::new(number, Hash::zero(), Hash::zero(), System::parent_hash(), digest);
	let mode = Executive::initialize_block(&header);
	let now = slot * timing::SlotDurationMs::<Runtime>::get();
	let set = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
	Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(set)).unwrap().unwrap();
	mode
}

/// A transaction of this account.
pub fn signed(from: Sr25519Keyring, nonce: u32, call: RuntimeCall) -> UncheckedExtrinsic {
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call.clone(), extension.clone()).unwrap();
	let signature = payload.using_encoded(|bytes| from.sign(bytes));
	let address = from.to_account_id().into();
	UncheckedExtrinsic::new_signed(call, address, MultiSignature::Sr25519(signature), extension)
}

/// A motion of Alice that Bob agrees to, and its end.
pub fn decide(call: RuntimeCall) {
	let [alice, bob] = [Sr25519Keyring::Alice, Sr25519Keyring::Bob].map(|key| key.to_account_id());
	let enact = RuntimeCall::Governance(pallet_governance::Call::enact { call: Box::new(call) });
	let (hash, len) = (BlakeTwo256::hash_of(&enact), enact.encoded_size() as u32);
	let weight = enact.get_dispatch_info().call_weight;
	let index = pallet_collective::ProposalCount::<Runtime, pallet_collective::Instance1>::get();
	Council::propose(RuntimeOrigin::signed(alice.clone()), 2, Box::new(enact), len).unwrap();
	for member in [alice, bob.clone()] {
		Council::vote(RuntimeOrigin::signed(member), hash, index, true).unwrap();
	}
	Council::close(RuntimeOrigin::signed(bob), hash, index, weight, len).unwrap();
}
