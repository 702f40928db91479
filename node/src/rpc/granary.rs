//! The `granary_*` methods.

use super::{
	error::RpcFailure,
	proof,
	types::{
		Allotment, AuditClock, AuditRecord, AuditStatus, DueAudit, Farm, Node, PastProof,
		Reservation, Twin, TwinReference,
	},
};
use crate::service::FullClient;
use futures::{stream, StreamExt};
use granary_primitives::{AllotmentId, FarmId, NodeId, ReservationId, Tick};
use granary_runtime::{opaque::Block, AccountId};
use granary_runtime_api::{GranaryApi, MAX_PAGE};
use jsonrpsee::{core::RpcResult, proc_macros::rpc, PendingSubscriptionSink};
use sc_client_api::BlockchainEvents;
use sc_rpc::utils::{spawn_subscription_task, BoundedVecDeque, PendingSubscription};
use sc_rpc::SubscriptionTaskExecutor;
use sp_api::{ApiError, ApiRef, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_core::{Bytes, H256};
use std::sync::Arc;

/// The methods. `start` is the first id that a list looks at, `limit` is cut to [`MAX_PAGE`].
#[rpc(server, namespace = "granary")]
pub(super) trait GranaryRpc {
	/// A twin, by its number or its account.
	#[method(name = "twin", blocking)]
	fn twin(&self, twin: TwinReference, at: Option<H256>) -> RpcResult<Option<Twin>>;

	/// A farm.
	#[method(name = "farm", blocking)]
	fn farm(&self, id: FarmId, at: Option<H256>) -> RpcResult<Option<Farm>>;

	/// Farms.
	#[method(name = "farms", blocking)]
	fn farms(
		&self,
		start: Option<FarmId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Farm>>;

	/// A node.
	#[method(name = "node", blocking)]
	fn node(&self, id: NodeId, at: Option<H256>) -> RpcResult<Option<Node>>;

	/// Nodes.
	#[method(name = "nodes", blocking)]
	fn nodes(
		&self,
		start: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Node>>;

	/// A reservation.
	#[method(name = "reservation", blocking)]
	fn reservation(&self, id: ReservationId, at: Option<H256>) -> RpcResult<Option<Reservation>>;

	/// Reservations of one tenant, or of all.
	#[method(name = "reservations", blocking)]
	fn reservations(
		&self,
		tenant: Option<AccountId>,
		start: Option<ReservationId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Reservation>>;

	/// An allotment.
	#[method(name = "allotment", blocking)]
	fn allotment(&self, id: AllotmentId, at: Option<H256>) -> RpcResult<Option<Allotment>>;

	/// The live allotments of a node.
	#[method(name = "allotmentsOfNode", blocking)]
	fn allotments_of_node(
		&self,
		node: NodeId,
		start: Option<AllotmentId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Allotment>>;

	/// The audit clock.
	#[method(name = "auditClock", blocking)]
	fn audit_clock(&self, at: Option<H256>) -> RpcResult<AuditClock>;

	/// Audits whose window is open, of one node or of all.
	#[method(name = "dueAudits", blocking)]
	fn due_audits(
		&self,
		node: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<DueAudit>>;

	/// Where the audits of an allotment stand.
	#[method(name = "auditStatus", blocking)]
	fn audit_status(
		&self,
		allotment: AllotmentId,
		at: Option<H256>,
	) -> RpcResult<Option<AuditStatus>>;

	/// The last audits of an allotment, newest first.
	#[method(name = "auditHistory", blocking)]
	fn audit_history(
		&self,
		allotment: AllotmentId,
		at: Option<H256>,
	) -> RpcResult<Vec<AuditRecord>>;

	/// A past proof, taken from its block and verified again.
	#[method(name = "proof", blocking)]
	fn proof(&self, allotment: AllotmentId, tick: Tick, at: Option<H256>) -> RpcResult<PastProof>;

	/// Verifies a proof from its bytes: do these leaves lead to this root?
	#[method(name = "verifyProof", blocking)]
	fn verify_proof(
		&self,
		root: H256,
		leaf_count: u64,
		leaves: Vec<u64>,
		proof: Bytes,
	) -> RpcResult<bool>;

	/// The open audits of one node or of all, after each new best block that has some.
	#[subscription(
		name = "subscribeAudits" => "audits",
		unsubscribe = "unsubscribeAudits",
		item = Vec<DueAudit>
	)]
	fn subscribe_audits(&self, node: Option<NodeId>);
}

/// Answers from the client's state.
pub(super) struct Granary {
	client: Arc<FullClient>,
	executor: SubscriptionTaskExecutor,
}

pub(super) type Api<'a> = ApiRef<'a, <FullClient as ProvideRuntimeApi<Block>>::Api>;

impl Granary {
	/// Makes the methods of this client.
	pub(super) fn new(client: Arc<FullClient>, executor: SubscriptionTaskExecutor) -> Self {
		Self { client, executor }
	}

	/// Calls the runtime at a block, the best one by default.
	fn call<Info, Answer: From<Info>>(
		&self,
		at: Option<H256>,
		method: &'static str,
		call: impl FnOnce(Api<'_>, H256) -> Result<Info, ApiError>,
	) -> RpcResult<Answer> {
		Ok(self.query(at, method, call)?.into())
	}

	/// The same for things that may not exist.
	fn find<Info, Answer: From<Info>>(
		&self,
		at: Option<H256>,
		method: &'static str,
		call: impl FnOnce(Api<'_>, H256) -> Result<Option<Info>, ApiError>,
	) -> RpcResult<Option<Answer>> {
		Ok(self.query(at, method, call)?.map(Answer::from))
	}

	/// The same for lists.
	fn list<Info, Answer: From<Info>>(
		&self,
		at: Option<H256>,
		method: &'static str,
		call: impl FnOnce(Api<'_>, H256) -> Result<Vec<Info>, ApiError>,
	) -> RpcResult<Vec<Answer>> {
		Ok(self.query(at, method, call)?.into_iter().map(Answer::from).collect())
	}

	fn query<Info>(
		&self,
		at: Option<H256>,
		method: &'static str,
		call: impl FnOnce(Api<'_>, H256) -> Result<Info, ApiError>,
	) -> Result<Info, RpcFailure> {
		query(&self.client, at, method, call)
	}
}

/// Calls the runtime at a block, the best one by default.
pub(super) fn query<Info>(
	client: &FullClient,
	at: Option<H256>,
	method: &'static str,
	call: impl FnOnce(Api<'_>, H256) -> Result<Info, ApiError>,
) -> Result<Info, RpcFailure> {
	let at = at.unwrap_or_else(|| client.info().best_hash);
	if client.header(at)?.is_none() {
		return Err(RpcFailure::UnknownBlock(at));
	}
	call(client.runtime_api(), at).map_err(|source| RpcFailure::Runtime { method, at, source })
}

/// How long a list may be.
pub(super) fn page(limit: Option<u32>) -> u32 {
	limit.unwrap_or(MAX_PAGE).min(MAX_PAGE)
}

impl GranaryRpcServer for Granary {
	fn twin(&self, twin: TwinReference, at: Option<H256>) -> RpcResult<Option<Twin>> {
		match twin {
			TwinReference::Number(id) => self.find(at, "twin", |api, at| api.twin(at, id)),
			TwinReference::Account(account) => {
				self.find(at, "twin_of", |api, at| api.twin_of(at, account.into()))
			},
		}
	}

	fn farm(&self, id: FarmId, at: Option<H256>) -> RpcResult<Option<Farm>> {
		self.find(at, "farm", |api, at| api.farm(at, id))
	}

	fn farms(
		&self,
		start: Option<FarmId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Farm>> {
		self.list(at, "farms", |api, at| api.farms(at, start.unwrap_or(0), page(limit)))
	}

	fn node(&self, id: NodeId, at: Option<H256>) -> RpcResult<Option<Node>> {
		self.find(at, "node", |api, at| api.node(at, id))
	}

	fn nodes(
		&self,
		start: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Node>> {
		self.list(at, "nodes", |api, at| api.nodes(at, start.unwrap_or(0), page(limit)))
	}

	fn reservation(&self, id: ReservationId, at: Option<H256>) -> RpcResult<Option<Reservation>> {
		self.find(at, "reservation", |api, at| api.reservation(at, id))
	}

	fn reservations(
		&self,
		tenant: Option<AccountId>,
		start: Option<ReservationId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Reservation>> {
		self.list(at, "reservations", |api, at| {
			api.reservations(at, tenant.map(Into::into), start.unwrap_or(0), page(limit))
		})
	}

	fn allotment(&self, id: AllotmentId, at: Option<H256>) -> RpcResult<Option<Allotment>> {
		self.find(at, "allotment", |api, at| api.allotment(at, id))
	}

	fn allotments_of_node(
		&self,
		node: NodeId,
		start: Option<AllotmentId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Allotment>> {
		self.list(at, "allotments_of_node", |api, at| {
			api.allotments_of_node(at, node, start.unwrap_or(0), page(limit))
		})
	}

	fn audit_clock(&self, at: Option<H256>) -> RpcResult<AuditClock> {
		self.call(at, "audit_clock", |api, at| api.audit_clock(at))
	}

	fn due_audits(
		&self,
		node: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<DueAudit>> {
		self.list(at, "due_audits", |api, at| api.due_audits(at, node, page(limit)))
	}

	fn audit_status(
		&self,
		allotment: AllotmentId,
		at: Option<H256>,
	) -> RpcResult<Option<AuditStatus>> {
		self.find(at, "audit_status", |api, at| api.audit_status(at, allotment))
	}

	fn audit_history(
		&self,
		allotment: AllotmentId,
		at: Option<H256>,
	) -> RpcResult<Vec<AuditRecord>> {
		self.list(at, "audit_history", |api, at| api.audit_history(at, allotment))
	}

	fn proof(&self, allotment: AllotmentId, tick: Tick, at: Option<H256>) -> RpcResult<PastProof> {
		let history =
			self.query(at, "audit_history", |api, at| api.audit_history(at, allotment))?;
		let holder = self
			.query(at, "allotment", |api, at| api.allotment(at, allotment))?
			.ok_or(RpcFailure::UnknownAllotment(allotment))?
			.node;
		let node = self
			.query(at, "node", |api, at| api.node(at, holder))?
			.ok_or(RpcFailure::UnknownNode(holder))?;
		Ok(proof::find(&self.client, allotment, tick, &history, &node)?)
	}

	fn verify_proof(
		&self,
		root: H256,
		leaf_count: u64,
		leaves: Vec<u64>,
		proof: Bytes,
	) -> RpcResult<bool> {
		Ok(proof::verify(&root.0, leaf_count, &leaves, &proof)?)
	}

	fn subscribe_audits(&self, pending: PendingSubscriptionSink, node: Option<NodeId>) {
		let client = self.client.clone();
		let audits = self
			.client
			.import_notification_stream()
			.filter(|block| futures::future::ready(block.is_new_best))
			.flat_map(move |block| stream::iter(open_audits(&client, block.hash, node)))
			.boxed();
		let feed =
			PendingSubscription::from(pending).pipe_from_stream(audits, BoundedVecDeque::default());
		spawn_subscription_task(&self.executor, feed);
	}
}

/// The open audits at a block, if there are any. A block whose state is gone already has none to
/// tell: the next one will.
fn open_audits(client: &FullClient, at: H256, node: Option<NodeId>) -> Option<Vec<DueAudit>> {
	let audits = client.runtime_api().due_audits(at, node, MAX_PAGE).ok()?;
	(!audits.is_empty()).then(|| audits.into_iter().map(DueAudit::from).collect())
}
