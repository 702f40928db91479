//! Names: making, removing, moving and listing entries, and their extended attributes.

use crate::{
	journal::{NewKind, Record},
	layer::{file_type, Answer, Attributes, Layer, Listed, Owner, Rename, NAME_BYTES_MAX},
	node::{now_ns, Kind, Node},
	thin::ThinFile,
	tree::Tree,
};
use fuser::Errno;
use std::sync::{atomic::Ordering, Arc};

/// Bytes of an inode's extended attributes.
const XATTRS_BYTES_MAX: usize = 64 << 10;

impl Layer {
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
		let _open = self.gate.read();
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
		self.commit_record(&mut tree, &record)?;
		self.touch(&mut tree, parent);
		if is_file {
			let content = self.tracked(ThinFile::create(tree.places(), ino, None, 0)?);
			if let Some(Kind::File { thin, .. }) = tree.get_mut(ino).map(|node| &mut node.kind) {
				*thin = Some(Arc::new(content));
			}
		}
		tree.get(ino).map(|node| Self::attributes_of(ino, node)).ok_or(Errno::EIO)
	}

	/// A directory's time follows its entries; not worth a record.
	pub(crate) fn touch(&self, tree: &mut Tree, directory: u64) {
		if let Some(node) = tree.get_mut(directory) {
			node.mtime_ns = now_ns();
		}
	}

	pub(crate) fn remove(&self, parent: u64, name: &[u8], directory: bool) -> Answer<()> {
		self.writable()?;
		let _open = self.gate.read();
		let mut tree = self.tree.write();
		let ino = tree.lookup(parent, name).ok_or(Errno::ENOENT)?;
		Self::check_removable(&tree, ino, directory)?;
		self.commit_record(&mut tree, &Record::Remove { parent, name: name.to_vec() })?;
		self.touch(&mut tree, parent);
		drop(tree);
		self.bury()
	}

	pub(crate) fn check_removable(tree: &Tree, ino: u64, directory: bool) -> Answer<()> {
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
		how: Rename,
	) -> Answer<()> {
		self.writable()?;
		if new_name.len() > NAME_BYTES_MAX {
			return Err(Errno::ENAMETOOLONG);
		}
		let _open = self.gate.read();
		let mut tree = self.tree.write();
		let ino = tree.lookup(parent, name).ok_or(Errno::ENOENT)?;
		tree.children(new_parent).ok_or(Errno::ENOTDIR)?;
		if tree.is_within(new_parent, ino) {
			return Err(Errno::EINVAL);
		}
		let existing = tree.lookup(new_parent, new_name);
		let (name, new_name) = (name.to_vec(), new_name.to_vec());
		let record = match (how, existing) {
			(Rename::NoReplace, Some(_)) => return Err(Errno::EEXIST),
			(Rename::Exchange, None) => return Err(Errno::ENOENT),
			(_, Some(existing)) if existing == ino => return Ok(()),
			(Rename::Exchange, Some(existing)) => {
				if tree.is_within(parent, existing) {
					return Err(Errno::EINVAL);
				}
				Record::Exchange { parent, name, new_parent, new_name }
			},
			(_, existing) => {
				let directory = tree.get(ino).is_some_and(Node::is_directory);
				existing.map_or(Ok(()), |old| Self::check_removable(&tree, old, directory))?;
				Record::Rename { parent, name, new_parent, new_name }
			},
		};
		self.commit_record(&mut tree, &record)?;
		self.touch(&mut tree, parent);
		self.touch(&mut tree, new_parent);
		drop(tree);
		self.bury()
	}

	/// Gives a file one more name.
	pub(crate) fn link(&self, ino: u64, parent: u64, name: &[u8]) -> Answer<Attributes> {
		self.writable()?;
		if name.len() > NAME_BYTES_MAX {
			return Err(Errno::ENAMETOOLONG);
		}
		let _open = self.gate.read();
		let mut tree = self.tree.write();
		let node = tree.get(ino).ok_or(Errno::ENOENT)?;
		if node.is_directory() {
			return Err(Errno::EPERM);
		}
		if node.names == 0 {
			// It was removed while open; it must not come back.
			return Err(Errno::ENOENT);
		}
		if tree.children(parent).ok_or(Errno::ENOTDIR)?.contains_key(name) {
			return Err(Errno::EEXIST);
		}
		self.commit_record(&mut tree, &Record::Link { ino, parent, name: name.to_vec() })?;
		self.touch(&mut tree, parent);
		tree.get(ino).map(|node| Self::attributes_of(ino, node)).ok_or(Errno::EIO)
	}

	/// The value of an extended attribute.
	pub(crate) fn xattr(&self, ino: u64, name: &[u8]) -> Answer<Vec<u8>> {
		let tree = self.tree.read();
		let node = tree.get(ino).ok_or(Errno::ENOENT)?;
		node.xattrs.get(name).cloned().ok_or(Errno::ENODATA)
	}

	/// The names of all extended attributes, each ended by a zero.
	pub(crate) fn xattr_names(&self, ino: u64) -> Answer<Vec<u8>> {
		let tree = self.tree.read();
		let node = tree.get(ino).ok_or(Errno::ENOENT)?;
		Ok(node.xattrs.keys().flat_map(|name| name.iter().copied().chain([0])).collect())
	}

	/// Sets an extended attribute, or removes it.
	pub(crate) fn set_xattr(
		&self,
		ino: u64,
		name: &[u8],
		value: Option<&[u8]>,
		flags: i32,
	) -> Answer<()> {
		self.writable()?;
		if !name.starts_with(b"user.") && !name.starts_with(b"trusted.") {
			return Err(Errno::EOPNOTSUPP);
		}
		let _open = self.gate.read();
		let mut tree = self.tree.write();
		let node = tree.get(ino).ok_or(Errno::ENOENT)?;
		let exists = node.xattrs.contains_key(name);
		if exists && flags & libc::XATTR_CREATE != 0 {
			return Err(Errno::EEXIST);
		}
		if !exists && (value.is_none() || flags & libc::XATTR_REPLACE != 0) {
			return Err(Errno::ENODATA);
		}
		let held: usize = node.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum();
		if held + name.len() + value.map_or(0, <[u8]>::len) > XATTRS_BYTES_MAX {
			return Err(Errno::ENOSPC);
		}
		let value = value.map(<[u8]>::to_vec);
		self.commit_record(&mut tree, &Record::Xattr { ino, name: name.to_vec(), value })
	}

	/// Lists a directory for somebody who opens it.
	pub(crate) fn open_listing(&self, ino: u64) -> Answer<u64> {
		let listing = self.list(ino)?;
		let handle = self.next_listing.fetch_add(1, Ordering::Relaxed);
		self.listings.lock().insert(handle, listing);
		Ok(handle)
	}

	fn list(&self, ino: u64) -> Answer<Arc<Vec<Listed>>> {
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
		Ok(Arc::new(listing))
	}

	/// What somebody who opened a directory sees of it. Whoever opened it with an earlier process sees it as it is now.
	pub(crate) fn listing(&self, ino: u64, handle: u64) -> Answer<Arc<Vec<Listed>>> {
		let mut listings = self.listings.lock();
		if let Some(listing) = listings.get(&handle) {
			return Ok(listing.clone());
		}
		let listing = self.list(ino)?;
		listings.insert(handle, listing.clone());
		Ok(listing)
	}

	pub(crate) fn close_listing(&self, handle: u64) {
		self.listings.lock().remove(&handle);
	}
}
