//! 0-db's error texts; clients compare them.

use crate::ZdbError;

pub(super) const PERMISSION_DENIED: &str = "Permission denied";
pub(super) const READ_ONLY: &str = "Namespace is in read-only mode";
pub(super) const INVALID_KEY: &str = "Invalid key";
pub(super) const KEY_NOT_FOUND: &str = "Key not found";
pub(super) const INTERNAL: &str = "Internal Error";
pub(super) const NAMESPACE_TOO_LONG: &str = "Namespace too long";
pub(super) const NAMESPACE_NOT_FOUND: &str = "Namespace not found";
pub(super) const PASSWORD_TOO_LONG: &str = "Password too long";
pub(super) const ACCESS_DENIED: &str = "Access denied";
pub(super) const INVALID_ACCOUNT: &str =
	"Invalid account (expected: 64 hex digits or an SS58 address)";
/// Not a reply: what is to be read is not in memory, so the command is executed anew where it may block.
pub(super) const NOT_IN_MEMORY: &str = "Not in memory";
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
		ZdbError::NoRemoval => "No removal is at this step",
		ZdbError::RemovalTooLarge { .. } => "A removal names at most 4194304 keys",
		ZdbError::RemovalBusy => "The log of a removal is being made, try again when it is there",
		ZdbError::RemovalSigned { .. } => "A removal is signed for and waits for the next audit",
		ZdbError::NoRoom { .. } => "The disk has no room for a second log",
		ZdbError::TooManyHolds { .. } => "Too many holds",
		ZdbError::NotAudited => "Namespace is not audited",
		ZdbError::Used => "Cannot change mode of used namespace",
		ZdbError::AuditedIsWorm => "An audited namespace is in user mode and worm, and stays so",
		ZdbError::NotInMemory => NOT_IN_MEMORY,
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
