//! `granary snapshot list` and `show`.

use super::find;
use crate::{
	cli::{bytes_text, AccountArgs, Context},
	dataset::open_for_reading,
};
use anyhow::Result;
use clap::Args;
use granary_dispersal::DatasetKey;
use granary_primitives::{snapshot::SnapshotInfo, SnapshotId};
use granary_snapshot::{EntryKind, Manifest};
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
	/// The first number to look at.
	#[arg(long, default_value_t = 0)]
	start: SnapshotId,
	/// At most so many.
	#[arg(long, default_value_t = 100)]
	limit: u32,
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
	let snapshots = chain.snapshots(args.start, args.limit).await?;
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
	let manifest = match &args.key {
		Some(path) => {
			let tenant = args.account.optional_tenant_keys()?;
			let key = DatasetKey::load(path)?;
			let open = open_for_reading(&chain, snapshot.reservation, key, tenant.as_ref()).await?;
			Some(Manifest::load(open.store().as_ref(), snapshot.manifest).await?)
		},
		None => None,
	};
	let mut value = to_json(&snapshot);
	if let (Some(manifest), Some(object)) = (&manifest, value.as_object_mut()) {
		object.insert("contents".to_owned(), contents_json(manifest, args.files));
	}
	context.print(&value, |out| {
		out.line(format!("snapshot {} '{}'", snapshot.id, String::from_utf8_lossy(&snapshot.name)));
		out.field("published", format!("block {}", snapshot.published));
		out.field("reservation", snapshot.reservation.to_string());
		out.field("manifest", format!("0x{}", hex::encode(snapshot.manifest)));
		out.field("genesis", format!("0x{}", hex::encode(snapshot.genesis)));
		out.field("height", snapshot.height.to_string());
		out.field("files", bytes_text(snapshot.total_bytes));
		out.field("stored", bytes_text(snapshot.stored_bytes));
		if let Some(manifest) = &manifest {
			let counts = Counts::of(manifest);
			out.field(
				"entries",
				format!("{} files, {} directories", counts.files, counts.directories),
			);
			out.field(
				"chunks",
				format!(
					"{} of {} bytes, {} holes",
					counts.chunks, manifest.chunk_bytes, counts.holes
				),
			);
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

/// What a manifest holds, counted.
struct Counts {
	files: u64,
	directories: u64,
	chunks: u64,
	holes: u64,
}

impl Counts {
	fn of(manifest: &Manifest) -> Self {
		let mut counts = Self { files: 0, directories: 0, chunks: 0, holes: 0 };
		for entry in &manifest.entries {
			match &entry.kind {
				EntryKind::File { chunks, .. } => {
					counts.files += 1;
					let present = chunks.iter().flatten().count() as u64;
					counts.chunks += present;
					counts.holes += chunks.len() as u64 - present;
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
		"holes": counts.holes,
		"chunk_bytes": manifest.chunk_bytes,
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
	})
}
