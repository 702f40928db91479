//! From storage version 1, which knew neither kinds of databases nor expiry nor signatures, to version 2.
//!
//! The catalogue has no bound, so it is migrated over as many blocks as it takes; the migrations pallet lets no transaction in
//! meanwhile, so nothing reads or changes a half-migrated map.

use crate::{types::Contents, weights::WeightInfo, BalanceOf, Config, NameOf, Pallet, SnapshotOf};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
	pallet_prelude::{OptionQuery, PhantomData, StorageVersion, Twox64Concat},
	traits::GetStorageVersion,
	weights::WeightMeter,
};
use granary_primitives::{
	snapshot::DatabaseKind, BlockNumber, DatasetId, Hash, ReservationId, SnapshotId,
};

/// The first layout.
#[allow(missing_docs, reason = "the items of `storage_alias`")]
pub mod v1 {
	use super::*;

	/// A snapshot as version 1 stored it.
	#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
	#[codec(mel_bound(AccountId: MaxEncodedLen, Balance: MaxEncodedLen, Name: MaxEncodedLen))]
	pub struct Snapshot<AccountId, Balance, Name> {
		/// The account that published it.
		pub publisher: AccountId,
		/// What is held from it.
		pub deposit: Balance,
		/// The reservation that stores it.
		pub reservation: ReservationId,
		/// The dataset within it.
		pub dataset: DatasetId,
		/// Its name.
		pub name: Name,
		/// Id of the manifest's head object.
		pub manifest: Hash,
		/// Genesis hash of its chain.
		pub genesis: Hash,
		/// Height of its database.
		pub height: u64,
		/// Bytes of the file tree.
		pub total_bytes: u64,
		/// Bytes stored over all nodes.
		pub stored_bytes: u64,
		/// The block at which it was published.
		pub published: BlockNumber,
	}

	/// A snapshot of this runtime as version 1 stored it.
	pub type SnapshotOf<T> =
		Snapshot<<T as frame_system::Config>::AccountId, BalanceOf<T>, NameOf<T>>;

	/// The catalogue under the same keys as now.
	#[frame_support::storage_alias]
	pub type Snapshots<T: Config> =
		StorageMap<Pallet<T>, Twox64Concat, SnapshotId, SnapshotOf<T>, OptionQuery>;
}

/// The migration.
pub struct MigrateV1ToV2<T>(PhantomData<T>);

/// A snapshot in the new layout. Its publisher did not tell the kind of database and signed nothing.
fn convert<T: Config>(old: v1::SnapshotOf<T>) -> SnapshotOf<T> {
	SnapshotOf::<T> {
		publisher: old.publisher,
		deposit: old.deposit,
		contents: Contents {
			reservation: old.reservation,
			dataset: old.dataset,
			name: old.name,
			manifest: old.manifest,
			database: DatabaseKind::Other,
			genesis: old.genesis,
			height: old.height,
			total_bytes: old.total_bytes,
			stored_bytes: old.stored_bytes,
		},
		published: old.published,
		expires: None,
		attestation: None,
	}
}

impl<T: Config> MigrateV1ToV2<T> {
	/// Converts the first entry after `last`; answers its number, or none at the end.
	pub(crate) fn convert_next(last: Option<SnapshotId>) -> Option<SnapshotId> {
		let mut entries = match last {
			Some(last) => {
				let key = v1::Snapshots::<T>::hashed_key_for(last);
				v1::Snapshots::<T>::iter_from(key)
			},
			None => v1::Snapshots::<T>::iter(),
		};
		let (id, old) = entries.next()?;
		Pallet::<T>::store(id, convert::<T>(old));
		Some(id)
	}
}

impl<T: Config> SteppedMigration for MigrateV1ToV2<T> {
	type Cursor = SnapshotId;
	type Identifier = MigrationId<16>;

	fn id() -> Self::Identifier {
		MigrationId { pallet_id: *b"granary/snapshot", version_from: 1, version_to: 2 }
	}

	fn step(
		mut cursor: Option<Self::Cursor>,
		meter: &mut WeightMeter,
	) -> Result<Option<Self::Cursor>, SteppedMigrationError> {
		// A chain that began with version 2 has nothing to migrate: its entries would be misread.
		if Pallet::<T>::on_chain_storage_version() >= StorageVersion::new(2) {
			return Ok(None);
		}
		let required = T::WeightInfo::migrate_v2_step();
		if meter.try_consume(required).is_err() {
			return Err(SteppedMigrationError::InsufficientWeight { required });
		}
		loop {
			cursor = Self::convert_next(cursor);
			if cursor.is_none() {
				StorageVersion::new(2).put::<Pallet<T>>();
				return Ok(None);
			}
			if meter.try_consume(required).is_err() {
				return Ok(cursor);
			}
		}
	}

	#[cfg(feature = "try-runtime")]
	fn pre_upgrade() -> Result<alloc::vec::Vec<u8>, sp_runtime::TryRuntimeError> {
		let version = Pallet::<T>::on_chain_storage_version();
		let entries: alloc::vec::Vec<_> = match version < StorageVersion::new(2) {
			true => v1::Snapshots::<T>::iter().collect(),
			false => Default::default(),
		};
		Ok((version, entries).encode())
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(before: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
		use crate::Snapshots;
		use alloc::vec::Vec;
		type Before<T> = (StorageVersion, Vec<(SnapshotId, v1::SnapshotOf<T>)>);
		let (version, entries) = Before::<T>::decode(&mut before.as_slice())
			.map_err(|_| "snapshots: what was noted before the upgrade cannot be read")?;
		if version >= StorageVersion::new(2) {
			return Ok(());
		}
		frame_support::ensure!(
			Snapshots::<T>::iter_keys().count() == entries.len(),
			"snapshots: the upgrade lost or made entries"
		);
		for (id, old) in entries {
			frame_support::ensure!(
				Snapshots::<T>::get(id) == Some(convert::<T>(old)),
				"snapshots: an entry was not converted"
			);
		}
		Pallet::<T>::do_try_state()
	}
}
