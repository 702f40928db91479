//! `granary zdb`: the store as a server of its own.
//!
//! [`settings`] reads flags, environment and file; [`serve`] runs the server; [`observe`] answers `/metrics` and the health
//! questions beside it; [`dump`] shows what a data directory holds.

mod dump;
mod observe;
mod serve;
mod settings;

use crate::cli::Context;
use anyhow::Result;
use clap::Subcommand;

/// The append-only store.
#[derive(Debug, Subcommand)]
pub(crate) enum ZdbCommand {
	/// Serve a data directory over RESP.
	Serve(Box<serve::ServeArgs>),
}

/// Runs the command.
pub(crate) async fn run(command: ZdbCommand, context: &Context) -> Result<()> {
	match command {
		ZdbCommand::Serve(args) => serve::run(*args, context).await,
	}
}
