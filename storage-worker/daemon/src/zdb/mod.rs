//! `granary zdb`: the store as a server of its own.
//!
//! [`settings`] reads flags, environment and file; [`serve`] runs the server; [`observe`] answers `/metrics` and the health
//! questions beside it; [`dump`] shows what a data directory holds. [`import`] and [`export`] copy from and to
//! 0-db: [`remote`] is a running one, [`legacy`] its files. [`follow`] makes this server a replica; [`top`] watches one;
//! [`sign`] signs accounts in; [`background`] lets the server go on without a terminal.

mod background;
mod dump;
mod export;
mod follow;
mod import;
mod legacy;
pub(crate) mod observe;
mod remote;
mod serve;
mod settings;
mod sign;
mod top;

use crate::cli::Context;
use anyhow::Result;
use clap::Subcommand;

/// The append-only store.
#[derive(Debug, Subcommand)]
pub(crate) enum ZdbCommand {
	/// Serve a data directory over RESP.
	Serve(Box<serve::ServeArgs>),
	/// Copy a 0-db into a data directory, from the running server or from its files.
	Import(import::ImportArgs),
	/// Copy a data directory into a running 0-db.
	Export(export::ExportArgs),
	/// Watch a running server.
	Top(top::TopArgs),
	/// Sign a server's challenge with an account's key.
	Sign(sign::SignArgs),
}

/// Runs the command.
pub(crate) async fn run(command: ZdbCommand, context: &Context) -> Result<()> {
	match command {
		ZdbCommand::Serve(args) => serve::run(*args, context).await,
		ZdbCommand::Import(args) => tokio::task::block_in_place(|| import::run(&args, context)),
		ZdbCommand::Export(args) => tokio::task::block_in_place(|| export::run(&args, context)),
		ZdbCommand::Top(args) => tokio::task::block_in_place(|| top::run(&args, context)),
		ZdbCommand::Sign(args) => sign::run(&args, context),
	}
}
