//! Moving a layer to another snapshot of the same tree.
//!
//! What the layer wrote is given up, but what is never in a snapshot stays: session keys, network keys. The next generation describes the new snapshot's tree
//! with inode numbers that were never used, so that nothing which the old one left can be taken for content of the new.

use crate::{
	generation::failed,
	journal::Record,
	layer::Layer,
	node::{Kind, Node},
	release::own_everything,
	tree::{Tree, ROOT},
	Lower, MountError,
};
use granary_snapshot::exclusion::is_excluded;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path, sync::Arc};

/// A snapshot and what reads it.
#[derive(Debug, Clone)]
pub struct Base {
	/// Id of its manifest.
	pub id: [u8; 32],
	/// Reads it.
	pub lower: Arc<dyn Lower>,
}

/// Puts the layer in `dir`, which nobody has mounted, above another snapshot. Answers the paths that were kept.
pub fn rebase(dir: &Path, from: Base, onto: Base) -> Result<Vec<Vec<u8>>, MountError> {
	let layer = Layer::open(from.lower, dir, &from.id, false)?;
	let mut tree = layer.tree.write();
	let local: Vec<(Vec<u8>, u64)> = tree
		.paths()
		.into_iter()
		.filter(|(path, _)| is_excluded(Path::new(OsStr::from_bytes(path))))
		.collect();
	let is_local = |ino: &u64| local.iter().any(|(_, local)| local == ino);
	tree.give_contents(is_local).map_err(failed(dir))?;
	for (_, thin) in tree.contents().into_iter().filter(|(ino, _)| is_local(ino)) {
		own_everything(&layer.counters, &thin).map_err(failed(dir))?;
	}
	let records = records(&tree, &local, onto.lower);
	layer.write_generation(&onto.id, &records)?;
	// The contents of everything else belong to no inode any more.
	let gone: Vec<u64> =
		tree.contents().into_iter().map(|(ino, _)| ino).filter(|ino| !is_local(ino)).collect();
	gone.into_iter().for_each(|ino| crate::thin::remove(tree.places(), ino));
	Ok(local.into_iter().map(|(path, _)| path).collect())
}

/// The new snapshot's tree with what is local put into it.
fn records(tree: &Tree, local: &[(Vec<u8>, u64)], lower: Arc<dyn Lower>) -> Vec<Record> {
	let places = tree.places();
	let mut new = Tree::above(lower, tree.next_ino(), places.files_dir, places.map_dir);
	for (path, ino) in local {
		let Some(node) = tree.get(*ino) else { continue };
		let split = path.iter().rposition(|byte| *byte == b'/');
		let (above, name) = match split {
			Some(at) => (path.get(..at), path.get(at + 1..)),
			None => (None, Some(path.as_slice())),
		};
		let parent = directory(&mut new, above.unwrap_or_default());
		let name = name.unwrap_or_default().to_vec();
		if new.lookup(parent, &name).is_some() {
			continue;
		}
		if new.get(*ino).is_none() {
			new.apply(&node.record(*ino, &|_, _| None));
		}
		new.apply(&Record::Link { ino: *ino, parent, name });
	}
	new.records()
}

/// The directory with this path, made if the new snapshot does not have it.
fn directory(tree: &mut Tree, path: &[u8]) -> u64 {
	let mut ino = ROOT;
	for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
		ino = match tree.lookup(ino, name) {
			Some(found) => found,
			None => {
				let made = tree.next_ino();
				let kind = Kind::Directory { parent: ino, children: Default::default() };
				let node = Node::new(kind, 0o755, 0, 0, crate::node::now_ns());
				tree.apply(&node.record(made, &|_, _| None));
				tree.apply(&Record::Link { ino: made, parent: ino, name: name.to_vec() });
				made
			},
		};
	}
	ino
}
