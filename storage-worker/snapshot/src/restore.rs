//! Writing a snapshot out, and checking that it can be read.

use crate::{
	manifest::{Entry, EntryKind},
	writer::is_zeros,
	Manifest, ObjectId, ObjectStore, Progress, Reader, SnapshotError,
};
use futures::StreamExt;
use std::{
	collections::BTreeMap,
	ffi::OsStr,
	fs::{self, File, FileTimes, Permissions},
	io,
	os::unix::{
		ffi::OsStrExt,
		fs::{symlink, FileExt, PermissionsExt},
	},
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, UNIX_EPOCH},
};

/// Bytes read at once when a file is written out.
const COPY_BYTES: usize = 1 << 20;
/// Bytes of chunks that are read at once for verification.
const VERIFYING_BYTES: u64 = 16 << 20;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
	/// Distinct chunks that were read.
	pub chunks: u64,
	/// Their bytes.
	pub bytes: u64,
	/// Chunks that cannot be read.
	pub damaged: Vec<ObjectId>,
}

/// Reads every chunk from the store, past any cache, and checks that it is the one that its id names.
pub async fn verify(
	store: Arc<dyn ObjectStore>,
	manifest: Arc<Manifest>,
	progress: &dyn Progress,
) -> Result<VerifyReport, SnapshotError> {
	let mut ids = BTreeMap::new();
	for (number, entry) in manifest.entries.iter().enumerate() {
		if let EntryKind::File { chunk_bytes, .. } = &entry.kind {
			let chunks = manifest.chunk_ids(store.as_ref(), number).await?;
			ids.extend(chunks.into_iter().flatten().map(|id| (id, u64::from(*chunk_bytes))));
		}
	}
	progress.set_total(ids.values().sum());
	let mut report = VerifyReport::default();
	let mut left: Vec<(ObjectId, u64)> = ids.into_iter().collect();
	while !left.is_empty() {
		let mut bytes = 0;
		let fits = left.iter().take_while(|(_, len)| {
			bytes += len;
			bytes <= VERIFYING_BYTES
		});
		let some: BTreeMap<ObjectId, u64> = left.drain(..fits.count().max(1)).collect();
		let mut read = store.get_many(some.keys().copied().collect());
		while let Some((id, read)) = read.next().await {
			report.chunks += 1;
			progress.advance(some.get(&id).copied().unwrap_or_default());
			match read {
				Ok(chunk) if store.is_object(&id, &chunk) => report.bytes += chunk.len() as u64,
				_ => report.damaged.push(id),
			}
		}
	}
	Ok(report)
}

/// Writes the tree into `target`, which must not exist or be empty. Nothing appears under that name before all of it is written.
pub fn materialise(
	reader: &Reader,
	target: &Path,
	progress: &dyn Progress,
) -> Result<(), SnapshotError> {
	let failed = |path: &Path| {
		let path = path.to_owned();
		move |source: io::Error| SnapshotError::File { path, source }
	};
	if let Ok(mut listed) = fs::read_dir(target) {
		if listed.next().is_some() {
			return Err(SnapshotError::TargetNotEmpty { path: target.to_owned() });
		}
		fs::remove_dir(target).map_err(failed(target))?;
	}
	progress.set_total(reader.manifest().total_bytes());
	let unfinished = unfinished_name(target)?;
	let written = write_tree(reader, &unfinished, progress);
	if let Err(error) = written {
		// Half of a tree is of no use; the first error says why.
		let _ = fs::remove_dir_all(&unfinished);
		return Err(error);
	}
	fs::rename(&unfinished, target).map_err(failed(target))
}

fn unfinished_name(target: &Path) -> Result<PathBuf, SnapshotError> {
	let name = target.file_name().ok_or_else(|| SnapshotError::BadPath {
		path: target.to_owned(),
		reason: "the target has no name",
	})?;
	let mut unfinished = name.to_owned();
	unfinished.push(format!(".unfinished-{}", std::process::id()));
	Ok(target.with_file_name(unfinished))
}

fn write_tree(reader: &Reader, root: &Path, progress: &dyn Progress) -> Result<(), SnapshotError> {
	let entries = &reader.manifest().entries;
	for (number, entry) in entries.iter().enumerate() {
		let path = path_of(root, entry);
		let failed = |source| SnapshotError::File { path: path.clone(), source };
		match &entry.kind {
			EntryKind::Directory => fs::create_dir(&path).map_err(failed)?,
			EntryKind::Symlink { target } => {
				symlink(OsStr::from_bytes(target), &path).map_err(failed)?;
			},
			EntryKind::File { size, chunk_bytes, .. } => {
				let block = *chunk_bytes as usize;
				write_file(reader, number, (*size, block), &path, progress)?;
			},
		}
	}
	// Attributes last, deepest first: writing into a directory changes its time.
	for entry in entries.iter().rev() {
		let path = path_of(root, entry);
		if !matches!(entry.kind, EntryKind::Symlink { .. }) {
			set_attributes(&path, entry)
				.map_err(|source| SnapshotError::File { path: path.clone(), source })?;
		}
	}
	Ok(())
}

fn path_of(root: &Path, entry: &Entry) -> PathBuf {
	if entry.path.is_empty() {
		root.to_owned()
	} else {
		root.join(OsStr::from_bytes(&entry.path))
	}
}

fn write_file(
	reader: &Reader,
	number: usize,
	(size, chunk_bytes): (u64, usize),
	path: &Path,
	progress: &dyn Progress,
) -> Result<(), SnapshotError> {
	let failed = |source| SnapshotError::File { path: path.to_owned(), source };
	let file = File::create_new(path).map_err(failed)?;
	file.set_len(size).map_err(failed)?;
	let mut buffer = vec![0; COPY_BYTES];
	let mut at = 0;
	while at < size {
		let read = reader.read_at(number, at, &mut buffer)?;
		let (piece, _) = buffer.split_at(read);
		for (chunk, offset) in piece.chunks(chunk_bytes).zip((at..).step_by(chunk_bytes)) {
			// What is zero stays a hole.
			if !is_zeros(chunk) {
				file.write_all_at(chunk, offset).map_err(failed)?;
			}
		}
		at += read as u64;
		progress.advance(read as u64);
	}
	file.sync_data().map_err(failed)
}

fn set_attributes(path: &Path, entry: &Entry) -> io::Result<()> {
	let file = File::open(path)?;
	let seconds = entry.mtime_ns.div_euclid(1_000_000_000);
	let nanos = entry.mtime_ns.rem_euclid(1_000_000_000) as u32;
	if let Ok(seconds) = u64::try_from(seconds) {
		let modified = UNIX_EPOCH + Duration::new(seconds, nanos);
		file.set_times(FileTimes::new().set_modified(modified))?;
	}
	fs::set_permissions(path, Permissions::from_mode(entry.mode))
}
