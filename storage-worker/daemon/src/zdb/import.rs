//! `granary zdb import`: everything of a 0-db into a data directory, from the running server or from its files.

use super::{
	legacy,
	remote::{Remote, RemoteArgs, RemoteNamespace},
};
use crate::cli::{Bar, Context};
use anyhow::{bail, ensure, Context as _, Result};
use clap::Args;
use granary_zdb::{
	Access, Mode, Namespace, NamespaceOptions, NamespaceUpdate, Store, StoreOptions,
};
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

/// Values that are asked for at once.
const KEYS_AT_ONCE: usize = 64;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  granary zdb import --from 127.0.0.1:9900 --dir ./data
  granary zdb import --data-files zdb-data --index-files zdb-index --dir ./data

The data directory must not be served meanwhile. Namespaces, modes, settings, times and ids are kept; a password only if the
files are read, since no server tells it. Importing again adds what is new.")]
pub(crate) struct ImportArgs {
	/// Data directory to write into
	#[arg(long)]
	dir: PathBuf,
	/// The running server: HOST:PORT
	#[arg(long, value_name = "HOST:PORT", required_unless_present = "data_files")]
	from: Option<String>,
	/// 0-db's data directory, of a server that is stopped
	#[arg(long, value_name = "DIR", conflicts_with = "from", requires = "index_files")]
	data_files: Option<PathBuf>,
	/// 0-db's index directory
	#[arg(long, value_name = "DIR", requires = "data_files")]
	index_files: Option<PathBuf>,
	#[command(flatten)]
	remote: RemoteArgs,
}

/// What was copied.
#[derive(Debug, Default)]
pub(super) struct Copied {
	pub(super) namespaces: u64,
	pub(super) keys: u64,
	pub(super) bytes: u64,
}

pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<()> {
	let store = Store::open(StoreOptions::new(args.dir.clone()))?;
	for line in store.recovery_report().lines() {
		context.note(line);
	}
	let copied = match (&args.from, &args.data_files, &args.index_files) {
		(Some(address), ..) => from_server(&store, address, &args.remote, context)?,
		(None, Some(data), Some(index)) => {
			let wants = |name: &str| args.remote.wants(name);
			legacy::import(&store, data, index, &wants, context)?
		},
		_ => bail!("give --from, or --data-files and --index-files"),
	};
	store.sync_all()?;
	let value = json!({
		"namespaces": copied.namespaces,
		"keys": copied.keys,
		"bytes": copied.bytes,
	});
	context.print(&value, |out| {
		out.line(format!(
			"imported {} keys of {} namespaces, {} bytes",
			copied.keys, copied.namespaces, copied.bytes
		));
	});
	Ok(())
}

fn from_server(
	store: &Store,
	address: &str,
	args: &RemoteArgs,
	context: &Context,
) -> Result<Copied> {
	let mut remote = Remote::connect(address, args)?;
	let mut copied = Copied::default();
	for name in remote.names()?.into_iter().filter(|name| args.wants(name)) {
		let described = remote.describe(&name)?;
		remote.select(&name, args)?;
		let namespace = matching(store, &described)?;
		let bar = Bar::count(context, described.entries, &name);
		copy(&mut remote, &namespace, &mut copied, &bar)?;
		bar.finish();
		copied.namespaces += 1;
		// Only now: a namespace that is written once takes no second value of a key.
		settle(store, &described)?;
		if described.has_password && !namespace.has_password() {
			context.note(format!(
				"namespace '{name}' has a password there that no server tells; set it with NSSET {name} password"
			));
		}
	}
	Ok(copied)
}

/// The namespace of the same name and mode, made if it is not there.
pub(super) fn matching(store: &Store, described: &RemoteNamespace) -> Result<Arc<Namespace>> {
	let name = &described.name;
	if let Some(namespace) = store.namespace(name) {
		let info = namespace.info();
		if info.mode != described.mode {
			let mode = Some(described.mode);
			store
				.update_namespace(name, &NamespaceUpdate { mode, ..Default::default() })
				.with_context(|| format!("namespace '{name}' here is in the other mode"))?;
		}
		ensure!(
			!info.audited,
			"namespace '{name}' here is audited: it takes its tenant's data only"
		);
		ensure!(info.access == Access::Open, "namespace '{name}' here is locked");
		return store.namespace(name).context("the namespace is gone");
	}
	let options = NamespaceOptions {
		mode: described.mode,
		public: described.public,
		max_bytes: Some(described.max_bytes).filter(|bytes| *bytes > 0),
		..Default::default()
	};
	Ok(store.create_namespace(name, options)?)
}

/// Settings that would have been in the way of the copying.
pub(super) fn settle(store: &Store, described: &RemoteNamespace) -> Result<()> {
	if described.name == "default" || !described.worm {
		return Ok(());
	}
	let update = NamespaceUpdate { worm: Some(true), ..Default::default() };
	Ok(store.update_namespace(&described.name, &update)?)
}

fn copy(remote: &mut Remote, namespace: &Namespace, copied: &mut Copied, bar: &Bar) -> Result<()> {
	let mut cursor = None;
	while let Some((next, keys)) = remote.scan(cursor.as_deref())? {
		for keys in keys.chunks(KEYS_AT_ONCE) {
			for (key, value) in keys.iter().zip(remote.values(keys)?) {
				let Some(value) = value else { continue };
				put(namespace, &key.key, &value, key.timestamp)?;
				copied.keys += 1;
				copied.bytes += value.len() as u64;
			}
			bar.inc(keys.len() as u64);
		}
		cursor = Some(next);
	}
	Ok(namespace.flush()?)
}

/// Writes a key as it was there; one that is there already with this value is left.
pub(super) fn put(namespace: &Namespace, key: &[u8], value: &[u8], timestamp: u32) -> Result<()> {
	let is_sequential = namespace.info().mode == Mode::Sequential;
	let written = match <[u8; 8]>::try_from(key) {
		Ok(id) if is_sequential && !namespace.exists(key)? => {
			namespace.restore_id(u64::from_le_bytes(id), value, timestamp)
		},
		_ => namespace.set_buffered(key, value, Some(timestamp)),
	};
	written.with_context(|| format!("writing into namespace '{}'", namespace.name()))?;
	Ok(())
}
