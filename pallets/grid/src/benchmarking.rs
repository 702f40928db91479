#![allow(
	clippy::expect_used,
	clippy::indexing_slicing,
	reason = "a benchmark that cannot be set up must stop"
)]
//! Benchmarks of every call, and what the other pallets' benchmarks need from grid.

use crate::{
	types::{BalanceOf, Description, MAX_CERTIFIERS, MAX_SERIAL_LEN},
	Call, Certifiers, Config, Descriptions, FarmPrices, Farms, GridParameters, NextFarm, NextNode,
	NodeOfAuditKey, Nodes, Pallet, Parameters, RentOffers, TwinOf, Uptimes,
};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		EnsureOrigin, Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use granary_primitives::{NodeId, PublicKey};
use sp_runtime::SaturatedConversion;

extern crate alloc;
use alloc::{vec, vec::Vec};

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
	// As long as a name may be, and another for each farm.
	let mut name = vec![b'a'; T::MaxNameLen::get() as usize];
	let number = alloc::format!("{id:010}");
	name.iter_mut().rev().zip(number.bytes().rev()).for_each(|(to, from)| *to = from);
	let name = name.try_into().unwrap_or_default();
	Pallet::<T>::create_farm(origin, name, None).expect("a new twin has no farms");
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

/// As many certifiers, this account the last of them.
fn certifiers<T: Config>(last: &T::AccountId, count: u32) {
	let others = (1..count).map(|index| account("certifier", index, 0));
	let all: Vec<T::AccountId> = others.chain([last.clone()]).collect();
	Certifiers::<T>::put(BoundedVec::truncate_from(all));
}

fn own_node<T: Config>(operator: &T::AccountId) -> NodeId {
	node_for::<T>(operator, 1 << 30, [1; 32])
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

	#[benchmark]
	fn update_farm() {
		let caller: T::AccountId = whitelisted_caller();
		let farm = farm::<T>(&caller);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), farm, *b"BE", caller.clone());
		assert_eq!(Farms::<T>::get(farm).map(|farm| farm.region), Some(*b"BE"));
	}

	#[benchmark]
	fn set_farm_price() {
		let caller: T::AccountId = whitelisted_caller();
		let farm = farm::<T>(&caller);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), farm, 7);
		assert_eq!(FarmPrices::<T>::get(farm), Some(7));
	}

	#[benchmark]
	fn offer_rent() {
		let caller: T::AccountId = whitelisted_caller();
		let node = node_for::<T>(&caller, 1 << 40, [1; 32]);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, Some(7));
		assert_eq!(RentOffers::<T>::get(node), Some(7));
	}

	/// Of a farm that is paid to a third account.
	#[benchmark]
	fn rent() -> Result<(), BenchmarkError> {
		let caller: T::AccountId = whitelisted_caller();
		let operator: T::AccountId = account("operator", 0, 0);
		fund::<T>(&caller);
		let node = node_for::<T>(&operator, 1 << 40, [1; 32]);
		let price = T::Currency::minimum_balance();
		Pallet::<T>::offer_rent(RawOrigin::Signed(operator).into(), node, Some(price))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), node, 10, price);
		assert_eq!(Pallet::<T>::renter(node), Some(caller));
		Ok(())
	}

	#[benchmark]
	fn certify_farm() {
		let caller: T::AccountId = whitelisted_caller();
		let farm = farm::<T>(&caller);
		certifiers::<T>(&caller, MAX_CERTIFIERS);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), farm, true);
		assert_eq!(Farms::<T>::get(farm).map(|farm| farm.certified), Some(true));
	}

	#[benchmark]
	fn certify_node() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		certifiers::<T>(&caller, MAX_CERTIFIERS);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, true);
		assert_eq!(Nodes::<T>::get(node).map(|node| node.certified), Some(true));
	}

	#[benchmark]
	fn set_certifier() -> Result<(), BenchmarkError> {
		let last: T::AccountId = account("last", 0, 0);
		certifiers::<T>(&last, MAX_CERTIFIERS);
		let origin =
			T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, last.clone(), false);
		assert!(!Certifiers::<T>::get().contains(&last));
		Ok(())
	}

	#[benchmark]
	fn set_availability() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, true, true);
		assert_eq!(Nodes::<T>::get(node).map(|node| node.standby), Some(true));
	}

	#[benchmark]
	fn withdraw_bond() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		let more = bond::<T>();
		Pallet::<T>::bond_more(RawOrigin::Signed(caller.clone()).into(), node, more)
			.expect("the account has as much");
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, more);
		assert_eq!(Nodes::<T>::get(node).map(|node| node.bond), Some(bond::<T>()));
	}

	#[benchmark]
	fn announce_maintenance() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		let start = 10 + GridParameters::<T>::get().maintenance_notice_blocks;
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, start, start + 1);
		assert_eq!(Nodes::<T>::get(node).map(|node| node.maintenance.start), Some(start));
	}

	#[benchmark]
	fn cancel_maintenance() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		let start = 10 + GridParameters::<T>::get().maintenance_notice_blocks;
		let origin = RawOrigin::Signed(caller.clone()).into();
		Pallet::<T>::announce_maintenance(origin, node, start, start + 1).expect("it is in time");
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node);
		assert_eq!(Nodes::<T>::get(node).map(|node| node.maintenance.start), Some(0));
	}

	#[benchmark]
	fn rotate_keys() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		// The worst: a rotation before it has to be completed.
		let origin = RawOrigin::Signed(caller.clone()).into();
		Pallet::<T>::rotate_keys(origin, node, [7; 32], [7; 32]).expect("the key is new");
		let from =
			Nodes::<T>::get(node).and_then(|node| node.next_keys).map_or(0, |keys| keys.from);
		frame_system::Pallet::<T>::set_block_number(from.saturated_into());
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, [8; 32], [8; 32]);
		assert_eq!(NodeOfAuditKey::<T>::get([8; 32]), Some(node));
	}

	#[benchmark]
	fn cancel_rotation() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		let origin = RawOrigin::Signed(caller.clone()).into();
		Pallet::<T>::rotate_keys(origin, node, [7; 32], [7; 32]).expect("the key is new");
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node);
		assert_eq!(NodeOfAuditKey::<T>::get([7; 32]), None);
	}

	#[benchmark]
	fn describe_node() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		let serial = BoundedVec::truncate_from([b's'; MAX_SERIAL_LEN as usize].to_vec());
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, Description { serial, ..Default::default() });
		assert!(Descriptions::<T>::contains_key(node));
	}

	#[benchmark]
	fn report_uptime() {
		let caller: T::AccountId = whitelisted_caller();
		let node = own_node::<T>(&caller);
		let now = T::Now::get() / 1000;
		let origin = RawOrigin::Signed(caller.clone()).into();
		Pallet::<T>::report_uptime(origin, node, 0, now).expect("it is the first");
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), node, 1, now + 1);
		assert_eq!(Uptimes::<T>::get(node).map(|report| report.uptime_seconds), Some(1));
	}

	#[benchmark]
	fn set_parameters() -> Result<(), BenchmarkError> {
		let parameters = Parameters { year_blocks: 1_000_000, ..Default::default() };
		let origin =
			T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, parameters);
		assert_eq!(GridParameters::<T>::get(), parameters);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
