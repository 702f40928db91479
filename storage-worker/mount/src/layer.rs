//! The filesystem's operations, free of FUSE's types; those on names are in `names`, those on content in `content`.
//!
//! A change is checked, put into the journal, applied to the tree, then acknowledged; the tree's lock is held over the three. Content is read and written
//! under the file's own lock, so that a slow read of one file holds nothing else up. Whatever changes something passes the *gate*, which a commit
//! closes for the moment in which it notes how everything is. Locks are taken in this order: emptying of the log, gate, syncs of a file, tree, journal or file.

use crate::{
	generation::{LayerDir, OpenedDir},
	journal::{Journal, Record},
	node::{Kind, Node},
	passthrough::{self, Passthrough},
	stats::Counters,
	sync_log::SyncLog,
	tree::{Tree, Users},
	Lower, MountError, MountStats,
};
use fuser::Errno;
use parking_lot::{Mutex, RwLock};
use std::{
	collections::HashMap,
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicU64},
		Arc,
	},
};

/// The longest name.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// What an operation answers.
pub(crate) type Answer<T> = Result<T, Errno>;

/// A journal this much longer than the records of its tree is written anew when the layer is opened.
const JOURNAL_SLACK_BYTES: u64 = 8 << 20;

/// A snapshot with its layer.
#[derive(Debug)]
pub struct Layer {
	pub(crate) gate: RwLock<()>,
	pub(crate) tree: RwLock<Tree>,
	pub(crate) journal: Mutex<Journal>,
	pub(crate) dir: Mutex<LayerDir>,
	pub(crate) log: RwLock<Arc<SyncLog>>,
	pub(crate) counters: Arc<Counters>,
	/// A commit wants to know what changes.
	pub(crate) tracking: AtomicBool,
	pub(crate) read_only: bool,
	/// Listings of open directories, as they were when these were opened.
	pub(crate) listings: Mutex<HashMap<u64, Arc<Vec<Listed>>>>,
	pub(crate) next_listing: AtomicU64,
	pub(crate) passthrough: Passthrough,
}

/// An entry of a listing.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
	pub(crate) ino: u64,
	pub(crate) name: Vec<u8>,
	pub(crate) kind: fuser::FileType,
}

/// What a rename does where the new name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rename {
	/// Replaces it.
	Replace,
	/// Fails.
	NoReplace,
	/// Changes places with it.
	Exchange,
}

/// What a new entry gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
	pub(crate) mode: u32,
	pub(crate) uid: u32,
	pub(crate) gid: u32,
}

/// Attributes to change; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
	pub(crate) mode: Option<u32>,
	pub(crate) uid: Option<u32>,
	pub(crate) gid: Option<u32>,
	pub(crate) size: Option<u64>,
	pub(crate) mtime_ns: Option<i64>,
}

/// An inode's attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes {
	pub(crate) ino: u64,
	pub(crate) kind: fuser::FileType,
	pub(crate) nlink: u32,
	pub(crate) size: u64,
	pub(crate) blocks: u64,
	pub(crate) mode: u32,
	pub(crate) uid: u32,
	pub(crate) gid: u32,
	pub(crate) mtime_ns: i64,
}

/// The first number of what is opened: later processes on the same mount must not use those of earlier ones.
pub(crate) fn first_handle() -> u64 {
	crate::node::now_ns().unsigned_abs()
}

pub(crate) fn file_type(node: &Node) -> fuser::FileType {
	match node.kind {
		Kind::Directory { .. } => fuser::FileType::Directory,
		Kind::File { .. } => fuser::FileType::RegularFile,
		Kind::Symlink(_) => fuser::FileType::Symlink,
	}
}

impl Layer {
	/// Opens the layer in `dir`, made if missing, above a snapshot.
	pub fn open(
		lower: Arc<dyn Lower>,
		dir: &Path,
		snapshot_id: &[u8; 32],
		read_only: bool,
	) -> Result<Self, MountError> {
		Self::open_for(lower, dir, snapshot_id, read_only, Users::None)
	}

	/// The same for a mount that may be in use already.
	pub(crate) fn open_for(
		lower: Arc<dyn Lower>,
		dir: &Path,
		snapshot_id: &[u8; 32],
		read_only: bool,
		users: Users,
	) -> Result<Self, MountError> {
		let OpenedDir { dir: layer_dir, journal, records, log } = LayerDir::open(dir, snapshot_id)?;
		let places = (layer_dir.files(), layer_dir.generation());
		if users == Users::None {
			passthrough::fence(dir, &places.0)?;
		}
		let tree = Tree::build(lower, &records, (&places.0, &places.1), users)?;
		let layer = Self {
			gate: RwLock::default(),
			tree: RwLock::new(tree),
			journal: Mutex::new(journal),
			dir: Mutex::new(layer_dir),
			log: RwLock::new(Arc::new(log)),
			counters: Arc::default(),
			tracking: AtomicBool::new(false),
			read_only,
			listings: Mutex::default(),
			next_listing: AtomicU64::new(first_handle()),
			passthrough: Passthrough::new(dir),
		};
		layer.take_over_passed()?;
		layer.compact(snapshot_id)?;
		Ok(layer)
	}

	/// Writes the journal anew if most of it is history.
	fn compact(&self, snapshot_id: &[u8; 32]) -> Result<(), MountError> {
		let log = self.log();
		let held = log.hold();
		let mut tree = self.tree.write();
		let needed: usize = tree.records().iter().map(codec::Encode::encoded_size).sum();
		if self.journal.lock().len() > JOURNAL_SLACK_BYTES + 2 * needed as u64 {
			self.next_generation(&held, &mut tree, snapshot_id, None)?;
		}
		Ok(())
	}

	/// Figures so far.
	pub fn stats(&self) -> MountStats {
		self.counters.read()
	}

	/// Bytes of the local disk that the layer's contents take.
	pub fn local_bytes(&self) -> u64 {
		use std::os::unix::fs::MetadataExt;
		let contents = self.tree.read().contents();
		contents
			.iter()
			.filter_map(|(_, thin)| thin.metadata().ok())
			.map(|metadata| metadata.blocks() * 512)
			.sum()
	}

	/// How many names its tree has.
	#[cfg(feature = "fuzzing")]
	pub(crate) fn names(&self) -> usize {
		self.tree.read().paths().len()
	}

	pub(crate) fn writable(&self) -> Answer<()> {
		if self.read_only {
			Err(Errno::EROFS)
		} else {
			Ok(())
		}
	}

	/// Puts a record into the journal and does what it says.
	pub(crate) fn commit_record(&self, tree: &mut Tree, record: &Record) -> Answer<()> {
		self.journal.lock().append(record)?;
		tree.apply(record);
		Ok(())
	}

	pub(crate) fn attributes_of(ino: u64, node: &Node) -> Attributes {
		Attributes {
			ino,
			kind: file_type(node),
			nlink: if node.is_directory() { 2 } else { node.names },
			size: node.size(),
			blocks: node.size().div_ceil(512),
			mode: node.mode,
			uid: node.uid,
			gid: node.gid,
			mtime_ns: node.mtime_ns(),
		}
	}

	pub(crate) fn attributes(&self, ino: u64) -> Answer<Attributes> {
		let tree = self.tree.read();
		tree.get(ino).map(|node| Self::attributes_of(ino, node)).ok_or(Errno::ENOENT)
	}

	pub(crate) fn lookup(&self, parent: u64, name: &[u8]) -> Answer<Attributes> {
		let tree = self.tree.read();
		let ino = tree.lookup(parent, name).ok_or(Errno::ENOENT)?;
		tree.get(ino).map(|node| Self::attributes_of(ino, node)).ok_or(Errno::ENOENT)
	}

	pub(crate) fn link_target(&self, ino: u64) -> Answer<Vec<u8>> {
		match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::Symlink(target)) => Ok(target.clone()),
			Some(_) => Err(Errno::EINVAL),
			None => Err(Errno::ENOENT),
		}
	}

	pub(crate) fn change(&self, ino: u64, change: Change) -> Answer<Attributes> {
		if let Some(size) = change.size {
			self.set_size(ino, size)?;
		}
		let Change { mode, uid, gid, mtime_ns, .. } = change;
		if mode.is_some() || uid.is_some() || gid.is_some() || mtime_ns.is_some() {
			self.writable()?;
			let _open = self.gate.read();
			let mut tree = self.tree.write();
			let node = tree.get(ino).ok_or(Errno::ENOENT)?;
			let mut record = node.attributes(ino);
			if let Record::Attributes { mode: m, uid: u, gid: g, mtime_ns: t, .. } = &mut record {
				*m = mode.map_or(*m, |mode| mode & 0o7777);
				*u = uid.unwrap_or(*u);
				*g = gid.unwrap_or(*g);
				*t = mtime_ns.unwrap_or(*t);
			}
			if let (Some(ns), Kind::File { thin: Some(thin), .. }) = (mtime_ns, &node.kind) {
				let times = std::fs::FileTimes::new().set_modified(crate::node::from_ns(ns));
				thin.set_times(times)?;
			}
			self.commit_record(&mut tree, &record)?;
		}
		self.attributes(ino)
	}

	/// Where the layer is, for the figures of its filesystem.
	pub(crate) fn layer_path(&self) -> std::path::PathBuf {
		self.journal.lock().path().to_owned()
	}
}
