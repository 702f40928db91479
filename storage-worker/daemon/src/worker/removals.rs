//! Shorter logs that were signed for: put in force when the chain says so, given up when it has recorded another one.

use crate::keys::namespace_name;
use anyhow::Result;
use granary_chain::ChainClient;
use granary_primitives::{audit::LogHead, AllotmentId};
use granary_zdb::{Namespace, RemovalStage, Store};
use std::{collections::BTreeMap, sync::Arc};
use tracing::{info, warn};

/// What the chain says of a shorter log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
	/// It is in force: the present log need not be proven any more.
	Apply,
	/// Another log was recorded in its epoch: its signature is worth nothing.
	Supersede,
	/// It was not recorded yet, or waits for the next proof.
	Wait,
}

/// Follows the chain for each live allotment whose shorter log was signed for.
pub(super) async fn follow<T>(
	chain: &ChainClient,
	store: &Arc<Store>,
	live: &BTreeMap<AllotmentId, T>,
) -> Result<()> {
	for allotment in live.keys() {
		let Some(namespace) = store.namespace(&namespace_name(*allotment)) else { continue };
		let RemovalStage::Signed { epoch } = namespace.removal_status().stage else { continue };
		// The newest first: what is in force cannot be older than it then.
		let newest = chain.newest_log(*allotment).await?;
		let in_force = chain.audit_status(*allotment).await?.and_then(|status| status.checkpoint);
		let (Some(newest), Some(in_force)) = (newest, in_force) else { continue };
		let (store, allotment) = (store.clone(), *allotment);
		// Catching up and deleting may take a while.
		let done = tokio::task::spawn_blocking(move || {
			match decide(&namespace, epoch, &newest, &in_force)? {
				Decision::Apply => {
					store.apply_removal(namespace.name())?;
					info!(allotment, leaves = in_force.leaf_count, "the shorter log is in force");
				},
				Decision::Supersede => {
					namespace.supersede_removal()?;
					info!(allotment, epoch, "another log was recorded: the removal is given up");
				},
				Decision::Wait => {},
			}
			Ok::<(), granary_zdb::ZdbError>(())
		})
		.await?;
		// One allotment must not stop the others; the next block tries again.
		if let Err(error) = done {
			warn!(allotment, "its shorter log cannot be put in force: {error}");
		}
	}
	Ok(())
}

fn decide(
	namespace: &Namespace,
	epoch: u64,
	newest: &LogHead,
	in_force: &LogHead,
) -> Result<Decision, granary_zdb::ZdbError> {
	let is_of_shorter = |head: &LogHead| namespace.successor_had_root(head.leaf_count, &head.root);
	// Before its epoch a log may look the same: one of which only an end goes that was never signed for.
	if u64::from(in_force.epoch) >= epoch && is_of_shorter(in_force)? {
		return Ok(Decision::Apply);
	}
	if u64::from(newest.epoch) >= epoch && !is_of_shorter(newest)? {
		return Ok(Decision::Supersede);
	}
	Ok(Decision::Wait)
}

#[cfg(test)]
mod tests {
	use super::*;
	use granary_zdb::{NamespaceOptions, StoreOptions};

	fn head(epoch: u32, state: &granary_zdb::LogState) -> LogHead {
		LogHead { epoch, leaf_count: state.0, root: state.1 }
	}

	#[test]
	fn the_chain_decides_what_becomes_of_a_shorter_log() {
		let dir = tempfile::tempdir().unwrap();
		let store = Store::open(StoreOptions::new(dir.path())).unwrap();
		let options = NamespaceOptions { audited: true, ..Default::default() };
		let log = store.create_namespace("log", options).unwrap();
		for key in 0..9u8 {
			log.set(&[key], &[key; 700]).unwrap();
		}
		let present = head(1, &log.log_state().unwrap());
		log.begin_removal().unwrap();
		log.add_to_removal(&[3]).unwrap();
		log.ask_for_removal().unwrap();
		log.prepare_removal(&mut |_| true).unwrap();
		let status = log.removal_status();
		log.sign_removal(2, status.leaf_count, &status.root).unwrap();
		let shorter = LogHead { epoch: 2, leaf_count: status.leaf_count, root: status.root };
		let decided =
			|newest: &LogHead, in_force: &LogHead| decide(&log, 2, newest, in_force).unwrap();
		assert_eq!(decided(&present, &present), Decision::Wait, "not recorded");
		assert_eq!(decided(&shorter, &present), Decision::Wait, "not proven");
		assert_eq!(decided(&shorter, &shorter), Decision::Apply);
		log.set(b"more", &[1; 600]).unwrap();
		let state = log.log_state_after(shorter.leaf_count, &shorter.root).unwrap().unwrap();
		let grown = head(3, &state);
		assert_eq!(decided(&grown, &present), Decision::Wait, "the one that waits has grown");
		assert_eq!(decided(&grown, &grown), Decision::Apply);
		let other = head(2, &log.log_state().unwrap());
		assert_eq!(decided(&other, &other), Decision::Supersede);
	}
}
