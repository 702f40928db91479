//! Benchmarks of every call, and what the other pallets' benchmarks need from reservations.
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up must stop")]

use crate::{
	Call, Config, ContractParameters, NextAllotment, NextReservation, Pallet, Parameters,
	Reservations,
};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Authorize, Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use granary_primitives::{
	reservation::ReservationState,
	traits::{Allotments as _, Capacity},
	AllotmentId, Balance, NodeId, PublicKey, ReservationId,
};
use sp_runtime::{transaction_validity::TransactionSource, SaturatedConversion};

extern crate alloc;
use alloc::vec::Vec;

const BYTES: u64 = 1 << 30;

fn fund<T: Config>(account: &T::AccountId) {
	let amount = T::Currency::minimum_balance().saturating_mul(1_000_000_000);
	T::Currency::mint_into(account, amount).expect("the benchmark chain's issuance is low");
}

/// A funded tenant with a twin: registering a node for it makes the twin.
fn tenant<T: Config>() -> T::AccountId {
	let tenant: T::AccountId = whitelisted_caller();
	fund::<T>(&tenant);
	if T::Grid::transport_key(&tenant).is_none() {
		T::Grid::create_node_for_benchmark(&tenant, BYTES, tenant.clone().into());
	}
	tenant
}

fn nodes<T: Config>(count: u32) -> BoundedVec<NodeId, T::MaxShards> {
	let nodes: Vec<NodeId> = (0..count)
		.map(|index| {
			let operator: T::AccountId = account("operator", index, 0);
			T::Grid::create_node_for_benchmark(&operator, 2 * BYTES, [index as u8; 32])
		})
		.collect();
	nodes.try_into().expect("the count is bounded by the number of shards")
}

fn reserved<T: Config>(tenant: &T::AccountId, count: u32) -> ReservationId {
	let id = NextReservation::<T>::get();
	let term = ContractParameters::<T>::get().min_term_blocks;
	Pallet::<T>::reserve(
		RawOrigin::Signed(tenant.clone()).into(),
		count as u8,
		0,
		nodes::<T>(count),
		BYTES,
		term,
		true,
		Balance::MAX,
	)
	.expect("nodes, money and twin are there");
	id
}

/// All allotments have earned, and the reservation is due.
fn due<T: Config>(id: ReservationId) {
	let record = Reservations::<T>::get(id).expect("it was just made");
	for allotment in &record.allotments {
		Pallet::<T>::proven(*allotment, record.created, record.ends);
	}
	frame_system::Pallet::<T>::set_block_number(record.next_settlement.saturated_into());
}

/// A live allotment of `bytes` on a node with this audit key, for the audits' benchmarks.
pub(crate) fn allotment_for<T: Config>(
	tenant: &T::AccountId,
	audit_key: PublicKey,
	bytes: u64,
) -> AllotmentId {
	fund::<T>(tenant);
	if T::Grid::transport_key(tenant).is_none() {
		// Its account serves as an audit key that nobody else has.
		T::Grid::create_node_for_benchmark(tenant, BYTES, tenant.clone().into());
	}
	let id = NextAllotment::<T>::get();
	let operator: T::AccountId = account("operator", id as u32, 1);
	let node = T::Grid::create_node_for_benchmark(&operator, bytes, audit_key);
	let term = ContractParameters::<T>::get().min_term_blocks;
	Pallet::<T>::reserve(
		RawOrigin::Signed(tenant.clone()).into(),
		1,
		0,
		Vec::from([node]).try_into().expect("one node fits"),
		bytes,
		term,
		true,
		Balance::MAX,
	)
	.expect("node, money and twin are there");
	id
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn reserve(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let nodes = nodes::<T>(n);
		let id = NextReservation::<T>::get();
		let term = ContractParameters::<T>::get().min_term_blocks;
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), n as u8, 0, nodes, BYTES, term, true, Balance::MAX);
		assert!(Reservations::<T>::contains_key(id));
	}

	#[benchmark]
	fn extend(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, n);
		let ends = Reservations::<T>::get(id).map_or(0, |record| record.ends);
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, 10);
		assert_eq!(Reservations::<T>::get(id).map(|record| record.ends), Some(ends + 10));
	}

	#[benchmark]
	fn close(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, n);
		due::<T>(id);
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id);
		assert_eq!(Reservations::<T>::get(id).map(|one| one.state), Some(ReservationState::Closed));
	}

	#[benchmark]
	fn settle(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, n);
		due::<T>(id);
		let before = Reservations::<T>::get(id).map_or(0, |record| record.next_settlement);
		#[extrinsic_call]
		_(RawOrigin::Authorized, id);
		assert!(Reservations::<T>::get(id).is_some_and(|record| record.next_settlement > before));
	}

	#[benchmark]
	fn authorize_settle() {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, 1);
		due::<T>(id);
		let call = Call::<T>::settle { reservation: id };
		let result;
		#[block]
		{
			result = call.authorize(TransactionSource::External);
		}
		assert!(result.is_some_and(|result| result.is_ok()));
	}

	#[benchmark]
	fn set_parameters() {
		let parameters = Parameters::default();
		#[extrinsic_call]
		_(RawOrigin::Root, parameters);
		assert_eq!(ContractParameters::<T>::get(), parameters);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
