//! # Reservations
//!
//! The tenant's contract for capacity: k+m allotments on nodes of distinct farms, an escrow for the whole term, payment for proven time only.
//!
//! ## Overview
//!
//! [`Pallet::reserve`] takes capacity and bond on every node and holds the escrow, all or nothing. Audits report through
//! [`granary_primitives::traits::Allotments`] which blocks an allotment has proven: these accrue. [`Pallet::settle`], which authorises itself when a
//! reservation is due and needs no account, pays what accrued from the escrow to the farms' payout accounts. After its term a reservation is in grace, then
//! closed and freed.
//!
//! Money moves only from a tenant's hold, so a reservation can never pay more than its escrow. A block without proof is never paid: what a miss costs
//! stays with the tenant.
//!
//! ## Low-level details
//!
//! The pallet's off-chain worker submits `settle` for what is due, a bounded number of reservations a block in turn, so that no hook pays for it and
//! no single node has to be up.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod change;
mod contract;
mod errors;
mod events;
#[cfg(test)]
mod mock;
pub mod parameters;
mod placement;
mod query;
mod repair;
mod settlement;
mod shares;
#[cfg(test)]
mod tests;
mod till;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use parameters::Parameters;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// The pallet: configuration, storage, events, errors, hooks and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[allow(clippy::too_many_arguments, reason = "the arguments of a call are its wire format")]
#[import_section(calls::calls)]
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{
		Allotment, Data, Details, Name, Options, Policy, Provider, Repair, Reservation, Terms,
		MAX_CANDIDATES, MAX_CLOSED_AT_ONCE,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
	};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use granary_primitives::{
		reservation::DayEarnings,
		traits::{AuditSchedule, Capacity, PriceFeed},
		AccountBytes, AllotmentId, Balance, BlockNumber, FarmId, Hash, NodeId, ProviderId,
		ReservationId,
	};
	use sp_runtime::{Perbill, SaturatedConversion};

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ frame_system::Config<
			AccountId: Into<AccountBytes> + From<AccountBytes>,
			RuntimeEvent: From<Event<Self>>,
		>
	{
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason>;

		/// The money that escrow is held in.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Where capacity and bond are taken from.
		type Grid: Capacity<Self::AccountId, DispatchError>;

		/// Who has to know when an allotment is freed.
		type Audits: AuditSchedule;

		/// Receives what is nobody else's share.
		type Treasury: Get<Self::AccountId>;

		/// Keeps what penalties bring until it pays for repairs; must exist.
		type RepairAccount: Get<Self::AccountId>;

		/// The price of the currency, where nodes' prices are in US dollars.
		type Prices: PriceFeed;

		/// Who changes parameters and approves solution providers.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Shards of a reservation, k+m.
		#[pallet::constant]
		type MaxShards: Get<u32>;

		/// Allotments on one node.
		#[pallet::constant]
		type MaxAllotmentsPerNode: Get<u32>;

		/// Settlements that the off-chain worker submits in one block.
		#[pallet::constant]
		type MaxSettlementsPerBlock: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why money is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// It pays for a reservation's term.
		#[codec(index = 0)]
		Escrow,
	}

	/// Periods, terms and shares.
	#[pallet::storage]
	pub type ContractParameters<T> = StorageValue<_, Parameters, ValueQuery>;

	/// The number of the next reservation. Numbers are never used again.
	#[pallet::storage]
	pub type NextReservation<T> = StorageValue<_, ReservationId, ValueQuery>;

	/// Reservations by number. `Twox64Concat`: the chain numbers them, nobody can choose a key.
	#[pallet::storage]
	pub type Reservations<T: Config> =
		StorageMap<_, Twox64Concat, ReservationId, Reservation<T>, OptionQuery>;

	/// Each tenant's reservations. `Blake2_128Concat`: anybody can choose an account; `Identity`: the chain numbers reservations, and as big-endian
	/// bytes they iterate in their order.
	#[pallet::storage]
	pub type ReservationOfTenant<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, [u8; 8], (), OptionQuery>;

	/// What tenants wrote beside their reservations; only what is not empty. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type ReservationDetails<T: Config> =
		StorageMap<_, Twox64Concat, ReservationId, Details<T>, OptionQuery>;

	/// The reservation of each name. `Blake2_128Concat`: anybody can choose a name.
	#[pallet::storage]
	pub type Names<T> = StorageMap<_, Blake2_128Concat, Name, ReservationId, OptionQuery>;

	/// Who may take over a reservation. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type Offers<T: Config> =
		StorageMap<_, Twox64Concat, ReservationId, T::AccountId, OptionQuery>;

	/// What penalties have brought for the repairs of each reservation. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type RepairFunds<T> = StorageMap<_, Twox64Concat, ReservationId, Balance, ValueQuery>;

	/// Allotments whose first proof pays for a repair. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type Repairs<T: Config> =
		StorageMap<_, Twox64Concat, AllotmentId, Repair<T::AccountId>, OptionQuery>;

	/// The number of the next solution provider.
	#[pallet::storage]
	pub type NextProvider<T> = StorageValue<_, ProviderId, ValueQuery>;

	/// Solution providers by number. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type Providers<T: Config> =
		StorageMap<_, Twox64Concat, ProviderId, Provider<T::AccountId>, OptionQuery>;

	/// What each farm was paid on the last 32 days, a ring by `day % 32`. `Twox64Concat`: the chain numbers farms; `Identity`: a number below 32.
	#[pallet::storage]
	pub type FarmEarnings<T> =
		StorageDoubleMap<_, Twox64Concat, FarmId, Identity, u32, DayEarnings, ValueQuery>;

	/// The number of the next allotment.
	#[pallet::storage]
	pub type NextAllotment<T> = StorageValue<_, AllotmentId, ValueQuery>;

	/// Allotments by number. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type Allotments<T> = StorageMap<_, Twox64Concat, AllotmentId, Allotment, OptionQuery>;

	/// Live allotments of each node. Hashers as in [`Reservations`].
	#[pallet::storage]
	pub type AllotmentsOfNode<T> =
		StorageDoubleMap<_, Twox64Concat, NodeId, Twox64Concat, AllotmentId, (), OptionQuery>;

	/// How many live allotments a node has. Hasher as in [`Reservations`].
	#[pallet::storage]
	pub type AllotmentCount<T> = StorageMap<_, Twox64Concat, NodeId, u32, ValueQuery>;

	/// Periods and terms at genesis.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The parameters.
		pub parameters: Parameters,
		/// Ties the configuration to a runtime.
		#[serde(skip)]
		pub marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.parameters.are_sane(), "the reservations' parameters are not sane");
			ContractParameters::<T>::put(self.parameters);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn offchain_worker(now: BlockNumberFor<T>) {
			Self::submit_settlements(now.saturated_into());
		}

		fn integrity_test() {
			assert!(
				(1..=255).contains(&T::MaxShards::get()),
				"a reservation has at least one shard, and its shards are numbered in a byte"
			);
			assert!(T::MaxAllotmentsPerNode::get() >= 1, "no node could be reserved");
			assert!(T::MaxSettlementsPerBlock::get() >= 1, "settlements would never be submitted");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	impl<T: Config> Pallet<T> {
		/// A settlement may come to closing, which is the heavier.
		pub(crate) fn heaviest_settlement() -> Weight {
			let shards = T::MaxShards::get();
			T::WeightInfo::settle(shards).max(T::WeightInfo::close(shards))
		}

		/// The present block.
		pub(crate) fn now() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
