//! What the runtime API answers. Every answer is bounded.

use crate::{
	parameters::Parameters,
	proof::sampled,
	types::{MAX_WINDOW_TICKS, OPENING_DELAY_TICKS},
	AuditParameters, Audited, Beacon, Config, Deadlines, Pallet, Removals, Targeted,
};
use alloc::vec::Vec;
use granary_primitives::{
	audit::{
		AuditClock, AuditDetails, AuditRecord, AuditStatus, BoughtAudit, Detection, DueAudit,
		OpenAuditInfo,
	},
	detection::escape,
	traits::Allotments,
	AllotmentId, NodeId, Tick,
};
use sp_runtime::Perbill;

/// Audits that one answer lists at most.
pub const MAX_DUE_LISTED: u32 = 1024;
/// Allotments that a question about detection may name.
pub const MAX_COALITION: usize = 256;
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
			checkpoint: Some(state.log),
			next_tick: Some(state.next_tick),
			proven: state.proven,
			missed: state.missed,
			window_misses: state.window_misses(),
		})
	}

	/// The last sixteen audits of an allotment, newest first.
	pub fn audit_history(allotment: AllotmentId) -> Vec<AuditRecord> {
		Audited::<T>::get(allotment).map_or_else(Vec::new, |state| state.past.records())
	}

	/// What the status does not say: seal, waiting removal, open and bought audit, rhythm.
	pub fn audit_details(allotment: AllotmentId) -> Option<AuditDetails> {
		let state = Audited::<T>::get(allotment)?;
		let profile = T::Allotments::allotment(allotment)?.profile;
		let open = state.open.map(|open| OpenAuditInfo {
			tick: open.tick,
			deadline_tick: open.deadline_tick,
			kind: open.kind,
			samples: open.samples,
			attempts_left: open.attempts_left,
		});
		let bought = Targeted::<T>::get(allotment).map(|purchase| BoughtAudit {
			buyer: purchase.buyer.into(),
			deposit: purchase.deposit,
			price: purchase.price,
			leaves: purchase.leaves,
		});
		Some(AuditDetails {
			seal: state.seal,
			removal: Removals::<T>::get(allotment),
			open,
			bought,
			period_ticks: AuditParameters::<T>::get().rhythm(profile).0,
			postponed_since: state.postponed_since,
		})
	}

	/// How probably a loss of the fraction `lost` on each of `colluders` of these allotments escapes
	/// their audits, at one round and within `ticks`.
	///
	/// The worst choice of colluders is assumed: those whose audits sample least. For one
	/// allotment pass it alone; for a reservation of `k + m` shards pass all of them and `m + 1`, the
	/// number that has to lose the same data before anything is lost for good. At most
	/// [`MAX_COALITION`] allotments are looked at; one without a checkpoint has no samples.
	pub fn detection(
		allotments: &[AllotmentId],
		colluders: u32,
		lost: Perbill,
		ticks: Tick,
	) -> Detection {
		let parameters = AuditParameters::<T>::get();
		let sampled: Vec<Sampled> = allotments
			.iter()
			.take(MAX_COALITION)
			.map(|allotment| Self::samples_of(*allotment, &parameters, ticks))
			.collect();
		let least = |of: fn(&Sampled) -> u64| {
			let mut samples: Vec<u64> = sampled.iter().map(of).collect();
			samples.sort_unstable();
			samples.into_iter().take(colluders as usize).fold(0u64, u64::saturating_add)
		};
		let samples_per_round = least(|samples| samples.round);
		let samples_within = least(|samples| samples.within);
		let samples_proven = least(|samples| samples.proven);
		let escapes = |samples| escape(lost, samples).deconstruct();
		Detection {
			samples_per_round,
			samples_within,
			samples_proven,
			escapes_round_e18: escapes(samples_per_round),
			escapes_within_e18: escapes(samples_within),
			escapes_proven_e18: escapes(samples_proven),
		}
	}

	fn samples_of(allotment: AllotmentId, parameters: &Parameters, ticks: Tick) -> Sampled {
		let state = Audited::<T>::get(allotment);
		let view = T::Allotments::allotment(allotment).filter(|view| view.live);
		let (Some(state), Some(view)) = (state, view) else { return Sampled::default() };
		let leaves = u64::from(parameters.leaves_per_audit).min(state.log.leaf_count);
		let (period, jitter) = parameters.rhythm(view.profile);
		// The longest gaps between audits give the fewest samples.
		let audits = ticks / period.saturating_add(jitter).max(1);
		let proven = state.window.proven_in_a_row().min(state.ended());
		Sampled {
			round: leaves,
			within: leaves.saturating_mul(u64::from(audits)),
			proven: leaves.saturating_mul(u64::from(proven)),
		}
	}
}

/// Leaves that audits of one allotment sample.
#[derive(Default)]
struct Sampled {
	round: u64,
	within: u64,
	proven: u64,
}
