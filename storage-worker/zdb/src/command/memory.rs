//! MEMORY, and the figures of the process that INFO tells too.

use super::{errors, Answer};
use crate::{
	limits::KEY_MAX_BYTES,
	server::{Args, Flow, Output, Session},
};
use std::fs;

/// What the kernel says of the process's memory, in bytes; zeros where there is no `/proc`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
	pub(super) resident: u64,
	pub(super) peak: u64,
}

impl Memory {
	pub(super) fn now() -> Self {
		let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
		let kibibytes = |wanted: &str| {
			let line = status.lines().find_map(|line| line.strip_prefix(wanted))?;
			line.split_whitespace().next()?.parse::<u64>().ok()
		};
		let bytes = |wanted| kibibytes(wanted).unwrap_or(0) * 1024;
		Self { resident: bytes("VmRSS:"), peak: bytes("VmHWM:") }
	}
}

/// `MEMORY USAGE key|STATS|DOCTOR|PURGE`. A key's usage is what its record takes on disk; memory holds a few bytes of it alone.
pub(super) fn memory(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	match args.get(1).unwrap_or_default().to_ascii_uppercase().as_slice() {
		b"USAGE" => {
			let key = args.get(2).ok_or("Missing arguments")?;
			if key.len() > KEY_MAX_BYTES {
				return Err(errors::INVALID_KEY);
			}
			match session.namespace.record_bytes(key).map_err(|error| errors::text(&error))? {
				Some(bytes) => output.integer(i64::try_from(bytes).unwrap_or(i64::MAX)),
				None => output.nil(),
			}
		},
		b"STATS" => {
			let memory = Memory::now();
			let store = &session.shared.store;
			let namespaces = store.list().into_iter().filter_map(|name| store.namespace(&name));
			let (mut keys, mut index_bytes) = (0, 0);
			for namespace in namespaces {
				let info = namespace.info();
				keys += info.entries;
				index_bytes += info.index_bytes;
			}
			let figures = [
				("peak.allocated", memory.peak),
				("total.allocated", memory.resident),
				("keys.count", keys),
				("dataset.bytes", index_bytes),
			];
			output.map(figures.len());
			for (name, value) in figures {
				output.bulk(name.as_bytes());
				output.integer(i64::try_from(value).unwrap_or(i64::MAX));
			}
		},
		b"DOCTOR" => {
			output.bulk(b"Values are on disk; memory holds the index alone, 14 to 21 bytes a key.")
		},
		b"PURGE" => output.ok(),
		_ => return Err("ERR unknown MEMORY subcommand"),
	}
	Ok(Flow::Continue)
}
