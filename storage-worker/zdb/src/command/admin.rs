//! STOP, HOOKS, INDEX DIRTY, DATA RAW, COMPACT, SCRUB, SLOWLOG.

use super::{errors, Answer};
use crate::{
	limits::PROPERTY_MAX_BYTES,
	server::{Args, Flow, Output, Reply, Session},
	ScrubReport, Store, ZdbError,
};

/// `STOP`, by an administrator: the server ends as on a signal.
pub(super) fn stop(session: &mut Session, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err("Unauthorized");
	}
	output.simple("Stopping");
	session.shared.stop_requested.notify_one();
	Ok(Flow::Close)
}

/// `HOOKS`, by an administrator: `[name, [arguments], pid, created, finished, status]` of each run.
pub(super) fn hooks(session: &mut Session, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let runs = session.shared.hooks.list();
	output.array(runs.len());
	for run in &runs {
		output.array(6);
		output.bulk(run.name.as_bytes());
		output.array(run.arguments.len());
		run.arguments.iter().for_each(|argument| output.bulk(argument.as_bytes()));
		output.integer(i64::from(run.pid));
		output.integer(i64::try_from(run.created).unwrap_or(i64::MAX));
		output.integer(i64::try_from(run.finished).unwrap_or(i64::MAX));
		output.integer(i64::from(run.status));
	}
	Ok(Flow::Continue)
}

/// `INDEX DIRTY [RESET]`, by an administrator: segments of the namespace in which records were superseded.
pub(super) fn index(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	subcommand(session, args)?;
	if !args.get(1).is_some_and(|name| name.eq_ignore_ascii_case(b"DIRTY")) {
		return Err("Unknown INDEX subcommand");
	}
	match args.get(2) {
		None => {
			let dirty = session.namespace.dirty_segments();
			output.array(dirty.len());
			dirty.iter().for_each(|number| output.integer(i64::from(*number)));
		},
		Some(reset) if reset.eq_ignore_ascii_case(b"RESET") => {
			session.namespace.reset_dirty();
			output.ok();
		},
		Some(_) => return Err("Unknown INDEX DIRTY subcommand"),
	}
	Ok(Flow::Continue)
}

/// `DATA RAW segment offset`, by an administrator: `[key, previous offset, checksum, flags, timestamp, value]`; of a tombstone
/// the value is nil.
pub(super) fn data(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	subcommand(session, args)?;
	if !args.get(1).is_some_and(|name| name.eq_ignore_ascii_case(b"RAW")) {
		return Err("Unknown DATA subcommand");
	}
	if args.len() < 4 {
		return Err("Missing arguments");
	}
	let segment = args.text(2).and_then(|text| text.parse().ok()).ok_or("Invalid Request")?;
	let offset = args.text(3).and_then(|text| text.parse().ok()).ok_or("Invalid Request")?;
	let record = session.namespace.raw_record(segment, offset).map_err(|error| match error {
		ZdbError::NoRecord => "Invalid Request",
		_ => "Unexpected Internal Error",
	})?;
	let Some(record) = record else { return Err("EOF") };
	output.array(6);
	output.bulk(&record.key);
	output.integer(i64::try_from(record.previous_offset).unwrap_or(i64::MAX));
	output.bulk(format!("0x{:08x}", record.value_crc).as_bytes());
	output.integer(i64::from(record.tombstone));
	output.integer(i64::from(record.timestamp));
	match record.value {
		Some(value) => output.bulk(&value),
		None => output.nil(),
	}
	Ok(Flow::Continue)
}

/// What INDEX and DATA check first.
fn subcommand(session: &Session, args: Args<'_>) -> Result<(), &'static str> {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	match args.get(1) {
		None => Err("Missing arguments"),
		Some(_) if args.rest().any(<[u8]>::is_empty) => Err("Invalid argument"),
		Some(_) if args.rest().any(|argument| argument.len() > PROPERTY_MAX_BYTES) => {
			Err("Argument too long")
		},
		Some(_) => Ok(()),
	}
}

/// `COMPACT [STATUS|START|STOP|NOW]`, by an administrator. NOW compacts the client's namespace at full speed and answers
/// when it is done; the others are about the background thread.
pub(super) fn compact(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let store = session.shared.store.clone();
	let subcommand = args.get(1).unwrap_or(b"STATUS").to_ascii_uppercase();
	match subcommand.as_slice() {
		b"START" | b"STOP" => {
			store.set_compaction(subcommand == b"START");
			output.ok();
		},
		b"STATUS" => {
			let (done, failure) = store.compaction();
			let text = format!(
				"running:{}\r\nsegments:{}\r\nmoved_bytes:{}\r\nfreed_bytes:{}\r\nfailure:{}\r\n",
				u8::from(store.is_compacting()),
				done.segments,
				done.moved_bytes,
				done.freed_bytes,
				failure.unwrap_or_default()
			);
			output.bulk(text.as_bytes());
		},
		b"NOW" => {
			let name = session.namespace.name().to_owned();
			session.job = Some(Box::new(move || {
				let done = store.compact_namespace(&name);
				let done = done.map_err(|error| errors::write_text(&error).to_owned())?;
				Ok(Reply::Integer(i64::try_from(done.freed_bytes).unwrap_or(i64::MAX)))
			}));
			return Ok(Flow::Later);
		},
		_ => return Err("Unknown COMPACT subcommand"),
	}
	Ok(Flow::Continue)
}

/// `SCRUB [NOW|STATUS|START|STOP]`, by an administrator. NOW, or nothing, reads the client's namespace at full speed and compares it with its
/// checksums: `[records, bytes, [damaged file, offset, bytes], ...]`; the others are about the background thread.
pub(super) fn scrub(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let store = &session.shared.store;
	let subcommand = args.get(1).unwrap_or(b"NOW").to_ascii_uppercase();
	match subcommand.as_slice() {
		b"START" | b"STOP" => {
			store.set_scrub(subcommand == b"START");
			output.ok();
		},
		b"STATUS" => output.bulk(scrub_status(store).as_bytes()),
		b"NOW" => {
			let namespace = session.namespace.clone();
			session.job = Some(Box::new(move || {
				let report = namespace.scrub().map_err(|error| errors::text(&error).to_owned())?;
				Ok(scrub_reply(&report))
			}));
			return Ok(Flow::Later);
		},
		_ => return Err("Unknown SCRUB subcommand"),
	}
	Ok(Flow::Continue)
}

fn scrub_status(store: &Store) -> String {
	let (enabled, status) = store.scrub_status();
	let mut text = format!(
		"enabled:{}\r\nrunning:{}\r\nlast_pass_ended_ms:{}\r\nrecords:{}\r\nbytes:{}\r\ndamaged:{}\r\nfailure:{}\r\n",
		u8::from(enabled),
		u8::from(status.is_running),
		status.last_pass_ended,
		status.records,
		status.bytes,
		status.damaged,
		status.failure.unwrap_or_default()
	);
	for range in &status.listed {
		let (path, offset, bytes) = (range.path.display(), range.offset, range.len_bytes);
		text.push_str(&format!("damaged_range:{bytes} bytes at offset {offset} of {path}\r\n"));
	}
	text
}

fn scrub_reply(report: &ScrubReport) -> Reply {
	let number = |number: u64| Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX));
	let damaged = report.damaged.iter().map(|range| {
		let path = range.path.display().to_string().into_bytes();
		Reply::Array(vec![Reply::Bulk(path), number(range.offset), number(range.len_bytes)])
	});
	let mut reply = vec![number(report.records), number(report.bytes)];
	reply.extend(damaged);
	Reply::Array(reply)
}

/// `SLOWLOG GET [count] | LEN | RESET`, by an administrator, as redis answers it.
pub(super) fn slowlog(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	const SHOWN: usize = 10;
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let slow = &session.shared.slow;
	match args.get(1).unwrap_or_default().to_ascii_uppercase().as_slice() {
		b"LEN" => output.integer(i64::try_from(slow.len()).unwrap_or(i64::MAX)),
		b"RESET" => {
			slow.reset();
			output.ok();
		},
		b"GET" => {
			let count = match args.get(2) {
				None => SHOWN,
				Some(b"-1") => usize::MAX,
				Some(_) => {
					args.text(2).and_then(|text| text.parse().ok()).ok_or("Invalid argument")?
				},
			};
			let entries = slow.list(count);
			output.array(entries.len());
			for entry in &entries {
				output.array(6);
				output.integer(i64::try_from(entry.number).unwrap_or(i64::MAX));
				output.integer(i64::try_from(entry.time).unwrap_or(i64::MAX));
				output.integer(i64::try_from(entry.took.as_micros()).unwrap_or(i64::MAX));
				output.array(entry.arguments.len());
				entry.arguments.iter().for_each(|argument| output.bulk(argument));
				output.bulk(entry.client.to_string().as_bytes());
				output.bulk(b"");
			}
		},
		_ => return Err("Unknown SLOWLOG subcommand"),
	}
	Ok(Flow::Continue)
}
