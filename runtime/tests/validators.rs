//! Who joins writes blocks after two sessions; who equivocates pays and has to go.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use codec::Encode;
use common::{chain, decide, signed, start_block};
use frame_support::traits::KeyOwnerProofSystem;
use granary_runtime::{
	configs::TreasuryAccount, constants::UNIT, AccountId, Babe, Balances, Executive, Grandpa, Hash,
	Header, Historical, Runtime, RuntimeCall, RuntimeOrigin, Session, SessionKeys, System,
};
use pallet_validators::{Bonds, Members};
use sp_consensus_babe::digests::CompatibleDigestItem;
use sp_core::{proof_of_possession::ProofOfPossessionGenerator, Pair};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{
	traits::{Dispatchable, Header as _},
	DigestItem,
};

/// Slots of a session of the presets.
const SESSION: u64 = granary_runtime::constants::DEVELOPMENT_EPOCH_SLOTS;
/// The slot of the first block.
const FIRST_SLOT: u64 = 100;

/// Runs the first block of each of these sessions.
fn sessions(range: std::ops::Range<u32>) {
	for session in range {
		start_block(session + 1, FIRST_SLOT + u64::from(session) * SESSION);
		Executive::finalize_block();
	}
}

fn account(key: Sr25519Keyring) -> AccountId {
	key.to_account_id()
}

fn keys(babe: Sr25519Keyring, grandpa: Ed25519Keyring) -> SessionKeys {
	SessionKeys { babe: babe.public().into(), grandpa: grandpa.public().into() }
}

/// Charlie sets its keys and joins, once the council has invited it.
fn charlie_joins() {
	let charlie = Sr25519Keyring::Charlie;
	let owner = account(charlie).encode();
	let proof = (
		charlie.pair().generate_proof_of_possession(&owner),
		Ed25519Keyring::Charlie.pair().generate_proof_of_possession(&owner),
	);
	let set_keys = pallet_session::Call::set_keys {
		keys: keys(charlie, Ed25519Keyring::Charlie),
		proof: proof.encode(),
	};
	let join = pallet_validators::Call::join {};
	for (nonce, call) in [(0, set_keys.into()), (1, RuntimeCall::Validators(join))] {
		Executive::apply_extrinsic(signed(charlie, nonce, call)).unwrap().unwrap();
	}
}

#[test]
fn who_is_invited_and_joins_is_an_authority_after_two_sessions() {
	chain("local_testnet").execute_with(|| {
		start_block(1, FIRST_SLOT);
		let invite = pallet_validators::Call::invite { account: account(Sr25519Keyring::Charlie) };
		decide(RuntimeCall::Validators(invite));
		charlie_joins();
		Executive::finalize_block();
		assert_eq!(Members::<Runtime>::get().len(), 3);
		sessions(1..2);
		assert_eq!((Session::validators().len(), Babe::authorities().len()), (2, 2));
		sessions(2..3);
		assert_eq!(Session::validators().len(), 3);
		let charlie = keys(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie);
		assert!(Babe::authorities().iter().any(|(key, _)| *key == charlie.babe));
		// GRANDPA applies the change at the end of the block that announced it.
		assert!(Grandpa::grandpa_authorities().iter().any(|(key, _)| *key == charlie.grandpa));
	});
}

#[test]
fn keys_of_others_cannot_be_set_and_nobody_purges_keys() {
	chain("local_testnet").execute_with(|| {
		start_block(1, FIRST_SLOT);
		let proof = (
			Sr25519Keyring::Charlie.pair().generate_proof_of_possession(b"somebody else"),
			Ed25519Keyring::Charlie.pair().generate_proof_of_possession(b"somebody else"),
		);
		let stolen = pallet_session::Call::set_keys {
			keys: keys(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
			proof: proof.encode(),
		};
		let origin = || RuntimeOrigin::signed(account(Sr25519Keyring::Dave));
		let error = RuntimeCall::Session(stolen).dispatch(origin()).unwrap_err().error;
		assert_eq!(error, pallet_session::Error::<Runtime>::InvalidProof.into());
		let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
		let alice = RuntimeOrigin::signed(account(Sr25519Keyring::Alice));
		let error = purge.dispatch(alice).unwrap_err().error;
		assert_eq!(error, frame_system::Error::<Runtime>::CallFiltered.into());
	});
}

/// A header that Bob has sealed in this slot.
fn header_of_bob(slot: u64, extrinsics_root: Hash) -> Header {
	let pre_digest = sp_consensus_babe::digests::PreDigest::SecondaryPlain(
		sp_consensus_babe::digests::SecondaryPlainPreDigest {
			authority_index: 1,
			slot: slot.into(),
		},
	);
	let digest = sp_runtime::Digest { logs: vec![DigestItem::babe_pre_digest(pre_digest)] };
	let mut header = Header::new(9, extrinsics_root, Hash::zero(), Hash::zero(), digest);
	let signature = Sr25519Keyring::Bob.pair().sign(header.hash().as_ref());
	header.digest_mut().push(DigestItem::babe_seal(signature.into()));
	header
}

/// What Bob's bond and the treasury have.
fn bond_and_treasury() -> (u128, u128) {
	let bond = Bonds::<Runtime>::get(account(Sr25519Keyring::Bob)).unwrap();
	(bond.amount, Balances::free_balance(TreasuryAccount::get()))
}

/// That Bob has paid a tenth, and leaves with the next session but one.
fn assert_bob_paid(before: (u128, u128)) {
	let (bond, treasury) = bond_and_treasury();
	let slash = before.0 - bond;
	assert!(slash >= before.0 / 10, "{slash}");
	assert_eq!(treasury, before.1 + slash);
	assert_eq!(Members::<Runtime>::get().into_inner(), [account(Sr25519Keyring::Alice)]);
	// At most a third is disabled at once: of two, nobody.
	assert!(Session::disabled_validators().is_empty());
}

#[test]
fn two_blocks_in_one_slot_cost_a_validator_its_bond_and_its_place() {
	chain("local_testnet").execute_with(|| {
		sessions(0..2);
		start_block(3, FIRST_SLOT + SESSION + 5);
		let slot = FIRST_SLOT + SESSION + 3;
		let bob = keys(Sr25519Keyring::Bob, Ed25519Keyring::Bob).babe;
		let key_proof = Historical::prove((sp_consensus_babe::KEY_TYPE, bob.clone())).unwrap();
		let first_header = header_of_bob(slot, Hash::repeat_byte(1));
		let report = |second_header: Header| {
			let equivocation_proof = Box::new(sp_consensus_babe::EquivocationProof {
				slot: slot.into(),
				offender: bob.clone(),
				first_header: first_header.clone(),
				second_header,
			});
			let key_owner_proof = key_proof.clone();
			RuntimeCall::Babe(pallet_babe::Call::report_equivocation_unsigned {
				equivocation_proof,
				key_owner_proof,
			})
			.dispatch(RuntimeOrigin::none())
		};
		let before = bond_and_treasury();
		assert!(before.0 >= 1_000 * UNIT);
		let same = report(first_header.clone()).unwrap_err().error;
		assert_eq!(same, pallet_babe::Error::<Runtime>::InvalidEquivocationProof.into());
		assert_eq!(bond_and_treasury(), before, "one header twice is no offence");
		report(header_of_bob(slot, Hash::repeat_byte(2))).unwrap();
		assert_bob_paid(before);
		let again = report(header_of_bob(slot, Hash::repeat_byte(2))).unwrap_err().error;
		assert_eq!(again, pallet_babe::Error::<Runtime>::DuplicateOffenceReport.into());
		Executive::finalize_block();
		// Two sessions later Alice writes blocks alone.
		for (number, session) in [(4, 2), (5, 3)] {
			start_block(number, FIRST_SLOT + session * SESSION);
			Executive::finalize_block();
		}
		assert_eq!(Session::validators(), [account(Sr25519Keyring::Alice)]);
		assert_eq!(Babe::authorities().len(), 1);
	});
}

#[test]
fn two_votes_in_one_round_cost_a_validator_its_bond() {
	chain("local_testnet").execute_with(|| {
		sessions(0..2);
		start_block(3, FIRST_SLOT + SESSION + 5);
		let set_id = pallet_grandpa::CurrentSetId::<Runtime>::get();
		let bob = Ed25519Keyring::Bob;
		let key =
			(sp_consensus_grandpa::KEY_TYPE, sp_consensus_grandpa::AuthorityId::from(bob.public()));
		let key_owner_proof = Historical::prove(key.clone()).unwrap();
		let vote = |target_hash: Hash| {
			let prevote = finality_grandpa::Prevote { target_hash, target_number: 2u32 };
			let message = finality_grandpa::Message::Prevote(prevote.clone());
			let payload = sp_consensus_grandpa::localized_payload(1, set_id, &message);
			(prevote, bob.sign(&payload).into())
		};
		let equivocation_proof = Box::new(sp_consensus_grandpa::EquivocationProof::new(
			set_id,
			sp_consensus_grandpa::Equivocation::Prevote(finality_grandpa::Equivocation {
				round_number: 1,
				identity: key.1,
				first: vote(Hash::repeat_byte(1)),
				second: vote(Hash::repeat_byte(2)),
			}),
		));
		let before = bond_and_treasury();
		RuntimeCall::Grandpa(pallet_grandpa::Call::report_equivocation_unsigned {
			equivocation_proof,
			key_owner_proof,
		})
		.dispatch(RuntimeOrigin::none())
		.unwrap();
		assert_bob_paid(before);
		assert_eq!(System::block_number(), 3);
	});
}
