//! Periods, terms, prices and shares.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use granary_primitives::{reservation::AuditProfile, Balance, BlockNumber, GIB};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// What nodes' prices are given in.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
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
#[serde(rename_all = "camelCase")]
pub enum PriceUnit {
	/// Plancks.
	#[codec(index = 0)]
	#[default]
	Plancks,
	/// Millionths of a milli-cent of a US dollar: a GiB costs less than a milli-cent an hour.
	#[codec(index = 1)]
	MicroMilliCents,
}

/// A discount for long terms.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
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
#[serde(rename_all = "camelCase")]
pub struct Discount {
	/// The shortest term that gets it.
	pub blocks: BlockNumber,
	/// The part of the price that is saved.
	pub discount: Perbill,
}

/// Periods, terms, prices and shares. A development chain shortens them.
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
	/// Blocks between two settlements of a reservation.
	pub settlement_blocks: BlockNumber,
	/// Blocks from the end of a term to its closing.
	pub grace_blocks: BlockNumber,
	/// The shortest term.
	pub min_term_blocks: BlockNumber,
	/// The longest term.
	pub max_term_blocks: BlockNumber,
	/// Blocks in an hour, the unit of nodes' prices.
	pub blocks_per_hour: BlockNumber,
	/// Days of revenue that a bond covers.
	pub bond_days: u32,
	/// What repairing one GiB costs, in plancks; a bond covers it twice.
	pub repair_cost_per_gib: Balance,
	/// The farm's share of a payment. Of the rest the solution provider and the burn take theirs, the treasury what then remains.
	pub farmer_share: Perbill,
	/// The share of the rest that is burned.
	pub burn_share: Perbill,
	/// The most that a solution provider may ask of the rest; together with the burn not more than all.
	pub max_provider_share: Perbill,
	/// What nodes' prices are given in.
	pub price_unit: PriceUnit,
	/// Discounts for long terms, ascending; a tenant gets the best that its term reaches.
	pub discounts: [Discount; 4],
	/// What allotments that are audited more often cost in addition.
	pub hot_surcharge: Perbill,
	/// What allotments that are audited less often save.
	pub cold_discount: Perbill,
}

const HOURS: BlockNumber = 600;
const DAYS: BlockNumber = 24 * HOURS;
const MONTHS: BlockNumber = 365 * DAYS / 12;

const fn discount(blocks: BlockNumber, percent: u32) -> Discount {
	Discount { blocks, discount: Perbill::from_percent(percent) }
}

impl Default for Parameters {
	/// A chain of six-second blocks that settles hourly. The discounts are those of the ThreeFold grid.
	fn default() -> Self {
		Self {
			settlement_blocks: HOURS,
			grace_blocks: 14 * DAYS,
			min_term_blocks: HOURS,
			max_term_blocks: 5 * 365 * DAYS,
			blocks_per_hour: HOURS,
			bond_days: 30,
			repair_cost_per_gib: 1_000_000_000,
			farmer_share: Perbill::from_percent(95),
			burn_share: Perbill::from_percent(20),
			max_provider_share: Perbill::from_percent(50),
			price_unit: PriceUnit::Plancks,
			discounts: [
				discount(MONTHS + MONTHS / 2, 20),
				discount(3 * MONTHS, 30),
				discount(6 * MONTHS, 40),
				discount(18 * MONTHS, 60),
			],
			hot_surcharge: Perbill::from_percent(5),
			cold_discount: Perbill::from_percent(3),
		}
	}
}

impl Parameters {
	/// Whether they can work together.
	pub fn are_sane(&self) -> bool {
		let shares = u64::from(self.burn_share.deconstruct())
			+ u64::from(self.max_provider_share.deconstruct());
		let ascending = self
			.discounts
			.iter()
			.zip(self.discounts.iter().skip(1))
			.all(|(one, next)| one.blocks <= next.blocks && one.discount <= next.discount);
		self.settlement_blocks > 0
			&& self.blocks_per_hour > 0
			&& self.min_term_blocks > 0
			&& self.min_term_blocks <= self.max_term_blocks
			&& shares <= u64::from(Perbill::one().deconstruct())
			&& ascending
	}

	/// The discount of a term of so many blocks.
	pub fn discount(&self, blocks: BlockNumber) -> Perbill {
		let reached = self.discounts.iter().filter(|level| level.blocks <= blocks);
		reached.map(|level| level.discount).max().unwrap_or_default()
	}

	/// The price of `bytes` for a block at a node's price for a GiB and hour, rounded up.
	pub fn price_per_block(&self, bytes: u64, price_per_gib_hour: Balance) -> Option<Balance> {
		let divisor = Balance::from(GIB).checked_mul(Balance::from(self.blocks_per_hour))?;
		Some(Balance::from(bytes).checked_mul(price_per_gib_hour)?.div_ceil(divisor))
	}

	/// A price after the surcharge or the discount of a profile.
	pub fn with_profile(&self, price: Balance, profile: AuditProfile) -> Option<Balance> {
		match profile {
			AuditProfile::Hot => price.checked_add(self.hot_surcharge.mul_ceil(price)),
			AuditProfile::Standard => Some(price),
			AuditProfile::Cold => Some(price.saturating_sub(self.cold_discount.mul_floor(price))),
		}
	}

	/// The bond that backs an allotment: so many days of its revenue, and at least twice its repair.
	pub fn bond(&self, bytes: u64, price_per_block: Balance) -> Option<Balance> {
		let blocks = Balance::from(self.blocks_per_hour)
			.checked_mul(24)?
			.checked_mul(Balance::from(self.bond_days))?;
		let revenue = price_per_block.checked_mul(blocks)?;
		Some(revenue.max(self.repair_cost(bytes)?.checked_mul(2)?))
	}

	/// What repairing so many bytes costs, rounded up.
	pub fn repair_cost(&self, bytes: u64) -> Option<Balance> {
		Some(
			Balance::from(bytes)
				.checked_mul(self.repair_cost_per_gib)?
				.div_ceil(Balance::from(GIB)),
		)
	}

	/// Blocks of a day.
	pub fn blocks_per_day(&self) -> BlockNumber {
		self.blocks_per_hour.saturating_mul(24)
	}
}
