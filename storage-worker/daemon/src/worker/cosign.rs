//! Co-signing checkpoints and removals: only what this node's own log says too.

use crate::keys::{namespace_name, WorkerKeys};
use granary_chain::{verify_signature, ChainClient, ChainError};
use granary_primitives::{
	audit::{Checkpoint, LogHead, Removal},
	message,
	reservation::ReservationState,
	AllotmentId, NodeId, Signature,
};
use granary_zdb::{Namespace, Reply, Store};
use std::{
	collections::HashSet,
	str::FromStr,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};
use tokio::runtime::Handle;
use tracing::info;

/// How long the chain may take to answer what a co-signature needs.
const CHAIN_PATIENCE: Duration = Duration::from_secs(15);

/// For so long after a start nothing is signed away: writers that hold what they found have come back by then.
const HOLDS_RETURN: Duration = Duration::from_secs(40);

/// What is to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
	/// A longer log.
	Growth,
	/// A shorter one, in force after the next proof of the present one.
	Removal,
}

/// The commands `COSIGN` and `COSIGN-REMOVAL` of a worker's RESP server.
#[derive(Debug)]
pub(super) struct CoSigner {
	chain: Arc<ChainClient>,
	store: Arc<Store>,
	keys: Arc<WorkerKeys>,
	node: NodeId,
	runtime: Handle,
	started: Instant,
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
		let (runtime, started) = (Handle::current(), Instant::now());
		Self { chain, store, keys, node, runtime, started, busy: Mutex::default() }
	}

	/// Answers `COSIGN` and `COSIGN-REMOVAL`; other commands are not known here.
	pub(super) fn call(&self, command: &[u8], args: &[Vec<u8>]) -> Option<Result<Reply, String>> {
		let kind = match command {
			b"COSIGN" => Kind::Growth,
			b"COSIGN-REMOVAL" => Kind::Removal,
			_ => return None,
		};
		// The server calls from a thread that may block, and the chain has to be asked.
		Some(self.runtime.block_on(async {
			tokio::time::timeout(CHAIN_PATIENCE, self.co_sign(kind, args))
				.await
				.unwrap_or_else(|_| Err("the chain does not answer; try again".to_owned()))
		}))
	}

	async fn co_sign(&self, kind: Kind, args: &[Vec<u8>]) -> Result<Reply, String> {
		let (checkpoint, tenant_signature) = parse(args)?;
		let _turn = Turn::take(&self.busy, checkpoint.allotment)?;
		let last = self.last_log(&checkpoint).await?;
		let message = self.message(kind, &checkpoint).await?;
		self.check_tenant(&checkpoint, &message, &tenant_signature).await?;
		match kind {
			Kind::Growth => self.check_log(&checkpoint, &last)?,
			Kind::Removal => self.promise_removal(&checkpoint)?,
		}
		let signature = self.keys.audit().sign(&message);
		info!(
			allotment = checkpoint.allotment,
			epoch = checkpoint.epoch,
			leaves = checkpoint.leaf_count,
			?kind,
			"co-signed a checkpoint"
		);
		Ok(Reply::Bulk(signature.to_vec()))
	}

	/// What both sides sign.
	async fn message(&self, kind: Kind, checkpoint: &Checkpoint) -> Result<Vec<u8>, String> {
		let (genesis, checkpoint) = (self.chain.genesis_hash(), *checkpoint);
		if kind == Kind::Growth {
			return Ok(message::checkpoint(&genesis, &checkpoint));
		}
		let details = self.chain.audit_details(checkpoint.allotment).await.map_err(unasked)?;
		let details = details.ok_or("nothing is on record that could become less")?;
		if details.removal.is_some() {
			return Err("a removal waits for the next audit; try again after that".to_owned());
		}
		Ok(message::removal(&genesis, &Removal { checkpoint, seal: details.seal }))
	}

	/// The log that was signed last, which the checkpoint has to follow.
	async fn last_log(&self, checkpoint: &Checkpoint) -> Result<LogHead, String> {
		let last = self.chain.newest_log(checkpoint.allotment).await.map_err(unasked)?;
		let last = last.unwrap_or_default();
		if checkpoint.epoch != last.epoch.saturating_add(1) || checkpoint.previous_root != last.root
		{
			return Err(format!(
				"the checkpoint does not follow epoch {}, the last on chain",
				last.epoch
			));
		}
		Ok(last)
	}

	/// The allotment is ours and open, and its tenant signed.
	async fn check_tenant(
		&self,
		checkpoint: &Checkpoint,
		message: &[u8],
		tenant_signature: &Signature,
	) -> Result<(), String> {
		let id = checkpoint.allotment;
		let allotment = self.chain.allotment(id).await.map_err(unasked)?;
		let allotment = allotment
			.filter(|allotment| {
				allotment.node == self.node && allotment.state != ReservationState::Closed
			})
			.ok_or_else(|| format!("allotment {id} is not an open one of this node"))?;
		let reservation = self
			.chain
			.reservation(allotment.reservation)
			.await
			.map_err(unasked)?
			.ok_or_else(|| format!("reservation {} is not on chain", allotment.reservation))?;
		if !verify_signature(&reservation.tenant, message, tenant_signature) {
			return Err("the tenant's signature does not fit the checkpoint".to_owned());
		}
		Ok(())
	}

	fn namespace(&self, allotment: AllotmentId) -> Result<Arc<Namespace>, String> {
		let name = namespace_name(allotment);
		self.store.namespace(&name).ok_or_else(|| format!("there is no namespace {name}"))
	}

	/// The checkpoint says what our own log says: the one in force or the one that waits, whichever was signed last.
	fn check_log(&self, checkpoint: &Checkpoint, last: &LogHead) -> Result<(), String> {
		if checkpoint.leaf_count <= last.leaf_count {
			return Err(format!("the log has not grown: {} leaves are on chain", last.leaf_count));
		}
		let namespace = self.namespace(checkpoint.allotment)?;
		// What is signed must survive a loss of power.
		namespace.sync().map_err(|error| format!("the log cannot be made durable: {error}"))?;
		let root = match last.leaf_count {
			0 => namespace.log_root_at(checkpoint.leaf_count).map(Some),
			known => namespace.log_root_after(known, &last.root, checkpoint.leaf_count),
		};
		let root = root.map_err(|error| error.to_string())?;
		let root = root.ok_or("this node's log is not the one on chain")?;
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

	/// The shorter log is there and is kept from now on, whatever happens, until the chain has decided.
	fn promise_removal(&self, checkpoint: &Checkpoint) -> Result<(), String> {
		let namespace = self.namespace(checkpoint.allotment)?;
		let younger = HOLDS_RETURN.saturating_sub(self.started.elapsed());
		if !younger.is_zero() {
			let seconds = younger.as_secs() + 1;
			return Err(format!("{STARTED_A_MOMENT_AGO}; try again in {seconds} s"));
		}
		match namespace.removal_status().older_holds {
			0 => {},
			holds => return Err(format!("{holds} publishes that began before are under way")),
		}
		namespace
			.sign_removal(checkpoint.epoch.into(), checkpoint.leaf_count, &checkpoint.root)
			.map_err(|error| format!("the shorter log is not there: {error}"))
	}
}

/// How a refusal begins that time alone cures.
pub(crate) const STARTED_A_MOMENT_AGO: &str = "this worker started a moment ago";

fn unasked(error: ChainError) -> String {
	format!("the chain cannot be asked: {error}")
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
		return Err("usage: COSIGN|COSIGN-REMOVAL allotment epoch leaf_count root previous_root tenant_signature"
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
