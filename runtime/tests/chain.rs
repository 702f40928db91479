//! The presets make a chain that answers queries, takes authorised calls and pays its authors.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

mod common;

use common::{chain, decide, signed, start_block};
use frame_system::offchain::CreateAuthorizedTransaction;
use granary_primitives::AccountBytes;
use granary_runtime::{
	apis, constants, genesis_config_presets, Balances, Executive, Hash, Oracle, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeOrigin, Sudo, System, VERSION,
};
use granary_runtime_api::runtime_decl_for_granary_api::GranaryApi;
use serde_json::Value;
use sp_api::RuntimeApiInfo;
use sp_consensus_babe::runtime_decl_for_babe_api::BabeApi;
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::Dispatchable,
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};

#[test]
fn presets_are_fast_and_have_their_authorities() {
	let names = genesis_config_presets::preset_names();
	assert_eq!(names, ["development", "local_testnet"]);
	for (preset, authorities) in names.iter().zip([1, 2]) {
		chain(preset).execute_with(|| {
			let babe = <Runtime as BabeApi<granary_runtime::Block>>::configuration();
			assert_eq!(babe.slot_duration, constants::DEVELOPMENT_SLOT_DURATION_MS);
			assert_eq!(babe.epoch_length, constants::DEVELOPMENT_EPOCH_SLOTS);
			assert_eq!(babe.authorities.len(), authorities);
			for key in Sr25519Keyring::iter() {
				let free = Balances::free_balance(key.to_account_id());
				assert!(free >= 1_000 * constants::UNIT, "{key:?} has {free}");
			}
		});
	}
	assert!(genesis_config_presets::get_preset(&"unknown".into()).is_none());
}

#[test]
fn a_chain_without_timing_is_a_production_chain() {
	TestExternalities::default().execute_with(|| {
		let babe = <Runtime as BabeApi<granary_runtime::Block>>::configuration();
		assert_eq!(babe.slot_duration, 6_000);
		assert_eq!(babe.epoch_length, 600);
	});
}

#[test]
#[should_panic(expected = "timing.slotDurationMs is 1")]
fn a_slot_that_no_block_fits_into_is_refused() {
	TestExternalities::default().execute_with(|| {
		let default = Runtime::get_preset(&None).unwrap();
		let mut config: Value = serde_json::from_slice(&default).unwrap();
		config["timing"]["slotDurationMs"] = 1.into();
		drop(Runtime::build_state(serde_json::to_vec(&config).unwrap()));
	});
}

#[test]
fn a_new_chain_answers_every_query() {
	type Block = granary_runtime::Block;
	chain("development").execute_with(|| {
		let alice: AccountBytes = Sr25519Keyring::Alice.to_account_id().into();
		assert!(<Runtime as GranaryApi<Block>>::twin(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::twin_of(alice).is_none());
		assert!(<Runtime as GranaryApi<Block>>::farm(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::farms(0, 1_000).is_empty());
		assert!(<Runtime as GranaryApi<Block>>::node(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::nodes(0, 1_000).is_empty());
		assert!(<Runtime as GranaryApi<Block>>::reservation(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::reservations(Some(alice), 0, 9).is_empty());
		assert!(<Runtime as GranaryApi<Block>>::allotment(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::allotments_of_node(0, 0, 9).is_empty());
		assert!(<Runtime as GranaryApi<Block>>::due_audits(None, 9).is_empty());
		assert!(<Runtime as GranaryApi<Block>>::audit_status(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::audit_history(0).is_empty());
		assert!(<Runtime as GranaryApi<Block>>::snapshot(0).is_none());
		assert!(<Runtime as GranaryApi<Block>>::snapshots(0, 9).is_empty());
		let clock = <Runtime as GranaryApi<Block>>::audit_clock();
		assert_eq!(clock.tick, 0);
		assert!(clock.period_ticks < 100 && clock.leaves_per_audit > 0, "{clock:?}");
	});
}

#[test]
fn what_a_transaction_registers_is_answered_and_its_fee_goes_to_the_author() {
	type Block = granary_runtime::Block;
	chain("development").execute_with(|| {
		start_block(1, 100);
		let register = RuntimeCall::Grid(pallet_grid::Call::register_twin {
			endpoint: b"bob.example:9900".to_vec().try_into().unwrap(),
			transport_key: [7; 32],
		});
		let author = Sr25519Keyring::Alice.to_account_id();
		let issuance = Balances::total_issuance();
		let before = Balances::free_balance(&author);
		Executive::apply_extrinsic(signed(Sr25519Keyring::Bob, 0, register)).unwrap().unwrap();
		let earned = Balances::free_balance(&author) - before;
		assert!(earned > 100 * constants::MICRO, "{earned}");
		assert_eq!(Balances::total_issuance(), issuance);
		Executive::finalize_block();

		let bob: AccountBytes = Sr25519Keyring::Bob.to_account_id().into();
		let twin = <Runtime as GranaryApi<Block>>::twin_of(bob).unwrap();
		assert_eq!(twin.endpoint, b"bob.example:9900");
		assert_eq!(twin.transport_key, [7; 32]);
		assert_eq!(<Runtime as GranaryApi<Block>>::twin(twin.id), Some(twin));
	});
}

#[test]
fn authorised_calls_need_no_account_and_only_their_own_reason() {
	chain("development").execute_with(|| {
		start_block(1, 100);
		Executive::finalize_block();
		let proof = RuntimeCall::Audits(pallet_audits::Call::submit_proof {
			allotment: 0,
			tick: 1,
			challenge: Default::default(),
			proof: vec![0; 512].try_into().unwrap(),
			signature: [0; 64],
		});
		let transaction = <Runtime as CreateAuthorizedTransaction<
			pallet_audits::Call<Runtime>,
		>>::create_authorized_transaction(proof.clone());
		let parent = System::parent_hash();
		let refusal =
			Executive::validate_transaction(TransactionSource::External, transaction, parent);
		let unknown = pallet_audits::ProofRefusal::UnknownAudit as u8;
		assert_eq!(
			refusal,
			Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(unknown)))
		);
		// A call that authorises nothing cannot come this way.
		let register = RuntimeCall::Grid(pallet_grid::Call::register_twin {
			endpoint: Default::default(),
			transport_key: [7; 32],
		});
		let transaction = <Runtime as CreateAuthorizedTransaction<
			pallet_audits::Call<Runtime>,
		>>::create_authorized_transaction(register);
		let refusal =
			Executive::validate_transaction(TransactionSource::External, transaction, parent);
		assert_eq!(
			refusal,
			Err(TransactionValidityError::Invalid(InvalidTransaction::UnknownOrigin))
		);
	});
}

#[test]
fn the_version_names_the_chain_and_lists_its_apis() {
	assert_eq!(VERSION.spec_name, "granary");
	assert_eq!(VERSION.apis, apis::RUNTIME_API_VERSIONS);
	let granary = <dyn granary_runtime_api::GranaryApi<granary_runtime::Block>>::ID;
	assert!(VERSION.has_api_with(&granary, |version| version == 1));
}

#[test]
fn only_the_development_chain_has_a_sudo_key() {
	chain("development").execute_with(|| {
		let alice = Sr25519Keyring::Alice.to_account_id();
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), Some(alice));
	});
	chain("local_testnet").execute_with(|| {
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
		for key in Sr25519Keyring::iter() {
			let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
			let origin = RuntimeOrigin::signed(key.to_account_id());
			assert!(Sudo::sudo(origin, Box::new(remark)).is_err());
		}
	});
}

#[test]
fn two_of_three_councillors_are_root() {
	chain("local_testnet").execute_with(|| {
		System::set_block_number(1);
		let mut parameters = pallet_audits::AuditParameters::<Runtime>::get();
		parameters.window_ticks += 1;
		let set = || RuntimeCall::Audits(pallet_audits::Call::set_parameters { parameters });
		let alice = RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id());
		assert!(set().dispatch(alice).is_err(), "one alone is not");
		decide(set());
		assert_eq!(pallet_audits::AuditParameters::<Runtime>::get(), parameters);
		// A decision that cannot be carried out is on record.
		parameters.window_ticks = 0;
		let bad = pallet_audits::Call::set_parameters { parameters };
		decide(RuntimeCall::Audits(bad));
		let failed = System::events().into_iter().any(|record| {
			matches!(
				record.event,
				RuntimeEvent::Governance(pallet_governance::Event::Enacted { result: Err(_) })
			)
		});
		assert!(failed);
		// An upgrade is authorised by its hash.
		let code_hash = Hash::repeat_byte(7);
		let authorize = frame_system::Call::authorize_upgrade { code_hash };
		decide(RuntimeCall::System(authorize));
		assert!(System::authorized_upgrade().is_some());
	});
}

#[test]
fn councillors_feed_the_price() {
	use granary_primitives::traits::PriceFeed;
	chain("local_testnet").execute_with(|| {
		System::set_block_number(1);
		assert_eq!(Oracle::plancks(1_000_000), None);
		let feeders = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
		for feeder in feeders {
			// Ten cents a unit.
			let origin = RuntimeOrigin::signed(feeder.to_account_id());
			Oracle::submit_price(origin, 10_000_000_000).unwrap();
		}
		// A milli-cent is a ten-thousandth of it.
		assert_eq!(Oracle::plancks(1_000_000), Some(constants::UNIT / 10_000));
	});
}
