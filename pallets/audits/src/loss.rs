//! Declared losses: a node that finds its data gone says so before it is asked.
//!
//! Honesty costs half of what a discovered loss costs. It must come before the challenge: once an audit is open
//! the node has to answer it or miss it. The audit key signs, not the operator: the worker that finds
//! the loss holds it and needs neither account nor fee.

use crate::{
	checkpoint::signed_by,
	types::{invalid, PROOF_PRIORITY},
	Audited, Config, Error, Pallet,
};
use frame_support::{ensure, weights::Weight};
use granary_primitives::{
	message,
	refusal::ProofRefusal,
	traits::{Allotments, AuditKeys},
	AllotmentId, NodeId, Signature,
};
use sp_runtime::transaction_validity::{
	TransactionSource, TransactionValidity, TransactionValidityWithRefund, ValidTransaction,
};

/// Prefix of the tag that a declared loss provides.
const TAG_PREFIX: &str = "granary/loss";
/// Blocks for which the pool keeps a declaration.
const LONGEVITY: u64 = 64;

impl<T: Config> Pallet<T> {
	/// The pool's check, which is the whole check.
	pub(crate) fn authorize_loss(
		_source: TransactionSource,
		allotment: &AllotmentId,
		signature: &Signature,
	) -> TransactionValidityWithRefund {
		let node = Self::losable(*allotment).map_err(invalid)?;
		let key = T::AuditKeys::audit_key(node).ok_or(invalid(ProofRefusal::UnknownNode))?;
		let message = message::loss(&Self::genesis_hash(), *allotment, node);
		if !signed_by(key, &message, signature) {
			return Err(invalid(ProofRefusal::BadSignature));
		}
		let validity: TransactionValidity = ValidTransaction::with_tag_prefix(TAG_PREFIX)
			.and_provides(allotment)
			.priority(PROOF_PRIORITY)
			.longevity(LONGEVITY)
			.propagate(true)
			.build();
		Ok((validity?, Weight::zero()))
	}

	/// The node whose allotment may be declared lost now.
	fn losable(allotment: AllotmentId) -> Result<NodeId, ProofRefusal> {
		let state = Audited::<T>::get(allotment).ok_or(ProofRefusal::UnknownAudit)?;
		let view = T::Allotments::allotment(allotment).filter(|view| view.live);
		let view = view.ok_or(ProofRefusal::UnknownAudit)?;
		ensure!(state.open.is_none(), ProofRefusal::AuditOpen);
		Ok(view.node)
	}

	pub(crate) fn do_declare_loss(allotment: AllotmentId) -> Result<(), Error<T>> {
		let node = Self::losable(allotment).map_err(Error::from)?;
		Self::declare_faulty(allotment, node, true);
		Ok(())
	}
}
