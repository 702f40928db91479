//! The narrow doors through which the pallets meet. No pallet reads another's storage.

use crate::{
	grid::{NodeInfo, NodeOffer},
	reservation::AuditProfile,
	AllotmentId, Balance, BlockNumber, FarmId, NodeId, PublicKey, ReservationId,
};
use sp_arithmetic::Perbill;

/// What grid offers to reservations: capacity and bond that can never be promised twice.
pub trait Capacity<AccountId, Error> {
	/// The node's record.
	fn node(node: NodeId) -> Option<NodeInfo>;
	/// What the node offers to this tenant, or to anybody; `None` if it takes no new allotments of theirs now.
	fn offer(node: NodeId, tenant: Option<&AccountId>) -> Option<NodeOffer>;
	/// Takes `bytes` of the node's free capacity and `bond` of its free bond, both or neither.
	fn allot(node: NodeId, bytes: u64, bond: Balance) -> Result<(), Error>;
	/// Gives both back.
	fn release(node: NodeId, bytes: u64, bond: Balance);
	/// Moves up to `amount` of the bond that backs the node's allotments to `to`; it no longer backs anything. Returns what was moved.
	fn slash(node: NodeId, amount: Balance, to: &AccountId) -> Balance;
	/// The account that receives what the farm's nodes earn.
	fn payout_account(farm: FarmId) -> Option<AccountId>;
	/// The transport key of the account's twin.
	fn transport_key(account: &AccountId) -> Option<PublicKey>;
	/// Benchmarks and tests: a registered twin, farm and node with room for `bytes`.
	#[cfg(feature = "runtime-benchmarks")]
	fn create_node_for_benchmark(operator: &AccountId, bytes: u64, audit_key: PublicKey) -> NodeId;
}

/// What grid offers to audits.
pub trait AuditKeys {
	/// The sr25519 key that signs the node's checkpoints and proofs.
	fn audit_key(node: NodeId) -> Option<PublicKey>;
	/// Whether the node is in a maintenance window that it announced in time: its audits wait.
	fn in_maintenance(node: NodeId) -> bool;
}

/// An allotment as audits need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllotmentView<AccountId> {
	/// The reservation it belongs to.
	pub reservation: ReservationId,
	/// The node that holds it.
	pub node: NodeId,
	/// The tenant that pays for it.
	pub tenant: AccountId,
	/// Reserved bytes.
	pub bytes: u64,
	/// How often it is audited.
	pub profile: AuditProfile,
	/// False once the reservation is closed or the allotment is lost.
	pub live: bool,
}

/// What reservations offer to audits: who stands behind an allotment, and the till.
pub trait Allotments<AccountId> {
	/// The allotment, if it exists.
	fn allotment(allotment: AllotmentId) -> Option<AllotmentView<AccountId>>;
	/// An audit that covers the blocks `from..to` was proven: the node earned them.
	fn proven(allotment: AllotmentId, from: BlockNumber, to: BlockNumber);
	/// An audit that covers the blocks `from..to` was missed: nothing is earned for them.
	fn missed(allotment: AllotmentId, from: BlockNumber, to: BlockNumber);
	/// Takes `share` of the bond that the allotment was made with, as far as it is still there, and gives it to `to`, or to the
	/// reservation's repair fund. Returns what was taken.
	fn slash(allotment: AllotmentId, share: Perbill, to: Option<&AccountId>) -> Balance;
	/// The allotment is lost: the node earns nothing more for it, and what is left of its bond (half of it if the node declared the loss itself)
	/// funds its repair.
	fn lost(allotment: AllotmentId, declared: bool);
	/// The account that receives what others pay for the node's work on this allotment, beside the rent. Without one, such payments are burned.
	fn payee(_allotment: AllotmentId) -> Option<AccountId> {
		None
	}
	/// Benchmarks and tests: a live allotment of `bytes` on a node with this audit key.
	#[cfg(feature = "runtime-benchmarks")]
	fn create_allotment_for_benchmark(
		tenant: &AccountId,
		audit_key: PublicKey,
		bytes: u64,
	) -> AllotmentId;
}

/// What reservations offer to snapshots.
pub trait ReservationOwner<AccountId> {
	/// The tenant of a reservation that is not closed.
	fn tenant(reservation: ReservationId) -> Option<AccountId>;
	/// Benchmarks and tests: a live reservation of this tenant.
	#[cfg(feature = "runtime-benchmarks")]
	fn create_reservation_for_benchmark(tenant: &AccountId) -> ReservationId;
}

/// The price of the currency.
pub trait PriceFeed {
	/// What is worth so many millionths of a milli-cent of a US dollar, in plancks, rounded up. `None` while no price is known that is fresh
	/// enough.
	fn plancks(micro_milli_cents: Balance) -> Option<Balance>;
}

impl PriceFeed for () {
	fn plancks(_: Balance) -> Option<Balance> {
		None
	}
}

/// What audits offer to reservations.
pub trait AuditSchedule {
	/// Leaves of the allotment's newest checkpoint: what it must have room for. 0 before the first.
	fn leaf_count(allotment: AllotmentId) -> u64;
	/// The allotment is closed: forget its checkpoint and schedule.
	fn closed(allotment: AllotmentId);
}
