//! An audited namespace's log: where its leaves are, and its tree.

use crate::{
	engine::{
		location::Location,
		log::Log,
		record::{Header, HEADER_BYTES},
	},
	ZdbError,
};
use granary_disk::Disk;
use granary_por::{leaves_of, LEAF_BYTES};
use granary_prover::{leaf_hashes, LeafSource, LogTree, TreeError};
use parking_lot::{Mutex, RwLock};
use std::{
	io,
	path::{Path, PathBuf},
	sync::atomic::{AtomicU64, Ordering},
};

/// Leaf count, root and peaks (highest mountain first) of a log.
pub type LogState = (u64, [u8; 32], Vec<[u8; 32]>);

/// Where the tree of a namespace in `dir` is.
pub(crate) fn tree_dir(dir: &Path) -> PathBuf {
	dir.join("tree")
}

/// The tree is made durable each time it has grown by so many leaves: 64 MiB of log are hashed in a fraction of a second.
const LEAVES_PER_MARK: u64 = 128 * 1024;

/// Of so many records one is remembered; the others are found by walking headers from there.
const EXTENT_STRIDE: u32 = 8;

/// Where the log's leaves are: the first leaf of some records and their locations, ascending.
#[derive(Debug, Default)]
pub(crate) struct Extents {
	known: Vec<(u64, Location)>,
	since: u32,
	/// Segment and offset right behind the last record.
	behind: Option<(u32, u64)>,
}

impl Extents {
	/// Adds a record of the log. One that does not follow its predecessor without a gap is always remembered.
	pub(crate) fn push(&mut self, location: Location, header: &Header) {
		let here = (location.segment(), location.offset());
		self.since += 1;
		if self.behind != Some(here) || self.since >= EXTENT_STRIDE {
			self.known.push((header.ordinal, location));
			self.since = 0;
		}
		self.behind = Some((here.0, here.1 + header.record_len()));
	}

	/// The last remembered record that starts at or before the leaf.
	fn before(&self, leaf: u64) -> Option<Location> {
		let position = self.known.partition_point(|(first, _)| *first <= leaf);
		self.known.get(position.checked_sub(1)?).map(|(_, location)| *location)
	}
}

/// The audited side of a namespace.
#[derive(Debug)]
pub(crate) struct Audit {
	disk: Disk,
	dir: PathBuf,
	extents: RwLock<Extents>,
	/// `None` while the tree cannot be opened; the next use tries again.
	tree: RwLock<Option<LogTree>>,
	/// Leaves that the tree had when it was made durable last.
	marked: AtomicU64,
	/// What does not match, as far as it was found.
	damage: Mutex<Option<String>>,
}

impl Audit {
	/// An audited side whose tree is opened at its first use.
	pub(crate) fn new(disk: Disk, dir: PathBuf, extents: Extents) -> Self {
		Self {
			disk,
			dir,
			extents: RwLock::new(extents),
			tree: RwLock::new(None),
			marked: AtomicU64::new(0),
			damage: Mutex::default(),
		}
	}

	fn opened<'t>(
		&self,
		tree: &'t mut Option<LogTree>,
		log: &Log,
	) -> Result<&'t mut LogTree, ZdbError> {
		match tree {
			Some(tree) => Ok(tree),
			None => {
				let source = Leaves { log, extents: &self.extents };
				let leaf_count = log.next_ordinal();
				let opened = LogTree::open(&self.disk, &self.dir, &source, leaf_count);
				Ok(tree.insert(opened.map_err(|error| self.note_damage(error))?))
			},
		}
	}

	/// Opens the tree if it is not; says whether it was damaged and made anew.
	pub(crate) fn open(&self, log: &Log) -> Result<bool, ZdbError> {
		self.opened(&mut self.tree.write(), log).map(|tree| tree.was_damaged())
	}

	/// Remembers what was found not to match, so that whoever looks after the store learns it before the chain does.
	fn note_damage(&self, error: TreeError) -> TreeError {
		let is_damage = matches!(
			error,
			TreeError::LeafMismatch { .. }
				| TreeError::Damaged { .. }
				| TreeError::LogShrunk { .. }
		);
		if is_damage {
			tracing::error!(dir = %self.dir.display(), %error, "an audited log is damaged");
			self.set_damage(Some(error.to_string()));
		}
		error
	}

	/// Remembers what a scrub found; `None` if all was well.
	pub(crate) fn set_damage(&self, damage: Option<String>) {
		*self.damage.lock() = damage;
	}

	/// What does not match, as far as it was found.
	pub(crate) fn damage(&self) -> Option<String> {
		self.damage.lock().clone()
	}

	/// Appends a value by `append`, then its leaves to the tree, with nothing in between.
	pub(crate) fn append(
		&self,
		log: &Log,
		value: &[u8],
		append: impl FnOnce() -> Result<(Location, Header), ZdbError>,
	) -> Result<(Location, Header), ZdbError> {
		// Before it is anybody's turn: hashing is most of the work.
		let leaves = leaf_hashes(value);
		let mut slot = self.tree.write();
		self.opened(&mut slot, log)?;
		let (location, header) = append()?;
		self.extents.write().push(location, &header);
		let grown = slot.as_mut().map(|tree| tree.append_leaves(&leaves));
		if let Some(Err(error)) = grown {
			// The record is in the log; the tree is opened anew from the data when it is needed next.
			tracing::warn!(dir = %self.dir.display(), %error, "the log tree fell behind its log");
			*slot = None;
		}
		Ok((location, header))
	}

	/// Lets `read` look at the tree.
	pub(crate) fn with_tree<R>(
		&self,
		log: &Log,
		read: impl FnOnce(&LogTree, &dyn LeafSource) -> Result<R, ZdbError>,
	) -> Result<R, ZdbError> {
		let source = Leaves { log, extents: &self.extents };
		loop {
			if let Some(tree) = self.tree.read().as_ref() {
				return read(tree, &source);
			}
			self.open(log)?;
		}
	}

	/// The multiproof of the leaves `indexes` of the log at `leaf_count` leaves. Where tree and data do not fit together
	/// the tree is computed anew: if it was the damaged one, the proof is made after all.
	pub(crate) fn prove(
		&self,
		log: &Log,
		leaf_count: u64,
		indexes: &[u64],
	) -> Result<Vec<u8>, ZdbError> {
		let prove =
			|tree: &LogTree, source: &dyn LeafSource| Ok(tree.prove(source, leaf_count, indexes)?);
		match self.with_tree(log, prove) {
			Err(ZdbError::Tree(
				error @ (TreeError::LeafMismatch { .. } | TreeError::NodeMismatch { .. }),
			)) => {
				tracing::warn!(dir = %self.dir.display(), %error, "computing the log tree anew");
				let source = Leaves { log, extents: &self.extents };
				let mut slot = self.tree.write();
				let tree = self.opened(&mut slot, log)?;
				tree.rebuild(&source).map_err(|error| self.note_damage(error))?;
				prove(tree, &source)
			},
			other => other,
		}
	}

	/// Makes the tree durable once it has grown enough since the last time, so that opening never has to read much of the
	/// log again. The log's first `durable_leaves` leaves must be durable.
	pub(crate) fn sync_if_grown(&self, durable_leaves: u64) -> Result<(), ZdbError> {
		let marked = self.marked.load(Ordering::Relaxed);
		if durable_leaves < marked.saturating_add(LEAVES_PER_MARK) {
			return Ok(());
		}
		self.sync(durable_leaves)
	}

	/// Makes the tree durable. The log's first `durable_leaves` leaves must be durable.
	pub(crate) fn sync(&self, durable_leaves: u64) -> Result<(), ZdbError> {
		let mut slot = self.tree.write();
		let Some(tree) = slot.as_mut() else { return Ok(()) };
		if self.marked.load(Ordering::Relaxed) != durable_leaves {
			if let Err(error) = tree.sync(durable_leaves) {
				// Nodes whose fsync failed may be gone although they can be read: they are made anew from the data.
				*slot = None;
				return Err(error.into());
			}
			self.marked.store(durable_leaves, Ordering::Relaxed);
		}
		Ok(())
	}
}

impl Audit {
	/// Compares the leaves and nodes of some blocks of the log with each other. A tree that does not match is made anew if the data are
	/// those that its mark vouches for.
	pub(crate) fn verify(
		&self,
		log: &Log,
		blocks: std::ops::Range<u64>,
	) -> Result<Result<(), TreeError>, ZdbError> {
		let verify =
			|tree: &LogTree, source: &dyn LeafSource| Ok(tree.verify(source, blocks.clone()));
		let found = self.with_tree(log, verify)?;
		let error = match found {
			Err(error @ (TreeError::LeafMismatch { .. } | TreeError::NodeMismatch { .. })) => error,
			found => return Ok(found),
		};
		let source = Leaves { log, extents: &self.extents };
		let mut slot = self.tree.write();
		let rebuilt = self.opened(&mut slot, log)?.rebuild(&source);
		tracing::warn!(dir = %self.dir.display(), %error, ?rebuilt, "the log tree was computed anew");
		Ok(Err(rebuilt.err().unwrap_or(error)))
	}
}

struct Leaves<'l> {
	log: &'l Log,
	extents: &'l RwLock<Extents>,
}

impl LeafSource for Leaves<'_> {
	fn read_leaves(&self, first_leaf: u64, out: &mut [u8]) -> io::Result<()> {
		let missing = |leaf: u64| {
			let text = format!("leaf {leaf} is not in the log: its segment is damaged");
			io::Error::new(io::ErrorKind::InvalidData, text)
		};
		let (mut leaf, mut out) = (first_leaf, out);
		let mut buffer = Vec::new();
		while !out.is_empty() {
			let location = self.locate(leaf)?.ok_or_else(|| missing(leaf))?;
			let record = self.log.read(location, &mut buffer).map_err(io::Error::other)?;
			if !record.value_is_valid() {
				return Err(io::Error::other(self.log.damaged(location)));
			}
			let skip = (leaf - record.header.ordinal) as usize * LEAF_BYTES;
			let value = record.value.get(skip..).ok_or_else(|| missing(leaf))?;
			let whole = value.len().next_multiple_of(LEAF_BYTES).min(out.len());
			let (here, rest) = out.split_at_mut(whole);
			let (bytes, padding) = here.split_at_mut(value.len().min(whole));
			bytes.copy_from_slice(value.get(..bytes.len()).unwrap_or_default());
			padding.fill(0);
			leaf += (whole / LEAF_BYTES) as u64;
			out = rest;
		}
		Ok(())
	}
}

impl Leaves<'_> {
	/// The record that holds the leaf.
	fn locate(&self, leaf: u64) -> io::Result<Option<Location>> {
		let Some(mut location) = self.extents.read().before(leaf) else { return Ok(None) };
		let mut buffer = Vec::new();
		for _ in 0..=EXTENT_STRIDE {
			let (header, _) =
				self.log.read_head(location, &mut buffer).map_err(io::Error::other)?;
			if leaf < header.ordinal {
				break;
			}
			if leaf < header.ordinal + leaves_of(u64::from(header.value_len)) {
				return Ok(Some(Location::new(
					location.segment(),
					location.offset() as u32,
					header.record_len(),
				)));
			}
			let behind = location.offset() + header.record_len();
			// The next record's length is not known here; its head says it.
			location = Location::new(location.segment(), behind as u32, HEADER_BYTES as u64);
		}
		Ok(None)
	}
}
