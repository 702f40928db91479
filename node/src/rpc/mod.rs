//! The node's own JSON-RPC methods.
//!
//! `granary_*` ([`granary`]) are thin wrappers around the runtime API; [`proof`] adds what the
//! runtime cannot do, since it does not see the blocks: finding a past proof and verifying it
//! again. [`decide`] has what helps before something is reserved or submitted, [`catalogue`] the
//! snapshots and sealed keys. [`types`] is what they answer, in JSON. All methods take the hash of a
//! block as an optional last argument and answer for the best block without it.

mod catalogue;
mod decide;
mod error;
mod granary;
mod proof;
mod types;

use crate::service::{FullClient, FullPool};
use catalogue::{Catalogue, CatalogueRpcServer};
use decide::{Decide, DecideRpcServer};
use granary::{Granary, GranaryRpcServer};
use jsonrpsee::{core::RegisterMethodError, RpcModule};
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// The methods that this node adds to those of every node.
pub(crate) fn module(
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, RegisterMethodError> {
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(Catalogue::new(client.clone()).into_rpc())?;
	module.merge(Decide::new(client.clone()).into_rpc())?;
	module.merge(Granary::new(client, executor).into_rpc())?;
	Ok(module)
}
