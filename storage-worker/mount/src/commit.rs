//! Publishing a layer as a child of the snapshot below it, while it is in use.
//!
//! First all chunks that the layer changed are stored, then those that were changed meanwhile, until few are left. Then the gate is closed for
//! the moment in which those few are read and the tree is noted: that is the *point* which the new snapshot shows. It equals what a power failure at
//! that moment would have left: all that was synced, and what reached the layer since.

use crate::{
	bitmap::Bitmap,
	blocks::{pieces, read_below, read_owned, Below, Since, State, BLOCK_BYTES},
	layer::Layer,
	node::{Kind, Node},
	thin::ThinFile,
	MountError,
};
use granary_snapshot::{
	exclusion::is_excluded, now_unix_ms, ChainInfo, ChunkTable, Chunking, Entry, EntryKind,
	Manifest, ManifestWriter, ObjectId, ObjectStore, Progress, Reader, Written,
};
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	ffi::OsStr,
	io,
	os::unix::ffi::OsStrExt,
	path::Path,
	sync::{atomic::Ordering, Arc},
	time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// The gate is closed when no more than this is left to read.
const POINT_BYTES: u64 = 16 << 20;
/// After so many rounds it is closed whatever is left.
const ROUNDS_MAX: usize = 6;

/// How a layer is published.
#[derive(Clone, Debug)]
pub struct CommitOptions {
	/// The snapshot's name.
	pub name: String,
	/// Id of the manifest below.
	pub parent: ObjectId,
	/// The chain, for a node's database.
	pub chain: Option<ChainInfo>,
}

/// A layer that is published. What it shows may be dropped from the layer with [`Committed::release`].
#[derive(Debug)]
pub struct Committed {
	pub(crate) layer: Arc<Layer>,
	/// Id of the manifest's head.
	pub manifest_id: ObjectId,
	/// The manifest.
	pub manifest: Arc<Manifest>,
	/// What was stored.
	pub written: Written,
	/// Bytes of blocks that the layer held.
	pub changed_bytes: u64,
	/// For how long the filesystem was held up.
	pub pause: Duration,
	/// The entry and the length of each inode at the point.
	pub(crate) entries: HashMap<u64, (usize, u64)>,
}

impl Drop for Committed {
	fn drop(&mut self) {
		self.layer.stop_tracking();
	}
}

/// What is known of a file so far.
#[derive(Debug, Default)]
struct Work {
	chunk_bytes: u64,
	ids: BTreeMap<u64, Option<ObjectId>>,
}

/// A chunk as it was at the point: what the layer owned of it. The rest lies below, where nothing changes.
struct Captured {
	number: u64,
	len: usize,
	owned: Vec<(usize, Vec<u8>)>,
	below: Option<Below>,
	limit: u64,
}

/// Something with a path, at the point.
struct AtPoint {
	entry: Entry,
	ino: u64,
	file: Option<FileAtPoint>,
}

struct FileAtPoint {
	below: Option<usize>,
	size: u64,
	in_layer: bool,
	captured: Vec<Captured>,
}

impl Layer {
	/// Stores what the layer changed, and a manifest that shows it above its parent. Blocks.
	pub fn commit(
		self: &Arc<Self>,
		store: Arc<dyn ObjectStore>,
		runtime: &Handle,
		options: CommitOptions,
		progress: &dyn Progress,
	) -> Result<Committed, MountError> {
		let lower = self.tree.read().lower.clone();
		let parent = lower.snapshot().ok_or(MountError::NotASnapshot)?;
		if self.tracking.swap(true, Ordering::SeqCst) {
			return Err(MountError::Committing);
		}
		let began = Tracking(self);
		let changed_bytes = self.start_tracking();
		progress.set_total(changed_bytes);
		let mut commit = Commit {
			layer: self,
			parent,
			runtime,
			writer: ManifestWriter::new(store.as_ref()),
			work: HashMap::new(),
		};
		for round in 0..ROUNDS_MAX {
			if commit.store_changes(round == 0, progress)? <= POINT_BYTES && round > 0 {
				break;
			}
		}
		let (points, pause) = commit.point()?;
		let mut entries: Vec<Entry> = Vec::new();
		let mut by_ino: HashMap<u64, (usize, u64)> = HashMap::new();
		for (number, at_point) in points.into_iter().enumerate() {
			let AtPoint { mut entry, ino, file } = at_point;
			let other_name = by_ino.get(&ino).and_then(|(number, _)| entries.get(*number));
			if let Some(other_name) = other_name {
				entry.kind = other_name.kind.clone();
			} else if let Some(file) = file {
				by_ino.insert(ino, (number, file.size));
				entry.kind = commit.file(ino, &entry.path, file)?;
			}
			entries.push(entry);
		}
		let trace = parent.manifest().trace;
		let manifest = Manifest {
			name: options.name,
			created_unix_ms: now_unix_ms(),
			parent: Some(options.parent),
			trace,
			chain: options.chain,
			entries,
		};
		let (manifest_id, written) = runtime.block_on(commit.writer.finish(&manifest))?;
		std::mem::forget(began);
		Ok(Committed {
			layer: self.clone(),
			manifest_id,
			manifest: Arc::new(manifest),
			written,
			changed_bytes,
			pause,
			entries: by_ino,
		})
	}

	/// Watches all contents from now on, and answers how many bytes the layer holds.
	fn start_tracking(&self) -> u64 {
		let _closed = self.gate.write();
		let mut bytes = 0;
		for (_, thin) in self.tree.read().contents() {
			let size = thin.size();
			let mut state = thin.state.write();
			state.since = Some(Since::default());
			bytes += match state.below {
				Some(_) => state.owned.count() * BLOCK_BYTES,
				None => size,
			};
		}
		bytes
	}

	pub(crate) fn stop_tracking(&self) {
		let _closed = self.gate.write();
		for (_, thin) in self.tree.read().contents() {
			thin.state.write().since = None;
		}
		self.tracking.store(false, Ordering::SeqCst);
	}
}

/// Ends the tracking of a commit that failed.
struct Tracking<'a>(&'a Layer);

impl Drop for Tracking<'_> {
	fn drop(&mut self) {
		self.0.stop_tracking();
	}
}

/// A commit under way.
struct Commit<'a> {
	layer: &'a Layer,
	parent: &'a Reader,
	runtime: &'a Handle,
	writer: ManifestWriter<'a>,
	work: HashMap<u64, Work>,
}

impl Commit<'_> {
	/// Stores the chunks that the layer changed, or those that changed since the last round; answers how many bytes they are.
	fn store_changes(&mut self, all: bool, progress: &dyn Progress) -> Result<u64, MountError> {
		let files: Vec<(Vec<u8>, u64, Arc<ThinFile>)> = {
			let tree = self.layer.tree.read();
			let stored = tree.paths().into_iter().filter(|(path, _)| !excluded(path));
			stored
				.filter_map(|(path, ino)| match &tree.get(ino)?.kind {
					Kind::File { thin: Some(thin), .. } => Some((path, ino, thin.clone())),
					_ => None,
				})
				.collect()
		};
		let mut bytes = 0;
		for (path, ino, thin) in files {
			thin.settle().map_err(reading(&path))?;
			let (chunk_bytes, numbers) = {
				let mut state = thin.state.write();
				let chunk_bytes = self.chunk_bytes(ino, &path, state.below.as_ref());
				let numbers = match all {
					true => self.touched(&state, chunk_bytes),
					false => take_changed(&mut state, chunk_bytes),
				};
				(chunk_bytes, numbers)
			};
			for number in numbers {
				let mut chunk = vec![0; chunk_bytes as usize];
				let read = thin.read_at(&self.layer.counters, number * chunk_bytes, &mut chunk);
				chunk.truncate(read.map_err(reading(&path))?);
				if chunk.is_empty() {
					// The file was cut meanwhile; the next round sees it.
					continue;
				}
				let len = chunk.len() as u64;
				progress.advance(len);
				let id = self.runtime.block_on(self.writer.chunk(chunk))?;
				let before = self.work.entry(ino).or_default().ids.insert(number, id);
				// Of a file that the kernel writes itself all counts as changed if anything was.
				bytes += if before == Some(id) { 0 } else { len };
			}
			self.work.entry(ino).or_default().chunk_bytes = chunk_bytes;
		}
		self.runtime.block_on(self.writer.flush())?;
		Ok(bytes)
	}

	/// Bytes of a file's chunks: as its parent has them, else by what it is for.
	fn chunk_bytes(&self, ino: u64, path: &[u8], below: Option<&Below>) -> u64 {
		if let Some(work) = self.work.get(&ino).filter(|work| work.chunk_bytes > 0) {
			return work.chunk_bytes;
		}
		let of_parent = below.and_then(|below| self.parent.manifest().entries.get(below.entry));
		match of_parent.map(|entry| &entry.kind) {
			Some(EntryKind::File { chunk_bytes, .. }) => u64::from(*chunk_bytes),
			_ => u64::from(Chunking::ByUse.bytes(Path::new(OsStr::from_bytes(path)))),
		}
	}

	/// Chunks of a file that may not be as its parent has them.
	fn touched(&self, state: &State, chunk_bytes: u64) -> BTreeSet<u64> {
		let count = state.size.div_ceil(chunk_bytes);
		let Some(below) = &state.below else { return (0..count).collect() };
		let mut touched = chunks_of(&state.owned, chunk_bytes);
		let before = match self.parent.manifest().entries.get(below.entry).map(|entry| &entry.kind)
		{
			Some(EntryKind::File { size, .. }) => *size,
			_ => 0,
		};
		if before != state.size || below.limit < state.size {
			let first = before.min(state.size).min(below.limit) / chunk_bytes;
			touched.extend(first..count);
		}
		touched.retain(|number| *number < count);
		touched
	}

	/// Closes the gate and notes how everything is.
	fn point(&mut self) -> Result<(Vec<AtPoint>, Duration), MountError> {
		let _closed = self.layer.gate.write();
		let began = Instant::now();
		let tree = self.layer.tree.read();
		let mut points = Vec::new();
		for (path, ino) in tree.paths() {
			let Some(node) = tree.get(ino).filter(|_| !excluded(&path)) else { continue };
			let (kind, file) = match &node.kind {
				Kind::Directory { .. } => (EntryKind::Directory, None),
				Kind::Symlink(target) => (EntryKind::Symlink { target: target.clone() }, None),
				Kind::File { below, size, thin } => {
					let nothing = ChunkTable::Inline(Vec::new());
					let kind = EntryKind::File { size: 0, chunk_bytes: 4096, chunks: nothing };
					let file = match thin {
						Some(thin) => self.capture(ino, &path, thin).map_err(reading(&path))?,
						None => FileAtPoint {
							below: below.as_ref().map(|below| below.entry),
							size: *size,
							in_layer: false,
							captured: Vec::new(),
						},
					};
					(kind, Some(file))
				},
			};
			points.push(AtPoint { entry: entry_of(path, node, kind), ino, file });
		}
		// What is not stored is not watched either; everything else is watched from here on.
		for (_, thin) in tree.contents() {
			thin.state.write().since = Some(Since::default());
		}
		Ok((points, began.elapsed()))
	}

	fn capture(&self, ino: u64, path: &[u8], thin: &ThinFile) -> io::Result<FileAtPoint> {
		let mut state = thin.state.write();
		thin.catch_up(&mut state)?;
		let chunk_bytes = self.chunk_bytes(ino, path, state.below.as_ref());
		let numbers = take_changed(&mut state, chunk_bytes);
		let handles = thin.handles(&state)?;
		let mut captured = Vec::new();
		for number in numbers {
			let (start, end) = (number * chunk_bytes, ((number + 1) * chunk_bytes).min(state.size));
			let mut owned = Vec::new();
			let mut at = start;
			for (is_owned, len) in pieces(&state, start, (end - start) as usize) {
				if is_owned {
					let mut bytes = vec![0; len];
					read_owned(&handles.data, at, &mut bytes)?;
					owned.push(((at - start) as usize, bytes));
				}
				at += len as u64;
			}
			captured.push(Captured {
				number,
				len: (end - start) as usize,
				owned,
				below: state.below.clone(),
				limit: state.limit(),
			});
		}
		Ok(FileAtPoint {
			below: state.below.as_ref().map(|below| below.entry),
			size: state.size,
			in_layer: true,
			captured,
		})
	}

	/// Stores what was captured of a file and answers its entry.
	fn file(&mut self, ino: u64, path: &[u8], file: FileAtPoint) -> Result<EntryKind, MountError> {
		let entries = &self.parent.manifest().entries;
		let of_parent = file.below.and_then(|entry| entries.get(entry));
		if let (false, Some(entry)) = (file.in_layer, of_parent) {
			return Ok(entry.kind.clone());
		}
		let below = file.captured.first().and_then(|captured| captured.below.clone());
		let chunk_bytes = self.chunk_bytes(ino, path, below.as_ref());
		for captured in file.captured {
			let number = captured.number;
			let chunk = self.complete(captured, number * chunk_bytes).map_err(reading(path))?;
			let id = self.runtime.block_on(self.writer.chunk(chunk))?;
			self.work.entry(ino).or_default().ids.insert(number, id);
		}
		let count = file.size.div_ceil(chunk_bytes);
		let mut ids = self.work.remove(&ino).unwrap_or_default().ids;
		ids.retain(|number, _| *number < count);
		match file.below {
			Some(entry) => Ok(self.runtime.block_on(self.parent.patch(
				&mut self.writer,
				entry,
				file.size,
				&ids,
			))?),
			None => {
				let ids = (0..count).map(|number| ids.get(&number).copied().flatten()).collect();
				let chunks = self.runtime.block_on(self.writer.table(ids))?;
				let chunk_bytes = chunk_bytes as u32;
				Ok(EntryKind::File { size: file.size, chunk_bytes, chunks })
			},
		}
	}

	fn complete(&self, captured: Captured, start: u64) -> io::Result<Vec<u8>> {
		let mut chunk = vec![0; captured.len];
		let owned: usize = captured.owned.iter().map(|(_, bytes)| bytes.len()).sum();
		if owned < captured.len {
			let below = captured.below.as_ref();
			read_below(&self.layer.counters, below, captured.limit, start, &mut chunk)?;
		}
		for (at, bytes) in captured.owned {
			if let Some(place) = chunk.get_mut(at..at + bytes.len()) {
				place.copy_from_slice(&bytes);
			}
		}
		Ok(chunk)
	}
}

fn entry_of(path: Vec<u8>, node: &Node, kind: EntryKind) -> Entry {
	Entry { path, kind, mode: node.mode, uid: node.uid, gid: node.gid, mtime_ns: node.mtime_ns() }
}

fn excluded(path: &[u8]) -> bool {
	is_excluded(Path::new(OsStr::from_bytes(path)))
}

fn chunks_of(blocks: &Bitmap, chunk_bytes: u64) -> BTreeSet<u64> {
	blocks.blocks().map(|block| block * BLOCK_BYTES / chunk_bytes).collect()
}

/// The chunks that changed since this was asked last.
fn take_changed(state: &mut State, chunk_bytes: u64) -> BTreeSet<u64> {
	let since = state.since.replace(Since::default()).unwrap_or_default();
	let count = state.size.div_ceil(chunk_bytes);
	let mut changed = chunks_of(&since.blocks, chunk_bytes);
	if since.cut < u64::MAX {
		changed.extend(since.cut / chunk_bytes..count);
	}
	changed.retain(|number| *number < count);
	changed
}

fn reading(path: &[u8]) -> impl Fn(io::Error) -> MountError + '_ {
	move |source| MountError::File { path: Path::new(OsStr::from_bytes(path)).to_owned(), source }
}
