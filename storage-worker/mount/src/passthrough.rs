//! Files whose bytes the kernel reads and writes in the layer itself, without a request (FUSE passthrough, Linux 6.9).
//!
//! These are databases' logs. A log is written in small pieces, each of which would be a request that the database waits for. A log of the snapshot will be
//! read from front to back, so it is copied up when it is opened for writing. Other files are not passed: nobody tells the layer what is written in such a file, so a
//! commit reads it again while everything stands still, and what is passed cannot be given back before it is closed.
//!
//! While a file is open it is passed or it is not, since the kernel does not mix both, and everybody has it open with the same *backing number*. The kernel goes on
//! with it when the process that serves the mount has ended. For the next process `passed/<ino>` in the layer's directory notes the number and how often the file
//! is open: at least so often, since it is noted before an opening is answered and after a closing is. Where the mount has ended with its process, whoever had a
//! log open may write to it still, without seeing any error: the next mount puts a copy in its place, which nobody has.

use crate::{
	descriptor::close_backing,
	generation::{failed, sync_file},
	layer::{Answer, Layer},
	node::Kind,
	stats::add,
	thin::{data_path, unfinished_path, ThinFile},
	MountError,
};
use fuser::{BackingId, Errno};
use parking_lot::Mutex;
use std::{
	fs::{self, File},
	io,
	os::fd::{AsFd, OwnedFd},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, OnceLock,
	},
};

/// A longer log of the snapshot is not copied up.
const COPIED_BYTES_MAX: u64 = 256 << 20;

/// Where it is noted, in the layer's directory.
const NOTES: &str = "passed";

/// What the kernel is asked for and what it has.
#[derive(Debug)]
pub(crate) struct Passthrough {
	notes: PathBuf,
	/// The connection to the kernel, once there is one.
	fuse: OnceLock<OwnedFd>,
	/// Nothing more is passed: the kernel passes nothing, or it is not wanted.
	refused: AtomicBool,
	/// Held while a log is opened or closed, so that the first who opens it decides for all.
	changing: Mutex<()>,
}

impl Passthrough {
	pub(crate) fn new(layer_dir: &Path) -> Self {
		Self {
			notes: layer_dir.join(NOTES),
			fuse: OnceLock::new(),
			refused: AtomicBool::new(false),
			changing: Mutex::new(()),
		}
	}

	/// From here on the kernel can be asked.
	pub(crate) fn connect(&self, fuse: OwnedFd) {
		let _ = self.fuse.set(fuse);
	}

	/// From here on nothing more is passed. What is, stays so until it is closed.
	pub(crate) fn refuse(&self) {
		self.refused.store(true, Ordering::Relaxed);
	}

	/// The number under which the kernel knows a file from here on; `None` if it passes none.
	fn register(&self, data: &File) -> Option<u32> {
		let fuse = self.fuse.get().filter(|_| !self.refused.load(Ordering::Relaxed))?;
		BackingId::create_raw(fuse, data)
			.inspect_err(|error| {
				// An older kernel, no privilege, or a layer on a filesystem that is stacked itself.
				self.refuse();
				tracing::info!("the kernel does not write logs itself: {error}");
			})
			.ok()
	}

	fn close(&self, backing: u32) {
		if let Some(Err(error)) = self.fuse.get().map(|fuse| close_backing(fuse.as_fd(), backing)) {
			tracing::warn!("the kernel does not close what it has passed: {error}");
		}
	}

	fn note_path(&self, ino: u64) -> PathBuf {
		self.notes.join(format!("{ino:016x}"))
	}

	/// Notes that a file is open so often.
	fn note(&self, ino: u64, backing: u32, opened: u64) -> io::Result<()> {
		fs::create_dir_all(&self.notes)?;
		let mut bytes = backing.to_le_bytes().to_vec();
		bytes.extend_from_slice(&opened.to_le_bytes());
		fs::write(self.note_path(ino), bytes)
	}

	/// What an earlier process noted: inode, number, how often it is open.
	fn notes(&self) -> io::Result<Vec<(u64, u32, u64)>> {
		let mut notes = Vec::new();
		for name in names(&self.notes)? {
			let ino = u64::from_str_radix(&name, 16).ok();
			let bytes = fs::read(self.notes.join(name))?;
			let numbers = bytes.split_first_chunk::<4>().and_then(|(backing, opened)| {
				Some((u32::from_le_bytes(*backing), u64::from_le_bytes(opened.try_into().ok()?)))
			});
			// A torn note was not answered yet.
			notes.extend(ino.zip(numbers).map(|(ino, (backing, opened))| (ino, backing, opened)));
		}
		Ok(notes)
	}
}

/// Puts copies in the place of files that the kernel may still write for those who had them open on a mount that has ended.
pub(crate) fn fence(layer_dir: &Path, files_dir: &Path) -> Result<(), MountError> {
	let notes = layer_dir.join(NOTES);
	for name in names(&notes).map_err(failed(&notes))? {
		let Ok(ino) = u64::from_str_radix(&name, 16) else { continue };
		let (data, copy) = (data_path(files_dir, ino), unfinished_path(files_dir, ino));
		match fs::metadata(&data) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
			found => {
				let modified = found.and_then(|found| found.modified()).map_err(failed(&data))?;
				fs::copy(&data, &copy).map_err(failed(&copy))?;
				let times = fs::FileTimes::new().set_modified(modified);
				let opened = File::options().write(true).open(&copy);
				let kept = opened.and_then(|copy| copy.set_times(times).and(copy.sync_all()));
				kept.map_err(failed(&copy))?;
				fs::rename(&copy, &data).map_err(failed(&data))?;
			},
		}
	}
	sync_file(files_dir)?;
	match fs::remove_dir_all(&notes) {
		Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&notes)(error)),
		_ => Ok(()),
	}
}

/// The names in a directory, which may be missing.
fn names(directory: &Path) -> io::Result<Vec<String>> {
	match fs::read_dir(directory) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
		listed => {
			listed?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
		},
	}
}

impl Layer {
	/// Takes over from the process before which files the kernel reads and writes itself.
	pub(crate) fn take_over_passed(&self) -> Result<(), MountError> {
		let passthrough = &self.passthrough;
		let mut tree = self.tree.write();
		for (ino, backing, opened) in passthrough.notes().map_err(failed(&passthrough.notes))? {
			let Some(node) = tree.get_mut(ino) else { continue };
			if let Kind::File { thin: Some(thin), .. } = &node.kind {
				thin.begin_passing(backing);
				node.opened = opened;
			}
		}
		Ok(())
	}

	/// The kernel opens a file. Answers its number if the kernel is to read and write it itself.
	pub(crate) fn open_file(&self, ino: u64, writing: bool) -> Answer<Option<u32>> {
		let is_log = self.tree.read().get(ino).ok_or(Errno::ENOENT)?.is_log;
		let _changing = is_log.then(|| self.passthrough.changing.lock());
		let opened = {
			let mut tree = self.tree.write();
			let node = tree.get_mut(ino).ok_or(Errno::ENOENT)?;
			node.opened += 1;
			node.opened
		};
		if !is_log || self.read_only {
			return Ok(None);
		}
		let backing = match opened {
			1 => self.pass(ino, writing).unwrap_or_else(|error| {
				tracing::warn!(ino, "the kernel does not write this log itself: {error:?}");
				None
			}),
			_ => self.written(ino).and_then(|content| content.backing()),
		};
		let Some(backing) = backing else { return Ok(None) };
		match self.passthrough.note(ino, backing, opened) {
			Err(error) if opened == 1 => {
				tracing::warn!(ino, "noting that the kernel writes a log itself: {error}");
				self.end_passing(ino, backing);
				Ok(None)
			},
			// All have it open in the same way, noted or not.
			_ => Ok(Some(backing)),
		}
	}

	/// Nobody has a log open any more that the kernel read and wrote itself.
	fn end_passing(&self, ino: u64, backing: u32) {
		let ended = self.written(ino).map(|content| content.end_passing());
		if let Some(Err(error)) = ended {
			// Then it counts as being written for longer than it is.
			tracing::warn!(ino, "looking at what was written to a log: {error}");
		}
		// The note first: the number may be another file's afterwards.
		let _ = fs::remove_file(self.passthrough.note_path(ino));
		self.passthrough.close(backing);
	}

	/// Whether the kernel reads and writes a file itself.
	pub(crate) fn is_passed(&self, ino: u64) -> bool {
		self.written(ino).is_some_and(|content| content.backing().is_some())
	}

	/// What the layer holds of a file.
	fn written(&self, ino: u64) -> Option<Arc<ThinFile>> {
		match &self.tree.read().get(ino)?.kind {
			Kind::File { thin, .. } => thin.clone(),
			_ => None,
		}
	}

	/// Lets the kernel read and write a log itself, which nobody has open yet.
	fn pass(&self, ino: u64, writing: bool) -> Answer<Option<u32>> {
		let passthrough = &self.passthrough;
		if passthrough.fuse.get().is_none() || passthrough.refused.load(Ordering::Relaxed) {
			return Ok(None);
		}
		let lies_below = match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { below, .. }) => below.is_some(),
			_ => return Ok(None),
		};
		if lies_below && (!writing || self.attributes(ino)?.size > COPIED_BYTES_MAX) {
			return Ok(None);
		}
		let content = self.content(ino)?;
		let handles = content.handles(&content.state.read())?;
		// First, since nothing is copied up for a kernel that passes nothing.
		let Some(backing) = passthrough.register(&handles.data) else { return Ok(None) };
		if lies_below {
			self.detach(ino, &content).inspect_err(|_| passthrough.close(backing))?;
		}
		let _open = self.gate.read();
		content.begin_passing(backing);
		add(&self.counters.passed_logs, 1);
		Ok(Some(backing))
	}

	/// The kernel closed a file, and was answered.
	pub(crate) fn close_file(&self, ino: u64) {
		let is_log = self.tree.read().get(ino).is_some_and(|node| node.is_log);
		let _changing = is_log.then(|| self.passthrough.changing.lock());
		let content = self.written(ino);
		let opened = self.tree.write().get_mut(ino).map_or(0, |node| {
			node.opened = node.opened.saturating_sub(1);
			node.opened
		});
		if let Some(content) = content {
			match (opened, content.backing()) {
				(0, Some(backing)) => self.end_passing(ino, backing),
				(_, Some(backing)) => {
					let _ = self.passthrough.note(ino, backing, opened);
				},
				_ => {},
			}
			if opened == 0 {
				content.put_away();
			}
		}
		self.tree.write().drop_unused(ino);
		// What could not be synced is tried again with the next one.
		let _ = self.bury();
	}
}
