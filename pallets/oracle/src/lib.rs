//! # Oracle
//!
//! The price of the chain's currency in US dollars, for nodes that ask for dollars.
//!
//! ## Overview
//!
//! Governance names a bounded set of *feeders*. Each submits what one unit of the currency costs. The price is the median of the submissions that are
//! fresh; while fewer feeders than required have submitted lately, there is none, and nobody is charged by an old one. Submissions outside the
//! bounds are refused, so that a slip of the comma cannot pass.
//!
//! Prices are in millionths of a milli-cent (10^-11 US dollars) per unit of the currency.
//!
//! ## Interface
//!
//! [`granary_primitives::traits::PriceFeed`] for other pallets; [`Pallet::price`] for the runtime API.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
mod price;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::Parameters;
pub use weights::WeightInfo;

/// The pallet: configuration, storage, events, errors and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::Submission;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use granary_primitives::{Balance, BlockNumber};
	use sp_runtime::SaturatedConversion;

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Who names feeders and sets parameters.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Plancks of one unit of the currency.
		#[pallet::constant]
		type Unit: Get<Balance>;

		/// Feeders, at most.
		#[pallet::constant]
		type MaxFeeders: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Bounds and freshness.
	#[pallet::storage]
	pub type OracleParameters<T> = StorageValue<_, Parameters, ValueQuery>;

	/// The feeders, each with what it submitted last.
	#[pallet::storage]
	pub type Feeders<T: Config> =
		StorageValue<_, BoundedVec<(T::AccountId, Option<Submission>), T::MaxFeeders>, ValueQuery>;

	/// Feeders and bounds at genesis.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Bounds and freshness.
		pub parameters: Parameters,
		/// Who may submit prices.
		pub feeders: BoundedVec<T::AccountId, T::MaxFeeders>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.parameters.are_sane(), "the oracle's parameters are not sane");
			OracleParameters::<T>::put(self.parameters);
			let feeders = self.feeders.iter().map(|feeder| (feeder.clone(), None));
			Feeders::<T>::put(BoundedVec::truncate_from(feeders.collect()));
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A feeder submitted a price.
		#[codec(index = 0)]
		PriceSubmitted {
			/// The feeder.
			feeder: T::AccountId,
			/// Millionths of a milli-cent per unit.
			price: u64,
		},
		/// An account became a feeder.
		#[codec(index = 1)]
		FeederAdded {
			/// The account.
			feeder: T::AccountId,
		},
		/// An account is no feeder any more; what it submitted is forgotten.
		#[codec(index = 2)]
		FeederRemoved {
			/// The account.
			feeder: T::AccountId,
		},
		/// The parameters changed.
		#[codec(index = 3)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is no feeder.
		#[codec(index = 0)]
		NotFeeder,
		/// The account is a feeder already.
		#[codec(index = 1)]
		AlreadyFeeder,
		/// There are as many feeders as there may be.
		#[codec(index = 2)]
		TooManyFeeders,
		/// The price is below the lowest or above the highest that is believed.
		#[codec(index = 3)]
		PriceOutOfBounds,
		/// The feeder has submitted a price in this block already.
		#[codec(index = 4)]
		TooSoon,
		/// The parameters contradict each other.
		#[codec(index = 5)]
		BadParameters,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::Unit::get() > 0, "a unit is some plancks");
			assert!(T::MaxFeeders::get() > 0, "nobody could feed");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Submits what one unit of the currency costs, in millionths of a milli-cent of a US dollar.
		///
		/// Origin: signed by a feeder, once a block; free if it succeeds. Errors: [`Error::NotFeeder`], [`Error::PriceOutOfBounds`],
		/// [`Error::TooSoon`]. Emits [`Event::PriceSubmitted`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::submit_price())]
		pub fn submit_price(origin: OriginFor<T>, price: u64) -> DispatchResultWithPostInfo {
			let feeder = ensure_signed(origin)?;
			let parameters = OracleParameters::<T>::get();
			let now = Self::now();
			Feeders::<T>::try_mutate(|feeders| {
				let entry = feeders.iter_mut().find(|(account, _)| *account == feeder);
				let (_, submission) = entry.ok_or(Error::<T>::NotFeeder)?;
				ensure!(
					(parameters.min_price..=parameters.max_price).contains(&price),
					Error::<T>::PriceOutOfBounds
				);
				ensure!(submission.is_none_or(|last| last.block < now), Error::<T>::TooSoon);
				*submission = Some(Submission { price, block: now });
				Ok::<(), Error<T>>(())
			})?;
			Self::deposit_event(Event::PriceSubmitted { feeder, price });
			Ok(Pays::No.into())
		}

		/// Makes an account a feeder.
		///
		/// Origin: governance. Errors: [`Error::AlreadyFeeder`], [`Error::TooManyFeeders`]. Emits [`Event::FeederAdded`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::add_feeder())]
		pub fn add_feeder(origin: OriginFor<T>, feeder: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Feeders::<T>::try_mutate(|feeders| {
				let known = feeders.iter().any(|(account, _)| *account == feeder);
				ensure!(!known, Error::<T>::AlreadyFeeder);
				feeders.try_push((feeder.clone(), None)).map_err(|_| Error::<T>::TooManyFeeders)
			})?;
			Self::deposit_event(Event::FeederAdded { feeder });
			Ok(())
		}

		/// Takes an account and what it submitted out of the feed.
		///
		/// Origin: governance. Errors: [`Error::NotFeeder`]. Emits [`Event::FeederRemoved`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::remove_feeder())]
		pub fn remove_feeder(origin: OriginFor<T>, feeder: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Feeders::<T>::try_mutate(|feeders| {
				let before = feeders.len();
				feeders.retain(|(account, _)| *account != feeder);
				ensure!(feeders.len() < before, Error::<T>::NotFeeder);
				Ok::<(), Error<T>>(())
			})?;
			Self::deposit_event(Event::FeederRemoved { feeder });
			Ok(())
		}

		/// Changes bounds and freshness.
		///
		/// Origin: governance. Errors: [`Error::BadParameters`]. Emits [`Event::ParametersSet`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			ensure!(parameters.are_sane(), Error::<T>::BadParameters);
			OracleParameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		/// The present block.
		pub(crate) fn now() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
