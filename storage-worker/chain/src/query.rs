//! Typed queries through the runtime API, at the newest finalised block.

use crate::{client::query_error, ChainClient, ChainError};
use codec::{Decode, Encode};
use granary_primitives::{
	audit::{AuditClock, AuditRecord, AuditStatus, DueAudit},
	grid::{FarmInfo, NodeInfo, TwinInfo},
	reservation::{AllotmentInfo, ReservationInfo},
	snapshot::SnapshotInfo,
	AccountBytes, AllotmentId, Balance, FarmId, NodeId, ReservationId, SnapshotId, TwinId,
};
use subxt::utils::AccountId32;

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
		let bytes = self
			.at_finalised()
			.await?
			.runtime_apis()
			.call_raw(&function, Some(&arguments))
			.await
			.map_err(|error| query_error(&function, error))?;
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

	/// Where the audits of an allotment stand.
	pub async fn audit_status(
		&self,
		allotment: AllotmentId,
	) -> Result<Option<AuditStatus>, ChainError> {
		self.ask("audit_status", allotment).await
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

	/// What an account has.
	pub async fn balance(&self, account: AccountBytes) -> Result<AccountBalance, ChainError> {
		const WHAT: &str = "System.Account";
		let block = self.at_finalised().await?;
		let address =
			subxt::dynamic::storage::<(AccountId32,), subxt::dynamic::Value>("System", "Account");
		let value = block
			.storage()
			.try_fetch(address, (AccountId32(account),))
			.await
			.map_err(|error| query_error(WHAT, error))?;
		let Some(value) = value else { return Ok(AccountBalance::default()) };
		let record = AccountRecord::decode(&mut value.bytes()).map_err(|error| {
			ChainError::Undecodable { what: WHAT.to_owned(), reason: error.to_string() }
		})?;
		Ok(AccountBalance { nonce: record.nonce, free: record.free, held: record.reserved })
	}
}
