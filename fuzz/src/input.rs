//! Taking numbers and pieces off the front of an input.

/// What is left of an input. Behind its end there are zeros.
#[derive(Clone, Debug)]
pub struct Input<'b>(&'b [u8]);

impl<'b> Input<'b> {
	/// The whole input.
	pub fn new(bytes: &'b [u8]) -> Self {
		Self(bytes)
	}

	/// Whether nothing is left.
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// The next byte.
	pub fn byte(&mut self) -> u8 {
		self.array::<1>()[0]
	}

	/// The next two bytes.
	pub fn short(&mut self) -> u16 {
		u16::from_le_bytes(self.array())
	}

	/// The next four bytes.
	pub fn word(&mut self) -> u32 {
		u32::from_le_bytes(self.array())
	}

	/// The next eight bytes.
	pub fn long(&mut self) -> u64 {
		u64::from_le_bytes(self.array())
	}

	/// The next bytes.
	pub fn array<const N: usize>(&mut self) -> [u8; N] {
		let mut array = [0; N];
		let piece = self.piece(N);
		array[..piece.len()].copy_from_slice(piece);
		array
	}

	/// A number below `bound`, or 0.
	pub fn below(&mut self, bound: usize) -> usize {
		usize::from(self.short()) % bound.max(1)
	}

	/// Up to `len` bytes.
	pub fn piece(&mut self, len: usize) -> &'b [u8] {
		let (piece, rest) = self.0.split_at(len.min(self.0.len()));
		self.0 = rest;
		piece
	}

	/// A piece whose length comes first, in one byte.
	pub fn short_piece(&mut self) -> &'b [u8] {
		let len = usize::from(self.byte());
		self.piece(len)
	}

	/// All that is left.
	pub fn rest(&mut self) -> &'b [u8] {
		std::mem::take(&mut self.0)
	}
}
