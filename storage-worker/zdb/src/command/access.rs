//! AUTH and SELECT.

use super::{errors, Answer};
use crate::{
	account::{answers, parse_account},
	engine::{hex, DEFAULT_NAMESPACE},
	limits::{NAMESPACE_NAME_MAX_BYTES, PASSWORD_MAX_BYTES, SELECT_PASSWORD_MAX_BYTES},
	server::{Args, Flow, Output, Session},
	AccountKey, Namespace,
};

/// `AUTH password`, or `AUTH SECURE CHALLENGE` and then `AUTH SECURE hash`: makes the client administrator. `AUTH ACCOUNT account
/// CHALLENGE` and then `AUTH ACCOUNT account signature`: the client is that account.
pub(super) fn auth(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let method = args.get(1).unwrap_or_default();
	let answer = args.get(args.len() - 1).unwrap_or_default();
	match args.len() {
		2 => log_in(session, method)?,
		3 | 4 if args.rest().any(<[u8]>::is_empty) => return Err("Invalid argument"),
		3 if !method.eq_ignore_ascii_case(b"SECURE") => {
			return Err("Only SECURE extra method supported");
		},
		3 if answer.eq_ignore_ascii_case(b"CHALLENGE") => {
			let nonce = hex(&rand::random::<[u8; 8]>());
			output.simple(&nonce);
			session.nonce = Some(nonce);
			return Ok(Flow::Continue);
		},
		3 => {
			let shared = session.shared.clone();
			let Some(own) = &shared.admin_password else { return Err(errors::NO_AUTH) };
			answer_challenge(session, answer, |nonce| own.answers(nonce, answer))?;
			session.become_admin();
		},
		4 if method.eq_ignore_ascii_case(b"ACCOUNT") => {
			let account = args.text(2).and_then(parse_account).ok_or(errors::INVALID_ACCOUNT)?;
			if answer.eq_ignore_ascii_case(b"CHALLENGE") {
				let challenge = hex(&rand::random::<[u8; 32]>());
				output.simple(&challenge);
				session.account_challenge = Some((account, challenge));
				return Ok(Flow::Continue);
			}
			sign_in(session, account, answer)?;
		},
		_ => return Err("Unexpected arguments"),
	}
	output.ok();
	Ok(Flow::Continue)
}

/// Takes the client for the account if it answers the account's challenge. A challenge is answered once, rightly or wrongly.
fn sign_in(
	session: &mut Session,
	account: AccountKey,
	signature: &[u8],
) -> Result<(), &'static str> {
	let Some((of, challenge)) = session.account_challenge.take() else {
		return Err("No CHALLENGE requested for an account");
	};
	let store_id = session.shared.store.id();
	if of != account || !answers(&account, store_id, &challenge, signature) {
		return Err(errors::ACCESS_DENIED);
	}
	session.account = Some(account);
	session.registration.update(|facts| facts.account = Some(account));
	if session.shared.options.admin_accounts.contains(&account) {
		session.become_admin();
	}
	Ok(())
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
	session.become_admin();
	Ok(())
}

/// `SELECT namespace [password | SECURE hash]`. A public namespace without its password is attached to for reading only. Its
/// owner, once signed in, and who hands on commands of another server need no password.
pub(super) fn select(session: &mut Session, args: Args<'_>, output: &mut Output) -> Answer {
	let Some(name) = args.get(1) else { return Err("Invalid argument") };
	if name.len() > NAMESPACE_NAME_MAX_BYTES {
		return Err(errors::NAMESPACE_TOO_LONG);
	}
	let name = args.text(1).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	let namespace = session.shared.store.namespace(name).ok_or(errors::NAMESPACE_NOT_FOUND)?;
	let is_owner = session.account.is_some() && namespace.owner() == session.account;
	let is_protected = session.shared.options.protected && name == DEFAULT_NAMESPACE;
	let can_write = if is_owner || session.is_master {
		true
	} else if is_protected {
		session.is_admin || (args.len() > 2 && knows_password(session, &namespace, true, args)?)
	} else if !namespace.is_guarded() {
		true
	} else if args.len() > 2 {
		knows_password(session, &namespace, false, args)?
	} else if namespace.is_public() {
		false
	} else {
		return Err("Namespace protected and private");
	};
	session.attach(namespace, can_write).map_err(|error| errors::write_text(&error))?;
	output.ok();
	Ok(Flow::Continue)
}

/// Whether the password or hash behind SELECT's namespace is right, else an error. The password of a protected default namespace is the
/// administrator's.
fn knows_password(
	session: &mut Session,
	namespace: &Namespace,
	is_protected: bool,
	args: Args<'_>,
) -> Result<bool, &'static str> {
	let shared = session.shared.clone();
	let own = match is_protected {
		true => shared.admin_password.clone(),
		false => namespace.password(),
	};
	let given = args.get(2).unwrap_or_default();
	match args.len() {
		3 if given.len() > SELECT_PASSWORD_MAX_BYTES => Err(errors::PASSWORD_TOO_LONG),
		3 if own.as_ref().is_some_and(|own| own.matches(given)) => Ok(true),
		3 => Err(errors::ACCESS_DENIED),
		4 => {
			let answer = args.get(3).unwrap_or_default();
			if given.is_empty() || answer.is_empty() {
				return Err("Invalid argument");
			}
			if !given.eq_ignore_ascii_case(b"SECURE") {
				return Err("Only SECURE extra method supported");
			}
			let is_right = |nonce: &str| own.is_some_and(|own| own.answers(nonce, answer));
			answer_challenge(session, answer, is_right).map(|()| true)
		},
		_ => Err("Too many arguments"),
	}
}
