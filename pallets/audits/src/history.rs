//! The last audits of an allotment, as small as they can be kept.
//!
//! A record says at which tick an audit was, at which block it ended and how: what leads to the extrinsic
//! that holds the proof and what it answered. Ticks and blocks only rise, so each record keeps its distance
//! from the one before: five bytes with the usual rhythm.

use crate::types::HISTORY_LEN;
use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use granary_primitives::{
	audit::{AuditOutcome, AuditRecord},
	BlockNumber, Tick,
};
use scale_info::TypeInfo;

/// One ended audit, told from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
struct Ended {
	/// Ticks since the audit before.
	#[codec(compact)]
	ticks: Tick,
	/// Blocks since the audit before ended.
	#[codec(compact)]
	blocks: BlockNumber,
	/// One more than the index of the extrinsic that proved it; 0 if it was missed.
	#[codec(compact)]
	place: u32,
}

/// The last sixteen audits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PastAudits {
	/// The tick of the newest.
	tick: Tick,
	/// The block at which the newest ended.
	block: BlockNumber,
	/// Oldest first. What the oldest says about the one before it means nothing.
	ended: BoundedVec<Ended, ConstU32<HISTORY_LEN>>,
}

impl PastAudits {
	/// Remembers one more, and forgets the oldest if there are sixteen.
	pub fn push(&mut self, tick: Tick, outcome: AuditOutcome) {
		let (block, place) = match outcome {
			AuditOutcome::Proven { block, extrinsic } => (block, extrinsic.saturating_add(1)),
			AuditOutcome::Missed { block } => (block, 0),
		};
		let ended = Ended {
			ticks: tick.saturating_sub(self.tick),
			blocks: block.saturating_sub(self.block),
			place,
		};
		if self.ended.is_full() {
			self.ended.remove(0);
		}
		if self.ended.try_push(ended).is_err() {
			frame_support::defensive!("audits: a history that lost its oldest record is full");
		}
		(self.tick, self.block) = (tick, block);
	}

	/// How many are remembered.
	pub fn len(&self) -> u32 {
		self.ended.len() as u32
	}

	/// The newest.
	pub fn newest(&self) -> Option<AuditRecord> {
		let ended = self.ended.last()?;
		Some(AuditRecord { tick: self.tick, outcome: outcome(self.block, ended.place) })
	}

	/// All, newest first.
	pub fn records(&self) -> Vec<AuditRecord> {
		let (mut tick, mut block) = (self.tick, self.block);
		let mut records = Vec::with_capacity(self.ended.len());
		for ended in self.ended.iter().rev() {
			records.push(AuditRecord { tick, outcome: outcome(block, ended.place) });
			tick = tick.saturating_sub(ended.ticks);
			block = block.saturating_sub(ended.blocks);
		}
		records
	}
}

fn outcome(block: BlockNumber, place: u32) -> AuditOutcome {
	match place.checked_sub(1) {
		Some(extrinsic) => AuditOutcome::Proven { block, extrinsic },
		None => AuditOutcome::Missed { block },
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Outcomes of every kind, with steps from none to long pauses.
	fn outcomes(count: u32) -> Vec<AuditRecord> {
		let (mut tick, mut block) = (7, 9);
		(0..count)
			.map(|number| {
				tick += 1 + (number % 5) * 1800;
				block += (number % 7) * 100_000;
				let outcome = match number % 3 {
					0 => AuditOutcome::Missed { block },
					_ => AuditOutcome::Proven { block, extrinsic: number },
				};
				AuditRecord { tick, outcome }
			})
			.collect()
	}

	#[test]
	fn the_last_sixteen_come_back_newest_first() {
		for count in 0..40 {
			let all = outcomes(count);
			let mut past = PastAudits::default();
			for record in &all {
				past.push(record.tick, record.outcome);
			}
			let kept: Vec<_> = all.iter().rev().take(16).cloned().collect();
			assert_eq!(past.records(), kept);
			assert_eq!(past.newest(), kept.first().cloned());
			assert_eq!(past.len() as usize, kept.len());
		}
	}

	#[test]
	fn sixteen_audits_of_the_standard_rhythm_take_ninety_bytes() {
		let mut past = PastAudits::default();
		for number in 1..=1000 {
			let outcome = AuditOutcome::Proven { block: number * 1810, extrinsic: 40 };
			past.push(number * 1800, outcome);
		}
		assert_eq!(past.encoded_size(), 4 + 4 + 1 + 16 * 5);
	}
}
