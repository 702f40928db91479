//! What the disk holds: of every file and directory what is durable and what is written since.

use super::{random::Random, Fault, FaultKind};
use crate::door::Entry;
use std::{
	collections::BTreeMap,
	ffi::{OsStr, OsString},
	io::{self, ErrorKind},
	path::{Component, Path},
};

pub(crate) type NodeId = u64;
/// The topmost directory.
const ROOT: NodeId = 0;

/// What a fault can happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
	/// It needs space.
	Space,
	/// It makes durable.
	Sync,
	/// Anything else.
	Other,
}

/// How a call that is let through ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
	Whole,
	Short,
	FailSync,
}

/// A change of a file that is not durable yet.
#[derive(Clone, Debug)]
pub(crate) enum Change {
	Write { at: usize, bytes: Vec<u8> },
	Len(usize),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FileNode {
	pub(crate) written: Vec<u8>,
	pub(crate) durable: Vec<u8>,
	pub(crate) pending: Vec<Change>,
	pub(crate) is_locked: bool,
}

impl FileNode {
	pub(crate) fn change(&mut self, change: Change) {
		apply(&mut self.written, &change);
		self.pending.push(change);
	}

	/// Makes durable what can still become it.
	pub(crate) fn settle(&mut self) {
		for change in self.pending.drain(..) {
			apply(&mut self.durable, &change);
		}
	}
}

pub(crate) fn apply(content: &mut Vec<u8>, change: &Change) {
	match change {
		Change::Len(len) => content.resize(*len, 0),
		Change::Write { at, bytes } => {
			let end = at + bytes.len();
			if content.len() < end {
				content.resize(end, 0);
			}
			if let Some(place) = content.get_mut(*at..end) {
				place.copy_from_slice(bytes);
			}
		},
	}
}

/// A change of a directory that is not durable yet.
#[derive(Clone, Debug)]
pub(crate) enum NameChange {
	Set(OsString, NodeId),
	Remove(OsString),
	Rename { from: OsString, to: OsString, node: NodeId },
}

pub(crate) type Names = BTreeMap<OsString, NodeId>;

#[derive(Clone, Debug, Default)]
pub(crate) struct DirNode {
	pub(crate) written: Names,
	pub(crate) durable: Names,
	pub(crate) pending: Vec<NameChange>,
}

impl DirNode {
	fn change(&mut self, change: NameChange) {
		apply_name(&mut self.written, &change);
		self.pending.push(change);
	}

	/// Makes durable what can still become it.
	pub(crate) fn settle(&mut self) {
		for change in self.pending.drain(..) {
			apply_name(&mut self.durable, &change);
		}
	}
}

pub(crate) fn apply_name(names: &mut Names, change: &NameChange) {
	match change {
		NameChange::Set(name, node) => {
			names.insert(name.clone(), *node);
		},
		NameChange::Remove(name) => {
			names.remove(name);
		},
		NameChange::Rename { from, to, node } => {
			names.remove(from);
			names.insert(to.clone(), *node);
		},
	}
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
	File(FileNode),
	Dir(DirNode),
}

/// The whole disk.
#[derive(Clone, Debug)]
pub(crate) struct State {
	pub(crate) nodes: BTreeMap<NodeId, Node>,
	next: NodeId,
	pub(crate) random: Random,
	pub(crate) calls: u64,
	pub(crate) fault: Option<Fault>,
	pub(crate) hits: u64,
	pub(crate) is_off: bool,
	pub(crate) off_at: Option<u64>,
	pub(crate) boot: u64,
}

impl State {
	pub(crate) fn new(seed: u64) -> Self {
		Self {
			nodes: BTreeMap::from([(ROOT, Node::Dir(DirNode::default()))]),
			next: ROOT + 1,
			random: Random(seed),
			calls: 0,
			fault: None,
			hits: 0,
			is_off: false,
			off_at: None,
			boot: 0,
		}
	}

	/// Counts a call and says how it ends, if it does not fail at once.
	pub(crate) fn pass(&mut self, class: Class, path: &Path) -> io::Result<Effect> {
		self.calls += 1;
		self.is_off |= self.off_at.is_some_and(|call| self.calls >= call);
		if self.is_off {
			return Err(io::Error::from_raw_os_error(libc::EIO));
		}
		let Some(fault) = self.fault.filter(|fault| self.calls >= fault.call) else {
			return Ok(Effect::Whole);
		};
		let first = self.hits == 0;
		let is_write = class == Class::Space && path == Path::new("an open file");
		let outcome = match (fault.kind, class) {
			(FaultKind::Error | FaultKind::Sync, Class::Sync) => Ok(Effect::FailSync),
			(FaultKind::Error, _) => Err(io::Error::from_raw_os_error(libc::EIO)),
			(FaultKind::Full, Class::Space) if is_write && first && fault.lasting => {
				Ok(Effect::Short)
			},
			(FaultKind::Full, Class::Space) => Err(io::Error::from_raw_os_error(libc::ENOSPC)),
			(FaultKind::Short, Class::Space) if is_write => Ok(Effect::Short),
			_ => return Ok(Effect::Whole),
		};
		self.hits += 1;
		if !fault.lasting {
			self.fault = None;
		}
		outcome
	}

	pub(crate) fn find(&self, path: &Path) -> io::Result<NodeId> {
		let mut node = ROOT;
		for component in path.components() {
			let Component::Normal(name) = component else { continue };
			let Some(Node::Dir(dir)) = self.nodes.get(&node) else {
				return Err(ErrorKind::NotFound.into());
			};
			node = *dir.written.get(name).ok_or(ErrorKind::NotFound)?;
		}
		Ok(node)
	}

	pub(crate) fn file_mut(&mut self, node: NodeId) -> io::Result<&mut FileNode> {
		match self.nodes.get_mut(&node) {
			Some(Node::File(file)) => Ok(file),
			Some(Node::Dir(_)) => Err(ErrorKind::IsADirectory.into()),
			None => Err(ErrorKind::NotFound.into()),
		}
	}

	pub(crate) fn dir_mut(&mut self, node: NodeId) -> io::Result<&mut DirNode> {
		match self.nodes.get_mut(&node) {
			Some(Node::Dir(dir)) => Ok(dir),
			Some(Node::File(_)) => Err(ErrorKind::NotADirectory.into()),
			None => Err(ErrorKind::NotFound.into()),
		}
	}

	/// The directory that holds the path's last name, and that name.
	fn place<'p>(&mut self, path: &'p Path) -> io::Result<(&mut DirNode, &'p OsStr)> {
		let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
		let dir = self.find(path.parent().unwrap_or(Path::new("/")))?;
		Ok((self.dir_mut(dir)?, name))
	}

	fn make(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
		let id = self.next;
		let (dir, name) = self.place(path)?;
		dir.change(NameChange::Set(name.to_owned(), id));
		self.next += 1;
		self.nodes.insert(id, node);
		Ok(id)
	}

	pub(crate) fn make_file(&mut self, path: &Path) -> io::Result<NodeId> {
		self.make(path, Node::File(FileNode::default()))
	}

	pub(crate) fn make_dir(&mut self, path: &Path) -> io::Result<()> {
		self.make(path, Node::Dir(DirNode::default())).map(|_| ())
	}

	pub(crate) fn entries(&mut self, path: &Path) -> io::Result<Vec<Entry>> {
		let node = self.find(path)?;
		let names = self.dir_mut(node)?.written.clone();
		let is_dir = |node| matches!(self.nodes.get(&node), Some(Node::Dir(_)));
		Ok(names.into_iter().map(|(name, node)| Entry { name, is_dir: is_dir(node) }).collect())
	}

	/// Renames within a directory; between two of them nothing here is renamed.
	pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
		if from.parent() != to.parent() {
			return Err(ErrorKind::CrossesDevices.into());
		}
		let node = self.find(from)?;
		if let Ok(there) = self.find(to) {
			match self.nodes.get(&there) {
				Some(Node::Dir(dir)) if !dir.written.is_empty() => {
					return Err(ErrorKind::DirectoryNotEmpty.into());
				},
				_ => {},
			}
		}
		let (dir, from) = self.place(from)?;
		let to = to.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
		dir.change(NameChange::Rename { from: from.to_owned(), to, node });
		Ok(())
	}

	pub(crate) fn unlink(&mut self, path: &Path) -> io::Result<()> {
		let (dir, name) = self.place(path)?;
		dir.change(NameChange::Remove(name.to_owned()));
		Ok(())
	}
}
