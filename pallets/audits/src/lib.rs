//! # Audits pallet
//!
//! Random challenges on the logs of all allotments, and the proofs that answer them.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the dispatchables, the storage, the events and the errors, and
//! the `query` functions of [`Pallet`] for what the runtime API answers.
//!
//! ## Overview
//!
//! **Beacon.** Each block's author contributes a VRF output: `acc = blake2_256("beacon" ‖ acc ‖
//! vrf)`. A block with a fresh VRF, in an epoch whose predecessor left its randomness, mints the
//! next *tick* `T` with `seed = blake2_256("audit" ‖ acc ‖ epoch_randomness ‖ T u32 LE)`. There is no zero,
//! stale or default seed: whenever an ingredient is missing, the tick is held. It is held, too, when
//! more than half of the last fifty blocks had no room for one proof, so that nobody misses an
//! audit because others fill the blocks, and while a multi-block migration keeps
//! extrinsics out.
//!
//! **Checkpoints.** The log of an allotment is known to the chain by its newest checkpoint, which
//! tenant and node both signed: neither can frame the other. The first one schedules the first audit.
//!
//! **Audits.** An audit freezes root and leaf count *before* the block that mints its seed, so
//! nobody can fit a log to a challenge. A checkpoint that arrives later is audited from the next audit
//! on. The frozen log, the seed and the allotment choose the leaves (`granary-por`); the node
//! answers from two ticks after the audit's tick until its deadline with the leaves and their Merkle
//! multiproof. A wrong proof fails and changes nothing: only the deadline matters. Outcomes go to
//! the till ([`granary_primitives::traits::Allotments`]) with the blocks that they cover.
//!
//! **Proofs** are authorised transactions: no account, no nonce, no fee. The pool checks that the
//! audit is owed and its window open, the exact length and the signature of the node's audit key;
//! the Merkle tree is checked in dispatch. One audit provides one tag, so a pool holds at most one
//! proof of each.
//!
//! ### Example
//!
//! ```text
//! tick      T-1 │ T (seed known) │ T+1 │ T+2 ............ T+W │ T+W+1
//! audit    open │                │     │ proofs are accepted  │ missed, if not proven
//! ```
//!
//! ## Low Level / Implementation Details
//!
//! - Hooks: `on_poll` closes what is overdue and opens what is due, at most
//!   [`Config::MaxClosingsPerBlock`] and [`Config::MaxAuditsPerTick`] of them and never beyond the
//!   weight that is left; cursors carry the rest over to later blocks. An audit that is
//!   opened late simply gets the later tick. `on_finalize` measures the block and mints the tick,
//!   its weight is accounted in `on_initialize`. `on_idle` removes the history of closed allotments.
//! - [`Config::AuthorVrf`] is read in `on_finalize` and must be *this* block's output. BABE writes
//!   `AuthorVrfRandomness` in its own `on_finalize`, so **BABE must come before this pallet in the
//!   runtime**. After a block without VRF the old value stays there; the beacon therefore
//!   ignores a value that repeats.
//! - [`Config::EpochRandomness`] is read in `on_finalize`: BABE's `NextRandomness` (made of the
//!   VRFs of the previous epoch), and `None` while `EpochIndex` is 0, when it is still the
//!   genesis value.
//! - Calls need the transaction extension `frame_system::AuthorizeCall` in the runtime.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod beacon;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod checkpoint;
mod limits;
#[cfg(test)]
mod mock;
mod proof;
mod query;
mod schedule;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use query::MAX_DUE_LISTED;
pub use types::{MaxProofLen, Parameters, ProofRefusal};
pub use weights::WeightInfo;

/// The pallet: configuration, storage, events, errors, hooks and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{AuditedAllotment, BeaconState, MAX_CHECKPOINTS};
	use frame_support::{pallet_prelude::*, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use granary_primitives::{
		audit::{AuditRecord, SignedCheckpoint},
		traits::{Allotments, AuditKeys},
		AccountBytes, AllotmentId, Hash, NodeId, Signature, Tick,
	};

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet's handle.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime decides.
	///
	/// Accounts are raw sr25519 public keys: a tenant signs checkpoints with its account's key.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<
		AccountId: Into<AccountBytes>,
		Hash: Into<Hash>,
		RuntimeEvent: From<Event<Self>>,
	>
	{
		/// The VRF output of *this* block's author, read in `on_finalize`; `None` without one.
		type AuthorVrf: Get<Option<[u8; 32]>>;

		/// The randomness that the previous epoch left, read in `on_finalize`; `None` while the
		/// chain has no past epoch. Never a default value: the tick is held instead.
		type EpochRandomness: Get<Option<[u8; 32]>>;

		/// Where the audit keys of nodes are found.
		type AuditKeys: AuditKeys;

		/// Who stands behind an allotment, and the till.
		type Allotments: Allotments<Self::AccountId>;

		/// Audits that are opened at one tick. Proofs take their room in a block: at 22 KiB a
		/// proof, 16 fill about a tenth of a block of 3.75 MiB.
		#[pallet::constant]
		type MaxAuditsPerTick: Get<u32>;

		/// Overdue audits that are recorded as missed in one block; at least
		/// [`Config::MaxAuditsPerTick`], or a backlog could grow for ever.
		#[pallet::constant]
		type MaxClosingsPerBlock: Get<u32>;

		/// The most leaves that one audit may sample.
		#[pallet::constant]
		type MaxLeavesPerAudit: Get<u32>;

		/// The most leaves of 512 bytes that a log may have; with the leaves of an audit it bounds
		/// the length of a proof.
		#[pallet::constant]
		type MaxLeafCount: Get<u64>;

		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// How often, how long and how deep allotments are audited.
	#[pallet::storage]
	pub type AuditParameters<T> = StorageValue<_, Parameters, ValueQuery>;

	/// The beacon and its tick.
	#[pallet::storage]
	pub type Beacon<T> = StorageValue<_, BeaconState, ValueQuery>;

	/// Seeds of the last 1024 ticks with their ticks. `Identity`: the key is a slot number
	/// `tick % 1024` that nobody can choose.
	#[pallet::storage]
	pub type Seeds<T> = StorageMap<_, Identity, u32, (Tick, Hash), OptionQuery>;

	/// One bit for each of the last fifty blocks, the newest lowest: 1 if it had no room for a proof.
	#[pallet::storage]
	pub type FullBlocks<T> = StorageValue<_, u64, ValueQuery>;

	/// Set while a block accepts extrinsics; taken when it ends.
	#[pallet::storage]
	pub type Polled<T> = StorageValue<_, bool, ValueQuery>;

	/// The tick for which audits were opened last: a held tick does not open twice as many.
	#[pallet::storage]
	pub type OpenedTick<T> = StorageValue<_, Tick, ValueQuery>;

	/// Checkpoint, schedule and counters of each audited allotment. `Twox64Concat`: the chain
	/// numbers allotments one after the other, nobody can choose a key.
	#[pallet::storage]
	pub type Audited<T> = StorageMap<_, Twox64Concat, AllotmentId, AuditedAllotment, OptionQuery>;

	/// Allotments by the tick at which their next audit is due. Hashers as in [`Audited`].
	#[pallet::storage]
	pub type Due<T> =
		StorageDoubleMap<_, Twox64Concat, Tick, Twox64Concat, AllotmentId, (), OptionQuery>;

	/// The first tick that may have entries in [`Due`].
	#[pallet::storage]
	pub type DueCursor<T> = StorageValue<_, Tick, ValueQuery>;

	/// Open audits by their deadline, with the node that owes the proof. Hashers as in [`Audited`].
	#[pallet::storage]
	pub type Deadlines<T> =
		StorageDoubleMap<_, Twox64Concat, Tick, Twox64Concat, AllotmentId, NodeId, OptionQuery>;

	/// The first tick that may have entries in [`Deadlines`].
	#[pallet::storage]
	pub type DeadlineCursor<T> = StorageValue<_, Tick, ValueQuery>;

	/// The last sixteen audits of each allotment, a ring by slot. `Identity` for the slot, which
	/// is below 16; the allotment as in [`Audited`].
	#[pallet::storage]
	pub type History<T> =
		StorageDoubleMap<_, Twox64Concat, AllotmentId, Identity, u32, AuditRecord, OptionQuery>;

	/// Closed allotments whose history is still to be removed. Hasher as in [`Audited`].
	#[pallet::storage]
	pub type Retired<T> = StorageMap<_, Twox64Concat, AllotmentId, (), OptionQuery>;

	/// The state that the chain starts with.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// How often, how long and how deep allotments are audited.
		pub parameters: Parameters,
		/// The runtime.
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			let checked = self.parameters.check(T::MaxLeavesPerAudit::get());
			assert!(
				checked.is_ok(),
				"audits: the genesis parameters {:?} are refused: {checked:?}",
				self.parameters
			);
			AuditParameters::<T>::put(self.parameters);
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A checkpoint was recorded.
		#[codec(index = 0)]
		CheckpointRecorded {
			/// The allotment.
			allotment: AllotmentId,
			/// The checkpoint's epoch.
			epoch: u32,
			/// Leaves in its log.
			leaf_count: u64,
		},
		/// An audit was opened: its root is frozen, its seed is minted with its tick.
		#[codec(index = 1)]
		AuditOpened {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that owes the proof.
			node: NodeId,
			/// The tick that chooses the leaves.
			tick: Tick,
			/// The last tick at which a proof is accepted.
			deadline_tick: Tick,
		},
		/// An audit was proven.
		#[codec(index = 2)]
		AuditProven {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that proved it.
			node: NodeId,
			/// The audit's tick.
			tick: Tick,
		},
		/// An audit was not proven before its deadline.
		#[codec(index = 3)]
		AuditMissed {
			/// The allotment.
			allotment: AllotmentId,
			/// The node that owed the proof.
			node: NodeId,
			/// The audit's tick.
			tick: Tick,
			/// Misses among the last sixteen audits, this one included.
			window_misses: u32,
		},
		/// The parameters were changed.
		#[codec(index = 4)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
		/// More than half of the last fifty blocks had no room for a proof: the tick pauses.
		#[codec(index = 5)]
		TicksPaused,
		/// Blocks have room again: the tick goes on.
		#[codec(index = 6)]
		TicksResumed,
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such allotment.
		#[codec(index = 0)]
		UnknownAllotment,
		/// The allotment's reservation is closed.
		#[codec(index = 1)]
		AllotmentClosed,
		/// The node has no audit key on chain.
		#[codec(index = 2)]
		UnknownNode,
		/// The checkpoint's epoch is not one more than the epoch of the one on chain.
		#[codec(index = 3)]
		StaleEpoch,
		/// The checkpoint does not name the root of the one on chain as its previous root.
		#[codec(index = 4)]
		PreviousRootMismatch,
		/// The log has not more leaves than at the checkpoint before (or none at all): a log only
		/// grows.
		#[codec(index = 5)]
		LogNotGrown,
		/// The log is longer than the bytes of the allotment.
		#[codec(index = 6)]
		LogExceedsAllotment,
		/// The log has more leaves than any audit of this chain can prove.
		#[codec(index = 7)]
		LogTooLong,
		/// The tenant's signature is not its account's over this checkpoint.
		#[codec(index = 8)]
		BadTenantSignature,
		/// The node's signature is not its audit key's over this checkpoint.
		#[codec(index = 9)]
		BadNodeSignature,
		/// No audit of that allotment at that tick is, or lately was, open.
		#[codec(index = 10)]
		UnknownAudit,
		/// The seed is not there yet or is less than two ticks old.
		#[codec(index = 11)]
		TooEarly,
		/// The deadline has passed.
		#[codec(index = 12)]
		TooLate,
		/// A valid proof is already recorded.
		#[codec(index = 13)]
		AlreadyProven,
		/// The proof does not have the one length that the challenge allows.
		#[codec(index = 14)]
		WrongLength,
		/// The leaves do not lead to the frozen root.
		#[codec(index = 15)]
		InvalidProof,
		/// The call was not made by an extrinsic, so its place could not be recorded.
		#[codec(index = 16)]
		NotInExtrinsic,
		/// The window closes before or as it opens.
		#[codec(index = 17)]
		WindowTooShort,
		/// The window is longer than seeds are kept.
		#[codec(index = 18)]
		WindowTooLong,
		/// Two audits of one allotment could be open at once.
		#[codec(index = 19)]
		PeriodTooShort,
		/// No leaf, or more than the runtime's limit, would be sampled.
		#[codec(index = 20)]
		LeavesOutOfRange,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_now: BlockNumberFor<T>) -> Weight {
			T::WeightInfo::on_finalize()
		}

		fn on_poll(_now: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::poll(meter);
		}

		fn on_finalize(_now: BlockNumberFor<T>) {
			Self::end_block(T::AuthorVrf::get(), T::EpochRandomness::get());
		}

		fn on_idle(_now: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			Self::forget_retired(&mut meter);
			meter.consumed()
		}

		fn integrity_test() {
			Self::check_limits();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Records checkpoints, all or none of them.
		///
		/// The origin must be signed; anyone may bring checkpoints and pays the fee, since each
		/// carries the tenant's and the node's signature over
		/// [`granary_primitives::message::checkpoint`]. The first checkpoint of an allotment
		/// schedules its first audit. A later one replaces it for the audits that are opened from then on.
		///
		/// Errors: [`Error::UnknownAllotment`], [`Error::AllotmentClosed`],
		/// [`Error::UnknownNode`], [`Error::StaleEpoch`], [`Error::PreviousRootMismatch`],
		/// [`Error::LogNotGrown`], [`Error::LogTooLong`], [`Error::LogExceedsAllotment`],
		/// [`Error::BadTenantSignature`], [`Error::BadNodeSignature`].
		///
		/// Emits [`Event::CheckpointRecorded`] for each of them.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::submit_checkpoints(checkpoints.len() as u32))]
		pub fn submit_checkpoints(
			origin: OriginFor<T>,
			checkpoints: BoundedVec<SignedCheckpoint, ConstU32<MAX_CHECKPOINTS>>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			for signed in &checkpoints {
				Self::record_checkpoint(signed)?;
			}
			Ok(())
		}

		/// Proves an audit.
		///
		/// The origin must be authorised: the call is a general transaction without account, nonce
		/// and fee, which the pool accepts if the audit is owed, its window is open, the length is exact
		/// and `signature` is the node's audit key's over [`granary_primitives::message::proof`].
		/// The refusals of the pool are listed in [`ProofRefusal`]. `proof` is the canonical multiproof
		/// of `granary-por`. The proof's place on the chain is recorded and the blocks that the
		/// audit covers are earned. A wrong proof changes nothing: the audit remains owed.
		///
		/// Errors: [`Error::UnknownAudit`], [`Error::TooEarly`], [`Error::TooLate`],
		/// [`Error::AlreadyProven`], [`Error::WrongLength`], [`Error::InvalidProof`],
		/// [`Error::NotInExtrinsic`].
		///
		/// Emits [`Event::AuditProven`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::submit_proof(Pallet::<T>::samples_bound(proof.len())))]
		#[pallet::authorize(Pallet::<T>::authorize_proof)]
		#[pallet::weight_of_authorize(
			T::WeightInfo::authorize_submit_proof(Pallet::<T>::samples_bound(proof.len()))
		)]
		pub fn submit_proof(
			origin: OriginFor<T>,
			allotment: AllotmentId,
			tick: Tick,
			proof: BoundedVec<u8, MaxProofLen<T>>,
			signature: Signature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this very extrinsic was authorised.
			let _ = signature;
			Self::prove(allotment, tick, &proof)?;
			Ok(Pays::No.into())
		}

		/// Changes how often, how long and how deep allotments are audited.
		///
		/// The origin must be root. Audits that are already scheduled or open keep their tick,
		/// deadline and number of leaves; the new parameters hold from the next opening on.
		///
		/// Errors: [`Error::WindowTooShort`], [`Error::WindowTooLong`],
		/// [`Error::PeriodTooShort`], [`Error::LeavesOutOfRange`].
		///
		/// Emits [`Event::ParametersSet`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			ensure_root(origin)?;
			parameters.check(T::MaxLeavesPerAudit::get()).map_err(Error::<T>::from)?;
			AuditParameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
		}
	}
}
