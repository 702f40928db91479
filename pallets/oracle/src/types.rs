//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use granary_primitives::BlockNumber;
use scale_info::TypeInfo;

/// Bounds and freshness.
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
	/// The lowest price that is believed, in millionths of a milli-cent per unit.
	pub min_price: u64,
	/// The highest price that is believed.
	pub max_price: u64,
	/// Blocks for which a submission counts.
	pub max_age_blocks: BlockNumber,
	/// Fresh submissions that a price needs.
	pub min_feeders: u32,
}

impl Default for Parameters {
	/// From a thousandth of a dollar to a thousand dollars, an hour of six-second blocks, three feeders.
	fn default() -> Self {
		Self {
			min_price: 100_000_000,
			max_price: 100_000_000_000_000,
			max_age_blocks: 600,
			min_feeders: 3,
		}
	}
}

impl Parameters {
	/// Whether they can work together: a price is never zero, since it divides.
	pub fn are_sane(&self) -> bool {
		self.min_price > 0
			&& self.min_price <= self.max_price
			&& self.max_age_blocks > 0
			&& self.min_feeders > 0
	}
}

/// What a feeder submitted last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Submission {
	/// Millionths of a milli-cent per unit.
	pub price: u64,
	/// When.
	pub block: BlockNumber,
}
