//! The dispatchables.

use frame_support::pallet_macros::pallet_section;

/// The calls, see [`crate::pallet`].
#[pallet_section]
mod calls {
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Records checkpoints, all or none of them.
		///
		/// The origin must be signed; anyone may bring checkpoints and pays the fee, since each
		/// carries the tenant's and the node's signature over
		/// [`granary_primitives::message::checkpoint`]. The first checkpoint of an allotment
		/// schedules its first audit. A later one replaces it for the audits that are opened from then on;
		/// while a removal waits, it continues the log that waits.
		///
		/// Errors: [`Error::UnknownAllotment`], [`Error::AllotmentClosed`],
		/// [`Error::UnknownNode`], [`Error::StaleEpoch`], [`Error::PreviousRootMismatch`],
		/// [`Error::LogNotGrown`], [`Error::LogTooLong`], [`Error::LogExceedsAllotment`],
		/// [`Error::SealMismatch`], [`Error::BadTenantSignature`], [`Error::BadNodeSignature`].
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
		/// of `granary-por`, `challenge` what the audit asked. The proof's place on the chain is recorded and the blocks that the
		/// audit covers are earned. After a wrong proof the audit remains owed, but the call succeeds: it
		/// counts, and after [`Parameters::max_failed_proofs`] of them no more is taken.
		///
		/// Errors: [`Error::UnknownAudit`], [`Error::TooEarly`], [`Error::TooLate`],
		/// [`Error::AlreadyProven`], [`Error::WrongChallenge`], [`Error::WrongLength`],
		/// [`Error::TooManyFailures`],
		/// [`Error::NotInExtrinsic`].
		///
		/// Emits [`Event::AuditProven`] or [`Event::ProofRefused`].
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
			challenge: Challenge,
			proof: BoundedVec<u8, MaxProofLen<T>>,
			signature: Signature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this very extrinsic was authorised.
			let _ = signature;
			let mut clock = Clock::read::<T>();
			Self::prove(&mut clock, Self::place()?, allotment, tick, &challenge, &proof)
				.map_err(Error::<T>::from)?;
			Ok(Pays::No.into())
		}

		/// Changes how often, how long and how deep allotments are audited.
		///
		/// The origin must be root. Audits that are already scheduled or open keep their tick,
		/// deadline and number of leaves; the new parameters hold from the next opening on.
		///
		/// Errors: [`Error::WindowTooShort`], [`Error::WindowTooLong`],
		/// [`Error::PeriodTooShort`], [`Error::LeavesOutOfRange`], [`Error::PenaltiesOutOfOrder`],
		/// [`Error::PriceAboveDeposit`], [`Error::NoFailureTolerated`].
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

		/// Records checkpoints of sealed logs, all or none of them.
		///
		/// As [`Call::submit_checkpoints`], with signatures over
		/// [`granary_primitives::message::sealed_checkpoint`]. A log keeps its seal for its whole life.
		///
		/// Errors: those of [`Call::submit_checkpoints`], [`Error::BadSeal`],
		/// [`Error::SealMismatch`].
		///
		/// Emits [`Event::CheckpointRecorded`] for each of them.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::submit_sealed_checkpoints(checkpoints.len() as u32))]
		pub fn submit_sealed_checkpoints(
			origin: OriginFor<T>,
			checkpoints: BoundedVec<SignedSealedCheckpoint, ConstU32<MAX_CHECKPOINTS>>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			for signed in &checkpoints {
				Self::record_sealed_checkpoint(signed)?;
			}
			Ok(())
		}

		/// Records a shorter or another log, which replaces the present one after its next proof.
		///
		/// The origin must be signed; anyone may bring it, since it carries the tenant's and the node's
		/// signature over [`granary_primitives::message::removal`]. Until then audits run against
		/// the present log. A later removal supersedes one that waits: its epoch is one more, its
		/// previous root the one of the log that waits.
		///
		/// Errors: [`Error::UnknownAllotment`], [`Error::AllotmentClosed`],
		/// [`Error::NoCheckpoint`], [`Error::UnknownNode`], [`Error::StaleEpoch`],
		/// [`Error::PreviousRootMismatch`], [`Error::EmptyLog`], [`Error::LogTooLong`],
		/// [`Error::LogExceedsAllotment`], [`Error::BadSeal`], [`Error::BadTenantSignature`],
		/// [`Error::BadNodeSignature`].
		///
		/// Emits [`Event::RemovalPending`]; [`Event::RemovalApplied`] follows with the proof.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::submit_removal())]
		pub fn submit_removal(origin: OriginFor<T>, removal: SignedRemoval) -> DispatchResult {
			ensure_signed(origin)?;
			Ok(Self::record_removal(&removal)?)
		}

		/// Declares the data of an allotment lost.
		///
		/// The origin must be authorised: `signature` is the node's audit key's over
		/// [`granary_primitives::message::loss`]. It must come while no audit of the allotment is open.
		/// The allotment is faulty from then on; the node keeps half of its bond.
		///
		/// Errors: [`Error::UnknownAudit`], [`Error::AuditOpen`].
		///
		/// Emits [`Event::AllotmentFaulty`], and [`Event::PurchaseRefunded`] if an audit was bought.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::declare_loss())]
		#[pallet::authorize(Pallet::<T>::authorize_loss)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_declare_loss())]
		pub fn declare_loss(
			origin: OriginFor<T>,
			allotment: AllotmentId,
			signature: Signature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this very extrinsic was authorised.
			let _ = signature;
			Self::do_declare_loss(allotment)?;
			Ok(Pays::No.into())
		}

		/// Buys a targeted audit of at least `leaves` leaves.
		///
		/// The origin must be signed. The deposit of [`TargetedTerms`] is held until the audit ends: proven, its price
		/// goes to the node's side; missed, all of it comes back with a reward from the allotment's
		/// bond. It is opened at one of the next ticks and comes back whole if that cannot be.
		///
		/// Errors: [`Error::UnknownAllotment`], [`Error::AllotmentClosed`],
		/// [`Error::NoCheckpoint`], [`Error::LeavesOutOfRange`], [`Error::AlreadyBought`],
		/// [`Error::BoughtTooSoon`], [`Error::NodeInMaintenance`], [`Error::TooManyBought`], and
		/// those of the currency if the buyer cannot pay.
		///
		/// Emits [`Event::AuditBought`]; [`Event::PurchaseSettled`] or
		/// [`Event::PurchaseRefunded`] follows.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::buy_audit())]
		pub fn buy_audit(
			origin: OriginFor<T>,
			allotment: AllotmentId,
			leaves: u32,
		) -> DispatchResult {
			let buyer = ensure_signed(origin)?;
			Self::do_buy(buyer, allotment, leaves)
		}

		/// Proves many audits of one node.
		///
		/// The origin must be authorised: `signature` is the audit key's of `node` over
		/// [`granary_primitives::message::proofs`]. The pool takes a batch only if its allotments are
		/// strictly ascending and every proof would be taken alone; the refusals are listed in
		/// [`ProofRefusal`]. Each proof is judged alone: one that is refused does not touch the others.
		///
		/// Errors: [`Error::NotInExtrinsic`].
		///
		/// Emits [`Event::AuditProven`] or [`Event::ProofRefused`] for each proof.
		#[pallet::call_index(7)]
		#[pallet::weight({
			let (proofs, leaves) = Pallet::<T>::batch_size(batch);
			T::WeightInfo::submit_proofs(proofs, leaves)
		})]
		#[pallet::authorize(Pallet::<T>::authorize_proofs)]
		#[pallet::weight_of_authorize({
			let (proofs, leaves) = Pallet::<T>::batch_size(batch);
			T::WeightInfo::authorize_submit_proofs(proofs, leaves)
		})]
		pub fn submit_proofs(
			origin: OriginFor<T>,
			node: NodeId,
			batch: ProofBatch<T>,
			signature: Signature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this very extrinsic was authorised.
			let _ = signature;
			Self::prove_batch(node, &batch)?;
			Ok(Pays::No.into())
		}
	}
}
