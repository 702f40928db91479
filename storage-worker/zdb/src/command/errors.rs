//! 0-db's error texts; clients compare them.

use crate::ZdbError;

pub(super) const PERMISSION_DENIED: &str = "Permission denied";
pub(super) const READ_ONLY: &str = "Namespace is in read-only mode";
pub(super) const INVALID_KEY: &str = "Invalid key";
pub(super) const KEY_NOT_FOUND: &str = "Key not found";
pub(super) const INTERNAL: &str = "Internal Error";
/// A segment file is missing. Replicas are told so; for a client's read the file is asked for, or [`INTERNAL`] takes its place.
pub(super) const ABSENT: &str = "A data file is missing";
pub(super) const NAMESPACE_TOO_LONG: &str = "Namespace too long";
pub(super) const NAMESPACE_NOT_FOUND: &str = "Namespace not found";
pub(super) const PASSWORD_TOO_LONG: &str = "Password too long";
pub(super) const ACCESS_DENIED: &str = "Access denied";
pub(super) const INVALID_ACCOUNT: &str =
	"Invalid account (expected: 64 hex digits or an SS58 address)";
pub(super) const NO_AUTH: &str = "Authentication disabled";

/// The text for an error of the engine. What only the operator can mend is logged, and the client is told the rest.
pub(super) fn text(error: &ZdbError) -> &'static str {
	match error {
		ZdbError::Frozen => "Namespace is temporarily frozen (read-write disabled)",
		ZdbError::Locked => "Namespace is temporarily locked (read-only)",
		ZdbError::ReadOnly => READ_ONLY,
		ZdbError::Removed => "Your active namespace is not available anymore (probably removed).",
		ZdbError::KeyTooLong(_) => "Key too large",
		ZdbError::ValueTooLong { .. } => "Payload too big",
		ZdbError::KeyNeeded => "Invalid argument, key needed",
		ZdbError::KeyNotIssued => "Invalid key, only update authorized",
		ZdbError::WormKeyExists => "Namespace is protected by worm mode",
		ZdbError::WormNoDelete => "Cannot delete a key when namespace is in worm mode",
		ZdbError::KeyNotFound => KEY_NOT_FOUND,
		ZdbError::NoSpace { .. } => "No space left on this namespace",
		ZdbError::BadCursor => "Invalid key format",
		ZdbError::AuditedStays => "An audited namespace is emptied by removing it, not otherwise",
		ZdbError::OtherValue => "That is not the value of this key",
		ZdbError::NotAudited => "Namespace is not audited",
		ZdbError::Used => "Cannot change mode of used namespace",
		ZdbError::AuditedIsWorm => "An audited namespace is in user mode and worm, and stays so",
		ZdbError::Absent(_) => ABSENT,
		ZdbError::Damaged { .. } => {
			tracing::error!(%error, "a read failed");
			INTERNAL
		},
		_ => {
			tracing::error!(%error, "a command failed");
			INTERNAL
		},
	}
}

/// The text for an error of a write.
pub(super) fn write_text(error: &ZdbError) -> &'static str {
	match error {
		ZdbError::File { .. } | ZdbError::Poisoned(_) | ZdbError::Tree(_) | ZdbError::Full => {
			tracing::error!(%error, "a write failed");
			"Cannot write data right now"
		},
		other => text(other),
	}
}

/// The text to send where a file was asked for in vain.
pub(super) fn without_absent(text: &'static str) -> &'static str {
	if text == ABSENT {
		tracing::error!("a read failed: a data file is missing");
		return INTERNAL;
	}
	text
}
