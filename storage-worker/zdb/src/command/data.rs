//! SET, GET and their relatives, on the namespace that the client is attached to.

use super::{errors, Answer};
use crate::{
	limits::{KEY_MAX_BYTES, REPLY_MAX_BYTES},
	server::{Args, Flow, Output, Session},
	Access, MendOutcome, SetOutcome, ZdbError,
};

/// The timestamp that an administrator may give, decimal as C reads it: leading digits count, none are 0.
fn timestamp(
	session: &Session,
	args: Args<'_>,
	position: usize,
) -> Result<Option<u32>, &'static str> {
	let Some(text) = args.get(position) else { return Ok(None) };
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
	let seconds = digits
		.fold(0_u32, |number, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
	Ok(Some(seconds))
}

/// `SET key value [timestamp]`: the key as a bulk string, or nil if it had that value already.
pub(super) fn set(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let timestamp = match args.len() {
		4 => timestamp(session, args, 3)?,
		_ => None,
	};
	let (Some(key), Some(value), true) = (args.get(1), args.get(2), args.len() <= 4) else {
		return Err("Unexpected arguments");
	};
	if key.len() > KEY_MAX_BYTES {
		return Err("Key too large");
	}
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	let mut written = session.namespace.set_buffered(key, value, timestamp);
	// A shorter log took this one's place at this very moment: the value goes into that one.
	if matches!(written, Err(ZdbError::Removed)) && session.has_namespace() {
		written = session.namespace.set_buffered(key, value, timestamp);
	}
	let outcome = written.map_err(|error| errors::write_text(&error))?;
	session.unflushed_from.get_or_insert(output.len());
	if outcome != SetOutcome::Unchanged {
		session.traffic.write(value.len());
	}
	match outcome {
		// What makes it unchanged may be another client's write that is not flushed yet, so this answer waits too.
		SetOutcome::Unchanged => output.nil(),
		SetOutcome::Written { id: Some(id) } => output.bulk(&id.to_le_bytes()),
		SetOutcome::Written { id: None } => output.bulk(key),
	}
	Ok(Flow::Continue)
}

/// `DEL key [timestamp]`.
pub(super) fn del(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let timestamp = match args.len() {
		3 => timestamp(session, args, 2)?,
		_ => {
			args.exact(2)?;
			None
		},
	};
	let key = args.get(1).unwrap_or_default();
	if key.len() > KEY_MAX_BYTES {
		return Err(errors::INVALID_KEY);
	}
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	session.namespace.del_buffered(key, timestamp).map_err(|error| match &error {
		ZdbError::File { .. } | ZdbError::Poisoned(_) => {
			tracing::error!(%error, "a deletion failed");
			"Cannot delete key (data)"
		},
		other => errors::text(other),
	})?;
	session.unflushed_from.get_or_insert(output.len());
	session.traffic.deletes += 1;
	output.ok();
	Ok(Flow::Continue)
}

/// The one key of a reading command.
fn single_key(args: Args<'_>) -> Result<&[u8], &'static str> {
	args.exact(2)?;
	let key = args.get(1).unwrap_or_default();
	if key.len() > KEY_MAX_BYTES {
		return Err(errors::INVALID_KEY);
	}
	Ok(key)
}

/// `MEND key value`: gives a damaged value its bytes back. `1` if that was needed, `0` if it is sound, nil if there is no such key.
pub(super) fn mend(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	args.exact(3)?;
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	let (key, value) = (args.get(1).unwrap_or_default(), args.get(2).unwrap_or_default());
	let mended = session.namespace.mend(key, value).map(|outcome| match outcome {
		MendOutcome::Missing => None,
		MendOutcome::Sound => Some(0),
		MendOutcome::Mended => Some(1),
	});
	integer_or_nil(mended, output)
}

/// `GET key`: the value or nil.
pub(super) fn get(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let key = single_key(args)?;
	let found = answer_value(session, key, output);
	found.map_err(|error| errors::text(&error))?;
	Ok(Flow::Continue)
}

/// Answers the key's value or nil.
fn answer_value(session: &mut Session, key: &[u8], output: &mut Output) -> Result<(), ZdbError> {
	let found = session.namespace.get_found(key, |value| {
		let value_bytes = value.len();
		output.value(value);
		value_bytes
	})?;
	session.traffic.read(found);
	if found.is_none() {
		output.nil();
	}
	Ok(())
}

/// `GETRANGE key first last`: the value's bytes from the first to the last, negative positions counted from its end; empty
/// if there are none.
pub(super) fn getrange(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if args.len() != 4 {
		return Err("Unexpected arguments");
	}
	let key = args.get(1).unwrap_or_default();
	if key.len() > KEY_MAX_BYTES {
		return Err(errors::INVALID_KEY);
	}
	let position = |at| args.text(at).and_then(|text| text.parse::<i64>().ok());
	let (Some(first), Some(last)) = (position(2), position(3)) else {
		return Err("ERR value is not an integer or out of range");
	};
	let found = session.namespace.get_with(key, |value| {
		let part = part(value, first, last);
		output.bulk(part);
		part.len()
	});
	let found = found.map_err(|error| errors::text(&error))?;
	session.traffic.read(found);
	if found.is_none() {
		output.bulk(b"");
	}
	Ok(Flow::Continue)
}

/// The bytes from `first` to `last`, both included; negative positions count from the end.
fn part(value: &[u8], first: i64, last: i64) -> &[u8] {
	let len = i64::try_from(value.len()).unwrap_or(i64::MAX);
	let from_start = |at: i64| if at < 0 { at.saturating_add(len) } else { at };
	let first = from_start(first).max(0) as usize;
	let end = from_start(last).saturating_add(1).clamp(0, len) as usize;
	value.get(first..end).unwrap_or_default()
}

/// `MSET key value [key value ...]`: all of them, or those before the first that is refused.
pub(super) fn mset(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if args.len() < 3 || args.len().is_multiple_of(2) {
		return Err("Unexpected arguments");
	}
	if args.rest().step_by(2).any(|key| key.len() > KEY_MAX_BYTES) {
		return Err("Key too large");
	}
	if !session.can_write {
		return Err(errors::READ_ONLY);
	}
	session.unflushed_from.get_or_insert(output.len());
	let pairs = args.rest().step_by(2).zip(args.rest().skip(1).step_by(2));
	let stored_before = std::mem::take(&mut session.pairs_stored);
	for (number, (key, value)) in pairs.enumerate().skip(stored_before) {
		match session.namespace.set_buffered(key, value, None) {
			Ok(SetOutcome::Unchanged) => {},
			Ok(SetOutcome::Written { .. }) => session.traffic.write(value.len()),
			Err(error) => {
				if matches!(error, ZdbError::NotInMemory) {
					// Stored once more where it may block, those before would be found unchanged, or refused as being there.
					session.pairs_stored = number;
				}
				return Err(errors::write_text(&error));
			},
		}
	}
	output.ok();
	Ok(Flow::Continue)
}

/// `MGET key [key ...]`: an array of values and nils.
pub(super) fn mget(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	if args.len() < 2 {
		return Err("Invalid arguments");
	}
	if args.rest().any(|key| key.len() > KEY_MAX_BYTES) {
		return Err(errors::INVALID_KEY);
	}
	if session.namespace.access() == Access::Frozen {
		return Err(errors::text(&ZdbError::Frozen));
	}
	let before = output.len();
	output.array(args.len() - 1);
	for key in args.rest() {
		match answer_value(session, key, output) {
			Ok(()) => {},
			Err(ZdbError::NotInMemory) => {
				output.truncate(before);
				return Err(errors::NOT_IN_MEMORY);
			},
			Err(error) => output.error(errors::text(&error)),
		}
		if output.len() - before > REPLY_MAX_BYTES {
			output.truncate(before);
			return Err("The reply is too big, ask for fewer keys at once");
		}
	}
	Ok(Flow::Continue)
}

/// Answers what was found out about a key.
fn about_key(
	session: &mut Session,
	found: Result<Option<i64>, ZdbError>,
	output: &mut Output,
) -> Answer {
	if let Ok(found) = &found {
		session.traffic.read(found.map(|_| 0));
	}
	integer_or_nil(found, output)
}

fn integer_or_nil(found: Result<Option<i64>, ZdbError>, output: &mut Output) -> Answer {
	match found.map_err(|error| errors::text(&error))? {
		Some(number) => output.integer(number),
		None => output.nil(),
	}
	Ok(Flow::Continue)
}

/// `EXISTS key`: 1 or 0.
pub(super) fn exists(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let found =
		session.namespace.exists(single_key(args)?).map_err(|error| errors::text(&error))?;
	session.traffic.read(found.then_some(0));
	output.integer(i64::from(found));
	Ok(Flow::Continue)
}

/// `TYPE key`: `string`, the only type there is, or `none`.
pub(super) fn key_type(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let found =
		session.namespace.exists(single_key(args)?).map_err(|error| errors::text(&error))?;
	output.simple(if found { "string" } else { "none" });
	Ok(Flow::Continue)
}

/// `LENGTH key`: bytes of the value, or nil.
pub(super) fn length(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let found = session.namespace.length(single_key(args)?);
	about_key(session, found.map(|length| length.map(i64::from)), output)
}

/// `KEYTIME key`: unix seconds of the last write, or nil.
pub(super) fn keytime(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let found = session.namespace.keytime(single_key(args)?);
	about_key(session, found.map(|timestamp| timestamp.map(i64::from)), output)
}

/// `CHECK key`: 1 if the value matches its checksum, 0 if not, -1 if it cannot be read, nil if there is no such key.
pub(super) fn check(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let found = match session.namespace.check(single_key(args)?) {
		Err(error @ (ZdbError::File { .. } | ZdbError::Damaged { .. })) => {
			tracing::error!(%error, "CHECK");
			Ok(Some(-1))
		},
		other => other.map(|valid| valid.map(i64::from)),
	};
	about_key(session, found, output)
}

/// `KEYCUR key`: the cursor at which a scan goes on behind the key.
pub(super) fn keycur(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let cursor = session.namespace.key_cursor(single_key(args)?);
	let cursor = cursor.map_err(|error| errors::text(&error))?;
	output.bulk(&cursor.ok_or(errors::KEY_NOT_FOUND)?);
	Ok(Flow::Continue)
}

/// `HISTORY key [cursor]`: `[cursor of the version before or nil, timestamp, value]`.
pub(super) fn history(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	const INVALID: &str = "Invalid arguments";
	let (Some(key), true) = (args.get(1), args.len() <= 3) else { return Err(INVALID) };
	if session.namespace.access() == Access::Frozen {
		return Err(errors::text(&ZdbError::Frozen));
	}
	let cursor = args.get(2).map(<[u8; 8]>::try_from).transpose().map_err(|_| INVALID)?;
	if cursor == Some([0; 8]) {
		return Err("No more history");
	}
	let version = session.namespace.version(key, cursor).map_err(|error| match error {
		ZdbError::KeyNotFound if cursor.is_some() => "Invalid arguments (invalid key)",
		ZdbError::BadCursor => "Invalid arguments (index query)",
		other => errors::text(&other),
	})?;
	session.traffic.read(Some(version.value.len()));
	output.array(3);
	match version.older {
		Some(older) => output.bulk(&older),
		None => output.nil(),
	}
	output.bulk(version.timestamp.to_string().as_bytes());
	output.bulk(&version.value);
	Ok(Flow::Continue)
}

/// `DBSIZE`: live keys.
pub(super) fn dbsize(session: &mut Session, output: &mut Output) -> Answer {
	output.integer(i64::try_from(session.namespace.dbsize()).unwrap_or(i64::MAX));
	Ok(Flow::Continue)
}
