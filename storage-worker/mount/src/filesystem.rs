//! The filesystem's operations, free of FUSE's types.
//!
//! A change is checked, put into the journal, applied to the tree, then acknowledged; the tree's lock is held over the three. Content is read and written
//! under the file's own lock, so that a slow read of one file holds nothing else up.

use crate::{
	journal::{Journal, NewKind, Record},
	node::{now_ns, Kind, Node},
	stats::{add, Counters},
	thin::{Below, ThinFile},
	tree::Tree,
	Lower,
};
use fuser::Errno;
use parking_lot::{Mutex, RwLock};
use std::{collections::HashMap, io, os::unix::fs::MetadataExt, sync::Arc};

/// The longest name.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// What an operation answers.
pub(crate) type Answer<T> = Result<T, Errno>;

/// A mounted snapshot with its layer.
#[derive(Debug)]
pub(crate) struct Layered<L> {
	lower: Arc<L>,
	tree: RwLock<Tree>,
	journal: Mutex<Journal>,
	counters: Arc<Counters>,
	pub(crate) read_only: bool,
	/// Listings of open directories, as they were when these were opened.
	listings: Mutex<HashMap<u64, Arc<Vec<Listed>>>>,
	next_listing: std::sync::atomic::AtomicU64,
}

/// An entry of a listing.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
	pub(crate) ino: u64,
	pub(crate) name: Vec<u8>,
	pub(crate) kind: fuser::FileType,
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

pub(crate) fn file_type(node: &Node) -> fuser::FileType {
	match node.kind {
		Kind::Directory { .. } => fuser::FileType::Directory,
		Kind::File { .. } => fuser::FileType::RegularFile,
		Kind::Symlink(_) => fuser::FileType::Symlink,
	}
}

impl<L: Lower> Layered<L> {
	pub(crate) fn new(
		lower: Arc<L>,
		tree: Tree,
		journal: Journal,
		counters: Arc<Counters>,
		read_only: bool,
	) -> Self {
		Self {
			lower,
			tree: RwLock::new(tree),
			journal: Mutex::new(journal),
			counters,
			read_only,
			listings: Mutex::default(),
			next_listing: std::sync::atomic::AtomicU64::new(1),
		}
	}

	fn writable(&self) -> Answer<()> {
		if self.read_only {
			Err(Errno::EROFS)
		} else {
			Ok(())
		}
	}

	/// Puts a record into the journal and does what it says.
	fn commit(&self, tree: &mut Tree, record: &Record) -> Answer<()> {
		self.journal.lock().append(record)?;
		tree.apply(record);
		Ok(())
	}

	fn attributes_of(ino: u64, node: &Node) -> Attributes {
		let mut attributes = Attributes {
			ino,
			kind: file_type(node),
			nlink: u32::from(!node.unlinked),
			size: node.size(),
			blocks: node.size().div_ceil(512),
			mode: node.mode,
			uid: node.uid,
			gid: node.gid,
			mtime_ns: node.mtime_ns,
		};
		if let Kind::File { thin: Some(thin), .. } = &node.kind {
			if let Ok(metadata) = thin.metadata() {
				attributes.mtime_ns =
					metadata.mtime().saturating_mul(1_000_000_000) + metadata.mtime_nsec();
			}
		}
		attributes
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

	pub(crate) fn create(
		&self,
		parent: u64,
		name: &[u8],
		kind: NewKind,
		owner: Owner,
	) -> Answer<Attributes> {
		self.writable()?;
		if name.len() > NAME_BYTES_MAX {
			return Err(Errno::ENAMETOOLONG);
		}
		let mut tree = self.tree.write();
		let children = tree.children(parent).ok_or(Errno::ENOTDIR)?;
		if children.contains_key(name) {
			return Err(Errno::EEXIST);
		}
		let ino = tree.next_ino();
		let is_file = kind == NewKind::File;
		let record = Record::Create {
			ino,
			parent,
			name: name.to_vec(),
			kind,
			mode: owner.mode & 0o7777,
			uid: owner.uid,
			gid: owner.gid,
			time_ns: now_ns(),
		};
		self.commit(&mut tree, &record)?;
		self.touch(&mut tree, parent);
		if is_file {
			let content = ThinFile::create(tree.files_dir(), ino, None, 0)?;
			if let Some(Kind::File { thin, .. }) = tree.get_mut(ino).map(|node| &mut node.kind) {
				*thin = Some(Arc::new(content));
			}
		}
		tree.get(ino).map(|node| Self::attributes_of(ino, node)).ok_or(Errno::EIO)
	}

	/// A directory's time follows its entries; not worth a record.
	fn touch(&self, tree: &mut Tree, directory: u64) {
		if let Some(node) = tree.get_mut(directory) {
			node.mtime_ns = now_ns();
		}
	}

	pub(crate) fn remove(&self, parent: u64, name: &[u8], directory: bool) -> Answer<()> {
		self.writable()?;
		let mut tree = self.tree.write();
		let ino = tree.lookup(parent, name).ok_or(Errno::ENOENT)?;
		Self::check_removable(&tree, ino, directory)?;
		self.commit(&mut tree, &Record::Remove { parent, name: name.to_vec() })?;
		self.touch(&mut tree, parent);
		Ok(())
	}

	fn check_removable(tree: &Tree, ino: u64, directory: bool) -> Answer<()> {
		match (tree.children(ino), directory) {
			(Some(_), false) => Err(Errno::EISDIR),
			(None, true) => Err(Errno::ENOTDIR),
			(Some(children), true) if !children.is_empty() => Err(Errno::ENOTEMPTY),
			_ => Ok(()),
		}
	}

	pub(crate) fn rename(
		&self,
		(parent, name): (u64, &[u8]),
		(new_parent, new_name): (u64, &[u8]),
		replace: bool,
	) -> Answer<()> {
		self.writable()?;
		if new_name.len() > NAME_BYTES_MAX {
			return Err(Errno::ENAMETOOLONG);
		}
		let mut tree = self.tree.write();
		let ino = tree.lookup(parent, name).ok_or(Errno::ENOENT)?;
		tree.children(new_parent).ok_or(Errno::ENOTDIR)?;
		if let Some(existing) = tree.lookup(new_parent, new_name) {
			if !replace {
				return Err(Errno::EEXIST);
			}
			if existing == ino {
				return Ok(());
			}
			let directory = tree.get(ino).is_some_and(Node::is_directory);
			Self::check_removable(&tree, existing, directory)?;
		}
		let record =
			Record::Rename { parent, name: name.to_vec(), new_parent, new_name: new_name.to_vec() };
		self.commit(&mut tree, &record)?;
		self.touch(&mut tree, parent);
		self.touch(&mut tree, new_parent);
		Ok(())
	}

	/// The file's content in the layer, made if there is none yet.
	fn content(&self, ino: u64) -> Answer<Arc<ThinFile>> {
		if let Some(Kind::File { thin: Some(thin), .. }) =
			self.tree.read().get(ino).map(|node| &node.kind)
		{
			return Ok(thin.clone());
		}
		let mut tree = self.tree.write();
		let dir = tree.files_dir().to_owned();
		match tree.get_mut(ino).map(|node| &mut node.kind) {
			Some(Kind::File { below, size, thin }) => match thin {
				Some(thin) => Ok(thin.clone()),
				None => {
					let made = Arc::new(ThinFile::create(&dir, ino, *below, *size)?);
					*thin = Some(made.clone());
					Ok(made)
				},
			},
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
			self.commit(&mut tree, &record)?;
		}
		self.attributes(ino)
	}

	fn set_size(&self, ino: u64, size: u64) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		let limit = content.new_limit(size);
		if let Some(limit) = limit {
			// In the journal first: cut bytes from below must not come back when the file grows again.
			self.commit(&mut self.tree.write(), &Record::LowerLimit { ino, limit })?;
		}
		Ok(content.set_size(size, limit)?)
	}

	/// Makes room up to `end`; what is added reads as zeros.
	pub(crate) fn allocate(&self, ino: u64, end: u64) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		if content.size() < end {
			content.set_size(end, None)?;
		}
		Ok(())
	}

	pub(crate) fn open(&self, ino: u64) -> Answer<()> {
		let mut tree = self.tree.write();
		tree.get_mut(ino).map(|node| node.opened += 1).ok_or(Errno::ENOENT)
	}

	pub(crate) fn close(&self, ino: u64) {
		let mut tree = self.tree.write();
		if let Some(node) = tree.get_mut(ino) {
			node.opened = node.opened.saturating_sub(1);
			if let (0, Kind::File { thin: Some(thin), .. }) = (node.opened, &node.kind) {
				thin.put_away();
			}
		}
		tree.drop_unused(ino);
	}

	pub(crate) fn read(&self, ino: u64, offset: u64, buffer: &mut [u8]) -> Answer<usize> {
		let (thin, below, size) = match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { below, size, thin }) => (thin.clone(), *below, *size),
			Some(_) => return Err(Errno::EISDIR),
			None => return Err(Errno::ENOENT),
		};
		let read = match thin {
			Some(thin) => thin.read_at(self.lower.as_ref(), &self.counters, offset, buffer),
			None => self.read_below(below, size, offset, buffer),
		};
		read.map_err(|error| {
			tracing::error!(ino, offset, "reading: {error}");
			Errno::EIO
		})
	}

	fn read_below(
		&self,
		below: Option<Below>,
		size: u64,
		offset: u64,
		buffer: &mut [u8],
	) -> io::Result<usize> {
		let Some(below) = below else { return Ok(0) };
		let len = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
		let (buffer, _) = buffer.split_at_mut(len);
		let read = self.lower.read_at(below.entry, offset, buffer)?;
		add(&self.counters.lower_bytes_read, read as u64);
		Ok(read)
	}

	pub(crate) fn write(&self, ino: u64, offset: u64, bytes: &[u8]) -> Answer<()> {
		self.writable()?;
		let content = self.content(ino)?;
		content.write_at(self.lower.as_ref(), &self.counters, offset, bytes).map_err(|error| {
			tracing::error!(ino, offset, "writing: {error}");
			Errno::from(error)
		})
	}

	/// Makes a file's content, then the tree, durable.
	pub(crate) fn sync(&self, ino: u64) -> Answer<()> {
		let thin = match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { thin, .. }) => thin.clone(),
			_ => None,
		};
		if let Some(thin) = thin {
			thin.sync()?;
		}
		self.sync_journal()
	}

	/// Makes the journal durable. Its lock is not held meanwhile: every change of the tree needs it.
	fn sync_journal(&self) -> Answer<()> {
		let Some((file, end)) = self.journal.lock().begin_sync()? else { return Ok(()) };
		let result = file.sync_data();
		self.journal.lock().end_sync(end, result.is_ok());
		Ok(result?)
	}

	/// Makes everything durable, when the filesystem goes.
	pub(crate) fn sync_all(&self) -> Answer<()> {
		let contents = self.tree.read().contents();
		for content in contents {
			content.sync()?;
		}
		self.sync_journal()
	}

	/// Whether a read or write of this range would wait for the snapshot.
	pub(crate) fn is_slow(&self, ino: u64, offset: u64, len: usize, writing: bool) -> bool {
		match self.tree.read().get(ino).map(|node| &node.kind) {
			Some(Kind::File { thin: Some(thin), .. }) => thin.needs_below(offset, len, writing),
			Some(Kind::File { below, .. }) => below.is_some(),
			_ => false,
		}
	}

	/// Where the layer is, for the figures of its filesystem.
	pub(crate) fn layer_path(&self) -> std::path::PathBuf {
		self.journal.lock().path().to_owned()
	}

	/// Lists a directory for somebody who opens it.
	pub(crate) fn open_listing(&self, ino: u64) -> Answer<u64> {
		let tree = self.tree.read();
		let node = tree.get(ino).ok_or(Errno::ENOENT)?;
		let Kind::Directory { parent, children } = &node.kind else { return Err(Errno::ENOTDIR) };
		let own = |ino, name: &[u8]| Listed {
			ino,
			name: name.to_vec(),
			kind: fuser::FileType::Directory,
		};
		let mut listing = vec![own(ino, b"."), own(*parent, b"..")];
		for (name, child) in children {
			if let Some(node) = tree.get(*child) {
				listing.push(Listed { ino: *child, name: name.clone(), kind: file_type(node) });
			}
		}
		let handle = self.next_listing.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
		self.listings.lock().insert(handle, Arc::new(listing));
		Ok(handle)
	}

	pub(crate) fn listing(&self, handle: u64) -> Answer<Arc<Vec<Listed>>> {
		self.listings.lock().get(&handle).cloned().ok_or(Errno::EBADF)
	}

	pub(crate) fn close_listing(&self, handle: u64) {
		self.listings.lock().remove(&handle);
	}
}
