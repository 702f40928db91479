//! Appending to a log: short records wait in the buffer for the next flush, long ones go to the kernel at once.

use super::{ordinals_of, place_of, Log, Writer};
use crate::{
	engine::{
		location::Location,
		record::{Header, HEADER_BYTES},
	},
	limits::{DIRECT_BYTES, NUMBERS_MAX, PENDING_MAX_BYTES},
	ZdbError,
};
use granary_por::leaves_of;
use std::sync::atomic::Ordering;

/// The key of a record to append.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AppendKey<'a> {
	/// As given.
	Given(&'a [u8]),
	/// The id that the record consumes.
	Issue,
	/// This id, or a later one if it was issued already.
	IssueFrom(u64),
}

/// A record to append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Append<'a> {
	pub(crate) key: AppendKey<'a>,
	/// `None` is a tombstone.
	pub(crate) value: Option<&'a [u8]>,
	pub(crate) value_crc: u32,
	pub(crate) timestamp: u32,
	pub(crate) max_bytes: Option<u64>,
	/// Where the key's version before is.
	pub(crate) previous: Option<Location>,
	/// It is a copy that compaction makes.
	pub(crate) moved: bool,
	/// Sequence and ordinal, where a primary says them.
	pub(crate) numbers: Option<(u64, u64)>,
}

impl Log {
	/// Appends a record and returns where it is and its header. It reaches the kernel with the next flush.
	pub(crate) fn append(&self, append: &Append<'_>) -> Result<(Location, Header), ZdbError> {
		self.check_poison()?;
		if self.faulted.load(Ordering::Relaxed) {
			// What the disk refuses must not pile up behind what it refused before.
			self.flush()?;
		}
		let value = append.value.unwrap_or_default();
		let key_len = match append.key {
			AppendKey::Given(key) => key.len(),
			AppendKey::Issue | AppendKey::IssueFrom(_) => size_of::<u64>(),
		};
		let record_len = (HEADER_BYTES + key_len + value.len()) as u64;
		if value.len() >= DIRECT_BYTES {
			return self.append_direct(append, value, key_len, record_len);
		}
		let mut writer = loop {
			let writer = self.writer.lock();
			if writer.closed {
				return Err(ZdbError::Removed);
			}
			// A full buffer that cannot be written must not grow: its error is this append's error too.
			if writer.pending.len() > PENDING_MAX_BYTES {
				drop(writer);
				self.flush()?;
				continue;
			}
			if self.is_full(&writer, record_len) {
				drop(writer);
				self.rotate(record_len)?;
				continue;
			}
			break writer;
		};
		self.check_room(append, &writer, record_len)?;
		let mut pending = std::mem::take(&mut writer.pending);
		let header = self.number_record(&mut writer, append, value, &mut pending);
		pending.extend_from_slice(value);
		writer.pending = pending;
		let location = writer.active.location(writer.end, &header);
		writer.active.note_record(writer.end, header.sequence);
		writer.end += record_len;
		self.bytes.fetch_add(record_len, Ordering::Relaxed);
		let full = writer.pending.len() > PENDING_MAX_BYTES;
		drop(writer);
		if let AppendKey::Given(key) = append.key {
			self.shape.environment.cache.keep_new(
				self.number,
				location,
				&header.to_bytes(),
				key,
				value,
			);
		}
		if full {
			// The record is in the log, so this is no error of the append: whoever answers for it flushes, and learns why it
			// cannot be written.
			let _ = self.flush();
		}
		Ok((location, header))
	}

	/// Appends a long record, which goes to the kernel at once instead of being copied into the buffer. After an error nothing is
	/// appended; what the kernel took of it lies behind the log's end and is written over.
	fn append_direct(
		&self,
		append: &Append<'_>,
		value: &[u8],
		key_len: usize,
		record_len: u64,
	) -> Result<(Location, Header), ZdbError> {
		let (mut batch, mut writer) = loop {
			let mut batch = self.flushing.lock();
			self.flush_locked(&mut batch)?;
			let writer = self.writer.lock();
			if writer.closed {
				return Err(ZdbError::Removed);
			}
			if self.is_full(&writer, record_len) {
				drop((writer, batch));
				self.rotate(record_len)?;
			} else if writer.pending.is_empty() {
				break (batch, writer);
			}
		};
		self.check_room(append, &writer, record_len)?;
		let numbers = (writer.next_sequence, writer.next_ordinal);
		let header = self.number_record(&mut writer, append, value, &mut batch);
		let (active, start) = (writer.active.clone(), writer.end);
		let head = batch.len() as u64;
		let written = active
			.file
			.write_all_at(&batch, start)
			.and_then(|()| active.file.write_all_at(value, start + head))
			.map_err(|error| ZdbError::file("write", &active.path, error));
		debug_assert_eq!(head, (HEADER_BYTES + key_len) as u64);
		batch.clear();
		self.note_fault(written.as_ref().err());
		if let Err(error) = written {
			(writer.next_sequence, writer.next_ordinal) = numbers;
			return Err(error);
		}
		active.note_record(start, header.sequence);
		writer.end += record_len;
		writer.pending_start = writer.end;
		active.set_flushed(writer.end);
		self.begin_writing(&active);
		self.unflushed.store(place_of(active.number, writer.end), Ordering::Release);
		self.bytes.fetch_add(record_len, Ordering::Relaxed);
		Ok((active.location(start, &header), header))
	}

	/// Gives a record its numbers and appends its header and key to `out`.
	fn number_record(
		&self,
		writer: &mut Writer,
		append: &Append<'_>,
		value: &[u8],
		out: &mut Vec<u8>,
	) -> Header {
		if let AppendKey::IssueFrom(id) = append.key {
			writer.next_ordinal = writer.next_ordinal.max(id);
		}
		if let Some((sequence, ordinal)) = append.numbers {
			(writer.next_sequence, writer.next_ordinal) = (sequence, ordinal);
		}
		let ordinal = writer.next_ordinal;
		let issued = ordinal.to_le_bytes();
		let key = match append.key {
			AppendKey::Given(key) => key,
			AppendKey::Issue | AppendKey::IssueFrom(_) => &issued,
		};
		let mut header = Header {
			header_crc: 0,
			value_crc: append.value_crc,
			value_len: value.len() as u32,
			timestamp: append.timestamp,
			sequence: writer.next_sequence,
			ordinal,
			previous: append.previous,
			back: writer.active.last().map_or(0, |last| (writer.end - last) as u32),
			key_len: key.len() as u8,
			tombstone: append.value.is_none(),
			moved: append.moved,
		};
		header.header_crc = header.checksum(key, writer.active.salt);
		out.reserve(HEADER_BYTES + key.len() + value.len().min(DIRECT_BYTES));
		out.extend_from_slice(&header.to_bytes());
		out.extend_from_slice(key);
		writer.next_sequence += 1;
		writer.next_ordinal += ordinals_of(self.shape.mode, self.shape.audited, &header);
		header
	}

	/// Whether there is a number for one more record, and room below the quota.
	fn check_room(
		&self,
		append: &Append<'_>,
		writer: &Writer,
		record_len: u64,
	) -> Result<(), ZdbError> {
		// No log gets so far by itself, but a forged one may say that it did: what was numbered beyond would be taken for damage when it is read.
		if writer.next_sequence.max(writer.next_ordinal) >= NUMBERS_MAX {
			return Err(ZdbError::Full);
		}
		let (Some(max_bytes), Some(value)) = (append.max_bytes, append.value) else {
			return Ok(());
		};
		let leaves = writer.next_ordinal;
		let used_bytes = self.bytes.load(Ordering::Relaxed) + self.tree_bytes(leaves);
		let grown =
			self.tree_bytes(leaves + leaves_of(value.len() as u64)) - self.tree_bytes(leaves);
		let needed_bytes = record_len + grown;
		if used_bytes + needed_bytes > max_bytes {
			return Err(ZdbError::NoSpace { used_bytes, max_bytes, needed_bytes });
		}
		Ok(())
	}
}
