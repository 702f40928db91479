//! What misses cost: a sliding window over the last sixteen audits.
//!
//! A streak rule can be dodged by answering now and then, so the window counts. Within it each miss counts
//! **once for each step**: when a step is taken, the misses that led to it are spent for this step and
//! for the lower one. So a window that falls and rises again is not punished twice for the same
//! misses, and who keeps missing just below a step pays that step again as soon as enough *new* misses
//! are in the window. The last step, faulty, looks at all misses and ends the allotment.

use crate::{parameters::Penalties, types::HISTORY_LEN, AuditParameters, Config, Event, Pallet};
use codec::{Decode, Encode, MaxEncodedLen};
use granary_primitives::{traits::Allotments, AllotmentId, NodeId};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// The window's length as it is counted here.
const WINDOW: u8 = HISTORY_LEN as u8;

/// The last sixteen outcomes and how much of them is already paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MissWindow {
	/// The outcomes, newest in the lowest bit; a miss is a 1.
	misses: u16,
	/// Audits since the first step was taken, sixteen at most.
	since_first: u8,
	/// Audits since the second step was taken, sixteen at most.
	since_second: u8,
}

impl Default for MissWindow {
	fn default() -> Self {
		Self { misses: 0, since_first: WINDOW, since_second: WINDOW }
	}
}

/// A step that a miss reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
	/// The first share of the bond.
	First,
	/// The second share.
	Second,
	/// The allotment is faulty.
	Faulty,
}

impl MissWindow {
	/// Counts one more outcome.
	pub fn record(&mut self, missed: bool) {
		self.misses = (self.misses << 1) | u16::from(missed);
		self.since_first = self.since_first.saturating_add(1).min(WINDOW);
		self.since_second = self.since_second.saturating_add(1).min(WINDOW);
	}

	/// Misses in the window.
	pub fn total(&self) -> u32 {
		self.misses.count_ones()
	}

	/// Proven audits since the newest miss, of the last sixteen.
	pub fn proven_in_a_row(&self) -> u32 {
		self.misses.trailing_zeros()
	}

	/// Misses among the newest `audits`.
	fn newest(&self, audits: u8) -> u32 {
		let mask = u16::MAX.checked_shr(u32::from(WINDOW.saturating_sub(audits))).unwrap_or(0);
		(self.misses & mask).count_ones()
	}

	/// The step that the newest outcome, a miss, reached; its misses are spent with it.
	pub fn take_step(&mut self, penalties: &Penalties) -> Option<Step> {
		if self.total() >= penalties.faulty_misses {
			return Some(Step::Faulty);
		}
		if self.newest(self.since_second) >= penalties.second_misses {
			(self.since_first, self.since_second) = (0, 0);
			return Some(Step::Second);
		}
		if self.newest(self.since_first) >= penalties.first_misses {
			self.since_first = 0;
			return Some(Step::First);
		}
		None
	}

	/// True if no counter has left its range.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn is_valid(&self) -> bool {
		self.since_first <= self.since_second && self.since_second <= WINDOW
	}
}

impl<T: Config> Pallet<T> {
	/// Takes the share of a step from the bond, for the repair of the allotment.
	pub(crate) fn punish(allotment: AllotmentId, node: NodeId, step: Step, window_misses: u32) {
		let penalties = AuditParameters::<T>::get().penalties;
		let share = match step {
			Step::First => penalties.first_slash,
			Step::Second => penalties.second_slash,
			Step::Faulty => return Self::declare_faulty(allotment, node, false),
		};
		Self::slash(allotment, node, share, window_misses);
	}

	fn slash(allotment: AllotmentId, node: NodeId, share: Perbill, window_misses: u32) {
		let amount = T::Allotments::slash(allotment, share, None);
		Self::deposit_event(Event::BondSlashed { allotment, node, share, amount, window_misses });
	}

	/// The end of an allotment whose data is gone: nothing of it is audited any more.
	pub(crate) fn declare_faulty(allotment: AllotmentId, node: NodeId, declared: bool) {
		if let Some(state) = crate::Audited::<T>::get(allotment) {
			Self::retire(allotment, &state);
		}
		Self::deposit_event(Event::AllotmentFaulty { allotment, node, declared });
		T::Allotments::lost(allotment, declared);
	}
}
