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
mod contract;
#[cfg(test)]
mod mock;
mod query;
mod settlement;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::Parameters;
pub use weights::WeightInfo;

/// The pallet: configuration, storage, events, errors, hooks and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[allow(clippy::too_many_arguments, reason = "the arguments of a call are its wire format")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{Allotment, Reservation, Terms};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
	};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use granary_primitives::{
		traits::{AuditSchedule, Capacity},
		AccountBytes, AllotmentId, Balance, BlockNumber, NodeId, ReservationId,
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

		/// Receives what is not the farmer's share.
		type Treasury: Get<Self::AccountId>;

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

	/// Each tenant's reservations, ascending, by their place in its list. `Blake2_128Concat`: anybody can choose an account;
	/// `Twox64Concat`: places are counted.
	#[pallet::storage]
	pub type ReservationOfTenant<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Twox64Concat,
		u32,
		ReservationId,
		OptionQuery,
	>;

	/// How many reservations a tenant has made. Hasher as in [`ReservationOfTenant`].
	#[pallet::storage]
	pub type ReservationCount<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

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

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Capacity is reserved.
		#[codec(index = 0)]
		Reserved {
			/// The reservation.
			reservation: ReservationId,
			/// Who pays.
			tenant: T::AccountId,
			/// What is held for it.
			escrow: Balance,
		},
		/// The term is longer.
		#[codec(index = 1)]
		Extended {
			/// The reservation.
			reservation: ReservationId,
			/// The block at which it ends now.
			ends: BlockNumber,
		},
		/// What was earned is paid.
		#[codec(index = 2)]
		Settled {
			/// The reservation.
			reservation: ReservationId,
			/// Paid to farms and treasury.
			paid: Balance,
		},
		/// The term is over; the reservation can be read until it is closed.
		#[codec(index = 3)]
		GraceStarted {
			/// The reservation.
			reservation: ReservationId,
			/// The first block at which it is closed.
			until: BlockNumber,
		},
		/// Capacity and bonds are free, the rest of the escrow is returned.
		#[codec(index = 4)]
		Closed {
			/// The reservation.
			reservation: ReservationId,
			/// What the tenant got back.
			returned: Balance,
		},
		/// The parameters changed.
		#[codec(index = 5)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is no twin; register one first.
		#[codec(index = 0)]
		NotTwin,
		/// There must be at least one data shard, and one node for each shard.
		#[codec(index = 1)]
		BadShardCount,
		/// An allotment must have room for at least one leaf.
		#[codec(index = 2)]
		BadSize,
		/// The term is shorter or longer than allowed.
		#[codec(index = 3)]
		BadTerm,
		/// No node has this number.
		#[codec(index = 4)]
		UnknownNode,
		/// Two of the nodes belong to one farm.
		#[codec(index = 5)]
		FarmsNotDistinct,
		/// The nodes cost more than the tenant is willing to pay.
		#[codec(index = 6)]
		TooExpensive,
		/// The price is out of range.
		#[codec(index = 7)]
		PriceOverflow,
		/// The node has as many allotments as it may.
		#[codec(index = 8)]
		TooManyAllotments,
		/// No reservation has this number.
		#[codec(index = 9)]
		UnknownReservation,
		/// The reservation belongs to another account.
		#[codec(index = 10)]
		NotTenant,
		/// The reservation is closed.
		#[codec(index = 11)]
		AlreadyClosed,
		/// The reservation is not due yet.
		#[codec(index = 12)]
		NotDue,
		/// The parameters contradict each other.
		#[codec(index = 13)]
		BadParameters,
		/// No number is left.
		#[codec(index = 14)]
		NoIdLeft,
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

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Reserves `bytes_per_allotment` on each of the nodes, in shard order, and holds the price of the whole term.
		///
		/// Origin: signed by a twin's account, the tenant. `data_shards + parity_shards` nodes of distinct farms must be named;
		/// `max_price_per_block` bounds what all allotments together may cost per block, in plancks.
		///
		/// Errors: [`Error::NotTwin`], [`Error::BadShardCount`], [`Error::BadSize`], [`Error::BadTerm`], [`Error::UnknownNode`],
		/// [`Error::FarmsNotDistinct`], [`Error::TooExpensive`], [`Error::PriceOverflow`], [`Error::TooManyAllotments`], [`Error::NoIdLeft`],
		/// grid's if a node has too little capacity or bond, the currency's if the escrow cannot be held. Emits [`Event::Reserved`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::reserve(nodes.len() as u32))]
		pub fn reserve(
			origin: OriginFor<T>,
			data_shards: u8,
			parity_shards: u8,
			nodes: BoundedVec<NodeId, T::MaxShards>,
			bytes_per_allotment: u64,
			term_blocks: BlockNumber,
			public_read: bool,
			max_price_per_block: Balance,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			let terms = Terms {
				data_shards,
				parity_shards,
				bytes: bytes_per_allotment,
				blocks: term_blocks,
				public_read,
				max_price_per_block,
			};
			Self::do_reserve(tenant, nodes, terms)
		}

		/// Makes the term longer and holds the price of the added blocks. A reservation in grace becomes active again: its term goes on
		/// from now, and the blocks since its end, in which the nodes kept the data, are paid for too.
		///
		/// The whole term must not exceed the longest one: a farmer's price and capacity are bound no longer than that.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`],
		/// [`Error::BadTerm`], [`Error::PriceOverflow`], and the currency's. Emits [`Event::Extended`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::extend(T::MaxShards::get()))]
		pub fn extend(
			origin: OriginFor<T>,
			reservation: ReservationId,
			blocks: BlockNumber,
		) -> DispatchResultWithPostInfo {
			let tenant = ensure_signed(origin)?;
			let weight = Self::do_extend(&tenant, reservation, blocks)?;
			Ok(Some(weight).into())
		}

		/// Pays what is earned, frees capacity and bonds, returns the rest of the escrow.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`],
		/// and the currency's. Emits [`Event::Closed`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::close(T::MaxShards::get()))]
		pub fn close(
			origin: OriginFor<T>,
			reservation: ReservationId,
		) -> DispatchResultWithPostInfo {
			let tenant = ensure_signed(origin)?;
			let record = Self::of_tenant(&tenant, reservation)?;
			let weight = Self::do_close(reservation, record)?;
			Ok(Some(weight).into())
		}

		/// Pays what is earned by a reservation that is due; ends its term and its grace when these are over.
		///
		/// Origin: authorised. Anyone may submit it without account, nonce and fee; it is accepted once a period and reservation.
		///
		/// Errors: [`Error::UnknownReservation`], [`Error::AlreadyClosed`], [`Error::NotDue`]. Emits [`Event::Settled`], and
		/// [`Event::GraceStarted`] or [`Event::Closed`] when it comes to that.
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::heaviest_settlement())]
		#[pallet::authorize(Pallet::<T>::authorize_settle)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_settle())]
		pub fn settle(
			origin: OriginFor<T>,
			reservation: ReservationId,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			let weight = Self::do_settle(reservation)?;
			Ok((Some(weight), Pays::No).into())
		}

		/// Changes periods, terms and shares. Reservations keep their price and their end.
		///
		/// Origin: root. Errors: [`Error::BadParameters`]. Emits [`Event::ParametersSet`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			ensure_root(origin)?;
			ensure!(parameters.are_sane(), Error::<T>::BadParameters);
			ContractParameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
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
