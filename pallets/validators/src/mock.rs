//! Balances, sessions of five blocks with history, and this pallet.

use crate as pallet_validators;
use crate::{Event, HoldReason, Parameters};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::InspectHold, ConstU128, ConstU32, ConstU64},
};
use frame_system::EnsureRoot;
use pallet_session::{historical, SessionInterface};
use sp_runtime::{
	impl_opaque_keys,
	testing::UintAuthorityId,
	traits::{ConvertInto, OpaqueKeys},
	BuildStorage, Perbill,
};

type Block = frame_system::mocking::MockBlock<Test>;

impl_opaque_keys! {
	pub struct Keys {
		pub dummy: UintAuthorityId,
	}
}

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Validators: pallet_validators,
		Session: pallet_session,
		Historical: historical,
		Offences: pallet_offences,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = u128;
	type ExistentialDeposit = ConstU128<1>;
}

parameter_types! {
	/// The account that receives what offences cost.
	pub const Treasury: u64 = 99;
	/// Authorities that consensus was told of: those of the running session, and whether they changed.
	pub static Running: Vec<u64> = vec![];
	pub static Changed: bool = false;
}

/// What consensus would be.
pub struct Consensus;

impl pallet_session::SessionHandler<u64> for Consensus {
	const KEY_TYPE_IDS: &'static [sp_runtime::KeyTypeId] = &[sp_runtime::key_types::DUMMY];
	fn on_genesis_session<K: OpaqueKeys>(validators: &[(u64, K)]) {
		Running::set(validators.iter().map(|(account, _)| *account).collect());
	}
	fn on_new_session<K: OpaqueKeys>(changed: bool, now: &[(u64, K)], _queued: &[(u64, K)]) {
		Changed::set(changed);
		Running::set(now.iter().map(|(account, _)| *account).collect());
	}
	fn on_disabled(_index: u32) {}
}

type Periodic = pallet_session::PeriodicSessions<ConstU64<5>, ConstU64<0>>;

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = u64;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Periodic;
	type NextSessionRotation = Periodic;
	type SessionManager = historical::NoteHistoricalRoot<Self, Validators>;
	type SessionHandler = Consensus;
	type Keys = Keys;
	type DisablingStrategy = pallet_session::disabling::UpToLimitDisablingStrategy;
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = ConstU128<5>;
}

impl historical::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = crate::Unidentified;
}

impl pallet_validators::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type GovernanceOrigin = EnsureRoot<u64>;
	type Treasury = Treasury;
	type MaxValidators = ConstU32<6>;
	type MaxUnbondingSessions = ConstU32<200>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = OwnKeys;
}

impl pallet_offences::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Validators;
}

/// Keys that say themselves whose they are.
#[cfg(feature = "runtime-benchmarks")]
pub struct OwnKeys;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<u64, Keys> for OwnKeys {
	fn session_keys(owner: &u64) -> (Keys, Vec<u8>) {
		use codec::Encode;
		let generated = Keys::generate(&owner.encode(), None);
		(generated.keys, generated.proof.encode())
	}
}

/// A bond of 100, four sessions to unbond, two to accept, at least two validators, a tenth at least.
pub(crate) const RULES: Parameters = Parameters {
	bond: 100,
	unbonding_sessions: 4,
	invitation_sessions: 2,
	minimum: 2,
	min_slash: Perbill::from_percent(10),
};

/// Session 0 with validators 1 to `count`; accounts 1 to 20 have 1000 each.
pub(crate) fn chain(count: u64) -> sp_io::TestExternalities {
	let validators: Vec<u64> = (1..=count).collect();
	let keys = validators.iter().map(|who| (*who, *who, keys(*who))).collect();
	let balances = (1..=20).map(|who| (who, 1000)).chain([(Treasury::get(), 1)]).collect();
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
		validators: crate::GenesisConfig {
			parameters: RULES,
			validators: validators.try_into().unwrap(),
		},
		session: pallet_session::GenesisConfig { keys, ..Default::default() },
		..Default::default()
	}
	.build_storage()
	.unwrap();
	let mut ext = sp_io::TestExternalities::from(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// What benchmarks start from.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	chain(3)
}

/// Runs a test on a chain with validators 1 to 4 and checks the invariants at its end.
pub(crate) fn run(test: impl FnOnce()) {
	chain(4).execute_with(|| {
		test();
		Validators::do_try_state().unwrap();
	});
}

/// The first keys of an account.
pub(crate) fn keys(who: u64) -> Keys {
	Keys { dummy: UintAuthorityId(who) }
}

/// Sets an account's keys without a proof that it has them.
pub(crate) fn set_keys(who: u64, keys: Keys) {
	<Session as SessionInterface>::set_keys(&who, keys).unwrap();
}

/// Ends the session so often.
pub(crate) fn end_sessions(count: u32) {
	for _ in 0..count {
		Session::rotate_session();
	}
}

/// What is held from an account.
pub(crate) fn held(who: u64) -> u128 {
	Balances::balance_on_hold(&HoldReason::Bond.into(), &who)
}

/// The last event of this pallet.
pub(crate) fn last_event() -> Event<Test> {
	let mut events = System::events().into_iter().rev().filter_map(|record| match record.event {
		RuntimeEvent::Validators(event) => Some(event),
		_ => None,
	});
	events.next().unwrap()
}
