//! How fast the chain ticks.
//!
//! Slot duration and epoch length are fixed at genesis, not at compile time: a development chain
//! runs the very same runtime as a production chain, only faster. Neither can change afterwards,
//! since BABE derives slot numbers and epochs from them; hence there is no call and no hook here.

pub use pallet::*;

/// The fastest slot that a chain may be configured with.
pub const MIN_SLOT_DURATION_MS: u64 = 500;
/// The shortest epoch that a chain may be configured with.
pub const MIN_EPOCH_SLOTS: u64 = 4;

/// The pallet.
#[allow(clippy::expect_used, reason = "the pallet macros generate them, with their proofs")]
#[frame_support::pallet]
pub mod pallet {
	use super::{MIN_EPOCH_SLOTS, MIN_SLOT_DURATION_MS};
	use crate::constants::{EPOCH_SLOTS, SLOT_DURATION_MS};
	use core::marker::PhantomData;
	use frame_support::{pallet_prelude::*, traits::Get};

	/// The pallet's storage.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Nothing is to be configured.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// What a chain without its own timing gets.
	#[pallet::type_value]
	pub fn DefaultSlotDurationMs() -> u64 {
		SLOT_DURATION_MS
	}

	/// What a chain without its own timing gets.
	#[pallet::type_value]
	pub fn DefaultEpochSlots() -> u64 {
		EPOCH_SLOTS
	}

	/// Time between two slots, in milliseconds.
	#[pallet::storage]
	pub type SlotDurationMs<T> = StorageValue<_, u64, ValueQuery, DefaultSlotDurationMs>;

	/// Slots of an epoch.
	#[pallet::storage]
	pub type EpochSlots<T> = StorageValue<_, u64, ValueQuery, DefaultEpochSlots>;

	/// The timing of a new chain.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Time between two slots, in milliseconds.
		pub slot_duration_ms: u64,
		/// Slots of an epoch.
		pub epoch_slots: u64,
		/// The runtime.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				slot_duration_ms: SLOT_DURATION_MS,
				epoch_slots: EPOCH_SLOTS,
				_config: PhantomData,
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(
				self.slot_duration_ms >= MIN_SLOT_DURATION_MS
					&& self.slot_duration_ms.is_multiple_of(2),
				"timing.slotDurationMs is {}: it must be even and at least {MIN_SLOT_DURATION_MS}",
				self.slot_duration_ms,
			);
			assert!(
				self.epoch_slots >= MIN_EPOCH_SLOTS,
				"timing.epochSlots is {}: it must be at least {MIN_EPOCH_SLOTS}",
				self.epoch_slots,
			);
			SlotDurationMs::<T>::put(self.slot_duration_ms);
			EpochSlots::<T>::put(self.epoch_slots);
		}
	}

	/// The slot duration, which BABE expects blocks at.
	pub struct SlotDuration<T>(PhantomData<T>);

	impl<T: Config> Get<u64> for SlotDuration<T> {
		fn get() -> u64 {
			SlotDurationMs::<T>::get()
		}
	}

	/// Half a slot: what the timestamp pallet calls the minimum period.
	pub struct MinimumPeriod<T>(PhantomData<T>);

	impl<T: Config> Get<u64> for MinimumPeriod<T> {
		fn get() -> u64 {
			SlotDurationMs::<T>::get() / 2
		}
	}

	/// The epoch length in slots.
	pub struct EpochDuration<T>(PhantomData<T>);

	impl<T: Config> Get<u64> for EpochDuration<T> {
		fn get() -> u64 {
			EpochSlots::<T>::get()
		}
	}
}
