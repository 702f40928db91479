//! Why the pool or the runtime refused a transaction, in words.

use crate::{Call, ChainError};
use granary_primitives::refusal::ProofRefusal;
use subxt::{
	error::{ArithmeticError, BackendError, DispatchError, ExtrinsicError, ModuleError, RpcError},
	rpcs::{Error as RpcsError, UserError},
};

/// JSON-RPC codes of the SDK's `author_` methods.
const INVALID: i32 = 1010;
const UNKNOWN_VALIDITY: i32 = 1011;
const TEMPORARILY_BANNED: i32 = 1012;
const ALREADY_IMPORTED: i32 = 1013;
const TOO_LOW_PRIORITY: i32 = 1014;
const POOL_FULL: i32 = 1016;

/// The reason for refusing a settlement before its time.
pub const NOTHING_DUE: &str = "nothing is due yet";
/// The reason for refusing what was submitted already.
pub const ALREADY_IN_POOL: &str = "the same transaction is already in the pool";

/// What the code means with which audits refuse a transaction before it enters the pool.
fn proof_refusal(code: u8) -> Option<String> {
	let refusal = ProofRefusal::ALL.iter().find(|refusal| **refusal as u8 == code)?;
	Some(format!("{refusal:?}: {}", refusal.text()))
}

pub(crate) fn refused(call: &Call, reason: impl std::fmt::Display) -> ChainError {
	ChainError::Refused { call: call.path(), reason: reason.to_string() }
}

pub(crate) fn uncertain(call: &Call, reason: impl std::fmt::Display) -> ChainError {
	ChainError::Uncertain { call: call.path(), reason: reason.to_string() }
}

/// The node did not take the transaction.
pub(crate) fn not_submitted(call: &Call, error: &ExtrinsicError) -> ChainError {
	match error {
		ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(
			error,
		))) => rpc_refusal(call, error),
		other => refused(call, other),
	}
}

/// The node's answer to a submission was an error.
pub(crate) fn rpc_refusal(call: &Call, error: &RpcsError) -> ChainError {
	match error {
		RpcsError::User(refusal) => refused(call, in_words(&call.path(), refusal)),
		other => uncertain(call, format!("the connection failed ({other})")),
	}
}

/// Whether the pool holds this very transaction already, or is just full.
pub(crate) fn is_pool_full(error: &RpcsError) -> bool {
	matches!(error, RpcsError::User(refusal) if refusal.code == POOL_FULL)
}

fn in_words(path: &str, refusal: &UserError) -> String {
	let data = refusal.data.as_ref().map_or("", |data| data.get()).trim_matches('"');
	let custom = data
		.rsplit_once("Custom error: ")
		.and_then(|(_, code)| code.trim().parse().ok())
		.filter(|_| path.starts_with("Audits."))
		.and_then(proof_refusal);
	if let Some(text) = custom {
		return text;
	}
	match refusal.code {
		INVALID if data.contains("Inability to pay") => "the account cannot pay the fee".to_owned(),
		INVALID if path == "Reservations.settle" && data.contains("future") => {
			NOTHING_DUE.to_owned()
		},
		INVALID if path == "Reservations.settle" && data.contains("outdated") => {
			"the reservation is closed".to_owned()
		},
		INVALID | UNKNOWN_VALIDITY if !data.is_empty() => data.to_owned(),
		TEMPORARILY_BANNED => "the pool refused the same transaction a moment ago".to_owned(),
		ALREADY_IMPORTED => ALREADY_IN_POOL.to_owned(),
		TOO_LOW_PRIORITY => "another transaction with the same nonce is in the pool".to_owned(),
		POOL_FULL => "the pool is full; try again later".to_owned(),
		_ if data.is_empty() => refusal.message.clone(),
		_ => format!("{}: {data}", refusal.message),
	}
}

/// `Pallet.Error: what the pallet's documentation says about it`.
pub(crate) fn dispatch_failed(call: &Call, error: &DispatchError) -> ChainError {
	match error {
		DispatchError::Module(module) => refused(call, module_error(module)),
		// What a balance says when more is taken from it than is there.
		DispatchError::Arithmetic(ArithmeticError::Underflow) if call.pallet == "Balances" => {
			refused(call, "the account has too little money")
		},
		other => refused(call, other),
	}
}

fn module_error(error: &ModuleError) -> String {
	let Ok(details) = error.details() else { return error.to_string() };
	let name = format!("{}.{}", details.pallet.name(), details.variant.name);
	let text = details.variant.docs.join(" ");
	if text.trim().is_empty() {
		name
	} else {
		format!("{name}: {}", text.trim())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn refusal(code: i32, data: &str) -> UserError {
		let data = (!data.is_empty()).then(|| {
			subxt::ext::jsonrpsee::core::JsonRawValue::from_string(format!("\"{data}\"")).unwrap()
		});
		UserError { code, message: "Invalid Transaction".to_owned(), data }
	}

	#[test]
	fn custom_codes_of_proofs_have_names() {
		let text = in_words("Audits.submit_proof", &refusal(INVALID, "Custom error: 4"));
		assert_eq!(text, "AlreadyProven: the audit is already proven");
		// The code means something else in another call, and an unknown one is shown as it is.
		assert_eq!(in_words("Other.call", &refusal(INVALID, "Custom error: 4")), "Custom error: 4");
		let unknown = in_words("Audits.submit_proof", &refusal(INVALID, "Custom error: 99"));
		assert_eq!(unknown, "Custom error: 99");
	}

	#[test]
	fn other_refusals() {
		let fee = refusal(INVALID, "Inability to pay some fees (e.g. account balance too low)");
		assert_eq!(in_words("Balances.transfer", &fee), "the account cannot pay the fee");
		assert_eq!(in_words("Balances.transfer", &refusal(-32000, "")), "Invalid Transaction");
		assert!(is_pool_full(&RpcsError::User(refusal(POOL_FULL, ""))));
	}
}
