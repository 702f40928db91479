//! Failures that a script can tell apart, and how a person is told.

use granary_chain::ChainError;
use std::{fmt, io::Write};

/// The kinds of failure, with their exit codes. `1` is any other error, `2` a wrong use of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
	/// No endpoint of the chain answers.
	ChainUnreachable = 3,
	/// The chain has another genesis than was expected.
	OtherChain = 4,
	/// What was named does not exist.
	NotFound = 5,
	/// The key does not fit the data.
	WrongKey = 6,
	/// The chain refused the transaction.
	Refused = 7,
}

/// A failure with an exit code of its own and a hint.
#[derive(Debug)]
pub(crate) struct Failure {
	kind: Kind,
	what: String,
	hint: String,
}

impl Failure {
	/// What was named does not exist.
	pub(crate) fn not_found(what: impl Into<String>, hint: impl Into<String>) -> Self {
		Self { kind: Kind::NotFound, what: what.into(), hint: hint.into() }
	}

	/// The key does not fit the data.
	pub(crate) fn wrong_key(what: impl Into<String>, hint: impl Into<String>) -> Self {
		Self { kind: Kind::WrongKey, what: what.into(), hint: hint.into() }
	}
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.what)
	}
}

impl std::error::Error for Failure {}

/// The kind and the hint of an error, from the first cause that has them.
fn classify(error: &anyhow::Error) -> (Option<Kind>, Option<String>) {
	for cause in error.chain() {
		if let Some(failure) = cause.downcast_ref::<Failure>() {
			return (Some(failure.kind), Some(failure.hint.clone()));
		}
		if let Some(chain) = cause.downcast_ref::<ChainError>() {
			return match chain {
				ChainError::Unreachable { .. } => (
					Some(Kind::ChainUnreachable),
					Some(
						"start a node (granary-node --dev) or name one with --rpc ws://HOST:PORT"
							.into(),
					),
				),
				ChainError::OtherGenesis { .. } => (
					Some(Kind::OtherChain),
					Some(
						"this directory or snapshot belongs to another chain; connect to that one"
							.into(),
					),
				),
				ChainError::Refused { .. } => (Some(Kind::Refused), None),
				_ => continue,
			};
		}
	}
	(None, None)
}

/// The exit code for an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
	classify(error).0.map_or(1, |kind| kind as u8)
}

/// Tells a person what happened, why, and what to do.
pub(crate) fn print_failure(error: &anyhow::Error) {
	let mut text = format!("error: {error}\n");
	let mut last = error.to_string();
	for cause in error.chain().skip(1) {
		let cause = cause.to_string();
		// Some layers repeat their source in their own text; saying it once is enough.
		if !last.contains(&cause) {
			text.push_str(&format!("  caused by: {cause}\n"));
		}
		last = cause;
	}
	if let Some(hint) = classify(error).1 {
		text.push_str(&format!("  hint: {hint}\n"));
	}
	// Nothing is left to do if even the error stream is gone.
	let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
