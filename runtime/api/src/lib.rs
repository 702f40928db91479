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
	audit::{
		AuditClock, AuditDetails, AuditRecord, AuditStatus, CalendarCursor, CalendarEntry,
		CalendarPage, Detection, DueAudit,
	},
	grid::{FarmInfo, NodeInfo, NodeReport, NodeSearch, TwinInfo},
	refusal::ProofRefusal,
	reservation::{
		AllotmentInfo, DayEarnings, Policy, Quote, ReservationDetails, ReservationHealth,
		ReservationInfo, Terms,
	},
	snapshot::{DatabaseKind, GrantInfo, SnapshotInfo},
	AccountBytes, AllotmentId, DatasetId, FarmId, Hash, NodeId, ReservationId, SnapshotId, Tick,
	TwinId,
};
use sp_runtime::DispatchError;

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
		/// Nodes from `start` on that offer what is asked for, and where the next page begins.
		fn search_nodes(search: NodeSearch, start: NodeId, limit: u32) -> (Vec<NodeInfo>, Option<NodeId>);
		/// The nodes of a farm from `start` on.
		fn nodes_of_farm(farm: FarmId, start: NodeId, limit: u32) -> Vec<NodeInfo>;
		/// What an operator tells of its node, and its last uptime report.
		fn node_report(id: NodeId) -> Option<NodeReport>;
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
		/// Whether what a reservation stores (a snapshot, for example) is still provably held, and with what margin.
		fn reservation_health(id: ReservationId) -> Option<ReservationHealth>;
		/// What a tenant wrote beside a reservation, and its repair fund.
		fn reservation_details(id: ReservationId) -> Option<ReservationDetails>;
		/// The reservation of this name.
		fn reservation_of_name(name: Vec<u8>) -> Option<ReservationId>;
		/// What reserving by this policy would take and cost now, or why it would be refused.
		fn quote(terms: Terms, candidates: Vec<NodeId>, policy: Policy) -> Result<Quote, DispatchError>;
		/// What a farm was paid on each of the last 32 days on which it was paid, ascending.
		fn farm_earnings(farm: FarmId) -> Vec<DayEarnings>;
		/// Seal, waiting removal, open and bought audit of an allotment.
		fn audit_details(allotment: AllotmentId) -> Option<AuditDetails>;
		/// The open audit of an allotment, if any, and the scheduled one.
		fn next_audits(allotment: AllotmentId) -> Vec<CalendarEntry>;
		/// Scheduled audits by tick, of one node or of all.
		fn audit_calendar(node: Option<NodeId>, cursor: Option<CalendarCursor>, limit: u32) -> CalendarPage;
		/// How probably a loss of `lost_ppb` parts per billion on `colluders` of a reservation's allotments would escape its audits, in one round and
		/// within `ticks`. Without `colluders` as many as lose something for good: one more than the parity shards.
		fn detection(reservation: ReservationId, colluders: Option<u32>, lost_ppb: u32, ticks: Tick) -> Option<Detection>;
		/// Whether this proof would be accepted now, and if not, why.
		fn check_proof(allotment: AllotmentId, tick: Tick, proof: Vec<u8>) -> Result<(), ProofRefusal>;
		/// The snapshot with this number.
		fn snapshot(id: SnapshotId) -> Option<SnapshotInfo>;
		/// Snapshots from `start` on.
		fn snapshots(start: SnapshotId, limit: u32) -> Vec<SnapshotInfo>;
		/// Snapshots of a chain's databases of one kind or of all, newest height first, none above `max_height`; the next page
		/// starts `after` the last one of this page.
		fn snapshots_of_chain(
			genesis: Hash,
			database: Option<DatabaseKind>,
			max_height: Option<u64>,
			after: Option<SnapshotId>,
			limit: u32,
		) -> Vec<SnapshotInfo>;
		/// Whether a snapshot is still provably held, and with what margin; none if it or its reservation is gone.
		fn snapshot_health(id: SnapshotId) -> Option<ReservationHealth>;
		/// The key of a dataset that was sealed to a recipient (blake2_256 of its public key).
		fn grant(reservation: ReservationId, dataset: DatasetId, recipient: Hash) -> Option<GrantInfo>;
		/// The sealed keys of a dataset; the next page starts `after` the last recipient of this one.
		fn grants(
			reservation: ReservationId,
			dataset: DatasetId,
			after: Option<Hash>,
			limit: u32,
		) -> Vec<GrantInfo>;
	}
}
