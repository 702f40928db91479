//! Submitting transactions and waiting for what becomes of them.

use crate::{
	authorised::general_transaction, client::query_error, Call, ChainClient, ChainError,
	PublishSnapshot, Reserve, Signer,
};
use codec::Decode;
use granary_primitives::{
	audit::SignedCheckpoint, AccountBytes, Balance, Hash, ReservationId, SnapshotId,
};
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::DefaultExtrinsicParamsBuilder,
	error::TransactionEventsError,
	extrinsics::ExtrinsicEvents,
	transactions::{TransactionInBlock, TransactionProgress, TransactionStatus},
	PolkadotConfig,
};

type Progress = TransactionProgress<PolkadotConfig, OnlineClientAtBlockImpl<PolkadotConfig>>;
type InBlock = TransactionInBlock<PolkadotConfig, OnlineClientAtBlockImpl<PolkadotConfig>>;

/// Blocks for which a signed transaction is valid.
const MORTALITY_BLOCKS: u64 = 64;

/// A transaction that succeeded in a finalised block.
#[derive(Debug)]
pub struct Submitted {
	/// The block's hash.
	pub block: Hash,
	events: ExtrinsicEvents<PolkadotConfig>,
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
	pub async fn submit_and_finalise(
		&self,
		signer: &Signer,
		call: &Call,
	) -> Result<Submitted, ChainError> {
		let progress = self.submit_signed(signer, call, None).await?;
		finalised(progress, call).await
	}

	/// Signs and submits a call with a nonce of the caller's, or the next one.
	async fn submit_signed(
		&self,
		signer: &Signer,
		call: &Call,
		nonce: Option<u64>,
	) -> Result<Progress, ChainError> {
		let block = self.at_finalised().await?;
		let bytes = call.encode_for(&block)?;
		let mut transactions = block.transactions();
		let payload =
			transactions.from_call_data_bytes(&bytes).map_err(|error| refused(call, error))?;
		let params =
			DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new().mortal(MORTALITY_BLOCKS);
		let params = match nonce {
			Some(nonce) => params.nonce(nonce).build(),
			None => params.build(),
		};
		transactions
			.create_signed(&payload, &signer.0, params)
			.await
			.map_err(|error| refused(call, error))?
			.submit_and_watch()
			.await
			.map_err(|error| refused(call, error))
	}

	/// Signs and submits a call with this nonce and returns as soon as the pool has it.
	pub async fn submit_with_nonce(
		&self,
		signer: &Signer,
		call: &Call,
		nonce: u64,
	) -> Result<(), ChainError> {
		self.submit_signed(signer, call, Some(nonce)).await.map(drop)
	}

	/// Submits a call that authorises itself and waits until it succeeded in a best block.
	pub async fn submit_authorised(&self, call: &Call) -> Result<Hash, ChainError> {
		let block = self.at_finalised().await?;
		let bytes = general_transaction(&block, &call.encode_for(&block)?)?;
		let mut progress = block
			.transactions()
			.from_bytes(bytes)
			.submit_and_watch()
			.await
			.map_err(|error| refused(call, error))?;
		while let Some(status) = progress.next().await {
			match status.map_err(|error| refused(call, error))? {
				TransactionStatus::InBestBlock(included)
				| TransactionStatus::InFinalizedBlock(included) => {
					succeeded(&included, call).await?;
					return Ok(included.block_hash().0);
				},
				other => check_status(other, call)?,
			}
		}
		Err(refused(call, "the node stopped reporting on it"))
	}

	/// Records co-signed checkpoints.
	pub async fn submit_checkpoints(
		&self,
		signer: &Signer,
		checkpoints: Vec<SignedCheckpoint>,
	) -> Result<Submitted, ChainError> {
		self.submit_and_finalise(signer, &Call::submit_checkpoints(&checkpoints)).await
	}

	/// Publishes a snapshot and returns its number.
	pub async fn publish_snapshot(
		&self,
		signer: &Signer,
		snapshot: PublishSnapshot,
	) -> Result<SnapshotId, ChainError> {
		let done = self.submit_and_finalise(signer, &Call::publish_snapshot(&snapshot)).await?;
		done.first_of_event("Snapshots", "SnapshotPublished")
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

fn refused(call: &Call, reason: impl std::fmt::Display) -> ChainError {
	ChainError::Refused { call: call.path(), reason: reason.to_string() }
}

fn check_status<C>(
	status: TransactionStatus<PolkadotConfig, C>,
	call: &Call,
) -> Result<(), ChainError> {
	match status {
		TransactionStatus::Error { message }
		| TransactionStatus::Invalid { message }
		| TransactionStatus::Dropped { message } => Err(refused(call, message)),
		_ => Ok(()),
	}
}

async fn finalised(mut progress: Progress, call: &Call) -> Result<Submitted, ChainError> {
	while let Some(status) = progress.next().await {
		match status.map_err(|error| refused(call, error))? {
			TransactionStatus::InFinalizedBlock(included) => {
				let events = succeeded(&included, call).await?;
				return Ok(Submitted { block: included.block_hash().0, events });
			},
			other => check_status(other, call)?,
		}
	}
	Err(refused(call, "the node stopped reporting on it"))
}

/// The transaction's events, or why the runtime refused it.
async fn succeeded(
	included: &InBlock,
	call: &Call,
) -> Result<ExtrinsicEvents<PolkadotConfig>, ChainError> {
	included.wait_for_success().await.map_err(|error| match error {
		TransactionEventsError::ExtrinsicFailed(dispatch) => refused(call, dispatch),
		other => query_error(format!("the events of {}", call.path()), other),
	})
}
