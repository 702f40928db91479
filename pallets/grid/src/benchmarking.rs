#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	reason = "a benchmark that cannot be set up must stop"
)]
//! Benchmarks of every call, and what the other pallets' benchmarks need from grid.

use crate::{types::BalanceOf, Call, Config, Farms, NextFarm, NextNode, Nodes, Pallet, TwinOf};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use granary_primitives::{NodeId, PublicKey};

extern crate alloc;
use alloc::vec;

fn long<S: Get<u32>>() -> BoundedVec<u8, S> {
	let mut text = vec![b'a'; S::get() as usize];
	text[0] = b':';
	text.try_into().unwrap_or_default()
}

fn twin<T: Config>(account: &T::AccountId) {
	if !TwinOf::<T>::contains_key(account) {
		let origin = RawOrigin::Signed(account.clone()).into();
		Pallet::<T>::register_twin(origin, long(), [1; 32]).expect("a new account is no twin");
	}
}

fn farm<T: Config>(account: &T::AccountId) -> u32 {
	twin::<T>(account);
	let id = NextFarm::<T>::get();
	let origin = RawOrigin::Signed(account.clone()).into();
	Pallet::<T>::create_farm(origin, long(), None).expect("a new twin has no farms");
	id
}

/// A bond that backs whatever a benchmark reserves.
fn bond<T: Config>() -> BalanceOf<T> {
	T::MinNodeBond::get().saturating_mul(1_000_000)
}

fn fund<T: Config>(account: &T::AccountId) {
	let amount = bond::<T>().saturating_mul(4).saturating_add(T::Currency::minimum_balance());
	T::Currency::mint_into(account, amount).expect("the benchmark chain's issuance is low");
}

/// A registered node of its own farm, for the benchmarks of other pallets.
pub(crate) fn node_for<T: Config>(
	operator: &T::AccountId,
	capacity_bytes: u64,
	audit_key: PublicKey,
) -> NodeId {
	fund::<T>(operator);
	let farm = farm::<T>(operator);
	let id = NextNode::<T>::get();
	Pallet::<T>::register_node(
		RawOrigin::Signed(operator.clone()).into(),
		farm,
		long(),
		capacity_bytes,
		1_000_000,
		audit_key,
		[2; 32],
		bond::<T>(),
	)
	.expect("a new farm has no nodes");
	id
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register_twin() {
		let caller: T::AccountId = whitelisted_caller();
		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), long(), [1; 32]);
		assert!(TwinOf::<T>::contains_key(&caller));
	}

	#[benchmark]
	fn update_twin() {
		let caller: T::AccountId = whitelisted_caller();
		twin::<T>(&caller);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), long(), [3; 32]);
		let info = Pallet::<T>::twin_info_of(caller.into());
		assert_eq!(info.map(|twin| twin.transport_key), Some([3; 32]));
	}

	#[benchmark]
	fn create_farm() {
		let caller: T::AccountId = whitelisted_caller();
		twin::<T>(&caller);
		let id = NextFarm::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), long(), None);
		assert!(Farms::<T>::contains_key(id));
	}

	#[benchmark]
	fn register_node() {
		let caller: T::AccountId = whitelisted_caller();
		fund::<T>(&caller);
		let farm = farm::<T>(&caller);
		let id = NextNode::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), farm, long(), 1 << 40, 1, [1; 32], [2; 32], bond::<T>());
		assert!(Nodes::<T>::contains_key(id));
	}

	#[benchmark]
	fn update_node() {
		let caller: T::AccountId = whitelisted_caller();
		let id = node_for::<T>(&caller, 1 << 40, [1; 32]);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), id, long(), 1 << 41, 2);
		assert_eq!(Pallet::<T>::node_info(id).map(|node| node.capacity_bytes), Some(1 << 41));
	}

	#[benchmark]
	fn bond_more() {
		let caller: T::AccountId = whitelisted_caller();
		let id = node_for::<T>(&caller, 1 << 40, [1; 32]);
		let before = Pallet::<T>::node_info(id).map_or(0, |node| node.bond);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), id, 1000);
		assert_eq!(Pallet::<T>::node_info(id).map(|node| node.bond), Some(before + 1000));
	}

	#[benchmark]
	fn remove_node() {
		let caller: T::AccountId = whitelisted_caller();
		let id = node_for::<T>(&caller, 1 << 40, [1; 32]);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), id);
		assert!(!Nodes::<T>::contains_key(id));
	}

	#[benchmark]
	fn remove_farm() {
		let caller: T::AccountId = whitelisted_caller();
		let id = farm::<T>(&caller);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), id);
		assert!(!Farms::<T>::contains_key(id));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
