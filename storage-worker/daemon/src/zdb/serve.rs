//! `granary zdb serve`.

use super::{background::Background, dump, follow::Follower, observe, settings::Settings};
use crate::{cli::Context, stop::StopSignal};
use anyhow::{ensure, Result};
use clap::Args;
use granary_zdb::{Mode, NamespaceUpdate, Server, Store};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::oneshot;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary zdb serve --dir ./data &
  redis-cli -p 9900 SET key value
  granary zdb serve --config zdb.toml     # the same names: dir = \"data\", sync = \"always\", ...
  granary zdb serve --dir ./data --background --logfile zdb.log

Any redis client and any 0-db client can talk to it; docs/zdb.md tells the commands.")]
pub(crate) struct ServeArgs {
	#[command(flatten)]
	settings: Settings,
	/// TOML file with settings under the flags' names; flags and environment come first
	#[arg(long, value_name = "FILE", env = "GRANARY_ZDB_CONFIG")]
	config: Option<PathBuf>,
	/// Print every live key of the data directory and end
	#[arg(long)]
	dump: bool,
}

pub(super) async fn run(args: ServeArgs, context: &Context) -> Result<()> {
	let mut plan = args.settings.over_file(args.config.as_deref())?.plan()?;
	let dir = plan.store.dir.clone();
	let background = match Background::begin(plan.background, plan.logfile.as_deref())? {
		Background::Started(pid) => {
			context.note(format!("serving {} in the background, process {pid}", dir.display()));
			return Ok(());
		},
		background => background,
	};
	if !args.dump {
		plan.server.announce_store(&dir)?;
		plan.server.announce_crash()?;
		plan.store.segment_source = plan.server.segment_source()?;
	}
	let store = Arc::new(Store::open(plan.store)?);
	for line in store.recovery_report().lines() {
		context.note(line);
	}
	if args.dump {
		return dump::print(&store, context);
	}
	if let Some(mode) = plan.server.fixed_mode {
		fix_mode(&store, mode)?;
	}
	if let Some(max_bytes) = plan.max_bytes {
		let max_bytes = Some(Some(max_bytes).filter(|bytes| *bytes > 0));
		let update = NamespaceUpdate { max_bytes, ..Default::default() };
		store.update_namespace("default", &update)?;
	}
	let (replica, socket) = (plan.server.replica.clone(), plan.server.unix.clone());
	let mut stop = StopSignal::listen()?;
	let server = Server::bind(plan.server, store.clone(), None).await?;
	let address = match (server.local_addr(), socket) {
		(Some(address), None) => address.to_string(),
		(Some(address), Some(socket)) => format!("{address} and {}", socket.display()),
		(None, socket) => socket.unwrap_or_default().display().to_string(),
	};
	let (ended, end) = oneshot::channel();
	let observing = match plan.metrics {
		Some(metrics) => {
			Some(observe::start(metrics, server.metrics(), Arc::new(String::new), end).await?)
		},
		None => None,
	};
	let following = match (plan.primary, replica) {
		(Some((primary, password)), Some(replica)) => {
			context.note(format!("following {primary}"));
			Some(Follower::start(primary, password, store.clone(), replica)?)
		},
		_ => None,
	};
	let encrypted =
		server.tls_addr().map_or_else(String::new, |address| format!(" and, encrypted, {address}"));
	context.note(format!("serving {} on {address}{encrypted}", dir.display()));
	server
		.run(async {
			// The server begins to wait for its end when it serves.
			background.is_ready();
			stop.asked().await;
		})
		.await?;
	tokio::task::block_in_place(|| drop(following));
	// Who observes is gone already if nobody asked for it.
	let _ = ended.send(());
	if let Some(observing) = observing {
		observing.await?;
	}
	store.sync_all()?;
	context.note("stopped");
	Ok(())
}

/// All namespaces must be in the one mode; the default one becomes so while it is empty.
fn fix_mode(store: &Store, mode: Mode) -> Result<()> {
	for name in store.list() {
		let Some(namespace) = store.namespace(&name) else { continue };
		let info = namespace.info();
		if info.mode == mode {
			continue;
		}
		let update = NamespaceUpdate { mode: Some(mode), ..Default::default() };
		ensure!(
			name == "default" && store.update_namespace(&name, &update).is_ok(),
			"namespace '{name}' is in the other mode; start without --mode, or with the mode it has"
		);
	}
	Ok(())
}
