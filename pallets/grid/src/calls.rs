//! The dispatchables.

use frame_support::pallet_macros::pallet_section;

/// The calls, see [`crate::pallet`].
#[pallet_section]
mod calls {
	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers the sender's account as a twin.
		///
		/// Origin: signed. `endpoint` may be empty; `transport_key` is an X25519 public key.
		///
		/// Errors: [`Error::AlreadyTwin`], [`Error::BadText`], [`Error::NoIdLeft`]. Emits [`Event::TwinRegistered`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register_twin())]
		pub fn register_twin(
			origin: OriginFor<T>,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			transport_key: PublicKey,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			ensure!(!TwinOf::<T>::contains_key(&account), Error::<T>::AlreadyTwin);
			ensure!(core::str::from_utf8(&endpoint).is_ok(), Error::<T>::BadText);
			let id = NextTwin::<T>::get();
			NextTwin::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoIdLeft)?);
			Twins::<T>::insert(
				id,
				Twin { account: account.clone(), endpoint, transport_key, farms: 0 },
			);
			TwinOf::<T>::insert(&account, id);
			Self::deposit_event(Event::TwinRegistered { twin: id, account });
			Ok(())
		}

		/// Changes the endpoint and transport key of the sender's twin. Allotments made before keep the passwords that were
		/// agreed with the old key.
		///
		/// Origin: signed by a twin's account. Errors: [`Error::NotTwin`], [`Error::BadText`]. Emits [`Event::TwinUpdated`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::update_twin())]
		pub fn update_twin(
			origin: OriginFor<T>,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			transport_key: PublicKey,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			let id = TwinOf::<T>::get(&account).ok_or(Error::<T>::NotTwin)?;
			ensure!(core::str::from_utf8(&endpoint).is_ok(), Error::<T>::BadText);
			Twins::<T>::mutate_extant(id, |twin| {
				twin.endpoint = endpoint;
				twin.transport_key = transport_key;
			});
			Self::deposit_event(Event::TwinUpdated { twin: id });
			Ok(())
		}

		/// Creates a farm of the sender's twin under a name that no other farm has. Its nodes' earnings go to `payout`, or to the sender.
		///
		/// Origin: signed by a twin's account. Errors: [`Error::NotTwin`], [`Error::BadText`], [`Error::TooManyFarms`],
		/// [`Error::NameTaken`], [`Error::NoIdLeft`]. Emits [`Event::FarmCreated`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::create_farm())]
		pub fn create_farm(
			origin: OriginFor<T>,
			name: BoundedVec<u8, T::MaxNameLen>,
			payout: Option<T::AccountId>,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			Self::do_create_farm(account, name, payout)
		}

		/// Registers a node of one of the sender's farms and holds its bond from the sender.
		///
		/// Origin: signed by the account of the farm's twin. `endpoint` is `host:port` of its RESP server; `audit_key` is sr25519,
		/// `transport_key` X25519; `price_per_gib_hour` (0: the farm's, see [`Pallet::set_farm_price`]) and `bond` are in plancks.
		///
		/// Errors: [`Error::UnknownFarm`], [`Error::NotFarmOwner`], [`Error::BadText`], [`Error::BadCapacity`],
		/// [`Error::BondTooLow`], [`Error::AuditKeyInUse`], [`Error::TooManyNodes`], [`Error::NoIdLeft`], and the currency's if
		/// the bond cannot be held. Emits [`Event::NodeRegistered`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::register_node())]
		pub fn register_node(
			origin: OriginFor<T>,
			farm: FarmId,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			capacity_bytes: u64,
			price_per_gib_hour: BalanceOf<T>,
			audit_key: PublicKey,
			transport_key: PublicKey,
			bond: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_register_node(Node {
				farm,
				operator,
				endpoint,
				audit_key,
				transport_key,
				capacity_bytes,
				reserved_bytes: 0,
				price_per_gib_hour,
				bond,
				bond_used: 0,
				certified: false,
				draining: false,
				standby: false,
				maintenance: Maintenance::default(),
				next_keys: None,
			})
		}

		/// Changes a node's endpoint, capacity and price. Reservations keep the price they were made at; with another endpoint or capacity the node
		/// is not certified any more.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::BadText`], [`Error::BadCapacity`]. Emits [`Event::NodeUpdated`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::update_node())]
		pub fn update_node(
			origin: OriginFor<T>,
			node: NodeId,
			endpoint: BoundedVec<u8, T::MaxEndpointLen>,
			capacity_bytes: u64,
			price_per_gib_hour: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(Self::is_endpoint(&endpoint), Error::<T>::BadText);
			Self::mutate_node(&operator, node, |record| {
				ensure!(
					capacity_bytes > 0 && capacity_bytes >= record.reserved_bytes,
					Error::<T>::BadCapacity
				);
				// Whoever vouched for the node vouched for it as it was.
				record.certified &=
					record.endpoint == endpoint && record.capacity_bytes == capacity_bytes;
				record.endpoint = endpoint;
				record.capacity_bytes = capacity_bytes;
				record.price_per_gib_hour = price_per_gib_hour;
				Ok(())
			})?;
			Self::deposit_event(Event::NodeUpdated { node });
			Ok(())
		}

		/// Adds to a node's bond, so that more can be reserved on it.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::BondTooLow`], and the currency's. Emits [`Event::BondAdded`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			node: NodeId,
			amount: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(amount > 0, Error::<T>::BondTooLow);
			Self::mutate_node(&operator, node, |record| {
				T::Currency::hold(&HoldReason::NodeBond.into(), &operator, amount)?;
				record.bond = record.bond.saturating_add(amount);
				Ok(())
			})?;
			Self::deposit_event(Event::BondAdded { node, amount });
			Ok(())
		}

		/// Removes a node that nothing is reserved on and returns its bond.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::NodeInUse`]. Emits [`Event::NodeRemoved`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::remove_node())]
		pub fn remove_node(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_remove_node(&operator, node)?;
			Self::deposit_event(Event::NodeRemoved { node });
			Ok(())
		}

		/// Removes a farm that has no nodes.
		///
		/// Origin: signed by the account of the farm's twin. Errors: [`Error::UnknownFarm`], [`Error::NotFarmOwner`],
		/// [`Error::FarmInUse`]. Emits [`Event::FarmRemoved`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::remove_farm())]
		pub fn remove_farm(origin: OriginFor<T>, farm: FarmId) -> DispatchResult {
			let account = ensure_signed(origin)?;
			let record = Self::ensure_farm_owner(&account, farm)?;
			ensure!(record.nodes == 0, Error::<T>::FarmInUse);
			Farms::<T>::remove(farm);
			FarmNames::<T>::remove(&record.name);
			FarmPrices::<T>::remove(farm);
			Twins::<T>::mutate_extant(record.twin, |twin| {
				twin.farms = twin.farms.saturating_sub(1)
			});
			Self::deposit_event(Event::FarmRemoved { farm });
			Ok(())
		}

		/// Changes where a farm is and where its nodes' earnings go. In another region it is not certified any more.
		///
		/// Origin: signed by the account of the farm's twin. Errors: [`Error::UnknownFarm`], [`Error::NotFarmOwner`], [`Error::BadRegion`]. Emits
		/// [`Event::FarmUpdated`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::update_farm())]
		pub fn update_farm(
			origin: OriginFor<T>,
			farm: FarmId,
			region: Region,
			payout: T::AccountId,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			let record = Self::ensure_farm_owner(&account, farm)?;
			let is_region =
				region.iter().all(u8::is_ascii_uppercase) || region == Region::default();
			ensure!(is_region, Error::<T>::BadRegion);
			// Whoever vouched for the farm vouched for it where it was.
			let certified = record.certified && record.region == region;
			Farms::<T>::insert(farm, Farm { region, payout, certified, ..record });
			Self::deposit_event(Event::FarmUpdated { farm });
			Ok(())
		}

		/// Vouches for a farm, or takes that back.
		///
		/// Origin: signed by a certifier. Errors: [`Error::NotCertifier`], [`Error::UnknownFarm`], [`Error::NoChange`]. Emits [`Event::FarmCertified`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::certify_farm())]
		pub fn certify_farm(origin: OriginFor<T>, farm: FarmId, certified: bool) -> DispatchResult {
			Self::ensure_certifier(origin)?;
			Farms::<T>::try_mutate(farm, |record| {
				let record = record.as_mut().ok_or(Error::<T>::UnknownFarm)?;
				ensure!(record.certified != certified, Error::<T>::NoChange);
				record.certified = certified;
				Ok::<(), Error<T>>(())
			})?;
			Self::deposit_event(Event::FarmCertified { farm, certified });
			Ok(())
		}

		/// Vouches for a node, or takes that back.
		///
		/// Origin: signed by a certifier. Errors: [`Error::NotCertifier`], [`Error::UnknownNode`], [`Error::NoChange`]. Emits [`Event::NodeCertified`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::certify_node())]
		pub fn certify_node(origin: OriginFor<T>, node: NodeId, certified: bool) -> DispatchResult {
			Self::ensure_certifier(origin)?;
			Nodes::<T>::try_mutate(node, |record| {
				let record = record.as_mut().ok_or(Error::<T>::UnknownNode)?;
				ensure!(record.certified != certified, Error::<T>::NoChange);
				record.certified = certified;
				Ok::<(), Error<T>>(())
			})?;
			Self::deposit_event(Event::NodeCertified { node, certified });
			Ok(())
		}

		/// Makes an account a certifier, or takes that back. What it vouched for stays.
		///
		/// Origin: governance. Errors: [`Error::NoChange`], [`Error::TooManyCertifiers`]. Emits [`Event::CertifierSet`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::set_certifier())]
		pub fn set_certifier(
			origin: OriginFor<T>,
			account: T::AccountId,
			certifies: bool,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Certifiers::<T>::try_mutate(|certifiers| {
				ensure!(certifiers.contains(&account) != certifies, Error::<T>::NoChange);
				certifiers.retain(|known| *known != account);
				if certifies {
					certifiers
						.try_push(account.clone())
						.map_err(|_| Error::<T>::TooManyCertifiers)?;
				}
				Ok::<(), Error<T>>(())
			})?;
			Self::deposit_event(Event::CertifierSet { account, certifies });
			Ok(())
		}

		/// Says whether a node is being emptied, for an orderly exit, or sleeps: in both cases it takes no new allotments. A node that holds anything cannot
		/// sleep, and one that is rented as a whole can do neither.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`], [`Error::NodeInUse`].
		/// Emits [`Event::AvailabilitySet`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::set_availability())]
		pub fn set_availability(
			origin: OriginFor<T>,
			node: NodeId,
			draining: bool,
			standby: bool,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::mutate_node(&operator, node, |record| {
				ensure!(!standby || record.reserved_bytes == 0, Error::<T>::NodeInUse);
				// Who rented the node paid for placing allotments on it.
				let rented = Self::renter(node).is_some();
				ensure!(!rented || !(draining || standby), Error::<T>::NodeInUse);
				record.draining = draining;
				record.standby = standby;
				Ok(())
			})?;
			Self::deposit_event(Event::AvailabilitySet { node, draining, standby });
			Ok(())
		}

		/// Returns bond that backs nothing, down to the least one.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::NotEnoughBond`], [`Error::BondTooLow`], and the currency's. Emits [`Event::BondWithdrawn`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::withdraw_bond())]
		pub fn withdraw_bond(
			origin: OriginFor<T>,
			node: NodeId,
			amount: BalanceOf<T>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_withdraw_bond(&operator, node, amount)?;
			Self::deposit_event(Event::BondWithdrawn { node, amount });
			Ok(())
		}

		/// Announces that a node will not answer audits from block `start` to before block `end`. What it holds in that time earns nothing.
		///
		/// Origin: signed by the account that registered the node. It must be announced in time and within the yearly budget. Errors:
		/// [`Error::UnknownNode`], [`Error::NotNodeOperator`], [`Error::MaintenancePending`], [`Error::NoticeTooShort`], [`Error::BudgetExceeded`].
		/// Emits [`Event::MaintenanceAnnounced`].
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::announce_maintenance())]
		pub fn announce_maintenance(
			origin: OriginFor<T>,
			node: NodeId,
			start: BlockNumber,
			end: BlockNumber,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::mutate_node(&operator, node, |record| Self::announce(record, start, end))?;
			Self::deposit_event(Event::MaintenanceAnnounced { node, start, end });
			Ok(())
		}

		/// Does without maintenance that has not begun; the budget is given back.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::NoMaintenance`]. Emits [`Event::MaintenanceCancelled`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::cancel_maintenance())]
		pub fn cancel_maintenance(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::mutate_node(&operator, node, Self::cancel_announced)?;
			Self::deposit_event(Event::MaintenanceCancelled { node });
			Ok(())
		}

		/// Announces new keys, which become valid after a delay. Until then the old ones sign; whoever stole one of them cannot lock the operator out,
		/// because the operator's account can cancel.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::RotationPending`], [`Error::AuditKeyInUse`]. Emits [`Event::KeysAnnounced`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::rotate_keys())]
		pub fn rotate_keys(
			origin: OriginFor<T>,
			node: NodeId,
			audit_key: PublicKey,
			transport_key: PublicKey,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			let from = Self::do_rotate(&operator, node, audit_key, transport_key)?;
			Self::deposit_event(Event::KeysAnnounced { node, from });
			Ok(())
		}

		/// Keeps the present keys, while the new ones are not valid yet.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`],
		/// [`Error::NoRotation`]. Emits [`Event::KeysCancelled`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::cancel_rotation())]
		pub fn cancel_rotation(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_cancel_rotation(&operator, node)?;
			Self::deposit_event(Event::KeysCancelled { node });
			Ok(())
		}

		/// Tells of a node what its offer does not: its kind of disks, place and serial number. Nothing of it is trusted.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`]. Emits
		/// [`Event::NodeDescribed`].
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::describe_node())]
		pub fn describe_node(
			origin: OriginFor<T>,
			node: NodeId,
			description: Description,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::mutate_node(&operator, node, |_| Ok(()))?;
			Descriptions::<T>::insert(node, description);
			Self::deposit_event(Event::NodeDescribed { node });
			Ok(())
		}

		/// Reports how long a node has been up, as of `at_seconds` since the epoch. Anyone can set it beside the node's audits.
		///
		/// Origin: signed by the account that registered the node. The time may differ from the block's by a minute; a report must agree with the one
		/// before: time goes on, and a node was not up longer than time has passed unless it was up before. Errors: [`Error::UnknownNode`],
		/// [`Error::NotNodeOperator`], [`Error::BadUptime`]. Emits [`Event::UptimeReported`].
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::report_uptime())]
		pub fn report_uptime(
			origin: OriginFor<T>,
			node: NodeId,
			uptime_seconds: u64,
			at_seconds: u64,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::mutate_node(&operator, node, |_| Ok(()))?;
			Self::do_report_uptime(node, uptime_seconds, at_seconds)?;
			Self::deposit_event(Event::UptimeReported { node, uptime_seconds });
			Ok(())
		}

		/// Changes notice, budget and delays. What is announced stays.
		///
		/// Origin: governance. Errors: [`Error::BadParameters`]. Emits [`Event::ParametersSet`].
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			ensure!(parameters.are_sane(), Error::<T>::BadParameters);
			GridParameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
		}

		/// Sets the price of those of a farm's nodes that name none of their own (a price of 0), in plancks for a GiB and hour. Reservations keep the
		/// price they were made at.
		///
		/// Origin: signed by the account of the farm's twin. Errors: [`Error::UnknownFarm`], [`Error::NotFarmOwner`]. Emits [`Event::FarmPriceSet`].
		#[pallet::call_index(21)]
		#[pallet::weight(T::WeightInfo::set_farm_price())]
		pub fn set_farm_price(
			origin: OriginFor<T>,
			farm: FarmId,
			price_per_gib_hour: BalanceOf<T>,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			Self::ensure_farm_owner(&account, farm)?;
			FarmPrices::<T>::insert(farm, price_per_gib_hour);
			Self::deposit_event(Event::FarmPriceSet { farm, price_per_gib_hour });
			Ok(())
		}

		/// Offers a node as a whole: whoever rents it is the only one whose reservations are placed on it. `None` takes the offer back; who has
		/// rented it keeps it to the end.
		///
		/// Origin: signed by the account that registered the node. Errors: [`Error::UnknownNode`], [`Error::NotNodeOperator`]. Emits [`Event::RentOffered`].
		#[pallet::call_index(22)]
		#[pallet::weight(T::WeightInfo::offer_rent())]
		pub fn offer_rent(
			origin: OriginFor<T>,
			node: NodeId,
			price_per_block: Option<BalanceOf<T>>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::mutate_node(&operator, node, |_| Ok(()))?;
			RentOffers::<T>::set(node, price_per_block);
			Self::deposit_event(Event::RentOffered { node, price_per_block });
			Ok(())
		}

		/// Rents a node as a whole for so many blocks, or for so many more, and pays its farm at once: the chain itself keeps others off. Allotments on it are
		/// paid like any others, when proven. What was paid does not come back.
		///
		/// Origin: signed. Errors: [`Error::UnknownNode`], [`Error::NotForRent`], [`Error::RentTooHigh`], [`Error::RentedByOther`],
		/// [`Error::NodeInUse`] (by allotments from before), [`Error::BadRent`], and the currency's. Emits [`Event::Rented`].
		#[pallet::call_index(23)]
		#[pallet::weight(T::WeightInfo::rent())]
		pub fn rent(
			origin: OriginFor<T>,
			node: NodeId,
			blocks: BlockNumber,
			max_price_per_block: BalanceOf<T>,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_rent(tenant, node, blocks, max_price_per_block)
		}
	}
}
