//! The chains that can be started without a file.
//!
//! Both are fast and short so that a day's worth of audits and settlements passes in minutes; production chains bring a chain
//! specification of their own. No node is registered: farmers do that.

use crate::{
	configs::{RepairAccount, TreasuryAccount, GENESIS_EPOCH_CONFIG},
	constants::{DEVELOPMENT_EPOCH_SLOTS, DEVELOPMENT_SLOT_DURATION_MS, EXISTENTIAL_DEPOSIT, UNIT},
	AccountId, AuditsConfig, BabeConfig, Balance, BalancesConfig, CouncilConfig, GridConfig,
	OracleConfig, ReservationsConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig,
	TimingConfig, ValidatorsConfig,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::Perbill;

/// What each well-known account starts with.
const ENDOWMENT: Balance = 10_000_000 * UNIT;

/// Audits that come and go within minutes.
const AUDITS: pallet_audits::Parameters = pallet_audits::Parameters {
	period_ticks: 20,
	jitter_ticks: 3,
	window_ticks: 10,
	leaves_per_audit: 16,
	spot_period_ticks: 400,
	targeted: pallet_audits::TargetedTerms {
		cooldown_ticks: 40,
		..pallet_audits::TargetedTerms::DEFAULT
	},
	..pallet_audits::Parameters::DEFAULT
};

/// An hour of ten blocks, so that prices and settlements are visible at once.
fn contracts() -> pallet_reservations::Parameters {
	pallet_reservations::Parameters {
		settlement_blocks: 10,
		grace_blocks: 100,
		min_term_blocks: 20,
		max_term_blocks: 1_000_000,
		blocks_per_hour: 10,
		bond_days: 30,
		repair_cost_per_gib: UNIT / 1000,
		farmer_share: Perbill::from_percent(95),
		..Default::default()
	}
}

/// The council of both presets, whose accounts also feed the oracle.
fn council() -> Vec<AccountId> {
	[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie]
		.map(|key| key.to_account_id())
		.to_vec()
}

/// Maintenance and key rotation within minutes, a year of two hours.
const GRID: pallet_grid::Parameters = pallet_grid::Parameters {
	maintenance_notice_blocks: 10,
	maintenance_budget_blocks: 200,
	year_blocks: 2400,
	rotation_delay_blocks: 20,
};

/// A validator's bond comes back within minutes, and one validator is enough.
const VALIDATORS: pallet_validators::Parameters = pallet_validators::Parameters {
	bond: 10_000 * UNIT,
	unbonding_sessions: 5,
	invitation_sessions: 100,
	minimum: 1,
	min_slash: Perbill::from_percent(10),
};

/// An account and its session keys.
type Authority = (AccountId, SessionKeys);

fn genesis(authorities: Vec<Authority>, sudo: Option<AccountId>) -> Value {
	let mut balances: Vec<(AccountId, Balance)> =
		Sr25519Keyring::iter().map(|key| (key.to_account_id(), ENDOWMENT)).collect();
	for account in [TreasuryAccount::get(), RepairAccount::get()] {
		balances.push((account, EXISTENTIAL_DEPOSIT));
	}
	build_struct_json_patch!(RuntimeGenesisConfig {
		timing: TimingConfig {
			slot_duration_ms: DEVELOPMENT_SLOT_DURATION_MS,
			epoch_slots: DEVELOPMENT_EPOCH_SLOTS,
		},
		balances: BalancesConfig { balances },
		// The session pallet tells BABE and GRANDPA their authorities.
		babe: BabeConfig { epoch_config: GENESIS_EPOCH_CONFIG },
		session: SessionConfig {
			keys: authorities
				.iter()
				.map(|(account, keys)| (account.clone(), account.clone(), keys.clone()))
				.collect::<Vec<_>>(),
		},
		validators: ValidatorsConfig {
			parameters: VALIDATORS,
			validators: authorities
				.iter()
				.map(|(account, _)| account.clone())
				.collect::<Vec<_>>()
				.try_into()
				.unwrap_or_default(),
		},
		sudo: SudoConfig { key: sudo },
		grid: GridConfig { parameters: GRID, certifiers: council().try_into().unwrap_or_default() },
		council: CouncilConfig { members: council() },
		oracle: OracleConfig { feeders: council().try_into().unwrap_or_default() },
		audits: AuditsConfig { parameters: AUDITS },
		reservations: ReservationsConfig { parameters: contracts() },
	})
}

fn authority(babe: Sr25519Keyring, grandpa: Ed25519Keyring) -> Authority {
	let keys = SessionKeys { babe: babe.public().into(), grandpa: grandpa.public().into() };
	(babe.to_account_id(), keys)
}

/// One authority and a sudo key: a chain on one command.
fn development() -> Value {
	let alice = authority(Sr25519Keyring::Alice, Ed25519Keyring::Alice);
	genesis(vec![alice], Some(Sr25519Keyring::Alice.to_account_id()))
}

/// Two authorities and no sudo key: blocks are finalised by a real vote, and the council decides.
fn local_testnet() -> Value {
	let alice = authority(Sr25519Keyring::Alice, Ed25519Keyring::Alice);
	let bob = authority(Sr25519Keyring::Bob, Ed25519Keyring::Bob);
	genesis(vec![alice, bob], None)
}

/// The genesis of this name.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		sp_genesis_builder::DEV_RUNTIME_PRESET => development(),
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The names that [`get_preset`] knows.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET),
		PresetId::from(sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET),
	]
}
