//! Granary's runtime API: the one query surface of the chain.
//!
//! JSON-RPC (`granary_*`) is a thin wrapper over it; any client can call it by `state_call`.
//! Every list is paged: `start` is the first id to look at, `limit` is cut to [`MAX_PAGE`].

#![cfg_attr(not(feature = "std"), no_std)]
// The macro writes items that carry no documentation of their own.
#![allow(missing_docs)]

extern crate alloc;

use alloc::vec::Vec;
use granary_primitives::{
	audit::{AuditClock, AuditRecord, AuditStatus, DueAudit},
	grid::{FarmInfo, NodeInfo, TwinInfo},
	reservation::{AllotmentInfo, ReservationInfo},
	snapshot::SnapshotInfo,
	AccountBytes, AllotmentId, FarmId, NodeId, ReservationId, SnapshotId, TwinId,
};

/// The longest page that any list answers.
pub const MAX_PAGE: u32 = 256;

sp_api::decl_runtime_apis! {
	/// Queries of the capacity chain.
	pub trait GranaryApi {
		/// The twin with this number.
		fn twin(id: TwinId) -> Option<TwinInfo>;
		/// The twin of this account.
		fn twin_of(account: AccountBytes) -> Option<TwinInfo>;
		/// The farm with this number.
		fn farm(id: FarmId) -> Option<FarmInfo>;
		/// Farms from `start` on.
		fn farms(start: FarmId, limit: u32) -> Vec<FarmInfo>;
		/// The node with this number.
		fn node(id: NodeId) -> Option<NodeInfo>;
		/// Nodes from `start` on.
		fn nodes(start: NodeId, limit: u32) -> Vec<NodeInfo>;
		/// The reservation with this number.
		fn reservation(id: ReservationId) -> Option<ReservationInfo>;
		/// Reservations from `start` on, of one tenant or of all.
		fn reservations(tenant: Option<AccountBytes>, start: ReservationId, limit: u32) -> Vec<ReservationInfo>;
		/// The allotment with this number.
		fn allotment(id: AllotmentId) -> Option<AllotmentInfo>;
		/// The live allotments of a node, from `start` on.
		fn allotments_of_node(node: NodeId, start: AllotmentId, limit: u32) -> Vec<AllotmentInfo>;
		/// The audit clock.
		fn audit_clock() -> AuditClock;
		/// Audits whose window is open, of one node or of all.
		fn due_audits(node: Option<NodeId>, limit: u32) -> Vec<DueAudit>;
		/// Where the audits of an allotment stand.
		fn audit_status(allotment: AllotmentId) -> Option<AuditStatus>;
		/// The last audits of an allotment, newest first.
		fn audit_history(allotment: AllotmentId) -> Vec<AuditRecord>;
		/// The snapshot with this number.
		fn snapshot(id: SnapshotId) -> Option<SnapshotInfo>;
		/// Snapshots from `start` on.
		fn snapshots(start: SnapshotId, limit: u32) -> Vec<SnapshotInfo>;
	}
}
