//! The tree of inodes, and what each record of the journal does to it.

use crate::{
	journal::{NewKind, Record},
	node::{Kind, Node},
	thin::{self, Below, ThinFile},
	Lower, MountError,
};
use granary_snapshot::EntryKind;
use std::{
	collections::{BTreeMap, HashMap},
	path::{Path, PathBuf},
	sync::Arc,
};

/// The inode number of the root.
pub(crate) const ROOT: u64 = 1;

/// All inodes. Those of the snapshot have the number of their entry plus one, so that they are the same at every mount; new ones follow.
#[derive(Debug)]
pub(crate) struct Tree {
	nodes: HashMap<u64, Node>,
	next_ino: u64,
	files_dir: PathBuf,
}

impl Tree {
	/// The snapshot's tree with the journal's changes.
	pub(crate) fn build(
		lower: &dyn Lower,
		records: &[Record],
		files_dir: &Path,
	) -> Result<Self, MountError> {
		let entries = lower.entries();
		let mut tree = Self {
			nodes: HashMap::with_capacity(entries.len()),
			next_ino: entries.len() as u64 + ROOT,
			files_dir: files_dir.to_owned(),
		};
		let mut directories: HashMap<&[u8], u64> = HashMap::new();
		for (number, entry) in entries.iter().enumerate() {
			let ino = number as u64 + ROOT;
			let split = entry.path.iter().rposition(|byte| *byte == b'/');
			let (directory, name) = match split {
				Some(at) => (entry.path.get(..at), entry.path.get(at + 1..)),
				None => (Some(b"".as_slice()), Some(entry.path.as_slice())),
			};
			let parent = directories.get(directory.unwrap_or_default()).copied().unwrap_or(ROOT);
			let kind = match &entry.kind {
				EntryKind::Directory => {
					directories.insert(&entry.path, ino);
					Kind::Directory { parent, children: BTreeMap::new() }
				},
				EntryKind::File { size, .. } => Kind::File {
					below: Some(Below { entry: number, limit: *size }),
					size: *size,
					thin: None,
				},
				EntryKind::Symlink { target } => Kind::Symlink(target.clone()),
			};
			let node = Node::new(kind, entry.mode, entry.uid, entry.gid, entry.mtime_ns);
			tree.nodes.insert(ino, node);
			if ino != ROOT {
				tree.attach(parent, name.unwrap_or_default(), ino);
			}
		}
		for record in records {
			tree.apply(record);
		}
		tree.load_contents()?;
		Ok(tree)
	}

	/// Opens what the layer holds of each file, and drops what belongs to none.
	fn load_contents(&mut self) -> Result<(), MountError> {
		let failed = |path: &Path| {
			let path = path.to_owned();
			move |source| MountError::File { path, source }
		};
		let listed = std::fs::read_dir(&self.files_dir).map_err(failed(&self.files_dir))?;
		for file in listed {
			let path = file.map_err(failed(&self.files_dir))?.path();
			let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
			let Ok(ino) = u64::from_str_radix(name, 16) else { continue };
			if path.extension().is_some_and(|extension| extension == "map") {
				continue;
			}
			match self.nodes.get_mut(&ino).map(|node| &mut node.kind) {
				Some(Kind::File { below, thin, .. }) => {
					*thin = ThinFile::open(&self.files_dir, ino, *below)
						.map_err(failed(&path))?
						.map(Arc::new);
				},
				_ => thin::remove(&self.files_dir, ino),
			}
		}
		Ok(())
	}

	/// All contents that the layer holds.
	pub(crate) fn contents(&self) -> Vec<Arc<ThinFile>> {
		let thin = |node: &Node| match &node.kind {
			Kind::File { thin, .. } => thin.clone(),
			_ => None,
		};
		self.nodes.values().filter_map(thin).collect()
	}

	pub(crate) fn files_dir(&self) -> &Path {
		&self.files_dir
	}

	pub(crate) fn get(&self, ino: u64) -> Option<&Node> {
		self.nodes.get(&ino)
	}

	pub(crate) fn get_mut(&mut self, ino: u64) -> Option<&mut Node> {
		self.nodes.get_mut(&ino)
	}

	/// The entries of a directory.
	pub(crate) fn children(&self, ino: u64) -> Option<&BTreeMap<Vec<u8>, u64>> {
		match &self.nodes.get(&ino)?.kind {
			Kind::Directory { children, .. } => Some(children),
			_ => None,
		}
	}

	/// The inode with this name in a directory.
	pub(crate) fn lookup(&self, parent: u64, name: &[u8]) -> Option<u64> {
		self.children(parent)?.get(name).copied()
	}

	/// The number of the next inode.
	pub(crate) fn next_ino(&self) -> u64 {
		self.next_ino
	}

	fn attach(&mut self, parent: u64, name: &[u8], ino: u64) {
		if let Some(Kind::Directory { children, .. }) =
			self.nodes.get_mut(&parent).map(|node| &mut node.kind)
		{
			children.insert(name.to_vec(), ino);
		}
		if let Some(Kind::Directory { parent: above, .. }) =
			self.nodes.get_mut(&ino).map(|node| &mut node.kind)
		{
			*above = parent;
		}
	}

	fn detach(&mut self, parent: u64, name: &[u8]) -> Option<u64> {
		match &mut self.nodes.get_mut(&parent)?.kind {
			Kind::Directory { children, .. } => children.remove(name),
			_ => None,
		}
	}

	/// Does what a record says. The record was checked when it was made.
	pub(crate) fn apply(&mut self, record: &Record) {
		match record {
			Record::Create { ino, parent, name, kind, mode, uid, gid, time_ns } => {
				let kind = match kind {
					NewKind::Directory => {
						Kind::Directory { parent: *parent, children: BTreeMap::new() }
					},
					NewKind::File => Kind::File { below: None, size: 0, thin: None },
					NewKind::Symlink(target) => Kind::Symlink(target.clone()),
				};
				self.nodes.insert(*ino, Node::new(kind, *mode, *uid, *gid, *time_ns));
				self.next_ino = self.next_ino.max(ino + 1);
				self.attach(*parent, name, *ino);
			},
			Record::Remove { parent, name } => {
				if let Some(ino) = self.detach(*parent, name) {
					self.unlink(ino);
				}
			},
			Record::Rename { parent, name, new_parent, new_name } => {
				let Some(ino) = self.detach(*parent, name) else { return };
				if let Some(replaced) = self.detach(*new_parent, new_name) {
					self.unlink(replaced);
				}
				self.attach(*new_parent, new_name, ino);
			},
			Record::Attributes { ino, mode, uid, gid, mtime_ns } => {
				if let Some(node) = self.nodes.get_mut(ino) {
					(node.mode, node.uid, node.gid) = (*mode, *uid, *gid);
					node.mtime_ns = *mtime_ns;
				}
			},
			Record::LowerLimit { ino, limit } => {
				if let Some(Kind::File { below: Some(below), .. }) =
					self.nodes.get_mut(ino).map(|node| &mut node.kind)
				{
					below.limit = below.limit.min(*limit);
				}
			},
		}
	}

	/// Takes the last name from an inode: it goes now, or when it is closed.
	fn unlink(&mut self, ino: u64) {
		if let Some(node) = self.nodes.get_mut(&ino) {
			node.unlinked = true;
			self.drop_unused(ino);
		}
	}

	/// Forgets an inode that has no name and is not open.
	pub(crate) fn drop_unused(&mut self, ino: u64) {
		if self.nodes.get(&ino).is_some_and(|node| node.unlinked && node.opened == 0) {
			self.nodes.remove(&ino);
			thin::remove(&self.files_dir, ino);
		}
	}
}
