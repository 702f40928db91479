//! Submitting transactions and waiting for what becomes of them.

use crate::{
	authorised::general_transaction,
	client::{query_error, timely, AtBlock},
	refusal::{dispatch_failed, not_submitted, refused, rpc_refusal, uncertain},
	Call, ChainClient, ChainError, PublishSnapshot, Reserve, Signer,
};
use codec::Decode;
use granary_primitives::{
	audit::SignedCheckpoint, message, AccountBytes, Balance, Hash, ReservationId, SnapshotId,
};
use std::{future::Future, time::Duration};
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::DefaultExtrinsicParamsBuilder,
	error::TransactionEventsError,
	extrinsics::ExtrinsicEvents,
	transactions::{
		SubmittableTransaction, TransactionInBlock, TransactionProgress, TransactionStatus,
	},
	utils::AccountId32,
	SubstrateConfig,
};

type Impl = OnlineClientAtBlockImpl<SubstrateConfig>;
type Transaction = SubmittableTransaction<SubstrateConfig, Impl>;
type Progress = TransactionProgress<SubstrateConfig, Impl>;
type InBlock = TransactionInBlock<SubstrateConfig, Impl>;

/// Blocks for which a signed transaction is valid.
const MORTALITY_BLOCKS: u64 = 64;
/// Calls of up to so many bytes are checked against the chain's metadata, which finds a chain of another version. What is longer is refused by the
/// node where it does not fit: reading each of its bytes by its type takes longer than everything else together.
const CHECKED_BYTES_MAX: usize = 4096;
/// How long to wait for a transaction's block. Longer than a signed one can live at six seconds a block.
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(600);

/// A transaction that succeeded in a block.
#[derive(Debug)]
pub struct Submitted {
	/// The block's hash.
	pub block: Hash,
	events: ExtrinsicEvents<SubstrateConfig>,
}

impl Submitted {
	/// The first value in the event with this name, decoded; ids come first in the events of Granary's pallets.
	pub fn first_of_event<T: Decode>(&self, pallet: &str, name: &str) -> Result<T, ChainError> {
		for event in self.events.iter().flatten() {
			if event.pallet_name() == pallet && event.event_name() == name {
				return T::decode(&mut event.field_bytes()).map_err(|error| {
					ChainError::Undecodable {
						what: format!("{pallet}.{name}"),
						reason: error.to_string(),
					}
				});
			}
		}
		Err(ChainError::Unknown { what: format!("event {pallet}.{name} after this transaction") })
	}
}

impl ChainClient {
	/// Signs a call, submits it and waits until it succeeded in a finalised block.
	///
	/// Several may be under way for one account: each gets the nonce after those that the node's pool holds.
	pub async fn submit_and_finalise(
		&self,
		signer: &Signer,
		call: &Call,
	) -> Result<Submitted, ChainError> {
		let progress = {
			let _one_at_a_time = self.submitting.lock().await;
			let block = self.at_finalised().await?;
			let nonce = self.next_nonce(signer).await?;
			watched(&sign(&block, signer, call, nonce)?, call).await?
		};
		within(call, outcome(progress, call, true)).await
	}

	/// Submits a call that authorises itself (no signature, no nonce, no fee) and waits until it succeeded in a block of the
	/// best chain. That block can still be reverted; whoever must know asks the chain again.
	pub async fn submit_authorised(&self, call: &Call) -> Result<Submitted, ChainError> {
		let block = self.at_finalised().await?;
		let bytes = general_transaction(&block, &call.encode_for(&block)?)?;
		let progress = watched(&block.transactions().from_bytes(bytes), call).await?;
		within(call, outcome(progress, call, false)).await
	}

	/// Hands calls that authorise themselves to the node's pool without waiting for their blocks. Answers what became of
	/// each: its hash or why it was refused.
	pub async fn offer_authorised(
		&self,
		calls: &[Call],
	) -> Result<Vec<Result<Hash, ChainError>>, ChainError> {
		let block = self.at_finalised().await?;
		let rpc = self.rpc();
		let mut outcomes = Vec::with_capacity(calls.len());
		for call in calls {
			let bytes = general_transaction(&block, &call.encode_for(&block)?)?;
			let offered = rpc.author_submit_extrinsic(&bytes).await;
			outcomes.push(offered.map(|hash| hash.0).map_err(|error| rpc_refusal(call, &error)));
		}
		Ok(outcomes)
	}

	/// The nonce after the account's transactions that are on chain or in the node's pool.
	pub(crate) async fn next_nonce(&self, signer: &Signer) -> Result<u64, ChainError> {
		let account = AccountId32(signer.account());
		timely("the account's next nonce", self.rpc().system_account_next_index(&account)).await
	}

	/// Records co-signed checkpoints.
	pub async fn submit_checkpoints(
		&self,
		signer: &Signer,
		checkpoints: Vec<SignedCheckpoint>,
	) -> Result<Submitted, ChainError> {
		self.submit_and_finalise(signer, &Call::submit_checkpoints(&checkpoints)).await
	}

	/// Signs and publishes a snapshot and returns its number.
	pub async fn publish_snapshot(
		&self,
		signer: &Signer,
		snapshot: PublishSnapshot,
	) -> Result<SnapshotId, ChainError> {
		let message = message::snapshot(&self.genesis_hash(), &snapshot.statement);
		let call = Call::publish_snapshot(&snapshot, signer.account(), signer.sign(&message));
		let done = self.submit_and_finalise(signer, &call).await?;
		done.first_of_event("Snapshots", "Published")
	}

	/// Makes a reservation and returns its number.
	pub async fn reserve(
		&self,
		signer: &Signer,
		reserve: &Reserve,
	) -> Result<ReservationId, ChainError> {
		let done = self.submit_and_finalise(signer, &Call::reserve(reserve)).await?;
		done.first_of_event("Reservations", "Reserved")
	}

	/// Transfers money.
	pub async fn transfer(
		&self,
		signer: &Signer,
		to: AccountBytes,
		amount: Balance,
	) -> Result<Submitted, ChainError> {
		self.submit_and_finalise(signer, &Call::transfer(to, amount)).await
	}
}

/// Signs a call for the chain as it is at `block`; valid for [`MORTALITY_BLOCKS`] from there.
pub(crate) fn sign(
	block: &AtBlock,
	signer: &Signer,
	call: &Call,
	nonce: u64,
) -> Result<Transaction, ChainError> {
	let bytes = call.encode_for(block)?;
	let transactions = block.transactions();
	if bytes.len() <= CHECKED_BYTES_MAX {
		transactions.from_call_data_bytes(&bytes).map_err(|error| ChainError::Unknown {
			what: format!("call {} with these arguments ({error})", call.path()),
		})?;
	}
	let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
		.mortal_from_unchecked(MORTALITY_BLOCKS, block.block_number(), block.block_hash())
		.nonce(nonce)
		.build();
	transactions
		.create_signable_offline(call, params)
		.and_then(|mut transaction| transaction.sign(&signer.pair))
		.map_err(|error| refused(call, error))
}

async fn watched(transaction: &Transaction, call: &Call) -> Result<Progress, ChainError> {
	transaction.submit_and_watch().await.map_err(|error| not_submitted(call, &error))
}

/// Gives up waiting when nothing can come any more.
async fn within(
	call: &Call,
	outcome: impl Future<Output = Result<Submitted, ChainError>>,
) -> Result<Submitted, ChainError> {
	tokio::time::timeout(INCLUSION_TIMEOUT, outcome).await.unwrap_or_else(|_| {
		let text = format!("no block with it was seen within {} s", INCLUSION_TIMEOUT.as_secs());
		Err(uncertain(call, text))
	})
}

async fn outcome(
	mut progress: Progress,
	call: &Call,
	finalised: bool,
) -> Result<Submitted, ChainError> {
	while let Some(status) = progress.next().await {
		match status.map_err(|error| uncertain(call, error))? {
			TransactionStatus::InFinalizedBlock(included) => {
				return succeeded(&included, call).await
			},
			TransactionStatus::InBestBlock(included) if !finalised => {
				return succeeded(&included, call).await
			},
			TransactionStatus::Error { message }
			| TransactionStatus::Invalid { message }
			| TransactionStatus::Dropped { message } => return Err(refused(call, message)),
			_ => {},
		}
	}
	Err(uncertain(call, "the node stopped reporting on it"))
}

/// The transaction's events, or why the runtime refused it.
async fn succeeded(included: &InBlock, call: &Call) -> Result<Submitted, ChainError> {
	let events = included.wait_for_success().await.map_err(|error| match error {
		TransactionEventsError::ExtrinsicFailed(dispatch) => dispatch_failed(call, &dispatch),
		other => query_error(format!("the events of {}", call.path()), other),
	})?;
	Ok(Submitted { block: included.block_hash().0, events })
}
