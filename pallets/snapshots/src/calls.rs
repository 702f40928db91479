//! The dispatchables.

use frame_support::pallet_macros::pallet_section;

/// The calls, see [`crate::pallet`].
#[pallet_section]
mod calls {
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Publishes a snapshot.
		///
		/// The origin must be signed by the tenant of the reservation that `contents` names, which must not be closed.
		/// `attestation` is an sr25519 signature under [`granary_primitives::message::snapshot`] by any account: readers
		/// verify it and decide whom they trust. From block `expires` on anyone may retire it. [`Config::Deposit`] is held.
		///
		/// Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::EmptyName`],
		/// [`Error::NameNotUtf8`], [`Error::NameTaken`], [`Error::TooManySnapshots`],
		/// [`Error::NoMoreNumbers`], [`Error::AlreadyExpired`], [`Error::BadSignature`], and the currency's if the
		/// deposit cannot be held.
		///
		/// Emits [`Event::Published`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::publish(contents.name.len() as u32))]
		pub fn publish(
			origin: OriginFor<T>,
			contents: ContentsOf<T>,
			expires: Option<BlockNumber>,
			attestation: Attestation<T::AccountId>,
		) -> DispatchResult {
			let publisher = ensure_signed(origin)?;
			Self::add(publisher, contents, expires, attestation)
		}

		/// Takes a snapshot out of the catalogue and returns its deposit to its publisher.
		///
		/// The origin must be signed: by its publisher, or by anyone once it has expired or its reservation is closed. The
		/// stored objects are not touched.
		///
		/// Errors: [`Error::UnknownSnapshot`], [`Error::NotPublisher`].
		///
		/// Emits [`Event::Retired`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, snapshot: SnapshotId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::remove(who, snapshot)
		}

		/// Sets the block from which on anyone may retire a snapshot, or none.
		///
		/// The origin must be signed by its publisher.
		///
		/// Errors: [`Error::UnknownSnapshot`], [`Error::NotPublisher`], [`Error::AlreadyExpired`].
		///
		/// Emits [`Event::ExpirySet`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_expiry())]
		pub fn set_expiry(
			origin: OriginFor<T>,
			snapshot: SnapshotId,
			expires: Option<BlockNumber>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::ensure_future(expires)?;
			Snapshots::<T>::try_mutate(snapshot, |record| {
				let record = record.as_mut().ok_or(Error::<T>::UnknownSnapshot)?;
				ensure!(record.publisher == who, Error::<T>::NotPublisher);
				record.expires = expires;
				Ok::<(), DispatchError>(())
			})?;
			Self::deposit_event(Event::ExpirySet { snapshot, expires });
			Ok(())
		}

		/// Records a dataset's key that was sealed to a recipient's public key, in the place of an earlier one.
		///
		/// The origin must be signed by the tenant of `reservation`. `recipient` is blake2_256 of the public key. A
		/// deposit by the length of `sealed` is held until the grant is revoked.
		///
		/// Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::EmptyKey`],
		/// [`Error::AlreadyExpired`], [`Error::TooManyGrants`], and the currency's.
		///
		/// Emits [`Event::Granted`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::grant(sealed.len() as u32))]
		pub fn grant(
			origin: OriginFor<T>,
			reservation: ReservationId,
			dataset: DatasetId,
			recipient: Hash,
			sealed: Sealed,
			expires: Option<BlockNumber>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_grant(who, (reservation, dataset, recipient), sealed, expires)
		}

		/// Removes a sealed key and returns its deposit to its granter. What the recipient has read, and the key itself if it
		/// kept it, cannot be taken back: rotate the dataset's key for what comes after.
		///
		/// The origin must be signed: by the granter or the reservation's tenant, or by anyone once the grant has expired
		/// or the reservation is closed.
		///
		/// Errors: [`Error::UnknownGrant`], [`Error::NotGranter`].
		///
		/// Emits [`Event::Revoked`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::revoke())]
		pub fn revoke(
			origin: OriginFor<T>,
			reservation: ReservationId,
			dataset: DatasetId,
			recipient: Hash,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_revoke(who, (reservation, dataset, recipient))
		}
	}
}
