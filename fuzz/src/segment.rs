//! Segment files as `docs/zdb.md` describes them, written and read without the store's help: an oracle must not share the mistakes
//! of what it judges.

use crate::Input;
use crc32c::{crc32c, crc32c_append};

/// Bytes of a segment's header.
pub const SEGMENT_HEADER_BYTES: usize = 32;
/// Bytes of a record's header.
pub const RECORD_HEADER_BYTES: usize = 48;

/// What kind of namespace a segment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// Keys of clients.
	User,
	/// Ids.
	Sequential,
	/// Keys of clients, a log that is proven.
	Audited,
}

impl Kind {
	/// By the lower bits of a byte.
	pub fn of(byte: u8) -> Self {
		match byte % 3 {
			0 => Self::User,
			1 => Self::Sequential,
			_ => Self::Audited,
		}
	}
}

/// The header of a segment.
pub fn segment_header(number: u32, kind: Kind, salt: u64) -> Vec<u8> {
	let mut header = b"GRZDBSG2".to_vec();
	header.extend(number.to_le_bytes());
	header.extend([u8::from(kind == Kind::Sequential), u8::from(kind == Kind::Audited), 0, 0]);
	header.extend(salt.to_le_bytes());
	header.extend([0; 4]);
	header.extend(crc32c(&header).to_le_bytes());
	header
}

/// What is put right in bytes that are to be read as records.
#[derive(Clone, Copy, Debug)]
pub struct Repair {
	/// Both checksums.
	pub checksums: bool,
	/// Sequences, which go up by one, and the lengths of the records before.
	pub order: bool,
	/// Ordinals and, in sequential mode, ids.
	pub ordinals: bool,
}

/// Where records stand while they are put right.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
	/// The next record's sequence.
	pub sequence: u64,
	/// The next record's ordinal.
	pub ordinal: u64,
}

/// Makes records of any bytes: lengths are cut to what is there, and what `repair` names is put right.
pub fn records(
	body: &[u8],
	kind: Kind,
	salt: u64,
	repair: Repair,
	counters: &mut Counters,
) -> Vec<u8> {
	let mut input = Input::new(body);
	let mut out = Vec::new();
	let mut back = 0_u32;
	while !input.is_empty() {
		let mut head: [u8; RECORD_HEADER_BYTES] = input.array();
		if !repair.checksums {
			out.extend(head);
			out.extend(input.rest());
			break;
		}
		let key_len = match kind {
			Kind::Sequential => 8,
			_ => usize::from(head[44]).clamp(1, 40),
		};
		head[45] &= 3;
		(head[46], head[47]) = (0, 0);
		let value_len = if head[45] & 1 == 1 { 0 } else { usize::from(head[8]) << (head[9] & 3) };
		let mut key = input.piece(key_len).to_vec();
		key.resize(key_len, 7);
		let value = input.piece(value_len);
		head[44] = key_len as u8;
		head[8..12].copy_from_slice(&(value.len() as u32).to_le_bytes());
		if repair.order {
			head[16..24].copy_from_slice(&counters.sequence.to_le_bytes());
			head[40..44].copy_from_slice(&back.to_le_bytes());
			counters.sequence += 1;
		}
		if repair.ordinals {
			put_ordinals(&mut head, &mut key, value, kind, counters);
		}
		head[4..8].copy_from_slice(&crc32c(value).to_le_bytes());
		let crc = crc32c_append(crc32c_append(crc32c(&head[4..]), &key), &salt.to_le_bytes());
		head[..4].copy_from_slice(&crc.to_le_bytes());
		back = (RECORD_HEADER_BYTES + key_len + value.len()) as u32;
		out.extend(head);
		out.extend(key);
		out.extend(value);
	}
	out
}

fn put_ordinals(
	head: &mut [u8; RECORD_HEADER_BYTES],
	key: &mut [u8],
	value: &[u8],
	kind: Kind,
	counters: &mut Counters,
) {
	head[24..32].copy_from_slice(&counters.ordinal.to_le_bytes());
	let counts = head[45] & 3 == 0;
	match kind {
		Kind::User => {},
		Kind::Audited if counts => counters.ordinal += value.len().div_ceil(512) as u64,
		Kind::Audited => {},
		Kind::Sequential => {
			// Half of the records issue an id, the others are of an earlier one; each of them consumes a number.
			let is_new = counts && (key[0] & 1 == 0 || counters.ordinal == 0);
			let earlier = u64::from(key[1]) % counters.ordinal.max(1);
			let id = if is_new { counters.ordinal } else { earlier };
			key.copy_from_slice(&id.to_le_bytes());
			counters.ordinal += u64::from(counts);
		},
	}
}

/// A record that fits its checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
	/// Its key.
	pub key: Vec<u8>,
	/// Its value.
	pub value: Vec<u8>,
}

/// Every record of a segment file that fits its checksums, wherever it stands.
pub fn valid_records(file: &[u8]) -> Vec<Record> {
	let Some(salt) = file.get(16..24).and_then(|salt| salt.try_into().ok()).map(u64::from_le_bytes)
	else {
		return Vec::new();
	};
	(SEGMENT_HEADER_BYTES..file.len()).filter_map(|at| valid_record(&file[at..], salt)).collect()
}

fn valid_record(bytes: &[u8], salt: u64) -> Option<Record> {
	let head: &[u8; RECORD_HEADER_BYTES] = bytes.first_chunk()?;
	let word = |at: usize| head[at..].first_chunk().copied().map_or(0, u32::from_le_bytes);
	let key_end = RECORD_HEADER_BYTES + usize::from(head[44]);
	let key = bytes.get(RECORD_HEADER_BYTES..key_end)?;
	let value = bytes.get(key_end..key_end + word(8) as usize)?;
	let crc = crc32c_append(crc32c_append(crc32c(&head[4..]), key), &salt.to_le_bytes());
	let fits = crc == word(0) && crc32c(value) == word(4);
	fits.then(|| Record { key: key.to_vec(), value: value.to_vec() })
}
