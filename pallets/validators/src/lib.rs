//! # Validators
//!
//! Who writes and finalises blocks, and what that costs who breaks the rules.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the dispatchables, the storage, the events and the errors. The
//! pallet is the session pallet's manager (by `NoteHistoricalRoot`) and the offences pallet's handler.
//!
//! ## Overview
//!
//! Governance invites an account ([`Pallet::invite`]). The account sets its session keys in the session pallet and joins ([`Pallet::join`]), which
//! puts up a bond. It writes blocks from the second session boundary on. It leaves by itself ([`Pallet::leave`]) or governance removes it
//! ([`Pallet::remove`]), never below [`Parameters::minimum`]; the bond stays for [`Parameters::unbonding_sessions`], for as long as an offence of it can be
//! reported, and then comes back with [`Pallet::withdraw`].
//!
//! Whoever equivocates loses a share of its bond to the treasury and its place: it is disabled in the running session, as far as a third of the validators
//! may be, and not chosen for the next. If too few validators would remain, it is kept until others have joined: a chain without blocks could admit nobody.
//!
//! ## Low Level / Implementation Details
//!
//! A set in which neither a validator nor a key changed is not announced again, so consensus does not change authorities without need, and key ownership can be
//! proven for rotated keys from their first session on. Concurrent offences are reported together again and again: [`Slashes`]
//! remembers what each cost in which session, so that only the difference is taken. The runtime must filter the session pallet's own `purge_keys`,
//! by which a validator would stop without leaving: [`Pallet::withdraw`] and [`Pallet::release_keys`] take its place.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod membership;
#[cfg(test)]
mod mock;
mod offences;
mod sessions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use sessions::Unidentified;
pub use types::{Bond, Parameters, Slash, MIN_UNBONDING_SESSIONS};
pub use weights::WeightInfo;

/// The pallet: configuration, storage, events, errors and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
	use frame_system::pallet_prelude::*;
	use granary_primitives::Balance;
	use pallet_session::historical;
	use sp_staking::SessionIndex;

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The currency of bonds.
	pub(crate) type CurrencyOf<T> = <T as Config>::Currency;

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
		+ historical::Config<FullIdentification = ()>
	{
		/// The currency of bonds.
		type Currency: MutateHold<
			<Self as frame_system::Config>::AccountId,
			Reason = Self::RuntimeHoldReason,
			Balance = Balance,
		>;

		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;

		/// Who invites, removes and sets parameters.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The account that receives what offences cost.
		type Treasury: Get<<Self as frame_system::Config>::AccountId>;

		/// Validators, and invitations, at most.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// The longest unbonding, in sessions: what consensus keeps for reports has to cover it.
		#[pallet::constant]
		type MaxUnbondingSessions: Get<SessionIndex>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// What benchmarks need of the runtime.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<
			<Self as frame_system::Config>::AccountId,
			Self::Keys,
		>;
	}

	/// Why the pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a validator.
		#[codec(index = 0)]
		Bond,
	}

	/// The rules that governance sets.
	#[pallet::storage]
	pub type ValidatorParameters<T> = StorageValue<_, Parameters, ValueQuery>;

	/// The validators of the sessions to come, in the order in which they joined.
	#[pallet::storage]
	pub type Members<T: Config> =
		StorageValue<_, BoundedVec<T::AccountId, T::MaxValidators>, ValueQuery>;

	/// Offenders that may have to stay until others have joined; looked at when a session is planned.
	#[pallet::storage]
	pub type Expelled<T: Config> =
		StorageValue<_, BoundedVec<T::AccountId, T::MaxValidators>, ValueQuery>;

	/// Who may join, and up to which session.
	#[pallet::storage]
	pub type Invitations<T: Config> =
		CountedStorageMap<_, Blake2_128Concat, T::AccountId, SessionIndex, OptionQuery>;

	/// Bonds of present and past validators.
	#[pallet::storage]
	pub type Bonds<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Bond, OptionQuery>;

	/// What offences cost, by session. `Twox64Concat`: sessions are numbered.
	#[pallet::storage]
	pub type Slashes<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		SessionIndex,
		Blake2_128Concat,
		T::AccountId,
		Slash,
		OptionQuery,
	>;

	/// The oldest session that offences can be reported of.
	#[pallet::storage]
	pub type OldestSession<T> = StorageValue<_, SessionIndex, ValueQuery>;

	/// The validators and rules of a new chain.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The rules.
		pub parameters: Parameters,
		/// The first validators, whose keys are in the session pallet's genesis and whose bonds are held.
		pub validators: BoundedVec<T::AccountId, T::MaxValidators>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(Pallet::<T>::are_sane(&self.parameters), "validators: bad parameters");
			ValidatorParameters::<T>::put(self.parameters);
			for validator in &self.validators {
				let admitted = Pallet::<T>::admit(validator, self.parameters.bond);
				assert!(admitted.is_ok(), "validators: {validator:?} cannot be one: {admitted:?}");
			}
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account may become a validator.
		#[codec(index = 0)]
		Invited {
			/// The account.
			account: T::AccountId,
			/// The last session in which it may join.
			until: SessionIndex,
		},
		/// An invitation was taken back.
		#[codec(index = 1)]
		Revoked {
			/// The account.
			account: T::AccountId,
		},
		/// An account is a validator from the second session boundary on.
		#[codec(index = 2)]
		Joined {
			/// The account.
			validator: T::AccountId,
			/// What is held from it.
			bond: Balance,
		},
		/// A validator left by itself.
		#[codec(index = 3)]
		Left {
			/// The account.
			validator: T::AccountId,
			/// The session from which on its bond can be withdrawn.
			until: SessionIndex,
		},
		/// Governance removed a validator.
		#[codec(index = 4)]
		Removed {
			/// The account.
			validator: T::AccountId,
			/// The session from which on its bond can be withdrawn.
			until: SessionIndex,
		},
		/// A validator lost its place by an offence.
		#[codec(index = 5)]
		Expelled {
			/// The account.
			validator: T::AccountId,
			/// The session from which on the rest of its bond can be withdrawn.
			until: SessionIndex,
		},
		/// An offence was paid for.
		#[codec(index = 6)]
		Slashed {
			/// The account.
			validator: T::AccountId,
			/// The session of the offence.
			session: SessionIndex,
			/// What the treasury received.
			amount: Balance,
		},
		/// A bond came back.
		#[codec(index = 7)]
		Withdrawn {
			/// The account.
			account: T::AccountId,
			/// What was returned.
			amount: Balance,
		},
		/// The rules changed.
		#[codec(index = 8)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is a validator already.
		#[codec(index = 0)]
		AlreadyValidator,
		/// There are as many invitations as there may be.
		#[codec(index = 1)]
		TooManyInvitations,
		/// The account is not invited.
		#[codec(index = 2)]
		NotInvited,
		/// The invitation is too old.
		#[codec(index = 3)]
		InvitationExpired,
		/// The account has set no session keys.
		#[codec(index = 4)]
		NoKeys,
		/// There are as many validators as there may be.
		#[codec(index = 5)]
		TooManyValidators,
		/// The account has a bond from before, which it has to withdraw first.
		#[codec(index = 6)]
		StillBonded,
		/// The account is no validator.
		#[codec(index = 7)]
		NotValidator,
		/// Too few validators would remain.
		#[codec(index = 8)]
		TooFewValidators,
		/// The account has no bond.
		#[codec(index = 9)]
		NoBond,
		/// The bond backs a validator that has not left.
		#[codec(index = 10)]
		StillValidator,
		/// The bond can be withdrawn later only.
		#[codec(index = 11)]
		TooEarly,
		/// The account's keys are in use in this or the next session.
		#[codec(index = 12)]
		KeysInUse,
		/// The parameters contradict each other or the runtime's limits.
		#[codec(index = 13)]
		BadParameters,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxValidators::get() > 0, "validators: MaxValidators is 0");
			assert!(
				T::MaxUnbondingSessions::get() >= MIN_UNBONDING_SESSIONS,
				"validators: MaxUnbondingSessions is too short"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Lets an account become a validator within [`Parameters::invitation_sessions`]. A second invitation renews the first.
		///
		/// Origin: governance. Errors: [`Error::AlreadyValidator`], [`Error::TooManyInvitations`]. Emits [`Event::Invited`].
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::invite())]
		pub fn invite(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_invite(account)
		}

		/// Takes an invitation back.
		///
		/// Origin: governance. Errors: [`Error::NotInvited`]. Emits [`Event::Revoked`].
		#[pallet::call_index(1)]
		#[pallet::weight(<T as Config>::WeightInfo::revoke())]
		pub fn revoke(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			ensure!(Invitations::<T>::take(&account).is_some(), Error::<T>::NotInvited);
			Self::deposit_event(Event::Revoked { account });
			Ok(())
		}

		/// Becomes a validator from the second session boundary on; holds [`Parameters::bond`].
		///
		/// The origin must be signed by an invited account that has set its session keys.
		///
		/// Errors: [`Error::NotInvited`], [`Error::InvitationExpired`], [`Error::StillBonded`], [`Error::NoKeys`], [`Error::TooManyValidators`], and the
		/// currency's if the bond cannot be held. Emits [`Event::Joined`].
		#[pallet::call_index(2)]
		#[pallet::weight(<T as Config>::WeightInfo::join())]
		pub fn join(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_join(who)
		}

		/// Stops being a validator from the second session boundary on; the bond stays for a while.
		///
		/// The origin must be signed by a validator. Errors: [`Error::NotValidator`], [`Error::TooFewValidators`]. Emits [`Event::Left`].
		#[pallet::call_index(3)]
		#[pallet::weight(<T as Config>::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let validator = ensure_signed(origin)?;
			let until = Self::drop_member(&validator)?;
			Self::deposit_event(Event::Left { validator, until });
			Ok(())
		}

		/// Removes a validator as if it had left.
		///
		/// Origin: governance. Errors: [`Error::NotValidator`], [`Error::TooFewValidators`]. Emits [`Event::Removed`].
		#[pallet::call_index(4)]
		#[pallet::weight(<T as Config>::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, validator: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			let until = Self::drop_member(&validator)?;
			Self::deposit_event(Event::Removed { validator, until });
			Ok(())
		}

		/// Returns what is left of a past validator's bond and forgets its session keys.
		///
		/// The origin must be signed by its owner. Errors: [`Error::NoBond`], [`Error::StillValidator`], [`Error::TooEarly`], [`Error::KeysInUse`].
		/// Emits [`Event::Withdrawn`].
		#[pallet::call_index(5)]
		#[pallet::weight(<T as Config>::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who)
		}

		/// Forgets the session keys of an account that is no validator, and returns their deposit.
		///
		/// The origin must be signed by the account. Errors: [`Error::StillBonded`], and the session pallet's if there are no keys.
		#[pallet::call_index(6)]
		#[pallet::weight(<T as Config>::WeightInfo::release_keys())]
		pub fn release_keys(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(!Bonds::<T>::contains_key(&who), Error::<T>::StillBonded);
			pallet_session::Pallet::<T>::purge_keys(frame_system::RawOrigin::Signed(who).into())
		}

		/// Changes the rules.
		///
		/// Origin: governance. Errors: [`Error::BadParameters`]. Emits [`Event::ParametersSet`].
		#[pallet::call_index(7)]
		#[pallet::weight(<T as Config>::WeightInfo::set_parameters())]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			ensure!(Self::are_sane(&parameters), Error::<T>::BadParameters);
			ValidatorParameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
		}
	}
}
