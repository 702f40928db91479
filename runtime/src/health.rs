//! What audits say about all shards of a reservation together: neither reservations nor audits know it alone.

use crate::{Audits, Reservations};
use granary_primitives::{
	audit::AuditOutcome,
	reservation::{ReservationHealth, ReservationState},
	ReservationId,
};

/// The health of a reservation that is not closed.
pub(crate) fn of(id: ReservationId) -> Option<ReservationHealth> {
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
