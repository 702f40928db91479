//! The tree of inodes, and what each record of the journal does to it.

use crate::{
	blocks::Below,
	journal::{NewKind, NodeKind, Record},
	node::{Kind, Node},
	thin::{self, Places, ThinFile},
	Lower, MountError,
};
use granary_snapshot::{is_log, EntryKind};
use std::{
	collections::{BTreeMap, HashMap},
	path::{Path, PathBuf},
	sync::Arc,
};

/// The inode number of the root.
pub(crate) const ROOT: u64 = 1;

/// Who may use a tree that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Users {
	/// Nobody yet: what has no name goes.
	None,
	/// Whoever used it while another process served it. What has no name stays until the kernel forgets it.
	Unknown,
}

/// All inodes. Those of the snapshot that the layer began on have the number of their entry plus one; new ones follow.
#[derive(Debug)]
pub(crate) struct Tree {
	nodes: HashMap<u64, Node>,
	next_ino: u64,
	pub(crate) lower: Arc<dyn Lower>,
	files_dir: PathBuf,
	/// The generation's directory.
	pub(crate) map_dir: PathBuf,
	/// Contents of inodes that are gone. They are removed when the record that removed the last name is durable: a loss of power must not keep the
	/// name and lose the content.
	gone: Vec<u64>,
	users: Users,
}

impl Tree {
	/// The snapshot's tree with the journal's changes.
	pub(crate) fn build(
		lower: Arc<dyn Lower>,
		records: &[Record],
		(files_dir, map_dir): (&Path, &Path),
		users: Users,
	) -> Result<Self, MountError> {
		let own = !matches!(records.first(), Some(Record::Reset { .. }));
		let mut tree = match own {
			true => Self::above(lower, ROOT, files_dir, map_dir),
			false => Self::empty(lower, files_dir, map_dir),
		};
		tree.users = users;
		for record in records {
			tree.apply(record);
		}
		tree.load_contents()?;
		tree.nodes.retain(|ino, node| *ino == ROOT || node.names > 0 || node.has_content());
		Ok(tree)
	}

	fn empty(lower: Arc<dyn Lower>, files_dir: &Path, map_dir: &Path) -> Self {
		Self {
			nodes: HashMap::new(),
			next_ino: ROOT + 1,
			lower,
			files_dir: files_dir.to_owned(),
			map_dir: map_dir.to_owned(),
			gone: Vec::new(),
			users: Users::None,
		}
	}

	/// The snapshot's own tree. The root has its number, other entries that of their place after `first`.
	pub(crate) fn above(
		lower: Arc<dyn Lower>,
		first: u64,
		files_dir: &Path,
		map_dir: &Path,
	) -> Self {
		let mut tree = Self::empty(lower, files_dir, map_dir);
		tree.add_entries(first);
		tree
	}

	fn add_entries(&mut self, first: u64) {
		let lower = self.lower.clone();
		let entries = lower.entries();
		self.next_ino = entries.len() as u64 + first;
		let mut directories: HashMap<&[u8], u64> = HashMap::new();
		for (number, entry) in entries.iter().enumerate() {
			let ino = if number == 0 { ROOT } else { number as u64 + first };
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
					below: Some(Below { lower: lower.clone(), entry: number, limit: *size }),
					size: *size,
					thin: None,
				},
				EntryKind::Symlink { target } => Kind::Symlink(target.clone()),
			};
			let node = Node::new(kind, entry.mode, entry.uid, entry.gid, entry.mtime_ns);
			self.nodes.insert(ino, node);
			if ino != ROOT {
				self.attach(parent, name.unwrap_or_default(), ino);
			}
		}
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
			let places = Places { files_dir: &self.files_dir, map_dir: &self.map_dir };
			match self.nodes.get_mut(&ino).map(|node| &mut node.kind) {
				Some(Kind::File { below, thin, .. }) => {
					*thin = ThinFile::open(places, ino, below.clone())
						.map_err(failed(&path))?
						.map(Arc::new);
				},
				_ => thin::remove(places, ino),
			}
		}
		Ok(())
	}

	/// All contents that the layer holds, by inode.
	pub(crate) fn contents(&self) -> Vec<(u64, Arc<ThinFile>)> {
		let thin = |(ino, node): (&u64, &Node)| match &node.kind {
			Kind::File { thin: Some(thin), .. } => Some((*ino, thin.clone())),
			_ => None,
		};
		self.nodes.iter().filter_map(thin).collect()
	}

	pub(crate) fn places(&self) -> Places<'_> {
		Places { files_dir: &self.files_dir, map_dir: &self.map_dir }
	}

	pub(crate) fn get(&self, ino: u64) -> Option<&Node> {
		self.nodes.get(&ino)
	}

	pub(crate) fn get_mut(&mut self, ino: u64) -> Option<&mut Node> {
		self.nodes.get_mut(&ino)
	}

	pub(crate) fn nodes(&self) -> impl Iterator<Item = (u64, &Node)> {
		self.nodes.iter().map(|(ino, node)| (*ino, node))
	}

	pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = (u64, &mut Node)> {
		self.nodes.iter_mut().map(|(ino, node)| (*ino, node))
	}

	/// Everything that has a path, directories before what is in them, each with its path.
	pub(crate) fn paths(&self) -> Vec<(Vec<u8>, u64)> {
		let mut found = Vec::new();
		let mut stack = vec![(Vec::new(), ROOT)];
		while let Some((path, ino)) = stack.pop() {
			for (name, child) in self.children(ino).into_iter().flatten() {
				let mut below: Vec<u8> = path.clone();
				if !below.is_empty() {
					below.push(b'/');
				}
				below.extend_from_slice(name);
				stack.push((below, *child));
			}
			found.push((path, ino));
		}
		found.sort();
		found
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

	/// Whether a directory is another one or lies in it.
	pub(crate) fn is_within(&self, mut ino: u64, directory: u64) -> bool {
		loop {
			if ino == directory {
				return true;
			}
			match self.nodes.get(&ino).map(|node| &node.kind) {
				Some(Kind::Directory { parent, .. }) if ino != ROOT => ino = *parent,
				_ => return false,
			}
		}
	}

	/// The number of the next inode.
	pub(crate) fn next_ino(&self) -> u64 {
		self.next_ino
	}

	/// Whether an inode may get this name without the tree ceasing to be one. A journal's records match their checksums, which says nothing about
	/// what they say.
	fn may_attach(&self, parent: u64, name: &[u8], ino: u64) -> bool {
		let is_free = self.children(parent).is_some_and(|children| !children.contains_key(name));
		let node = self.nodes.get(&ino).filter(|_| is_free && ino != ROOT);
		node.is_some_and(|node| {
			!node.is_directory() || (node.names == 0 && !self.is_within(parent, ino))
		})
	}

	fn attach(&mut self, parent: u64, name: &[u8], ino: u64) {
		if !self.may_attach(parent, name, ino) {
			return;
		}
		if let Some(Kind::Directory { children, .. }) =
			self.nodes.get_mut(&parent).map(|node| &mut node.kind)
		{
			children.insert(name.to_vec(), ino);
		}
		if let Some(node) = self.nodes.get_mut(&ino) {
			node.names += 1;
			node.is_log |= is_log(name);
			if let Kind::Directory { parent: above, .. } = &mut node.kind {
				*above = parent;
			}
		}
	}

	fn detach(&mut self, parent: u64, name: &[u8]) -> Option<u64> {
		let ino = match &mut self.nodes.get_mut(&parent)?.kind {
			Kind::Directory { children, .. } => children.remove(name)?,
			_ => return None,
		};
		let node = self.nodes.get_mut(&ino)?;
		node.names = node.names.saturating_sub(1);
		Some(ino)
	}

	/// Does what a record says. The record was checked when it was made.
	pub(crate) fn apply(&mut self, record: &Record) {
		match record {
			Record::Create { ino, parent, name, kind, mode, uid, gid, time_ns } => {
				let kind = match kind {
					NewKind::Directory => NodeKind::Directory,
					NewKind::File => NodeKind::File { below: None, size: 0 },
					NewKind::Symlink(target) => NodeKind::Symlink(target.clone()),
				};
				let kind = self.kind(&kind);
				self.insert(*ino, Node::new(kind, *mode, *uid, *gid, *time_ns));
				self.attach(*parent, name, *ino);
			},
			Record::Remove { parent, name } => {
				if let Some(ino) = self.detach(*parent, name) {
					self.drop_unused(ino);
				}
			},
			Record::Rename { parent, name, new_parent, new_name } => {
				let Some(ino) = self.detach(*parent, name) else { return };
				if let Some(replaced) = self.detach(*new_parent, new_name) {
					self.drop_unused(replaced);
				}
				self.attach(*new_parent, new_name, ino);
			},
			Record::Exchange { parent, name, new_parent, new_name } => {
				let (one, other) = (self.detach(*parent, name), self.detach(*new_parent, new_name));
				if let (Some(one), Some(other)) = (one, other) {
					self.attach(*new_parent, new_name, one);
					self.attach(*parent, name, other);
				}
			},
			Record::Link { ino, parent, name } => self.attach(*parent, name, *ino),
			Record::Reset { next_ino } => {
				self.nodes.clear();
				self.next_ino = *next_ino;
			},
			Record::Node { ino, kind, mode, uid, gid, mtime_ns, xattrs } => {
				let kind = self.kind(kind);
				let mut node = Node::new(kind, *mode, *uid, *gid, *mtime_ns);
				node.xattrs = xattrs.iter().cloned().collect();
				self.insert(*ino, node);
			},
			_ => self.apply_to_node(record),
		}
	}

	fn apply_to_node(&mut self, record: &Record) {
		let (Record::Attributes { ino, .. }
		| Record::LowerLimit { ino, .. }
		| Record::Detached { ino }
		| Record::Xattr { ino, .. }) = record
		else {
			return;
		};
		let Some(node) = self.nodes.get_mut(ino) else { return };
		match record {
			Record::Attributes { mode, uid, gid, mtime_ns, .. } => {
				(node.mode, node.uid, node.gid) = (*mode, *uid, *gid);
				node.mtime_ns = *mtime_ns;
			},
			Record::LowerLimit { limit, .. } => {
				if let Kind::File { below: Some(below), .. } = &mut node.kind {
					below.limit = below.limit.min(*limit);
				}
			},
			Record::Detached { .. } => {
				if let Kind::File { below, .. } = &mut node.kind {
					*below = None;
				}
			},
			Record::Xattr { name, value: Some(value), .. } => {
				node.xattrs.insert(name.clone(), value.clone());
			},
			Record::Xattr { name, value: None, .. } => {
				node.xattrs.remove(name);
			},
			_ => {},
		}
	}

	fn insert(&mut self, ino: u64, node: Node) {
		// A number is used once: what has it already stays.
		self.nodes.entry(ino).or_insert(node);
		self.next_ino = self.next_ino.max(ino.saturating_add(1));
	}

	/// A directory gets the one that holds it with its name.
	fn kind(&self, kind: &NodeKind) -> Kind {
		match kind {
			NodeKind::Directory => Kind::Directory { parent: ROOT, children: BTreeMap::new() },
			NodeKind::Symlink(target) => Kind::Symlink(target.clone()),
			NodeKind::File { below, size } => {
				let below = below.map(|(entry, limit)| Below {
					lower: self.lower.clone(),
					entry: entry as usize,
					limit,
				});
				Kind::File { below, size: *size, thin: None }
			},
		}
	}

	/// Forgets an inode that has no name and is not open, as far as that is known.
	pub(crate) fn drop_unused(&mut self, ino: u64) {
		if self.users == Users::Unknown
			|| ino == ROOT
			|| self.nodes.get(&ino).is_none_or(|node| node.names > 0 || node.opened > 0)
		{
			return;
		}
		self.nodes.remove(&ino);
		self.gone.push(ino);
	}

	/// Forgets an inode that has no name, since the kernel has forgotten it and nobody else knows who had it open.
	pub(crate) fn forget(&mut self, ino: u64) {
		let unnamed = self.nodes.get(&ino).is_some_and(|node| node.names == 0);
		if self.users == Users::Unknown && ino != ROOT && unnamed {
			self.nodes.remove(&ino);
			self.gone.push(ino);
		}
	}

	/// How many contents wait for their removal.
	pub(crate) fn waiting_contents(&self) -> usize {
		self.gone.len()
	}

	/// Takes the list of contents that wait for their removal.
	pub(crate) fn take_gone(&mut self) -> Vec<u64> {
		std::mem::take(&mut self.gone)
	}

	/// The records from which this tree is built again.
	pub(crate) fn records(&self) -> Vec<Record> {
		self.records_with(|_, below| below.map(|below| (below.entry, below.limit)))
	}

	/// The records from which this tree is built again above another snapshot: `below` says which of its entries lies below an inode.
	pub(crate) fn records_with(
		&self,
		below: impl Fn(u64, Option<Below>) -> Option<(usize, u64)>,
	) -> Vec<Record> {
		let mut records = vec![Record::Reset { next_ino: self.next_ino }];
		let named: Vec<(u64, &Node)> =
			self.nodes().filter(|(ino, node)| *ino == ROOT || node.names > 0).collect();
		records.extend(named.iter().map(|(ino, node)| node.record(*ino, &below)));
		for (parent, node) in named {
			if let Kind::Directory { children, .. } = &node.kind {
				records.extend(children.iter().map(|(name, ino)| Record::Link {
					ino: *ino,
					parent,
					name: name.clone(),
				}));
			}
		}
		records
	}
}

#[cfg(test)]
mod tests;
