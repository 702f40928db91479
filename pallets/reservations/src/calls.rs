//! The dispatchables.

use frame_support::pallet_macros::pallet_section;

/// The calls, see [`crate::pallet`].
#[pallet_section]
mod calls {
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Reserves `bytes_per_allotment` on each of the nodes, in shard order, and holds the price of the whole term.
		///
		/// Origin: signed by a twin's account, the tenant. `data_shards + parity_shards` nodes of distinct farms must be named;
		/// `max_price_per_block` bounds what all allotments together may cost per block, in plancks.
		///
		/// Errors: [`Error::NotTwin`], [`Error::BadShardCount`], [`Error::BadSize`], [`Error::BadTerm`], [`Error::UnknownNode`],
		/// [`Error::NotOffered`], [`Error::FarmsNotDistinct`], [`Error::NotEnoughCapacity`], [`Error::NotEnoughBond`], [`Error::NoPrice`],
		/// [`Error::TooExpensive`], [`Error::PriceOverflow`], [`Error::TooManyAllotments`], [`Error::NoIdLeft`], the currency's if the escrow cannot be held. Emits [`Event::Reserved`].
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
				profile: Self::DEFAULT_PROFILE,
			};
			ensure!(terms.shards() == nodes.len(), Error::<T>::BadShardCount);
			Self::do_reserve(tenant, &nodes, terms, Policy::default(), Options::default())
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
		/// Origin: governance. Errors: [`Error::BadParameters`]. Emits [`Event::ParametersSet`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			ensure!(parameters.are_sane(), Error::<T>::BadParameters);
			ContractParameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
		}

		/// Reserves with everything that a tenant may ask for: an audit profile, a policy of placement, a name, data, a solution provider.
		///
		/// Origin: signed by a twin's account, the tenant. Of `candidates`, in their order, the first `data_shards + parity_shards` that fit together
		/// are taken: distinct farms, capacity, bond and what `policy` asks for. If there are just as many as shards, all of them must fit.
		///
		/// Errors: those of [`Call::reserve`], [`Error::NoPlacement`], [`Error::NotCertified`], [`Error::TooFewRegions`], [`Error::BadName`],
		/// [`Error::NameInUse`], [`Error::UnknownProvider`]. Emits [`Event::Reserved`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::reserve_by_policy(candidates.len() as u32))]
		pub fn reserve_by_policy(
			origin: OriginFor<T>,
			terms: Terms,
			candidates: BoundedVec<NodeId, ConstU32<MAX_CANDIDATES>>,
			policy: Policy,
			options: Options,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_reserve(tenant, &candidates, terms, policy, options)
		}

		/// Gives every allotment more capacity, at what its node asks for that now, and holds the price until the end of the term.
		///
		/// Origin: signed by the tenant. `max_price_per_block` bounds what all allotments together may cost per block afterwards. Errors:
		/// [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`], [`Error::BadSize`], [`Error::BadTerm`], [`Error::IsLost`],
		/// [`Error::StillShrinking`], [`Error::NotOffered`], [`Error::NoPrice`], [`Error::PriceOverflow`], [`Error::TooExpensive`], grid's if a node
		/// has too little capacity or bond, and the currency's. Emits [`Event::Resized`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::grow(T::MaxShards::get()))]
		pub fn grow(
			origin: OriginFor<T>,
			reservation: ReservationId,
			bytes_per_allotment: u64,
			max_price_per_block: Balance,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_grow(&tenant, reservation, bytes_per_allotment, max_price_per_block)
		}

		/// Gives capacity back. An allotment without a checkpoint shrinks at once, the others when their next audit is proven and if their log then fits;
		/// price, bond and escrow go down in proportion.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`], [`Error::BadSize`].
		/// Emits [`Event::Resized`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::shrink(T::MaxShards::get()))]
		pub fn shrink(
			origin: OriginFor<T>,
			reservation: ReservationId,
			bytes_per_allotment: u64,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_shrink(&tenant, reservation, bytes_per_allotment)
		}

		/// Offers a reservation to another account, or takes the offer back.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`]. Emits
		/// [`Event::TransferOffered`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::offer_transfer())]
		pub fn offer_transfer(
			origin: OriginFor<T>,
			reservation: ReservationId,
			to: Option<T::AccountId>,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_offer_transfer(&tenant, reservation, to)
		}

		/// Takes over a reservation that was offered, with what is left of its escrow. Nodes agree on new passwords with the new tenant.
		///
		/// Origin: signed by the account it was offered to, a twin's. Errors: [`Error::UnknownReservation`], [`Error::AlreadyClosed`],
		/// [`Error::NotOffered`], [`Error::NotTwin`], and the currency's. Emits [`Event::Transferred`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::accept_transfer())]
		pub fn accept_transfer(origin: OriginFor<T>, reservation: ReservationId) -> DispatchResult {
			let to = ensure_signed(origin)?;
			Self::do_accept_transfer(to, reservation)
		}

		/// Closes several reservations, all or none of them, as [`Call::close`] does.
		///
		/// Origin: signed by the tenant of all. Errors: those of [`Call::close`]. Emits [`Event::Closed`] for each.
		#[pallet::call_index(10)]
		#[pallet::weight(
			T::WeightInfo::close(T::MaxShards::get()).saturating_mul(reservations.len() as u64)
		)]
		pub fn close_many(
			origin: OriginFor<T>,
			reservations: BoundedVec<ReservationId, ConstU32<MAX_CLOSED_AT_ONCE>>,
		) -> DispatchResultWithPostInfo {
			let tenant = ensure_signed(origin)?;
			let mut weight = Weight::zero();
			for reservation in reservations {
				let record = Self::of_tenant(&tenant, reservation)?;
				weight = weight.saturating_add(Self::do_close(reservation, record)?);
			}
			Ok(Some(weight).into())
		}

		/// Writes the hash of what is deployed and the tenant's own bytes beside a reservation.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`]. Emits
		/// [`Event::DataSet`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::set_data())]
		pub fn set_data(
			origin: OriginFor<T>,
			reservation: ReservationId,
			deployment: Hash,
			data: Data,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_set_data(&tenant, reservation, deployment, data)
		}

		/// Names who may replace lost allotments beside the tenant, within the escrow that is there, and be paid from the repair fund.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::NotTenant`], [`Error::AlreadyClosed`]. Emits
		/// [`Event::RepairerSet`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::set_data())]
		pub fn set_repairer(
			origin: OriginFor<T>,
			reservation: ReservationId,
			repairer: Option<T::AccountId>,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::of_tenant(&tenant, reservation)?;
			let details = ReservationDetails::<T>::get(reservation).unwrap_or_default();
			let details = Details { repairer: repairer.clone(), ..details };
			Self::put_details(reservation, details);
			Self::deposit_event(Event::RepairerSet { reservation, repairer });
			Ok(())
		}

		/// Puts a new allotment on `node` in the place of a lost one. The repair fund pays the sender once the new node has proven it.
		///
		/// Origin: signed by the tenant, or by the repairer it named, who cannot add to the escrow. Errors: [`Error::UnknownReservation`],
		/// [`Error::AlreadyClosed`], [`Error::NotTenant`], [`Error::BadTerm`], [`Error::UnknownAllotment`], [`Error::NotLost`], [`Error::TooExpensive`],
		/// those of a placement as in [`Call::reserve`], and the currency's. Emits [`Event::Replaced`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::replace_allotment(T::MaxShards::get()))]
		pub fn replace_allotment(
			origin: OriginFor<T>,
			reservation: ReservationId,
			shard: u8,
			node: NodeId,
			max_price_per_block: Balance,
		) -> DispatchResult {
			let by = ensure_signed(origin)?;
			Self::do_replace(by, reservation, shard, node, max_price_per_block)
		}

		/// Registers the sender as a solution provider that asks for `share` of what is not the farms' of payments that it brought about.
		///
		/// Origin: signed. Errors: [`Error::BadShare`], [`Error::NoIdLeft`]. Emits [`Event::ProviderRegistered`].
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::register_provider())]
		pub fn register_provider(origin: OriginFor<T>, share: Perbill) -> DispatchResult {
			let account = ensure_signed(origin)?;
			ensure!(
				share <= ContractParameters::<T>::get().max_provider_share,
				Error::<T>::BadShare
			);
			let id = NextProvider::<T>::get();
			NextProvider::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
			let provider = Provider { account: account.clone(), share, approved: false };
			Providers::<T>::insert(id, provider);
			Self::deposit_event(Event::ProviderRegistered { provider: id, account, share });
			Ok(())
		}

		/// Approves a solution provider for new reservations, or takes that back.
		///
		/// Origin: governance. Errors: [`Error::UnknownProvider`]. Emits [`Event::ProviderApproved`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::approve_provider())]
		pub fn approve_provider(
			origin: OriginFor<T>,
			provider: ProviderId,
			approved: bool,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Providers::<T>::try_mutate(provider, |record| {
				let record = record.as_mut().ok_or(Error::<T>::UnknownProvider)?;
				record.approved = approved;
				Ok::<(), Error<T>>(())
			})?;
			Self::deposit_event(Event::ProviderApproved { provider, approved });
			Ok(())
		}

		/// Puts a new allotment on `node` in the place of one that is not lost, whose node is paid for what it has proven and is free to delete the data:
		/// until the shard is restored on the new node the reservation's data can lose one shard less.
		///
		/// Origin: signed by the tenant. Errors: [`Error::UnknownReservation`], [`Error::AlreadyClosed`], [`Error::NotTenant`],
		/// [`Error::BadTerm`], [`Error::UnknownAllotment`], [`Error::IsLost`], [`Error::TooExpensive`], those of a placement as in
		/// [`Call::reserve`], and the currency's. Emits [`Event::Moved`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::replace_allotment(T::MaxShards::get()))]
		pub fn move_allotment(
			origin: OriginFor<T>,
			reservation: ReservationId,
			shard: u8,
			node: NodeId,
			max_price_per_block: Balance,
		) -> DispatchResult {
			let by = ensure_signed(origin)?;
			Self::do_move(by, reservation, shard, node, max_price_per_block)
		}
	}
}
