//! Typed queries through the runtime API, at the newest finalised block.

use crate::{
	client::{query_error, timely},
	signer::verify_signature,
	ChainClient, ChainError,
};
use codec::{Decode, Encode};
use granary_primitives::{
	audit::{AuditClock, AuditDetails, AuditRecord, AuditStatus, DueAudit, LogHead},
	grid::{FarmInfo, NodeInfo, NodeReport, TwinInfo},
	message,
	reservation::{AllotmentInfo, ReservationHealth, ReservationInfo},
	snapshot::{DatabaseKind, GrantInfo, SnapshotInfo},
	AccountBytes, AllotmentId, Balance, BlockNumber, DatasetId, FarmId, Hash, NodeId,
	ReservationId, Signature, SnapshotId, TwinId, GIB,
};
use subxt::dynamic;

/// Entries asked for at once; the chain cuts longer pages.
const PAGE: u32 = 256;

/// What an account has, in plancks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountBalance {
	/// Transactions sent so far.
	pub nonce: u32,
	/// May be spent.
	pub free: Balance,
	/// Held: bonds, escrow, deposits.
	pub held: Balance,
}

/// Under which terms reservations are made: the pallet's `Parameters`, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Decode)]
pub struct ContractTerms {
	/// Blocks between two settlements of a reservation.
	pub settlement_blocks: BlockNumber,
	/// Blocks from the end of a term to its closing.
	pub grace_blocks: BlockNumber,
	/// The shortest term.
	pub min_term_blocks: BlockNumber,
	/// The longest term.
	pub max_term_blocks: BlockNumber,
	/// Blocks in an hour.
	pub blocks_per_hour: BlockNumber,
	/// Days of revenue that a bond covers.
	pub bond_days: u32,
	/// What repairing one GiB costs, in plancks.
	pub repair_cost_per_gib: Balance,
	/// The farm's share of a payment, in billionths.
	pub farmer_share_billionths: u32,
}

/// The value of `System.Account`.
#[derive(Decode, Default)]
struct AccountRecord {
	nonce: u32,
	_consumers: u32,
	_providers: u32,
	_sufficients: u32,
	free: Balance,
	reserved: Balance,
	_frozen: Balance,
	_flags: u128,
}

impl ChainClient {
	async fn ask<T: Decode>(&self, method: &str, arguments: impl Encode) -> Result<T, ChainError> {
		let function = format!("GranaryApi_{method}");
		let arguments = arguments.encode();
		let block = self.finalised_hash().await?;
		let rpc = self.rpc();
		let call = rpc.state_call(&function, Some(&arguments), Some(block));
		let bytes = timely(&function, call).await?;
		T::decode(&mut bytes.as_slice())
			.map_err(|error| ChainError::Undecodable { what: function, reason: error.to_string() })
	}

	/// The twin with this number.
	pub async fn twin(&self, id: TwinId) -> Result<Option<TwinInfo>, ChainError> {
		self.ask("twin", id).await
	}

	/// The twin of this account.
	pub async fn twin_of(&self, account: AccountBytes) -> Result<Option<TwinInfo>, ChainError> {
		self.ask("twin_of", account).await
	}

	/// The farm with this number.
	pub async fn farm(&self, id: FarmId) -> Result<Option<FarmInfo>, ChainError> {
		self.ask("farm", id).await
	}

	/// All farms.
	pub async fn all_farms(&self) -> Result<Vec<FarmInfo>, ChainError> {
		let mut farms: Vec<FarmInfo> = Vec::new();
		loop {
			let start = farms.last().map_or(0, |farm| farm.id + 1);
			let page: Vec<FarmInfo> = self.ask("farms", (start, PAGE)).await?;
			if page.is_empty() {
				return Ok(farms);
			}
			farms.extend(page);
		}
	}

	/// The node with this number.
	pub async fn node(&self, id: NodeId) -> Result<Option<NodeInfo>, ChainError> {
		self.ask("node", id).await
	}

	/// All nodes.
	pub async fn all_nodes(&self) -> Result<Vec<NodeInfo>, ChainError> {
		let mut nodes: Vec<NodeInfo> = Vec::new();
		loop {
			let start = nodes.last().map_or(0, |node| node.id + 1);
			let page: Vec<NodeInfo> = self.ask("nodes", (start, PAGE)).await?;
			if page.is_empty() {
				return Ok(nodes);
			}
			nodes.extend(page);
		}
	}

	/// The reservation with this number.
	pub async fn reservation(
		&self,
		id: ReservationId,
	) -> Result<Option<ReservationInfo>, ChainError> {
		self.ask("reservation", id).await
	}

	/// Reservations from `start` on, of one tenant or of all.
	pub async fn reservations(
		&self,
		tenant: Option<AccountBytes>,
		start: ReservationId,
		limit: u32,
	) -> Result<Vec<ReservationInfo>, ChainError> {
		self.ask("reservations", (tenant, start, limit)).await
	}

	/// What the record of a node does not say: its description, uptime, rent, and the keys that are announced.
	pub async fn node_report(&self, id: NodeId) -> Result<Option<NodeReport>, ChainError> {
		self.ask("node_report", id).await
	}

	/// The allotment with this number.
	pub async fn allotment(&self, id: AllotmentId) -> Result<Option<AllotmentInfo>, ChainError> {
		self.ask("allotment", id).await
	}

	/// All live allotments of a node.
	pub async fn allotments_of_node(&self, node: NodeId) -> Result<Vec<AllotmentInfo>, ChainError> {
		let mut allotments: Vec<AllotmentInfo> = Vec::new();
		loop {
			let start = allotments.last().map_or(0, |allotment| allotment.id + 1);
			let page: Vec<AllotmentInfo> =
				self.ask("allotments_of_node", (node, start, PAGE)).await?;
			if page.is_empty() {
				return Ok(allotments);
			}
			allotments.extend(page);
		}
	}

	/// The audit clock.
	pub async fn audit_clock(&self) -> Result<AuditClock, ChainError> {
		self.ask("audit_clock", ()).await
	}

	/// Audits whose window is open, of one node or of all.
	pub async fn due_audits(&self, node: Option<NodeId>) -> Result<Vec<DueAudit>, ChainError> {
		self.ask("due_audits", (node, PAGE)).await
	}

	/// Open audits of all nodes at the newest block, which may still be reverted; nearest deadline first, cut by the chain.
	pub async fn due_audits_at_best(&self) -> Result<Vec<DueAudit>, ChainError> {
		let arguments = (None::<NodeId>, u32::MAX).encode();
		let rpc = self.rpc();
		let call = rpc.state_call("GranaryApi_due_audits", Some(&arguments), None);
		let bytes = timely("GranaryApi_due_audits", call).await?;
		Vec::decode(&mut bytes.as_slice()).map_err(|error| ChainError::Undecodable {
			what: "GranaryApi_due_audits".to_owned(),
			reason: error.to_string(),
		})
	}

	/// Where the audits of an allotment stand.
	pub async fn audit_status(
		&self,
		allotment: AllotmentId,
	) -> Result<Option<AuditStatus>, ChainError> {
		self.ask("audit_status", allotment).await
	}

	/// What [`ChainClient::audit_status`] does not say of an allotment's audits; `None` before its first checkpoint.
	pub async fn audit_details(
		&self,
		allotment: AllotmentId,
	) -> Result<Option<AuditDetails>, ChainError> {
		self.ask("audit_details", allotment).await
	}

	/// The log that tenant and node signed last: the shorter one that waits, or the one in force; `None` before the first checkpoint.
	pub async fn newest_log(&self, allotment: AllotmentId) -> Result<Option<LogHead>, ChainError> {
		// In this order: a removal that is applied in between is the log in force, which is the same.
		if let Some(removal) = self.audit_details(allotment).await?.and_then(|all| all.removal) {
			return Ok(Some(removal.checkpoint.head()));
		}
		Ok(self.audit_status(allotment).await?.and_then(|status| status.checkpoint))
	}

	/// The last audits of an allotment, newest first.
	pub async fn audit_history(
		&self,
		allotment: AllotmentId,
	) -> Result<Vec<AuditRecord>, ChainError> {
		self.ask("audit_history", allotment).await
	}

	/// The snapshot with this number.
	pub async fn snapshot(&self, id: SnapshotId) -> Result<Option<SnapshotInfo>, ChainError> {
		self.ask("snapshot", id).await
	}

	/// Snapshots from `start` on.
	pub async fn snapshots(
		&self,
		start: SnapshotId,
		limit: u32,
	) -> Result<Vec<SnapshotInfo>, ChainError> {
		self.ask("snapshots", (start, limit)).await
	}

	/// Snapshots of a chain's databases of one kind or of all, newest height first; the next page starts `after` the last one
	/// of this page.
	pub async fn snapshots_of_chain(
		&self,
		genesis: Hash,
		database: Option<DatabaseKind>,
		after: Option<SnapshotId>,
		limit: u32,
	) -> Result<Vec<SnapshotInfo>, ChainError> {
		self.ask("snapshots_of_chain", (genesis, database, None::<u64>, after, limit)).await
	}

	/// The key of a dataset that was sealed to a recipient (blake2_256 of its public key).
	pub async fn grant(
		&self,
		reservation: ReservationId,
		dataset: DatasetId,
		recipient: Hash,
	) -> Result<Option<GrantInfo>, ChainError> {
		self.ask("grant", (reservation, dataset, recipient)).await
	}

	/// The sealed keys of a dataset; the next page starts `after` the last recipient of this one.
	pub async fn grants(
		&self,
		reservation: ReservationId,
		dataset: DatasetId,
		after: Option<Hash>,
		limit: u32,
	) -> Result<Vec<GrantInfo>, ChainError> {
		self.ask("grants", (reservation, dataset, after, limit)).await
	}

	/// Whether a snapshot is still provably held; `None` if it or its reservation is gone.
	pub async fn snapshot_health(
		&self,
		id: SnapshotId,
	) -> Result<Option<ReservationHealth>, ChainError> {
		self.ask("snapshot_health", id).await
	}

	/// Who vouches for a snapshot, if the signature that the chain answers is that account's: `None` without one.
	pub fn signer_of(&self, snapshot: &SnapshotInfo) -> Result<Option<AccountBytes>, ChainError> {
		let Some(by) = &snapshot.signature else {
			return Ok(None);
		};
		let message = message::snapshot(&self.genesis_hash(), &snapshot.statement());
		let signature = Signature::try_from(by.signature.as_slice());
		match signature.is_ok_and(|signature| verify_signature(&by.signer, &message, &signature)) {
			true => Ok(Some(by.signer)),
			false => Err(ChainError::BadSignature { snapshot: snapshot.id }),
		}
	}

	/// What an account has.
	pub async fn balance(&self, account: AccountBytes) -> Result<AccountBalance, ChainError> {
		let key = vec![dynamic::Value::from_bytes(account)];
		let record: Option<AccountRecord> = self.stored("System", "Account", key).await?;
		let record = record.unwrap_or_default();
		Ok(AccountBalance { nonce: record.nonce, free: record.free, held: record.reserved })
	}

	/// The terms under which reservations are made at present.
	pub async fn contract_terms(&self) -> Result<ContractTerms, ChainError> {
		let terms = self.stored("Reservations", "ContractParameters", Vec::new()).await?;
		terms.ok_or_else(|| query_error("Reservations.ContractParameters", "none are stored"))
	}

	/// The number of the running session.
	pub async fn session(&self) -> Result<u32, ChainError> {
		Ok(self.stored("Session", "CurrentIndex", Vec::new()).await?.unwrap_or_default())
	}

	/// A value of the chain's storage at the newest finalised block.
	async fn stored<T: Decode>(
		&self,
		pallet: &str,
		entry: &str,
		keys: Vec<dynamic::Value>,
	) -> Result<Option<T>, ChainError> {
		let what = format!("{pallet}.{entry}");
		let block = self.at_finalised().await?;
		let storage = block.storage();
		let value = timely(&what, storage.try_fetch((pallet, entry), keys)).await?;
		let Some(value) = value else {
			return Ok(None);
		};
		T::decode(&mut value.bytes())
			.map(Some)
			.map_err(|error| ChainError::Undecodable { what, reason: error.to_string() })
	}
}

impl ContractTerms {
	/// The price of `bytes` for a block at a node's price for a GiB and hour, rounded up; `None` beyond all numbers.
	pub fn price_per_block(&self, bytes: u64, price_per_gib_hour: Balance) -> Option<Balance> {
		let divisor = Balance::from(GIB).checked_mul(Balance::from(self.blocks_per_hour))?;
		let product = Balance::from(bytes).checked_mul(price_per_gib_hour)?;
		(divisor > 0).then(|| product.div_ceil(divisor))
	}

	/// The part of a node's bond that backs an allotment: so many days of its revenue, and at least twice its repair.
	pub fn bond(&self, bytes: u64, price_per_block: Balance) -> Option<Balance> {
		let blocks = Balance::from(self.blocks_per_hour)
			.checked_mul(24)?
			.checked_mul(Balance::from(self.bond_days))?;
		let repair = Balance::from(bytes).checked_mul(self.repair_cost_per_gib)?;
		let repair = repair.div_ceil(Balance::from(GIB)).checked_mul(2)?;
		Some(price_per_block.checked_mul(blocks)?.max(repair))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn terms_decode_in_the_order_of_the_pallet() {
		let bytes = (600u32, 1u32, 10u32, 1000u32, 600u32, 30u32, 5u128, 950_000_000u32).encode();
		let terms = ContractTerms::decode(&mut bytes.as_slice()).unwrap();
		assert_eq!((terms.min_term_blocks, terms.max_term_blocks), (10, 1000));
		assert_eq!((terms.blocks_per_hour, terms.bond_days), (600, 30));
		assert_eq!(terms.repair_cost_per_gib, 5);
		// One GiB at 600 plancks an hour costs one a block, and never less than is asked for.
		assert_eq!(terms.price_per_block(GIB, 600), Some(1));
		assert_eq!(terms.price_per_block(GIB, 601), Some(2));
		assert_eq!(terms.price_per_block(u64::MAX, Balance::MAX), None);
		assert_eq!(terms.bond(GIB, 1), Some(600 * 24 * 30));
		assert_eq!(terms.bond(GIB, 0), Some(10));
	}
}
