//! Giving back what a published snapshot holds.
//!
//! The next generation of the layer lies above the new snapshot and owns only what changed since its point. It is written and made current before a
//! single block is given back, so that a crash at any moment finds one generation or the other, whole.

use crate::{
	bitmap::Bitmap,
	blocks::{punch_data, read_below, Below, BLOCK_BYTES},
	commit::Committed,
	generation::{failed, sync_file},
	journal::{Journal, Record},
	layer::Layer,
	node::Kind,
	stats::Counters,
	sync_log::{Held, SyncLog},
	thin::{map_path, ThinFile},
	tree::Tree,
	Lower, MountError,
};
use std::{collections::HashMap, fs, io, os::unix::fs::FileExt, path::Path, sync::Arc};

/// What the layer is above from now on.
pub(crate) struct Onto {
	lower: Arc<dyn Lower>,
	/// The entry of each inode, and how many of its bytes count.
	below: HashMap<u64, (usize, u64)>,
	/// Blocks that stay in the layer.
	owned: HashMap<u64, Bitmap>,
}

impl Committed {
	/// Puts the layer above the new snapshot, which `lower` reads, and gives back the blocks that it holds. Answers their bytes.
	///
	/// To be called when the snapshot's objects are where they may be relied upon.
	pub fn release(self, lower: Arc<dyn Lower>) -> Result<u64, MountError> {
		let layer = self.layer.clone();
		let before = layer.local_bytes();
		layer.sync_all().map_err(|error| MountError::Kernel {
			what: "syncing the layer",
			source: io::Error::other(format!("{error:?}")),
		})?;
		let contents = {
			let log = layer.log();
			let held = log.hold();
			let _closed = layer.gate.write();
			let mut tree = layer.tree.write();
			let missing = |ino: &u64| !self.entries.contains_key(ino);
			tree.give_contents(missing).map_err(failed(&tree.map_dir))?;
			for (_, thin) in tree.contents().into_iter().filter(|(ino, _)| missing(ino)) {
				own_everything(&layer.counters, &thin).map_err(failed(&tree.map_dir))?;
			}
			let onto = self.onto(&tree, lower);
			layer.next_generation(&held, &mut tree, &self.manifest_id, Some(onto))?;
			tree.contents()
		};
		for (_, thin) in contents {
			give_back(&thin).map_err(failed(&layer.dir.lock().files()))?;
		}
		Ok(before.saturating_sub(layer.local_bytes()))
	}

	fn onto(&self, tree: &Tree, lower: Arc<dyn Lower>) -> Onto {
		let mut onto = Onto { lower, below: HashMap::new(), owned: HashMap::new() };
		for (ino, (entry, size)) in &self.entries {
			let since = match tree.get(*ino).map(|node| &node.kind) {
				// What the kernel writes itself cannot be given back under it.
				Some(Kind::File { thin: Some(thin), .. }) if thin.backing().is_some() => continue,
				Some(Kind::File { thin: Some(thin), .. }) => thin.state.read().since.clone(),
				_ => None,
			};
			let since = since.unwrap_or_default();
			onto.below.insert(*ino, (*entry, since.cut.min(*size)));
			onto.owned.insert(*ino, since.blocks);
		}
		onto
	}
}

impl Layer {
	/// Writes the next generation, durable, and makes it current: above the same snapshot, or onto another one. It has a log of its own: nobody uses
	/// the one that is held any more.
	pub(crate) fn next_generation(
		&self,
		held: &Held<'_>,
		tree: &mut Tree,
		snapshot_id: &[u8; 32],
		onto: Option<Onto>,
	) -> Result<(), MountError> {
		let records = match &onto {
			Some(onto) => tree.records_with(|ino, _| onto.below.get(&ino).copied()),
			None => tree.records(),
		};
		let mut dir = self.dir.lock();
		let next = dir.prepare_next(snapshot_id)?;
		let journal = write_journal(&next, &records)?;
		held.close();
		for (ino, thin) in tree.contents() {
			// What the log and the marks speak of must be durable in its place before either counts no more.
			thin.hold_syncs().leave_generation().map_err(failed(&next))?;
			let state = thin.state.read();
			let owned = match &onto {
				Some(onto) => onto.owned.get(&ino),
				None => state.below.as_ref().map(|_| &state.owned),
			};
			if let Some(owned) = owned {
				let path = map_path(&next, ino);
				fs::write(&path, owned.bytes()).map_err(failed(&path))?;
				sync_file(&path)?;
			}
		}
		let log = SyncLog::begin(&next.join("log"), 0).map_err(failed(&next))?;
		sync_file(&next)?;
		dir.switch_to_next()?;
		*self.journal.lock() = journal;
		held.retire();
		*self.log.write() = Arc::new(log);
		tree.map_dir = next.clone();
		tree.settle(&next, onto.as_ref());
		Ok(())
	}

	/// Writes the next generation from records alone, durable, and makes it current. Nothing may be done with this layer afterwards.
	pub(crate) fn write_generation(
		&self,
		snapshot_id: &[u8; 32],
		records: &[Record],
	) -> Result<(), MountError> {
		let mut dir = self.dir.lock();
		let next = dir.prepare_next(snapshot_id)?;
		write_journal(&next, records)?;
		sync_file(&next)?;
		dir.switch_to_next()
	}
}

fn write_journal(generation: &Path, records: &[Record]) -> Result<Journal, MountError> {
	let (mut journal, _) = Journal::open(&generation.join("journal"))?;
	for record in records {
		journal.append(record).map_err(failed(journal.path()))?;
	}
	journal.sync().map_err(failed(generation))?;
	Ok(journal)
}

impl Tree {
	/// Takes the new generation over in memory.
	fn settle(&mut self, map_dir: &Path, onto: Option<&Onto>) {
		if let Some(onto) = onto {
			self.lower = onto.lower.clone();
		}
		for (ino, node) in self.nodes_mut() {
			let Kind::File { below, thin, .. } = &mut node.kind else { continue };
			let new = onto.map(|onto| {
				onto.below.get(&ino).map(|(entry, limit)| Below {
					lower: onto.lower.clone(),
					entry: *entry,
					limit: *limit,
				})
			});
			if let Some(thin) = thin {
				let mut state = thin.state.write();
				state.map_dir = map_dir.to_owned();
				if let (Some(new), Some(onto)) = (&new, onto) {
					state.below.clone_from(new);
					state.owned = onto.owned.get(&ino).cloned().unwrap_or_default();
					state.unsynced = None;
					// What was written before the point may not be in the layer any more.
					state.dirty.changed();
				}
				thin.put_away();
			}
			if let Some(new) = new {
				*below = new;
			}
		}
	}

	/// Makes contents for files that are wholly below and will not be there any more.
	pub(crate) fn give_contents(&mut self, missing: impl Fn(&u64) -> bool) -> io::Result<()> {
		let wanted: Vec<(u64, Below, u64)> = self
			.nodes()
			.filter(|(ino, _)| missing(ino))
			.filter_map(|(ino, node)| match &node.kind {
				Kind::File { below: Some(below), size, thin: None } => {
					Some((ino, below.clone(), *size))
				},
				_ => None,
			})
			.collect();
		for (ino, from, size) in wanted {
			let made = ThinFile::create(self.places(), ino, Some(from), size)?;
			if let Some(Kind::File { thin, .. }) = self.get_mut(ino).map(|node| &mut node.kind) {
				*thin = Some(Arc::new(made));
			}
		}
		Ok(())
	}
}

/// Copies whatever of a file lies below into the layer: the new snapshot does not have the file.
pub(crate) fn own_everything(counters: &Counters, thin: &ThinFile) -> io::Result<()> {
	let mut state = thin.state.write();
	let handles = thin.handles(&state)?;
	let limit = state.limit();
	for block in 0..limit.div_ceil(BLOCK_BYTES) {
		if !state.owns(block) {
			let at = block * BLOCK_BYTES;
			let mut bytes = vec![0; (limit - at).min(BLOCK_BYTES) as usize];
			read_below(counters, state.below.as_ref(), limit, at, &mut bytes)?;
			handles.data.write_all_at(&bytes, at)?;
		}
	}
	// The map still says otherwise; it goes with its generation.
	let last = state.size.div_ceil(BLOCK_BYTES);
	state.owned.add(0, last);
	handles.data.sync_data()
}

/// Gives back the space of blocks that the layer does not own.
fn give_back(thin: &ThinFile) -> io::Result<()> {
	let state = thin.state.write();
	if state.below.is_none() {
		return Ok(());
	}
	let handles = thin.handles(&state)?;
	// Punching counts as writing, but nothing that anybody sees is written.
	let modified = handles.data.metadata()?.modified()?;
	let blocks = state.size.div_ceil(BLOCK_BYTES);
	let mut block = 0;
	while block < blocks {
		let first = block;
		while block < blocks && !state.owns(block) {
			block += 1;
		}
		if block > first {
			let len = (block - first) * BLOCK_BYTES;
			punch_data(&handles.data, first * BLOCK_BYTES, len)?;
		}
		block += 1;
	}
	handles.data.set_times(fs::FileTimes::new().set_modified(modified))
}
