//! A node may say that data is lost, before it is asked for it.

use crate::{mock::*, types::invalid, Call, Error, Event, ProofRefusal};
use frame_support::{assert_noop, assert_ok, traits::Authorize};
use granary_primitives::{message, Signature};
use sp_core::{sr25519, Pair};
use sp_runtime::{
	traits::Dispatchable,
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	DispatchError,
};

fn signature(pair: &sr25519::Pair, allotment: u64, node: u32) -> Signature {
	pair.sign(&message::loss(&Audits::genesis_hash(), allotment, node)).0
}

fn call(allotment: u64, signature: Signature) -> RuntimeCall {
	RuntimeCall::Audits(Call::declare_loss { allotment, signature })
}

fn validity(call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	call.authorize(TransactionSource::External).unwrap().map(|(validity, _)| validity)
}

#[test]
fn it_ends_the_allotment_at_half_the_price() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let call = call(1, signature(&party.node, 1, 1));
		let pool = validity(&call).unwrap();
		assert!(pool.propagate && pool.provides.len() == 1);
		assert_ok!(authorized(call.clone()));
		System::assert_last_event(
			Event::AllotmentFaulty { allotment: 1, node: 1, declared: true }.into(),
		);
		assert_eq!(Lost::get(), vec![(1, true)]);
		assert_eq!(Audits::audit_status(1), None);
		assert_eq!(validity(&call), Err(invalid(ProofRefusal::UnknownAudit)));
	});
}

#[test]
fn it_is_too_late_once_an_audit_is_open() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let call = call(1, signature(&party.node, 1, 1));
		let next = Audits::audit_status(1).unwrap().next_tick.unwrap();
		run_to_tick(next - 1);
		// The audit was opened in this block, whose end mints its seed.
		assert!(Audits::audit_details(1).unwrap().open.is_some());
		assert_eq!(Audits::seed(next), None);
		assert_eq!(validity(&call), Err(invalid(ProofRefusal::AuditOpen)));
		let origin = frame_system::Origin::<Test>::Authorized;
		let dispatched = call.clone().dispatch(origin.into()).map_err(|error| error.error);
		assert_noop!(dispatched, Error::<Test>::AuditOpen);
		party.miss(&party.await_audit());
		assert_ok!(authorized(call));
	});
}

#[test]
fn only_the_nodes_audit_key_can_say_it() {
	run(|| {
		let mut party = Party::new(1);
		party.checkpoint(100);
		let bad = Err(invalid(ProofRefusal::BadSignature));
		assert_eq!(validity(&call(1, signature(&party.tenant, 1, 1))), bad);
		assert_eq!(validity(&call(1, signature(&party.node, 2, 1))), bad);
		assert_eq!(validity(&call(1, signature(&party.node, 1, 2))), bad);
		let unknown = Err(invalid(ProofRefusal::UnknownAudit));
		assert_eq!(validity(&call(9, signature(&party.node, 9, 1))), unknown);
		let right = call(1, signature(&party.node, 1, 1));
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			let result = right.clone().dispatch(origin).map_err(|error| error.error);
			assert_noop!(result, DispatchError::BadOrigin);
		}
		World::set_key(1, None);
		assert_eq!(validity(&right), Err(invalid(ProofRefusal::UnknownNode)));
		World::change(1, |view| view.live = false);
		assert_eq!(validity(&right), unknown);
	});
}
