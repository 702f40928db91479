//! Publishing a directory.

use crate::{
	known::KnownFiles,
	manifest::{is_chunk_size, ChainInfo, EntryKind, Manifest},
	walk::{file_error, next_chunk, same_content, Found, Walk},
	writer::{is_zeros, BATCH_BYTES},
	Chunking, ManifestWriter, ObjectId, ObjectStore, Progress, SnapshotError, Written,
};
use std::{
	fs::{self, File},
	io,
	path::{Path, PathBuf},
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// How a snapshot is made.
#[derive(Clone, Debug)]
pub struct CreateOptions {
	/// Its name.
	pub name: String,
	/// Sizes of chunks.
	pub chunking: Chunking,
	/// The chain, for a node's database.
	pub chain: Option<ChainInfo>,
	/// What an earlier publish of this tree found out: files that are as they were then are not read again. The store must still have what that publish
	/// stored.
	pub known: KnownFiles,
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
	/// What was stored.
	pub written: Written,
	/// What was left out, relative to the root.
	pub excluded: Vec<PathBuf>,
	/// What the next publish of this tree may know.
	pub known: KnownFiles,
	/// Bytes of the files that were not read, because they were known.
	pub unread_bytes: u64,
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
	if let Chunking::Fixed(bytes) = options.chunking {
		if !is_chunk_size(bytes) {
			return Err(SnapshotError::BadChunkSize { bytes });
		}
	}
	let mut publish = Publish {
		store: store.clone(),
		writer: ManifestWriter::new(store.as_ref()),
		began: SystemTime::now(),
		earlier: &options.known,
		known: KnownFiles::default(),
		unread_bytes: 0,
	};
	let walk = Walk::new(source)?;
	progress.set_total(walk.total_bytes());
	let mut entries = Vec::with_capacity(walk.found.len());
	for found in &walk.found {
		let kind = match found.kind_unless_file()? {
			Some(kind) => kind,
			None => {
				let chunk_bytes = options.chunking.bytes(&found.relative);
				publish.file(found, chunk_bytes, progress).await?
			},
		};
		entries.push(found.entry(kind));
	}
	let Publish { mut writer, known, unread_bytes, .. } = publish;
	writer.flush().await?;
	// A file may have changed after it was read, while others were: then what was read never was the tree at one moment.
	walk.unchanged()?;
	let manifest = Manifest {
		name: options.name,
		created_unix_ms: now_unix_ms(),
		parent: None,
		trace: None,
		chain: options.chain,
		entries,
	};
	let (manifest_id, written) = writer.finish(&manifest).await?;
	let total_bytes = manifest.total_bytes();
	let excluded = walk.excluded;
	Ok(Created { manifest_id, total_bytes, written, excluded, manifest, known, unread_bytes })
}

/// Now, in milliseconds since 1970.
pub fn now_unix_ms() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// A publish that is under way.
struct Publish<'p> {
	store: Arc<dyn ObjectStore>,
	writer: ManifestWriter<'p>,
	/// When the tree was looked at.
	began: SystemTime,
	earlier: &'p KnownFiles,
	known: KnownFiles,
	unread_bytes: u64,
}

impl Publish<'_> {
	/// Stores a file, unless an earlier publish stored it as it is.
	async fn file(
		&mut self,
		found: &Found,
		chunk_bytes: u32,
		progress: &dyn Progress,
	) -> Result<EntryKind, SnapshotError> {
		let size = found.metadata.len();
		if let Some(known) = self.earlier.get(found, chunk_bytes) {
			progress.advance(size);
			self.unread_bytes += size;
			self.writer.count(known.counts);
			let chunks = known.chunks.clone();
			self.known.keep(found, known.clone());
			return Ok(EntryKind::File { size, chunk_bytes, chunks });
		}
		let failed = |source| file_error(&found.path, source);
		let file = File::open(&found.path).map_err(failed)?;
		// What a memory map wrote before shall not be written again without the times changing. A filesystem that cannot sync has no such maps.
		let _ = file.sync_data();
		let mut ahead = Ahead::begin(file, size, chunk_bytes, self.store.clone());
		let mut ids = Vec::new();
		while let Some((id, chunk)) = ahead.chunks.recv().await {
			progress.advance(chunk.len() as u64);
			ids.push(id);
			self.writer.named_chunk(id, chunk).await?;
		}
		let at = ahead.end().await.map_err(failed)?;
		let after = fs::symlink_metadata(&found.path).map_err(failed)?;
		if at < size || !same_content(&found.metadata, &after) {
			return Err(SnapshotError::Changed { path: found.path.clone() });
		}
		let holes = ids.iter().filter(|id| id.is_none()).count() as u64;
		let counts = (ids.len() as u64 - holes, holes);
		let chunks = self.writer.table(ids).await?;
		self.known.note(found, self.began, chunk_bytes, chunks.clone(), counts);
		Ok(EntryKind::File { size, chunk_bytes, chunks })
	}
}

/// A file that is read, and whose chunks are named, while those before them are stored: at most a batch of them is ahead.
struct Ahead {
	chunks: mpsc::Receiver<(Option<ObjectId>, Vec<u8>)>,
	reading: JoinHandle<io::Result<u64>>,
}

impl Ahead {
	fn begin(file: File, size: u64, chunk_bytes: u32, store: Arc<dyn ObjectStore>) -> Self {
		let chunk_bytes = chunk_bytes as usize;
		let (sender, chunks) = mpsc::channel((BATCH_BYTES / chunk_bytes).max(1));
		let reading = tokio::task::spawn_blocking(move || {
			let mut at = 0;
			while let Some(chunk) = next_chunk(&file, at, chunk_bytes, size)? {
				at += chunk.len() as u64;
				let id = (!is_zeros(&chunk)).then(|| store.object_id(&chunk));
				if sender.blocking_send((id, chunk)).is_err() {
					// Storing has failed, and says so.
					break;
				}
			}
			Ok(at)
		});
		Self { chunks, reading }
	}

	/// How much of the file there was.
	async fn end(self) -> io::Result<u64> {
		self.reading.await.map_err(io::Error::other)?
	}
}
