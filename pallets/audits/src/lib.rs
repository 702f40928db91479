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
//! multiproof. Outcomes go to the till ([`granary_primitives::traits::Allotments`]) with the blocks that
//! they cover.
//!
//! Besides the schedule there are *spot audits*, for which the beacon picks out of all
//! allotments (`spot.rs`), and *targeted audits*, which anyone buys with a deposit (`targeted.rs`).
//! A node in announced maintenance is not asked; profiles make a period half or four times as long.
//!
//! **Penalties.** Misses count in a window of sixteen audits: steps of the bond, then the allotment is
//! faulty ([`penalties`]). A node that declares a loss before it is asked keeps half (`loss.rs`).
//!
//! **Removals.** A shorter or another log waits until the present one is proven once more
//! (`removal.rs`). **Sealed** logs carry their inner code in their checkpoints and are audited as any
//! other.
//!
//! **Proofs** are authorised transactions: no account, no nonce, no fee. The pool checks that the
//! audit is owed and its window open, the exact length and the signature of the node's audit key;
//! the Merkle tree is checked in dispatch. One audit provides one tag, alone or in a batch
//! (`batch.rs`), so a pool holds at most one proof of each. After a few wrong proofs of an audit the
//! pool takes no more of it: a wrong proof is free only so often.
//!
//! **Reorganisations.** All state is the chain's, so a fork pays for what it contains and for nothing twice. A proof
//! names allotment and tick; where the other fork has the same seed the same bytes hold,
//! elsewhere the worker proves again.
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
//!   opened late simply gets the later tick. If misses wait so long that the ring of seeds would
//!   lose one that is needed, the tick is held until they are recorded. `on_finalize` measures the block and mints the tick,
//!   its weight is accounted in `on_initialize`.
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

mod batch;
mod beacon;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calendar;
mod calls;
mod checkpoint;
mod errors;
mod events;
mod history;
mod limits;
mod loss;
#[cfg(test)]
mod mock;
pub mod parameters;
pub mod penalties;
mod proof;
mod query;
mod removal;
mod schedule;
mod spot;
mod targeted;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use calendar::MAX_CALENDAR_LISTED;
pub use granary_primitives::refusal::ProofRefusal;
pub use pallet::*;
pub use parameters::{Parameters, Penalties, TargetedTerms};
pub use query::{MAX_COALITION, MAX_DUE_LISTED};
pub use types::{BatchedProof, MaxProofLen, ProofBatch};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// The pallet: configuration, storage, events, errors, hooks and calls.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[import_section(calls::calls)]
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{
		proof::Clock,
		types::{AuditedAllotment, BeaconState, Purchase, MAX_CHECKPOINTS, MAX_TARGETED_WAITING},
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate, MutateHold},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use granary_primitives::{
		audit::{
			AuditKind, Challenge, Removal, SignedCheckpoint, SignedRemoval, SignedSealedCheckpoint,
		},
		traits::{Allotments, AuditKeys},
		AccountBytes, AllotmentId, Balance, Hash, NodeId, Signature, Tick,
	};
	use sp_runtime::Perbill;

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

		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;

		/// The currency of deposits for targeted audits.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

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

	/// Why the pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a targeted audit.
		#[codec(index = 0)]
		TargetedAudit,
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

	/// Log, schedule, counters and past of each audited allotment. `Twox64Concat`: the chain
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

	/// All audited allotments by dense slot numbers, so that a random one is found at once.
	/// `Identity`: the key is a small number that nobody can choose.
	#[pallet::storage]
	pub type AuditSlots<T> = StorageMap<_, Identity, u32, AllotmentId, OptionQuery>;

	/// Audited allotments: the slots below this number are taken.
	#[pallet::storage]
	pub type SlotCount<T> = StorageValue<_, u32, ValueQuery>;

	/// Logs that wait for the next proof of the present one. Hasher as in [`Audited`].
	#[pallet::storage]
	pub type Removals<T> = StorageMap<_, Twox64Concat, AllotmentId, Removal, OptionQuery>;

	/// Targeted audits that wait or are open. Hasher as in [`Audited`].
	#[pallet::storage]
	pub type Targeted<T: Config> =
		StorageMap<_, Twox64Concat, AllotmentId, Purchase<T::AccountId>, OptionQuery>;

	/// Targeted audits that wait to be opened, oldest first.
	#[pallet::storage]
	pub type TargetedQueue<T> =
		StorageValue<_, BoundedVec<AllotmentId, ConstU32<MAX_TARGETED_WAITING>>, ValueQuery>;

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

		fn integrity_test() {
			Self::check_limits();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
