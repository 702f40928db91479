//! Copying all of a file of the snapshot into the layer, so that nothing lies below it any more.

use crate::{
	bitmap::Bitmap,
	blocks::{copy_up_edges, mark, read_below, Edges, BLOCK_BYTES},
	journal::Record,
	layer::{Answer, Layer},
	stats::Counters,
	thin::{live_path, map_path, ThinFile},
};
use std::io;

/// Bytes that are fetched together.
const PIECE_BYTES: u64 = 1 << 20;

impl Layer {
	/// Copies all of a file up and cuts it loose from the snapshot, durably. Nobody writes to it meanwhile.
	pub(crate) fn detach(&self, ino: u64, content: &ThinFile) -> Answer<()> {
		for at in (0..content.size()).step_by(PIECE_BYTES as usize) {
			let blocks = content.fetch_blocks(&self.counters, at)?;
			let _open = self.gate.read();
			content.copy_up(&self.counters, &blocks)?;
		}
		// In this order: a loss of power must not keep the record and lose what was copied.
		self.sync_content(content)?;
		{
			let _open = self.gate.read();
			self.commit_record(&mut self.tree.write(), &Record::Detached { ino })?;
			content.forget_below();
		}
		// Nor must it lose the record and keep what is written from now on, which no map speaks of.
		self.sync_journal()
	}
}

impl ThinFile {
	/// Fetches what lies below of the piece that begins here, before anything is locked.
	fn fetch_blocks(&self, counters: &Counters, offset: u64) -> io::Result<Edges> {
		let (below, limit) = {
			let state = self.state.read();
			(state.below.clone(), state.limit())
		};
		let mut bytes = vec![0; limit.saturating_sub(offset).min(PIECE_BYTES) as usize];
		read_below(counters, below.as_ref(), limit, offset, &mut bytes)?;
		let blocks = bytes.chunks(BLOCK_BYTES as usize).map(<[u8]>::to_vec);
		Ok(Edges((offset / BLOCK_BYTES..).zip(blocks).collect()))
	}

	/// Brings the blocks into the layer that it does not own by now.
	fn copy_up(&self, counters: &Counters, blocks: &Edges) -> io::Result<()> {
		let mut state = self.state.write();
		let handles = self.handles(&state)?;
		copy_up_edges(&handles.data, counters, &state, blocks)?;
		match (blocks.0.first(), blocks.0.last()) {
			(Some((first, _)), Some((last, _))) => {
				mark(handles.live.as_ref(), &mut state, *first, *last)
			},
			_ => Ok(()),
		}
	}

	/// Nothing lies below it any more.
	fn forget_below(&self) {
		let mut state = self.state.write();
		state.below = None;
		state.owned = Bitmap::default();
		state.unsynced = None;
		self.put_away();
		// What is left over is only waste.
		let _ = std::fs::remove_file(map_path(&state.map_dir, self.ino));
		let _ = std::fs::remove_file(live_path(&state.map_dir, self.ino));
	}
}
