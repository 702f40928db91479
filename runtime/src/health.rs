//! What audits say about all shards of a reservation, or of a snapshot in it, together: no pallet knows it alone.

use crate::{Audits, Reservations, Snapshots};
use granary_primitives::{
	audit::AuditOutcome,
	reservation::{ReservationHealth, ReservationState},
	BlockNumber, ReservationId, SnapshotId,
};

/// The health of a reservation that is not closed.
pub(crate) fn of(id: ReservationId) -> Option<ReservationHealth> {
	since(id, 0)
}

/// The health of a snapshot whose reservation is not closed: what was proven before it was published does not count.
pub(crate) fn of_snapshot(id: SnapshotId) -> Option<ReservationHealth> {
	let snapshot = Snapshots::snapshot_info(id)?;
	since(snapshot.reservation, snapshot.published.saturating_add(1))
}

/// The health of a reservation by proofs from this block on.
fn since(id: ReservationId, first: BlockNumber) -> Option<ReservationHealth> {
	let record = Reservations::reservation_info(id)
		.filter(|record| record.state != ReservationState::Closed)?;
	let mut health = ReservationHealth {
		needed: record.data_shards,
		shards: record.data_shards.saturating_add(record.parity_shards),
		proven: 0,
		missed: 0,
		lost: 0,
		unaudited: 0,
		margin: 0,
		oldest_proof_tick: None,
	};
	for allotment in record.allotments {
		let lost = Reservations::allotment_info(allotment).is_none_or(|one| one.lost);
		let last = Audits::audit_history(allotment).into_iter().next();
		match last.map(|audit| (audit.outcome, audit.tick)) {
			_ if lost => health.lost += 1,
			None => health.unaudited += 1,
			Some((AuditOutcome::Missed { .. }, _)) => health.missed += 1,
			Some((AuditOutcome::Proven { block, .. }, _)) if block < first => health.unaudited += 1,
			Some((AuditOutcome::Proven { .. }, tick)) => {
				health.proven += 1;
				let oldest = health.oldest_proof_tick.map_or(tick, |oldest| oldest.min(tick));
				health.oldest_proof_tick = Some(oldest);
			},
		}
	}
	health.margin = i16::from(health.proven) - i16::from(health.needed);
	Some(health)
}
