//! What is said of a sealed snapshot.

use crate::dataset::OpenDataset;
use anyhow::Result;
use granary_chain::ChainClient;
use granary_dispersal::{Layout, Soundness, WorstCase};
use serde_json::{json, Value};

/// A sealed snapshot's shape, its place in the logs, and what that makes of an audit.
#[derive(Debug)]
pub(super) struct SealedFacts {
	layout: Layout,
	share: f64,
	worst: WorstCase,
}

/// Of an archive in a reservation whose logs are as long as the chain has it.
pub(super) async fn sealed_facts(
	chain: &ChainClient,
	open: &OpenDataset,
	layout: Layout,
) -> Result<SealedFacts> {
	let mut longest = layout.leaves();
	for allotment in &open.reservation.allotments {
		let status = chain.audit_status(*allotment).await?;
		let checkpoint = status.and_then(|status| status.checkpoint);
		longest = longest.max(checkpoint.map_or(0, |checkpoint| checkpoint.leaf_count));
	}
	let share = layout.leaves() as f64 / longest as f64;
	let samples = chain.audit_clock().await?.leaves_per_audit;
	let worst = Soundness { layout, samples, share }.worst();
	Ok(SealedFacts { layout, share, worst })
}

impl SealedFacts {
	pub(super) fn to_json(&self) -> Value {
		json!({
			"blocks": self.layout.blocks(),
			"rows": self.layout.rows(),
			"parity_rows": self.layout.parity_rows(),
			"share_of_log": self.share,
			"undetected_loss_log2": self.worst.log2,
		})
	}

	pub(super) fn to_text(&self) -> String {
		format!(
			"any {} of {} rows of each of {} blocks may be lost; {:.0} % of its nodes' logs: all of them together destroy a part unnoticed by a round of audits with at most 2^{:.0}",
			self.layout.parity_rows(),
			self.layout.rows(),
			self.layout.blocks(),
			self.share * 100.0,
			self.worst.log2.ceil()
		)
	}
}
