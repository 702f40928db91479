//! `granary zdb serve`: the store as a server of its own.

use crate::{cli::Context, keys::read_private, stop::stop_signal};
use anyhow::{ensure, Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use granary_zdb::{Durability, Server, ServerOptions, Store, StoreOptions};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

/// The append-only store.
#[derive(Debug, Subcommand)]
pub(crate) enum ZdbCommand {
	/// Serve a data directory over RESP.
	Serve(ServeArgs),
}

/// When records are made durable.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sync {
	/// Before each answer.
	Always,
	/// Every second.
	Everysec,
	/// When the system likes.
	Os,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  granary zdb serve --dir ./data &
  redis-cli -p 9900 SET key value

Any redis client and any 0-db client can talk to it.")]
pub(crate) struct ServeArgs {
	/// Data directory.
	#[arg(long)]
	dir: PathBuf,
	/// Address to listen on; loopback only.
	#[arg(long, default_value = "127.0.0.1:9900")]
	listen: SocketAddr,
	/// Unix socket to listen on as well.
	#[arg(long, value_name = "PATH")]
	unix: Option<PathBuf>,
	/// File with the administrator's password; without one everyone is administrator.
	#[arg(long, value_name = "FILE")]
	admin_password_file: Option<PathBuf>,
	/// When records of the default namespace are made durable.
	#[arg(long, value_enum, default_value = "everysec")]
	sync: Sync,
	/// Connections at once.
	#[arg(long, default_value_t = 1024)]
	max_connections: usize,
}

/// Runs the command.
pub(crate) async fn run(command: ZdbCommand, context: &Context) -> Result<()> {
	match command {
		ZdbCommand::Serve(args) => serve(args, context).await,
	}
}

async fn serve(args: ServeArgs, context: &Context) -> Result<()> {
	ensure!(
		args.listen.ip().is_loopback(),
		"{} is not a loopback address; plain RESP is served on loopback and Unix sockets only",
		args.listen
	);
	let admin_password = args
		.admin_password_file
		.as_deref()
		.map(|path| -> Result<String> {
			let text = String::from_utf8(read_private(path)?)
				.with_context(|| format!("{} is not text", path.display()))?;
			Ok(text.lines().next().unwrap_or_default().to_owned())
		})
		.transpose()?;
	let durability = match args.sync {
		Sync::Always => Durability::Always,
		Sync::Everysec => Durability::Every(1000),
		Sync::Os => Durability::Os,
	};
	let store =
		Arc::new(Store::open(StoreOptions { durability, ..StoreOptions::new(args.dir.clone()) })?);
	for line in store.recovery_report().lines() {
		context.note(line);
	}
	let options = ServerOptions {
		tcp: Some(args.listen),
		unix: args.unix.clone(),
		admin_password,
		max_connections: args.max_connections,
		..ServerOptions::default()
	};
	let server = Server::bind(options, store.clone(), None).await?;
	context.note(format!("serving {} on {}", args.dir.display(), args.listen));
	server
		.run(async {
			// Without signals the server would have no end; then it ends at once.
			let _ = stop_signal().await;
		})
		.await?;
	store.sync_all()?;
	context.note("stopped");
	Ok(())
}
