//! The account that signs, from the command line.

use crate::keys::TenantKeys;
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;

/// Which account signs.
#[derive(Debug, Clone, Args, serde::Serialize, serde::Deserialize)]
pub(crate) struct AccountArgs {
	/// Secret URI of the account: a mnemonic, or a development account such as //Alice. Visible to other
	/// users of this machine; use --key-file for real money.
	#[arg(long, env = "GRANARY_SURI", hide_env_values = true, conflicts_with = "key_file")]
	suri: Option<String>,
	/// File with the account's secret seed or URI in its first line, readable by its owner only
	/// (`granary account new` makes one).
	#[arg(long, env = "GRANARY_KEY_FILE", value_name = "FILE")]
	key_file: Option<PathBuf>,
}

impl AccountArgs {
	/// The account's keys; an error if none was named.
	pub(crate) fn tenant_keys(&self) -> Result<TenantKeys> {
		self.optional_tenant_keys()?.context("no account was named; give --suri or --key-file")
	}

	/// The same account for a process that runs elsewhere.
	pub(crate) fn absolute(&self) -> Result<Self> {
		let key_file = self.key_file.as_ref().map(std::path::absolute).transpose()?;
		Ok(Self { suri: self.suri.clone(), key_file })
	}

	/// The account's keys, if one was named.
	pub(crate) fn optional_tenant_keys(&self) -> Result<Option<TenantKeys>> {
		match (&self.suri, &self.key_file) {
			(Some(suri), _) => Ok(Some(TenantKeys::from_suri(suri)?)),
			(None, Some(file)) => Ok(Some(TenantKeys::from_file(file)?)),
			(None, None) => Ok(None),
		}
	}
}
