//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use granary_primitives::Balance;
use scale_info::TypeInfo;
use sp_runtime::Perbill;
use sp_staking::SessionIndex;

/// The rules that governance sets.
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
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Parameters {
	/// What a validator puts up, in plancks. A change concerns those who join later.
	pub bond: Balance,
	/// Sessions for which a bond stays after its validator left: as long as an offence can be reported.
	pub unbonding_sessions: SessionIndex,
	/// Sessions for which an invitation holds.
	pub invitation_sessions: SessionIndex,
	/// Validators below which nobody leaves or is removed.
	pub minimum: u32,
	/// The least share of the bond that an offence costs.
	pub min_slash: Perbill,
}

impl Default for Parameters {
	/// With sessions of an hour: a week to unbond, three days to accept, four validators, a tenth.
	fn default() -> Self {
		Self {
			bond: 10_000_000_000_000_000,
			unbonding_sessions: 168,
			invitation_sessions: 72,
			minimum: 4,
			min_slash: Perbill::from_percent(10),
		}
	}
}

/// Who was chosen two sessions ago can still write blocks, so a bond outlasts these.
pub const MIN_UNBONDING_SESSIONS: SessionIndex = 3;

impl Parameters {
	/// Whether they can work together in a runtime with these limits.
	pub fn are_sane(&self, max_validators: u32, max_unbonding: SessionIndex) -> bool {
		self.bond > 0
			&& (MIN_UNBONDING_SESSIONS..=max_unbonding).contains(&self.unbonding_sessions)
			&& self.invitation_sessions > 0
			&& (1..=max_validators).contains(&self.minimum)
	}
}

/// The bond of one validator, present or past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bond {
	/// What is held, in plancks.
	pub amount: Balance,
	/// The session from which on it can be withdrawn; none while its owner is a validator.
	pub until: Option<SessionIndex>,
	/// Whether its owner committed an offence.
	pub offended: bool,
}

/// What the offences of a validator in one session cost it so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Slash {
	/// The share that was taken.
	pub fraction: Perbill,
	/// The amount that it was taken of, in plancks.
	pub base: Balance,
}
