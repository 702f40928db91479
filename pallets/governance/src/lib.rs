//! # Governance
//!
//! What the council decides is done with the authority of root, and seen.
//!
//! ## Overview
//!
//! Parameters, certifiers, feeders, the treasury and runtime upgrades belong to root. A production chain has no sudo key: root's authority comes from
//! [`Pallet::enact`] alone, whose origin the runtime sets to a qualified majority of the council. The council proposes `enact(call)` as a
//! motion; when enough members agree, the call is dispatched and [`Event::Enacted`] says what came of it. So a motion that fails is not
//! silently lost, and whoever watches the chain sees every use of root's authority.
//!
//! A runtime upgrade is `enact(System.authorize_upgrade(hash))`; anybody may then bring the code of that hash.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

/// The pallet: configuration, events and the call.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use frame_support::{
		dispatch::{GetDispatchInfo, PostDispatchInfo},
		pallet_prelude::*,
	};
	use frame_system::{pallet_prelude::*, RawOrigin};
	use sp_runtime::traits::Dispatchable;

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Everything that can be called.
		type RuntimeCall: Parameter
			+ Dispatchable<RuntimeOrigin = Self::RuntimeOrigin, PostInfo = PostDispatchInfo>
			+ GetDispatchInfo
			+ From<frame_system::Call<Self>>;

		/// The majority of the council that decides.
		type CouncilOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A decision of the council was carried out.
		#[codec(index = 0)]
		Enacted {
			/// What came of it.
			result: DispatchResult,
		},
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Does what the council decided, with the authority of root.
		///
		/// Origin: the council's majority. Succeeds also if the call fails: [`Event::Enacted`] has the result.
		#[pallet::call_index(0)]
		#[pallet::weight({
			let info = call.get_dispatch_info();
			(T::WeightInfo::enact().saturating_add(info.call_weight), info.class)
		})]
		pub fn enact(
			origin: OriginFor<T>,
			call: Box<<T as Config>::RuntimeCall>,
		) -> DispatchResultWithPostInfo {
			T::CouncilOrigin::ensure_origin(origin)?;
			let declared = call.get_dispatch_info().call_weight;
			let outcome = call.dispatch(RawOrigin::Root.into());
			let (used, result) = match outcome {
				Ok(info) => (info.actual_weight, Ok(())),
				Err(failed) => (failed.post_info.actual_weight, Err(failed.error)),
			};
			Self::deposit_event(Event::Enacted { result });
			Ok(Some(T::WeightInfo::enact().saturating_add(used.unwrap_or(declared))).into())
		}
	}
}
