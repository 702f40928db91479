//! Commands that change a reservation: its size, its owner, its nodes.

use super::{find, show};
use crate::cli::{parse_bytes, AccountArgs, Context};
use anyhow::Result;
use clap::Subcommand;
use granary_chain::{parse_address, Call};
use granary_primitives::{Balance, NodeId, ReservationId};

/// Changes of a reservation, each signed by an account.
#[derive(Debug, Subcommand)]
pub(crate) enum ChangeCommand {
	/// Give every allotment more capacity, at what its node asks for it now.
	Grow {
		/// The reservation's number.
		reservation: ReservationId,
		/// The new capacity of each allotment, for example 20GiB.
		#[arg(long, value_parser = parse_bytes)]
		size: u64,
		/// The most that all allotments together may cost per block afterwards, in plancks. [default: no limit]
		#[arg(long)]
		max_price_per_block: Option<Balance>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Give capacity back: with the next proof of each allotment, and once its log fits.
	Shrink {
		/// The reservation's number.
		reservation: ReservationId,
		/// The new capacity of each allotment, for example 5GiB.
		#[arg(long, value_parser = parse_bytes)]
		size: u64,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Offer a reservation to another account, or take the offer back.
	Offer {
		/// The reservation's number.
		reservation: ReservationId,
		/// Who may take it over (an SS58 address); nobody without it.
		#[arg(long)]
		to: Option<String>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Take over a reservation that was offered, with what is left of its escrow. Its data can be read only with the dataset's key.
	Accept {
		/// The reservation's number.
		reservation: ReservationId,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Put a new allotment on another node in the place of a lost one.
	Replace {
		/// The reservation's number.
		reservation: ReservationId,
		/// The lost shard, counted from 0.
		#[arg(long)]
		shard: u8,
		/// The node that takes its place.
		#[arg(long)]
		node: NodeId,
		/// The most that it may cost per block, in plancks. [default: no limit]
		#[arg(long)]
		max_price_per_block: Option<Balance>,
		#[command(flatten)]
		account: AccountArgs,
	},
}

/// Runs one of the commands and shows the reservation as it is then.
pub(super) async fn run(command: ChangeCommand, context: &Context) -> Result<()> {
	let no_limit = Balance::MAX;
	let (reservation, account, call) = match command {
		ChangeCommand::Grow { reservation, size, max_price_per_block, account } => {
			let most = max_price_per_block.unwrap_or(no_limit);
			(reservation, account, Call::grow_reservation(reservation, size, most))
		},
		ChangeCommand::Shrink { reservation, size, account } => {
			(reservation, account, Call::shrink_reservation(reservation, size))
		},
		ChangeCommand::Offer { reservation, to, account } => {
			let to = to.as_deref().map(parse_address).transpose()?;
			(reservation, account, Call::offer_transfer(reservation, to))
		},
		ChangeCommand::Accept { reservation, account } => {
			(reservation, account, Call::accept_transfer(reservation))
		},
		ChangeCommand::Replace { reservation, shard, node, max_price_per_block, account } => {
			let most = max_price_per_block.unwrap_or(no_limit);
			(reservation, account, Call::replace_allotment(reservation, shard, node, most))
		},
	};
	let keys = account.tenant_keys()?;
	let chain = context.connect().await?;
	find(&chain, reservation).await?;
	chain.submit_and_finalise(keys.signer(), &call).await?;
	show(&chain, reservation, context).await
}
