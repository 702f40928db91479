//! Publishing the directory of a process that runs, with a short pause.
//!
//! Everything is read and stored while the process runs, and each file's inode, length and times are noted. Then the process is stopped for the moment in which
//! files that changed since are cloned, where the filesystem can, or read again, chunk by chunk; what differs is set aside in a spill file and stored when the
//! process goes on. What is shown is the moment of the pause: what a process that was killed then would have left.
//!
//! A page that a memory map has written once may be written again without the file's time changing, until it is written back. So each file is synced
//! before it is read the first time: from then on the first write to any page changes the time.

use crate::{
	create::{now_unix_ms, CreateOptions, Created},
	known::{KnownFiles, CLOCK_GRAIN},
	manifest::{EntryKind, Manifest},
	walk::{file_error, next_chunk, same_content, Found, Walk},
	writer::is_zeros,
	ManifestWriter, ObjectId, ObjectStore, Progress, SnapshotError,
};
use std::{
	collections::HashMap,
	fs::{self, File, Metadata},
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant, SystemTime},
};

/// The process is stopped when the files that changed have no more bytes than this.
const FEW_BYTES: u64 = 64 << 20;
/// After so many rounds it is stopped whatever changed.
const ROUNDS_MAX: usize = 3;

/// What can be stopped for a moment.
pub trait Pausable: Send + Sync {
	/// Stops it; nothing is written any more when this returns.
	fn pause(&self) -> io::Result<()>;
	/// Lets it go on.
	fn resume(&self) -> io::Result<()>;
}

/// What [`create_live`] made, and how long the process stood still.
#[derive(Debug)]
pub struct CreatedLive {
	/// The snapshot.
	pub created: Created,
	/// The pause.
	pub pause: Duration,
	/// Bytes of the files that were looked at during the pause.
	pub paused_bytes: u64,
}

/// What is known of a file.
struct Known {
	metadata: Metadata,
	read: SystemTime,
	ids: Vec<Option<ObjectId>>,
}

/// What a file was at the pause.
enum AtPause {
	/// As it was read before.
	Known,
	/// Cloned here.
	Clone(PathBuf),
	/// These chunks differ, and lie in the spill file.
	Changed(Vec<Spilled>),
}

struct Spilled {
	number: usize,
	offset: u64,
	len: usize,
}

/// Goes on with the process whatever happens.
struct Paused<'a>(&'a dyn Pausable);

impl Drop for Paused<'_> {
	fn drop(&mut self) {
		if let Err(error) = self.0.resume() {
			tracing::error!("the process could not be continued: {error}");
		}
	}
}

/// Stores the tree below `source`, which a running process writes. Clones and what changed are kept in `spill`, an empty directory, best on the same
/// filesystem.
pub async fn create_live<S: ObjectStore + 'static>(
	source: &Path,
	options: CreateOptions,
	store: Arc<S>,
	process: &dyn Pausable,
	spill: &Path,
	progress: &dyn Progress,
) -> Result<CreatedLive, SnapshotError> {
	let mut live = Live {
		options: &options,
		writer: ManifestWriter::new(store.as_ref()),
		store: store.as_ref(),
		known: HashMap::new(),
	};
	progress.set_total(Walk::new(source)?.total_bytes());
	for _ in 0..ROUNDS_MAX {
		if live.read_changed(source, progress).await? <= FEW_BYTES {
			break;
		}
	}
	let spilled = Spill::new(spill)?;
	process.pause().map_err(|source| SnapshotError::Pause { source })?;
	let (walk, states, pause, paused_bytes) = {
		let _paused = Paused(process);
		let began = Instant::now();
		let walk = Walk::new(source)?;
		let (states, bytes) = live.at_pause(&walk, &spilled)?;
		(walk, states, began.elapsed(), bytes)
	};
	let created = live.finish(walk, states, &spilled).await?;
	Ok(CreatedLive { created, pause, paused_bytes })
}

struct Live<'a> {
	options: &'a CreateOptions,
	writer: ManifestWriter<'a>,
	store: &'a dyn ObjectStore,
	known: HashMap<PathBuf, Known>,
}

impl Live<'_> {
	/// Reads and stores files that are not known as they are; answers how many bytes they have.
	async fn read_changed(
		&mut self,
		source: &Path,
		progress: &dyn Progress,
	) -> Result<u64, SnapshotError> {
		let mut bytes = 0;
		for found in Walk::new(source)?.found {
			if !found.metadata.is_file() || self.is_known(&found) {
				continue;
			}
			bytes += found.metadata.len();
			match self.read_file(&found, progress).await {
				Ok(known) => {
					self.known.insert(found.relative, known);
				},
				Err(error) if error.kind() == io::ErrorKind::NotFound => {},
				Err(error) => return Err(file_error(&found.path, error)),
			}
		}
		self.writer.flush().await?;
		Ok(bytes)
	}

	fn is_known(&self, found: &Found) -> bool {
		self.known.get(&found.relative).is_some_and(|known| {
			let settled =
				known.metadata.modified().is_ok_and(|modified| modified + CLOCK_GRAIN < known.read);
			settled && same_content(&known.metadata, &found.metadata)
		})
	}

	async fn read_file(&mut self, found: &Found, progress: &dyn Progress) -> io::Result<Known> {
		let file = File::open(&found.path)?;
		// A filesystem that cannot sync this has no maps to write back either.
		let _ = file.sync_data();
		let (metadata, read) = (file.metadata()?, SystemTime::now());
		let chunk_bytes = self.options.chunking.bytes(&found.relative) as usize;
		let mut ids = Vec::new();
		let mut at = 0;
		// A file that is cut meanwhile is another one at the pause.
		while let Some(chunk) = next_chunk(&file, at, chunk_bytes, metadata.len())? {
			progress.advance(chunk.len() as u64);
			at += chunk.len() as u64;
			ids.push(self.writer.chunk(chunk).await.map_err(io::Error::other)?);
		}
		Ok(Known { metadata, read, ids })
	}

	/// What each file is right now, read only where it changed.
	fn at_pause(&self, walk: &Walk, spill: &Spill) -> Result<(Vec<AtPause>, u64), SnapshotError> {
		let mut states = Vec::with_capacity(walk.found.len());
		let mut bytes = 0;
		for (number, found) in walk.found.iter().enumerate() {
			if !found.metadata.is_file() || self.is_known(found) {
				states.push(AtPause::Known);
				continue;
			}
			bytes += found.metadata.len();
			let state = match spill.clone_file(found, number) {
				Some(path) => AtPause::Clone(path),
				None => {
					self.compare(found, spill).map_err(|source| file_error(&found.path, source))?
				},
			};
			states.push(state);
		}
		Ok((states, bytes))
	}

	/// Sets aside the chunks of a file that are not as they were read before.
	fn compare(&self, found: &Found, spill: &Spill) -> io::Result<AtPause> {
		let chunk_bytes = self.options.chunking.bytes(&found.relative) as usize;
		let known = self.known.get(&found.relative).map(|known| known.ids.as_slice());
		let file = File::open(&found.path)?;
		let (mut changed, mut at, mut number) = (Vec::new(), 0, 0);
		while let Some(chunk) = next_chunk(&file, at, chunk_bytes, found.metadata.len())? {
			let id = (!is_zeros(&chunk)).then(|| self.store.object_id(&chunk));
			if known.and_then(|ids| ids.get(number)) != Some(&id) {
				let offset = spill.append(&chunk)?;
				changed.push(Spilled { number, offset, len: chunk.len() });
			}
			at += chunk.len() as u64;
			number += 1;
		}
		Ok(AtPause::Changed(changed))
	}

	/// Stores what was set aside, and the manifest.
	async fn finish(
		mut self,
		walk: Walk,
		states: Vec<AtPause>,
		spill: &Spill,
	) -> Result<Created, SnapshotError> {
		let mut entries = Vec::with_capacity(walk.found.len());
		for (found, state) in walk.found.iter().zip(states) {
			let kind = match found.kind_unless_file()? {
				Some(kind) => kind,
				None => self.file(found, state, spill).await?,
			};
			entries.push(found.entry(kind));
		}
		let manifest = Manifest {
			name: self.options.name.clone(),
			created_unix_ms: now_unix_ms(),
			parent: None,
			trace: None,
			chain: self.options.chain.clone(),
			entries,
		};
		let (manifest_id, written) = self.writer.finish(&manifest).await?;
		let total_bytes = manifest.total_bytes();
		Ok(Created {
			manifest_id,
			total_bytes,
			written,
			excluded: walk.excluded,
			manifest,
			// The process goes on writing them.
			known: KnownFiles::default(),
			unread_bytes: 0,
		})
	}

	async fn file(
		&mut self,
		found: &Found,
		state: AtPause,
		spill: &Spill,
	) -> Result<EntryKind, SnapshotError> {
		let failed = |source| file_error(&found.path, source);
		let size = found.metadata.len();
		let chunk_bytes = self.options.chunking.bytes(&found.relative);
		let mut ids = self.known.remove(&found.relative).map_or_else(Vec::new, |known| known.ids);
		ids.resize(size.div_ceil(u64::from(chunk_bytes)) as usize, None);
		match state {
			AtPause::Known => {},
			AtPause::Clone(path) => {
				let file = File::open(&path).map_err(failed)?;
				let mut at = 0;
				for slot in &mut ids {
					let chunk = next_chunk(&file, at, chunk_bytes as usize, size);
					let chunk = chunk.map_err(failed)?.unwrap_or_default();
					at += chunk.len() as u64;
					*slot = self.writer.chunk(chunk).await?;
				}
				fs::remove_file(&path).map_err(failed)?;
			},
			AtPause::Changed(changed) => {
				for Spilled { number, offset, len } in changed {
					let chunk = spill.read(offset, len).map_err(failed)?;
					if let Some(slot) = ids.get_mut(number) {
						*slot = self.writer.chunk(chunk).await?;
					}
				}
			},
		}
		Ok(EntryKind::File { size, chunk_bytes, chunks: self.writer.table(ids).await? })
	}
}

/// Where things are set aside during the pause.
struct Spill {
	dir: PathBuf,
	file: File,
	end: parking_lot::Mutex<u64>,
}

impl Spill {
	fn new(dir: &Path) -> Result<Self, SnapshotError> {
		let path = dir.join("changed");
		let mut options = File::options();
		let file = options.read(true).write(true).create_new(true).open(&path);
		let file = file.map_err(|source| file_error(&path, source))?;
		Ok(Self { dir: dir.to_owned(), file, end: parking_lot::Mutex::new(0) })
	}

	/// A clone of the file, if the filesystem makes one.
	fn clone_file(&self, found: &Found, number: usize) -> Option<PathBuf> {
		let path = self.dir.join(format!("clone-{number}"));
		let (from, to) = (File::open(&found.path).ok()?, File::create(&path).ok()?);
		match rustix::fs::ioctl_ficlone(&to, &from) {
			Ok(()) => Some(path),
			Err(_) => {
				let _ = fs::remove_file(&path);
				None
			},
		}
	}

	fn append(&self, bytes: &[u8]) -> io::Result<u64> {
		let mut end = self.end.lock();
		let offset = *end;
		self.file.write_all_at(bytes, offset)?;
		*end += bytes.len() as u64;
		Ok(offset)
	}

	fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
		let mut bytes = vec![0; len];
		self.file.read_exact_at(&mut bytes, offset)?;
		Ok(bytes)
	}
}
