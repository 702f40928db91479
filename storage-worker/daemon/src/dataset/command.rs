//! `granary dataset`: who may read a dataset, and what of it is given back.

use crate::{
	cli::{parse_hex, AccountArgs, Context, Failure},
	reservation::{self, CreateArgs, RebalanceArgs},
};
use anyhow::{ensure, Context as _, Result};
use clap::Subcommand;
use granary_chain::{Call, ChainClient};
use granary_dispersal::{DatasetKey, Recipient, RecipientKey};
use granary_primitives::{BlockNumber, DatasetId, Hash, ReservationId};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Grants that are asked for at once.
const PAGE: u32 = 100;

/// Who may read a dataset, and what of it is given back.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  # A collator's operator makes a key and hands out the line that this prints:
  granary key new collator.key > collator.pub
  # The tenant seals the dataset's key to it, on chain:
  granary dataset grant 1 --key dataset.key --to collator.pub --key-file account.key
  # The operator fetches it and mounts:
  granary dataset join 1 --identity collator.key --out dataset.key
  granary mount 1 /mnt --key dataset.key")]
pub(crate) enum DatasetCommand {
	/// Seal the dataset's current key to a recipient and record that on chain; a deposit is held until it is revoked.
	Grant {
		/// The reservation that stores the dataset.
		reservation: ReservationId,
		/// The dataset's key file.
		#[arg(long, value_name = "FILE")]
		key: PathBuf,
		/// The recipient: the line that `granary key show` prints, or a file that begins with it.
		#[arg(long, value_name = "RECIPIENT")]
		to: String,
		/// The block from which on anyone may remove the grant. [default: never]
		#[arg(long, value_name = "BLOCK")]
		expires: Option<BlockNumber>,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// Remove a grant and put a new key before those of the key file. What the recipient has read or kept, the old key included, cannot be taken
	/// back: only what is published from now on is closed to it.
	Revoke {
		/// The reservation that stores the dataset.
		reservation: ReservationId,
		/// The dataset's key file.
		#[arg(long, value_name = "FILE")]
		key: PathBuf,
		/// The recipient as in `grant`, or its fingerprint.
		#[arg(long, value_name = "RECIPIENT")]
		to: String,
		/// Leave the key as it is.
		#[arg(long)]
		keep_key: bool,
		#[command(flatten)]
		account: AccountArgs,
	},
	/// List whom the dataset's current key was granted.
	Recipients {
		/// The reservation that stores the dataset.
		reservation: ReservationId,
		/// The dataset's key file.
		#[arg(long, value_name = "FILE")]
		key: PathBuf,
	},
	/// Reserve nodes for a dataset, as `granary reservation create` does; with --plan only show which, and what they cost.
	Place(Box<CreateArgs>),
	/// Show which allotments would be better off on nodes that have joined since, and what these cost.
	Rebalance(RebalanceArgs),
	/// Give back the space of objects that no snapshot refers to any more.
	Release(super::release::ReleaseArgs),
	/// Fetch the key of a dataset that was granted to you.
	Join {
		/// The reservation that stores the dataset.
		reservation: ReservationId,
		/// Your key file, of kind recipient.
		#[arg(long, value_name = "FILE")]
		identity: PathBuf,
		/// The dataset. [default: that of the reservation's newest snapshot]
		#[arg(long, value_name = "HEX")]
		dataset: Option<String>,
		/// Where to write the dataset's key; an existing file is never replaced.
		#[arg(long, value_name = "FILE")]
		out: PathBuf,
	},
}

/// Runs one of the commands.
pub(crate) async fn run(command: DatasetCommand, context: &Context) -> Result<()> {
	match command {
		DatasetCommand::Grant { reservation, key, to, expires, account } => {
			let (recipient, key) = (recipient(&to)?, DatasetKey::load(&key)?);
			let keys = account.tenant_keys()?;
			let chain = context.connect().await?;
			let sealed = recipient.seal(&key, &binding(&chain, reservation, &key.id()))?;
			let call =
				Call::grant(reservation, key.id(), recipient.fingerprint(), &sealed, expires);
			chain.submit_and_finalise(keys.signer(), &call).await?;
			context.print(&json!({ "recipient": recipient.to_string() }), |out| {
				out.line(format!("dataset {} is granted to {recipient}", shown(&key.id())));
			});
			Ok(())
		},
		DatasetCommand::Revoke { reservation, key, to, keep_key, account } => {
			let (fingerprint, dataset) = (fingerprint(&to)?, DatasetKey::load(&key)?.id());
			let keys = account.tenant_keys()?;
			let chain = context.connect().await?;
			let call = Call::revoke(reservation, dataset, fingerprint);
			chain.submit_and_finalise(keys.signer(), &call).await?;
			let left = recipients(&chain, reservation, dataset).await?;
			if !keep_key {
				DatasetKey::rotate(&key)?;
			}
			revoked(fingerprint, &left, keep_key, context);
			Ok(())
		},
		DatasetCommand::Recipients { reservation, key } => {
			let dataset = DatasetKey::load(&key)?.id();
			let chain = context.connect().await?;
			let recipients = recipients(&chain, reservation, dataset).await?;
			let fingerprints: Vec<String> = recipients.iter().map(|hash| shown(hash)).collect();
			context.print(&json!(fingerprints), |out| {
				fingerprints.iter().for_each(|fingerprint| out.line(fingerprint));
			});
			Ok(())
		},
		DatasetCommand::Place(args) => reservation::create(*args, context).await,
		DatasetCommand::Rebalance(args) => reservation::rebalance(args, context).await,
		DatasetCommand::Release(args) => super::release::run(args, context).await,
		DatasetCommand::Join { reservation, identity, dataset, out } => {
			join(reservation, &identity, dataset.as_deref(), &out, context).await
		},
	}
}

fn revoked(fingerprint: Hash, left: &[Hash], keep_key: bool, context: &Context) {
	let left: Vec<String> = left.iter().map(|hash| shown(hash)).collect();
	let value = json!({ "revoked": shown(&fingerprint), "rotated": !keep_key, "left": left });
	context.print(&value, |out| {
		out.line(format!("the grant of {} is removed", shown(&fingerprint)));
		out.line("  it can still read what was published until now, if it kept the key");
		if keep_key {
			out.line("  the key is as before: it can read what is published from now on, too");
			return;
		}
		out.line("  what is published from now on has a new key");
		if !left.is_empty() {
			out.line("  these shall read on? Then grant them the new key:");
			left.iter().for_each(|fingerprint| out.line(format!("    {fingerprint}")));
		}
	});
}

async fn join(
	reservation: ReservationId,
	identity: &Path,
	dataset: Option<&str>,
	out: &Path,
	context: &Context,
) -> Result<()> {
	let identity = RecipientKey::load(identity)?;
	let chain = context.connect().await?;
	let dataset = match dataset {
		Some(text) => parse_hex::<16>(text).context("--dataset is not a dataset's id")?,
		None => newest_dataset(&chain, reservation).await?,
	};
	let fingerprint = identity.recipient().fingerprint();
	let grant = chain.grant(reservation, dataset, fingerprint).await?.ok_or_else(|| {
		Failure::not_found(
			format!(
				"dataset {} of reservation {reservation} is not granted to {}",
				shown(&dataset),
				identity.recipient()
			),
			"ask its tenant to run `granary dataset grant` with the line that `granary key show` prints",
		)
	})?;
	let key = identity.open(&grant.sealed, &binding(&chain, reservation, &dataset))?;
	ensure!(
		key.id() == dataset,
		"the sealed key is that of dataset {}, not of {}: its granter made a mistake",
		shown(&key.id()),
		shown(&dataset)
	);
	key.save(out)?;
	context.print(&json!({ "dataset": shown(&dataset), "key": out }), |lines| {
		lines.line(format!("the key of dataset {} is in {}", shown(&dataset), out.display()));
	});
	Ok(())
}

/// The dataset of the newest snapshot in a reservation.
async fn newest_dataset(chain: &ChainClient, reservation: ReservationId) -> Result<DatasetId> {
	let (mut start, mut newest) = (0, None);
	loop {
		let page = chain.snapshots(start, PAGE).await?;
		let Some(last) = page.last() else { break };
		start = last.id + 1;
		let mut here = page.iter().rev().filter(|snapshot| snapshot.reservation == reservation);
		newest = here.next().map(|snapshot| snapshot.dataset).or(newest);
	}
	newest.ok_or_else(|| {
		Failure::not_found(
			format!("no snapshot is published in reservation {reservation}"),
			"name the dataset with --dataset",
		)
		.into()
	})
}

async fn recipients(
	chain: &ChainClient,
	reservation: ReservationId,
	dataset: DatasetId,
) -> Result<Vec<Hash>> {
	let (mut all, mut after) = (Vec::new(), None);
	loop {
		let page = chain.grants(reservation, dataset, after, PAGE).await?;
		let Some(last) = page.last() else { return Ok(all) };
		after = Some(last.recipient);
		all.extend(page.iter().map(|grant| grant.recipient));
	}
}

/// What a sealed key is bound to: it opens nowhere else.
fn binding(chain: &ChainClient, reservation: ReservationId, dataset: &DatasetId) -> Vec<u8> {
	let (genesis, reservation) = (chain.genesis_hash(), reservation.to_le_bytes());
	[genesis.as_slice(), &reservation, dataset].concat()
}

fn shown(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// A recipient from its line or from a file that begins with it.
fn recipient(text: &str) -> Result<Recipient> {
	if text.starts_with("granary-recipient-") {
		return Ok(text.parse()?);
	}
	let content = std::fs::read_to_string(text)
		.with_context(|| format!("'{text}' is no recipient and cannot be read as a file"))?;
	let line = content.lines().next().unwrap_or_default();
	line.parse().with_context(|| format!("in the first line of {text}"))
}

fn fingerprint(text: &str) -> Result<Hash> {
	match text.strip_prefix("0x") {
		Some(_) => parse_hex(text),
		None => Ok(recipient(text)?.fingerprint()),
	}
}
