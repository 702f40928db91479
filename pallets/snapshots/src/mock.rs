//! A runtime with balances and this pallet; reservations are declared by the tests.

use crate::{
	self as pallet_snapshots,
	types::{Attestation, Contents},
	ContentsOf,
};
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstU128, ConstU32},
};
use granary_primitives::{
	message, snapshot::DatabaseKind, traits::ReservationOwner, ReservationId,
};
use sp_core::{sr25519, Pair};
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage};
use std::collections::BTreeMap;

pub(crate) type Block = frame_system::mocking::MockBlockU32<Test>;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;

	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Test>;

	#[runtime::pallet_index(2)]
	pub type Snapshots = pallet_snapshots::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = u128;
	type ExistentialDeposit = ConstU128<1>;
}

parameter_types! {
	/// Tenants of open reservations.
	pub static Tenants: BTreeMap<ReservationId, AccountId32> = BTreeMap::new();
}

/// Reservations that a test has declared.
#[allow(unreachable_pub, reason = "a type of the configuration of a public runtime is public")]
pub struct Reservations;

impl ReservationOwner<AccountId32> for Reservations {
	fn tenant(reservation: ReservationId) -> Option<AccountId32> {
		Tenants::get().get(&reservation).cloned()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn create_reservation_for_benchmark(tenant: &AccountId32) -> ReservationId {
		Tenants::mutate(|tenants| tenants.insert(77, tenant.clone()));
		77
	}
}

impl pallet_snapshots::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Reservations = Reservations;
	type Deposit = ConstU128<100>;
	type GrantDeposit = ConstU128<10>;
	type GrantByteDeposit = ConstU128<1>;
	type MaxNameLen = ConstU32<64>;
	type MaxSnapshotsPerReservation = ConstU32<3>;
	type MaxGrantsPerReservation = ConstU32<2>;
	type WeightInfo = ();
}

/// The tenant of reservations 1 and 2.
pub(crate) fn alice() -> AccountId32 {
	AccountId32::new([1; 32])
}

/// The tenant of reservation 3.
pub(crate) fn bob() -> AccountId32 {
	AccountId32::new([2; 32])
}

/// A chain at block 1 on which Alice has 1000 and Bob 150.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	Tenants::set(BTreeMap::from([(1, alice()), (2, alice()), (3, bob())]));
	let storage = RuntimeGenesisConfig {
		system: Default::default(),
		balances: pallet_balances::GenesisConfig {
			balances: vec![(alice(), 1000), (bob(), 150)],
			..Default::default()
		},
	}
	.build_storage()
	.unwrap();
	let mut ext = sp_io::TestExternalities::from(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// The same with a keystore, for benchmarks that sign.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_benchmark_ext() -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	let keystore = sp_keystore::testing::MemoryKeystore::new();
	ext.register_extension(sp_keystore::KeystoreExt::new(keystore));
	ext
}

/// Runs a test and checks the storage's invariants at its end.
pub(crate) fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Snapshots::do_try_state().unwrap();
	});
}

/// The key that vouches for snapshots: no tenant's.
pub(crate) fn release_key() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[9; 32])
}

/// What a snapshot of this name is.
pub(crate) fn contents(reservation: ReservationId, name: &[u8]) -> ContentsOf<Test> {
	Contents {
		reservation,
		dataset: [5; 16],
		name: name.to_vec().try_into().unwrap(),
		manifest: [6; 32],
		database: DatabaseKind::ParityDb,
		genesis: [7; 32],
		height: 8,
		total_bytes: 9,
		stored_bytes: 10,
	}
}

/// The release key's signature under it.
pub(crate) fn attest(contents: &ContentsOf<Test>) -> Attestation<AccountId32> {
	let key = release_key();
	let message = message::snapshot(&Snapshots::genesis_hash(), &contents.statement());
	Attestation { signer: key.public().into(), signature: key.sign(&message).0 }
}

/// Publishes this, signed by the release key.
pub(crate) fn publish_contents(
	who: AccountId32,
	contents: ContentsOf<Test>,
	expires: Option<u32>,
) -> sp_runtime::DispatchResult {
	let attestation = attest(&contents);
	Snapshots::publish(RuntimeOrigin::signed(who), contents, expires, attestation)
}

/// Publishes a snapshot of this name.
pub(crate) fn publish(
	who: AccountId32,
	reservation: ReservationId,
	name: &[u8],
) -> sp_runtime::DispatchResult {
	publish_contents(who, contents(reservation, name), None)
}
