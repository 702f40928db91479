//! CLIENT.

use super::Answer;
use crate::{
	limits::CLIENT_NAME_MAX_BYTES,
	server::{Args, Flow, Output, Session},
};

/// Gives the client a name, or a library's name or version.
fn label(text: &[u8]) -> Result<String, &'static str> {
	if text.len() > CLIENT_NAME_MAX_BYTES || text.iter().any(|byte| !byte.is_ascii_graphic()) {
		return Err("ERR Client names cannot contain spaces, newlines or special characters.");
	}
	Ok(String::from_utf8_lossy(text).into_owned())
}

pub(super) fn set_name(session: &mut Session, name: &[u8]) -> Result<(), &'static str> {
	let name = label(name)?;
	session.registration.update(|facts| facts.name = name);
	Ok(())
}

/// `CLIENT SETNAME|GETNAME|SETINFO|ID|INFO|LIST|NO-EVICT|NO-TOUCH`. Who is no administrator finds itself alone in the list.
pub(super) fn client(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	match args.get(1).unwrap_or_default().to_ascii_uppercase().as_slice() {
		b"SETNAME" => {
			set_name(session, args.get(2).ok_or("Unexpected arguments")?)?;
			output.ok();
		},
		b"GETNAME" => match session.registration.facts().name {
			name if name.is_empty() => output.nil(),
			name => output.bulk(name.as_bytes()),
		},
		b"SETINFO" => {
			set_info(session, args)?;
			output.ok();
		},
		b"NO-EVICT" | b"NO-TOUCH" => output.ok(),
		b"ID" => output.integer(i64::try_from(session.id).unwrap_or(i64::MAX)),
		b"INFO" => output.bulk(session.registration.line().as_bytes()),
		b"LIST" if session.is_admin => output.bulk(session.shared.clients.list().as_bytes()),
		b"LIST" => output.bulk(session.registration.line().as_bytes()),
		_ => return Err("ERR unknown CLIENT subcommand"),
	}
	Ok(Flow::Continue)
}

fn set_info(session: &mut Session, args: Args<'_>) -> Result<(), &'static str> {
	let (Some(attribute), Some(value), 4) = (args.get(2), args.get(3), args.len()) else {
		return Err("Unexpected arguments");
	};
	let value = label(value)?;
	match attribute.to_ascii_uppercase().as_slice() {
		b"LIB-NAME" => session.registration.update(|facts| facts.library.0 = value),
		b"LIB-VER" => session.registration.update(|facts| facts.library.1 = value),
		_ => return Err("ERR Unrecognized option"),
	}
	Ok(())
}
