//! What a loss of power leaves.

use super::{
	random::Random,
	state::{apply, apply_name, Change, DirNode, FileNode, Node, State},
	Loss, SECTOR_BYTES,
};

/// How much of what is pending survives: each file and directory is dealt one of these.
#[derive(Clone, Copy)]
enum Fate {
	Kept,
	Lost,
	/// The oldest changes, up to some point.
	Prefix,
	/// Each change, and each sector of a write, for itself.
	Scattered,
}

impl Fate {
	fn draw(random: &mut Random) -> Self {
		match random.below(8) {
			0 => Self::Kept,
			1 => Self::Lost,
			2 | 3 => Self::Prefix,
			_ => Self::Scattered,
		}
	}
}

impl State {
	/// Starts the machine anew.
	pub(crate) fn restart(&mut self, loss: Loss) {
		(self.is_off, self.off_at, self.fault) = (false, None, None);
		self.boot += 1;
		if let Loss::Any(seed) = loss {
			self.random = Random(seed);
		}
		for node in self.nodes.values_mut() {
			match node {
				Node::File(file) => file.is_locked = false,
				Node::Dir(_) => {},
			}
			match (loss, node) {
				(Loss::Nothing, _) => {},
				(Loss::All, Node::File(file)) => file.restart(Fate::Lost, &mut self.random),
				(Loss::All, Node::Dir(dir)) => dir.restart(Fate::Lost, &mut self.random),
				(Loss::Any(_), Node::File(file)) => {
					file.restart(Fate::draw(&mut self.random), &mut self.random);
				},
				(Loss::Any(_), Node::Dir(dir)) => {
					dir.restart(Fate::draw(&mut self.random), &mut self.random);
				},
			}
		}
	}

	/// The same, all of it durable.
	pub(crate) fn copy(&self) -> Self {
		let mut copy = self.clone();
		for node in copy.nodes.values_mut() {
			match node {
				Node::File(file) => {
					file.durable.clone_from(&file.written);
					file.pending.clear();
				},
				Node::Dir(dir) => {
					dir.durable.clone_from(&dir.written);
					dir.pending.clear();
				},
			}
		}
		copy.restart(Loss::Nothing);
		copy
	}
}

impl FileNode {
	fn restart(&mut self, fate: Fate, random: &mut Random) {
		let changes = std::mem::take(&mut self.pending);
		let prefix = match fate {
			Fate::Kept => changes.len(),
			Fate::Lost | Fate::Scattered => 0,
			Fate::Prefix => random.below(changes.len() + 1),
		};
		let mut content = std::mem::take(&mut self.durable);
		changes.iter().take(prefix).for_each(|change| apply(&mut content, change));
		let torn = match fate {
			Fate::Scattered => changes.as_slice(),
			// The write at which the power failed may have come to the disk in part.
			Fate::Prefix => {
				changes.get(prefix..(prefix + 1).min(changes.len())).unwrap_or_default()
			},
			Fate::Kept | Fate::Lost => &[],
		};
		for change in torn {
			scatter(&mut content, change, random);
		}
		// The length may be on the disk before what it spans.
		if !torn.is_empty() && content.len() < self.written.len() && random.below(3) == 0 {
			content.resize(self.written.len(), 0);
		}
		self.written.clone_from(&content);
		self.durable = content;
	}
}

/// Applies some sectors of a change. Where one is lost within what the file spans then, there are zeros or garbage.
fn scatter(content: &mut Vec<u8>, change: &Change, random: &mut Random) {
	let Change::Write { at, bytes } = change else {
		if random.coin() {
			apply(content, change);
		}
		return;
	};
	let garbage = random.below(4) == 0;
	let mut start = 0;
	while start < bytes.len() {
		let end = ((at + start) / SECTOR_BYTES + 1) * SECTOR_BYTES - at;
		let piece = bytes.get(start..end.min(bytes.len())).unwrap_or_default().to_vec();
		let before = content.len();
		if random.coin() {
			apply(content, &Change::Write { at: at + start, bytes: piece });
		} else if garbage && at + start >= before {
			let bytes = piece.iter().map(|_| random.next() as u8).collect();
			apply(content, &Change::Write { at: at + start, bytes });
		}
		start = end;
	}
}

impl DirNode {
	fn restart(&mut self, fate: Fate, random: &mut Random) {
		let changes = std::mem::take(&mut self.pending);
		let prefix = random.below(changes.len() + 1);
		for (number, change) in changes.iter().enumerate() {
			let kept = match fate {
				Fate::Kept => true,
				Fate::Lost => false,
				Fate::Prefix => number < prefix,
				Fate::Scattered => random.coin(),
			};
			if kept {
				apply_name(&mut self.durable, change);
			}
		}
		self.written.clone_from(&self.durable);
	}
}
