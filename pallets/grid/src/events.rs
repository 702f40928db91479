//! What happened.

use frame_support::pallet_macros::pallet_section;

/// The events, see [`crate::pallet`].
#[pallet_section]
mod events {
	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account became a twin.
		#[codec(index = 0)]
		TwinRegistered {
			/// The twin.
			twin: TwinId,
			/// Its account.
			account: T::AccountId,
		},
		/// A twin changed its endpoint or transport key.
		#[codec(index = 1)]
		TwinUpdated {
			/// The twin.
			twin: TwinId,
		},
		/// A farm was created.
		#[codec(index = 2)]
		FarmCreated {
			/// The farm.
			farm: FarmId,
			/// Its owner.
			twin: TwinId,
		},
		/// A farm was removed.
		#[codec(index = 3)]
		FarmRemoved {
			/// The farm.
			farm: FarmId,
		},
		/// A node was registered.
		#[codec(index = 4)]
		NodeRegistered {
			/// The node.
			node: NodeId,
			/// Its farm.
			farm: FarmId,
			/// Offered capacity.
			capacity_bytes: u64,
		},
		/// A node's endpoint, capacity or price changed.
		#[codec(index = 5)]
		NodeUpdated {
			/// The node.
			node: NodeId,
		},
		/// A node's bond grew.
		#[codec(index = 6)]
		BondAdded {
			/// The node.
			node: NodeId,
			/// By how much.
			amount: Balance,
		},
		/// A node was removed and its bond returned.
		#[codec(index = 7)]
		NodeRemoved {
			/// The node.
			node: NodeId,
		},
		/// A farm changed its region or payout account.
		#[codec(index = 8)]
		FarmUpdated {
			/// The farm.
			farm: FarmId,
		},
		/// A certifier vouches for a farm, or does no more.
		#[codec(index = 9)]
		FarmCertified {
			/// The farm.
			farm: FarmId,
			/// Whether it does.
			certified: bool,
		},
		/// A certifier vouches for a node, or does no more.
		#[codec(index = 10)]
		NodeCertified {
			/// The node.
			node: NodeId,
			/// Whether it does.
			certified: bool,
		},
		/// An account became a certifier, or is none any more.
		#[codec(index = 11)]
		CertifierSet {
			/// The account.
			account: T::AccountId,
			/// Whether it is one.
			certifies: bool,
		},
		/// A node takes new allotments or takes none.
		#[codec(index = 12)]
		AvailabilitySet {
			/// The node.
			node: NodeId,
			/// It is being emptied.
			draining: bool,
			/// It is asleep.
			standby: bool,
		},
		/// Bond that backed nothing was returned.
		#[codec(index = 13)]
		BondWithdrawn {
			/// The node.
			node: NodeId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// A node announced maintenance.
		#[codec(index = 14)]
		MaintenanceAnnounced {
			/// The node.
			node: NodeId,
			/// Its first block.
			start: BlockNumber,
			/// The first block after it.
			end: BlockNumber,
		},
		/// A node does without the maintenance that it announced.
		#[codec(index = 15)]
		MaintenanceCancelled {
			/// The node.
			node: NodeId,
		},
		/// A node announced new keys.
		#[codec(index = 16)]
		KeysAnnounced {
			/// The node.
			node: NodeId,
			/// The first block at which they are valid.
			from: BlockNumber,
		},
		/// A node keeps its keys.
		#[codec(index = 17)]
		KeysCancelled {
			/// The node.
			node: NodeId,
		},
		/// An operator described its node.
		#[codec(index = 18)]
		NodeDescribed {
			/// The node.
			node: NodeId,
		},
		/// A node reported how long it has been up.
		#[codec(index = 19)]
		UptimeReported {
			/// The node.
			node: NodeId,
			/// How long.
			uptime_seconds: u64,
		},
		/// The parameters changed.
		#[codec(index = 20)]
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
		/// A farm set the price of its nodes.
		#[codec(index = 21)]
		FarmPriceSet {
			/// The farm.
			farm: FarmId,
			/// The price, in plancks.
			price_per_gib_hour: BalanceOf<T>,
		},
		/// A node is offered as a whole, or not any more.
		#[codec(index = 22)]
		RentOffered {
			/// The node.
			node: NodeId,
			/// The price, in plancks.
			price_per_block: Option<BalanceOf<T>>,
		},
		/// A node was rented as a whole.
		#[codec(index = 23)]
		Rented {
			/// The node.
			node: NodeId,
			/// Whose reservations alone are placed on it.
			tenant: T::AccountId,
			/// The first block at which it is everybody's again.
			until: BlockNumber,
			/// What its farm received, in plancks.
			paid: BalanceOf<T>,
		},
	}
}
