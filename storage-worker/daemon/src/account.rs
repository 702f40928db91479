//! `granary account`.

use crate::{
	cli::{parse_units, units_text, AccountArgs, Context},
	keys::TenantKeys,
};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use granary_chain::{address_of, parse_address};
use granary_primitives::{AccountBytes, Balance};
use serde_json::json;

/// Accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
	/// Show an account's balance.
	Show(ShowArgs),
	/// Transfer money.
	Transfer(TransferArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
	/// SS58 address. [default: the account of --suri or --key-file]
	address: Option<String>,
	#[command(flatten)]
	account: AccountArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
	/// To whom: an SS58 address, or a development account such as //Bob.
	#[arg(long)]
	to: String,
	/// How much, in units.
	#[arg(long, value_parser = parse_units)]
	amount: Balance,
	#[command(flatten)]
	account: AccountArgs,
}

/// Runs one of the commands.
pub(crate) async fn run(command: AccountCommand, context: &Context) -> Result<()> {
	match command {
		AccountCommand::Show(args) => show(args, context).await,
		AccountCommand::Transfer(args) => transfer(args, context).await,
	}
}

fn parse_destination(text: &str) -> Result<AccountBytes> {
	if text.starts_with("//") {
		return Ok(TenantKeys::from_suri(text)?.account_bytes());
	}
	parse_address(text).with_context(|| format!("'{text}' is not an SS58 address"))
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
			out.field("held", format!("{} units (bonds, escrow, deposits)", units_text(balance.held)));
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
	context.print(&json!({ "to": address_of(&to), "amount": args.amount.to_string(), "block": block }), |out| {
		out.line(format!("transferred {} units to {} in block {block}", units_text(args.amount), address_of(&to)));
	});
	Ok(())
}
