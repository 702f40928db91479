//! AUTH and SELECT.

use super::{errors, Answer};
use crate::{
	engine::DEFAULT_NAMESPACE,
	limits::{NAMESPACE_NAME_MAX_BYTES, PASSWORD_MAX_BYTES},
	server::{Args, Flow, Output, Session},
};

/// `AUTH password`: makes the client administrator.
pub(super) fn auth(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let password = args.get(1).unwrap_or_default();
	match args.len() {
		2 => {
			log_in(session, password)?;
			output.ok();
			Ok(Flow::Continue)
		},
		3 if password.eq_ignore_ascii_case(b"SECURE") => Err(errors::NO_SECURE),
		3 => Err("Only SECURE extra method supported"),
		_ => Err("Unexpected arguments"),
	}
}

/// Makes the client administrator if the password is right.
pub(super) fn log_in(session: &mut Session, password: &[u8]) -> Result<(), &'static str> {
	let Some(hash) = &session.shared.admin_password else { return Err("Authentication disabled") };
	if password.is_empty() {
		return Err("Invalid argument");
	}
	if password.len() > PASSWORD_MAX_BYTES {
		return Err(errors::PASSWORD_TOO_LONG);
	}
	if !hash.matches(password) {
		return Err(errors::ACCESS_DENIED);
	}
	session.is_admin = true;
	Ok(())
}

/// `SELECT namespace [password]`. A public namespace without its password is attached to for reading only.
pub(super) fn select(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let Some(name) = args.get(1) else { return Err("Invalid argument") };
	if name.len() > NAMESPACE_NAME_MAX_BYTES {
		return Err(errors::NAMESPACE_TOO_LONG);
	}
	let name = args.text(1).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	let namespace = session.shared.store.namespace(name).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	let can_write = if !namespace.has_password() {
		let open = !session.shared.options.protected || name != DEFAULT_NAMESPACE;
		open || session.is_admin
	} else {
		match args.get(2) {
			None if namespace.is_public() => false,
			None => return Err("Namespace protected and private"),
			Some(_) if args.len() > 4 => return Err("Too many arguments"),
			Some(_) if args.len() == 4 => return Err(errors::NO_SECURE),
			Some(password) if password.len() > PASSWORD_MAX_BYTES => {
				return Err(errors::PASSWORD_TOO_LONG)
			},
			Some(password) if !namespace.password_matches(password) => {
				return Err(errors::ACCESS_DENIED)
			},
			Some(_) => true,
		}
	};
	session.attach(namespace, can_write).map_err(|error| errors::write_text(&error))?;
	output.ok();
	Ok(Flow::Continue)
}
