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
mod capacity;
#[cfg(test)]
mod mock;
mod query;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

/// The pallet: configuration, storage, events, errors and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[allow(clippy::too_many_arguments, reason = "the arguments of a call are its wire format")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{BalanceOf, Farm, Node, Twin};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use granary_primitives::{AccountBytes, Balance, FarmId, NodeId, PublicKey, TwinId};

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

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account became a twin.
		#[codec(index = 0)]
		TwinRegistered {
			/// The twin.
			twin: TwinId,
			/// Its account.
			account: T::AccountId,
		},
		/// A twin changed its endpoint or transport key.
		#[codec(index = 1)]
		TwinUpdated {
			/// The twin.
			twin: TwinId,
		},
		/// A farm was created.
		#[codec(index = 2)]
		FarmCreated {
			/// The farm.
			farm: FarmId,
			/// Its owner.
			twin: TwinId,
		},
		/// A farm was removed.
		#[codec(index = 3)]
		FarmRemoved {
			/// The farm.
			farm: FarmId,
		},
		/// A node was registered.
		#[codec(index = 4)]
		NodeRegistered {
			/// The node.
			node: NodeId,
			/// Its farm.
			farm: FarmId,
			/// Offered capacity.
			capacity_bytes: u64,
		},
		/// A node's endpoint, capacity or price changed.
		#[codec(index = 5)]
		NodeUpdated {
			/// The node.
			node: NodeId,
		},
		/// A node's bond grew.
		#[codec(index = 6)]
		BondAdded {
			/// The node.
			node: NodeId,
			/// By how much.
			amount: Balance,
		},
		/// A node was removed and its bond returned.
		#[codec(index = 7)]
		NodeRemoved {
			/// The node.
			node: NodeId,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is a twin already; use `update_twin`.
		#[codec(index = 0)]
		AlreadyTwin,
		/// The account is no twin; use `register_twin` first.
		#[codec(index = 1)]
		NotTwin,
		/// No farm has this number.
		#[codec(index = 2)]
		UnknownFarm,
		/// The farm belongs to another twin.
		#[codec(index = 3)]
		NotFarmOwner,
		/// No node has this number.
		#[codec(index = 4)]
		UnknownNode,
		/// The node was registered by another account.
		#[codec(index = 5)]
		NotNodeOperator,
		/// A text is empty or not UTF-8.
		#[codec(index = 6)]
		BadText,
		/// A node must offer some capacity, and at least what is reserved of it.
		#[codec(index = 7)]
		BadCapacity,
		/// The bond is below the least one, or nothing was added.
		#[codec(index = 8)]
		BondTooLow,
		/// Another node uses this audit key.
		#[codec(index = 9)]
		AuditKeyInUse,
		/// The twin has as many farms as it may.
		#[codec(index = 10)]
		TooManyFarms,
		/// The farm has as many nodes as it may.
		#[codec(index = 11)]
		TooManyNodes,
		/// Reservations use the node; close or move them first.
		#[codec(index = 12)]
		NodeInUse,
		/// The farm still has nodes; remove them first.
		#[codec(index = 13)]
		FarmInUse,
		/// The node has not so much free capacity.
		#[codec(index = 14)]
		NotEnoughCapacity,
		/// The node has not so much free bond.
		#[codec(index = 15)]
		NotEnoughBond,
		/// No number is left.
		#[codec(index = 16)]
		NoIdLeft,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers the sender's account as a twin.
		///
		/// Origin: signed. `endpoint` may be empty; `transport_key` is an X25519 public key.
		///
		/// Errors: [`Error::AlreadyTwin`], [`Error::BadText`], [`Error::NoIdLeft`]. Emits [`Event::TwinRegistered`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register_twin())]
		pub fn register_twin(
			origin: OriginFor<T>,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			transport_key: PublicKey,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			ensure!(!TwinOf::<T>::contains_key(&account), Error::<T>::AlreadyTwin);
			ensure!(core::str::from_utf8(&endpoint).is_ok(), Error::<T>::BadText);
			let id = NextTwin::<T>::get();
			NextTwin::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
			Twins::<T>::insert(
				id,
				Twin { account: account.clone(), endpoint, transport_key, farms: 0 },
			);
			TwinOf::<T>::insert(&account, id);
			Self::deposit_event(Event::TwinRegistered { twin: id, account });
			Ok(())
		}

		/// Changes the endpoint and transport key of the sender's twin. Allotments made before keep the passwords that were
		/// agreed with the old key.
		///
		/// Origin: signed by a twin's account. Errors: [`Error::NotTwin`], [`Error::BadText`]. Emits [`Event::TwinUpdated`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::update_twin())]
		pub fn update_twin(
			origin: OriginFor<T>,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			transport_key: PublicKey,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			let id = TwinOf::<T>::get(&account).ok_or(Error::<T>::NotTwin)?;
			ensure!(core::str::from_utf8(&endpoint).is_ok(), Error::<T>::BadText);
			Twins::<T>::mutate_extant(id, |twin| {
				twin.endpoint = endpoint;
				twin.transport_key = transport_key;
			});
			Self::deposit_event(Event::TwinUpdated { twin: id });
			Ok(())
		}

		/// Creates a farm of the sender's twin. Its nodes' earnings go to `payout`, or to the sender.
		///
		/// Origin: signed by a twin's account. Errors: [`Error::NotTwin`], [`Error::BadText`], [`Error::TooManyFarms`],
		/// [`Error::NoIdLeft`]. Emits [`Event::FarmCreated`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::create_farm())]
		pub fn create_farm(
			origin: OriginFor<T>,
			name: BoundedVec<u8, T::MaxNameLen>,
			payout: Option<T::AccountId>,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			let twin = TwinOf::<T>::get(&account).ok_or(Error::<T>::NotTwin)?;
			ensure!(!name.is_empty() && core::str::from_utf8(&name).is_ok(), Error::<T>::BadText);
			Twins::<T>::try_mutate(twin, |record| {
				let record = record.as_mut().ok_or(Error::<T>::NotTwin)?;
				ensure!(record.farms < T::MaxFarmsPerTwin::get(), Error::<T>::TooManyFarms);
				record.farms += 1;
				Ok::<(), DispatchError>(())
			})?;
			let id = NextFarm::<T>::get();
			NextFarm::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
			Farms::<T>::insert(
				id,
				Farm { twin, name, payout: payout.unwrap_or(account), nodes: 0 },
			);
			Self::deposit_event(Event::FarmCreated { farm: id, twin });
			Ok(())
		}

		/// Registers a node of one of the sender's farms and holds its bond from the sender.
		///
		/// Origin: signed by the account of the farm's twin. `endpoint` is `host:port` of its RESP server; `audit_key` is sr25519,
		/// `transport_key` X25519; `price_per_gib_hour` and `bond` are in plancks.
		///
		/// Errors: [`Error::UnknownFarm`], [`Error::NotFarmOwner`], [`Error::BadText`], [`Error::BadCapacity`],
		/// [`Error::BondTooLow`], [`Error::AuditKeyInUse`], [`Error::TooManyNodes`], [`Error::NoIdLeft`], and the currency's if
		/// the bond cannot be held. Emits [`Event::NodeRegistered`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::register_node())]
		pub fn register_node(
			origin: OriginFor<T>,
			farm: FarmId,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			capacity_bytes: u64,
			price_per_gib_hour: BalanceOf<T>,
			audit_key: PublicKey,
			transport_key: PublicKey,
			bond: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::ensure_farm_owner(&operator, farm)?;
			ensure!(Self::is_endpoint(&endpoint), Error::<T>::BadText);
			ensure!(capacity_bytes > 0, Error::<T>::BadCapacity);
			ensure!(bond >= T::MinNodeBond::get(), Error::<T>::BondTooLow);
			ensure!(!NodeOfAuditKey::<T>::contains_key(audit_key), Error::<T>::AuditKeyInUse);
			Farms::<T>::try_mutate(farm, |record| {
				let record = record.as_mut().ok_or(Error::<T>::UnknownFarm)?;
				ensure!(record.nodes < T::MaxNodesPerFarm::get(), Error::<T>::TooManyNodes);
				record.nodes += 1;
				Ok::<(), DispatchError>(())
			})?;
			T::Currency::hold(&HoldReason::NodeBond.into(), &operator, bond)?;
			let id = NextNode::<T>::get();
			NextNode::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
			NodeOfAuditKey::<T>::insert(audit_key, id);
			Nodes::<T>::insert(
				id,
				Node {
					farm,
					operator,
					endpoint,
					audit_key,
					transport_key,
					capacity_bytes,
					reserved_bytes: 0,
					price_per_gib_hour,
					bond,
					bond_used: 0,
				},
			);
			Self::deposit_event(Event::NodeRegistered { node: id, farm, capacity_bytes });
			Ok(())
		}

		/// Changes a node's endpoint, capacity and price. Reservations keep the price they were made at.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::BadText`], [`Error::BadCapacity`]. Emits [`Event::NodeUpdated`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::update_node())]
		pub fn update_node(
			origin: OriginFor<T>,
			node: NodeId,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			capacity_bytes: u64,
			price_per_gib_hour: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(Self::is_endpoint(&endpoint), Error::<T>::BadText);
			Self::mutate_node(&operator, node, |record| {
				ensure!(
					capacity_bytes > 0 && capacity_bytes >= record.reserved_bytes,
					Error::<T>::BadCapacity
				);
				record.endpoint = endpoint;
				record.capacity_bytes = capacity_bytes;
				record.price_per_gib_hour = price_per_gib_hour;
				Ok(())
			})?;
			Self::deposit_event(Event::NodeUpdated { node });
			Ok(())
		}

		/// Adds to a node's bond, so that more can be reserved on it.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::BondTooLow`], and the currency's. Emits [`Event::BondAdded`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			node: NodeId,
			amount: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(amount > 0, Error::<T>::BondTooLow);
			Self::mutate_node(&operator, node, |record| {
				T::Currency::hold(&HoldReason::NodeBond.into(), &operator, amount)?;
				record.bond = record.bond.saturating_add(amount);
				Ok(())
			})?;
			Self::deposit_event(Event::BondAdded { node, amount });
			Ok(())
		}

		/// Removes a node that nothing is reserved on and returns its bond.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::NodeInUse`]. Emits [`Event::NodeRemoved`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::remove_node())]
		pub fn remove_node(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_remove_node(&operator, node)?;
			Self::deposit_event(Event::NodeRemoved { node });
			Ok(())
		}

		/// Removes a farm that has no nodes.
		///
		/// Origin: signed by the account of the farm's twin. Errors: [`Error::UnknownFarm`], [`Error::NotFarmOwner`],
		/// [`Error::FarmInUse`]. Emits [`Event::FarmRemoved`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::remove_farm())]
		pub fn remove_farm(origin: OriginFor<T>, farm: FarmId) -> DispatchResult {
			let account = ensure_signed(origin)?;
			let record = Self::ensure_farm_owner(&account, farm)?;
			ensure!(record.nodes == 0, Error::<T>::FarmInUse);
			Farms::<T>::remove(farm);
			Twins::<T>::mutate_extant(record.twin, |twin| {
				twin.farms = twin.farms.saturating_sub(1)
			});
			Self::deposit_event(Event::FarmRemoved { farm });
			Ok(())
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
}
