//! SCAN, RSCAN, KSCAN.

use super::{errors, Answer};
use crate::{
	server::{Args, Flow, Output, Session},
	Mode, ScanPage, ZdbError,
};

/// `SCAN [cursor]`: `[cursor, [[key, length, timestamp], ...]]`, or the error `No more data`.
pub(super) fn scan(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	answer(session.namespace.scan(args.get(1)), output)
}

/// `RSCAN [cursor]`: as SCAN, from the last key to the first.
pub(super) fn rscan(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	answer(session.namespace.scan_back(args.get(1)), output)
}

fn answer(page: Result<Option<ScanPage>, ZdbError>, output: &mut Output) -> Answer {
	let page = page.map_err(|error| errors::text(&error))?;
	let Some(page) = page else { return Err("No more data") };
	output.array(2);
	output.bulk(&page.cursor);
	output.array(page.entries.len());
	for entry in &page.entries {
		output.array(3);
		output.bulk(&entry.key);
		output.integer(i64::from(entry.value_len));
		output.integer(i64::from(entry.timestamp));
	}
	Ok(Flow::Continue)
}

/// `KSCAN prefix [cursor]`: `[cursor, [key, ...]]`. The cursor is `0` when all keys were looked at; in a large namespace it
/// is where to go on.
pub(super) fn kscan(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if session.namespace.info().mode == Mode::Sequential {
		return Err("Index running mode doesn't support this feature");
	}
	if !(2..=3).contains(&args.len()) {
		return Err("Unexpected arguments");
	}
	let prefix = args.get(1).filter(|prefix| !prefix.is_empty()).ok_or("Invalid argument")?;
	let cursor = args.get(2).filter(|cursor| *cursor != b"0");
	let found = session.namespace.keys_with_prefix(prefix, cursor);
	let (keys, next) = found.map_err(|error| errors::text(&error))?;
	if keys.is_empty() && next.is_none() {
		return Err("No keys match");
	}
	output.array(2);
	output.bulk(next.as_ref().map_or(b"0", |cursor| cursor.as_slice()));
	output.array(keys.len());
	keys.iter().for_each(|key| output.bulk(key));
	Ok(Flow::Continue)
}
