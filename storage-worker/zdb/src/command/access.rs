//! AUTH and SELECT.

use super::{errors, Answer};
use crate::{
	engine::{hex, DEFAULT_NAMESPACE},
	limits::{NAMESPACE_NAME_MAX_BYTES, PASSWORD_MAX_BYTES},
	server::{Args, Flow, Output, Session},
};

/// `AUTH password`, or `AUTH SECURE CHALLENGE` and then `AUTH SECURE hash`: makes the client administrator.
pub(super) fn auth(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let password = args.get(1).unwrap_or_default();
	match args.len() {
		2 => {
			log_in(session, password)?;
			output.ok();
			Ok(Flow::Continue)
		},
		3 => {
			let answer = args.get(2).unwrap_or_default();
			if password.is_empty() || answer.is_empty() {
				return Err("Invalid argument");
			}
			if !password.eq_ignore_ascii_case(b"SECURE") {
				return Err("Only SECURE extra method supported");
			}
			if answer.eq_ignore_ascii_case(b"CHALLENGE") {
				let nonce = hex(&rand::random::<[u8; 8]>());
				output.simple(&nonce);
				session.nonce = Some(nonce);
				return Ok(Flow::Continue);
			}
			let shared = session.shared.clone();
			let Some(own) = &shared.admin_password else { return Err(errors::NO_AUTH) };
			answer_challenge(session, answer, |nonce| own.answers(nonce, answer))?;
			session.is_admin = true;
			output.ok();
			Ok(Flow::Continue)
		},
		_ => Err("Unexpected arguments"),
	}
}

/// Checks the answer to the client's challenge. A challenge is answered once, rightly or wrongly.
fn answer_challenge(
	session: &mut Session,
	answer: &[u8],
	is_right: impl FnOnce(&str) -> bool,
) -> Result<(), &'static str> {
	const HASH_DIGITS: usize = 40;
	if session.nonce.is_none() {
		return Err("No CHALLENGE requested, secure authentication not available");
	}
	if answer.len() != HASH_DIGITS {
		return Err("Invalid hash length");
	}
	match session.nonce.take() {
		Some(nonce) if is_right(&nonce) => Ok(()),
		_ => Err(errors::ACCESS_DENIED),
	}
}

/// Makes the client administrator if the password is right.
pub(super) fn log_in(session: &mut Session, password: &[u8]) -> Result<(), &'static str> {
	let Some(own) = &session.shared.admin_password else { return Err(errors::NO_AUTH) };
	if password.is_empty() {
		return Err("Invalid argument");
	}
	if password.len() > PASSWORD_MAX_BYTES {
		return Err(errors::PASSWORD_TOO_LONG);
	}
	if !own.matches(password) {
		return Err(errors::ACCESS_DENIED);
	}
	session.is_admin = true;
	Ok(())
}

/// `SELECT namespace [password | SECURE hash]`. A public namespace without its password is attached to for reading only.
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
			Some(method) if args.len() == 4 => {
				if !method.eq_ignore_ascii_case(b"SECURE") {
					return Err("Only SECURE extra method supported");
				}
				let answer = args.get(3).unwrap_or_default();
				let is_right = |nonce: &str| namespace.password_answers(nonce, answer);
				answer_challenge(session, answer, is_right)?;
				true
			},
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
