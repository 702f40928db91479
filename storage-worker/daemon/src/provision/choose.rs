//! Which snapshot a node starts from.

use crate::{
	cli::{parse_hash, Context, Failure},
	dataset::{key_of_dataset, open_for_reading},
	snapshot::{find_by_manifest, ReadingArgs},
};
use anyhow::{Context as _, Result};
use granary_chain::ChainClient;
use granary_primitives::{
	snapshot::{DatabaseKind, SnapshotInfo},
	BlockNumber,
};
use granary_snapshot::{ChainInfo, Manifest};
use std::{
	path::{Path, PathBuf},
	sync::Arc,
};

/// Snapshots of the catalogue that are looked at for a name.
const PAGE: u32 = 256;
/// Manifests that are read to find a chain by its id.
const MANIFESTS_MAX: usize = 32;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
	/// Genesis hash, chain id or name of the snapshots (`name`, or `name@height`).
	pub(super) chain: &'a str,
	/// At most this height.
	pub(super) at: Option<BlockNumber>,
	pub(super) database: Option<DatabaseKind>,
	/// The key file.
	pub(super) key: &'a Path,
}

/// A snapshot and what its manifest says of its chain.
#[derive(Debug)]
pub(super) struct Chosen {
	pub(super) info: SnapshotInfo,
	pub(super) chain: ChainInfo,
}

/// `latest`, or a height.
pub(super) fn parse_height(text: Option<&str>) -> Result<Option<BlockNumber>> {
	match text {
		None | Some("latest") => Ok(None),
		Some(height) => {
			let height = height.parse().with_context(|| {
				format!("--at takes a block's number or `latest`, not '{height}'")
			})?;
			Ok(Some(height))
		},
	}
}

/// Where a provisioned node of this chain keeps its state.
pub(super) fn default_state_dir(chain: &str) -> Result<PathBuf> {
	let usual = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
	let name: String = chain.chars().map(|c| if usual(c) { c } else { '-' }).collect();
	Ok(crate::cli::user_state_dir()?.join("nodes").join(name))
}

/// The snapshot that the state directory's layer belongs to or, for a new one, the newest that matches.
pub(super) async fn choose(
	wanted: &Wanted<'_>,
	state_dir: &Path,
	reading: &ReadingArgs,
	context: &Context,
) -> Result<Chosen> {
	let chain = context.connect().await?;
	if let Some(manifest) = granary_mount::snapshot_of(&state_dir.join("thin"))? {
		let info = find_by_manifest(&chain, manifest).await?.with_context(|| {
			format!(
				"the thin layer in {} belongs to a snapshot that is not in the catalogue any more",
				state_dir.display()
			)
		})?;
		context.note(format!("going on with the thin layer in {}", state_dir.display()));
		return with_manifest(&chain, info, wanted, reading).await?.with_context(|| {
			format!("the layer in {} belongs to another dataset key", state_dir.display())
		});
	}
	let mut candidates = match parse_hash(wanted.chain).ok() {
		Some(genesis) => chain.snapshots_of_chain(genesis, wanted.database, None, PAGE).await?,
		None => catalogue(&chain).await?,
	};
	candidates.retain(|info| {
		info.height > 0
			&& wanted.at.is_none_or(|at| info.height <= u64::from(at))
			&& wanted.database.is_none_or(|kind| info.database == kind)
	});
	candidates.sort_by_key(|info| std::cmp::Reverse((info.height, info.id)));
	let mut read = 0;
	for info in candidates {
		let series = info.name.split(|byte| *byte == b'@').next().unwrap_or_default();
		let named = series == wanted.chain.as_bytes() || parse_hash(wanted.chain).is_ok();
		if !named && read >= MANIFESTS_MAX {
			continue;
		}
		read += 1;
		let Some(chosen) = with_manifest(&chain, info, wanted, reading).await? else { continue };
		if named || chosen.chain.chain_id == wanted.chain {
			return Ok(chosen);
		}
	}
	let height = wanted.at.map(|at| format!(" at or below {at}")).unwrap_or_default();
	Err(Failure::not_found(
		format!(
			"no snapshot of chain '{}'{height} that {} opens",
			wanted.chain,
			wanted.key.display()
		),
		"`granary snapshot list` shows what there is; `granary dataset join` fetches a key that was granted to you",
	)
	.into())
}

async fn catalogue(chain: &ChainClient) -> Result<Vec<SnapshotInfo>> {
	let mut all: Vec<SnapshotInfo> = Vec::new();
	loop {
		let start = all.last().map_or(0, |last| last.id + 1);
		let page = chain.snapshots(start, PAGE).await?;
		let last = page.len() < PAGE as usize;
		all.extend(page);
		if last {
			return Ok(all);
		}
	}
}

/// Reads a snapshot's manifest; `None` if the key file has not its key, and for a sealed one, which no node can start from.
async fn with_manifest(
	chain: &Arc<ChainClient>,
	info: SnapshotInfo,
	wanted: &Wanted<'_>,
	reading: &ReadingArgs,
) -> Result<Option<Chosen>> {
	chain.signer_of(&info)?;
	let Some(key) = key_of_dataset(wanted.key, info.dataset)? else { return Ok(None) };
	let tenant = reading.account.optional_tenant_keys()?;
	let data = open_for_reading(chain, info.reservation, key, tenant.as_ref()).await?;
	if data.archive(&info.manifest).is_some() {
		return Ok(None);
	}
	let manifest = Manifest::load(data.store().as_ref(), info.manifest)
		.await
		.with_context(|| format!("reading the manifest of snapshot {}", info.id))?;
	let Some(of_chain) = manifest.chain else { return Ok(None) };
	Ok(Some(Chosen { info, chain: of_chain }))
}
