//! Publishing a directory.

use crate::{
	exclusion::is_excluded,
	manifest::{is_chunk_size, ChainInfo, Entry, EntryKind, Manifest},
	ObjectId, ObjectStore, Progress, SnapshotError,
};
use std::{
	fs::{self, File, Metadata},
	io::{self, Read},
	os::unix::{ffi::OsStrExt, fs::MetadataExt},
	path::{Path, PathBuf},
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

/// Bytes of chunks that are handed to the store at once.
const BATCH_BYTES: usize = 16 << 20;

/// How a snapshot is made.
#[derive(Clone, Debug)]
pub struct CreateOptions {
	/// Its name.
	pub name: String,
	/// Bytes of a chunk.
	pub chunk_bytes: u32,
	/// The chain, for a node's database.
	pub chain: Option<ChainInfo>,
}

/// What [`create`] made.
#[derive(Clone, Debug)]
pub struct Created {
	/// Id of the manifest's head object.
	pub manifest_id: ObjectId,
	/// The manifest.
	pub manifest: Manifest,
	/// Bytes of all files.
	pub total_bytes: u64,
	/// Bytes newly stored over all nodes.
	pub stored_bytes: u64,
	/// Chunks that hold data.
	pub chunks: u64,
	/// Chunks of zeros, which are not stored.
	pub holes: u64,
	/// What was left out, relative to the root.
	pub excluded: Vec<PathBuf>,
}

/// Stores the tree below `source` and its manifest.
///
/// Fails if the tree changes while it is read. Keystores, network keys, locks, sockets and devices are left out.
pub async fn create<S: ObjectStore + 'static>(
	source: &Path,
	options: CreateOptions,
	store: Arc<S>,
	progress: &dyn Progress,
) -> Result<Created, SnapshotError> {
	if !is_chunk_size(options.chunk_bytes) {
		return Err(SnapshotError::BadChunkSize { bytes: options.chunk_bytes });
	}
	let mut walk = Walk { root: source.to_owned(), found: Vec::new(), excluded: Vec::new() };
	walk.directory(source)?;
	walk.found
		.sort_by(|a, b| a.relative.as_os_str().as_bytes().cmp(b.relative.as_os_str().as_bytes()));
	progress.set_total(
		walk.found
			.iter()
			.filter(|found| found.metadata.is_file())
			.map(|found| found.metadata.len())
			.sum(),
	);

	let mut writer = Writer {
		store: store.as_ref(),
		batch: Vec::new(),
		batch_bytes: 0,
		stored: 0,
		chunks: 0,
		holes: 0,
	};
	let mut entries = Vec::with_capacity(walk.found.len());
	for found in &walk.found {
		let kind = match found.metadata.file_type() {
			kind if kind.is_dir() => EntryKind::Directory,
			kind if kind.is_symlink() => {
				let target =
					fs::read_link(&found.path).map_err(|source| file_error(&found.path, source))?;
				EntryKind::Symlink { target: target.as_os_str().as_bytes().to_vec() }
			},
			_ => writer.file(found, options.chunk_bytes, progress).await?,
		};
		entries.push(entry(found, kind));
	}
	writer.flush().await?;
	// A file may have changed after it was read, while others were: then what was read never was the tree at one moment.
	walk.unchanged()?;
	let manifest = Manifest {
		name: options.name,
		created_unix_ms: SystemTime::now()
			.duration_since(UNIX_EPOCH)
			.map_or(0, |since| since.as_millis() as u64),
		chunk_bytes: options.chunk_bytes,
		chain: options.chain,
		entries,
	};
	let (manifest_id, manifest_bytes) = manifest.store(store.as_ref()).await?;
	Ok(Created {
		manifest_id,
		total_bytes: manifest.total_bytes(),
		stored_bytes: writer.stored + manifest_bytes,
		chunks: writer.chunks,
		holes: writer.holes,
		excluded: walk.excluded,
		manifest,
	})
}

fn file_error(path: &Path, source: io::Error) -> SnapshotError {
	SnapshotError::File { path: path.to_owned(), source }
}

fn entry(found: &Found, kind: EntryKind) -> Entry {
	Entry {
		path: found.relative.as_os_str().as_bytes().to_vec(),
		kind,
		mode: found.metadata.mode() & 0o7777,
		uid: found.metadata.uid(),
		gid: found.metadata.gid(),
		mtime_ns: found.metadata.mtime().saturating_mul(1_000_000_000)
			+ found.metadata.mtime_nsec(),
	}
}

/// Something on disk that is to be stored.
struct Found {
	path: PathBuf,
	relative: PathBuf,
	metadata: Metadata,
}

/// Collects a tree, symbolic links as they are.
struct Walk {
	root: PathBuf,
	found: Vec<Found>,
	excluded: Vec<PathBuf>,
}

impl Walk {
	fn directory(&mut self, path: &Path) -> Result<(), SnapshotError> {
		let mut stack = vec![path.to_owned()];
		while let Some(path) = stack.pop() {
			let relative = path.strip_prefix(&self.root).unwrap_or(&path).to_owned();
			if is_excluded(&relative) {
				self.excluded.push(relative);
				continue;
			}
			let metadata =
				fs::symlink_metadata(&path).map_err(|source| file_error(&path, source))?;
			let kind = metadata.file_type();
			if !(kind.is_dir() || kind.is_file() || kind.is_symlink()) {
				// Sockets, pipes and devices mean nothing outside their machine.
				self.excluded.push(relative);
				continue;
			}
			if kind.is_dir() {
				let listed = fs::read_dir(&path).map_err(|source| file_error(&path, source))?;
				for entry in listed {
					stack.push(entry.map_err(|source| file_error(&path, source))?.path());
				}
			}
			self.found.push(Found { path, relative, metadata });
		}
		Ok(())
	}

	/// Whether everything is as it was when it was found. Names that came or went show in their directory.
	fn unchanged(&self) -> Result<(), SnapshotError> {
		for found in &self.found {
			let changed = || SnapshotError::Changed { path: found.path.clone() };
			let after = fs::symlink_metadata(&found.path).map_err(|error| match error.kind() {
				io::ErrorKind::NotFound => changed(),
				_ => file_error(&found.path, error),
			})?;
			if !same_content(&found.metadata, &after) {
				return Err(changed());
			}
		}
		Ok(())
	}
}

/// Hands chunks to the store in batches.
struct Writer<'a> {
	store: &'a dyn ObjectStore,
	batch: Vec<Vec<u8>>,
	batch_bytes: usize,
	stored: u64,
	chunks: u64,
	holes: u64,
}

impl Writer<'_> {
	async fn file(
		&mut self,
		found: &Found,
		chunk_bytes: u32,
		progress: &dyn Progress,
	) -> Result<EntryKind, SnapshotError> {
		let failed = |source| file_error(&found.path, source);
		let size = found.metadata.len();
		let mut file = File::open(&found.path).map_err(failed)?;
		let mut chunks = Vec::new();
		let mut left = size;
		while left > 0 {
			let want = left.min(u64::from(chunk_bytes)) as usize;
			let mut chunk = vec![0; want];
			file.read_exact(&mut chunk).map_err(|error| match error.kind() {
				io::ErrorKind::UnexpectedEof => SnapshotError::Changed { path: found.path.clone() },
				_ => failed(error),
			})?;
			left -= want as u64;
			progress.advance(want as u64);
			if chunk.iter().all(|byte| *byte == 0) {
				self.holes += 1;
				chunks.push(None);
				continue;
			}
			self.chunks += 1;
			chunks.push(Some(self.store.object_id(&chunk)));
			self.batch_bytes += chunk.len();
			self.batch.push(chunk);
			if self.batch_bytes >= BATCH_BYTES {
				self.flush().await?;
			}
		}
		let after = fs::symlink_metadata(&found.path).map_err(failed)?;
		if !same_content(&found.metadata, &after) {
			return Err(SnapshotError::Changed { path: found.path.clone() });
		}
		Ok(EntryKind::File { size, chunks })
	}

	async fn flush(&mut self) -> Result<(), SnapshotError> {
		self.batch_bytes = 0;
		self.stored += self.store.put_many(std::mem::take(&mut self.batch)).await?;
		Ok(())
	}
}

fn same_content(before: &Metadata, after: &Metadata) -> bool {
	let key = |metadata: &Metadata| {
		(
			metadata.ino(),
			metadata.len(),
			metadata.mtime(),
			metadata.mtime_nsec(),
			metadata.ctime(),
			metadata.ctime_nsec(),
		)
	};
	key(before) == key(after)
}
