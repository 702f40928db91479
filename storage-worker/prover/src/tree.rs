//! The tree: growing, cutting, proving.

use crate::{
	block::{block_roots, leaf_hashes, no_such_node, Block},
	level::Level,
	mark::Mark,
	TreeError, BLOCK_LEAVES, STORED_LEVEL,
};
use granary_disk::Disk;
use granary_por::{
	build, leaves_of, mountains, node_hash, root, verify, Blake2, BuildError, Hash, Peaks,
	TreeSource, LEAF_BYTES,
};
use std::{
	cell::RefCell,
	io,
	path::{Path, PathBuf},
	rc::Rc,
};

/// Where the log's leaves are read from.
pub trait LeafSource: Sync {
	/// Fills `out`, a multiple of 512 bytes, with the leaves from `first_leaf` on, padding included.
	fn read_leaves(&self, first_leaf: u64, out: &mut [u8]) -> io::Result<()>;
}

/// The tree of an append-only log.
#[derive(Debug)]
pub struct LogTree {
	disk: Disk,
	dir: PathBuf,
	/// Level 4 upwards; a level exists once it has a node.
	levels: Vec<Level>,
	/// Hashes of the leaves behind the last full block.
	tail: Vec<Hash>,
	/// The peaks over the full blocks, highest mountain first.
	over_blocks: Vec<Hash>,
	/// Those over all leaves.
	peaks: Peaks,
	/// What was stored did not match when it was opened.
	was_damaged: bool,
}

impl LogTree {
	/// Opens the tree in `dir` for a log of `leaf_count` leaves: what is behind its mark or missing is computed from the
	/// data, and all of it if the stored nodes do not lead to the mark's root.
	///
	/// Errors: [`TreeError::LogShrunk`] and [`TreeError::Damaged`] if the data are not those that the mark vouches for.
	pub fn open(
		disk: &Disk,
		dir: &Path,
		source: &dyn LeafSource,
		leaf_count: u64,
	) -> Result<Self, TreeError> {
		disk.make_dirs(dir)
			.map_err(|error| TreeError::File { path: dir.to_owned(), source: error })?;
		let mark = Mark::read(disk, dir)?;
		let durable = mark.map_or(0, |mark| mark.blocks);
		if durable > leaf_count / BLOCK_LEAVES {
			let marked = durable.saturating_mul(BLOCK_LEAVES);
			return Err(TreeError::LogShrunk { marked, available: leaf_count });
		}
		let mut tree = Self::stored(disk, dir, durable)?;
		tree.was_damaged = Mark::is_damaged(disk, dir)?;
		if tree.blocks() == durable && !tree.leads_to(mark)? {
			tree.was_damaged = true;
			tree.cut_levels(0)?;
		}
		tree.extend(source, leaf_count)?;
		if !tree.leads_to(mark)? {
			tree.was_damaged = true;
			// Nodes that were missing have been made from the data, on top of some that were damaged.
			tree.rebuild(source)?;
		}
		Ok(tree)
	}

	/// Whether the stored tree was damaged when it was opened, and computed anew. Damage of a node that the root is not made of shows
	/// only to [`LogTree::verify`].
	pub fn was_damaged(&self) -> bool {
		self.was_damaged
	}

	/// Compares the data of `blocks` (of 16 leaves each) with their nodes, and each node above that ends with one of them with those
	/// below it. All blocks together compare everything.
	///
	/// Errors: [`TreeError::LeafMismatch`] and [`TreeError::NodeMismatch`] where they do not fit together.
	pub fn verify(
		&self,
		source: &dyn LeafSource,
		blocks: std::ops::Range<u64>,
	) -> Result<(), TreeError> {
		let leaf_count = self.leaf_count();
		let view = View::new(self, source);
		for block in blocks.start..blocks.end.min(leaf_count.div_ceil(BLOCK_LEAVES)) {
			view.block(block)?;
			if block >= self.blocks() {
				continue;
			}
			let (mut level, mut index) = (STORED_LEVEL, block);
			while index % 2 == 1 {
				let left = self.stored_node(level, index - 1)?;
				let right = self.stored_node(level, index)?;
				(level, index) = (level + 1, index / 2);
				if self.stored_node(level, index)? != node_hash::<Blake2>(&left, &right) {
					return Err(TreeError::NodeMismatch { leaf_count });
				}
			}
		}
		Ok(())
	}

	/// Computes every node from the data, as when stored ones turn out to be damaged.
	///
	/// Errors: [`TreeError::Damaged`] if the data do not lead to the mark's root.
	pub fn rebuild(&mut self, source: &dyn LeafSource) -> Result<(), TreeError> {
		let leaf_count = self.leaf_count();
		self.cut_levels(0)?;
		self.extend(source, leaf_count)?;
		let mark = Mark::read(&self.disk, &self.dir)?;
		if !self.leads_to(mark)? {
			let marked = mark.map_or(0, |mark| mark.blocks).saturating_mul(BLOCK_LEAVES);
			return Err(TreeError::Damaged { marked });
		}
		Ok(())
	}

	/// Whether the stored nodes lead to the mark's root.
	fn leads_to(&self, mark: Option<Mark>) -> Result<bool, TreeError> {
		let Some(mark) = mark else { return Ok(true) };
		Ok(self.blocks() >= mark.blocks && self.root_of_blocks(mark.blocks)? == mark.root)
	}

	/// The root over the leaves of the first `blocks` blocks, from stored nodes alone.
	fn root_of_blocks(&self, blocks: u64) -> Result<Hash, TreeError> {
		let leaf_count = blocks * BLOCK_LEAVES;
		let peaks: Result<Vec<_>, _> = mountains(leaf_count)
			.map(|mountain| self.stored_node(mountain.height, mountain.peak_index()))
			.collect();
		root::<Blake2>(leaf_count, &peaks?).map_err(TreeError::Shape)
	}

	/// The stored part, cut so that every level agrees with at most `blocks` blocks.
	fn stored(disk: &Disk, dir: &Path, blocks: u64) -> Result<Self, TreeError> {
		let mut tree = Self {
			disk: disk.clone(),
			dir: dir.to_owned(),
			levels: Vec::new(),
			tail: Vec::new(),
			over_blocks: Vec::new(),
			peaks: Peaks::new(),
			was_damaged: false,
		};
		let mut usable = blocks.min(tree.level(0)?.len());
		// A level above that is too short limits what of the levels below can be trusted to be
		// complete; the missing nodes are cheaper to recompute than to reason about.
		let mut height = 1;
		while usable >> height > 0 {
			let have = tree.level(height)?.len();
			if have < usable >> height {
				usable = have << height;
			}
			height += 1;
		}
		tree.cut_levels(usable)?;
		Ok(tree)
	}

	/// The level `height` above the lowest stored one, opened on first use.
	fn level(&mut self, height: usize) -> Result<&mut Level, TreeError> {
		while self.levels.len() <= height {
			let next = Level::open(&self.disk, &self.dir, STORED_LEVEL + self.levels.len() as u8)?;
			self.levels.push(next);
		}
		self.levels.get_mut(height).ok_or_else(|| no_such_node(height as u8, 0, 0))
	}

	/// Keeps the first `blocks` blocks.
	fn cut_levels(&mut self, blocks: u64) -> Result<(), TreeError> {
		for (height, level) in self.levels.iter_mut().enumerate() {
			level.truncate(blocks >> height)?;
		}
		self.tail.clear();
		let leaf_count = blocks * BLOCK_LEAVES;
		let mut peaks = Vec::new();
		for mountain in mountains(leaf_count) {
			peaks.push(self.stored_node(mountain.height, mountain.peak_index())?);
		}
		self.over_blocks.clone_from(&peaks);
		self.peaks = Peaks::from_parts(leaf_count, peaks).map_err(TreeError::Shape)?;
		Ok(())
	}

	fn stored_node(&self, level: u8, index: u64) -> Result<Hash, TreeError> {
		let missing = || no_such_node(level, index, self.leaf_count());
		let height = level.checked_sub(STORED_LEVEL).ok_or_else(missing)?;
		let stored = self.levels.get(usize::from(height)).ok_or_else(missing)?;
		if index >= stored.len() {
			return Err(missing());
		}
		stored.get(index)?.ok_or_else(missing)
	}

	fn blocks(&self) -> u64 {
		self.levels.first().map_or(0, Level::len)
	}

	/// Reads the leaves behind the tree's end, block by block.
	fn extend(&mut self, source: &dyn LeafSource, leaf_count: u64) -> Result<(), TreeError> {
		while self.leaf_count() < leaf_count {
			let index = self.leaf_count() / BLOCK_LEAVES;
			let leaves = BLOCK_LEAVES.min(leaf_count - index * BLOCK_LEAVES);
			self.append_leaves(read_block(source, index, leaves)?.leaf_hashes())?;
		}
		Ok(())
	}

	/// Appends leaves by their hashes, and says how many there are then.
	pub fn append_leaves(&mut self, leaves: &[Hash]) -> Result<u64, TreeError> {
		const BLOCK: usize = BLOCK_LEAVES as usize;
		let (begun, mut rest) = (self.tail.len(), leaves);
		let full = (begun + leaves.len()) / BLOCK * BLOCK;
		if full > 0 {
			let (in_blocks, behind) = leaves.split_at(full - begun);
			let mut blocks = std::mem::take(&mut self.tail);
			blocks.extend_from_slice(in_blocks);
			for root in block_roots(&blocks) {
				self.push_node(root)?;
			}
			let leaf_count = self.blocks() * BLOCK_LEAVES;
			let over_blocks = self.over_blocks.clone();
			self.peaks = Peaks::from_parts(leaf_count, over_blocks).map_err(TreeError::Shape)?;
			rest = behind;
		}
		rest.iter().for_each(|leaf| self.peaks.push(*leaf));
		self.tail.extend_from_slice(rest);
		Ok(self.leaf_count())
	}

	/// Appends the root of a full block and every node above that it completes.
	fn push_node(&mut self, root: Hash) -> Result<(), TreeError> {
		let mut node = root;
		let mut height = 0;
		loop {
			if height == self.levels.len() {
				// Opening the tree did not come this far, so what such a file holds is stale.
				self.level(height)?.truncate(0)?;
			}
			let level = self.level(height)?;
			level.push(node)?;
			let len = level.len();
			if len % 2 == 1 {
				self.over_blocks.push(node);
				return Ok(());
			}
			let left = self.over_blocks.pop().ok_or_else(|| no_such_node(0, len - 2, len))?;
			node = node_hash::<Blake2>(&left, &node);
			height += 1;
		}
	}

	/// Appends the leaves of a value and returns the first one's number.
	pub fn append_value(&mut self, value: &[u8]) -> Result<u64, TreeError> {
		let first = self.leaf_count();
		self.append_leaves(&leaf_hashes(value))?;
		debug_assert_eq!(self.leaf_count() - first, leaves_of(value.len() as u64));
		Ok(first)
	}

	/// Leaves in the log.
	pub fn leaf_count(&self) -> u64 {
		self.peaks.leaf_count()
	}

	/// The root over all leaves.
	pub fn root(&self) -> Hash {
		self.peaks.root()
	}

	/// The peaks over all leaves, highest mountain first.
	pub fn peaks(&self) -> Vec<Hash> {
		self.peaks.peaks().to_vec()
	}

	/// The root that the log had at `leaf_count` leaves.
	pub fn root_at(&self, leaf_count: u64, source: &dyn LeafSource) -> Result<Hash, TreeError> {
		self.check_count(leaf_count)?;
		let view = View::new(self, source);
		let mut peaks = Vec::new();
		for mountain in mountains(leaf_count) {
			peaks.push(view.node(mountain.height, mountain.peak_index())?);
		}
		root::<Blake2>(leaf_count, &peaks).map_err(TreeError::Shape)
	}

	/// The proof of the leaves `indexes` (ascending) of the log as it was at `leaf_count` leaves. Every leaf is checked against the
	/// tree on the way, and the proof against the root.
	///
	/// Errors: [`TreeError::LeafMismatch`] and [`TreeError::NodeMismatch`] if tree and data do not fit together; a
	/// [`LogTree::rebuild`] tells which of them is damaged.
	pub fn prove(
		&self,
		source: &dyn LeafSource,
		leaf_count: u64,
		indexes: &[u64],
	) -> Result<Vec<u8>, TreeError> {
		self.check_count(leaf_count)?;
		let built = build(&View::new(self, source), leaf_count, indexes);
		let proof = built.map_err(|error| match error {
			BuildError::Shape(shape) => TreeError::Shape(shape),
			BuildError::Source(source) => source,
		})?;
		let root = self.root_at(leaf_count, source)?;
		verify::<Blake2>(&root, leaf_count, indexes, &proof)
			.map_err(|_| TreeError::NodeMismatch { leaf_count })?;
		Ok(proof)
	}

	/// Cuts the log to `leaf_count` leaves.
	pub fn truncate(&mut self, leaf_count: u64, source: &dyn LeafSource) -> Result<(), TreeError> {
		self.check_count(leaf_count)?;
		let blocks = leaf_count / BLOCK_LEAVES;
		if Mark::read(&self.disk, &self.dir)?.is_some_and(|mark| mark.blocks > blocks) {
			// First, or a crash in between would leave a mark that the log no longer reaches.
			Mark { blocks, root: self.root_of_blocks(blocks)? }.write(&self.disk, &self.dir)?;
		}
		self.cut_levels(blocks)?;
		self.extend(source, leaf_count)
	}

	/// Hands all nodes to the kernel.
	pub fn flush(&mut self) -> Result<(), TreeError> {
		self.levels.iter_mut().try_for_each(Level::flush)
	}

	/// Makes all nodes durable, and the mark that vouches for those of the first `durable_leaves` leaves. The data of these
	/// must be durable: without them the next [`LogTree::open`] fails.
	pub fn sync(&mut self, durable_leaves: u64) -> Result<(), TreeError> {
		self.levels.iter_mut().try_for_each(Level::sync)?;
		let blocks = self.blocks().min(durable_leaves / BLOCK_LEAVES);
		Mark { blocks, root: self.root_of_blocks(blocks)? }.write(&self.disk, &self.dir)
	}

	fn check_count(&self, leaf_count: u64) -> Result<(), TreeError> {
		if leaf_count > self.leaf_count() {
			return Err(TreeError::Beyond { asked: leaf_count, available: self.leaf_count() });
		}
		Ok(())
	}
}

fn read_block(source: &dyn LeafSource, index: u64, leaves: u64) -> Result<Block, TreeError> {
	let first_leaf = index * BLOCK_LEAVES;
	let mut bytes = vec![0; leaves as usize * LEAF_BYTES];
	source.read_leaves(first_leaf, &mut bytes).map_err(|source| TreeError::Data {
		first_leaf,
		leaves,
		source,
	})?;
	Ok(Block::new(index, bytes))
}

/// The tree with its data, as a prover walks it. The walk is ordered, so one block is remembered.
struct View<'a> {
	tree: &'a LogTree,
	source: &'a dyn LeafSource,
	last: RefCell<Option<Rc<Block>>>,
}

impl<'a> View<'a> {
	fn new(tree: &'a LogTree, source: &'a dyn LeafSource) -> Self {
		Self { tree, source, last: RefCell::new(None) }
	}

	/// Reads a block and checks it against what the tree recorded.
	fn block(&self, index: u64) -> Result<Rc<Block>, TreeError> {
		if let Some(block) = self.last.borrow().as_ref().filter(|block| block.index == index) {
			return Ok(block.clone());
		}
		let first_leaf = index * BLOCK_LEAVES;
		let leaves = BLOCK_LEAVES.min(self.tree.leaf_count().saturating_sub(first_leaf));
		let block = Rc::new(read_block(self.source, index, leaves)?);
		let sound = if leaves == BLOCK_LEAVES {
			block.root() == Some(self.tree.stored_node(STORED_LEVEL, index)?)
		} else {
			block.leaf_hashes() == self.tree.tail.as_slice()
		};
		if !sound {
			return Err(TreeError::LeafMismatch { first_leaf, leaves });
		}
		*self.last.borrow_mut() = Some(block.clone());
		Ok(block)
	}

	fn missing(&self, level: u8, index: u64) -> TreeError {
		no_such_node(level, index, self.tree.leaf_count())
	}
}

impl TreeSource for View<'_> {
	type Error = TreeError;

	fn leaf(&self, index: u64) -> Result<[u8; LEAF_BYTES], TreeError> {
		self.block(index / BLOCK_LEAVES)?.leaf(index).ok_or_else(|| self.missing(0, index))
	}

	fn node(&self, level: u8, index: u64) -> Result<Hash, TreeError> {
		if level >= STORED_LEVEL {
			return self.tree.stored_node(level, index);
		}
		let block = self.block(index >> (STORED_LEVEL - level))?;
		block.node(level, index).ok_or_else(|| self.missing(level, index))
	}
}
