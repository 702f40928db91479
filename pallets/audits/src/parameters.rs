//! How often, how long and how deep allotments are audited, and what misses cost.

use crate::types::{FINALITY_TICKS, HISTORY_LEN, MAX_WINDOW_TICKS, OPENING_DELAY_TICKS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use granary_primitives::{reservation::AuditProfile, Balance, BlockNumber, Tick};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Steps of the penalties over the window of the last sixteen audits.
///
/// A miss counts once for each step, see [`crate::penalties`].
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Penalties {
	/// Misses that take the first share of the bond.
	pub first_misses: u32,
	/// That share of the allotment's bond.
	pub first_slash: Perbill,
	/// Misses that take the second share.
	pub second_misses: u32,
	/// That share, beside the first.
	pub second_slash: Perbill,
	/// Misses that make the allotment faulty.
	pub faulty_misses: u32,
}

impl Penalties {
	/// 3 of 16 cost 5 %, 6 another 15 %, 8 make the allotment faulty.
	pub const DEFAULT: Self = Self {
		first_misses: 3,
		first_slash: Perbill::from_percent(5),
		second_misses: 6,
		second_slash: Perbill::from_percent(15),
		faulty_misses: 8,
	};
}

impl Default for Penalties {
	fn default() -> Self {
		Self::DEFAULT
	}
}

/// What a targeted audit costs and when it may be bought.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TargetedTerms {
	/// What is held of the buyer's money until the audit ends, in plancks.
	pub deposit: Balance,
	/// What of it goes to the node's side if the audit is proven, in plancks.
	pub price: Balance,
	/// Ticks after a purchase in which nobody can buy another audit of the same allotment.
	pub cooldown_ticks: Tick,
	/// The share of the allotment's bond that the buyer receives if the audit is missed.
	pub reward: Perbill,
}

impl TargetedTerms {
	/// A deposit of ten units of 10^12 plancks, one of them for the node, once a standard period,
	/// 1 % of the bond as reward.
	pub const DEFAULT: Self = Self {
		deposit: 10_000_000_000_000,
		price: 1_000_000_000_000,
		cooldown_ticks: 1800,
		reward: Perbill::from_percent(1),
	};
}

impl Default for TargetedTerms {
	fn default() -> Self {
		Self::DEFAULT
	}
}

/// How often, how long and how deep allotments are audited.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
	/// Ticks between two audits of an allotment of the standard profile, before jitter.
	pub period_ticks: Tick,
	/// The next audit comes this many ticks earlier or later, at most (standard profile).
	pub jitter_ticks: Tick,
	/// Ticks from an audit's tick to its deadline. Outside of tests more than half of the fifty blocks
	/// that are looked at before ticks pause, or full blocks can outlast a window.
	pub window_ticks: Tick,
	/// Leaves sampled by an audit.
	pub leaves_per_audit: u32,
	/// Each allotment is picked for a spot audit once in this many ticks on average; 0 for never.
	#[serde(default = "default_spot_period_ticks")]
	pub spot_period_ticks: Tick,
	/// Wrong proofs of one audit that are tolerated before the pool takes no more of them.
	#[serde(default = "default_max_failed_proofs")]
	pub max_failed_proofs: u8,
	/// Blocks for which maintenance may postpone an audit; after them it is opened all the same.
	#[serde(default = "default_max_postponed_blocks")]
	pub max_postponed_blocks: BlockNumber,
	/// What misses cost.
	#[serde(default)]
	pub penalties: Penalties,
	/// What targeted audits cost.
	#[serde(default)]
	pub targeted: TargetedTerms,
}

fn default_spot_period_ticks() -> Tick {
	Parameters::DEFAULT.spot_period_ticks
}

fn default_max_failed_proofs() -> u8 {
	Parameters::DEFAULT.max_failed_proofs
}

fn default_max_postponed_blocks() -> BlockNumber {
	Parameters::DEFAULT.max_postponed_blocks
}

impl Default for Parameters {
	fn default() -> Self {
		Self::DEFAULT
	}
}

/// Why [`Parameters`] make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersFault {
	/// The window closes before or as it opens.
	WindowTooShort,
	/// The window is longer than [`MAX_WINDOW_TICKS`].
	WindowTooLong,
	/// Two audits of one allotment could be open at once.
	PeriodTooShort,
	/// No leaf, or more than the runtime's limit, is sampled.
	LeavesOutOfRange,
	/// The steps do not rise from one miss to the sixteen that are counted.
	PenaltiesOutOfOrder,
	/// The price of a targeted audit is above its deposit.
	PriceAboveDeposit,
	/// Not a single wrong proof is tolerated: a bit flip on the way would be a miss.
	NoFailureTolerated,
}

impl Parameters {
	/// Eight audits a day at six-second blocks, five minutes to answer, sixteen leaves, about one
	/// spot audit in a hundred days, a week of maintenance.
	pub const DEFAULT: Self = Self {
		period_ticks: 1800,
		jitter_ticks: 180,
		window_ticks: 50,
		leaves_per_audit: 16,
		spot_period_ticks: 1_440_000,
		max_failed_proofs: 3,
		max_postponed_blocks: 100_800,
		penalties: Penalties::DEFAULT,
		targeted: TargetedTerms::DEFAULT,
	};

	/// Checks them against each other and against the runtime's limit of leaves.
	pub fn check(&self, max_leaves_per_audit: u32) -> Result<(), ParametersFault> {
		if self.window_ticks <= OPENING_DELAY_TICKS {
			return Err(ParametersFault::WindowTooShort);
		}
		if self.window_ticks > MAX_WINDOW_TICKS {
			return Err(ParametersFault::WindowTooLong);
		}
		let shortest = self.period_ticks.checked_sub(self.jitter_ticks);
		if shortest.is_none_or(|shortest| shortest <= self.busy_ticks()) {
			return Err(ParametersFault::PeriodTooShort);
		}
		if self.leaves_per_audit == 0 || self.leaves_per_audit > max_leaves_per_audit {
			return Err(ParametersFault::LeavesOutOfRange);
		}
		let steps = &self.penalties;
		let rising = 0 < steps.first_misses
			&& steps.first_misses < steps.second_misses
			&& steps.second_misses < steps.faulty_misses
			&& steps.faulty_misses <= HISTORY_LEN;
		if !rising {
			return Err(ParametersFault::PenaltiesOutOfOrder);
		}
		if self.targeted.price > self.targeted.deposit {
			return Err(ParametersFault::PriceAboveDeposit);
		}
		if self.max_failed_proofs == 0 {
			return Err(ParametersFault::NoFailureTolerated);
		}
		Ok(())
	}

	/// Ticks after an opening in which no scheduled audit of the same allotment may be opened.
	fn busy_ticks(&self) -> Tick {
		self.window_ticks.saturating_add(FINALITY_TICKS)
	}

	/// Period and jitter of a profile: hot is audited twice as often as standard, cold a quarter as
	/// often. A period is never so short that two audits of an allotment could be open at once, so
	/// where the standard period is close to the window, hot is less than twice as often.
	pub fn rhythm(&self, profile: AuditProfile) -> (Tick, Tick) {
		let (period, jitter) = match profile {
			AuditProfile::Hot => (self.period_ticks / 2, self.jitter_ticks / 2),
			AuditProfile::Standard => (self.period_ticks, self.jitter_ticks),
			AuditProfile::Cold => {
				(self.period_ticks.saturating_mul(4), self.jitter_ticks.saturating_mul(4))
			},
		};
		let shortest = self.busy_ticks().saturating_add(jitter).saturating_add(1);
		(period.max(shortest), jitter)
	}

	/// Ticks after which a postponed audit is tried again: a quarter of the standard period, so that
	/// even a node full of allotments takes little of each tick's room for openings.
	pub(crate) fn retry_ticks(&self) -> Tick {
		(self.period_ticks / 4).max(1)
	}
}
