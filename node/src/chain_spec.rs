//! The chains that the node knows without a file, and those that come from one.

use granary_runtime::{
	constants::{SS58_PREFIX, TOKEN_DECIMALS, TOKEN_SYMBOL},
	genesis_config_presets::get_preset,
	RuntimeGenesisConfig, WASM_BINARY,
};
use sc_chain_spec::json_merge;
use sc_service::{ChainSpec as _, ChainType, Properties};
use serde_json::json;
use sp_core::storage::{well_known_keys::CODE, Storage};
use sp_runtime::BuildStorage;
use std::path::Path;

/// A chain's specification.
pub(crate) type ChainSpec = sc_service::GenericChainSpec;

/// How the specification of a chain that the node knows says what the genesis is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Genesis {
	/// By what the runtime makes it from; whoever wants the state calls the runtime, which is compiled for that, twice.
	Described,
	/// By the state itself, which the node makes: it has the same runtime built in.
	Built,
}

/// The chain of this name, or the one that the file of this name describes.
pub(crate) fn load(id: &str, genesis: Genesis) -> Result<ChainSpec, String> {
	match id {
		"dev" => development(genesis),
		"local" => local(genesis),
		"" => Err("no chain was chosen: pass --dev, --chain local or --chain FILE".into()),
		path => from_file(path),
	}
}

/// One authority, Alice.
fn development(genesis: Genesis) -> Result<ChainSpec, String> {
	preset(
		sp_genesis_builder::DEV_RUNTIME_PRESET,
		"Granary Development",
		"granary_dev",
		ChainType::Development,
		genesis,
	)
}

/// Two authorities, Alice and Bob.
fn local(genesis: Genesis) -> Result<ChainSpec, String> {
	preset(
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
		"Granary Local",
		"granary_local",
		ChainType::Local,
		genesis,
	)
}

fn preset(
	preset: &str,
	name: &str,
	id: &str,
	chain_type: ChainType,
	genesis: Genesis,
) -> Result<ChainSpec, String> {
	let code = WASM_BINARY.ok_or(
		"this node was built without the runtime's wasm (SKIP_WASM_BUILD was set): build it again, \
		 or give a chain specification by --chain FILE",
	)?;
	let mut spec = ChainSpec::builder(code, None)
		.with_name(name)
		.with_id(id)
		.with_protocol_id("granary")
		.with_chain_type(chain_type)
		.with_genesis_config_preset_name(preset)
		.with_properties(properties())
		.build();
	if genesis == Genesis::Built {
		spec.set_storage(build(preset, code)?);
	}
	Ok(spec)
}

/// The state that a preset makes, as the runtime's `GenesisBuilder` makes it.
fn build(preset: &str, code: &[u8]) -> Result<Storage, String> {
	let bad = |error: serde_json::Error| format!("preset '{preset}': {error}");
	let patch = get_preset(&preset.into()).ok_or_else(|| format!("no preset '{preset}'"))?;
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).map_err(bad)?;
	json_merge(&mut config, serde_json::from_slice(&patch).map_err(bad)?);
	let mut storage =
		serde_json::from_value::<RuntimeGenesisConfig>(config).map_err(bad)?.build_storage()?;
	storage.top.insert(CODE.to_vec(), code.to_vec());
	Ok(storage)
}

fn from_file(path: &str) -> Result<ChainSpec, String> {
	if !Path::new(path).is_file() {
		return Err(format!(
			"chain '{path}' is unknown: it is neither 'dev' nor 'local', and there is no chain \
			 specification file of that name"
		));
	}
	ChainSpec::from_json_file(path.into())
		.map_err(|error| format!("chain specification '{path}' cannot be used: {error}"))
}

/// What wallets want to know.
fn properties() -> Properties {
	[
		("ss58Format", json!(SS58_PREFIX)),
		("tokenDecimals", json!(TOKEN_DECIMALS)),
		("tokenSymbol", json!(TOKEN_SYMBOL)),
	]
	.into_iter()
	.map(|(key, value)| (key.to_owned(), value))
	.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_node_builds_the_genesis_that_the_runtime_builds() {
		for id in ["dev", "local"] {
			let state = |genesis| load(id, genesis).unwrap().build_storage().unwrap();
			let (by_runtime, by_node) = (state(Genesis::Described), state(Genesis::Built));
			assert!(by_runtime.top.len() > 50, "{id}: {} values", by_runtime.top.len());
			assert!(by_runtime.top == by_node.top, "{id}: the states differ");
			assert!(by_runtime.children_default.is_empty() && by_node.children_default.is_empty());
		}
	}
}
