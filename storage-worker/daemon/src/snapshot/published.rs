//! What the last publish of a directory found out, so that the next one reads only what has changed.
//!
//! It names objects of a snapshot, and the nodes have these as long as the catalogue has that snapshot. That is looked at twice: when the dataset is held, and
//! once more when the new snapshot is final. A snapshot that is in the catalogue then was in it all the time, so whoever releases objects has
//! seen one of the two.

use super::create::CreateArgs;
use crate::cli::{user_state_dir, Context};
use anyhow::{bail, Context as _, Result};
use codec::{Decode, DecodeAll, Encode};
use granary_chain::{Call, ChainClient};
use granary_primitives::{DatasetId, SnapshotId};
use granary_snapshot::{Created, KnownFiles};
use std::{fs, os::unix::ffi::OsStrExt, path::PathBuf};

/// Bytes of the name under which a directory's file is kept.
const NAME_BYTES: usize = 16;

/// The file's content.
#[derive(Encode, Decode)]
struct Kept {
	snapshot: SnapshotId,
	files: Vec<u8>,
}

/// The last publish of a directory into a dataset.
pub(super) struct Published {
	path: PathBuf,
	/// The snapshot whose objects are used again.
	used: Option<SnapshotId>,
}

impl Published {
	/// Finds what is known of the directory. What cannot be used any more is told, and everything is read.
	pub(super) async fn find(
		args: &CreateArgs,
		chain: &ChainClient,
		dataset: DatasetId,
		context: &Context,
	) -> Result<(Self, KnownFiles)> {
		let directory = args.path.canonicalize()?;
		let name = [
			chain.genesis_hash().as_slice(),
			&args.reservation.to_le_bytes(),
			&dataset,
			directory.as_os_str().as_bytes(),
		]
		.concat();
		let name = blake2b_simd::Params::new().hash_length(NAME_BYTES).hash(&name);
		let path = user_state_dir()?.join("published").join(name.to_hex().as_str());
		let mut published = Self { path, used: None };
		let bytes = match fs::read(&published.path) {
			Ok(bytes) if args.uses_known_files() => bytes,
			_ => return Ok((published, KnownFiles::default())),
		};
		match published.read(&bytes, args, chain, dataset).await? {
			Ok(known) => Ok((published, known)),
			Err(reason) => {
				context.note(format!("{reason}: all files are read again"));
				Ok((published, KnownFiles::default()))
			},
		}
	}

	async fn read(
		&mut self,
		bytes: &[u8],
		args: &CreateArgs,
		chain: &ChainClient,
		dataset: DatasetId,
	) -> Result<std::result::Result<KnownFiles, String>> {
		let Ok(kept) = Kept::decode_all(&mut &*bytes) else {
			return Ok(Err(format!("{} is damaged", self.path.display())));
		};
		let snapshot = chain.snapshot(kept.snapshot).await?;
		let is_there = snapshot
			.is_some_and(|one| (one.reservation, one.dataset) == (args.reservation, dataset));
		if !is_there {
			return Ok(Err(format!("snapshot {} of this directory is retired", kept.snapshot)));
		}
		self.used = Some(kept.snapshot);
		Ok(KnownFiles::from_bytes(&kept.files).map_err(|error| error.to_string()))
	}

	/// The new snapshot is final: if it uses objects of the earlier one, that must still be in the catalogue. Otherwise the new one is taken back.
	pub(super) async fn check(
		&self,
		chain: &ChainClient,
		tenant: &granary_chain::Signer,
		id: SnapshotId,
		created: &Created,
	) -> Result<()> {
		let Some(used) = self.used.filter(|_| created.unread_bytes > 0) else { return Ok(()) };
		if chain.snapshot(used).await?.is_some() {
			return Ok(());
		}
		chain
			.submit_and_finalise(tenant, &Call::retire_snapshot(id))
			.await
			.with_context(|| format!("taking snapshot {id} back, whose parts may be gone"))?;
		bail!(
			"snapshot {used}, whose parts the new one shares, was retired meanwhile; publish again"
		)
	}

	/// Keeps what this publish found out.
	pub(super) fn keep(&self, id: SnapshotId, known: &KnownFiles) -> Result<()> {
		let content = Kept { snapshot: id, files: known.to_bytes() }.encode();
		let next = self.path.with_extension("next");
		let dir = self.path.parent().unwrap_or(&self.path);
		fs::create_dir_all(dir)
			.and_then(|()| fs::write(&next, content))
			.and_then(|()| fs::rename(&next, &self.path))
			.with_context(|| format!("writing {}", self.path.display()))
	}
}
