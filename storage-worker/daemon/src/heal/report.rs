//! What healing found and did, for people and machines.

use super::Reasons;
use crate::cli::{bytes_text, Context};
use granary_dispersal::{loss_probability, ArchiveHealing, ArchiveId, DispersalError, HealReport};
use granary_primitives::reservation::ReservationInfo;
use serde_json::{json, Value};

/// How long a loss is taken to go unrepaired.
const REPAIR_WINDOW_DAYS: f64 = 1.0;

/// What the durability figure is computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assumption {
	pub(super) node_loss_per_year: f64,
}

impl Assumption {
	/// The probability that a node is lost within the repair window.
	fn node_loss(self) -> f64 {
		1.0 - (1.0 - self.node_loss_per_year).powf(REPAIR_WINDOW_DAYS / 365.25)
	}
}

/// What became of a sealed archive.
#[derive(Debug)]
pub(super) struct HealedArchive {
	pub(super) id: ArchiveId,
	pub(super) outcome: Result<ArchiveHealing, DispersalError>,
}

impl HealedArchive {
	pub(super) fn failure(&self) -> Option<(ArchiveId, &DispersalError)> {
		self.outcome.as_ref().err().map(|error| (self.id, error))
	}

	fn to_json(&self) -> Value {
		match &self.outcome {
			Err(error) => json!({ "id": self.id.to_string(), "error": error.to_string() }),
			Ok(healed) => json!({
				"id": self.id.to_string(),
				"missing_values": healed.missing_values,
				"damaged_values": healed.damaged_values,
				"verified_leaves": healed.verified_leaves,
				"rebuilt_values": healed.rebuilt_values,
				"rebuilt_bytes": healed.rebuilt_bytes,
				"mended_values": healed.mended_values,
			}),
		}
	}

	fn to_text(&self) -> String {
		match &self.outcome {
			Err(error) => format!("  sealed archive {}: {error}", self.id),
			Ok(healed) => format!(
				"  sealed archive {}: {} values missing, {} damaged; put back {} ({}), mended {}",
				self.id,
				healed.missing_values,
				healed.damaged_values,
				healed.rebuilt_values,
				bytes_text(healed.rebuilt_bytes),
				healed.mended_values
			),
		}
	}
}

/// What was done beside healing objects.
pub(super) struct Done<'r> {
	pub(super) reasons: &'r Reasons<'r>,
	pub(super) checkpoints: usize,
	pub(super) archives: Vec<HealedArchive>,
}

pub(super) fn print(
	reservation: &ReservationInfo,
	healed: &HealReport,
	done: &Done<'_>,
	assumption: Assumption,
	context: &Context,
) {
	let Done { reasons, checkpoints, archives } = done;
	let Reasons { doubts, replaced, .. } = reasons;
	let survey = &healed.survey;
	let needed = u32::from(reservation.data_shards);
	let fewest = survey.fewest_good().and_then(|good| u32::try_from(good).ok());
	let loss = fewest.map(|good| match good.checked_sub(needed) {
		Some(spare) => loss_probability(good, spare, assumption.node_loss()),
		None => 1.0,
	});
	let value = json!({
		"reservation": reservation.id,
		"objects": survey.objects,
		"objects_by_good_shards": survey.by_good_shards,
		"fewest_good_shards": fewest,
		"needed_shards": needed,
		"loss_probability_per_day": loss,
		"missing_shards": survey.missing,
		"damaged_shards": survey.damaged,
		"verified_shards": survey.verified,
		"unreachable_nodes": survey.unreachable.iter().map(|(node, error)| json!({
			"node": node,
			"error": error.to_string(),
		})).collect::<Vec<_>>(),
		"closed_logs": survey.closed_logs,
		"suspects": {
			"objects": healed.first.objects,
			"missing_shards": healed.first.missing,
			"damaged_shards": healed.first.damaged,
		},
		"doubted_nodes": doubts.iter().map(|doubt| json!({
			"shard": doubt.shard,
			"node": doubt.node,
			"misses": doubt.misses,
		})).collect::<Vec<_>>(),
		"replaced_allotments": replaced,
		"healed_objects": healed.healed_objects,
		"rebuilt_shards": healed.rebuilt_shards,
		"rebuilt_bytes": healed.rebuilt_bytes,
		"mended_shards": healed.mended_shards,
		"unmendable_shards": healed.unmendable_shards,
		"lost_objects": healed.lost,
		"foreign_objects": healed.foreign,
		"checkpoints": checkpoints,
		"archives": archives.iter().map(HealedArchive::to_json).collect::<Vec<_>>(),
	});
	context.print(&value, |out| {
		out.line(format!(
			"reservation {}: {} objects, {} shards missing, {} damaged ({} verified)",
			reservation.id, survey.objects, survey.missing, survey.damaged, survey.verified
		));
		if healed.first.objects > 0 {
			out.line(format!(
				"  looked at first, because reads had trouble with them: {} objects, {} shards missing, {} damaged",
				healed.first.objects, healed.first.missing, healed.first.damaged
			));
		}
		for doubt in *doubts {
			out.line(format!(
				"  node {} missed {} of its last audits: all that it holds was verified",
				doubt.node, doubt.misses
			));
		}
		for (node, error) in &survey.unreachable {
			out.line(format!("  node {node} does not answer: {error}"));
		}
		for shard in &survey.closed_logs {
			out.line(format!(
				"  the log of shard {shard} was damaged so that its node took nothing; if nothing could be mended, its operator should declare the loss"
			));
		}
		if let (Some(fewest), Some(loss)) = (fewest, loss) {
			out.line(format!(
				"  before: at least {fewest} good shards of each object, {needed} are needed"
			));
			out.line(format!(
				"  chance to lose that object within a day: {loss:.1e}, if {:.1} % of nodes are lost in a year, independently",
				assumption.node_loss_per_year * 100.0
			));
		}
		if *replaced > 0 {
			out.line(format!("  {replaced} allotments have a new node"));
		}
		out.line(format!(
			"  put back: {} shards ({}), {} more mended in place; {checkpoints} checkpoints recorded",
			healed.rebuilt_shards,
			bytes_text(healed.rebuilt_bytes),
			healed.mended_shards
		));
		archives.iter().for_each(|archive| out.line(archive.to_text()));
		if healed.foreign > 0 {
			out.line(format!(
				"  {} objects want something but belong to another dataset: heal with its key, too",
				healed.foreign
			));
		}
		if healed.unmendable_shards > 0 {
			out.line(format!(
				"  {} damaged shards could not be mended: their nodes will miss audits, and --replace moves what they hold",
				healed.unmendable_shards
			));
		}
	});
}
