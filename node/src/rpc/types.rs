//! What the `granary_*` methods answer, in JSON.
//!
//! Names are in camel case. Accounts are SS58 addresses, hashes and keys hexadecimal with `0x`,
//! money a decimal string of plancks (it may exceed what a JSON number can hold), texts UTF-8.

use granary_primitives as chain;
use granary_runtime::{constants::SS58_PREFIX, AccountId};
use serde::{Deserialize, Serialize};
use sp_core::{crypto::Ss58Codec, Bytes, H256};

pub(super) fn address(account: chain::AccountBytes) -> String {
	AccountId::from(account).to_ss58check_with_version(SS58_PREFIX.into())
}

pub(super) fn money(plancks: chain::Balance) -> String {
	plancks.to_string()
}

/// The pallets accept no text that is not UTF-8.
pub(super) fn text(bytes: Vec<u8>) -> String {
	String::from_utf8_lossy(&bytes).into_owned()
}

/// A twin, by its number or by its account.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum TwinReference {
	/// Its number.
	Number(chain::TwinId),
	/// Its account, as an SS58 address.
	Account(AccountId),
}

/// A twin.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Twin {
	id: chain::TwinId,
	account: String,
	endpoint: String,
	transport_key: H256,
}

impl From<chain::grid::TwinInfo> for Twin {
	fn from(twin: chain::grid::TwinInfo) -> Self {
		Self {
			id: twin.id,
			account: address(twin.account),
			endpoint: text(twin.endpoint),
			transport_key: H256(twin.transport_key),
		}
	}
}

/// A farm.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Farm {
	id: chain::FarmId,
	twin: chain::TwinId,
	name: String,
	payout: String,
	/// ISO 3166-1 alpha-2, or nothing.
	region: Option<String>,
	certified: bool,
}

impl From<chain::grid::FarmInfo> for Farm {
	fn from(farm: chain::grid::FarmInfo) -> Self {
		Self {
			id: farm.id,
			twin: farm.twin,
			name: text(farm.name),
			payout: address(farm.payout),
			region: (farm.region != chain::Region::default()).then(|| text(farm.region.to_vec())),
			certified: farm.certified,
		}
	}
}

/// A node.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
	id: chain::NodeId,
	farm: chain::FarmId,
	operator: String,
	endpoint: String,
	audit_key: H256,
	transport_key: H256,
	capacity_bytes: u64,
	reserved_bytes: u64,
	price_per_gib_hour: String,
	bond: String,
	bond_used: String,
	certified: bool,
	draining: bool,
	standby: bool,
	/// First block and first block after it.
	maintenance: Option<(chain::BlockNumber, chain::BlockNumber)>,
}

impl From<chain::grid::NodeInfo> for Node {
	fn from(node: chain::grid::NodeInfo) -> Self {
		Self {
			id: node.id,
			farm: node.farm,
			operator: address(node.operator),
			endpoint: text(node.endpoint),
			audit_key: H256(node.audit_key),
			transport_key: H256(node.transport_key),
			capacity_bytes: node.capacity_bytes,
			reserved_bytes: node.reserved_bytes,
			price_per_gib_hour: money(node.price_per_gib_hour),
			bond: money(node.bond),
			bond_used: money(node.bond_used),
			certified: node.certified,
			draining: node.draining,
			standby: node.standby,
			maintenance: node.maintenance,
		}
	}
}

/// Where a reservation stands: `"created"`, `"active"`, `{"grace": {"until": 7}}` or `"closed"`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
	Created,
	Active,
	Grace { until: chain::BlockNumber },
	Closed,
}

impl From<chain::reservation::ReservationState> for State {
	fn from(state: chain::reservation::ReservationState) -> Self {
		use chain::reservation::ReservationState;
		match state {
			ReservationState::Created => Self::Created,
			ReservationState::Active => Self::Active,
			ReservationState::Grace { until } => Self::Grace { until },
			ReservationState::Closed => Self::Closed,
		}
	}
}

/// A reservation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reservation {
	id: chain::ReservationId,
	tenant: String,
	tenant_transport_key: H256,
	data_shards: u8,
	parity_shards: u8,
	bytes_per_allotment: u64,
	public_read: bool,
	escrow: String,
	created: chain::BlockNumber,
	ends: chain::BlockNumber,
	state: State,
	allotments: Vec<chain::AllotmentId>,
}

impl From<chain::reservation::ReservationInfo> for Reservation {
	fn from(reservation: chain::reservation::ReservationInfo) -> Self {
		Self {
			id: reservation.id,
			tenant: address(reservation.tenant),
			tenant_transport_key: H256(reservation.tenant_transport_key),
			data_shards: reservation.data_shards,
			parity_shards: reservation.parity_shards,
			bytes_per_allotment: reservation.bytes_per_allotment,
			public_read: reservation.public_read,
			escrow: money(reservation.escrow),
			created: reservation.created,
			ends: reservation.ends,
			state: reservation.state.into(),
			allotments: reservation.allotments,
		}
	}
}

/// An allotment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Allotment {
	id: chain::AllotmentId,
	reservation: chain::ReservationId,
	shard: u8,
	node: chain::NodeId,
	bytes: u64,
	price_per_block: String,
	bond: String,
	accrued: String,
	paid: String,
	withheld: String,
	lost: bool,
	shrinks_to: Option<u64>,
	state: State,
}

impl From<chain::reservation::AllotmentInfo> for Allotment {
	fn from(allotment: chain::reservation::AllotmentInfo) -> Self {
		Self {
			id: allotment.id,
			reservation: allotment.reservation,
			shard: allotment.shard,
			node: allotment.node,
			bytes: allotment.bytes,
			price_per_block: money(allotment.price_per_block),
			bond: money(allotment.bond),
			accrued: money(allotment.accrued),
			paid: money(allotment.paid),
			withheld: money(allotment.withheld),
			lost: allotment.lost,
			shrinks_to: allotment.shrinks_to,
			state: allotment.state.into(),
		}
	}
}

/// The audit clock.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditClock {
	tick: chain::Tick,
	period_ticks: chain::Tick,
	window_ticks: chain::Tick,
	leaves_per_audit: u32,
}

impl From<chain::audit::AuditClock> for AuditClock {
	fn from(clock: chain::audit::AuditClock) -> Self {
		Self {
			tick: clock.tick,
			period_ticks: clock.period_ticks,
			window_ticks: clock.window_ticks,
			leaves_per_audit: clock.leaves_per_audit,
		}
	}
}

/// An audit whose window is open.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DueAudit {
	allotment: chain::AllotmentId,
	node: chain::NodeId,
	tick: chain::Tick,
	seed: H256,
	root: H256,
	leaf_count: u64,
	leaves: Vec<u64>,
	opens_tick: chain::Tick,
	deadline_tick: chain::Tick,
	current_tick: chain::Tick,
}

impl From<chain::audit::DueAudit> for DueAudit {
	fn from(audit: chain::audit::DueAudit) -> Self {
		Self {
			allotment: audit.allotment,
			node: audit.node,
			tick: audit.tick,
			seed: H256(audit.seed),
			root: H256(audit.root),
			leaf_count: audit.leaf_count,
			leaves: audit.leaves,
			opens_tick: audit.opens_tick,
			deadline_tick: audit.deadline_tick,
			current_tick: audit.current_tick,
		}
	}
}

/// What the newest checkpoint says.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogHead {
	epoch: u32,
	root: H256,
	leaf_count: u64,
}

/// Where the audits of an allotment stand.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditStatus {
	allotment: chain::AllotmentId,
	checkpoint: Option<LogHead>,
	next_tick: Option<chain::Tick>,
	proven: u32,
	missed: u32,
	window_misses: u32,
}

impl From<chain::audit::AuditStatus> for AuditStatus {
	fn from(status: chain::audit::AuditStatus) -> Self {
		Self {
			allotment: status.allotment,
			checkpoint: status.checkpoint.map(|log| LogHead {
				epoch: log.epoch,
				root: H256(log.root),
				leaf_count: log.leaf_count,
			}),
			next_tick: status.next_tick,
			proven: status.proven,
			missed: status.missed,
			window_misses: status.window_misses,
		}
	}
}

/// How an audit ended: `{"proven": {"block": 7, "extrinsic": 2}}` or `{"missed": {"block": 7}}`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
	Proven { block: chain::BlockNumber, extrinsic: u32 },
	Missed { block: chain::BlockNumber },
}

/// A past audit.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditRecord {
	tick: chain::Tick,
	outcome: Outcome,
}

impl From<chain::audit::AuditRecord> for AuditRecord {
	fn from(record: chain::audit::AuditRecord) -> Self {
		use chain::audit::AuditOutcome;
		Self {
			tick: record.tick,
			outcome: match record.outcome {
				AuditOutcome::Proven { block, extrinsic } => Outcome::Proven { block, extrinsic },
				AuditOutcome::Missed { block } => Outcome::Missed { block },
			},
		}
	}
}

/// A past proof, as it was found in its block and verified again.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PastProof {
	/// The allotment that was proven.
	pub(super) allotment: chain::AllotmentId,
	/// The tick that chose the leaves.
	pub(super) tick: chain::Tick,
	/// The seed of that tick.
	pub(super) seed: H256,
	/// The root that was frozen.
	pub(super) root: H256,
	/// The leaf count that was frozen.
	pub(super) leaf_count: u64,
	/// The sampled leaves, ascending.
	pub(super) leaves: Vec<u64>,
	/// The block of the proof.
	pub(super) block_number: chain::BlockNumber,
	/// Its hash.
	pub(super) block_hash: H256,
	/// The index of the extrinsic in that block.
	pub(super) extrinsic_index: u32,
	/// The multiproof.
	pub(super) proof: Bytes,
	/// The node's signature of it.
	pub(super) signature: Bytes,
	/// The node that signed it.
	pub(super) node: chain::NodeId,
	/// The sampled leaves lead to the root.
	pub(super) proof_valid: bool,
	/// The signature is the one of the node's audit key.
	pub(super) signature_valid: bool,
	/// Both.
	pub(super) verified: bool,
}
