//! `granary account`.

use crate::{
	cli::{parse_units, units_text, AccountArgs, Context},
	keys::{create_account, TenantKeys},
};
use anyhow::Result;
use clap::{Args, Subcommand};
use granary_chain::{address_of, parse_address};
use granary_primitives::{AccountBytes, Balance};
use serde_json::json;
use std::path::PathBuf;

/// Accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
	/// Make a new account and write its key file.
	New(NewArgs),
	/// Show an account's balance.
	Show(ShowArgs),
	/// Transfer money.
	Transfer(TransferArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  granary account new --key-file account.key

The file holds the account's secret seed in 64 hex digits (mode 0600). Back it up: there is no other copy. Needs no chain.")]
pub(crate) struct NewArgs {
	/// Where to write the key; an existing file is never replaced.
	#[arg(long, value_name = "FILE")]
	key_file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary account show 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY
  granary account show //Alice
  granary --json account show --key-file account.key")]
pub(crate) struct ShowArgs {
	/// SS58 address, or a development account such as //Bob. [default: the account of --suri or --key-file]
	address: Option<String>,
	#[command(flatten)]
	account: AccountArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  granary account transfer --suri //Alice --to //Bob --amount 12.5

Returns once the transfer is final.")]
pub(crate) struct TransferArgs {
	/// To whom: an SS58 address, or a development account such as //Bob.
	#[arg(long)]
	to: String,
	/// How much, in units (1 unit = 10^12 plancks).
	#[arg(long, value_parser = parse_units)]
	amount: Balance,
	#[command(flatten)]
	account: AccountArgs,
}

/// Runs one of the commands.
pub(crate) async fn run(command: AccountCommand, context: &Context) -> Result<()> {
	match command {
		AccountCommand::New(args) => new(&args, context),
		AccountCommand::Show(args) => show(args, context).await,
		AccountCommand::Transfer(args) => transfer(args, context).await,
	}
}

fn new(args: &NewArgs, context: &Context) -> Result<()> {
	let keys = create_account(&args.key_file)?;
	let address = address_of(&keys.account_bytes());
	context.print(&json!({ "address": address, "key_file": args.key_file }), |out| {
		out.line(&address);
		out.field("key file", args.key_file.display().to_string());
	});
	Ok(())
}

fn parse_destination(text: &str) -> Result<AccountBytes> {
	if text.starts_with("//") {
		return Ok(TenantKeys::from_suri(text)?.account_bytes());
	}
	Ok(parse_address(text)?)
}

async fn show(args: ShowArgs, context: &Context) -> Result<()> {
	let account = match &args.address {
		Some(address) => parse_destination(address)?,
		None => args.account.tenant_keys()?.account_bytes(),
	};
	let balance = context.connect().await?.balance(account).await?;
	let address = address_of(&account);
	context.print(
		&json!({
			"address": address,
			"free": balance.free.to_string(),
			"held": balance.held.to_string(),
			"nonce": balance.nonce,
		}),
		|out| {
			out.line(&address);
			out.field("free", format!("{} units", units_text(balance.free)));
			out.field(
				"held",
				format!("{} units (bonds, escrow, deposits)", units_text(balance.held)),
			);
		},
	);
	Ok(())
}

async fn transfer(args: TransferArgs, context: &Context) -> Result<()> {
	let from = args.account.tenant_keys()?;
	let to = parse_destination(&args.to)?;
	let chain = context.connect().await?;
	let done = chain.transfer(from.signer(), to, args.amount).await?;
	let block = format!("0x{}", hex::encode(done.block));
	context.print(
		&json!({ "to": address_of(&to), "amount": args.amount.to_string(), "block": block }),
		|out| {
			out.line(format!(
				"transferred {} units to {} in block {block}",
				units_text(args.amount),
				address_of(&to)
			));
		},
	);
	Ok(())
}
