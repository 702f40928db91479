//! Transactions as a client makes them.

use super::DevelopmentNode;
use codec::Encode;
use frame_system::offchain::CreateAuthorizedTransaction;
use granary_runtime::{
	Runtime, RuntimeCall, SignedPayload, TxExtension, UncheckedExtrinsic, VERSION,
};
use serde_json::json;
use sp_core::H256;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{generic::Era, MultiSignature};

/// The genesis hash of the node's chain.
pub fn genesis(node: &DevelopmentNode) -> H256 {
	serde_json::from_value(node.ask("chain_getBlockHash", json!([0]))).unwrap()
}

/// Submits a call that this account signs.
pub fn submit_signed(node: &DevelopmentNode, from: Sr25519Keyring, call: RuntimeCall) {
	let account = from.to_account_id();
	let nonce = node.ask("system_accountNextIndex", json!([account]));
	let nonce = serde_json::from_value(nonce).unwrap();
	let genesis = genesis(node);
	let call_extension = extension(nonce);
	let implicit = (
		(),
		(),
		VERSION.spec_version,
		VERSION.transaction_version,
		genesis,
		genesis,
		(),
		(),
		(),
		None,
		(),
	);
	let payload = SignedPayload::from_raw(call.clone(), call_extension.clone(), implicit);
	let signature = payload.using_encoded(|bytes| from.sign(bytes));
	let signature = MultiSignature::Sr25519(signature);
	submit(node, UncheckedExtrinsic::new_signed(call, account.into(), signature, call_extension));
}

/// Submits a proof, which nobody signs.
pub fn submit_proof(node: &DevelopmentNode, call: pallet_audits::Call<Runtime>) {
	let transaction = <Runtime as CreateAuthorizedTransaction<
		pallet_audits::Call<Runtime>,
	>>::create_authorized_transaction(call.into());
	submit(node, transaction);
}

fn submit(node: &DevelopmentNode, transaction: UncheckedExtrinsic) {
	let bytes = format!("0x{}", hex::encode(transaction.encode()));
	node.ask("author_submitExtrinsic", json!([bytes]));
}

fn extension(nonce: u32) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}
