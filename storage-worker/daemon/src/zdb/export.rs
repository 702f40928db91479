//! `granary zdb export`: a data directory's namespaces into a running 0-db.

use super::{
	import::Copied,
	remote::{bytes, Remote, RemoteArgs},
};
use crate::cli::{Bar, Context};
use anyhow::{ensure, Context as _, Result};
use clap::Args;
use granary_zdb::{Mode, Namespace, Store, StoreOptions};
use redis::cmd;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  granary zdb export --dir ./data --to 127.0.0.1:9900

The data directory must not be served meanwhile. Times are kept where the other server lets its administrator give them. A sequential
namespace there must be empty: its ids are issued again in their order, those that are gone by a value that is deleted.")]
pub(crate) struct ExportArgs {
	/// Data directory to read
	#[arg(long)]
	dir: PathBuf,
	/// The running server: HOST:PORT
	#[arg(long, value_name = "HOST:PORT")]
	to: String,
	#[command(flatten)]
	remote: RemoteArgs,
}

pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<()> {
	let store = Store::open(StoreOptions::new(args.dir.clone()))?;
	let mut remote = Remote::connect(&args.to, &args.remote)?;
	let there = remote.names()?;
	let mut copied = Copied::default();
	for name in store.list().into_iter().filter(|name| args.remote.wants(name)) {
		let Some(namespace) = store.namespace(&name) else { continue };
		if !there.contains(&name) {
			remote
				.call(cmd("NSNEW").arg(&name))
				.with_context(|| format!("making '{name}' there"))?;
		}
		prepare(&mut remote, &namespace)?;
		remote.select(&name, &args.remote)?;
		let bar = Bar::count(context, namespace.dbsize(), &name);
		let mut cursor: Option<[u8; 17]> = None;
		let mut next_id = 0;
		while let Some(page) = namespace.scan(cursor.as_ref().map(|cursor| cursor.as_slice()))? {
			for entry in page.entries {
				let Some(value) = namespace.get(&entry.key)? else { continue };
				send(&mut remote, &namespace, &entry.key, &value, entry.timestamp, &mut next_id)?;
				copied.keys += 1;
				copied.bytes += value.len() as u64;
				bar.inc(1);
			}
			cursor = Some(page.cursor);
		}
		bar.finish();
		copied.namespaces += 1;
	}
	let Copied { namespaces, keys, bytes } = copied;
	context.print(&json!({ "namespaces": namespaces, "keys": keys, "bytes": bytes }), |out| {
		out.line(format!("exported {keys} keys of {namespaces} namespaces, {bytes} bytes"));
	});
	Ok(())
}

/// Brings the namespace there into the same mode, with the same quota.
fn prepare(remote: &mut Remote, namespace: &Namespace) -> Result<()> {
	let (name, info) = (namespace.name(), namespace.info());
	let described = remote.describe(name)?;
	if described.mode != info.mode {
		let mode = if info.mode == Mode::Sequential { "seq" } else { "user" };
		remote
			.call(cmd("NSSET").arg(name).arg("mode").arg(mode))
			.with_context(|| format!("bringing '{name}' there into the mode it has here"))?;
	}
	ensure!(
		info.mode == Mode::User || described.entries == 0,
		"the sequential namespace '{name}' is not empty there, so its ids cannot be issued again"
	);
	if let (Some(max_bytes), true) = (info.max_bytes, name != "default") {
		remote.call(cmd("NSSET").arg(name).arg("maxsize").arg(max_bytes))?;
	}
	Ok(())
}

fn send(
	remote: &mut Remote,
	namespace: &Namespace,
	key: &[u8],
	value: &[u8],
	timestamp: u32,
	next_id: &mut u64,
) -> Result<()> {
	let id = <[u8; 8]>::try_from(key).ok().map(u64::from_le_bytes);
	let Some(id) = id.filter(|_| namespace.info().mode == Mode::Sequential) else {
		return remote.call(cmd("SET").arg(key).arg(value).arg(timestamp)).map(drop);
	};
	while *next_id < id {
		let filler = remote.call(cmd("SET").arg("").arg("-"))?;
		remote.call(cmd("DEL").arg(bytes(&filler)?))?;
		*next_id += 1;
	}
	let issued = bytes(&remote.call(cmd("SET").arg("").arg(value).arg(timestamp))?)?;
	ensure!(
		issued == key,
		"the other server issued another id than {id}: someone else writes there"
	);
	*next_id = id + 1;
	Ok(())
}
