//! The `granary_*` methods that help to decide: prices before reserving, calendars, chances, and why a proof is refused.

use super::{
	error::RpcFailure,
	granary::{page, query, Api},
	types::{address, money, text, Node},
};
use crate::service::FullClient;
use codec::Decode;
use frame_support::traits::PalletInfoAccess;
use granary_primitives::{
	self as chain,
	audit::{CalendarCursor, CalendarEntry, Detection},
	grid::NodeSearch,
	reservation::{Policy, ReservationHealth, Terms},
	AllotmentId, FarmId, NodeId, ReservationId, Tick,
};
use granary_runtime::{Reservations, Runtime};
use granary_runtime_api::GranaryApi;
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use sp_api::ApiError;
use sp_core::{Bytes, H256};
use sp_runtime::DispatchError;
use std::sync::Arc;

/// What a tenant wrote beside a reservation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
	name: Option<String>,
	deployment: H256,
	data: Bytes,
	provider: Option<chain::ProviderId>,
	repairer: Option<String>,
	repair_fund: String,
}

impl From<chain::reservation::ReservationDetails> for Details {
	fn from(details: chain::reservation::ReservationDetails) -> Self {
		Self {
			name: (!details.name.is_empty()).then(|| text(details.name)),
			deployment: H256(details.deployment),
			data: Bytes(details.data),
			provider: details.provider,
			repairer: details.repairer.map(address),
			repair_fund: money(details.repair_fund),
		}
	}
}

/// What a reservation would take and cost now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quote {
	nodes: Vec<NodeId>,
	prices_per_block: Vec<String>,
	price_per_block: String,
	escrow: String,
	discount_ppb: u32,
	bonds: Vec<String>,
}

impl From<chain::reservation::Quote> for Quote {
	fn from(quote: chain::reservation::Quote) -> Self {
		Self {
			nodes: quote.nodes,
			prices_per_block: quote.prices_per_block.into_iter().map(money).collect(),
			price_per_block: money(quote.price_per_block),
			escrow: money(quote.escrow),
			discount_ppb: quote.discount_ppb,
			bonds: quote.bonds.into_iter().map(money).collect(),
		}
	}
}

/// What a farm was paid on one day.
#[derive(Debug, Clone, Serialize)]
pub(super) struct DayEarnings {
	day: u32,
	paid: String,
}

/// Nodes that offer what was asked for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FoundNodes {
	nodes: Vec<Node>,
	next: Option<NodeId>,
}

/// What an operator tells of its node.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeReport {
	ssd_bytes: u64,
	hdd_bytes: u64,
	latitude: f64,
	longitude: f64,
	serial: String,
	uptime_seconds: Option<u64>,
	uptime_block: Option<chain::BlockNumber>,
	next_keys_from: Option<chain::BlockNumber>,
	renter: Option<String>,
	rent_per_block: Option<String>,
}

impl From<chain::grid::NodeReport> for NodeReport {
	fn from(report: chain::grid::NodeReport) -> Self {
		Self {
			ssd_bytes: report.ssd_bytes,
			hdd_bytes: report.hdd_bytes,
			latitude: f64::from(report.latitude_microdegrees) / 1e6,
			longitude: f64::from(report.longitude_microdegrees) / 1e6,
			serial: text(report.serial),
			uptime_seconds: report.uptime_seconds,
			uptime_block: report.uptime_block,
			next_keys_from: report.next_keys_from,
			renter: report.renter.map(address),
			rent_per_block: report.rent_per_block.map(money),
		}
	}
}

/// A page of the audit calendar.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CalendarPage {
	entries: Vec<CalendarEntry>,
	next: Option<CalendarCursor>,
}

/// Whether a proof would be accepted, and if not, why.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verdict {
	accepted: bool,
	code: Option<u8>,
	reason: Option<&'static str>,
}

/// The name of a reservations' error; over the runtime's boundary only its number comes.
fn name_of(error: &DispatchError) -> String {
	let known = match error {
		DispatchError::Module(module) if usize::from(module.index) == Reservations::index() => {
			pallet_reservations::Error::<Runtime>::decode(&mut &module.error[..]).ok()
		},
		_ => None,
	};
	known.map_or_else(|| format!("{error:?}"), |known| format!("Reservations.{known:?}"))
}

/// The methods.
#[rpc(server, namespace = "granary")]
pub(super) trait DecideRpc {
	/// Name, data, solution provider, repairer and repair fund of a reservation.
	#[method(name = "reservationDetails", blocking)]
	fn reservation_details(
		&self,
		id: ReservationId,
		at: Option<H256>,
	) -> RpcResult<Option<Details>>;

	/// Whether what a reservation stores is still provably held, and with what margin.
	#[method(name = "reservationHealth", blocking)]
	fn reservation_health(
		&self,
		id: ReservationId,
		at: Option<H256>,
	) -> RpcResult<Option<ReservationHealth>>;

	/// Nodes that offer what is asked for, and where the next page begins.
	#[method(name = "searchNodes", blocking)]
	fn search_nodes(
		&self,
		search: NodeSearch,
		start: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<FoundNodes>;

	/// The nodes of a farm.
	#[method(name = "nodesOfFarm", blocking)]
	fn nodes_of_farm(
		&self,
		farm: FarmId,
		start: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Node>>;

	/// What an operator tells of its node, and its last uptime report.
	#[method(name = "nodeReport", blocking)]
	fn node_report(&self, id: NodeId, at: Option<H256>) -> RpcResult<Option<NodeReport>>;

	/// The reservation of a name.
	#[method(name = "reservationOfName", blocking)]
	fn reservation_of_name(
		&self,
		name: String,
		at: Option<H256>,
	) -> RpcResult<Option<ReservationId>>;

	/// What reserving on the first candidates that fit would cost now.
	#[method(name = "quote", blocking)]
	fn quote(
		&self,
		terms: Terms,
		candidates: Vec<NodeId>,
		policy: Option<Policy>,
		at: Option<H256>,
	) -> RpcResult<Quote>;

	/// What a farm was paid on each of the last 32 days on which it was paid.
	#[method(name = "farmEarnings", blocking)]
	fn farm_earnings(&self, farm: FarmId, at: Option<H256>) -> RpcResult<Vec<DayEarnings>>;

	/// The open and the next scheduled audit of an allotment.
	#[method(name = "nextAudits", blocking)]
	fn next_audits(
		&self,
		allotment: AllotmentId,
		at: Option<H256>,
	) -> RpcResult<Vec<CalendarEntry>>;

	/// Scheduled audits by tick, of one node or of all.
	#[method(name = "auditCalendar", blocking)]
	fn audit_calendar(
		&self,
		node: Option<NodeId>,
		cursor: Option<CalendarCursor>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<CalendarPage>;

	/// How probably a loss would escape a reservation's audits.
	#[method(name = "detection", blocking)]
	fn detection(
		&self,
		reservation: ReservationId,
		lost_ppb: u32,
		ticks: Tick,
		colluders: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Option<Detection>>;

	/// Whether a proof would be accepted now, and if not, why.
	#[method(name = "checkProof", blocking)]
	fn check_proof(
		&self,
		allotment: AllotmentId,
		tick: Tick,
		proof: Bytes,
		at: Option<H256>,
	) -> RpcResult<Verdict>;
}

/// Answers from the client's state.
pub(super) struct Decide {
	client: Arc<FullClient>,
}

impl Decide {
	/// Makes the methods of this client.
	pub(super) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn ask<Info>(
		&self,
		at: Option<H256>,
		method: &'static str,
		call: impl FnOnce(Api<'_>, H256) -> Result<Info, ApiError>,
	) -> Result<Info, RpcFailure> {
		query(&self.client, at, method, call)
	}
}

impl DecideRpcServer for Decide {
	fn reservation_details(
		&self,
		id: ReservationId,
		at: Option<H256>,
	) -> RpcResult<Option<Details>> {
		let details =
			self.ask(at, "reservation_details", |api, at| api.reservation_details(at, id))?;
		Ok(details.map(Details::from))
	}

	fn reservation_health(
		&self,
		id: ReservationId,
		at: Option<H256>,
	) -> RpcResult<Option<ReservationHealth>> {
		Ok(self.ask(at, "reservation_health", |api, at| api.reservation_health(at, id))?)
	}

	fn search_nodes(
		&self,
		search: NodeSearch,
		start: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<FoundNodes> {
		let (start, limit) = (start.unwrap_or(0), page(limit));
		let (nodes, next) =
			self.ask(at, "search_nodes", |api, at| api.search_nodes(at, search, start, limit))?;
		Ok(FoundNodes { nodes: nodes.into_iter().map(Node::from).collect(), next })
	}

	fn nodes_of_farm(
		&self,
		farm: FarmId,
		start: Option<NodeId>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Vec<Node>> {
		let (start, limit) = (start.unwrap_or(0), page(limit));
		let nodes =
			self.ask(at, "nodes_of_farm", |api, at| api.nodes_of_farm(at, farm, start, limit))?;
		Ok(nodes.into_iter().map(Node::from).collect())
	}

	fn node_report(&self, id: NodeId, at: Option<H256>) -> RpcResult<Option<NodeReport>> {
		let report = self.ask(at, "node_report", |api, at| api.node_report(at, id))?;
		Ok(report.map(NodeReport::from))
	}

	fn reservation_of_name(
		&self,
		name: String,
		at: Option<H256>,
	) -> RpcResult<Option<ReservationId>> {
		let name = name.into_bytes();
		Ok(self.ask(at, "reservation_of_name", |api, at| api.reservation_of_name(at, name))?)
	}

	fn quote(
		&self,
		terms: Terms,
		candidates: Vec<NodeId>,
		policy: Option<Policy>,
		at: Option<H256>,
	) -> RpcResult<Quote> {
		let policy = policy.unwrap_or_default();
		let quote = self.ask(at, "quote", |api, at| api.quote(at, terms, candidates, policy))?;
		let refused =
			|error| RpcFailure::BadArgument(format!("it would be refused: {}", name_of(&error)));
		Ok(quote.map(Quote::from).map_err(refused)?)
	}

	fn farm_earnings(&self, farm: FarmId, at: Option<H256>) -> RpcResult<Vec<DayEarnings>> {
		let days = self.ask(at, "farm_earnings", |api, at| api.farm_earnings(at, farm))?;
		let shown = |one: chain::reservation::DayEarnings| DayEarnings {
			day: one.day,
			paid: money(one.paid),
		};
		Ok(days.into_iter().map(shown).collect())
	}

	fn next_audits(
		&self,
		allotment: AllotmentId,
		at: Option<H256>,
	) -> RpcResult<Vec<CalendarEntry>> {
		Ok(self.ask(at, "next_audits", |api, at| api.next_audits(at, allotment))?)
	}

	fn audit_calendar(
		&self,
		node: Option<NodeId>,
		cursor: Option<CalendarCursor>,
		limit: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<CalendarPage> {
		let limit = page(limit);
		let page =
			self.ask(at, "audit_calendar", |api, at| api.audit_calendar(at, node, cursor, limit))?;
		Ok(CalendarPage { entries: page.entries, next: page.next })
	}

	fn detection(
		&self,
		reservation: ReservationId,
		lost_ppb: u32,
		ticks: Tick,
		colluders: Option<u32>,
		at: Option<H256>,
	) -> RpcResult<Option<Detection>> {
		Ok(self.ask(at, "detection", |api, at| {
			api.detection(at, reservation, colluders, lost_ppb, ticks)
		})?)
	}

	fn check_proof(
		&self,
		allotment: AllotmentId,
		tick: Tick,
		proof: Bytes,
		at: Option<H256>,
	) -> RpcResult<Verdict> {
		let answer =
			self.ask(at, "check_proof", |api, at| api.check_proof(at, allotment, tick, proof.0))?;
		Ok(match answer {
			Ok(()) => Verdict { accepted: true, code: None, reason: None },
			Err(refusal) => {
				Verdict { accepted: false, code: Some(refusal as u8), reason: Some(refusal.text()) }
			},
		})
	}
}
