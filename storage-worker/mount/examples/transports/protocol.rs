//! As much of FUSE's protocol as a filesystem of one file needs. Source: `include/uapi/linux/fuse.h`, version 7.42.

use std::{fs::File, os::unix::fs::FileExt};

/// What the one file is called.
pub const NAME: &str = "file";
/// Bytes of a request's header, and of an answer's.
pub const IN_HEADER_BYTES: usize = 40;
pub const OUT_HEADER_BYTES: usize = 16;
/// The largest read that is asked for.
pub const READ_BYTES_MAX: usize = 1 << 20;
/// Bytes of the answer to the first request, with its header.
pub const INIT_BYTES: usize = OUT_HEADER_BYTES + 64;

const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const READ: u32 = 15;
const RELEASE: u32 = 18;
const FLUSH: u32 = 25;
const OPENDIR: u32 = 27;
const RELEASEDIR: u32 = 29;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;

const ASYNC_READ: u64 = 1;
const ASYNC_DIRECT_IO: u64 = 1 << 15;
const PARALLEL_DIRECTORIES: u64 = 1 << 18;
const MAX_PAGES: u64 = 1 << 22;
const INIT_EXTENDED: u64 = 1 << 30;
pub const OVER_IO_URING: u64 = 1 << 41;

const ROOT: u64 = 1;
const FILE: u64 = 2;
const VALID_SECONDS: u64 = 3600;
const KEEP_CACHE: u32 = 2;

/// A request's header: what is wanted, which request it is, of which node.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
	pub opcode: u32,
	pub unique: u64,
	node: u64,
}

impl Asked {
	pub fn parse(header: &[u8]) -> Self {
		Self { opcode: number(header, 4), unique: long(header, 8), node: long(header, 16) }
	}

	/// Whether nobody waits for an answer.
	pub fn is_notice(&self) -> bool {
		matches!(self.opcode, FORGET | BATCH_FORGET | INTERRUPT)
	}
}

pub fn number(bytes: &[u8], at: usize) -> u32 {
	let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
	u32::from_le_bytes(bytes.unwrap_or_default())
}

pub fn long(bytes: &[u8], at: usize) -> u64 {
	u64::from(number(bytes, at)) | u64::from(number(bytes, at + 4)) << 32
}

/// An answer's header; `answer` is the length of what follows, or the number of an error.
pub fn out_header(unique: u64, answer: Result<usize, i32>) -> [u8; OUT_HEADER_BYTES] {
	let (len, error) = answer.map_or_else(|error| (0, -error), |len| (len, 0));
	let mut header = [0; OUT_HEADER_BYTES];
	let mut fields = Fields(&mut header);
	fields.number((OUT_HEADER_BYTES + len) as u32).number(error as u32).long(unique);
	header
}

/// The answer to the first request, and whether the kernel offers rings. `body` is what follows the request's header.
pub fn init(unique: u64, body: &[u8], rings: bool) -> ([u8; INIT_BYTES], bool) {
	let offered = u64::from(number(body, 12)) | u64::from(number(body, 16)) << 32;
	let wanted = ASYNC_READ | ASYNC_DIRECT_IO | PARALLEL_DIRECTORIES | MAX_PAGES | INIT_EXTENDED;
	let flags = offered & (wanted | if rings { OVER_IO_URING } else { 0 });
	let mut answer = [0; INIT_BYTES];
	let (header, rest) = answer.split_at_mut(OUT_HEADER_BYTES);
	header.copy_from_slice(&out_header(unique, Ok(INIT_BYTES - OUT_HEADER_BYTES)));
	let background = 64 | 48 << 16;
	let pages = (READ_BYTES_MAX / 4096) as u32;
	Fields(rest)
		.number(7)
		.number(38)
		.number(READ_BYTES_MAX as u32)
		.number(flags as u32)
		.number(background)
		.number(READ_BYTES_MAX as u32)
		.number(1)
		.number(pages)
		.number((flags >> 32) as u32);
	(answer, offered & OVER_IO_URING != 0)
}

/// The filesystem: a directory with one file.
#[derive(Debug)]
pub struct OneFile {
	file: File,
	bytes: u64,
}

impl OneFile {
	pub fn new(file: File) -> std::io::Result<Self> {
		let bytes = file.metadata()?.len();
		Ok(Self { file, bytes })
	}

	/// Answers into `out` and says how long the answer is, or which error it is. `operation` is the request's fixed part, `name` what follows it.
	pub fn answer(
		&self,
		asked: &Asked,
		operation: &[u8],
		name: &[u8],
		out: &mut [u8],
	) -> Result<usize, i32> {
		match asked.opcode {
			LOOKUP
				if asked.node == ROOT
					&& name.split(|byte| *byte == 0).next() == Some(NAME.as_bytes()) =>
			{
				let mut fields = Fields(out);
				fields.long(FILE).long(0).long(VALID_SECONDS).long(VALID_SECONDS).long(0);
				self.attributes(FILE, &mut fields);
				Ok(128)
			},
			LOOKUP => Err(libc::ENOENT),
			GETATTR => {
				let mut fields = Fields(out);
				fields.long(VALID_SECONDS).long(0);
				self.attributes(asked.node, &mut fields);
				Ok(104)
			},
			OPEN | OPENDIR => {
				Fields(out).long(0).number(KEEP_CACHE).number(0);
				Ok(16)
			},
			READ => {
				let size = number(operation, 16) as usize;
				let room = out.get_mut(..size).ok_or(libc::EIO)?;
				self.file.read_at(room, long(operation, 8)).map_err(|_| libc::EIO)
			},
			RELEASE | RELEASEDIR | FLUSH => Ok(0),
			_ => Err(libc::ENOSYS),
		}
	}

	fn attributes(&self, node: u64, fields: &mut Fields<'_>) {
		let (mode, bytes) = if node == FILE { (0o100_644, self.bytes) } else { (0o040_755, 0) };
		fields.long(node).long(bytes).long(bytes / 512).long(0).long(0).long(0);
		// Parts of seconds, then: mode, links, owner, group, device, block, flags.
		fields.number(0).number(0).number(0);
		fields.number(mode).number(1).number(0).number(0).number(0).number(4096).number(0);
	}
}

/// Writes fields one after the other.
struct Fields<'a>(&'a mut [u8]);

impl Fields<'_> {
	fn number(&mut self, value: u32) -> &mut Self {
		let rest = std::mem::take(&mut self.0);
		if let Some((field, rest)) = rest.split_first_chunk_mut::<4>() {
			*field = value.to_le_bytes();
			self.0 = rest;
		}
		self
	}

	fn long(&mut self, value: u64) -> &mut Self {
		self.number(value as u32).number((value >> 32) as u32)
	}
}
