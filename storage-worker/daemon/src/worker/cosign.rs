//! Co-signing checkpoints: only what this node's own log says too.

use crate::keys::{namespace_name, WorkerKeys};
use granary_chain::{verify_signature, ChainClient};
use granary_primitives::{
	audit::Checkpoint, message, reservation::ReservationState, AllotmentId, NodeId, Signature,
};
use granary_zdb::{Reply, Store};
use std::{
	collections::HashSet,
	str::FromStr,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};
use tokio::runtime::Handle;
use tracing::info;

/// How long the chain may take to answer what a co-signature needs.
const CHAIN_PATIENCE: Duration = Duration::from_secs(15);

/// The command `COSIGN` of a worker's RESP server.
#[derive(Debug)]
pub(super) struct CoSigner {
	chain: Arc<ChainClient>,
	store: Arc<Store>,
	keys: Arc<WorkerKeys>,
	node: NodeId,
	runtime: Handle,
	/// Allotments for which a checkpoint is being looked at: one at a time each.
	busy: Mutex<HashSet<AllotmentId>>,
}

impl CoSigner {
	/// Must be called on the runtime that the chain is asked from.
	pub(super) fn new(
		chain: Arc<ChainClient>,
		store: Arc<Store>,
		keys: Arc<WorkerKeys>,
		node: NodeId,
	) -> Self {
		Self { chain, store, keys, node, runtime: Handle::current(), busy: Mutex::default() }
	}
}

impl CoSigner {
	/// Answers `COSIGN`; other commands are not known here.
	pub(super) fn call(&self, command: &[u8], args: &[Vec<u8>]) -> Option<Result<Reply, String>> {
		if command != b"COSIGN" {
			return None;
		}
		// The server calls from a thread that may block, and the chain has to be asked.
		Some(self.runtime.block_on(async {
			tokio::time::timeout(CHAIN_PATIENCE, self.co_sign(args))
				.await
				.unwrap_or_else(|_| Err("the chain does not answer; try again".to_owned()))
		}))
	}

	async fn co_sign(&self, args: &[Vec<u8>]) -> Result<Reply, String> {
		let (checkpoint, tenant_signature) = parse(args)?;
		let _turn = Turn::take(&self.busy, checkpoint.allotment)?;
		self.check_chain(&checkpoint, &tenant_signature).await?;
		self.check_log(&checkpoint)?;
		let message = message::checkpoint(&self.chain.genesis_hash(), &checkpoint);
		let signature = self.keys.audit().sign(&message);
		info!(
			allotment = checkpoint.allotment,
			epoch = checkpoint.epoch,
			leaves = checkpoint.leaf_count,
			"co-signed a checkpoint"
		);
		Ok(Reply::Bulk(signature.to_vec()))
	}

	/// The allotment is ours and open, the tenant signed, the checkpoint follows the last one.
	async fn check_chain(
		&self,
		checkpoint: &Checkpoint,
		tenant_signature: &Signature,
	) -> Result<(), String> {
		let ask = |error: granary_chain::ChainError| format!("the chain cannot be asked: {error}");
		let id = checkpoint.allotment;
		let allotment = self.chain.allotment(id).await.map_err(ask)?;
		let allotment = allotment
			.filter(|allotment| {
				allotment.node == self.node && allotment.state != ReservationState::Closed
			})
			.ok_or_else(|| format!("allotment {id} is not an open one of this node"))?;
		let reservation = self
			.chain
			.reservation(allotment.reservation)
			.await
			.map_err(ask)?
			.ok_or_else(|| format!("reservation {} is not on chain", allotment.reservation))?;
		let message = message::checkpoint(&self.chain.genesis_hash(), checkpoint);
		if !verify_signature(&reservation.tenant, &message, tenant_signature) {
			return Err("the tenant's signature does not fit the checkpoint".to_owned());
		}
		let last =
			self.chain.audit_status(id).await.map_err(ask)?.and_then(|status| status.checkpoint);
		let last = last.unwrap_or_default();
		if checkpoint.epoch != last.epoch.saturating_add(1) || checkpoint.previous_root != last.root
		{
			return Err(format!(
				"the checkpoint does not follow epoch {}, the last on chain",
				last.epoch
			));
		}
		if checkpoint.leaf_count <= last.leaf_count {
			return Err(format!("the log has not grown: {} leaves are on chain", last.leaf_count));
		}
		Ok(())
	}

	/// The checkpoint says what our own log says.
	fn check_log(&self, checkpoint: &Checkpoint) -> Result<(), String> {
		let name = namespace_name(checkpoint.allotment);
		let namespace =
			self.store.namespace(&name).ok_or_else(|| format!("there is no namespace {name}"))?;
		// What is signed must survive a loss of power.
		namespace.sync().map_err(|error| format!("the log cannot be made durable: {error}"))?;
		let root =
			namespace.log_root_at(checkpoint.leaf_count).map_err(|error| error.to_string())?;
		if root != checkpoint.root {
			return Err(format!(
				"at {} leaves this node's log has root {}, not {}",
				checkpoint.leaf_count,
				hex::encode(root),
				hex::encode(checkpoint.root)
			));
		}
		Ok(())
	}
}

/// The turn of one allotment; given back when dropped.
struct Turn<'b> {
	busy: &'b Mutex<HashSet<AllotmentId>>,
	allotment: AllotmentId,
}

impl<'b> Turn<'b> {
	fn take(busy: &'b Mutex<HashSet<AllotmentId>>, allotment: AllotmentId) -> Result<Self, String> {
		if busy.lock().unwrap_or_else(PoisonError::into_inner).insert(allotment) {
			Ok(Self { busy, allotment })
		} else {
			Err(format!("another checkpoint of allotment {allotment} is being signed; try again"))
		}
	}
}

impl Drop for Turn<'_> {
	fn drop(&mut self) {
		self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.allotment);
	}
}

fn parse(args: &[Vec<u8>]) -> Result<(Checkpoint, Signature), String> {
	let [allotment, epoch, leaf_count, root, previous_root, signature] = args else {
		return Err("usage: COSIGN allotment epoch leaf_count root previous_root tenant_signature"
			.to_owned());
	};
	let checkpoint = Checkpoint {
		allotment: number(allotment, "allotment")?,
		epoch: number(epoch, "epoch")?,
		leaf_count: number(leaf_count, "leaf_count")?,
		root: exact(root, "root")?,
		previous_root: exact(previous_root, "previous_root")?,
	};
	Ok((checkpoint, exact(signature, "tenant_signature")?))
}

fn number<T: FromStr>(bytes: &[u8], what: &str) -> Result<T, String> {
	std::str::from_utf8(bytes)
		.ok()
		.and_then(|text| text.parse().ok())
		.ok_or_else(|| format!("{what} is not a number in range"))
}

fn exact<const N: usize>(bytes: &[u8], what: &str) -> Result<[u8; N], String> {
	bytes.try_into().map_err(|_| format!("{what} has {} bytes instead of {N}", bytes.len()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn one_checkpoint_of_an_allotment_at_a_time() {
		let busy = Mutex::default();
		let turn = Turn::take(&busy, 7).unwrap();
		assert!(Turn::take(&busy, 7).is_err());
		assert!(Turn::take(&busy, 8).is_ok());
		drop(turn);
		assert!(Turn::take(&busy, 7).is_ok());
	}

	#[test]
	fn arguments_are_checked() {
		let good: Vec<Vec<u8>> = vec![
			b"7".to_vec(),
			b"1".to_vec(),
			b"16".to_vec(),
			vec![1; 32],
			vec![0; 32],
			vec![2; 64],
		];
		let (checkpoint, signature) = parse(&good).unwrap();
		assert_eq!((checkpoint.allotment, checkpoint.epoch, checkpoint.leaf_count), (7, 1, 16));
		assert_eq!(signature, [2; 64]);
		for (at, bad) in
			[(0, b"x".to_vec()), (1, b"-1".to_vec()), (3, vec![1; 31]), (5, vec![2; 65])]
		{
			let mut args = good.clone();
			args[at] = bad;
			assert!(parse(&args).is_err(), "argument {at}");
		}
		assert!(parse(&good[..5]).unwrap_err().starts_with("usage"));
	}
}
