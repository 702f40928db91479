//! What the runtime API answers. Every answer is bounded.

use crate::{
	proof::sampled,
	types::{HISTORY_LEN, MAX_WINDOW_TICKS, OPENING_DELAY_TICKS},
	AuditParameters, Audited, Beacon, Config, Deadlines, History, Pallet,
};
use alloc::vec::Vec;
use granary_primitives::{
	audit::{AuditClock, AuditRecord, AuditStatus, DueAudit},
	AllotmentId, NodeId, Tick,
};

/// Audits that one answer lists at most.
pub const MAX_DUE_LISTED: u32 = 1024;
/// Open audits that are looked at for one answer.
const MAX_DUE_SCANNED: usize = 16_384;

impl<T: Config> Pallet<T> {
	/// The audit clock.
	pub fn audit_clock() -> AuditClock {
		let parameters = AuditParameters::<T>::get();
		AuditClock {
			tick: Beacon::<T>::get().tick,
			period_ticks: parameters.period_ticks,
			window_ticks: parameters.window_ticks,
			leaves_per_audit: parameters.leaves_per_audit,
		}
	}

	/// Open audits whose seed is known, of one node or of all, nearest deadline first; at most
	/// `limit` and [`MAX_DUE_LISTED`].
	pub fn due_audits(node: Option<NodeId>, limit: u32) -> Vec<DueAudit> {
		let current_tick = Beacon::<T>::get().tick;
		let last_deadline = current_tick.saturating_add(MAX_WINDOW_TICKS);
		(current_tick..=last_deadline)
			.flat_map(Deadlines::<T>::iter_prefix)
			.take(MAX_DUE_SCANNED)
			.filter(|(_, owing)| node.is_none_or(|node| node == *owing))
			.filter_map(|(allotment, _)| Self::due_audit(allotment, current_tick))
			.take(limit.min(MAX_DUE_LISTED) as usize)
			.collect()
	}

	/// The open audit of an allotment, if its seed is known.
	fn due_audit(allotment: AllotmentId, current_tick: Tick) -> Option<DueAudit> {
		let open = Audited::<T>::get(allotment)?.open?;
		let seed = Self::seed(open.tick)?;
		Some(DueAudit {
			allotment,
			node: open.node,
			tick: open.tick,
			seed,
			root: open.root,
			leaf_count: open.leaf_count,
			leaves: sampled(allotment, &seed, &open),
			opens_tick: open.tick.saturating_add(OPENING_DELAY_TICKS),
			deadline_tick: open.deadline_tick,
			current_tick,
		})
	}

	/// Where the audits of an allotment stand; `None` before its first checkpoint and after it is
	/// closed.
	pub fn audit_status(allotment: AllotmentId) -> Option<AuditStatus> {
		let state = Audited::<T>::get(allotment)?;
		Some(AuditStatus {
			allotment,
			checkpoint: Some(state.checkpoint),
			next_tick: Some(state.next_tick),
			proven: state.proven,
			missed: state.missed,
			window_misses: state.window_misses(),
		})
	}

	/// The last sixteen audits of an allotment, newest first.
	pub fn audit_history(allotment: AllotmentId) -> Vec<AuditRecord> {
		let ended = Audited::<T>::get(allotment).map_or(0, |state| state.ended());
		let remembered = ended.min(HISTORY_LEN);
		(1..=remembered)
			.filter_map(|age| History::<T>::get(allotment, (ended - age) % HISTORY_LEN))
			.collect()
	}
}
