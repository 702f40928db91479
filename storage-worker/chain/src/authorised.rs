//! General transactions without a signature, for calls that authorise themselves.
//!
//! Their bytes: compact length ‖ `0x45` (general, format 5) ‖ extension version 0 ‖ each extension's explicit part ‖ call. The extensions of such
//! a transaction have nothing to say; what each of them writes when it has nothing to say is listed here by name.

use crate::{client::AtBlock, ChainError};
use codec::{Compact, Encode};

const GENERAL_FORMAT_5: u8 = 0b0100_0000 | 5;
const EXTENSION_VERSION: u8 = 0;

/// What an extension writes when it has nothing to say.
fn neutral(extension: &str) -> Option<&'static [u8]> {
	match extension {
		"AuthorizeCall" | "CheckNonZeroSender" | "CheckSpecVersion" | "CheckTxVersion"
		| "CheckGenesis" | "CheckWeight" | "WeightReclaim" => Some(&[]),
		// Immortal era; nonce 0; tip 0; metadata hash check disabled: each is a zero byte.
		"CheckMortality" | "CheckNonce" | "ChargeTransactionPayment" | "CheckMetadataHash" => {
			Some(&[0])
		},
		_ => None,
	}
}

/// Wraps a call's bytes into a general transaction.
pub(crate) fn general_transaction(block: &AtBlock, call: &[u8]) -> Result<Vec<u8>, ChainError> {
	let mut body = vec![GENERAL_FORMAT_5, EXTENSION_VERSION];
	let extensions = block
		.metadata_ref()
		.extrinsic()
		.transaction_extensions_by_version(EXTENSION_VERSION)
		.ok_or_else(|| ChainError::Unknown {
			what: "transaction extensions of version 0".to_owned(),
		})?;
	for extension in extensions {
		let name = extension.identifier();
		let explicit = neutral(name).ok_or_else(|| ChainError::Unknown {
			what: format!("way to leave the transaction extension {name} out"),
		})?;
		body.extend_from_slice(explicit);
	}
	body.extend_from_slice(call);
	let mut bytes = Compact(body.len() as u32).encode();
	bytes.append(&mut body);
	Ok(bytes)
}
