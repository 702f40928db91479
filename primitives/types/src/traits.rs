//! The narrow doors through which the pallets meet. No pallet reads another's storage.

use crate::{
	grid::NodeInfo, AllotmentId, Balance, BlockNumber, FarmId, NodeId, PublicKey, ReservationId,
};

/// What grid offers to reservations: capacity and bond that can never be promised twice.
pub trait Capacity<AccountId, Error> {
	/// The node's record.
	fn node(node: NodeId) -> Option<NodeInfo>;
	/// Takes `bytes` of the node's free capacity and `bond` of its free bond, both or neither.
	fn allot(node: NodeId, bytes: u64, bond: Balance) -> Result<(), Error>;
	/// Gives both back.
	fn release(node: NodeId, bytes: u64, bond: Balance);
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
	/// False once the reservation is closed.
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

/// What audits tell the rest when an allotment is freed: forget its checkpoint and schedule.
pub trait AuditSchedule {
	/// The allotment is closed.
	fn closed(allotment: AllotmentId);
}
