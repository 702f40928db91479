//! SCAN.

use super::{errors, Answer};
use crate::server::{Args, Flow, Output, Session};

/// `SCAN [cursor]`: `[cursor, [[key, length, timestamp], ...]]`, or the error `No more data`.
pub(super) fn scan(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let page = session.namespace.scan(args.get(1)).map_err(|error| errors::text(&error))?;
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
