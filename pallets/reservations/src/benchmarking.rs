//! Benchmarks of every call, and what the other pallets' benchmarks need from reservations.
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up must stop")]

use crate::{
	types::{Options, Policy, Provider, Repair, Terms, MAX_CANDIDATES, MAX_DATA_LEN, MAX_NAME_LEN},
	Call, Config, ContractParameters, NextAllotment, NextProvider, NextReservation, Offers, Pallet,
	Parameters, Providers, RepairFunds, Repairs, ReservationDetails, Reservations,
};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Authorize, EnsureOrigin, Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use granary_primitives::{
	reservation::{AuditProfile, ReservationState},
	traits::{Allotments as _, Capacity},
	AllotmentId, Balance, NodeId, ProviderId, PublicKey, ReservationId,
};
use sp_runtime::{transaction_validity::TransactionSource, Perbill, SaturatedConversion};

extern crate alloc;
use alloc::{vec, vec::Vec};

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
			T::Grid::create_node_for_benchmark(&operator, 2 * BYTES, operator.clone().into())
		})
		.collect();
	nodes.try_into().expect("the count is bounded by the number of shards")
}

/// An approved solution provider.
fn provider<T: Config>() -> ProviderId {
	let id = NextProvider::<T>::get();
	let account: T::AccountId = account("provider", id, 0);
	fund::<T>(&account);
	let provider = Provider { account, share: Perbill::from_percent(10), approved: true };
	Providers::<T>::insert(id, provider);
	NextProvider::<T>::put(id + 1);
	id
}

fn terms<T: Config>(count: u32) -> Terms {
	Terms {
		data_shards: count as u8,
		parity_shards: 0,
		bytes: BYTES,
		blocks: ContractParameters::<T>::get().min_term_blocks,
		public_read: true,
		max_price_per_block: Balance::MAX,
		profile: AuditProfile::Hot,
	}
}

/// Everything that a tenant may write beside a reservation.
fn options<T: Config>() -> Options {
	Options {
		name: Some(BoundedVec::truncate_from(vec![b'n'; MAX_NAME_LEN as usize])),
		deployment: [1; 32],
		data: BoundedVec::truncate_from(vec![1; MAX_DATA_LEN as usize]),
		provider: Some(provider::<T>()),
	}
}

fn reserved<T: Config>(tenant: &T::AccountId, count: u32) -> ReservationId {
	let id = NextReservation::<T>::get();
	let candidates = nodes::<T>(count).into_inner().try_into().expect("fewer than candidates");
	Pallet::<T>::reserve_by_policy(
		RawOrigin::Signed(tenant.clone()).into(),
		terms::<T>(count),
		candidates,
		Policy::default(),
		options::<T>(),
	)
	.expect("nodes, money and twin are there");
	id
}

/// Gives the reservation a repair fund and the repair account what it promises.
fn with_repair_fund<T: Config>(id: ReservationId) {
	fund::<T>(&T::RepairAccount::get());
	RepairFunds::<T>::insert(id, T::Currency::minimum_balance());
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
	// Its first proof makes the reservation active and pays for a repair.
	with_repair_fund::<T>(NextReservation::<T>::get() - 1);
	let reward = T::Currency::minimum_balance();
	let repair = Repair { repairer: tenant.clone(), reward };
	Repairs::<T>::insert(id, repair);
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
		with_repair_fund::<T>(id);
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
		let parameters = Parameters { bond_days: 7, ..Parameters::default() };
		#[extrinsic_call]
		_(RawOrigin::Root, parameters);
		assert_eq!(ContractParameters::<T>::get(), parameters);
	}

	#[benchmark]
	fn reserve_by_policy(n: Linear<1, MAX_CANDIDATES>) {
		let tenant = tenant::<T>();
		let shards = n.min(T::MaxShards::get());
		// The worst: all but the last are of one farm, so that each of them is looked at.
		let fitting = nodes::<T>(shards);
		let first = *fitting.first().expect("there is at least one");
		let mut candidates = vec![first; (n - shards) as usize];
		candidates.extend(fitting);
		let candidates = candidates.try_into().expect("not more than candidates");
		let id = NextReservation::<T>::get();
		let options = options::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), terms::<T>(shards), candidates, Policy::default(), options);
		assert!(Reservations::<T>::contains_key(id));
	}

	#[benchmark]
	fn grow(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, n);
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, BYTES + (BYTES >> 1), Balance::MAX);
		let grown = Reservations::<T>::get(id).map(|record| record.bytes_per_allotment);
		assert_eq!(grown, Some(BYTES + (BYTES >> 1)));
	}

	#[benchmark]
	fn shrink(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, n);
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, BYTES / 2);
		let shrunk = Reservations::<T>::get(id).map(|record| record.bytes_per_allotment);
		assert_eq!(shrunk, Some(BYTES / 2));
	}

	#[benchmark]
	fn offer_transfer() {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, 1);
		let to: T::AccountId = account("next", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, Some(to));
		assert!(Offers::<T>::contains_key(id));
	}

	#[benchmark]
	fn accept_transfer() {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, T::MaxShards::get());
		let to: T::AccountId = account("next", 0, 0);
		fund::<T>(&to);
		T::Grid::create_node_for_benchmark(&to, BYTES, to.clone().into());
		Offers::<T>::insert(id, &to);
		#[extrinsic_call]
		_(RawOrigin::Signed(to.clone()), id);
		assert_eq!(Reservations::<T>::get(id).map(|record| record.tenant), Some(to));
	}

	#[benchmark]
	fn set_data() {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, 1);
		let data = BoundedVec::truncate_from(vec![2; MAX_DATA_LEN as usize]);
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, [2; 32], data.clone());
		assert_eq!(ReservationDetails::<T>::get(id).map(|details| details.data), Some(data));
	}

	#[benchmark]
	fn replace_allotment(n: Linear<1, { T::MaxShards::get() }>) {
		let tenant = tenant::<T>();
		let id = reserved::<T>(&tenant, n);
		let lost =
			Reservations::<T>::get(id).map(|record| record.allotments).unwrap_or_default()[0];
		due::<T>(id);
		Pallet::<T>::lost(lost, false);
		let operator: T::AccountId = account("operator", n, 7);
		let node =
			T::Grid::create_node_for_benchmark(&operator, 2 * BYTES, operator.clone().into());
		let before = Reservations::<T>::get(id).map_or(0, |record| record.created);
		frame_system::Pallet::<T>::set_block_number(before.saturated_into());
		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), id, 0, node, Balance::MAX);
		assert_ne!(Reservations::<T>::get(id).map(|record| record.allotments[0]), Some(lost));
	}

	#[benchmark]
	fn register_provider() {
		let caller: T::AccountId = whitelisted_caller();
		let id = NextProvider::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), Perbill::from_percent(1));
		assert!(Providers::<T>::contains_key(id));
	}

	#[benchmark]
	fn approve_provider() -> Result<(), BenchmarkError> {
		let id = provider::<T>();
		let origin =
			T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, false);
		assert_eq!(Providers::<T>::get(id).map(|provider| provider.approved), Some(false));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
