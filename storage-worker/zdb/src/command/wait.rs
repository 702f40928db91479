//! WAIT and MIRROR.

use super::{errors, Answer, COMMANDS};
use crate::server::{Args, Flow, Output, Session};
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
		Ok(name) if COMMANDS.contains(&name.as_str()) => name,
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
