//! # Grid
//!
//! Twins, farms and nodes: who offers capacity, where, at what price, and what backs it.
//!
//! ## Overview
//!
//! An account registers as a *twin*. A twin owns *farms*, the failure domains for placement, each paid to one account. A farm has *nodes*,
//! each with a capacity, an endpoint, a price, two keys and a bond that is held from the account that registered it. Other pallets take and
//! return capacity and bond through [`granary_primitives::traits::Capacity`]; both are taken together or not at all, so neither can be promised twice.
//!
//! Nothing that a node says about itself is trusted: its capacity is an offer that its bond backs and audits test.
//!
//! ## Interface
//!
//! See [`Pallet`]'s calls. Queries for the runtime API: [`Pallet::twin_info`], [`Pallet::farm_info`], [`Pallet::node_info`] and the paged lists.

#![cfg_attr(not(feature = "std"), no_std)]

mod access;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod capacity;
mod duty;
mod errors;
mod events;
#[cfg(test)]
mod mock;
mod query;
mod registry;
mod rent;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::Parameters;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// The pallet: configuration, storage, events, errors and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[allow(clippy::too_many_arguments, reason = "the arguments of a call are its wire format")]
#[import_section(calls::calls)]
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{
		BalanceOf, Description, Farm, Maintenance, Node, Rent, Twin, Uptime, MAX_CERTIFIERS,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use granary_primitives::{
		AccountBytes, Balance, BlockNumber, FarmId, NodeId, PublicKey, Region, TwinId,
	};
	use sp_runtime::SaturatedConversion;

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<
		AccountId: Into<AccountBytes> + From<AccountBytes>,
		RuntimeEvent: From<Event<Self>>,
	>
	{
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason>;

		/// The money that bonds are held in.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Who names certifiers and sets parameters.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The time of the present block, in milliseconds.
		type Now: Get<u64>;

		/// Bytes of an endpoint.
		#[pallet::constant]
		type MaxEndpointLen: Get<u32>;

		/// Bytes of a farm's name.
		#[pallet::constant]
		type MaxNameLen: Get<u32>;

		/// Farms that one twin may own.
		#[pallet::constant]
		type MaxFarmsPerTwin: Get<u32>;

		/// Nodes that one farm may have.
		#[pallet::constant]
		type MaxNodesPerFarm: Get<u32>;

		/// The least bond of a node, in plancks.
		#[pallet::constant]
		type MinNodeBond: Get<Balance>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why money is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// It backs what a node promises.
		#[codec(index = 0)]
		NodeBond,
	}

	/// Notice, budget and delays.
	#[pallet::storage]
	pub type GridParameters<T> = StorageValue<_, Parameters, ValueQuery>;

	/// Who may vouch for farms and nodes.
	#[pallet::storage]
	pub type Certifiers<T: Config> =
		StorageValue<_, BoundedVec<T::AccountId, ConstU32<MAX_CERTIFIERS>>, ValueQuery>;

	/// The number of the next twin. Numbers are never used again.
	#[pallet::storage]
	pub type NextTwin<T> = StorageValue<_, TwinId, ValueQuery>;

	/// Twins by number. `Twox64Concat`: the chain numbers them, nobody can choose a key.
	#[pallet::storage]
	pub type Twins<T: Config> = StorageMap<_, Twox64Concat, TwinId, Twin<T>, OptionQuery>;

	/// The twin of an account. `Blake2_128Concat`: anybody can choose an account.
	#[pallet::storage]
	pub type TwinOf<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, TwinId, OptionQuery>;

	/// The number of the next farm.
	#[pallet::storage]
	pub type NextFarm<T> = StorageValue<_, FarmId, ValueQuery>;

	/// Farms by number. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type Farms<T: Config> = StorageMap<_, Twox64Concat, FarmId, Farm<T>, OptionQuery>;

	/// The number of the next node.
	#[pallet::storage]
	pub type NextNode<T> = StorageValue<_, NodeId, ValueQuery>;

	/// Nodes by number. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type Nodes<T: Config> = StorageMap<_, Twox64Concat, NodeId, Node<T>, OptionQuery>;

	/// The node that uses an audit key. `Blake2_128Concat`: anybody can choose a key.
	#[pallet::storage]
	pub type NodeOfAuditKey<T> = StorageMap<_, Blake2_128Concat, PublicKey, NodeId, OptionQuery>;

	/// What operators tell of their nodes beside the offer. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type Descriptions<T> = StorageMap<_, Twox64Concat, NodeId, Description, OptionQuery>;

	/// The last uptime report of each node. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type Uptimes<T> = StorageMap<_, Twox64Concat, NodeId, Uptime, OptionQuery>;

	/// The farm of each name. `Blake2_128Concat`: anybody can choose a name.
	#[pallet::storage]
	pub type FarmNames<T: Config> =
		StorageMap<_, Blake2_128Concat, BoundedVec<u8, T::MaxNameLen>, FarmId, OptionQuery>;

	/// What nodes ask that name no price of their own, in plancks for a GiB and hour. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type FarmPrices<T: Config> = StorageMap<_, Twox64Concat, FarmId, BalanceOf<T>, OptionQuery>;

	/// Nodes that are offered as a whole, and their price per block. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type RentOffers<T: Config> = StorageMap<_, Twox64Concat, NodeId, BalanceOf<T>, OptionQuery>;

	/// Nodes that were rented as a whole. Hasher as in [`Twins`].
	#[pallet::storage]
	pub type Rents<T: Config> =
		StorageMap<_, Twox64Concat, NodeId, Rent<T::AccountId>, OptionQuery>;

	/// Parameters at genesis.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Notice, budget and delays.
		pub parameters: Parameters,
		/// Who may vouch for farms and nodes.
		pub certifiers: BoundedVec<T::AccountId, ConstU32<MAX_CERTIFIERS>>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.parameters.are_sane(), "grid's parameters are not sane");
			GridParameters::<T>::put(self.parameters);
			Certifiers::<T>::put(self.certifiers.clone());
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MaxEndpointLen::get() >= 3,
				"the shortest endpoint is a host, a colon and a port"
			);
			assert!(T::MaxNameLen::get() >= 1, "a farm's name is not empty");
			assert!(T::MaxFarmsPerTwin::get() >= 1, "a twin could not create a farm");
			assert!(T::MaxNodesPerFarm::get() >= 1, "a farm could not have a node");
			assert!(T::MinNodeBond::get() > 0, "a node without a bond promises nothing");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	impl<T: Config> Pallet<T> {
		/// The present block.
		pub(crate) fn now() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
