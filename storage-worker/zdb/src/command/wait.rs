//! WAIT, MIRROR and MASTER.

use super::{errors, table, Answer};
use crate::{
	limits::OWNER_ID_MAX_BYTES,
	server::{Args, Flow, Output, Session},
};
use std::time::{Duration, Instant};

const TIMEOUT_DEFAULT_MS: u64 = 5000;
const TIMEOUT_TEXT_MAX: usize = 16;

/// `WAIT command|* [milliseconds]`: answered when another client runs that command on the same namespace, or with an error when
/// the time is over.
pub(super) fn wait(session: &mut Session, args: Args<'_>) -> Answer {
	if !(2..=3).contains(&args.len()) {
		return Err("Invalid arguments");
	}
	let command = args.get(1).unwrap_or_default().to_ascii_uppercase();
	let command = match String::from_utf8(command) {
		Ok(any) if any.is_empty() || any == "*" => "*".to_owned(),
		Ok(name) if table::command(name.as_bytes()).is_some() => name,
		_ => return Err("Unknown command to watch"),
	};
	let milliseconds = match args.get(2) {
		None => TIMEOUT_DEFAULT_MS,
		Some(text) if text.len() > TIMEOUT_TEXT_MAX => return Err("Invalid timeout"),
		Some(_) => args.text(2).and_then(|text| text.parse().ok()).ok_or("Invalid timeout")?,
	};
	if !(100..=1_800_000).contains(&milliseconds) {
		return Err("Invalid timeout");
	}
	let deadline = Instant::now() + Duration::from_millis(milliseconds);
	let postbox = session.postbox.clone().ok_or(errors::INTERNAL)?;
	let (watchers, name) = (&session.shared.watchers, session.namespace.name());
	session.waiting = Some(watchers.wait(session.id, postbox, name, command, deadline));
	Ok(Flow::Continue)
}

/// `MIRROR`, by an administrator: from now on every command of other clients is sent to this one.
pub(super) fn mirror(session: &mut Session, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	let postbox = session.postbox.clone().ok_or(errors::INTERNAL)?;
	output.simple("Starting mirroring");
	session.mirroring = Some(session.shared.watchers.mirror(session.id, postbox));
	Ok(Flow::Continue)
}

/// `MASTER`, by an administrator: from now on this client hands on commands that were given to another server first, and the last
/// argument of each names that one. It enters every namespace.
pub(super) fn master(session: &mut Session, output: &mut Output) -> Answer {
	if !session.is_admin {
		return Err(errors::PERMISSION_DENIED);
	}
	session.is_master = true;
	output.simple("Hello, master");
	Ok(Flow::Continue)
}

/// The server that a MASTER's command was given to first, by its instance id. It is as MIRROR tells it.
pub(super) fn owner(text: &[u8]) -> Result<u64, &'static str> {
	let text = Some(text).filter(|text| text.len() <= OWNER_ID_MAX_BYTES);
	let number = text.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
	number.ok_or("Invalid owner id (expected: the instance id that MIRROR told)")
}
