//! A layer's directory.
//!
//! ```text
//! DIR/lock                  locked by the process that uses the layer
//! DIR/version               of these formats: 3
//! DIR/current               the name of the generation, replaced by renaming
//! DIR/gen-<n>/snapshot      the manifest that lies below, in hex
//! DIR/gen-<n>/journal       changes of the tree
//! DIR/gen-<n>/log           small writes that were synced and are not yet durable in their files
//! DIR/gen-<n>/boot          the kernel's boot in which the live maps were written
//! DIR/gen-<n>/<ino>.map     blocks that the layer owns, durably
//! DIR/gen-<n>/<ino>.live    blocks that it owns, as long as the machine runs
//! DIR/files/<ino>.data      their bytes
//! DIR/passed/<ino>          a file that the kernel reads and writes itself, as long as the mount lives
//! ```
//!
//! A generation belongs to one snapshot. When the layer was committed, the next generation is written beside it, without the blocks that the new snapshot
//! holds, and becomes current in one step; only then is their space given back.

use crate::{
	journal::{Journal, Record},
	recovery::{recover, Since},
	sync_log::SyncLog,
	thin::Places,
	MountError,
};
use std::{
	fs::{self, File},
	io,
	path::{Path, PathBuf},
	thread,
	time::{Duration, Instant},
};

/// How long a layer's lock is waited for: a process that is just being started holds copies of all descriptors until it
/// runs, also of a mount that has ended meanwhile, and one that is killed has closed its connections before its lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
/// The version of a layer's formats.
const VERSION: &str = "3";
/// The one before, which had all of this but files of the snapshot that the layer has cut loose from it.
const VERSION_BEFORE: &str = "2";
/// Says which boot of the machine this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Pause between two attempts.
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// A layer's directory and what was found in it.
#[derive(Debug)]
pub(crate) struct OpenedDir {
	pub(crate) dir: LayerDir,
	pub(crate) journal: Journal,
	/// What the journal says.
	pub(crate) records: Vec<Record>,
	/// Empty.
	pub(crate) log: SyncLog,
}

/// The open directory of a layer.
#[derive(Debug)]
pub(crate) struct LayerDir {
	dir: PathBuf,
	/// The generation in use.
	number: u64,
	_lock: File,
}

impl LayerDir {
	/// Opens a layer's directory, made if missing, for this snapshot.
	pub(crate) fn open(dir: &Path, snapshot_id: &[u8; 32]) -> Result<OpenedDir, MountError> {
		let files = dir.join("files");
		fs::create_dir_all(&files).map_err(failed(&files))?;
		let lock = lock(dir)?;
		check_version(dir)?;
		let number = match current(dir)? {
			Some(number) => number,
			None => {
				Self::begin(dir, 0, snapshot_id)?;
				switch(dir, 0)?;
				0
			},
		};
		let layer = Self { dir: dir.to_owned(), number, _lock: lock };
		let snapshot = layer.generation().join("snapshot");
		let known = fs::read_to_string(&snapshot).map_err(failed(&snapshot))?;
		if known != hex(snapshot_id) {
			return Err(MountError::OtherSnapshot { path: dir.to_owned(), snapshot: known });
		}
		layer.remove_others();
		let generation = layer.generation();
		let boot = boot_id()?;
		let since = match fs::read_to_string(generation.join("boot")) {
			Ok(then) if then == boot => Since::ProcessEnded,
			_ => Since::MachineRestarted,
		};
		let log = recover(Places { files_dir: &files, map_dir: &generation }, since)?;
		if since == Since::MachineRestarted {
			// Only now: a crash before has to be followed by the same again.
			note_boot(&generation)?;
		}
		let (journal, records) = Journal::open(&generation.join("journal"))?;
		Ok(OpenedDir { dir: layer, journal, records, log })
	}

	/// The directory of the generation in use.
	pub(crate) fn generation(&self) -> PathBuf {
		self.dir.join(format!("gen-{}", self.number))
	}

	pub(crate) fn files(&self) -> PathBuf {
		self.dir.join("files")
	}

	/// Makes the next generation's directory, empty, for this snapshot.
	pub(crate) fn prepare_next(&self, snapshot_id: &[u8; 32]) -> Result<PathBuf, MountError> {
		Self::begin(&self.dir, self.number + 1, snapshot_id)
	}

	/// Makes the next generation the one in use. Everything in it is durable.
	pub(crate) fn switch_to_next(&mut self) -> Result<(), MountError> {
		switch(&self.dir, self.number + 1)?;
		self.number += 1;
		note_boot(&self.generation())?;
		self.remove_others();
		Ok(())
	}

	fn begin(dir: &Path, number: u64, snapshot_id: &[u8; 32]) -> Result<PathBuf, MountError> {
		let generation = dir.join(format!("gen-{number}"));
		// One that was begun by a process that died.
		match fs::remove_dir_all(&generation) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => {
				return Err(failed(&generation)(error))
			},
			_ => {},
		}
		fs::create_dir(&generation).map_err(failed(&generation))?;
		let snapshot = generation.join("snapshot");
		fs::write(&snapshot, hex(snapshot_id)).map_err(failed(&snapshot))?;
		sync_file(&snapshot)?;
		sync_file(&generation)?;
		Ok(generation)
	}

	/// Removes what earlier generations left; what cannot be removed is only waste.
	fn remove_others(&self) {
		let own = format!("gen-{}", self.number);
		for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
			let name = entry.file_name();
			let name = name.to_string_lossy();
			if name.starts_with("gen-") && name != own {
				let _ = fs::remove_dir_all(entry.path());
			}
		}
	}
}

fn boot_id() -> Result<String, MountError> {
	fs::read_to_string(BOOT_ID).map_err(failed(Path::new(BOOT_ID)))
}

/// Notes in which boot of the machine the live maps are written from now on.
fn note_boot(generation: &Path) -> Result<(), MountError> {
	let path = generation.join("boot");
	fs::write(&path, boot_id()?).map_err(failed(&path))?;
	sync_file(&path)?;
	sync_file(generation)
}

/// Refuses a layer of a later version; one without a version is of the first, which had no log of synced writes and otherwise the same files.
fn check_version(dir: &Path) -> Result<(), MountError> {
	let path = dir.join("version");
	match fs::read_to_string(&path) {
		Ok(text) if text == VERSION => return Ok(()),
		Ok(text) if text.is_empty() || text == VERSION_BEFORE => {},
		Ok(text) => {
			let reason = format!(
				"it has the format version {}, this program knows {VERSION}; use the program that wrote it, or another directory",
				text.trim_end()
			);
			return Err(MountError::ThinLayer { path: dir.to_owned(), reason });
		},
		Err(error) if error.kind() == io::ErrorKind::NotFound => {},
		Err(error) => return Err(failed(&path)(error)),
	}
	fs::write(&path, VERSION).map_err(failed(&path))?;
	sync_file(&path)?;
	sync_file(dir)
}

/// The snapshot that a layer's directory belongs to, if there is a layer.
pub fn snapshot_of(dir: &Path) -> Result<Option<[u8; 32]>, MountError> {
	let Some(number) = current(dir)? else { return Ok(None) };
	let path = dir.join(format!("gen-{number}")).join("snapshot");
	let text = fs::read_to_string(&path).map_err(failed(&path))?;
	let digits = |at: usize| text.get(2 * at..2 * at + 2);
	let mut id = [0; 32];
	for (at, byte) in id.iter_mut().enumerate() {
		let parsed = digits(at).and_then(|digits| u8::from_str_radix(digits, 16).ok());
		*byte = parsed.ok_or_else(|| damaged(&path))?;
	}
	Ok(Some(id))
}

fn current(dir: &Path) -> Result<Option<u64>, MountError> {
	let path = dir.join("current");
	match fs::read_to_string(&path) {
		Ok(text) => text.trim_end().parse().map(Some).map_err(|_| damaged(&path)),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(failed(&path)(error)),
	}
}

fn damaged(path: &Path) -> MountError {
	failed(path)(io::Error::new(io::ErrorKind::InvalidData, "it is damaged"))
}

fn switch(dir: &Path, number: u64) -> Result<(), MountError> {
	let (path, next) = (dir.join("current"), dir.join("current.next"));
	fs::write(&next, number.to_string()).map_err(failed(&next))?;
	sync_file(&next)?;
	fs::rename(&next, &path).map_err(failed(&path))?;
	sync_file(dir)
}

/// Makes a file or a directory durable.
pub(crate) fn sync_file(path: &Path) -> Result<(), MountError> {
	File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}

pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> MountError {
	let path = path.to_owned();
	move |source| MountError::File { path: path.clone(), source }
}

fn hex(id: &[u8; 32]) -> String {
	id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Locks the layer against a second mount.
fn lock(dir: &Path) -> Result<File, MountError> {
	let path = dir.join("lock");
	let mut options = File::options();
	let lock = options.read(true).write(true).create(true).truncate(false).open(&path);
	let lock = lock.map_err(failed(&path))?;
	let patience = Instant::now() + LOCK_PATIENCE;
	loop {
		match lock.try_lock() {
			Ok(()) => return Ok(lock),
			Err(fs::TryLockError::WouldBlock) if Instant::now() < patience => {
				thread::sleep(LOCK_RETRY);
			},
			Err(fs::TryLockError::WouldBlock) => {
				return Err(MountError::ThinLayer {
					path: dir.to_owned(),
					reason: "another mount uses it; unmount that one or name another directory"
						.to_owned(),
				});
			},
			Err(fs::TryLockError::Error(source)) => return Err(failed(&path)(source)),
		}
	}
}
