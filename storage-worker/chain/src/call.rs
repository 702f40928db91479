//! Calls as SCALE values under their names; numbers come from the chain's metadata.

use crate::{client::AtBlock, ChainError};
use codec::{Compact, Decode, Encode};
use granary_primitives::{
	audit::{Challenge, SignedCheckpoint, SignedRemoval},
	snapshot::SnapshotStatement,
	AccountBytes, AllotmentId, Balance, BlockNumber, DatasetId, FarmId, Hash, NodeId, PublicKey,
	Region, ReservationId, Signature, SnapshotId, Tick,
};
use subxt::{
	ext::scale_encode::{self, EncodeAsFields, FieldIter, TypeResolver},
	transactions::Payload,
};

/// A call: its names and its encoded arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	pub(crate) pallet: &'static str,
	pub(crate) name: &'static str,
	arguments: Arguments,
}

/// Encoded arguments, which go into a transaction as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments(Vec<u8>);

impl EncodeAsFields for Arguments {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_: &mut dyn FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

impl Payload for Call {
	type CallData = Arguments;

	fn pallet_name(&self) -> &str {
		self.pallet
	}

	fn call_name(&self) -> &str {
		self.name
	}

	fn call_data(&self) -> &Arguments {
		&self.arguments
	}
}

/// What a node registers with.
#[derive(Clone, Debug, Encode)]
pub struct RegisterNode {
	/// The farm it belongs to.
	pub farm: FarmId,
	/// `host:port` of its RESP server.
	pub endpoint: Vec<u8>,
	/// Offered capacity.
	pub capacity_bytes: u64,
	/// Price of one GiB for one hour, in plancks.
	pub price_per_gib_hour: Balance,
	/// sr25519 key of its checkpoints and proofs.
	pub audit_key: PublicKey,
	/// X25519 key that passwords are agreed with.
	pub transport_key: PublicKey,
	/// Bond to be held, in plancks.
	pub bond: Balance,
}

/// What a tenant reserves.
#[derive(Clone, Debug, Encode)]
pub struct Reserve {
	/// Shards that suffice to read.
	pub data_shards: u8,
	/// Shards that may be lost.
	pub parity_shards: u8,
	/// Nodes in shard order.
	pub nodes: Vec<NodeId>,
	/// Capacity of each allotment.
	pub bytes_per_allotment: u64,
	/// Term in blocks.
	pub term_blocks: BlockNumber,
	/// Anyone may read the sealed shards.
	pub public_read: bool,
	/// The most that all allotments together may cost per block, in plancks.
	pub max_price_per_block: Balance,
}

/// The answer to one audit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditAnswer {
	/// The allotment.
	pub allotment: AllotmentId,
	/// The tick that chose the leaves.
	pub tick: Tick,
	/// What the audit asks.
	pub challenge: Challenge,
	/// The canonical multiproof.
	pub proof: Vec<u8>,
}

/// What a snapshot is published with.
#[derive(Clone, Debug)]
pub struct PublishSnapshot {
	/// What readers rely on; it is signed.
	pub statement: SnapshotStatement,
	/// Bytes stored over all nodes.
	pub stored_bytes: u64,
	/// The block from which on anyone may retire it.
	pub expires: Option<BlockNumber>,
}

impl Call {
	fn new(pallet: &'static str, name: &'static str, arguments: impl Encode) -> Self {
		Self { pallet, name, arguments: Arguments(arguments.encode()) }
	}

	/// `Pallet.call`.
	pub fn path(&self) -> String {
		format!("{}.{}", self.pallet, self.name)
	}

	/// Registers the signer's twin.
	pub fn register_twin(endpoint: &[u8], transport_key: PublicKey) -> Self {
		Self::new("Grid", "register_twin", (endpoint, transport_key))
	}

	/// Makes a farm of the signer's twin; it is paid to the signer unless another account is named.
	pub fn create_farm(name: &[u8], payout: Option<AccountBytes>) -> Self {
		Self::new("Grid", "create_farm", (name, payout))
	}

	/// Registers a node.
	pub fn register_node(node: &RegisterNode) -> Self {
		Self::new("Grid", "register_node", node)
	}

	/// Changes what a node says about itself.
	pub fn update_node(
		node: NodeId,
		endpoint: &[u8],
		capacity_bytes: u64,
		price_per_gib_hour: Balance,
	) -> Self {
		Self::new("Grid", "update_node", (node, endpoint, capacity_bytes, price_per_gib_hour))
	}

	/// Adds to a node's bond.
	pub fn bond_more(node: NodeId, amount: Balance) -> Self {
		Self::new("Grid", "bond_more", (node, amount))
	}

	/// Makes a reservation.
	pub fn reserve(reserve: &Reserve) -> Self {
		Self::new("Reservations", "reserve", reserve)
	}

	/// Makes a reservation's term longer and holds the price of the added blocks.
	pub fn extend_reservation(reservation: ReservationId, blocks: BlockNumber) -> Self {
		Self::new("Reservations", "extend", (reservation, blocks))
	}

	/// Gives every allotment of a reservation more capacity.
	pub fn grow_reservation(
		reservation: ReservationId,
		bytes_per_allotment: u64,
		max_price_per_block: Balance,
	) -> Self {
		let arguments = (reservation, bytes_per_allotment, max_price_per_block);
		Self::new("Reservations", "grow", arguments)
	}

	/// Gives capacity of every allotment of a reservation back.
	pub fn shrink_reservation(reservation: ReservationId, bytes_per_allotment: u64) -> Self {
		Self::new("Reservations", "shrink", (reservation, bytes_per_allotment))
	}

	/// Offers a reservation to an account, or takes the offer back.
	pub fn offer_transfer(reservation: ReservationId, to: Option<AccountBytes>) -> Self {
		Self::new("Reservations", "offer_transfer", (reservation, to))
	}

	/// Takes over a reservation that was offered.
	pub fn accept_transfer(reservation: ReservationId) -> Self {
		Self::new("Reservations", "accept_transfer", reservation)
	}

	/// Puts a new allotment in the place of a lost one.
	pub fn replace_allotment(
		reservation: ReservationId,
		shard: u8,
		node: NodeId,
		max_price_per_block: Balance,
	) -> Self {
		let arguments = (reservation, shard, node, max_price_per_block);
		Self::new("Reservations", "replace_allotment", arguments)
	}

	/// Puts a new allotment in the place of one that is not lost.
	pub fn move_allotment(
		reservation: ReservationId,
		shard: u8,
		node: NodeId,
		max_price_per_block: Balance,
	) -> Self {
		let arguments = (reservation, shard, node, max_price_per_block);
		Self::new("Reservations", "move_allotment", arguments)
	}

	/// Says whether a node is being emptied or sleeps.
	pub fn set_availability(node: NodeId, draining: bool, standby: bool) -> Self {
		Self::new("Grid", "set_availability", (node, draining, standby))
	}

	/// Returns bond that backs nothing.
	pub fn withdraw_bond(node: NodeId, amount: Balance) -> Self {
		Self::new("Grid", "withdraw_bond", (node, amount))
	}

	/// Removes a node that nothing is reserved on.
	pub fn remove_node(node: NodeId) -> Self {
		Self::new("Grid", "remove_node", node)
	}

	/// Changes where a farm is and who is paid.
	pub fn update_farm(farm: FarmId, region: Region, payout: AccountBytes) -> Self {
		Self::new("Grid", "update_farm", (farm, region, payout))
	}

	/// Sets the price of a farm's nodes that name none of their own, in plancks for a GiB and hour.
	pub fn set_farm_price(farm: FarmId, price_per_gib_hour: Balance) -> Self {
		Self::new("Grid", "set_farm_price", (farm, price_per_gib_hour))
	}

	/// Removes a farm without nodes.
	pub fn remove_farm(farm: FarmId) -> Self {
		Self::new("Grid", "remove_farm", farm)
	}

	/// Offers a node as a whole at a price per block in plancks, or takes the offer back.
	pub fn offer_rent(node: NodeId, price_per_block: Option<Balance>) -> Self {
		Self::new("Grid", "offer_rent", (node, price_per_block))
	}

	/// Rents a node as a whole.
	pub fn rent(node: NodeId, blocks: BlockNumber, max_price_per_block: Balance) -> Self {
		Self::new("Grid", "rent", (node, blocks, max_price_per_block))
	}

	/// Announces a node's new keys.
	pub fn rotate_keys(node: NodeId, audit_key: PublicKey, transport_key: PublicKey) -> Self {
		Self::new("Grid", "rotate_keys", (node, audit_key, transport_key))
	}

	/// Keeps a node's present keys, while the new ones are not valid yet.
	pub fn cancel_rotation(node: NodeId) -> Self {
		Self::new("Grid", "cancel_rotation", node)
	}

	/// Does without maintenance that has not begun.
	pub fn cancel_maintenance(node: NodeId) -> Self {
		Self::new("Grid", "cancel_maintenance", node)
	}

	/// Announces that a node does not answer audits for a while.
	pub fn announce_maintenance(node: NodeId, start: BlockNumber, end: BlockNumber) -> Self {
		Self::new("Grid", "announce_maintenance", (node, start, end))
	}

	/// Closes a reservation.
	pub fn close_reservation(reservation: ReservationId) -> Self {
		Self::new("Reservations", "close", reservation)
	}

	/// Settles a reservation; authorised when it is due.
	pub fn settle(reservation: ReservationId) -> Self {
		Self::new("Reservations", "settle", reservation)
	}

	/// Records co-signed checkpoints.
	pub fn submit_checkpoints(checkpoints: &[SignedCheckpoint]) -> Self {
		Self::new("Audits", "submit_checkpoints", checkpoints)
	}

	/// Records a shorter log, in force after the next proof of the present one.
	pub fn submit_removal(removal: &SignedRemoval) -> Self {
		Self::new("Audits", "submit_removal", removal)
	}

	/// Buys an audit of an allotment of at least so many leaves.
	pub fn buy_audit(allotment: AllotmentId, leaves: u32) -> Self {
		Self::new("Audits", "buy_audit", (allotment, leaves))
	}

	/// Answers an audit.
	pub fn submit_proof(answer: &AuditAnswer, signature: Signature) -> Self {
		Self::new("Audits", "submit_proof", (answer, signature))
	}

	/// Answers audits of one node, their allotments ascending.
	pub fn submit_proofs(node: NodeId, answers: &[AuditAnswer], signature: Signature) -> Self {
		Self::new("Audits", "submit_proofs", (node, answers, signature))
	}

	/// Declares the data of an allotment lost; the signature is its node's audit key's.
	pub fn declare_loss(allotment: AllotmentId, signature: Signature) -> Self {
		Self::new("Audits", "declare_loss", (allotment, signature))
	}

	/// Publishes a snapshot; `signature` is the signer's sr25519 signature under its statement.
	pub fn publish_snapshot(
		snapshot: &PublishSnapshot,
		signer: AccountBytes,
		signature: Signature,
	) -> Self {
		let contents = (&snapshot.statement, snapshot.stored_bytes);
		let attestation = (signer, signature);
		Self::new("Snapshots", "publish", (contents, snapshot.expires, attestation))
	}

	/// Records a dataset's key that was sealed to a recipient.
	pub fn grant(
		reservation: ReservationId,
		dataset: DatasetId,
		recipient: Hash,
		sealed: &[u8],
		expires: Option<BlockNumber>,
	) -> Self {
		Self::new("Snapshots", "grant", (reservation, dataset, recipient, sealed, expires))
	}

	/// Removes a sealed key.
	pub fn revoke(reservation: ReservationId, dataset: DatasetId, recipient: Hash) -> Self {
		Self::new("Snapshots", "revoke", (reservation, dataset, recipient))
	}

	/// Takes a snapshot out of the catalogue.
	pub fn retire_snapshot(snapshot: SnapshotId) -> Self {
		Self::new("Snapshots", "retire", snapshot)
	}

	/// Sets the block from which on anyone may retire a snapshot, or none.
	pub fn set_snapshot_expiry(snapshot: SnapshotId, expires: Option<BlockNumber>) -> Self {
		Self::new("Snapshots", "set_expiry", (snapshot, expires))
	}

	/// Transfers money, leaving the sender alive.
	pub fn transfer(to: AccountBytes, amount: Balance) -> Self {
		// Variant 0 of `MultiAddress` is an account id.
		Self::new("Balances", "transfer_keep_alive", (0u8, to, Compact(amount)))
	}

	/// Puts bytes into a block and nowhere else.
	pub fn remark(bytes: &[u8]) -> Self {
		Self::new("System", "remark", bytes)
	}

	/// The call's bytes for the chain at this block.
	pub(crate) fn encode_for(&self, block: &AtBlock) -> Result<Vec<u8>, ChainError> {
		let unknown = || ChainError::Unknown { what: format!("call {}", self.path()) };
		let pallet = block.metadata_ref().pallet_by_name(self.pallet).ok_or_else(unknown)?;
		let call = pallet.call_variant_by_name(self.name).ok_or_else(unknown)?;
		let mut bytes = vec![pallet.call_index(), call.index];
		bytes.extend_from_slice(&self.arguments.0);
		Ok(bytes)
	}
}
