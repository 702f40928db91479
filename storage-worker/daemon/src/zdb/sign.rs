//! `granary zdb sign`: the answer to a server's challenge, for whoever signs in with redis-cli.

use crate::cli::{AccountArgs, Context};
use anyhow::{ensure, Result};
use clap::Args;
use granary_chain::address_of;
use granary_zdb::sign_in_message;
use serde_json::json;

/// Hex digits of a store's id and of a challenge.
const STORE_ID_DIGITS: usize = 40;
const CHALLENGE_DIGITS: usize = 64;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  redis-cli -p 9900
  127.0.0.1:9900> INFO                                  # store_id: which store you mean to sign in to
  127.0.0.1:9900> AUTH ACCOUNT 5Grwva... CHALLENGE      # the challenge, for this connection alone
  granary zdb sign --store-id 31d1... --challenge 9fe2... --key-file account.key
  127.0.0.1:9900> AUTH ACCOUNT 0xd435... 0x5a0c...      # as printed

Note the store's id once and give it from then on: a signature is of no use at another store, so nobody in between can sign in
elsewhere with it. Needs no chain.")]
pub(crate) struct SignArgs {
	/// The store's id, as INFO tells it: 40 hex digits
	#[arg(long, value_name = "HEX")]
	store_id: String,
	/// The challenge that the server has answered: 64 hex digits
	#[arg(long, value_name = "HEX")]
	challenge: String,
	#[command(flatten)]
	account: AccountArgs,
}

pub(super) fn run(args: &SignArgs, context: &Context) -> Result<()> {
	let (store_id, challenge) = (args.store_id.trim(), args.challenge.trim());
	for (name, text, digits) in
		[("--store-id", store_id, STORE_ID_DIGITS), ("--challenge", challenge, CHALLENGE_DIGITS)]
	{
		let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
		ensure!(
			is_hex && text.len() == digits,
			"{name} '{text}' is not what a server answers: {digits} hex digits in lower case"
		);
	}
	let keys = args.account.tenant_keys()?;
	let account = keys.account_bytes();
	let signature = keys.sign(&sign_in_message(store_id, challenge));
	let (key, signature) =
		(format!("0x{}", hex::encode(account)), format!("0x{}", hex::encode(signature)));
	let command = format!("AUTH ACCOUNT {key} {signature}");
	let value = json!({
		"account": address_of(&account),
		"public_key": key,
		"signature": signature,
		"command": command,
	});
	context.print(&value, |out| out.line(&command));
	Ok(())
}
