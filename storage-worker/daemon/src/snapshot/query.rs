//! `granary snapshot list` and `show`.

use super::{find, restore::snapshot_key, sealed::sealed_facts};
use crate::{
	cli::{bytes_text, parse_hash, AccountArgs, Context},
	dataset::open_for_reading,
};
use anyhow::Result;
use clap::{Args, ValueEnum};
use granary_chain::address_of;
use granary_primitives::{
	reservation::ReservationHealth,
	snapshot::{DatabaseKind, SnapshotInfo},
	Hash, SnapshotId,
};
use granary_snapshot::{EntryKind, Manifest};
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
	/// The first number to look at.
	#[arg(long, default_value_t = 0)]
	start: SnapshotId,
	/// Only databases of the chain with this genesis hash, newest height first.
	#[arg(long, value_name = "HEX", conflicts_with = "start", value_parser = parse_hash)]
	genesis: Option<Hash>,
	/// Only databases of this kind.
	#[arg(long, requires = "genesis", value_enum)]
	database: Option<Database>,
	/// At most so many.
	#[arg(long, default_value_t = 100)]
	limit: u32,
}

/// A kind of database, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Database {
	/// ParityDB
	Paritydb,
	/// RocksDB
	Rocksdb,
	/// Anything else
	Other,
}

impl From<Database> for DatabaseKind {
	fn from(kind: Database) -> Self {
		match kind {
			Database::Paritydb => Self::ParityDb,
			Database::Rocksdb => Self::RocksDb,
			Database::Other => Self::Other,
		}
	}
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
	/// The snapshot's number.
	snapshot: SnapshotId,
	/// The dataset key, to show what is inside as well.
	#[arg(long, value_name = "FILE")]
	key: Option<PathBuf>,
	/// List every file.
	#[arg(long, requires = "key")]
	files: bool,
	#[command(flatten)]
	account: AccountArgs,
}

pub(super) async fn list(args: ListArgs, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	let snapshots = match args.genesis {
		Some(genesis) => {
			let database = args.database.map(DatabaseKind::from);
			chain.snapshots_of_chain(genesis, database, None, args.limit).await?
		},
		None => chain.snapshots(args.start, args.limit).await?,
	};
	let values: Vec<Value> = snapshots.iter().map(to_json).collect();
	context.print(&json!(values), |out| {
		out.row(&["ID", "NAME", "HEIGHT", "FILES", "STORED", "RESERVATION", "PUBLISHED"]);
		for snapshot in &snapshots {
			out.row(&[
				&snapshot.id.to_string(),
				&String::from_utf8_lossy(&snapshot.name),
				&snapshot.height.to_string(),
				&bytes_text(snapshot.total_bytes),
				&bytes_text(snapshot.stored_bytes),
				&snapshot.reservation.to_string(),
				&format!("block {}", snapshot.published),
			]);
		}
	});
	Ok(())
}

pub(super) async fn show(args: ShowArgs, context: &Context) -> Result<()> {
	let chain = context.connect().await?;
	let snapshot = find(&chain, args.snapshot).await?;
	let (mut manifest, mut sealed) = (None, None);
	if let Some(path) = &args.key {
		let tenant = args.account.optional_tenant_keys()?;
		let key = snapshot_key(path, &snapshot)?;
		let open = open_for_reading(&chain, snapshot.reservation, key, tenant.as_ref()).await?;
		match open.dataset.archive(&snapshot.manifest) {
			// What is inside is known to whoever restores it.
			Some((_, layout)) => sealed = Some(sealed_facts(&chain, &open, layout).await?),
			None => {
				manifest = Some(Manifest::load(open.store().as_ref(), snapshot.manifest).await?);
			},
		}
	}
	let health = chain.snapshot_health(snapshot.id).await?;
	let mut value = to_json(&snapshot);
	if let Some(object) = value.as_object_mut() {
		object.insert("health".to_owned(), json!(health));
	}
	if let (Some(manifest), Some(object)) = (&manifest, value.as_object_mut()) {
		object.insert("contents".to_owned(), contents_json(manifest, args.files));
	}
	if let (Some(sealed), Some(object)) = (&sealed, value.as_object_mut()) {
		object.insert("sealed".to_owned(), sealed.to_json());
	}
	context.print(&value, |out| {
		out.line(format!("snapshot {} '{}'", snapshot.id, String::from_utf8_lossy(&snapshot.name)));
		out.field("published", format!("block {}", snapshot.published));
		out.field("signed by", signer_text(&snapshot));
		if let Some(block) = snapshot.expires {
			out.field("expires", format!("block {block}"));
		}
		out.field("held", held_text(health.as_ref()));
		out.field("reservation", snapshot.reservation.to_string());
		out.field("manifest", format!("0x{}", hex::encode(snapshot.manifest)));
		out.field("genesis", format!("0x{}", hex::encode(snapshot.genesis)));
		out.field("height", snapshot.height.to_string());
		out.field("files", bytes_text(snapshot.total_bytes));
		out.field("stored", bytes_text(snapshot.stored_bytes));
		if let Some(sealed) = &sealed {
			out.field("sealed", sealed.to_text());
		}
		if let Some(manifest) = &manifest {
			let counts = Counts::of(manifest);
			out.field(
				"entries",
				format!("{} files, {} directories", counts.files, counts.directories),
			);
			out.field("chunks", counts.chunks.to_string());
			out.field("trace", if manifest.trace.is_some() { "of a first start" } else { "none" });
			if let Some(parent) = manifest.parent {
				out.field("above", format!("0x{}", hex::encode(parent)));
			}
			if let Some(chain) = &manifest.chain {
				out.field(
					"chain",
					format!("{} ({}, {})", chain.chain_id, chain.database, chain.software),
				);
			}
			if args.files {
				for entry in &manifest.entries {
					out.line(format!("  {}", String::from_utf8_lossy(&entry.path)));
				}
			}
		}
	});
	Ok(())
}

fn signer_text(snapshot: &SnapshotInfo) -> String {
	snapshot.signature.as_ref().map_or_else(|| "nobody".to_owned(), |by| address_of(&by.signer))
}

/// Whether enough shards are proven.
fn held_text(health: Option<&ReservationHealth>) -> String {
	match health {
		Some(health) => format!(
			"{} of {} shards proven, {} needed (margin {})",
			health.proven, health.shards, health.needed, health.margin
		),
		None => "no: its reservation is closed".to_owned(),
	}
}

/// What a manifest holds, counted.
struct Counts {
	files: u64,
	directories: u64,
	chunks: u64,
}

impl Counts {
	fn of(manifest: &Manifest) -> Self {
		let mut counts = Self { files: 0, directories: 0, chunks: 0 };
		for entry in &manifest.entries {
			match &entry.kind {
				EntryKind::File { size, chunk_bytes, .. } => {
					counts.files += 1;
					counts.chunks += size.div_ceil(u64::from(*chunk_bytes));
				},
				EntryKind::Directory => counts.directories += 1,
				EntryKind::Symlink { .. } => {},
			}
		}
		counts
	}
}

fn contents_json(manifest: &Manifest, with_files: bool) -> Value {
	let counts = Counts::of(manifest);
	let files: Vec<String> = if with_files {
		manifest
			.entries
			.iter()
			.map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
			.collect()
	} else {
		Vec::new()
	};
	json!({
		"files": counts.files,
		"directories": counts.directories,
		"chunks": counts.chunks,
		"parent": manifest.parent.map(hex::encode),
		"trace": manifest.trace.map(hex::encode),
		"chain_id": manifest.chain.as_ref().map(|chain| chain.chain_id.clone()),
		"database": manifest.chain.as_ref().map(|chain| chain.database.clone()),
		"software": manifest.chain.as_ref().map(|chain| chain.software.clone()),
		"paths": files,
	})
}

fn to_json(snapshot: &SnapshotInfo) -> Value {
	json!({
		"id": snapshot.id,
		"name": String::from_utf8_lossy(&snapshot.name),
		"publisher": format!("0x{}", hex::encode(snapshot.publisher)),
		"reservation": snapshot.reservation,
		"dataset": format!("0x{}", hex::encode(snapshot.dataset)),
		"manifest": format!("0x{}", hex::encode(snapshot.manifest)),
		"genesis": format!("0x{}", hex::encode(snapshot.genesis)),
		"height": snapshot.height,
		"total_bytes": snapshot.total_bytes,
		"stored_bytes": snapshot.stored_bytes,
		"published": snapshot.published,
		"database": snapshot.database,
		"expires": snapshot.expires,
		"signer": snapshot.signature.as_ref().map(|by| format!("0x{}", hex::encode(by.signer))),
	})
}
