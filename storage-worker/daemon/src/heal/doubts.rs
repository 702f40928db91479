//! Nodes that the chain gives reason to doubt: they missed audits.

use anyhow::Result;
use granary_chain::ChainClient;
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord},
	reservation::ReservationInfo,
	AllotmentId, NodeId, Tick,
};
use std::collections::BTreeMap;

/// An allotment whose node missed an audit since somebody looked after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
	pub(super) shard: usize,
	pub(super) node: NodeId,
	allotment: AllotmentId,
	/// The tick of the newest audit that it missed.
	missed: Tick,
	/// Misses among the audits that the chain remembers.
	pub(super) misses: usize,
}

/// The misses that were looked after by this process.
#[derive(Debug, Default)]
pub(super) struct Settled(BTreeMap<AllotmentId, Tick>);

impl Settled {
	/// The allotments that are to be looked at closely. One that is lost is not among them: nothing more is expected of it.
	pub(super) async fn doubts(
		&self,
		chain: &ChainClient,
		reservation: &ReservationInfo,
	) -> Result<Vec<Doubt>> {
		let mut doubts = Vec::new();
		for (shard, allotment) in reservation.allotments.iter().copied().enumerate() {
			let Some(info) = chain.allotment(allotment).await?.filter(|info| !info.lost) else {
				continue;
			};
			let history = chain.audit_history(allotment).await?;
			if let Some(missed) = newest_doubt(&history, self.0.get(&allotment).copied()) {
				let misses = history.iter().filter(|record| is_miss(record)).count();
				doubts.push(Doubt { shard, node: info.node, allotment, missed, misses });
			}
		}
		Ok(doubts)
	}

	/// What there was to find behind these misses was found.
	pub(super) fn settle(&mut self, doubts: &[Doubt]) {
		self.0.extend(doubts.iter().map(|doubt| (doubt.allotment, doubt.missed)));
	}
}

fn is_miss(record: &AuditRecord) -> bool {
	matches!(record.outcome, AuditOutcome::Missed { .. })
}

/// The newest miss, unless it was looked after. A process that has not looked yet trusts a proof that came later.
fn newest_doubt(history: &[AuditRecord], settled: Option<Tick>) -> Option<Tick> {
	let newest = |wanted: fn(&AuditRecord) -> bool| {
		history.iter().filter(|record| wanted(record)).map(|record| record.tick).max()
	};
	let trusted = settled.or_else(|| newest(|record| !is_miss(record)));
	newest(is_miss).filter(|missed| trusted.is_none_or(|trusted| *missed > trusted))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn proven(tick: Tick) -> AuditRecord {
		AuditRecord { tick, outcome: AuditOutcome::Proven { block: 1, extrinsic: 0 } }
	}

	fn missed(tick: Tick) -> AuditRecord {
		AuditRecord { tick, outcome: AuditOutcome::Missed { block: 1 } }
	}

	#[test]
	fn a_miss_is_doubted_until_it_is_proven_or_looked_after() {
		assert_eq!(newest_doubt(&[], None), None);
		assert_eq!(newest_doubt(&[proven(9), proven(3)], None), None);
		assert_eq!(newest_doubt(&[missed(3)], None), Some(3), "it never proved anything");
		assert_eq!(newest_doubt(&[missed(12), missed(9), proven(3)], None), Some(12));
		assert_eq!(newest_doubt(&[proven(12), missed(9)], None), None);
		// Who looks again and again sees every miss, and each once.
		assert_eq!(newest_doubt(&[proven(12), missed(9)], Some(5)), Some(9));
		assert_eq!(newest_doubt(&[proven(12), missed(9)], Some(9)), None);
		assert_eq!(newest_doubt(&[missed(9)], Some(9)), None);
	}

	#[test]
	fn what_is_settled_is_remembered_by_allotment() {
		let mut settled = Settled::default();
		let doubt = Doubt { shard: 0, node: 1, allotment: 7, missed: 9, misses: 1 };
		settled.settle(&[doubt]);
		assert_eq!((settled.0.get(&7), settled.0.get(&8)), (Some(&9), None));
	}
}
